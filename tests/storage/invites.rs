//! Invites to rooms and to the server.

use std::sync::Barrier;

use chatapp::model::{
    AllowedTo, Event, Invite, InviteScope, InviteTo, MemberAct, NewInvite, NewMemberChange,
    NewRoom, NewUser, Role, Room, RoomChange, RoomKind, RoomRole, SecretHash, Timestamp, User,
    UserId,
};
use chatapp::storage::backend::{AcceptedInvite, InviteError};
use chatapp::storage::{Backend, Conflict, Error};

use crate::harness::{
    NOW, TestDatabase, active, audit, events, message, new_room, new_user, on_threads, role, room,
    user,
};

const LATER: Timestamp = Timestamp(NOW.0 + 60_000);

fn to_room(room: &Room, creator: &User, n: u8) -> NewInvite {
    NewInvite {
        hash: [n; 32],
        to: InviteTo::Room { id: room.id, role: RoomRole::Member },
        created_by: creator.id,
        uses_allowed: None,
        created_at: NOW,
        expires_at: Some(NOW.plus_seconds(3_600)),
    }
}

fn to_server(admin: &User, n: u8) -> NewInvite {
    NewInvite {
        hash: [n; 32],
        to: InviteTo::Server,
        created_by: admin.id,
        uses_allowed: Some(1),
        created_at: NOW,
        expires_at: None,
    }
}

fn make(backend: &dyn Backend, invite: &NewInvite) -> Invite {
    backend.create_invite(invite, 100, None).unwrap()
}

fn change(backend: &dyn Backend, room: &Room, act: MemberAct) {
    let (room_id, by) = (room.id, room.created_by);
    let change = NewMemberChange { room_id, by, timestamp: NOW, below: None, reason: None, act };
    backend.change_members(&change, None, None).unwrap();
}

fn admin(backend: &dyn Backend, name: &str) -> User {
    backend.create_user(&NewUser { role: Role::Admin, ..new_user(name) }, None).unwrap()
}

fn role_in(backend: &dyn Backend, room: &Room, user_id: UserId) -> Option<RoomRole> {
    let standing = backend.get_standing(room.id, user_id).unwrap().unwrap();
    standing.membership.map(|membership| membership.role)
}

/// Checks that the invite is refused everywhere, and that nobody has become a member.
fn is_refused(backend: &dyn Backend, hash: &SecretHash, guest: &User, now: Timestamp) {
    assert!(!backend.find_invite(hash).unwrap().is_some_and(|found| found.is_valid(now)));
    let accepted = backend.accept_invite(hash, guest.id, now);
    assert!(matches!(accepted, Err(InviteError::NotFound)), "{accepted:?}");
    let newcomer = NewUser { created_at: now, ..new_user("newcomer") };
    let created = backend.create_invited_user(&newcomer, hash, None);
    assert!(matches!(created, Err(InviteError::NotFound)), "{created:?}");
    assert!(backend.get_credentials("newcomer").unwrap().is_none());
}

pub fn an_invite_reads_back_as_made(db: &TestDatabase) {
    let backend = db.backend();
    let ann = admin(&*backend, "ann");
    let room = room(&*backend, &ann);
    let made = make(&*backend, &NewInvite { uses_allowed: Some(5), ..to_room(&room, &ann, 1) });
    assert_eq!((made.completed, made.uses_allowed, made.revoked_at), (0, Some(5), None));
    assert_eq!((made.created_at, made.expires_at), (NOW, Some(NOW.plus_seconds(3_600))));
    assert_eq!((made.invited_by.user_id, &*made.invited_by.username), (ann.id, "ann"));
    let newer = make(&*backend, &to_room(&room, &ann, 2));
    let servers = make(&*backend, &to_server(&ann, 3));
    let list = |scope| backend.list_invites(scope, NOW).unwrap();
    assert_eq!(list(InviteScope::Room(room.id)), [newer.clone(), made.clone()]);
    assert_eq!(list(InviteScope::Server), std::slice::from_ref(&servers));
    assert_eq!(list(InviteScope::Everything), [servers.clone(), newer, made.clone()]);
    let found = backend.find_invite(&[1; 32]).unwrap().unwrap();
    assert_eq!(found.invite, made);
    let in_room = found.room.unwrap();
    assert_eq!((in_room.room, in_room.member_count), (room, 1));
    assert_eq!(backend.find_invite(&[3; 32]).unwrap().unwrap().invite, servers);
    assert_eq!(backend.find_invite(&[4; 32]).unwrap(), None);
}

pub fn an_invite_makes_a_member_once(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let room = room(&*backend, &ann);
    backend.append_messages(vec![message(&room, &ann, "hello")]).unwrap();
    make(&*backend, &NewInvite { uses_allowed: Some(1), ..to_room(&room, &ann, 1) });
    let accepted = backend.accept_invite(&[1; 32], bo.id, LATER).unwrap();
    let [Event::MemberJoined(joined)] = &accepted.events[..] else { panic!("{accepted:?}") };
    assert_eq!((joined.header.user_id, joined.header.timestamp), (bo.id, LATER));
    assert_eq!((joined.members[0].user_id, joined.detail.role), (bo.id, Some(RoomRole::Member)));
    assert_eq!(events(&*backend, room.id).last(), accepted.events.first());
    // Members use nothing up, also when the invite is used up or revoked.
    let again = AcceptedInvite { room_id: room.id, events: Vec::new() };
    for member in [&ann, &bo] {
        assert_eq!(backend.accept_invite(&[1; 32], member.id, LATER).unwrap(), again);
    }
    assert_eq!(backend.find_invite(&[1; 32]).unwrap().unwrap().invite.completed, 1);
    is_refused(&*backend, &[1; 32], &user(&*backend, "carl"), LATER);
}

pub fn an_invite_gives_its_role_and_no_higher_one_than_moderator(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, carl] = ["ann", "bo", "carl"].map(|name| user(&*backend, name));
    let room = room(&*backend, &ann);
    for (n, role, guest) in [(1, RoomRole::Moderator, &bo), (2, RoomRole::Owner, &carl)] {
        let to = InviteTo::Room { id: room.id, role };
        make(&*backend, &NewInvite { to, ..to_room(&room, &ann, n) });
        backend.accept_invite(&[n; 32], guest.id, NOW).unwrap();
        assert_eq!(role_in(&*backend, &room, guest.id), Some(RoomRole::Moderator));
    }
}

pub fn of_many_simultaneous_callers_as_many_as_allowed_use_an_invite(db: &TestDatabase) {
    let backend = db.backend();
    let ann = admin(&*backend, "ann");
    let room = room(&*backend, &ann);
    make(&*backend, &NewInvite { uses_allowed: Some(5), ..to_room(&room, &ann, 1) });
    make(&*backend, &NewInvite { uses_allowed: Some(5), ..to_server(&ann, 2) });
    let guests: Vec<_> = (0..20).map(|n| user(&*backend, &format!("guest{n}"))).collect();
    let handles: Vec<_> = (0..20).map(|_| db.open()).collect();
    let start = Barrier::new(20);
    let used = on_threads(20, |n| {
        start.wait();
        let joined = handles[n].accept_invite(&[1; 32], guests[n].id, LATER);
        let newcomer = new_user(&format!("newcomer{n}"));
        let created = handles[n].create_invited_user(&newcomer, &[2; 32], None);
        let outcomes = [joined.map(drop), created.map(drop)];
        outcomes.map(|outcome| match outcome {
            Ok(()) => true,
            Err(InviteError::NotFound) => false,
            Err(error) => panic!("{error:?}"),
        })
    });
    for (n, hash) in [[1; 32], [2; 32]].iter().enumerate() {
        assert_eq!(used.iter().filter(|used| used[n]).count(), 5);
        assert_eq!(backend.find_invite(hash).unwrap().unwrap().invite.completed, 5);
    }
    let members = backend.find_invite(&[1; 32]).unwrap().unwrap().room.unwrap().member_count;
    assert_eq!((members, events(&*backend, room.id).len()), (1 + 5, 5));
}

pub fn an_invite_that_ended_is_refused(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, carl] = ["ann", "bo", "carl"].map(|name| user(&*backend, name));
    let room = room(&*backend, &ann);
    let made = make(&*backend, &to_room(&room, &ann, 1));
    is_refused(&*backend, &[1; 32], &bo, NOW.plus_seconds(3_600));
    is_refused(&*backend, &[2; 32], &bo, NOW);
    let revoke = |scope, by: Option<&User>| {
        backend.revoke_invite(made.id, scope, by.map(|by| by.id), LATER, None).unwrap()
    };
    let in_room = InviteScope::Room(room.id);
    assert!(!revoke(InviteScope::Server, None), "it is not an invite to the server");
    assert!(!revoke(in_room, Some(&bo)), "another user made it");
    assert!(backend.find_invite(&[1; 32]).unwrap().unwrap().is_valid(NOW));
    assert!(revoke(in_room, Some(&ann)));
    assert!(!revoke(in_room, None), "it was revoked before");
    is_refused(&*backend, &[1; 32], &bo, NOW);
    assert_eq!(backend.list_invites(in_room, NOW).unwrap(), []);

    make(&*backend, &to_room(&room, &ann, 3));
    change(&*backend, &room, MemberAct::Ban { user_id: bo.id, until: None });
    let refused = backend.accept_invite(&[3; 32], bo.id, NOW);
    assert!(matches!(refused, Err(InviteError::Banned)), "{refused:?}");
    assert_eq!(backend.find_invite(&[3; 32]).unwrap().unwrap().invite.completed, 0);

    let archive = |is_archived| {
        let change = RoomChange { is_archived: Some(is_archived), ..RoomChange::default() };
        backend.update_room(room.id, &change, None, &audit("update")).unwrap();
    };
    archive(true);
    is_refused(&*backend, &[3; 32], &carl, NOW);
    let refused = backend.create_invite(&to_room(&room, &ann, 4), 100, None);
    assert!(matches!(refused, Err(InviteError::RoomArchived)), "{refused:?}");
    archive(false);
    assert!(backend.find_invite(&[3; 32]).unwrap().unwrap().is_valid(NOW));
    assert!(backend.delete_room(room.id, None, &audit("delete")).unwrap());
    is_refused(&*backend, &[3; 32], &carl, NOW);
    let refused = backend.create_invite(&to_room(&room, &ann, 4), 100, None);
    assert!(matches!(refused, Err(InviteError::RoomNotFound)), "{refused:?}");
}

pub fn an_invite_ends_with_the_rights_of_its_creator(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, carl] = ["ann", "bo", "carl"].map(|name| user(&*backend, name));
    let root = admin(&*backend, "root");
    let private = NewRoom { kind: RoomKind::Private, ..new_room("plans", &ann) };
    let room = backend.create_room(&private, &audit("create")).unwrap();
    make(&*backend, &to_room(&room, &bo, 1));
    let to = InviteTo::Room { id: room.id, role: RoomRole::Moderator };
    make(&*backend, &NewInvite { to, ..to_room(&room, &bo, 2) });
    make(&*backend, &to_room(&room, &root, 3));
    let valid = |n: u8| backend.find_invite(&[n; 32]).unwrap().unwrap().is_valid(NOW);
    let bos = || [valid(1), valid(2)];
    let set = |role| change(&*backend, &room, MemberAct::SetRole { user_id: bo.id, role });
    let rules =
        |change| backend.update_room(room.id, &change, None, &audit("update")).unwrap().unwrap();

    assert_eq!(bos(), [false, false], "not a member");
    is_refused(&*backend, &[1; 32], &carl, NOW);
    let act = MemberAct::Join { user_ids: vec![bo.id], role: RoomRole::Member };
    change(&*backend, &room, act);
    assert_eq!(bos(), [false, false], "only moderators invite");
    set(RoomRole::Moderator);
    assert_eq!(bos(), [true, false], "only an owner makes moderators");
    set(RoomRole::Owner);
    assert_eq!(bos(), [true, true]);
    set(RoomRole::Member);
    rules(RoomChange { inviting: Some(AllowedTo::Everyone), ..RoomChange::default() });
    assert_eq!(bos(), [true, false]);
    backend.update_user(bo.id, active(false), &audit("update")).unwrap();
    assert_eq!(bos(), [false, false], "deactivated");
    backend.update_user(bo.id, active(true), &audit("update")).unwrap();
    assert_eq!(bos(), [true, false]);

    // An admin invites into every public room, and into no private room of others.
    assert!(!valid(3));
    rules(RoomChange { kind: Some(RoomKind::Public), ..RoomChange::default() });
    assert!(valid(3));
    make(&*backend, &to_server(&root, 4));
    assert!(valid(4));
    admin(&*backend, "rita");
    backend.update_user(root.id, role(Role::User), &audit("update")).unwrap();
    assert_eq!([valid(3), valid(4)], [false, false]);
    is_refused(&*backend, &[4; 32], &carl, NOW);
}

pub fn an_invited_account_is_created_together_with_its_membership(db: &TestDatabase) {
    let backend = db.backend();
    let ann = admin(&*backend, "ann");
    let room = room(&*backend, &ann);
    make(&*backend, &NewInvite { uses_allowed: Some(1), ..to_room(&room, &ann, 1) });
    make(&*backend, &to_server(&ann, 2));
    for hash in [[1; 32], [2; 32]] {
        // An account that cannot be created uses nothing up.
        let taken = backend.create_invited_user(&new_user("ANN"), &hash, None);
        let Err(InviteError::Storage(Error::Conflict(Conflict::UsernameTaken))) = taken else {
            panic!("{taken:?}");
        };
        assert_eq!(backend.find_invite(&hash).unwrap().unwrap().invite.completed, 0);
    }
    let (bo, joined) = backend.create_invited_user(&new_user("bo"), &[1; 32], None).unwrap();
    assert_eq!(backend.get_user(bo.id).unwrap(), Some(bo.clone()));
    assert_eq!(role_in(&*backend, &room, bo.id), Some(RoomRole::Member));
    assert_eq!(events(&*backend, room.id), joined);
    let (carl, joined) =
        backend.create_invited_user(&new_user("carl"), &[2; 32], Some(&audit("make"))).unwrap();
    assert_eq!((role_in(&*backend, &room, carl.id), joined), (None, Vec::new()));
    // An invite to the server opens no room.
    is_refused(&*backend, &[2; 32], &bo, NOW);
}

pub fn a_room_has_a_limited_number_of_open_invites(db: &TestDatabase) {
    let backend = db.backend();
    let ann = admin(&*backend, "ann");
    let rooms = [room(&*backend, &ann), room(&*backend, &ann)];
    for n in 0..3 {
        make(&*backend, &to_room(&rooms[0], &ann, n));
    }
    let more = |invite: &NewInvite| backend.create_invite(invite, 3, Some(&audit("invite")));
    let refused = more(&to_room(&rooms[0], &ann, 3));
    assert!(matches!(refused, Err(InviteError::TooMany)), "{refused:?}");
    more(&to_room(&rooms[1], &ann, 4)).unwrap();
    let server = more(&to_server(&ann, 5)).unwrap();
    assert_eq!(backend.list_audit(None, 10).unwrap()[0].target, format!("invite #{}", server.id));
    // The three have expired, and are deleted a month later.
    let created_at = NOW.plus_seconds(3_600 + 30 * 24 * 3_600);
    let new = to_room(&rooms[0], &ann, 3);
    more(&NewInvite { created_at, expires_at: None, ..new.clone() }).unwrap();
    assert!(backend.find_invite(&[0; 32]).unwrap().is_some());
    let created_at = Timestamp(created_at.0 + 1);
    more(&NewInvite { created_at, hash: [6; 32], ..new }).unwrap();
    assert_eq!(backend.find_invite(&[0; 32]).unwrap(), None);
    assert!(backend.find_invite(&[4; 32]).unwrap().is_some());
}
