//! Reactions and pins.

use std::collections::BTreeMap;

use chatapp::model::{
    Cursor, Event, EventId, EventKind, Message, Person, Reaction, Room, Seq, User, UserId, View,
};
use chatapp::storage::backend::{MAX_PINS, NewReaction, ReactionError};
use chatapp::storage::{Backend, ChangeError};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::harness::{
    NOW, TestDatabase, audit, change, events, fill, log, message, on_threads, room, user,
};

fn reaction(message: &Message, by: &User, emoji: &str, is_added: bool) -> NewReaction {
    NewReaction {
        room_id: message.room_id,
        message_id: message.id,
        person: person(by),
        emoji: emoji.to_owned(),
        is_added,
        visible_from: Seq(0),
        timestamp: NOW,
    }
}

fn person(user: &User) -> Person {
    Person { user_id: user.id, username: user.username.as_str().into(), display_name: None }
}

/// Adds or takes back one reaction.
fn react(backend: &dyn Backend, message: &Message, by: &User, emoji: &str, is_added: bool) {
    let (results, _) = backend.change_reactions(&[reaction(message, by, emoji, is_added)]).unwrap();
    assert!(results[0].is_ok(), "{results:?}");
}

fn view(reader: &User) -> View {
    View { reader: reader.id, visible_from: Seq(0) }
}

/// The reactions of the room's newest message, as a page shows them and as the message alone does.
fn shown(backend: &dyn Backend, room: &Room, reader: &User) -> Vec<(String, u32, bool, Vec<i64>)> {
    let page = backend.list_messages(room.id, Cursor::Newest, 1, view(reader)).unwrap().unwrap();
    let message = &page.messages[0];
    let alone = backend.view_message(room.id, message.id, view(reader)).unwrap();
    assert_eq!(alone.as_ref(), Some(message));
    let reactions = message.parts.iter().flat_map(|parts| &parts.reactions);
    let show = |reaction: &Reaction| {
        let people = reaction.people.iter().map(|person| person.user_id.0).collect();
        (reaction.emoji.clone(), reaction.count, reaction.mine, people)
    };
    reactions.map(show).collect()
}

fn newest(backend: &dyn Backend, room: &Room) -> Message {
    log(backend, room.id).pop().unwrap()
}

pub fn reactions_are_shown_in_the_order_of_their_first_use(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &ann, 2);
    let message = newest(&*backend, &room);
    react(&*backend, &message, &bo, "🎉", true);
    react(&*backend, &message, &ann, "👍", true);
    react(&*backend, &message, &cy, "🎉", true);
    let party = ("🎉".to_owned(), 2, false, vec![bo.id.0, cy.id.0]);
    assert_eq!(shown(&*backend, &room, &ann), [party, ("👍".to_owned(), 1, true, vec![ann.id.0])]);
    react(&*backend, &message, &bo, "🎉", false);
    let party = ("🎉".to_owned(), 1, true, vec![cy.id.0]);
    assert_eq!(shown(&*backend, &room, &cy), [("👍".to_owned(), 1, false, vec![ann.id.0]), party]);
    let people = backend.list_reactors(message.id, "🎉", 10).unwrap();
    assert_eq!(people, [person(&cy)]);
    assert_eq!(backend.list_reactors(message.id, "🍕", 10).unwrap(), []);
}

pub fn reactions_that_come_together_are_one_event(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let people: Vec<User> = (0..150).map(|i| user(&*backend, &format!("user{i}"))).collect();
    let (room, other) = (room(&*backend, &ann), room(&*backend, &ann));
    fill(&*backend, &room, &ann, 1);
    fill(&*backend, &other, &ann, 1);
    let message = newest(&*backend, &room);
    let elsewhere = newest(&*backend, &other);
    let mut batch: Vec<NewReaction> =
        people.iter().map(|person| reaction(&message, person, "👍", true)).collect();
    batch.push(reaction(&elsewhere, &ann, "👍", true));
    // The second time it is there already.
    batch.push(reaction(&message, &people[0], "👍", true));
    let (results, published) = backend.change_reactions(&batch).unwrap();
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(published.len(), 2);
    let stored = events(&*backend, room.id);
    let Event::ReactionAdded(event) = &stored[1] else { panic!("{stored:?}") };
    assert_eq!(published[0], stored[1]);
    assert_eq!((event.target.message_id, event.target.message_seq), (message.id, message.seq));
    let named: Vec<UserId> = event.reactions.iter().map(|it| it.person.user_id).collect();
    assert_eq!(named, people.iter().map(|person| person.id).collect::<Vec<_>>());
    let (emoji, count, mine, first) = shown(&*backend, &room, &people[149]).remove(0);
    assert_eq!((emoji.as_str(), count, mine, first.len()), ("👍", 150, true, 10));
    // Nothing changes, and nothing is stored.
    let (_, published) = backend.change_reactions(&batch).unwrap();
    assert_eq!(published, []);
    assert_eq!(events(&*backend, room.id).len(), 2);
}

pub fn a_reaction_that_is_refused_fails_alone(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &ann, 3);
    let sent = log(&*backend, room.id);
    backend.delete_message(change(&sent[0], &ann), None).unwrap();
    let missing =
        NewReaction { message_id: EventId(4_000), ..reaction(&sent[1], &bo, "👍", true) };
    let nowhere = NewReaction {
        room_id: chatapp::model::RoomId(77),
        ..reaction(&sent[1], &bo, "👍", true)
    };
    let unseen = NewReaction { visible_from: Seq(2), ..reaction(&sent[1], &bo, "👍", true) };
    let (results, published) = backend
        .change_reactions(&[
            reaction(&sent[0], &bo, "👍", true),
            missing,
            nowhere,
            unseen,
            reaction(&sent[2], &bo, "👍", true),
        ])
        .unwrap();
    assert!(matches!(
        results[..],
        [
            Err(ReactionError::MessageDeleted),
            Err(ReactionError::MessageNotFound),
            Err(ReactionError::RoomNotFound),
            Err(ReactionError::MessageNotFound),
            Ok(())
        ]
    ));
    assert_eq!(published.len(), 1);
    for i in 0..Reaction::MAX_EMOJIS {
        let emoji = char::from_u32(0x1F400 + i as u32).unwrap().to_string();
        let (results, _) =
            backend.change_reactions(&[reaction(&sent[1], &bo, &emoji, true)]).unwrap();
        assert!(results[0].is_ok());
    }
    let one_more = backend.change_reactions(&[reaction(&sent[1], &bo, "👍", true)]).unwrap();
    assert!(matches!(one_more.0[..], [Err(ReactionError::TooManyEmojis)]));
    // Another person may use those that are there.
    react(&*backend, &sent[1], &ann, "🐀", true);
}

pub fn a_deleted_message_has_no_reactions_and_no_pin(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &ann, 1);
    let message = newest(&*backend, &room);
    react(&*backend, &message, &ann, "👍", true);
    backend.pin_message(change(&message, &ann), true).unwrap();
    assert_eq!(backend.list_pins(room.id, view(&ann)).unwrap().unwrap().len(), 1);
    backend.delete_message(change(&message, &ann), None).unwrap();
    assert_eq!(shown(&*backend, &room, &ann), []);
    assert_eq!(backend.list_pins(room.id, view(&ann)).unwrap().unwrap(), []);
    let stored = backend.get_message(room.id, message.id).unwrap().unwrap();
    assert_eq!(stored.parts, None);
}

pub fn pruned_messages_take_their_reactions_along(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &ann, 1);
    let message = newest(&*backend, &room);
    react(&*backend, &message, &ann, "👍", true);
    backend.pin_message(change(&message, &ann), true).unwrap();
    backend.prune_events(room.id, NOW.plus_seconds(60), 100, None).unwrap();
    let mut raw = db.raw();
    assert_eq!((raw.count("reactions"), raw.count("pins")), (0, 0));
}

pub fn pins_are_events_and_a_room_has_a_limited_number(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &ann, MAX_PINS + 1);
    let sent = log(&*backend, room.id);
    let pin = |at: usize, is_pinned| backend.pin_message(change(&sent[at], &ann), is_pinned);
    let kind = |event: Option<Event>| event.and_then(|event| event.kind());
    assert_eq!(kind(pin(0, true).unwrap().event), Some(EventKind::MessagePinned));
    assert_eq!(pin(0, true).unwrap().event, None);
    assert_eq!(kind(pin(0, false).unwrap().event), Some(EventKind::MessageUnpinned));
    assert_eq!(pin(0, false).unwrap().event, None);
    for at in 0..MAX_PINS as usize {
        pin(at, true).unwrap();
    }
    assert!(matches!(pin(MAX_PINS as usize, true), Err(ChangeError::TooManyPins)));
    let pins = backend.list_pins(room.id, view(&ann)).unwrap().unwrap();
    assert_eq!(pins.len(), MAX_PINS as usize);
    assert_eq!(pins[0].pinned_by, person(&ann));
    assert!(pins.iter().all(|pin| pin.message.parts.as_ref().is_some_and(|it| it.is_pinned)));
    let of_late = View { reader: ann.id, visible_from: Seq(10) };
    let pins = backend.list_pins(room.id, of_late).unwrap().unwrap();
    assert!(pins.iter().all(|pin| pin.message.seq > Seq(10)));
    backend.delete_room(room.id, None, &audit("x")).unwrap();
    assert_eq!(backend.list_pins(room.id, view(&ann)).unwrap(), None);
}

/// People react from several threads at once. Whatever the order, the reactions are those that the log tells.
pub fn reactions_at_once_agree_with_the_log(db: &TestDatabase) {
    let backend = db.backend();
    let people: Vec<User> = (0..4).map(|i| user(&*backend, &format!("user{i}"))).collect();
    let room = room(&*backend, &people[0]);
    backend.append_messages(vec![message(&room, &people[0], "x")]).unwrap();
    let sent = newest(&*backend, &room);
    on_threads(4, |thread| {
        for round in 0..12 {
            let emoji = ["👍", "🎉"][round % 2];
            let is_added = (round / 2 + thread) % 3 != 0;
            react(&*backend, &sent, &people[thread], emoji, is_added);
        }
    });
    assert_eq!(told(&events(&*backend, room.id)), counted(&shown(&*backend, &room, &people[0])));
}

/// The reactions that a reader of the log knows.
fn told(log: &[Event]) -> BTreeMap<String, u32> {
    let mut known: BTreeMap<(String, UserId), bool> = BTreeMap::new();
    for event in log {
        let (event, is_added) = match event {
            Event::ReactionAdded(event) => (event, true),
            Event::ReactionRemoved(event) => (event, false),
            _ => continue,
        };
        for by in &event.reactions {
            let before = known.insert((by.emoji.clone(), by.person.user_id), is_added);
            assert_ne!(before.unwrap_or(false), is_added, "an event that changes nothing");
        }
    }
    let mut counts = BTreeMap::new();
    for ((emoji, _), _) in known.into_iter().filter(|(_, is_there)| *is_there) {
        *counts.entry(emoji).or_default() += 1;
    }
    counts
}

fn counted(shown: &[(String, u32, bool, Vec<i64>)]) -> BTreeMap<String, u32> {
    shown.iter().map(|(emoji, count, ..)| (emoji.clone(), *count)).collect()
}

pub fn reactions_agree_with_a_model(db: &TestDatabase) {
    let backend = db.backend();
    let people: Vec<User> = (0..3).map(|i| user(&*backend, &format!("user{i}"))).collect();
    let act = (0..3usize, 0..3usize, any::<bool>());
    let check = |batches: Vec<Vec<(usize, usize, bool)>>| {
        let room = room(&*backend, &people[0]);
        fill(&*backend, &room, &people[0], 1);
        let sent = newest(&*backend, &room);
        let mut model: BTreeMap<(usize, usize), bool> = BTreeMap::new();
        for batch in batches {
            let emoji = |at: usize| ["👍", "🎉", "🍕"][at];
            let wanted = batch
                .iter()
                .map(|&(who, what, is_added)| reaction(&sent, &people[who], emoji(what), is_added));
            let (results, _) = backend.change_reactions(&wanted.collect::<Vec<_>>()).unwrap();
            prop_assert!(results.iter().all(Result::is_ok));
            model.extend(batch.iter().map(|&(who, what, is_added)| ((what, who), is_added)));
        }
        let mut expected: BTreeMap<String, u32> = BTreeMap::new();
        for (&(what, _), _) in model.iter().filter(|(_, is_there)| **is_there) {
            *expected.entry(["👍", "🎉", "🍕"][what].to_owned()).or_default() += 1;
        }
        prop_assert_eq!(counted(&shown(&*backend, &room, &people[0])), expected.clone());
        prop_assert_eq!(told(&events(&*backend, room.id)), expected);
        Ok(())
    };
    let config = Config { cases: 32, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&vec(vec(act, 0..8), 0..5), check).unwrap();
}
