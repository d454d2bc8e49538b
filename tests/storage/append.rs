//! Appending to the log.

use chatapp::model::{Message, RoomId, Seq, UserId};
use chatapp::storage::{AppendError, Error};

use crate::harness::{self, NOW, TestDatabase, log, message, room, seqs, user, with_client_id};

pub fn seqs_are_contiguous_in_each_room(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let (one, two) = (room(&*backend, &ann), room(&*backend, &ann));
    for _ in 0..3 {
        // The second room is first, and the rooms alternate.
        let batch = [&two, &one, &one, &two, &one].map(|room| message(room, &ann, "hi"));
        for outcome in backend.append_messages(batch.to_vec()).unwrap() {
            assert!(!outcome.unwrap().duplicate);
        }
    }
    for (room, count) in [(one, 9), (two, 6)] {
        let log = log(&*backend, room.id);
        assert_eq!(seqs(&log), (1..=count).collect::<Vec<_>>());
        assert!(log.is_sorted_by_key(|message| message.id));
        assert_eq!(backend.get_room(room.id).unwrap().unwrap().head_seq, Seq(count));
    }
}

#[test]
fn seqs_are_contiguous_without_the_shim_too() {
    seqs_are_contiguous_in_each_room(&harness::sqlite_without_shim());
}

pub fn an_empty_batch_stores_nothing(db: &TestDatabase) {
    assert!(db.backend().append_messages(Vec::new()).unwrap().is_empty());
}

pub fn a_message_reads_back_as_sent(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    let contents = ["", "a 'quoted' \"text\"", "наука 🦀 {}\\", &"long ".repeat(200_000)];
    let batch = contents.iter().map(|content| message(&room, &ann, content));
    let mut batch: Vec<_> = batch.collect();
    batch[1] = with_client_id(batch[1].clone(), "c-1");
    let outcomes = backend.append_messages(batch).unwrap();
    let appended: Vec<Message> = outcomes.into_iter().map(|it| it.unwrap().message).collect();
    for (i, content) in contents.iter().enumerate() {
        assert_eq!(appended[i].content, *content);
        assert_eq!((appended[i].timestamp, &*appended[i].username), (NOW, "ann"));
        assert_eq!(appended[i].client_id.as_deref(), (i == 1).then_some("c-1"));
        assert_eq!((appended[i].edited_at, appended[i].deleted_at), (None, None));
    }
    assert_eq!(log(&*backend, room.id), appended);
}

pub fn an_unknown_room_or_user_fails_alone(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    let mut batch: Vec<_> = (0..5).map(|i| message(&room, &ann, &i.to_string())).collect();
    batch[0].room_id = RoomId(77);
    batch[2].user_id = UserId(77);
    batch[3] = with_client_id(batch[3].clone(), "c-3");
    let outcomes = backend.append_messages(batch).unwrap();
    assert!(matches!(outcomes[0], Err(AppendError::RoomNotFound)));
    assert!(matches!(outcomes[2], Err(AppendError::UserNotFound)));
    let seq = |i: usize| outcomes[i].as_ref().unwrap().message.seq.0;
    assert_eq!((seq(1), seq(3), seq(4)), (1, 2, 3));
    assert_eq!(seqs(&log(&*backend, room.id)), [1, 2, 3]);
}

pub fn a_client_id_seen_before_gives_the_original(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    let send = |content: &str, client_id: &str| {
        let new = with_client_id(message(&room, &ann, content), client_id);
        let outcome = backend.append_messages(vec![message(&room, &ann, "between"), new]).unwrap();
        outcome.into_iter().nth(1).unwrap().unwrap()
    };
    let first = send("first", "c-1");
    assert!(!first.duplicate);
    let retry = send("first again", "c-1");
    assert!(retry.duplicate);
    assert_eq!(retry.message, first.message);
    assert!(!send("second", "c-2").duplicate);
    assert!(!send("other case", "C-1").duplicate);
    assert_eq!(seqs(&log(&*backend, room.id)), [1, 2, 3, 4, 5, 6, 7]);
}

pub fn a_client_id_seen_in_the_same_batch_gives_the_original(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    let batch = ["one", "two", "one", "one"].map(|it| with_client_id(message(&room, &ann, it), it));
    let outcomes = backend.append_messages(batch.to_vec()).unwrap();
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    let duplicates: Vec<bool> = outcomes.iter().map(|it| it.duplicate).collect();
    assert_eq!(duplicates, [false, false, true, true]);
    assert_eq!(outcomes[2].message, outcomes[0].message);
    assert_eq!(outcomes[3].message, outcomes[0].message);
    assert_eq!(seqs(&log(&*backend, room.id)), [1, 2]);
    // In a room that does not exist, a repeated client_id has no original.
    let mut lost = with_client_id(message(&room, &ann, "lost"), "lost");
    lost.room_id = RoomId(77);
    for outcome in backend.append_messages(vec![lost.clone(), lost]).unwrap() {
        assert!(matches!(outcome, Err(AppendError::RoomNotFound)));
    }
}

pub fn a_client_id_belongs_to_one_user_in_one_room(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let (one, two) = (room(&*backend, &ann), room(&*backend, &ann));
    let batch = [(&one, &ann), (&one, &bo), (&two, &ann), (&two, &bo)]
        .map(|(room, user)| with_client_id(message(room, user, "hi"), "the same"));
    for expected in [false, true] {
        for outcome in backend.append_messages(batch.to_vec()).unwrap() {
            assert_eq!(outcome.unwrap().duplicate, expected);
        }
    }
}

/// PostgreSQL refuses text with a NUL and large index entries; SQLite accepts both. The rules of the chat
/// refuse both, but if such a message got here, the other messages of the batch must be stored.
pub fn a_message_that_cannot_be_stored_fails_alone(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    let incompressible: String = (0..4000u32)
        .map(|i| char::from(b'!' + (i.wrapping_mul(2_654_435_761) >> 25) as u8 % 90))
        .collect();
    let batch = vec![
        message(&room, &ann, "before"),
        message(&room, &ann, "a \0 in it"),
        with_client_id(message(&room, &ann, "between"), "c-1"),
        with_client_id(message(&room, &ann, "big id"), &incompressible),
        with_client_id(message(&room, &ann, "retry"), "c-1"),
        message(&room, &ann, "after"),
    ];
    let outcomes = backend.append_messages(batch).unwrap();
    assert_eq!(outcomes.len(), 6);
    for i in [0, 2, 5] {
        assert!(!outcomes[i].as_ref().unwrap().duplicate);
    }
    let (original, retry) = (outcomes[2].as_ref().unwrap(), outcomes[4].as_ref().unwrap());
    assert!(retry.duplicate);
    assert_eq!(retry.message, original.message);
    for i in [1, 3] {
        match &outcomes[i] {
            Ok(appended) => assert!(!appended.duplicate),
            Err(error) => assert!(matches!(error, AppendError::Storage(Error::Internal(_)))),
        }
    }
    let stored = outcomes.iter().flatten().filter(|it| !it.duplicate).count();
    assert_eq!(log(&*backend, room.id).len(), stored);
}
