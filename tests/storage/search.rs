//! Searching messages, and the index for it.

use chatapp::model::{
    Feature, Found, LeaveCause, MemberAct, Message, MessageDetail, NewMemberChange, NewMessage,
    NewParts, NewRoom, NewText, Person, Phrase, Room, RoomChange, RoomId, RoomKind, RoomRole,
    RoomRules, Search, SearchBounds, Seq, Timestamp, User, View, VisibleHistory, tokens,
};
use chatapp::storage::backend::NewReaction;
use chatapp::storage::{Backend, MemberError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::harness::{NOW, TestDatabase, audit, change, message, new_room, room, user};

const DAY: i64 = 24 * 60 * 60;

/// A search of a user for one phrase.
fn search(user: &User, phrase: &str) -> Search {
    let words: Vec<String> = tokens(phrase).into_iter().map(|token| token.word).collect();
    let phrases = vec![Phrase { words, is_prefix: false }];
    Search {
        user_id: Some(user.id),
        phrases: phrases.into_iter().filter(|phrase| !phrase.words.is_empty()).collect(),
        from: Vec::new(),
        rooms: Vec::new(),
        after: None,
        before: None,
        features: Vec::new(),
        bounds: SearchBounds::START,
        limit: 50,
        now: NOW.plus_seconds(1_000),
    }
}

fn find(backend: &dyn Backend, search: &Search) -> Vec<String> {
    texts(&backend.search_messages(search).unwrap())
}

fn texts(found: &Found) -> Vec<String> {
    found.messages.iter().map(|message| message.content.clone()).collect()
}

/// Brings everything into the index, and returns how many events it was.
fn index(backend: &dyn Backend) -> u64 {
    let mut events = 0;
    loop {
        let rooms = backend.list_unindexed_rooms(10).unwrap();
        if rooms.is_empty() {
            return events;
        }
        events += backend.index_events(&rooms, 7).unwrap();
    }
}

fn send(backend: &dyn Backend, room: &Room, user: &User, text: &str, seconds: i64) -> Message {
    let timestamp = NOW.plus_seconds(seconds);
    let sent = NewMessage { timestamp, ..message(room, user, text) };
    backend.append_messages(vec![sent]).unwrap().remove(0).unwrap().message
}

fn closed(backend: &dyn Backend, creator: &User, name: &str, history: VisibleHistory) -> Room {
    let rules = RoomRules { history, ..RoomRules::default() };
    let new = NewRoom { kind: RoomKind::Private, rules, ..new_room(name, creator) };
    backend.create_room(&new, &audit("x")).unwrap()
}

fn try_act(backend: &dyn Backend, room: &Room, act: MemberAct) -> Result<(), MemberError> {
    let (room_id, by) = (room.id, room.created_by);
    let change = NewMemberChange { room_id, by, timestamp: NOW, below: None, reason: None, act };
    backend.change_members(&change, None, None).map(drop)
}

fn act(backend: &dyn Backend, room: &Room, act: MemberAct) {
    try_act(backend, room, act).unwrap();
}

fn joining(user: &User) -> MemberAct {
    MemberAct::Join { user_ids: vec![user.id], role: RoomRole::Member }
}

fn leaving(user: &User) -> MemberAct {
    MemberAct::Leave { user_id: user.id, cause: LeaveCause::Left }
}

fn set_kind(backend: &dyn Backend, room: &Room, kind: RoomKind) {
    let change = RoomChange { kind: Some(kind), ..RoomChange::default() };
    backend.update_room(room.id, &change, None, &audit("x")).unwrap();
}

pub fn words_and_phrases_of_every_script_are_found(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let general = room(&*backend, &ann);
    let all = [
        "The quick brown fox",
        "A brown, quick fox: don't!",
        "Ça alors, un Müller",
        "今日は東京タワーへ行く",
        "서울에서 만나요",
        "ที่นี่กรุงเทพ",
        "Привет, Ёлка",
        "مرحبا بالعالم",
        "see https://example.com/quick_start 🎉",
        "'); DROP TABLE events; --",
        "\u{1f469}\u{200d}\u{1f4bb} NEAR AND OR NOT \" ' \\ § & | ! :* <-> ^ ( ) { } - + ~",
    ];
    for (at, text) in (0..).zip(all) {
        send(&*backend, &general, &ann, text, at);
    }
    index(&*backend);
    let found = |phrase: &str| find(&*backend, &search(&ann, phrase));
    for (phrase, expected) in [
        ("quick", &[8, 1, 0][..]),
        ("QUICK brown", &[0]),
        ("brown quick", &[1]),
        ("don't", &[1]),
        ("ca", &[2]),
        ("muller", &[2]),
        ("東京", &[3]),
        ("京東", &[]),
        ("タワー", &[3]),
        ("서울", &[4]),
        ("กรุง", &[5]),
        ("елка", &[6]),
        ("بالعالم", &[7]),
        ("example.com", &[8]),
        ("🎉", &[8]),
        ("drop table", &[9]),
        ("near and or not", &[10]),
        ("nowhere", &[]),
        ("fo", &[]),
    ] {
        let expected: Vec<&str> = expected.iter().map(|&place| all[place]).collect();
        assert_eq!(found(phrase), expected, "{phrase}");
    }
    let prefix = |phrase: &str| {
        let mut search = search(&ann, phrase);
        search.phrases[0].is_prefix = true;
        find(&*backend, &search)
    };
    assert_eq!(prefix("qui").len(), 3);
    assert_eq!(prefix("quick br"), [all[0]]);
    let mut both = search(&ann, "quick");
    both.phrases.extend(search(&ann, "fox").phrases);
    assert_eq!(find(&*backend, &both), [all[1], all[0]]);
}

pub fn a_search_is_narrowed_down(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let [one, two] = [room(&*backend, &ann), room(&*backend, &ann)];
    send(&*backend, &one, &ann, "tea 1", -40 * DAY);
    send(&*backend, &one, &bo, "tea 2 http://a.b", -3 * DAY);
    send(&*backend, &two, &ann, "tea 3", -1);
    send(&*backend, &two, &bo, "tea 4", 0);
    index(&*backend);
    let tea = || search(&ann, "tea");
    let numbers = |search: Search| -> Vec<String> {
        let texts = find(&*backend, &search);
        texts.iter().map(|text| text[4..5].to_owned()).collect()
    };
    assert_eq!(numbers(Search { from: vec![bo.id], ..tea() }), ["4", "2"]);
    assert_eq!(numbers(Search { from: vec![ann.id, bo.id], ..tea() }), ["4", "3", "2", "1"]);
    assert_eq!(numbers(Search { rooms: vec![one.id], ..tea() }), ["2", "1"]);
    assert_eq!(numbers(Search { rooms: vec![one.id, two.id], ..tea() }).len(), 4);
    assert_eq!(numbers(Search { rooms: vec![RoomId(99)], ..tea() }), Vec::<String>::new());
    assert_eq!(numbers(Search { features: vec![Feature::Link], ..tea() }), ["2"]);
    let at = |seconds| Some(NOW.plus_seconds(seconds));
    assert_eq!(numbers(Search { before: at(0), ..tea() }), ["3", "2", "1"]);
    assert_eq!(numbers(Search { after: at(0), ..tea() }), ["4"]);
    assert_eq!(numbers(Search { after: at(-3 * DAY), before: at(-1), ..tea() }), ["2"]);
    assert_eq!(numbers(Search { after: at(-3 * DAY), before: at(-3 * DAY), ..tea() }).len(), 0);
    let of_bo = Search { phrases: Vec::new(), from: vec![bo.id], ..tea() };
    assert_eq!(numbers(of_bo), ["4", "2"]);
}

pub fn threads_reactions_and_pins_narrow_a_search_down(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let general = room(&*backend, &ann);
    let [plain, first, pinned] = ["tea alone", "tea first", "tea pinned"]
        .map(|text| send(&*backend, &general, &ann, text, 0));
    let detail = MessageDetail { thread_id: Some(first.id), ..MessageDetail::default() };
    let parts = NewParts { detail, ..NewParts::default() };
    let reply = NewMessage { parts: Some(Box::new(parts)), ..message(&general, &ann, "tea reply") };
    backend.append_messages(vec![reply]).unwrap().remove(0).unwrap();
    let react = |is_added| {
        let reaction = NewReaction {
            room_id: general.id,
            message_id: plain.id,
            person: Person { user_id: ann.id, username: "ann".into(), display_name: None },
            emoji: "👍".to_owned(),
            is_added,
            visible_from: Seq(0),
            timestamp: NOW,
        };
        assert!(backend.change_reactions(&[reaction]).unwrap().0[0].is_ok());
    };
    react(true);
    backend.pin_message(change(&pinned, &ann), true).unwrap();
    index(&*backend);
    let found = |phrase: &str, feature| {
        let mut texts =
            find(&*backend, &Search { features: vec![feature], ..search(&ann, phrase) });
        texts.sort();
        texts
    };
    assert_eq!(find(&*backend, &search(&ann, "reply")), ["tea reply"]);
    for phrase in ["tea", ""] {
        assert_eq!(found(phrase, Feature::Thread), ["tea first", "tea reply"], "{phrase}");
        assert_eq!(found(phrase, Feature::Reaction), ["tea alone"], "{phrase}");
        assert_eq!(found(phrase, Feature::Pinned), ["tea pinned"], "{phrase}");
    }
    let shown = backend.search_messages(&search(&ann, "reply")).unwrap().messages.remove(0);
    assert_eq!(shown.thread_id(), Some(first.id));
    // What comes and goes needs no new index.
    react(false);
    backend.pin_message(change(&pinned, &ann), false).unwrap();
    assert_eq!(found("tea", Feature::Reaction), Vec::<String>::new());
    assert_eq!(found("tea", Feature::Pinned), Vec::<String>::new());
}

pub fn pages_go_through_public_and_closed_rooms_by_time(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let public = room(&*backend, &ann);
    let quiet = closed(&*backend, &ann, "quiet", VisibleHistory::All);
    for at in 0..20 {
        let room = if at % 3 == 0 { &quiet } else { &public };
        send(&*backend, room, &ann, &format!("tea {at}"), at);
    }
    index(&*backend);
    let mut bounds = SearchBounds::START;
    let mut all = Vec::new();
    for page in 0.. {
        let found =
            backend.search_messages(&Search { bounds, limit: 6, ..search(&ann, "tea") }).unwrap();
        assert!(found.is_complete && found.messages.len() == if page < 3 { 6 } else { 2 });
        all.extend(texts(&found));
        // A message that comes in between does not change the rest.
        send(&*backend, &public, &ann, "tea later", 100);
        index(&*backend);
        let Some(next) = found.next else { break };
        bounds = next;
    }
    let expected: Vec<String> = (0..20).rev().map(|at| format!("tea {at}")).collect();
    assert_eq!(all, expected);
}

pub fn only_what_the_reader_may_read_is_found(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let public = room(&*backend, &ann);
    let quiet = closed(&*backend, &ann, "quiet", VisibleHistory::All);
    let late = closed(&*backend, &ann, "late", VisibleHistory::Joined);
    for room in [&public, &quiet, &late] {
        send(&*backend, room, &ann, &format!("tea {}", room.name), 0);
    }
    for room in [&quiet, &late] {
        act(&*backend, room, joining(&bo));
        send(&*backend, room, &ann, &format!("tea again {}", room.name), 1);
    }
    index(&*backend);
    let count = |user: &User| find(&*backend, &search(user, "tea")).len();
    let (in_public, in_quiet) = (format!("tea {}", public.name), "tea quiet");
    assert_eq!(count(&ann), 5);
    let of_bo = find(&*backend, &search(&bo, "tea"));
    assert_eq!(of_bo, ["tea again late", "tea again quiet", &in_public, in_quiet]);
    assert_eq!(find(&*backend, &search(&cy, "tea")), [&*in_public]);
    let nobody = Search { user_id: None, ..search(&cy, "tea") };
    assert_eq!(find(&*backend, &nobody), [&*in_public]);
    let in_late = |user: &User| {
        find(&*backend, &Search { rooms: vec![late.id, quiet.id], ..search(user, "tea") }).len()
    };
    assert_eq!([in_late(&ann), in_late(&bo), in_late(&cy)], [4, 3, 0]);

    // Whoever leaves, is banned, or is not a member of a room that becomes private finds nothing there.
    act(&*backend, &quiet, leaving(&bo));
    assert_eq!((count(&bo), in_late(&bo)), (2, 1));
    act(&*backend, &late, MemberAct::Ban { user_id: bo.id, until: None });
    assert_eq!((count(&bo), in_late(&bo)), (1, 0));
    act(&*backend, &public, MemberAct::Ban { user_id: cy.id, until: Some(NOW.plus_seconds(10)) });
    let at = |seconds| Search { now: NOW.plus_seconds(seconds), ..search(&cy, "tea") };
    assert_eq!([find(&*backend, &at(9)).len(), find(&*backend, &at(10)).len()], [0, 1]);
    set_kind(&*backend, &public, RoomKind::Private);
    assert_eq!((count(&ann), count(&bo), count(&cy)), (5, 0, 0));
    // What is written from now on has ids of the other range.
    send(&*backend, &public, &ann, "tea in private", 5);
    set_kind(&*backend, &quiet, RoomKind::Public);
    send(&*backend, &quiet, &ann, "tea in public", 6);
    index(&*backend);
    assert_eq!((count(&ann), count(&bo), count(&cy)), (7, 3, 3));
    set_kind(&*backend, &public, RoomKind::Public);
    set_kind(&*backend, &quiet, RoomKind::Private);
    assert_eq!((count(&ann), count(&bo), count(&cy)), (7, 2, 2));
    backend.delete_room(late.id, None, &audit("x")).unwrap();
    assert_eq!(count(&ann), 5);
}

pub fn edits_and_deletions_reach_the_index(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let general = room(&*backend, &ann);
    let sent: Vec<Message> = ["red", "green", "blue", "grey"]
        .map(|word| send(&*backend, &general, &ann, word, 0))
        .into();
    // Before they are in the index.
    backend.edit_message(change(&sent[0], &ann), &NewText::of("pink")).unwrap();
    backend.delete_message(change(&sent[1], &ann), None).unwrap();
    index(&*backend);
    let count = |word: &str| find(&*backend, &search(&ann, word)).len();
    assert_eq!(["red", "pink", "green", "blue"].map(count), [0, 1, 0, 1]);
    // And after it: the old words are gone at once, the new ones come later.
    backend.edit_message(change(&sent[2], &ann), &NewText::of("navy")).unwrap();
    let found = backend.search_messages(&search(&ann, "blue")).unwrap();
    assert!(found.messages.is_empty() && !found.is_complete);
    index(&*backend);
    assert_eq!(["blue", "navy"].map(count), [0, 1]);
    backend.delete_message(change(&sent[2], &ann), None).unwrap();
    assert_eq!(count("navy"), 0);
    index(&*backend);
    let messages = || backend.get_index_status().unwrap().messages;
    assert_eq!(messages(), 2);

    // What is pruned or in a deleted room leaves the index with the events.
    assert_eq!(backend.prune_events(general.id, NOW.plus_seconds(1), 1, None).unwrap(), 1);
    assert_eq!((messages(), count("pink")), (1, 0));
    backend.delete_room(general.id, None, &audit("x")).unwrap();
    assert_eq!(count("grey"), 0);
    while backend.purge_deleted_rooms(2).unwrap() {}
    assert_eq!(messages(), 0);
}

pub fn the_index_follows_the_logs_and_can_be_made_again(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let [one, two] = [room(&*backend, &ann), room(&*backend, &ann)];
    let quiet = closed(&*backend, &ann, "quiet", VisibleHistory::All);
    let found = |user: &User| backend.search_messages(&search(user, "tea")).unwrap();
    assert!(found(&ann).is_complete);
    for room in [&one, &one, &two, &quiet] {
        send(&*backend, room, &ann, "tea", 0);
    }
    let status = backend.get_index_status().unwrap();
    assert_eq!((status.messages, status.rooms_behind, status.events_behind), (0, 3, 4));
    let before = found(&ann);
    assert!(before.messages.is_empty() && !before.is_complete);
    // No more than the limit.
    let rooms = backend.list_unindexed_rooms(10).unwrap();
    assert_eq!(rooms.len(), 3);
    assert_eq!(backend.index_events(&rooms, 2).unwrap(), 2);
    assert_eq!(index(&*backend), 2);
    assert_eq!(backend.index_events(&rooms, 10).unwrap(), 0);
    assert_eq!(found(&ann).messages.len(), 4);
    let status = backend.get_index_status().unwrap();
    assert_eq!((status.messages, status.rooms_behind, status.events_behind), (4, 0, 0));
    // What is said where the reader may not read does not make the answer incomplete.
    send(&*backend, &quiet, &ann, "more tea", 0);
    let bo = user(&*backend, "bo");
    assert!(found(&bo).is_complete && !found(&ann).is_complete);
    let in_two = Search { rooms: vec![two.id], ..search(&ann, "tea") };
    assert!(backend.search_messages(&in_two).unwrap().is_complete);

    // A log whose end was pruned before it was indexed.
    let gone = room(&*backend, &ann);
    send(&*backend, &gone, &ann, "old tea", 0);
    assert_eq!(backend.prune_events(gone.id, NOW.plus_seconds(1), 10, None).unwrap(), 1);
    assert!(!found(&ann).is_complete);
    index(&*backend);
    assert!(found(&ann).is_complete && backend.list_unindexed_rooms(10).unwrap().is_empty());
    // The room in which most is missing comes last.
    for room in [&two, &one, &one] {
        send(&*backend, room, &ann, "coffee", 0);
    }
    assert_eq!(backend.list_unindexed_rooms(10).unwrap(), [two.id, one.id]);
    index(&*backend);

    backend.clear_index().unwrap();
    assert_eq!(backend.get_index_status().unwrap().messages, 0);
    assert_eq!(index(&*backend), 8);
    assert_eq!(found(&ann).messages.len(), 5);
    // Events that are in the index already are written to it again.
    db.raw().execute("UPDATE rooms SET indexed_seq = 0");
    assert_eq!(index(&*backend), 8);
    assert_eq!((found(&ann).messages.len(), backend.get_index_status().unwrap().messages), (5, 8));
}

/// PostgreSQL reads the index in parts of 4,096 ids.
pub fn a_common_word_is_found_through_the_whole_index(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let general = room(&*backend, &ann);
    for part in 0..10 {
        let text = |n: i64| match n % 4_500 {
            7 => "a rare tea".to_owned(),
            _ => format!("tea {n}"),
        };
        let batch = (part * 1_000..(part + 1) * 1_000).map(|n| message(&general, &ann, &text(n)));
        backend.append_messages(batch.collect()).unwrap();
    }
    while let [room] = backend.list_unindexed_rooms(1).unwrap()[..] {
        backend.index_events(&[room], 2_000).unwrap();
    }
    let newest = find(&*backend, &Search { limit: 2, ..search(&ann, "tea") });
    assert_eq!(newest, ["tea 9999", "tea 9998"]);
    let rare = find(&*backend, &search(&ann, "rare"));
    assert_eq!(rare.len(), 3);
    let (mut bounds, mut ids) = (SearchBounds::START, Vec::new());
    loop {
        let page = Search { bounds, limit: 1_999, ..search(&ann, "tea") };
        let found = backend.search_messages(&page).unwrap();
        ids.extend(found.messages.iter().map(|message| message.id.0));
        let Some(next) = found.next else { break };
        bounds = next;
    }
    assert!(ids.len() == 10_000 && ids.is_sorted_by(|one, next| one > next));
}

/// A step of the life of a few rooms.
#[derive(Clone, Debug)]
enum Step {
    Send { room: usize, user: usize, text: String },
    Edit { message: prop::sample::Index, text: String },
    Delete(prop::sample::Index),
    Join { room: usize, user: usize },
    Leave { room: usize, user: usize },
    Ban { room: usize, user: usize },
    SetKind { room: usize, is_public: bool },
    Index,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let text = || "([abc]|東|京)( ?([abc]|東|京)){0,3}";
    let (room, user) = (|| 0..3_usize, || 1..3_usize);
    let index = any::<prop::sample::Index>;
    let step = prop_oneof![
        6 => (room(), 0..3_usize, text())
            .prop_map(|(room, user, text)| Step::Send { room, user, text }),
        2 => (index(), text()).prop_map(|(message, text)| Step::Edit { message, text }),
        1 => index().prop_map(Step::Delete),
        2 => (room(), user()).prop_map(|(room, user)| Step::Join { room, user }),
        1 => (room(), user()).prop_map(|(room, user)| Step::Leave { room, user }),
        1 => (room(), user()).prop_map(|(room, user)| Step::Ban { room, user }),
        1 => (room(), any::<bool>())
            .prop_map(|(room, is_public)| Step::SetKind { room, is_public }),
        2 => Just(Step::Index),
    ];
    prop::collection::vec(step, 1..40)
}

/// What a search finds is what a reader of all messages of the readable rooms would find.
pub fn searches_agree_with_a_model(db: &TestDatabase) {
    let backend = db.backend();
    let users = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let phrase = "([abc]|東|京)( ([abc]|東|京)){0,1}";
    let result = runner.run(&(steps(), phrase, 1..6_u32), |(steps, phrase, limit)| {
        let rooms = [
            room(&*backend, &users[0]),
            closed(&*backend, &users[0], "quiet", VisibleHistory::All),
            closed(&*backend, &users[0], "late", VisibleHistory::Joined),
        ];
        let mut sent = Vec::new();
        for (second, step) in (0..).zip(steps) {
            perform(&*backend, &rooms, &users, &mut sent, step, second);
        }
        index(&*backend);
        let ids: Vec<RoomId> = rooms.iter().map(|room| room.id).collect();
        for user in &users {
            let expected = expected(&*backend, user, &ids, &phrase);
            let mut search = Search { rooms: ids.clone(), ..search(user, &phrase) };
            let found = backend.search_messages(&search).unwrap();
            prop_assert_eq!(&found.messages, &expected, "{}", user.username);
            prop_assert!(found.is_complete);
            // Everywhere: the rooms of the cases before are there too.
            search.rooms.clear();
            search.limit = limit;
            let mut everywhere = Vec::new();
            loop {
                let found = backend.search_messages(&search).unwrap();
                let here = found.messages.iter().filter(|it| ids.contains(&it.room_id));
                everywhere.extend(here.cloned());
                let Some(next) = found.next else { break };
                search.bounds = next;
            }
            prop_assert_eq!(&everywhere, &expected, "{}", user.username);
        }
        // Nothing of this case is found by the next one, which would only be slower.
        for room in &rooms {
            backend.delete_room(room.id, None, &audit("x")).unwrap();
        }
        Ok(())
    });
    result.unwrap();
}

fn perform(
    backend: &dyn Backend,
    rooms: &[Room; 3],
    users: &[User; 3],
    sent: &mut Vec<Message>,
    step: Step,
    second: i64,
) {
    match step {
        Step::Send { room, user, text } => {
            sent.push(send(backend, &rooms[room], &users[user], &text, second));
        }
        Step::Edit { message, text } if !sent.is_empty() => {
            // A deleted message is not edited.
            let _ = backend.edit_message(change(message.get(sent), &users[0]), &NewText::of(&text));
        }
        Step::Delete(message) if !sent.is_empty() => {
            backend.delete_message(change(message.get(sent), &users[0]), None).unwrap();
        }
        Step::Edit { .. } | Step::Delete(_) => {}
        // A banned user cannot join, and one who is not a member cannot leave.
        Step::Join { room, user } => {
            let _ = try_act(backend, &rooms[room], joining(&users[user]));
        }
        Step::Leave { room, user } => {
            let _ = try_act(backend, &rooms[room], leaving(&users[user]));
        }
        Step::Ban { room, user } => {
            act(backend, &rooms[room], MemberAct::Ban { user_id: users[user].id, until: None });
        }
        Step::SetKind { room, is_public } => {
            let kind = if is_public { RoomKind::Public } else { RoomKind::Private };
            set_kind(backend, &rooms[room], kind);
        }
        Step::Index => {
            index(backend);
        }
    }
}

fn expected(backend: &dyn Backend, user: &User, rooms: &[RoomId], phrase: &str) -> Vec<Message> {
    use chatapp::model::{Cursor, Seq};
    let wanted: Vec<String> = tokens(phrase).into_iter().map(|token| token.word).collect();
    let mut found = Vec::new();
    for &room_id in rooms {
        let Some(standing) = backend.get_standing(room_id, user.id).unwrap() else { continue };
        if standing.ban.is_some() {
            continue;
        }
        let visible_from = standing.visible_from();
        let page =
            backend.list_messages(room_id, Cursor::After(Seq(0)), 200, View::after(visible_from));
        let page = page.unwrap().unwrap();
        found.extend(page.messages.into_iter().filter(|message| {
            let words: Vec<String> =
                tokens(&message.content).into_iter().map(|token| token.word).collect();
            message.deleted_at.is_none() && words.windows(wanted.len()).any(|part| part == wanted)
        }));
    }
    found.sort_by_key(|message| (std::cmp::Reverse(message.timestamp), message.id));
    found
}

/// A time far from now is a time too.
pub fn times_at_the_ends_of_the_numbers(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let general = room(&*backend, &ann);
    send(&*backend, &general, &ann, "tea", 0);
    index(&*backend);
    for (after, before, count) in [
        (i64::MIN, i64::MAX, 1),
        (i64::MAX, i64::MIN, 0),
        (i64::MAX, i64::MAX, 0),
        (i64::MIN, i64::MIN, 0),
        (0, 1, 0),
    ] {
        let (after, before) = (Some(Timestamp(after)), Some(Timestamp(before)));
        let found = find(&*backend, &Search { after, before, ..search(&ann, "tea") });
        assert_eq!(found.len(), count, "{after:?} {before:?}");
    }
}
