//! Changes by people whose right to them has ended a moment before.

use std::sync::Mutex;

use chatapp::model::{
    MemberAct, NewMemberChange, NewMessage, Room, RoomChange, RoomKind, RoomRole, Standing,
    Timestamp, User, UserId,
};
use chatapp::storage::backend::{Guard, MemberError};
use chatapp::storage::{AppendError, Backend, Error};

use crate::harness::{NOW, TestDatabase, audit, events, message, new_room, on_threads, room, user};

fn change(room: &Room, by: UserId, act: MemberAct) -> NewMemberChange {
    let (timestamp, below, reason) = (Timestamp(NOW.0 + 1), None, None);
    NewMemberChange { room_id: room.id, by, timestamp, below, reason, act }
}

fn act(backend: &dyn Backend, room: &Room, by: &User, act: MemberAct) {
    backend.change_members(&change(room, by.id, act), None, None).unwrap();
}

fn join(users: &[&User]) -> MemberAct {
    let user_ids = users.iter().map(|user| user.id).collect();
    MemberAct::Join { user_ids, role: RoomRole::Member }
}

fn make_private(backend: &dyn Backend, room: &Room) {
    let private = RoomChange { kind: Some(RoomKind::Private), ..RoomChange::default() };
    backend.update_room(room.id, &private, None, &audit("x")).unwrap();
}

pub fn what_a_guard_refuses_is_not_done(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let room = room(&*backend, &ann);
    act(&*backend, &room, &ann, join(&[&bo]));
    let before = events(&*backend, room.id).len();
    let seen = Mutex::new(Vec::new());
    let refuse = |standing: Option<&Standing>| {
        let membership = standing.and_then(|standing| standing.membership);
        seen.lock().unwrap().push(membership.map(|membership| membership.role));
        false
    };
    let guard = Some(&Guard { user_id: bo.id, allows: &refuse });
    let refused = backend.change_members(&change(&room, bo.id, join(&[&cy])), guard, None);
    assert!(matches!(refused, Err(MemberError::Storage(Error::Refused))), "{refused:?}");
    let renamed = RoomChange { name: Some("x".to_owned()), ..RoomChange::default() };
    let refused = backend.update_room(room.id, &renamed, guard, &audit("x"));
    assert!(matches!(refused, Err(Error::Refused)), "{refused:?}");
    let refused = backend.delete_room(room.id, guard, &audit("x"));
    assert!(matches!(refused, Err(Error::Refused)), "{refused:?}");
    assert_eq!(backend.get_room(room.id).unwrap().unwrap().name, room.name);
    assert_eq!(events(&*backend, room.id).len(), before);
    let found = backend.get_standing(room.id, cy.id).unwrap().unwrap();
    assert_eq!(found.membership, None);
    // The guard gets the standing of now: another process has made somebody a moderator.
    let other = db.open();
    let moderator = MemberAct::SetRole { user_id: bo.id, role: RoomRole::Moderator };
    act(&*other, &room, &ann, moderator);
    backend.change_members(&change(&room, bo.id, join(&[&cy])), guard, None).unwrap_err();
    make_private(&*other, &room);
    let outsider = Some(&Guard { user_id: cy.id, allows: &refuse });
    backend.change_members(&change(&room, cy.id, join(&[&cy])), outsider, None).unwrap_err();
    let member = Some(RoomRole::Member);
    let expected = [member, member, member, Some(RoomRole::Moderator), None];
    assert_eq!(*seen.lock().unwrap(), expected);
}

pub fn a_private_room_does_not_exist_for_others(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let room = room(&*backend, &ann);
    assert!(backend.get_standing(room.id, bo.id).unwrap().is_some());
    make_private(&*backend, &room);
    assert_eq!(backend.get_standing(room.id, bo.id).unwrap(), None);
    assert!(backend.get_standing(room.id, ann.id).unwrap().is_some());
}

pub fn a_first_message_is_refused_by_a_room_that_has_become_private(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let room = room(&*backend, &ann);
    make_private(&*backend, &room);
    let first = NewMessage { joins: true, ..message(&room, &bo, "hello") };
    let next = message(&room, &ann, "welcome");
    let outcomes = backend.append_messages(vec![first, next]).unwrap();
    assert!(matches!(outcomes[0], Err(AppendError::RoomNotFound)), "{:?}", outcomes[0]);
    assert_eq!(outcomes[1].as_ref().unwrap().message.content, "welcome");
    assert_eq!(backend.get_standing(room.id, bo.id).unwrap(), None);
}

pub fn a_ban_and_a_first_message_at_once_leave_no_member(db: &TestDatabase) {
    let (backend, other) = (db.backend(), db.open());
    let ann = user(&*backend, "ann");
    for round in 0..20 {
        let room = backend.create_room(&new_room(&format!("r{round}"), &ann), &audit("x")).unwrap();
        let bo = user(&*backend, &format!("bo{round}"));
        on_threads(2, |thread| match thread {
            0 => {
                let ban = MemberAct::Ban { user_id: bo.id, until: None };
                act(&*backend, &room, &ann, ban);
            }
            _ => {
                let first = NewMessage { joins: true, ..message(&room, &bo, "hello") };
                other.append_messages(vec![first]).unwrap();
            }
        });
        let found = backend.get_standing(room.id, bo.id).unwrap().unwrap();
        assert!(found.ban.is_some());
        assert_eq!(found.membership, None, "round {round}");
    }
}

pub fn a_deleted_account_becomes_no_member(db: &TestDatabase) {
    let (backend, other) = (db.backend(), db.open());
    let ann = user(&*backend, "ann");
    let mut deleted = Vec::new();
    for round in 0..10 {
        let room = backend.create_room(&new_room(&format!("r{round}"), &ann), &audit("x")).unwrap();
        let bo = user(&*backend, &format!("bo{round}"));
        on_threads(3, |thread| match thread {
            0 => drop(backend.delete_user(bo.id, &audit("x")).unwrap()),
            1 => {
                // Refused if the account was deleted before.
                let _ = other.change_members(&change(&room, ann.id, join(&[&bo])), None, None);
            }
            _ => {
                let _ = other.create_room(&new_room(&format!("own{round}"), &bo), &audit("x"));
            }
        });
        deleted.push(bo);
    }
    let refused = backend.create_room(&new_room("late", &deleted[0]), &audit("x"));
    assert!(matches!(refused, Err(Error::Refused)), "{refused:?}");
    for room in backend.list_rooms().unwrap() {
        for bo in &deleted {
            let found = backend.get_standing(room.id, bo.id).unwrap().unwrap();
            assert_eq!(found.membership, None, "{} in {}", bo.id, room.name);
        }
    }
}

pub fn a_mute_outlives_the_membership(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let room = room(&*backend, &ann);
    act(&*backend, &room, &ann, join(&[&bo]));
    let until = NOW.plus_seconds(9_000);
    act(&*backend, &room, &ann, MemberAct::Mute { user_id: bo.id, until });
    let cause = chatapp::model::LeaveCause::Left;
    act(&*backend, &room, &bo, MemberAct::Leave { user_id: bo.id, cause });
    let outside = backend.get_standing(room.id, bo.id).unwrap().unwrap();
    assert_eq!((outside.membership, outside.muted_until), (None, Some(until)));
    act(&*backend, &room, &bo, join(&[&bo]));
    let back = backend.get_standing(room.id, bo.id).unwrap().unwrap();
    assert_eq!(back.muted_until, Some(until));
    assert_eq!(back.membership.unwrap().muted_until, Some(until));
}

pub fn a_block_allows_no_new_direct_room_with_others(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy, dan] = ["ann", "bo", "cy", "dan"].map(|name| user(&*backend, name));
    let open = |people: &[&User]| {
        let ids: Vec<UserId> = people.iter().map(|user| user.id).collect();
        let key = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let kind = RoomKind::Direct;
        let new =
            chatapp::model::NewRoom { kind, direct_key: Some(key), ..new_room("", people[0]) };
        backend.open_direct_room(&new, &ids)
    };
    let (before, _) = open(&[&ann, &bo, &cy]).unwrap();
    backend.add_block(bo.id, ann.id, NOW).unwrap();
    for people in [&[&ann, &bo][..], &[&ann, &bo, &dan]] {
        let refused = open(people);
        assert!(matches!(refused, Err(MemberError::Blocked)), "{refused:?}");
    }
    let (again, is_new) = open(&[&ann, &bo, &cy]).unwrap();
    assert_eq!((again.id, is_new), (before.id, false));
}
