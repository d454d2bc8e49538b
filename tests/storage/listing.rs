//! The lists of rooms that a reader sees.

use std::collections::BTreeSet;
use std::time::Instant;

use chatapp::model::{
    Belonging, LeaveCause, ListedRoom, MemberAct, MetadataQuery, NewMemberChange, NewRoom, Person,
    ReadPosition, Reader, Room, RoomChange, RoomId, RoomKind, RoomRole, RoomSelection, Seq, Unread,
    User, VisibleHistory,
};
use chatapp::storage::Backend;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::harness::{
    NOW, Raw, TestDatabase, audit, fill, mentioning, message, new_room, room, user,
};

fn list(backend: &dyn Backend, user: &User, selection: &RoomSelection) -> Vec<ListedRoom> {
    let reader = Reader { user_id: user.id, username: &user.username };
    backend.list_rooms_read(reader, selection).unwrap()
}

fn ids(listed: &[ListedRoom]) -> Vec<RoomId> {
    listed.iter().map(|listed| listed.room.id).collect()
}

fn closed(backend: &dyn Backend, name: &str, creator: &User) -> Room {
    let new = NewRoom { kind: RoomKind::Private, ..new_room(name, creator) };
    backend.create_room(&new, &audit("x")).unwrap()
}

fn direct(backend: &dyn Backend, one: &User, two: &User) -> Room {
    let new = NewRoom {
        kind: RoomKind::Direct,
        direct_key: Some(format!("{},{}", one.id, two.id)),
        ..new_room("", one)
    };
    backend.open_direct_room(&new, &[one.id, two.id]).unwrap().0
}

fn join(backend: &dyn Backend, room: &Room, users: &[&User]) {
    let user_ids = users.iter().map(|user| user.id).collect();
    change(backend, room, MemberAct::Join { user_ids, role: RoomRole::Member });
}

fn change(backend: &dyn Backend, room: &Room, act: MemberAct) {
    let (room_id, by) = (room.id, room.created_by);
    let change = NewMemberChange { room_id, by, timestamp: NOW, below: None, reason: None, act };
    backend.change_members(&change, None, None).unwrap();
}

pub fn a_reader_sees_public_rooms_and_the_rooms_of_its_own(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let public = room(&*backend, &ann);
    let [quiet, secret] = ["quiet", "secret"].map(|name| closed(&*backend, name, &ann));
    join(&*backend, &quiet, &[&bo]);
    let with_bo = direct(&*backend, &ann, &bo);
    let gone = closed(&*backend, "gone", &bo);
    backend.delete_room(gone.id, None, &audit("x")).unwrap();
    let all = RoomSelection::default();
    let of_ann = list(&*backend, &ann, &all);
    assert_eq!(ids(&of_ann), [public.id, quiet.id, secret.id, with_bo.id]);
    let of_bo = list(&*backend, &bo, &all);
    assert_eq!(ids(&of_bo), [public.id, quiet.id, with_bo.id]);
    assert_eq!(ids(&list(&*backend, &cy, &all)), [public.id]);
    for room in [&quiet, &with_bo, &gone] {
        assert_eq!(list(&*backend, &cy, &RoomSelection::only(room.id)), []);
    }
    let person = |user: &User| {
        let username = user.username.as_str().into();
        Person { user_id: user.id, username, display_name: None }
    };
    let [in_public, in_quiet, in_direct] = &of_bo[..] else { panic!("{of_bo:?}") };
    assert_eq!((in_public.membership, in_public.member_count), (None, 1));
    assert_eq!((in_quiet.member_count, &in_quiet.people[..]), (2, &[][..]));
    let standing = backend.get_standing(quiet.id, bo.id).unwrap().unwrap();
    assert_eq!(in_quiet.membership, standing.membership);
    assert_eq!(in_quiet.room, backend.get_room(quiet.id).unwrap().unwrap());
    assert_eq!(
        (in_direct.member_count, &in_direct.people[..]),
        (2, &[person(&ann), person(&bo)][..])
    );

    // Who leaves a room does not see it any more.
    let left = MemberAct::Leave { user_id: bo.id, cause: LeaveCause::Left };
    change(&*backend, &quiet, left);
    assert_eq!(ids(&list(&*backend, &bo, &all)), [public.id, with_bo.id]);
    let close = RoomChange { kind: Some(RoomKind::Private), ..RoomChange::default() };
    backend.update_room(public.id, &close, None, &audit("x")).unwrap();
    assert_eq!(ids(&list(&*backend, &bo, &all)), [with_bo.id]);
}

/// The room with a number as its metadata.
fn with_data(backend: &dyn Backend, room: &Room, number: usize) -> Room {
    let data = serde_json::from_value(serde_json::json!({ "n": number })).unwrap();
    let change = RoomChange { metadata: Some(Some(data)), ..RoomChange::default() };
    backend.update_room(room.id, &change, None, &audit("x")).unwrap().unwrap().room
}

pub fn a_selection_agrees_with_a_model(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let mut rooms = Vec::new();
    for i in 0..24 {
        let name = ["Alpha", "beta", "alphabet"][i % 3];
        let name = format!("{name} {i}");
        let room = match i % 4 {
            0 | 1 => backend.create_room(&new_room(&name, &ann), &audit("x")).unwrap(),
            2 => closed(&*backend, &name, &ann),
            _ => direct(&*backend, &ann, &user(&*backend, &format!("user{i}"))),
        };
        let is_joined = i % 5 < 3 && room.kind != RoomKind::Direct;
        if is_joined {
            join(&*backend, &room, &[&bo]);
        }
        let has_data = i % 3 > 0 && room.kind != RoomKind::Direct;
        let room = if has_data { with_data(&*backend, &room, i % 2) } else { room };
        rooms.push((room, is_joined));
    }
    rooms.push((direct(&*backend, &ann, &bo), true));
    // A private room that has become public has an id from the other range.
    let open = RoomChange { kind: Some(RoomKind::Public), ..RoomChange::default() };
    let opened = rooms.iter().position(|(room, _)| room.kind == RoomKind::Private).unwrap();
    let updated =
        backend.update_room(rooms[opened].0.id, &open, None, &audit("x")).unwrap().unwrap();
    rooms[opened].0 = updated.room;
    rooms.sort_by_key(|(room, _)| room.id);
    let selections = (
        option::weighted(0.2, 0..rooms.len()),
        option::of(prop_oneof![Just(Belonging::Joined), Just(Belonging::None)]),
        option::of(prop_oneof![
            Just(RoomKind::Public),
            Just(RoomKind::Private),
            Just(RoomKind::Direct)
        ]),
        option::of(prop_oneof![Just("ALPHA"), Just("bet"), Just("%"), Just("")]),
        option::of(0..rooms.len()),
        option::of(0..8u32),
        option::of(option::of(0..3i64)),
    );
    type Data = Option<Option<i64>>;
    let check = |(only, membership, kind, query, after, limit, data): (
        _,
        _,
        _,
        Option<&str>,
        _,
        _,
        Data,
    )| {
        let id = |at: Option<usize>| at.map(|at| rooms[at].0.id);
        let selection = RoomSelection {
            only: id(only),
            membership,
            kind,
            query: query.map(str::to_owned),
            metadata: data.map(|value| MetadataQuery {
                key: "n".to_owned(),
                value: value.map(|number| number.to_string()),
            }),
            after: id(after),
            limit,
        };
        let is_selected = |(room, is_joined): &&(Room, bool)| {
            let name = room.name.to_ascii_lowercase();
            (*is_joined || room.kind == RoomKind::Public)
                && selection.only.is_none_or(|only| room.id == only)
                && membership.is_none_or(|it| (it == Belonging::Joined) == *is_joined)
                && kind.is_none_or(|kind| room.kind == kind)
                && query.is_none_or(|text| name.contains(&text.to_ascii_lowercase()))
                && selection.after.is_none_or(|after| room.id > after)
                && data.is_none_or(|value| {
                    let number = room.metadata.as_ref().and_then(|data| data.0["n"].as_i64());
                    number.is_some() && (value.is_none() || number == value)
                })
        };
        let limit = limit.map_or(usize::MAX, |limit| limit as usize);
        let expected: Vec<RoomId> =
            rooms.iter().filter(is_selected).take(limit).map(|(room, _)| room.id).collect();
        let found = list(&*backend, &bo, &selection);
        prop_assert_eq!(ids(&found), expected);
        let joined: BTreeSet<RoomId> =
            rooms.iter().filter(|(_, is_joined)| *is_joined).map(|(room, _)| room.id).collect();
        for listed in found {
            prop_assert_eq!(listed.membership.is_some(), joined.contains(&listed.room.id));
        }
        Ok(())
    };
    let config = Config { cases: 256, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&selections, check).unwrap();
}

pub fn history_before_the_membership_is_not_unread(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let private = closed(&*backend, "quiet", &ann);
    fill(&*backend, &private, &ann, 5);
    join(&*backend, &private, &[&bo]);
    backend.append_messages(vec![mentioning(message(&private, &ann, "hi @bo"), &[&bo])]).unwrap();
    let unread = |seq: Option<i64>| {
        if let Some(seq) = seq {
            let position = ReadPosition { user_id: bo.id, room_id: private.id, seq: Seq(seq) };
            backend.advance_read_positions(&[position]).unwrap();
        }
        let reading = list(&*backend, &bo, &RoomSelection::only(private.id))[0].reading;
        reading.unread.map(|Unread { messages, mentions, .. }| (messages, mentions))
    };
    let history = |history| {
        let change = RoomChange { history: Some(history), ..RoomChange::default() };
        backend.update_room(private.id, &change, None, &audit("x")).unwrap();
    };
    assert_eq!(unread(None), Some((1, 1)), "a member has read what was there before");
    assert_eq!(unread(Some(2)), Some((4, 1)));
    history(VisibleHistory::Joined);
    assert_eq!(unread(None), Some((1, 1)));
    assert_eq!(unread(Some(7)), Some((0, 0)));
    assert_eq!(unread(Some(9)), Some((0, 0)));
    let public = room(&*backend, &ann);
    fill(&*backend, &public, &ann, 3);
    let change = RoomChange { history: Some(VisibleHistory::Joined), ..RoomChange::default() };
    backend.update_room(public.id, &change, None, &audit("x")).unwrap();
    join(&*backend, &public, &[&bo]);
    let position = ReadPosition { user_id: bo.id, room_id: public.id, seq: Seq(1) };
    backend.advance_read_positions(&[position]).unwrap();
    let reading = list(&*backend, &bo, &RoomSelection::only(public.id))[0].reading;
    assert_eq!(
        reading.unread,
        Some(Unread { messages: 2, first_seq: Some(Seq(2)), ..Unread::default() })
    );
}

/// The statement must not read the rooms that the reader does not see. The time allowed is many times the time
/// needed, and a tenth of what reading all rooms takes.
pub fn a_page_of_few_rooms_among_many_is_quick(db: &TestDatabase) {
    const ROOMS: i64 = 100_000;
    const FIRST: i64 = (1 << 52) + 1;
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let series = match db.is_postgres() {
        true => format!("SELECT n FROM generate_series(0, {}) AS series (n)", ROOMS - 1),
        false => format!(
            "WITH RECURSIVE series (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM series
             WHERE n < {}) SELECT n FROM series",
            ROOMS - 1
        ),
    };
    let overriding = if db.is_postgres() { "OVERRIDING SYSTEM VALUE" } else { "" };
    let mut raw = db.raw();
    raw.execute(&format!(
        "INSERT INTO rooms (id, name, created_by, created_at, kind) {overriding}
         SELECT {FIRST} + n, 'room ' || n, {ann}, 0, 'private' FROM ({series}) AS series;
         INSERT INTO members (room_id, user_id, role, joined_at, joined_seq)
         SELECT {FIRST} + n, {ann}, 'owner', 0, 0 FROM ({series}) AS series;
         INSERT INTO members (room_id, user_id, role, joined_at, joined_seq)
         SELECT {FIRST} + n, {bo}, 'member', 0, 0 FROM ({series}) AS series WHERE n % 50 = 7;
         INSERT INTO read_positions (user_id, room_id, seq)
         SELECT {bo}, {FIRST} + n, 0 FROM ({series}) AS series WHERE n % 100 = 7;",
        ann = ann.id,
        bo = bo.id
    ));
    if let Raw::Postgres(_) = raw {
        // As on a server that has run for a while.
        raw.execute("ANALYZE");
    }
    let mut selections = vec![RoomSelection { limit: Some(200), ..RoomSelection::default() }];
    selections.push(RoomSelection { membership: Some(Belonging::Joined), ..selections[0].clone() });
    selections.push(RoomSelection { after: Some(RoomId(FIRST + 50_000)), ..selections[1].clone() });
    selections.push(RoomSelection { query: Some("7".to_owned()), ..selections[1].clone() });
    selections.push(RoomSelection { membership: Some(Belonging::None), ..selections[0].clone() });
    selections.push(RoomSelection::only(RoomId(FIRST + 7)));
    for selection in selections {
        let count = match (selection.only, selection.membership) {
            (Some(_), _) => 1,
            (None, Some(Belonging::None)) => 0,
            (None, _) => 200,
        };
        let mut times = Vec::new();
        for _ in 0..5 {
            let began = Instant::now();
            assert_eq!(list(&*backend, &bo, &selection).len(), count);
            times.push(began.elapsed());
        }
        times.sort();
        println!("{selection:?}: {:?}", times[2]);
        assert!(times[2].as_millis() < 100, "{selection:?}: {times:?}");
    }
}
