//! Random use of the log, compared with a model.

use std::collections::{HashMap, HashSet};

use chatapp::model::{
    Changed, Cursor, Event, EventId, Message, NewText, Room, RoomChange, RoomId, Seq, View,
};
use chatapp::storage::{AppendError, Backend, ChangeError};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::harness::{
    TestDatabase, audit, change, events, fill, log, message, room, seqs, user, with_client_id,
};

const ROOMS: usize = 3;
const USERS: usize = 2;

/// A room (one of them does not exist), a user and a `client_id`.
type Send = (usize, usize, Option<u8>);

fn runner() -> TestRunner {
    // A failure is printed with its smallest case, so no file of failures is kept.
    TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() })
}

pub fn the_log_agrees_with_a_model(db: &TestDatabase) {
    let backend = db.backend();
    let users = ["ann", "bo"].map(|name| user(&*backend, name));
    let batches = vec(vec((0..ROOMS + 1, 0..USERS, option::of(0..5u8)), 0..12), 0..8);
    let check = |batches: Vec<Vec<Send>>| {
        let mut rooms: Vec<Room> = (0..ROOMS).map(|_| room(&*backend, &users[0])).collect();
        rooms.push(Room { id: RoomId(i64::MAX), ..rooms[0].clone() });
        let mut model: Vec<Vec<Message>> = vec![Vec::new(); ROOMS];
        let mut originals: HashMap<(usize, usize, u8), Message> = HashMap::new();
        let mut ids: HashSet<EventId> = HashSet::new();
        for (number, batch) in batches.into_iter().enumerate() {
            let sends = batch.iter().enumerate().map(|(i, &(room, user, client_id))| {
                let new = message(&rooms[room], &users[user], &format!("{number}.{i}"));
                match client_id {
                    Some(client_id) => with_client_id(new, &client_id.to_string()),
                    None => new,
                }
            });
            let sends: Vec<_> = sends.collect();
            let outcomes = backend.append_messages(sends.clone()).unwrap();
            prop_assert_eq!(outcomes.len(), batch.len());
            for ((outcome, send), (room, user, client_id)) in
                outcomes.into_iter().zip(sends).zip(batch)
            {
                if room == ROOMS {
                    prop_assert!(matches!(outcome, Err(AppendError::RoomNotFound)));
                    continue;
                }
                let appended = outcome.unwrap();
                let key = client_id.map(|client_id| (room, user, client_id));
                if let Some(original) = key.and_then(|key| originals.get(&key)) {
                    prop_assert!(appended.duplicate);
                    prop_assert_eq!(&appended.message, original);
                    continue;
                }
                prop_assert!(!appended.duplicate);
                let seq = Seq(model[room].len() as i64 + 1);
                let expected = send.into_message(appended.message.id, seq);
                prop_assert_eq!(&appended.message, &expected);
                prop_assert!(ids.insert(expected.id));
                if let Some(before) = model[room].last() {
                    prop_assert!(before.id < expected.id);
                }
                if let Some(key) = key {
                    originals.insert(key, expected.clone());
                }
                model[room].push(expected);
            }
        }
        for (room, expected) in rooms.iter().zip(model) {
            prop_assert_eq!(log(&*backend, room.id), expected);
        }
        Ok(())
    };
    runner().run(&batches, check).unwrap();
}

/// An act in one room. A change names its message by a number, counted from the oldest message, modulo
/// their number.
#[derive(Clone, Debug)]
enum Act {
    Send(u32),
    Edit(usize, u8),
    Delete(usize),
    Describe(u8),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (1..4u32).prop_map(Act::Send),
        (0..8usize, 0..3u8).prop_map(|(which, text)| Act::Edit(which, text)),
        (0..8usize).prop_map(Act::Delete),
        (0..3u8).prop_map(Act::Describe),
    ]
}

/// The log is contiguous and shows the present state of every message, deleted text is nowhere in it, and
/// the pages have only messages, with any number of changes between them.
pub fn the_log_of_changes_agrees_with_a_model(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let check = |(acts, limits): (Vec<Act>, Vec<u32>)| {
        let room = room(&*backend, &ann);
        let mut model: Vec<Event> = Vec::new();
        for act in acts {
            let messages = messages_of(&model);
            match act {
                Act::Send(count) => {
                    let batch = (0..count).map(|i| message(&room, &ann, &i.to_string())).collect();
                    let sent = backend.append_messages(batch).unwrap();
                    model.extend(sent.into_iter().map(|it| Event::Message(it.unwrap().message)));
                }
                Act::Edit(which, text) if !messages.is_empty() => {
                    let target = &messages[which % messages.len()];
                    let text = format!("text {text}");
                    let edited = backend.edit_message(change(target, &ann), &NewText::of(&text));
                    if target.deleted_at.is_some() {
                        prop_assert!(matches!(edited, Err(ChangeError::MessageDeleted)));
                        continue;
                    }
                    let edited = edited.unwrap();
                    prop_assert_eq!(edited.event.is_some(), target.content != text);
                    apply(&mut model, edited);
                }
                Act::Delete(which) if !messages.is_empty() => {
                    let target = &messages[which % messages.len()];
                    let deleted = backend.delete_message(change(target, &ann), None).unwrap();
                    prop_assert_eq!(deleted.event.is_some(), target.deleted_at.is_none());
                    apply(&mut model, deleted);
                }
                Act::Edit(..) | Act::Delete(..) => {}
                Act::Describe(text) => {
                    let description = Some(Some(text.to_string()));
                    let change = RoomChange { description, ..RoomChange::default() };
                    let before = backend.get_room(room.id).unwrap().unwrap().description;
                    let now =
                        backend.update_room(room.id, &change, None, &audit("x")).unwrap().unwrap();
                    prop_assert_eq!(now.event.is_some(), before != Some(text.to_string()));
                    model.extend(now.event);
                    prop_assert_eq!(now.room.head_seq, Seq(model.len() as i64));
                }
            }
        }
        for (event, seq) in model.iter().zip(1..) {
            prop_assert_eq!(event.seq(), Seq(seq));
        }
        prop_assert_eq!(&events(&*backend, room.id), &model);

        let newest = backend
            .list_messages(room.id, Cursor::Newest, limits[0], View::default())
            .unwrap()
            .unwrap();
        prop_assert_eq!(newest.head_seq, Seq(model.len() as i64));
        let mut seen = newest.messages;
        walk_older(&*backend, &room, &mut seen, newest.has_older, &limits)?;
        prop_assert_eq!(&seen, &messages_of(&model));
        let oldest =
            backend.list_messages(room.id, Cursor::After(Seq(0)), limits[0], View::default());
        let oldest = oldest.unwrap().unwrap();
        let mut seen = oldest.messages;
        walk_newer(&*backend, &room, &mut seen, oldest.has_newer, &limits)?;
        prop_assert_eq!(&seen, &messages_of(&model));
        Ok(())
    };
    runner().run(&(vec(act(), 0..30), vec(1..5u32, 1..4)), check).unwrap();
}

fn messages_of(log: &[Event]) -> Vec<Message> {
    let message = |event: &Event| match event {
        Event::Message(message) => Some(message.clone()),
        _ => None,
    };
    log.iter().filter_map(message).collect()
}

/// Applies a change to the model of the log.
fn apply(log: &mut Vec<Event>, changed: Changed) {
    let Changed { message: now, event } = changed;
    let is_deleted = now.deleted_at.is_some();
    for event in log.iter_mut() {
        match event {
            Event::Message(message) if message.id == now.id => *message = now.clone(),
            Event::MessageEdited { change, content, .. }
                if is_deleted && change.message_id == now.id =>
            {
                content.clear();
            }
            _ => {}
        }
    }
    log.extend(event);
}

pub fn walking_the_pages_gives_the_log(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let walks = (0..40u32, 0..45i64, vec(1..9u32, 1..5));
    let check = |(count, pivot, limits): (u32, i64, Vec<u32>)| {
        let room = room(&*backend, &ann);
        fill(&*backend, &room, &ann, count);
        let all: Vec<i64> = (1..=i64::from(count)).collect();
        let start = |cursor| {
            backend.list_messages(room.id, cursor, limits[0], View::default()).unwrap().unwrap()
        };

        let newest = start(Cursor::Newest);
        prop_assert!(!newest.has_newer);
        let mut seen = newest.messages;
        walk_older(&*backend, &room, &mut seen, newest.has_older, &limits)?;
        prop_assert_eq!(seqs(&seen), &all[..]);

        let oldest = start(Cursor::After(Seq(0)));
        prop_assert!(!oldest.has_older);
        let mut seen = oldest.messages;
        walk_newer(&*backend, &room, &mut seen, oldest.has_newer, &limits)?;
        prop_assert_eq!(seqs(&seen), &all[..]);

        let middle = start(Cursor::Around(Seq(pivot)));
        prop_assert!(middle.messages.len() <= limits[0] as usize);
        let mut seen = middle.messages;
        if !seen.is_empty() {
            walk_older(&*backend, &room, &mut seen, middle.has_older, &limits)?;
            walk_newer(&*backend, &room, &mut seen, middle.has_newer, &limits)?;
            prop_assert_eq!(seqs(&seen), &all[..]);
        }
        Ok(())
    };
    runner().run(&walks, check).unwrap();
}

/// A reader who sees only the end of the log gets the pages of a log that has nothing else.
pub fn pages_of_a_visible_part_agree_with_a_model(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &ann, 30);
    let cursor = prop_oneof![
        Just(Cursor::Newest),
        (0..33i64).prop_map(|seq| Cursor::Before(Seq(seq))),
        (0..33i64).prop_map(|seq| Cursor::After(Seq(seq))),
        (0..33i64).prop_map(|seq| Cursor::Around(Seq(seq))),
    ];
    let check = |(cursor, limit, visible_from): (Cursor, u32, i64)| {
        let page = backend.list_messages(room.id, cursor, limit, View::after(Seq(visible_from)));
        let page = page.unwrap().unwrap();
        let first = visible_from + 1;
        let limit = i64::from(limit);
        // The page is from `from` to before `end`, as far as there are visible messages.
        let (from, end) = match cursor {
            Cursor::Newest => (31 - limit, 31),
            Cursor::Before(Seq(seq)) => {
                let end = seq.max(first).min(31);
                (end - limit, end)
            }
            Cursor::After(Seq(seq)) => {
                let from = (seq + 1).max(first);
                (from, from + limit)
            }
            Cursor::Around(Seq(seq)) => {
                let pivot = seq.max(first);
                (pivot.min(31) - limit / 2, pivot + limit - limit / 2)
            }
        };
        let (from, end) = (from.max(first), end.min(31));
        prop_assert_eq!(seqs(&page.messages), (from..end).collect::<Vec<_>>());
        if !page.messages.is_empty() {
            prop_assert_eq!(page.has_older, from > first);
            prop_assert_eq!(page.has_newer, end <= 30);
        }
        Ok(())
    };
    runner().run(&(cursor, 1..9u32, 0..33i64), check).unwrap();
}

/// Reads pages back to the first message. The limits of the pages are those of `limits` in turn.
fn walk_older(
    backend: &dyn Backend,
    room: &Room,
    seen: &mut Vec<Message>,
    mut has_older: bool,
    limits: &[u32],
) -> Result<(), TestCaseError> {
    let mut limits = limits.iter().cycle().copied();
    while has_older {
        let limit = limits.next().unwrap_or(1);
        let cursor = Cursor::Before(seen[0].seq);
        let page = backend.list_messages(room.id, cursor, limit, View::default()).unwrap().unwrap();
        prop_assert!(!page.messages.is_empty() && page.messages.len() <= limit as usize);
        prop_assert!(page.has_newer);
        seen.splice(0..0, page.messages);
        has_older = page.has_older;
    }
    Ok(())
}

fn walk_newer(
    backend: &dyn Backend,
    room: &Room,
    seen: &mut Vec<Message>,
    mut has_newer: bool,
    limits: &[u32],
) -> Result<(), TestCaseError> {
    let mut limits = limits.iter().cycle().copied();
    while has_newer {
        let limit = limits.next().unwrap_or(1);
        let cursor = Cursor::After(seen[seen.len() - 1].seq);
        let page = backend.list_messages(room.id, cursor, limit, View::default()).unwrap().unwrap();
        prop_assert!(!page.messages.is_empty() && page.messages.len() <= limit as usize);
        prop_assert!(page.has_older);
        seen.extend(page.messages);
        has_newer = page.has_newer;
    }
    Ok(())
}
