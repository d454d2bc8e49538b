//! Counts of unread messages.

use chatapp::model::{
    Event, NewMessage, NewText, ReadPosition, Reading, Room, RoomId, Seq, Timestamp, Unread, User,
};
use chatapp::storage::Backend;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::harness::{
    TestDatabase, audit, change, events, fill, mentioning, mentions_of, message, room, rooms_read,
    user,
};

fn reads(backend: &dyn Backend, user: &User, room: &Room, seq: i64) {
    let position = ReadPosition { user_id: user.id, room_id: room.id, seq: Seq(seq) };
    backend.advance_read_positions(&[position]).unwrap();
}

/// Without the first unread message, which a test of its own compares.
fn unread(backend: &dyn Backend, user: &User, room: &Room) -> Option<Unread> {
    without_first(rooms_read(backend, user, Some(room.id))[0].1.unread)
}

fn without_first(unread: Option<Unread>) -> Option<Unread> {
    unread.map(|unread| Unread { first_seq: None, ..unread })
}

fn counts(messages: u32, mentions: u32) -> Unread {
    Unread { messages, mentions, ..Unread::default() }
}

pub fn a_room_that_was_never_read_has_no_unread_count(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let rooms: Vec<Room> = (0..3).map(|_| room(&*backend, &ann)).collect();
    fill(&*backend, &rooms[0], &ann, 3);
    fill(&*backend, &rooms[1], &ann, 3);
    reads(&*backend, &bo, &rooms[1], 1);
    let listed = rooms_read(&*backend, &bo, None);
    let ids: Vec<RoomId> = listed.iter().map(|(room, _)| room.id).collect();
    assert_eq!(ids, rooms.iter().map(|room| room.id).collect::<Vec<_>>());
    let expected = Some(counts(2, 0));
    let reading = |(_, reading): &(Room, Reading)| Reading {
        unread: without_first(reading.unread),
        ..*reading
    };
    let readings: Vec<Reading> = listed.iter().map(reading).collect();
    assert_eq!(listed[1].1.unread.unwrap().first_seq, Some(Seq(2)));
    let read = Reading { read_seq: Seq(1), unread: expected };
    assert_eq!(readings, [Reading::default(), read, Reading::default()]);
    assert_eq!(listed[1].0.head_seq, Seq(3), "the room is not as `get_room` returns it");
    assert_eq!(backend.get_room(rooms[1].id).unwrap().as_ref(), Some(&listed[1].0));
    // A position belongs to one user.
    assert_eq!(unread(&*backend, &ann, &rooms[1]), Some(Unread::default()), "the owner");
    backend.delete_room(rooms[1].id, None, &audit("x")).unwrap();
    assert_eq!(rooms_read(&*backend, &bo, Some(rooms[1].id)), []);
    assert_eq!(rooms_read(&*backend, &bo, None).len(), 2);
}

pub fn a_member_who_never_read_has_unread_what_came_after_joining(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &ann, 3);
    let says = |by: &User, text: &str, mentioned: &[&User]| {
        let sent = NewMessage { joins: true, ..mentioning(message(&room, by, text), mentioned) };
        backend.append_messages(vec![sent]).unwrap().remove(0).unwrap();
    };
    // The first message makes its sender a member.
    says(&bo, "hello, @ann", &[&ann]);
    assert_eq!(unread(&*backend, &bo, &room), Some(Unread::default()));
    assert_eq!(unread(&*backend, &ann, &room), Some(counts(1, 1)));
    assert_eq!(unread(&*backend, &cy, &room), None);
    says(&ann, "hello, @bo", &[&bo]);
    says(&ann, "how are you?", &[]);
    assert_eq!(unread(&*backend, &bo, &room), Some(counts(2, 1)));
    let listed = rooms_read(&*backend, &bo, None);
    assert_eq!(listed[0].1.read_seq, Seq(0), "nothing was read");
    reads(&*backend, &bo, &room, 5);
    assert_eq!(unread(&*backend, &bo, &room), Some(counts(1, 0)));
    reads(&*backend, &cy, &room, 5);
    assert_eq!(unread(&*backend, &cy, &room), Some(counts(1, 0)));
}

/// An act in one room. A flag says whether the text mentions the reader.
#[derive(Clone, Debug)]
enum Act {
    Send(usize, bool),
    Edit(usize, bool),
    Delete(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..2usize, any::<bool>()).prop_map(|(who, mentions)| Act::Send(who, mentions)),
        1 => (0..8usize, any::<bool>()).prop_map(|(which, mentions)| Act::Edit(which, mentions)),
        1 => (0..8usize).prop_map(Act::Delete),
    ]
}

/// The model counts message by message.
pub fn unread_counts_agree_with_a_model(db: &TestDatabase) {
    let backend = db.backend();
    let users = [user(&*backend, "ann"), user(&*backend, "bo")];
    let bo = &users[1];
    let check = |(acts, read): (Vec<Act>, i64)| {
        let room = room(&*backend, &users[0]);
        let (mut sent, mut edits) = (Vec::new(), 0);
        for act in acts {
            match act {
                Act::Send(who, mentions) => {
                    let mentioned: &[&User] = if mentions && who == 0 { &[bo] } else { &[] };
                    let new = mentioning(message(&room, &users[who], "x"), mentioned);
                    let appended = backend.append_messages(vec![new]).unwrap().remove(0);
                    sent.push(appended.unwrap().message);
                }
                Act::Edit(which, mentions) if !sent.is_empty() => {
                    let target = &sent[which % sent.len()];
                    let is_mentioned = mentions && target.user_id != bo.id;
                    let mentioned: &[&User] = if is_mentioned { &[bo] } else { &[] };
                    edits += 1;
                    let (mentions, mentioned) = mentions_of(mentioned);
                    let text = NewText {
                        content: edits.to_string(),
                        mentions,
                        named: mentioned.clone(),
                        mentioned,
                    };
                    // Editing a deleted message fails.
                    let _ = backend.edit_message(change(target, &users[0]), &text);
                }
                Act::Delete(which) if !sent.is_empty() => {
                    let target = &sent[which % sent.len()];
                    backend.delete_message(change(target, &users[0]), None).unwrap();
                }
                Act::Edit(..) | Act::Delete(..) => {}
            }
        }
        reads(&*backend, bo, &room, read);
        let log = events(&*backend, room.id);
        let head = log.len() as i64;
        let mut expected = Unread::default();
        for event in &log {
            let Event::Message(message) = event else { continue };
            let is_read = message.seq.0 <= read;
            if !is_read && message.user_id != bo.id && message.deleted_at.is_none() {
                expected.messages += 1;
                expected.mentions += u32::from(!message.mentions().is_empty());
                expected.first_seq.get_or_insert(message.seq);
            }
        }
        let expected = (read.min(head) > 0).then_some(expected);
        let read = rooms_read(&*backend, bo, Some(room.id))[0].1.unread;
        prop_assert_eq!(read, expected);
        let all = rooms_read(&*backend, bo, None);
        let (listed, reading) = all.last().unwrap();
        prop_assert_eq!((listed.id, reading.unread), (room.id, expected));
        Ok(())
    };
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&(vec(act(), 0..25), 0..12i64), check).unwrap();
}

pub fn the_number_of_counted_messages_is_limited(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let room = room(&*backend, &ann);
    let messages = (0..1_001).map(|_| mentioning(message(&room, &ann, "@bo!"), &[&bo])).collect();
    backend.append_messages(messages).unwrap();
    for (read, expected) in [(1, 999), (2, 999), (3, 998), (1_001, 0)] {
        reads(&*backend, &bo, &room, read);
        let expected = counts(expected, expected);
        assert_eq!(unread(&*backend, &bo, &room), Some(expected), "{read}");
    }
}

/// A reader's own messages and deleted messages are not counted, but the limit of scanned events includes
/// them. Mentions are found without a scan.
pub fn the_number_of_scanned_events_is_limited(db: &TestDatabase) {
    const MAX: i64 = Unread::MAX_EVENTS as i64;
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &bo, Unread::MAX_EVENTS);
    let messages = (0..3).map(|_| mentioning(message(&room, &ann, "@bo!"), &[&bo])).collect();
    backend.append_messages(messages).unwrap();
    for (read, expected) in [(1, 1), (2, 2), (3, 3), (MAX, 3), (MAX + 1, 2), (MAX + 3, 0)] {
        reads(&*backend, &bo, &room, read);
        let mentions = (MAX + 3 - read).min(3) as u32;
        let expected = Some(counts(expected, mentions));
        assert_eq!(unread(&*backend, &bo, &room), expected, "{read}");
        let listed = rooms_read(&*backend, &bo, None)[0].1.unread;
        assert_eq!(without_first(listed), expected, "{read}");
    }
}

/// The limit of scanned events does not include pruned events.
pub fn pruned_events_are_not_scanned(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &bo, Unread::MAX_EVENTS + 1);
    reads(&*backend, &bo, &room, 1);
    let of_ann = mentioning(message(&room, &ann, "@bo!"), &[&bo]);
    let of_ann = NewMessage { timestamp: Timestamp(of_ann.timestamp.0 + 1), ..of_ann };
    let before = of_ann.timestamp;
    backend.append_messages(vec![of_ann]).unwrap();
    assert_eq!(unread(&*backend, &bo, &room), Some(counts(0, 1)));
    backend.prune_events(room.id, before, Unread::MAX_EVENTS + 2, None).unwrap();
    assert_eq!(unread(&*backend, &bo, &room), Some(counts(1, 1)));
}
