//! Editing and deleting messages: each change is an event, and the message has its present state.

use chatapp::model::{
    Changed, Cursor, Event, EventId, Message, NewMessageChange, NewText, RoomChange, RoomId, Seq,
    View,
};
use chatapp::storage::{Backend, ChangeError};

use crate::harness::{
    NOW, TestDatabase, audit, change, events, fill, message, on_threads, room, user,
};

/// Makes a room with messages 1 to 3.
fn three(backend: &dyn Backend) -> (chatapp::model::User, chatapp::model::Room, Vec<Message>) {
    let ann = user(backend, "ann");
    let room = room(backend, &ann);
    fill(backend, &room, &ann, 3);
    let page =
        backend.list_messages(room.id, Cursor::Newest, 10, View::default()).unwrap().unwrap();
    (ann, room, page.messages)
}

fn on_page(backend: &dyn Backend, room_id: RoomId) -> Vec<Message> {
    backend.list_messages(room_id, Cursor::Newest, 10, View::default()).unwrap().unwrap().messages
}

pub fn an_edit_changes_the_message_and_is_an_event(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, room, sent) = three(&*backend);
    let edited =
        backend.edit_message(change(&sent[1], &ann), &NewText::of("other 'words'")).unwrap();
    let expected = Message {
        content: "other 'words'".to_owned(),
        edited_at: Some(NOW.plus_seconds(60)),
        ..sent[1].clone()
    };
    assert_eq!(edited.message, expected);
    let Some(Event::MessageEdited { change, content, .. }) = &edited.event else {
        panic!("{edited:?}")
    };
    assert_eq!((change.seq, change.message_seq), (Seq(4), sent[1].seq));
    assert_eq!((change.message_id, change.room_id), (sent[1].id, room.id));
    assert_eq!((change.user_id, &*change.username), (ann.id, "ann"));
    assert_eq!((change.timestamp, content.as_str()), (NOW.plus_seconds(60), "other 'words'"));
    assert!(change.id > sent[2].id);

    assert_eq!(backend.get_message(room.id, sent[1].id).unwrap(), Some(expected.clone()));
    assert_eq!(on_page(&*backend, room.id), [sent[0].clone(), expected.clone(), sent[2].clone()]);
    let log = events(&*backend, room.id);
    assert_eq!(log[1], Event::Message(expected), "the log does not show the present text");
    assert_eq!(log[3], edited.event.unwrap());
    assert_eq!(backend.get_room(room.id).unwrap().unwrap().head_seq, Seq(4));
    // The next message gets the next seq.
    let next = backend.append_messages(vec![message(&room, &ann, "next")]).unwrap().remove(0);
    assert_eq!(next.unwrap().message.seq, Seq(5));
}

pub fn the_same_text_again_changes_nothing(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, room, sent) = three(&*backend);
    let same = backend.edit_message(change(&sent[0], &ann), &NewText::of("1")).unwrap();
    assert_eq!(same, Changed { message: sent[0].clone(), event: None });
    assert_eq!(events(&*backend, room.id).len(), 3);
}

pub fn a_deleted_text_is_removed_from_the_log_too(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, room, sent) = three(&*backend);
    for secret in ["a secret", "another secret"] {
        backend.edit_message(change(&sent[1], &ann), &NewText::of(secret)).unwrap();
    }
    backend.edit_message(change(&sent[2], &ann), &NewText::of("of another message")).unwrap();
    let deleted = backend.delete_message(change(&sent[1], &ann), None).unwrap();
    assert_eq!(deleted.message.content, "");
    assert_eq!(deleted.message.deleted_at, Some(NOW.plus_seconds(60)));
    let Some(Event::MessageDeleted(about)) = &deleted.event else { panic!("{deleted:?}") };
    assert_eq!((about.seq, about.message_seq, about.message_id), (Seq(7), Seq(2), sent[1].id));

    let log = events(&*backend, room.id);
    let contents: Vec<&str> = log
        .iter()
        .map(|event| match event {
            Event::Message(Message { content, .. }) | Event::MessageEdited { content, .. } => {
                content
            }
            Event::MessageDeleted(_) => "deleted",
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = ["1", "", "of another message", "", "", "of another message", "deleted"];
    assert_eq!(contents, expected);
    assert_eq!(log[6], deleted.event.clone().unwrap());
    // The message keeps its place on the page.
    assert_eq!(on_page(&*backend, room.id)[1], deleted.message);

    let again = backend.delete_message(change(&sent[1], &ann), Some(&audit("x"))).unwrap();
    assert_eq!(again, Changed { event: None, ..deleted });
    assert_eq!(events(&*backend, room.id).len(), 7);
    let recorded = backend.list_audit(None, 10).unwrap();
    assert!(recorded.iter().all(|entry| entry.action != "x"), "nothing was done");
}

pub fn a_deletion_by_an_admin_is_recorded(db: &TestDatabase) {
    let backend = db.backend();
    let (_, room, sent) = three(&*backend);
    let bo = user(&*backend, "bo");
    let entry = audit("message.delete");
    let deleted = backend.delete_message(change(&sent[0], &bo), Some(&entry)).unwrap();
    let Some(Event::MessageDeleted(about)) = deleted.event else { panic!() };
    assert_eq!((about.user_id, &*about.username), (bo.id, "bo"));
    assert_eq!(&*deleted.message.username, "ann", "the message keeps its author");
    let recorded = backend.list_audit(None, 1).unwrap().remove(0);
    assert_eq!(recorded.action, "message.delete");
    assert_eq!(recorded.target, format!("message #{}", sent[0].id));
    assert_eq!(events(&*backend, room.id).len(), 4);
}

pub fn a_refused_change_has_a_reason(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, room, sent) = three(&*backend);
    let other = crate::harness::room(&*backend, &ann);
    let edited = backend.edit_message(change(&sent[0], &ann), &NewText::of("x")).unwrap();
    let Some(Event::MessageEdited { change: event, .. }) = edited.event else { panic!() };
    let of_first = || change(&sent[0], &ann);
    let missing = [
        NewMessageChange { message_id: EventId(i64::MAX), ..of_first() },
        NewMessageChange { room_id: other.id, ..of_first() },
        // The id of an event that is not a message.
        NewMessageChange { message_id: event.id, ..of_first() },
    ];
    for change in missing {
        assert_eq!(backend.get_message(change.room_id, change.message_id).unwrap(), None);
        let edited = backend.edit_message(change.clone(), &NewText::of("y"));
        assert!(matches!(edited, Err(ChangeError::MessageNotFound)), "{edited:?}");
        let deleted = backend.delete_message(change, None);
        assert!(matches!(deleted, Err(ChangeError::MessageNotFound)), "{deleted:?}");
    }
    let nowhere = NewMessageChange { room_id: RoomId(i64::MAX), ..of_first() };
    let edited = backend.edit_message(nowhere.clone(), &NewText::of("y"));
    assert!(matches!(edited, Err(ChangeError::RoomNotFound)), "{edited:?}");
    let deleted = backend.delete_message(nowhere, None);
    assert!(matches!(deleted, Err(ChangeError::RoomNotFound)), "{deleted:?}");

    let archive = RoomChange { is_archived: Some(true), ..RoomChange::default() };
    backend.update_room(room.id, &archive, None, &audit("x")).unwrap();
    let edited = backend.edit_message(of_first(), &NewText::of("y"));
    assert!(matches!(edited, Err(ChangeError::RoomArchived)), "{edited:?}");
    // Deleting is permitted in an archived room, because some content must not stay visible.
    backend.delete_message(of_first(), None).unwrap();
    let edited = backend.edit_message(of_first(), &NewText::of("y"));
    assert!(matches!(edited, Err(ChangeError::MessageDeleted)), "{edited:?}");
    assert_eq!(events(&*backend, room.id).len(), 6);
}

/// Threads change the same messages while others send. Each event gets its own seq, and the last event
/// about a message agrees with its present state.
pub fn simultaneous_changes_and_messages_leave_no_gap(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, room, sent) = three(&*backend);
    on_threads(6, |thread| {
        let backend = db.open();
        for n in 0..20 {
            match thread {
                0 | 1 => {
                    let batch = vec![message(&room, &ann, "x"), message(&room, &ann, "y")];
                    backend.append_messages(batch).unwrap();
                }
                _ => {
                    let content = format!("{thread}.{n}");
                    let target = &sent[n % 3];
                    let edited =
                        backend.edit_message(change(target, &ann), &NewText::of(&content)).unwrap();
                    assert!(edited.event.is_some());
                }
            }
        }
    });
    let log = events(&*backend, room.id);
    let seqs: Vec<i64> = log.iter().map(|event| event.seq().0).collect();
    assert_eq!(seqs, (1..=3 + 2 * 2 * 20 + 4 * 20).collect::<Vec<_>>());
    for message in sent {
        let said = log.iter().rev().find_map(|event| match event {
            Event::MessageEdited { change, content, .. } if change.message_id == message.id => {
                Some(content.clone())
            }
            _ => None,
        });
        let stands = backend.get_message(room.id, message.id).unwrap().unwrap();
        assert_eq!(said.as_ref(), Some(&stands.content));
    }
}
