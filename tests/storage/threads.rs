//! Threads, quotes, mentions, and what of them is unread.

use std::collections::BTreeMap;

use chatapp::model::{
    Cursor, Event, EventId, EventKind, MemberAct, Message, MessageDetail, NewMemberChange,
    NewMessage, NewParts, NewRoom, ReadPosition, Room, RoomKind, RoomRole, RoomRules, Seq,
    ThreadSummary, Timestamp, Unread, User, UserId, View, VisibleHistory,
};
use chatapp::storage::backend::{InboxReason, ThreadFollow};
use chatapp::storage::{AppendError, Backend};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::harness::{
    NOW, TestDatabase, audit, change, events, fill, mentioning, message, new_room, on_threads,
    room, rooms_read, seqs, user, with_client_id,
};

fn view(reader: &User) -> View {
    View { reader: reader.id, visible_from: Seq(0) }
}

/// A reply in the thread of a message.
fn reply(room: &Room, by: &User, to: EventId) -> NewMessage {
    let detail = MessageDetail { thread_id: Some(to), ..MessageDetail::default() };
    let parts = NewParts { detail, ..NewParts::default() };
    NewMessage { parts: Some(Box::new(parts)), ..message(room, by, "a reply") }
}

fn also_to_room(mut message: NewMessage) -> NewMessage {
    message.parts.as_mut().unwrap().detail.also_to_room = true;
    message
}

/// The same with a mention of each user; user 0 stands for all members.
fn naming(mut message: NewMessage, users: &[UserId]) -> NewMessage {
    let parts = message.parts.get_or_insert_default();
    parts.mentioned = users.to_vec();
    parts.named = users.iter().copied().filter(|&id| id != UserId::SERVER).collect();
    message
}

pub fn send(backend: &dyn Backend, message: NewMessage) -> Message {
    backend.append_messages(vec![message]).unwrap().remove(0).unwrap().message
}

fn replies(backend: &dyn Backend, room: &Room, first: EventId) -> Vec<Message> {
    let page = backend.list_replies(room.id, first, Cursor::Newest, 200, View::default());
    page.unwrap().unwrap().messages
}

fn summary(backend: &dyn Backend, first: &Message, reader: &User) -> Option<ThreadSummary> {
    let message = backend.view_message(first.room_id, first.id, view(reader)).unwrap().unwrap();
    message.parts.and_then(|parts| parts.thread)
}

fn unread(backend: &dyn Backend, user: &User, room: &Room) -> Unread {
    rooms_read(backend, user, Some(room.id))[0].1.unread.unwrap()
}

pub fn join(backend: &dyn Backend, room: &Room, user: &User) {
    let act = MemberAct::Join { user_ids: vec![user.id], role: RoomRole::Member };
    act_in(backend, room, act);
}

pub fn act_in(backend: &dyn Backend, room: &Room, act: MemberAct) {
    let (room_id, by) = (room.id, room.created_by);
    let change = NewMemberChange { room_id, by, timestamp: NOW, below: None, reason: None, act };
    backend.change_members(&change, None, None).unwrap();
}

pub fn private(backend: &dyn Backend, creator: &User, history: VisibleHistory) -> Room {
    let rules = RoomRules { history, ..RoomRules::default() };
    let new = NewRoom { kind: RoomKind::Private, rules, ..new_room("quiet", creator) };
    backend.create_room(&new, &audit("x")).unwrap()
}

pub fn replies_are_in_the_log_and_not_on_the_page_of_the_room(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let room = room(&*backend, &ann);
    let first = send(&*backend, message(&room, &ann, "first"));
    let one = send(&*backend, reply(&room, &bo, first.id));
    send(&*backend, message(&room, &ann, "between"));
    // A reply to a reply belongs to the same thread.
    let two = send(&*backend, reply(&room, &ann, one.id));
    let three = send(&*backend, also_to_room(reply(&room, &bo, first.id)));
    assert_eq!((one.thread_id(), two.thread_id()), (Some(first.id), Some(first.id)));
    let kinds: Vec<_> = events(&*backend, room.id).iter().map(Event::kind).collect();
    let (in_room, in_thread) = (Some(EventKind::Message), Some(EventKind::Reply));
    assert_eq!(kinds, [in_room, in_thread, in_room, in_thread, in_room]);
    let page = backend.list_messages(room.id, Cursor::Newest, 10, view(&ann)).unwrap().unwrap();
    assert_eq!(seqs(&page.messages), [1, 3, 5]);
    assert_eq!(seqs(&replies(&*backend, &room, first.id)), [2, 4, 5]);
    let thread = page.messages[0].parts.as_ref().unwrap().thread.clone().unwrap();
    assert_eq!((thread.count, thread.last_seq, thread.last_at), (3, three.seq, NOW));
    let people: Vec<UserId> = thread.people.iter().map(|person| person.user_id).collect();
    assert_eq!(people, [bo.id, ann.id], "those of the newest replies come first");
    assert_eq!(backend.get_message(room.id, two.id).unwrap(), Some(two));
    let pages = |cursor| {
        let page = backend.list_replies(room.id, first.id, cursor, 2, view(&ann)).unwrap().unwrap();
        (seqs(&page.messages), page.has_older, page.has_newer)
    };
    assert_eq!(pages(Cursor::Newest), (vec![4, 5], true, false));
    assert_eq!(pages(Cursor::Before(Seq(4))), (vec![2], false, true));
    assert_eq!(pages(Cursor::After(Seq(1))), (vec![2, 4], false, true));
}

pub fn a_summary_follows_deletions_and_the_reader(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let room = private(&*backend, &ann, VisibleHistory::Joined);
    let first = send(&*backend, message(&room, &ann, "first"));
    assert_eq!(summary(&*backend, &first, &ann), None);
    let sent: Vec<Message> =
        (0..3).map(|_| send(&*backend, reply(&room, &ann, first.id))).collect();
    backend.delete_message(change(&sent[2], &ann), None).unwrap();
    let thread = summary(&*backend, &first, &ann).unwrap();
    assert_eq!((thread.count, thread.last_seq), (2, sent[1].seq));
    // What is deleted stays in the thread as an empty message, as in the room.
    assert_eq!(replies(&*backend, &room, first.id).len(), 3);
    let seen = View { reader: bo.id, visible_from: sent[0].seq };
    assert_eq!(backend.view_message(room.id, first.id, seen).unwrap(), None);
    let page = backend.list_replies(room.id, first.id, Cursor::Newest, 9, seen).unwrap().unwrap();
    assert_eq!(seqs(&page.messages), [sent[1].seq.0, sent[2].seq.0]);
    for message in &sent[..2] {
        backend.delete_message(change(message, &ann), None).unwrap();
    }
    assert_eq!(summary(&*backend, &first, &ann), None);
}

pub fn what_a_reply_or_a_quote_names_must_be_there(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let (room, other) = (room(&*backend, &ann), room(&*backend, &ann));
    let first = send(&*backend, message(&room, &ann, "first"));
    let elsewhere = send(&*backend, message(&other, &ann, "elsewhere"));
    let quoting = |id, visible_from| {
        let detail = MessageDetail { quote_of: Some(id), ..MessageDetail::default() };
        let parts = NewParts { detail, visible_from, ..NewParts::default() };
        NewMessage { parts: Some(Box::new(parts)), ..message(&room, &ann, "as you said") }
    };
    let unseen =
        NewParts { visible_from: first.seq, ..*reply(&room, &ann, first.id).parts.unwrap() };
    let unseen = NewMessage { parts: Some(Box::new(unseen)), ..message(&room, &ann, "to what?") };
    let outcomes = backend
        .append_messages(vec![
            reply(&room, &ann, EventId(4_000)),
            message(&room, &ann, "plain"),
            reply(&room, &ann, elsewhere.id),
            unseen,
            quoting(elsewhere.id, Seq(0)),
            quoting(first.id, first.seq),
            quoting(first.id, Seq(0)),
        ])
        .unwrap();
    let seq = |outcome: &Result<_, AppendError>| match outcome {
        Ok(chatapp::model::Appended { message, .. }) => Some(message.seq.0),
        Err(AppendError::MessageNotFound) => None,
        Err(error) => panic!("{error}"),
    };
    let got: Vec<Option<i64>> = outcomes.iter().map(seq).collect();
    assert_eq!(got, [None, Some(2), None, None, None, None, Some(3)]);
    let quoted = outcomes[6].as_ref().unwrap().message.parts.as_ref().unwrap();
    assert_eq!(quoted.detail.quote_of, Some(first.id));
    backend.delete_message(change(&first, &ann), None).unwrap();
    let outcome = backend.append_messages(vec![quoting(first.id, Seq(0))]).unwrap().remove(0);
    assert!(matches!(outcome, Err(AppendError::MessageNotFound)));
    // A thread goes on when its first message is deleted.
    send(&*backend, reply(&room, &ann, first.id));
}

pub fn a_reply_is_stored_once_and_in_the_order_of_its_batch(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let (room, other) = (room(&*backend, &ann), room(&*backend, &ann));
    let first = send(&*backend, message(&room, &ann, "first"));
    let reply = || with_client_id(reply(&room, &ann, first.id), "r");
    let batch = || {
        vec![
            with_client_id(message(&room, &ann, "a"), "a"),
            reply(),
            message(&other, &ann, "elsewhere"),
            with_client_id(message(&room, &ann, "b"), "b"),
            reply(),
        ]
    };
    let outcomes = backend.append_messages(batch()).unwrap();
    let show = |outcome: &Result<chatapp::model::Appended, AppendError>| {
        let appended = outcome.as_ref().unwrap();
        (appended.message.room_id == room.id, appended.message.seq.0, appended.duplicate)
    };
    let expected =
        [(true, 2, false), (true, 3, false), (false, 1, false), (true, 4, false), (true, 3, true)];
    assert_eq!(outcomes.iter().map(show).collect::<Vec<_>>(), expected);
    let again: Vec<_> = backend.append_messages(batch()).unwrap().iter().map(show).collect();
    let expected =
        [(true, 2, true), (true, 3, true), (false, 2, false), (true, 4, true), (true, 3, true)];
    assert_eq!(again, expected);
    backend.delete_room(room.id, None, &audit("x")).unwrap();
    let gone = backend.append_messages(vec![reply()]).unwrap().remove(0);
    assert!(matches!(gone, Err(AppendError::RoomNotFound)));
}

pub fn replies_at_once_have_contiguous_seqs(db: &TestDatabase) {
    let backend = db.backend();
    let people: Vec<User> = (0..4).map(|i| user(&*backend, &format!("user{i}"))).collect();
    let rooms: Vec<Room> = (0..3).map(|_| room(&*backend, &people[0])).collect();
    let firsts: Vec<Message> =
        rooms.iter().map(|room| send(&*backend, message(room, &people[0], "x"))).collect();
    on_threads(4, |thread| {
        for round in 0..8 {
            let batch = (0..6)
                .map(|i| {
                    let at = (i + round + thread) % 3;
                    match i % 2 {
                        0 => reply(&rooms[at], &people[thread], firsts[at].id),
                        _ => message(&rooms[at], &people[thread], "x"),
                    }
                })
                .collect();
            let outcomes = backend.append_messages(batch).unwrap();
            assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        }
    });
    for (room, first) in rooms.iter().zip(&firsts) {
        let log = events(&*backend, room.id);
        let seqs: Vec<i64> = log.iter().map(|event| event.seq().0).collect();
        assert_eq!(seqs, (1..=log.len() as i64).collect::<Vec<_>>());
        let told = log.iter().filter(|event| event.kind() == Some(EventKind::Reply)).count();
        let counted = summary(&*backend, first, &people[0]).unwrap().count;
        assert_eq!(counted as usize, told);
    }
}

pub fn who_takes_part_in_a_thread_follows_it(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy, dan] = ["ann", "bo", "cy", "dan"].map(|name| user(&*backend, name));
    let room = room(&*backend, &ann);
    [&bo, &cy, &dan].into_iter().for_each(|user| join(&*backend, &room, user));
    let first = send(&*backend, message(&room, &ann, "first"));
    let threads = |user: &User| unread(&*backend, user, &room).threads;
    let follows = |user: &User| {
        let follow = backend.get_thread_follow(user.id, first.id).unwrap();
        follow.map(|follow| (follow.is_following, follow.read_seq.0))
    };
    send(&*backend, reply(&room, &bo, first.id));
    assert_eq!(
        [follows(&ann), follows(&bo), follows(&cy)],
        [Some((true, first.seq.0)), Some((true, 5)), None]
    );
    assert_eq!([threads(&ann), threads(&bo), threads(&cy)], [1, 0, 0]);
    // A mention makes its target follow from this reply on.
    let mentioned = send(&*backend, naming(reply(&room, &ann, first.id), &[cy.id]));
    assert_eq!(follows(&cy), Some((true, mentioned.seq.0 - 1)));
    assert_eq!([threads(&ann), threads(&bo), threads(&cy)], [0, 1, 1]);
    let place = ThreadFollow { is_following: true, read_seq: mentioned.seq };
    let advance = |seq| backend.advance_thread(bo.id, first.id, seq).unwrap();
    assert_eq!(advance(mentioned.seq), Some((place, true)));
    assert_eq!(threads(&bo), 0);
    // A place never moves back, nor beyond the head.
    for seq in [0, 900] {
        assert_eq!(advance(Seq(seq)), Some((place, false)));
    }
    assert_eq!(backend.advance_thread(dan.id, first.id, Seq(1)).unwrap(), None);
    // Who stops following hears nothing more, until the next mention.
    let follow =
        |user: &User, id, follows| backend.follow_thread(user.id, room.id, id, follows).unwrap();
    assert_eq!(follow(&cy, first.id, false), Some(true));
    assert_eq!(follow(&cy, first.id, false), Some(false), "it is so already");
    send(&*backend, reply(&room, &bo, first.id));
    assert_eq!([threads(&ann), threads(&bo), threads(&cy)], [1, 0, 0]);
    send(&*backend, naming(reply(&room, &bo, first.id), &[cy.id]));
    assert_eq!(threads(&cy), 1);
    assert_eq!(follow(&dan, first.id, true), Some(true));
    assert_eq!(threads(&dan), 0, "what was there before is read");
    let last = send(&*backend, reply(&room, &bo, first.id));
    assert_eq!(threads(&dan), 1);
    backend.delete_message(change(&last, &bo), None).unwrap();
    assert_eq!(threads(&dan), 0, "a deleted reply is not unread");
    assert_eq!(follow(&dan, EventId(4_000), true), None);
}

pub fn followed_threads_are_listed_by_their_newest_reply(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let (public, secret) = (room(&*backend, &ann), private(&*backend, &ann, VisibleHistory::All));
    [&public, &secret].into_iter().for_each(|room| join(&*backend, room, &bo));
    let at =
        |message: NewMessage, second| NewMessage { timestamp: NOW.plus_seconds(second), ..message };
    let first = |room: &Room| send(&*backend, message(room, &bo, "first"));
    let (one, two) = (first(&public), first(&secret));
    send(&*backend, at(reply(&public, &ann, one.id), 1));
    send(&*backend, at(reply(&secret, &ann, two.id), 2));
    send(&*backend, at(reply(&secret, &ann, two.id), 3));
    let list = |room: Option<&Room>, only_unread, before: Option<i64>| {
        let before = before.map(|second| NOW.plus_seconds(second));
        let room = room.map(|room| room.id);
        let listed = backend
            .list_followed_threads(bo.id, room, only_unread, before, 10, NOW)
            .unwrap()
            .into_iter()
            .map(|thread| (thread.message.id, thread.unread));
        listed.collect::<Vec<_>>()
    };
    assert_eq!(list(None, false, None), [(two.id, 2), (one.id, 1)]);
    assert_eq!(list(None, false, Some(3)), [(one.id, 1)]);
    assert_eq!(list(Some(&public), false, None), [(one.id, 1)]);
    backend.advance_thread(bo.id, one.id, Seq(900)).unwrap();
    assert_eq!(list(None, true, None), [(two.id, 2)]);
    // Who is no longer a member sees nothing of the private room.
    let cause = chatapp::model::LeaveCause::Removed;
    act_in(&*backend, &secret, MemberAct::Leave { user_id: bo.id, cause });
    assert_eq!(list(None, false, None), [(one.id, 0)]);
    act_in(&*backend, &public, MemberAct::Ban { user_id: bo.id, until: None });
    assert_eq!(list(None, false, None), []);
}

pub fn mentions_are_listed_for_those_who_may_read_them(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let (public, secret) = (room(&*backend, &ann), private(&*backend, &ann, VisibleHistory::All));
    [&bo, &cy].into_iter().for_each(|user| join(&*backend, &public, user));
    join(&*backend, &secret, &bo);
    let at =
        |message: NewMessage, second| NewMessage { timestamp: NOW.plus_seconds(second), ..message };
    let one = send(&*backend, at(mentioning(message(&public, &ann, "@bo"), &[&bo]), 1));
    let two = send(&*backend, at(mentioning(message(&secret, &ann, "@bo"), &[&bo]), 2));
    let all = naming(message(&public, &ann, "@room and @bo"), &[UserId::SERVER, bo.id]);
    let all = send(&*backend, at(all, 3));
    let inbox = |user: &User, before: Option<EventId>| {
        let listed = backend.list_mentions(user.id, before, 10, NOW).unwrap().into_iter();
        let show = |entry: chatapp::storage::backend::InboxEntry| {
            (entry.message.id, entry.reason == InboxReason::Everyone, entry.is_unread)
        };
        listed.map(show).collect::<Vec<_>>()
    };
    let (all_of_bo, two_of_bo, one_of_bo) =
        ((all.id, false, true), (two.id, false, true), (one.id, false, true));
    assert_eq!(inbox(&bo, None), [all_of_bo, two_of_bo, one_of_bo]);
    assert_eq!(inbox(&bo, Some(all.id)), [two_of_bo, one_of_bo]);
    assert_eq!(inbox(&bo, Some(one.id)), []);
    assert_eq!(inbox(&cy, None), [(all.id, true, true)]);
    assert_eq!(inbox(&ann, None), [], "the author does not mention itself");
    assert_eq!(unread(&*backend, &bo, &public).mentions, 2);
    assert_eq!(unread(&*backend, &cy, &public).mentions, 1);
    let read = ReadPosition { user_id: bo.id, room_id: public.id, seq: one.seq };
    backend.advance_read_positions(&[read]).unwrap();
    assert_eq!(inbox(&bo, None)[2], (one.id, false, false));
    // An edit takes a mention away, and a deletion too.
    let plain = chatapp::model::NewText::of("never mind");
    backend.edit_message(change(&one, &ann), &plain).unwrap();
    assert_eq!(inbox(&bo, None), [all_of_bo, two_of_bo]);
    backend.delete_message(change(&all, &ann), None).unwrap();
    assert_eq!((inbox(&bo, None), inbox(&cy, None)), (vec![two_of_bo], vec![]));
    act_in(&*backend, &secret, MemberAct::Ban { user_id: bo.id, until: None });
    assert_eq!(inbox(&bo, None), []);
}

pub fn mentions_in_threads_are_unread_until_the_thread_is_read(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let room = room(&*backend, &ann);
    join(&*backend, &room, &bo);
    let first = send(&*backend, message(&room, &ann, "first"));
    let mention = send(&*backend, naming(reply(&room, &ann, first.id), &[bo.id]));
    let all = Unread { messages: 1, first_seq: Some(first.seq), mentions: 1, threads: 1 };
    assert_eq!(unread(&*backend, &bo, &room), all);
    let read = ReadPosition { user_id: bo.id, room_id: room.id, seq: mention.seq };
    backend.advance_read_positions(&[read]).unwrap();
    let thread = Unread { mentions: 1, threads: 1, ..Unread::default() };
    assert_eq!(unread(&*backend, &bo, &room), thread, "the room is read, and the thread is not");
    assert!(backend.list_mentions(bo.id, None, 9, NOW).unwrap()[0].is_unread);
    backend.advance_thread(bo.id, first.id, mention.seq).unwrap();
    assert_eq!(unread(&*backend, &bo, &room), Unread::default());
    assert!(!backend.list_mentions(bo.id, None, 9, NOW).unwrap()[0].is_unread);
}

pub fn only_accounts_that_may_read_a_room_can_be_mentioned(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "Bo", "cy"].map(|name| user(&*backend, name));
    let (public, secret) = (room(&*backend, &ann), private(&*backend, &ann, VisibleHistory::All));
    join(&*backend, &secret, &bo);
    let find = |room: &Room| {
        let names = ["ann", "bo", "cy", "nobody", "(server)"].map(str::to_owned);
        let mut found = backend.find_readers(room.id, &names, NOW).unwrap();
        found.sort();
        found
    };
    let [of_ann, of_bo, of_cy] =
        [("ann", &ann), ("bo", &bo), ("cy", &cy)].map(|(name, user)| (name.to_owned(), user.id));
    assert_eq!(find(&public), [of_ann.clone(), of_bo.clone(), of_cy]);
    assert_eq!(find(&secret), [of_ann.clone(), of_bo]);
    act_in(&*backend, &public, MemberAct::Ban { user_id: cy.id, until: None });
    let until = NOW.plus_seconds(-1);
    act_in(&*backend, &public, MemberAct::Ban { user_id: bo.id, until: Some(until) });
    let found: Vec<UserId> = find(&public).into_iter().map(|(_, id)| id).collect();
    assert_eq!(found, [ann.id, bo.id]);
    backend.delete_user(bo.id, &audit("x")).unwrap();
    assert_eq!(find(&public), [of_ann]);
}

pub fn threads_do_not_outlive_their_first_message(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let room = room(&*backend, &ann);
    let first = send(&*backend, message(&room, &ann, "first"));
    let late = reply(&room, &bo, first.id);
    let late = NewMessage { timestamp: NOW.plus_seconds(60), ..naming(late, &[ann.id]) };
    send(&*backend, late);
    backend.prune_events(room.id, NOW.plus_seconds(30), 100, None).unwrap();
    assert_eq!(backend.get_thread_follow(ann.id, first.id).unwrap(), None);
    assert_eq!(backend.list_followed_threads(ann.id, None, false, None, 9, NOW).unwrap(), []);
    // The reply itself is still there, and so is its mention.
    assert_eq!(backend.list_mentions(ann.id, None, 9, NOW).unwrap().len(), 1);
    assert_eq!(unread(&*backend, &ann, &room).threads, 0);
    backend.prune_events(room.id, NOW.plus_seconds(90), 100, None).unwrap();
    assert_eq!(db.raw().count("mentions"), 0);
}

/// The model counts reply by reply.
pub fn unread_threads_agree_with_a_model(db: &TestDatabase) {
    #[derive(Clone, Debug)]
    enum Act {
        Reply { who: usize, thread: usize, mentions: bool },
        Delete(usize),
        Read { who: usize, thread: usize, back: i64 },
        Follow { who: usize, thread: usize, follows: bool },
    }
    let act = prop_oneof![
        5 => (0..3usize, 0..2usize, any::<bool>())
            .prop_map(|(who, thread, mentions)| Act::Reply { who, thread, mentions }),
        1 => (0..8usize).prop_map(Act::Delete),
        2 => (0..3usize, 0..2usize, 0..3i64)
            .prop_map(|(who, thread, back)| Act::Read { who, thread, back }),
        1 => (0..3usize, 0..2usize, any::<bool>())
            .prop_map(|(who, thread, follows)| Act::Follow { who, thread, follows }),
    ];
    let backend = db.backend();
    let people: Vec<User> = (0..3).map(|i| user(&*backend, &format!("user{i}"))).collect();
    let check = |acts: Vec<Act>| {
        let room = room(&*backend, &people[0]);
        people[1..].iter().for_each(|user| join(&*backend, &room, user));
        let firsts: Vec<Message> =
            (0..2).map(|i| send(&*backend, message(&room, &people[i], "x"))).collect();
        let mut head = firsts[1].seq.0;
        // (user, thread) -> (follows, read up to); a reply: seq, author, thread, mentioned, deleted.
        let mut places: BTreeMap<(usize, usize), (bool, i64)> = BTreeMap::new();
        let mut sent: Vec<(Message, usize, usize, Option<usize>, bool)> = Vec::new();
        for act in acts {
            match act {
                Act::Reply { who, thread, mentions } => {
                    let other = (who + 1) % 3;
                    let mentioned = if mentions { vec![people[other].id] } else { vec![] };
                    let new = naming(reply(&room, &people[who], firsts[thread].id), &mentioned);
                    let message = send(&*backend, new);
                    head = message.seq.0;
                    places.entry((thread, thread)).or_insert((true, firsts[thread].seq.0));
                    if mentions {
                        places.entry((other, thread)).or_insert((true, head - 1)).0 = true;
                    }
                    places.insert((who, thread), (true, head));
                    sent.push((message, who, thread, mentions.then_some(other), false));
                }
                Act::Delete(which) if !sent.is_empty() => {
                    let at = which % sent.len();
                    let deleted = &mut sent[at];
                    let changed =
                        backend.delete_message(change(&deleted.0, &people[0]), None).unwrap();
                    head += i64::from(changed.event.is_some());
                    deleted.4 = true;
                }
                Act::Read { who, thread, back } => {
                    let seq = Seq(head - back);
                    backend.advance_thread(people[who].id, firsts[thread].id, seq).unwrap();
                    if let Some(place) = places.get_mut(&(who, thread)) {
                        place.1 = place.1.max(seq.0);
                    }
                }
                Act::Follow { who, thread, follows } => {
                    let id = firsts[thread].id;
                    backend.follow_thread(people[who].id, room.id, id, follows).unwrap();
                    // What was unread before does not come back.
                    let place = places.entry((who, thread)).or_insert((follows, head));
                    if place.0 != follows {
                        *place = (follows, head);
                    }
                }
                Act::Delete(_) => {}
            }
        }
        for (who, user) in people.iter().enumerate() {
            let mut expected = (0, 0);
            for thread in 0..2 {
                let Some((true, read)) = places.get(&(who, thread)) else { continue };
                let is_unread = |it: &&(Message, usize, usize, Option<usize>, bool)| {
                    it.2 == thread && it.1 != who && !it.4 && it.0.seq.0 > *read
                };
                let of_thread: Vec<_> = sent.iter().filter(is_unread).collect();
                expected.0 += u32::from(!of_thread.is_empty());
                expected.1 += of_thread.iter().filter(|it| it.3 == Some(who)).count() as u32;
            }
            let read = ReadPosition { user_id: user.id, room_id: room.id, seq: Seq(head) };
            backend.advance_read_positions(&[read]).unwrap();
            let unread = unread(&*backend, user, &room);
            prop_assert_eq!((unread.threads, unread.mentions), expected, "{}", who);
            let listed = backend
                .list_followed_threads(user.id, Some(room.id), true, None, 9, Timestamp(0))
                .unwrap();
            prop_assert_eq!(listed.len() as u32, expected.0, "{}", who);
        }
        Ok(())
    };
    let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&vec(act, 0..25), check).unwrap();
}

pub fn a_page_has_the_parts_of_its_own_messages(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &ann, 5);
    let first = send(&*backend, message(&room, &ann, "first"));
    fill(&*backend, &room, &ann, 5);
    send(&*backend, reply(&room, &ann, first.id));
    let page = backend.list_messages(room.id, Cursor::Around(first.seq), 5, view(&ann));
    let with_parts: Vec<i64> = page
        .unwrap()
        .unwrap()
        .messages
        .iter()
        .filter(|message| message.parts.is_some())
        .map(|message| message.seq.0)
        .collect();
    assert_eq!(with_parts, [first.seq.0]);
}
