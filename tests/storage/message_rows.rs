//! The rows of other tables that belong to messages, such as reactions: what copies, deleted accounts, pruned logs and
//! deleted rooms do with them.

use chatapp::model::{Message, MessageDetail, NewMessage, NewParts, Person, Room, User, UserId};
use chatapp::storage::{Backend, NewReaction};

use crate::harness::{
    NOW, Raw, TestDatabase, audit, change, fill, mentioning, message, room, user,
};

/// The tables, in the order of [`counts`].
pub const TABLES: [&str; 7] = [
    "reactions",
    "mentions",
    "thread_follows",
    "pins",
    "drafts",
    "scheduled_messages",
    "message_metadata",
];

/// The number of rows of each table.
pub fn counts(raw: &mut Raw) -> [i64; 7] {
    TABLES.map(|table| raw.count(table))
}

pub fn append(backend: &dyn Backend, message: NewMessage) -> Message {
    backend.append_messages(vec![message]).unwrap().remove(0).unwrap().message
}

pub fn react(backend: &dyn Backend, to: &Message, user: &User, emoji: &str) {
    let reaction = NewReaction {
        room_id: to.room_id,
        message_id: to.id,
        person: Person {
            user_id: user.id,
            username: user.username.as_str().into(),
            display_name: None,
        },
        emoji: emoji.to_owned(),
        is_added: true,
        visible_from: chatapp::model::Seq(0),
        timestamp: NOW,
    };
    backend.change_reactions(&[reaction]).unwrap().0.remove(0).unwrap();
}

/// Stores, in a room: a message of `ann` that mentions `bo` and everyone, has metadata, reactions of both and a pin, and a
/// thread with a reply of `bo`.
pub fn talk(backend: &dyn Backend, room: &Room, ann: &User, bo: &User) -> Message {
    let mut first = mentioning(message(room, ann, "hi @bo"), &[bo]);
    let parts = first.parts.as_mut().unwrap();
    parts.mentioned.push(UserId(0));
    let data = serde_json::json!({ "a": 1, "b": "x", "c": null, "d": [], "e": true });
    parts.detail.metadata = Some(serde_json::from_value(data).unwrap());
    let first = append(backend, first);
    for emoji in ["👍", "❤️", "🎉", "1️⃣"] {
        react(backend, &first, ann, emoji);
        react(backend, &first, bo, emoji);
    }
    let detail = MessageDetail { thread_id: Some(first.id), ..MessageDetail::default() };
    let parts = NewParts { detail, ..NewParts::default() };
    append(backend, NewMessage { parts: Some(Box::new(parts)), ..message(room, bo, "hello") });
    backend.pin_message(change(&first, ann), true).unwrap();
    first
}

/// Stores a draft and two scheduled messages, one of which has failed.
pub fn write_later(raw: &mut Raw, room: &Room, by: &User) {
    raw.execute(&format!(
        "INSERT INTO drafts (user_id, room_id, thread_id, content, updated_at)
         VALUES ({user}, {room}, 0, 'tab\t', 7);
         INSERT INTO scheduled_messages (user_id, room_id, thread_id, content, send_at, created_at, failure)
         VALUES ({user}, {room}, NULL, 'later', 9, 8, NULL), ({user}, {room}, 1, 'never', 9, 8, 'muted')",
        user = by.id,
        room = room.id,
    ));
}

pub fn pruned_messages_take_their_rows_with_them(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let (general, other) = (room(&*backend, &ann), room(&*backend, &ann));
    talk(&*backend, &general, &ann, &bo);
    talk(&*backend, &other, &ann, &bo);
    write_later(&mut db.raw(), &general, &bo);
    assert_eq!(counts(&mut db.raw()), [16, 4, 4, 2, 1, 2, 10]);
    let later = NOW.plus_seconds(100);
    assert!(backend.prune_events(general.id, later, 100, None).unwrap() > 0);
    // What people have written and not sent is not in the log.
    assert_eq!(counts(&mut db.raw()), [8, 2, 2, 1, 1, 2, 5]);
}

pub fn a_deleted_account_keeps_only_its_reactions(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let general = room(&*backend, &ann);
    talk(&*backend, &general, &ann, &bo);
    for by in [&ann, &bo] {
        write_later(&mut db.raw(), &general, by);
    }
    assert_eq!(counts(&mut db.raw()), [8, 2, 2, 1, 2, 4, 5]);
    backend.delete_user(bo.id, &audit("user.delete")).unwrap().unwrap();
    // The mention of everyone stays.
    assert_eq!(counts(&mut db.raw()), [8, 1, 1, 1, 1, 2, 5]);
    let reactions = backend.list_reactors(
        backend.list_pins(general.id, chatapp::model::View::default()).unwrap().unwrap()[0]
            .message
            .id,
        "👍",
        10,
    );
    let names: Vec<_> = reactions.unwrap().into_iter().map(|it| it.username.to_string()).collect();
    assert_eq!(names, ["ann".to_owned(), format!("deleted-{}", bo.id)]);
}

pub fn the_rows_of_messages_in_a_deleted_room_are_purged_in_steps(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let (gone, kept) = (room(&*backend, &ann), room(&*backend, &ann));
    for room in [&gone, &kept] {
        talk(&*backend, room, &ann, &bo);
        fill(&*backend, room, &ann, 30);
        talk(&*backend, room, &ann, &bo);
        write_later(&mut db.raw(), room, &bo);
    }
    assert_eq!(counts(&mut db.raw()), [32, 8, 8, 4, 2, 4, 20]);
    backend.delete_room(gone.id, None, &audit("x")).unwrap();
    let mut before = counts(&mut db.raw());
    while backend.purge_deleted_rooms(3).unwrap() {
        let after = counts(&mut db.raw());
        let steps: Vec<i64> = before.iter().zip(after).map(|(one, two)| one - two).collect();
        assert!(steps.iter().all(|&step| step <= 3), "{steps:?}");
        before = after;
    }
    assert_eq!(before, [16, 4, 4, 2, 1, 2, 10]);
    assert_eq!(db.raw().count("rooms"), 1);
}
