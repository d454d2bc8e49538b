//! Members of rooms, bans and direct rooms.

use std::collections::BTreeSet;

use chatapp::model::{
    Audience, Ban, BannedUser, Event, LeaveCause, MemberAct, MemberDetail, MemberEvent, Membership,
    NewMemberChange, NewMessage, NewRoom, Notify, Person, PreferenceChange, Room, RoomChange,
    RoomId, RoomKind, RoomRole, RoomRules, Seq, Standing, Timestamp, User, UserId,
};
use chatapp::storage::backend::{MemberError, MemberSearch};
use chatapp::storage::{Backend, Conflict, Error};

use crate::harness::{
    NOW, TestDatabase, audit, events, fill, message, new_room, on_threads, room, user,
};

const LATER: Timestamp = Timestamp(NOW.0 + 60_000);

/// Greater ids are those of private and direct rooms, and of the events in them.
const LAST_OPEN_ID: i64 = 1 << 52;

fn closed(backend: &dyn Backend, name: &str, creator: &User) -> Room {
    let new = NewRoom { kind: RoomKind::Private, ..new_room(name, creator) };
    backend.create_room(&new, &audit("room.create")).unwrap()
}

fn new_direct(people: &[&User]) -> (NewRoom, Vec<UserId>) {
    let mut ids: Vec<UserId> = people.iter().map(|user| user.id).collect();
    ids.sort_unstable();
    let key = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let kind = RoomKind::Direct;
    (NewRoom { kind, direct_key: Some(key), ..new_room("", people[0]) }, ids)
}

fn direct(backend: &dyn Backend, people: &[&User]) -> (Room, bool) {
    let (new, ids) = new_direct(people);
    backend.open_direct_room(&new, &ids).unwrap()
}

fn by(room: &Room, user: &User, act: MemberAct) -> NewMemberChange {
    NewMemberChange {
        room_id: room.id,
        by: user.id,
        timestamp: LATER,
        below: None,
        reason: None,
        act,
    }
}

fn act(
    backend: &dyn Backend,
    room: &Room,
    user: &User,
    act: MemberAct,
) -> Result<Vec<Event>, MemberError> {
    backend.change_members(&by(room, user, act), None, None)
}

fn join(backend: &dyn Backend, room: &Room, by: &User, users: &[&User]) -> Vec<Event> {
    let user_ids = users.iter().map(|user| user.id).collect();
    act(backend, room, by, MemberAct::Join { user_ids, role: RoomRole::Member }).unwrap()
}

fn set_role(backend: &dyn Backend, room: &Room, by: &User, user: &User, role: RoomRole) {
    act(backend, room, by, MemberAct::SetRole { user_id: user.id, role }).unwrap();
}

fn standing(backend: &dyn Backend, room: &Room, user: &User) -> Standing {
    backend.get_standing(room.id, user.id).unwrap().unwrap()
}

fn role_of(backend: &dyn Backend, room: &Room, user: &User) -> Option<RoomRole> {
    let standing = backend.get_standing(room.id, user.id).unwrap();
    standing?.membership.map(|membership| membership.role)
}

fn members(backend: &dyn Backend, room: &Room) -> Vec<(UserId, RoomRole)> {
    let search = MemberSearch { limit: 1_000, ..MemberSearch::default() };
    let page = backend.list_members(room.id, &search).unwrap().unwrap();
    assert_eq!(page.total, page.members.len() as u64);
    page.members.iter().map(|member| (member.user.id, member.membership.role)).collect()
}

/// The parts of an event of a change of members.
fn parts(event: &Event) -> (&'static str, &MemberEvent) {
    match event {
        Event::MemberJoined(event) => ("joined", event),
        Event::MemberLeft(event) => ("left", event),
        Event::MemberChanged(event) => ("changed", event),
        other => panic!("{other:?}"),
    }
}

/// Checks the only event of a change.
fn assert_event(found: &[Event], kind: &str, by: &User, of: &User, detail: &MemberDetail) {
    let [event] = found else { panic!("{found:?}") };
    let (found, event) = parts(event);
    assert_eq!(found, kind);
    assert_eq!((event.header.user_id, &*event.header.username), (by.id, &*by.username));
    assert_eq!(event.header.timestamp, LATER);
    assert_eq!(event.members, [person(of)]);
    assert_eq!(event.detail, *detail);
}

fn person(user: &User) -> Person {
    let username = user.username.as_str().into();
    Person { user_id: user.id, username, display_name: None }
}

fn version(backend: &dyn Backend) -> i64 {
    backend.list_access_changes(0).unwrap().version
}

/// The rooms in which `run` has changed who may do what.
fn changed_by<T>(backend: &dyn Backend, run: impl FnOnce() -> T) -> (T, Vec<RoomId>) {
    let before = version(backend);
    let result = run();
    let changes = backend.list_access_changes(before).unwrap();
    assert_eq!(changes.version > before, !changes.rooms.is_empty());
    (result, changes.rooms)
}

pub fn the_creator_of_a_room_is_its_owner(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    for room in [room(&*backend, &ann), closed(&*backend, "quiet", &ann)] {
        assert_eq!(events(&*backend, room.id), [], "creating is not an event");
        let expected = Membership {
            role: RoomRole::Owner,
            joined_at: NOW,
            joined_seq: Seq(0),
            muted_until: None,
            notify: Notify::All,
            is_starred: false,
            hidden_seq: None,
        };
        let owner = standing(&*backend, &room, &ann);
        let expected = Standing {
            room_id: room.id,
            kind: room.kind,
            rules: RoomRules::default(),
            membership: Some(expected),
            ban: None,
            is_blocked: false,
            muted_until: None,
        };
        assert_eq!(owner, expected);
        let outsider = backend.get_standing(room.id, bo.id).unwrap();
        assert_eq!(outsider.and_then(|outsider| outsider.membership), None);
    }
    assert_eq!(backend.get_standing(RoomId(77), ann.id).unwrap(), None);
}

pub fn people_join_and_leave(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &ann, 3);
    let joined = MemberDetail { role: Some(RoomRole::Member), ..MemberDetail::default() };
    let (found, changed) = changed_by(&*backend, || join(&*backend, &room, &bo, &[&bo]));
    assert_event(&found, "joined", &bo, &bo, &joined);
    assert_eq!(changed, [room.id]);
    let membership = standing(&*backend, &room, &bo).membership.unwrap();
    assert_eq!((membership.joined_seq, membership.joined_at), (Seq(3), LATER));
    let (found, changed) = changed_by(&*backend, || join(&*backend, &room, &ann, &[&bo]));
    assert_eq!((found, changed), (vec![], vec![]), "a member joins again");
    let found = join(&*backend, &room, &ann, &[&bo, &cy, &cy]);
    assert_event(&found, "joined", &ann, &cy, &joined);

    let leave = |user: &User, cause| MemberAct::Leave { user_id: user.id, cause };
    let found = act(&*backend, &room, &bo, leave(&bo, LeaveCause::Left)).unwrap();
    let left = MemberDetail { cause: Some(LeaveCause::Left), ..MemberDetail::default() };
    assert_event(&found, "left", &bo, &bo, &left);
    let removal = NewMemberChange {
        reason: Some("spam".to_owned()),
        ..by(&room, &ann, leave(&cy, LeaveCause::Removed))
    };
    let found = backend.change_members(&removal, None, Some(&audit("member.remove"))).unwrap();
    let removed = MemberDetail {
        cause: Some(LeaveCause::Removed),
        reason: Some("spam".to_owned()),
        ..MemberDetail::default()
    };
    assert_event(&found, "left", &ann, &cy, &removed);
    assert_eq!(members(&*backend, &room), [(ann.id, RoomRole::Owner)]);
    let again = act(&*backend, &room, &bo, leave(&bo, LeaveCause::Left));
    assert!(matches!(again, Err(MemberError::NotAMember)), "{again:?}");

    let nobody = by(
        &room,
        &ann,
        MemberAct::Join { user_ids: vec![bo.id, UserId(77)], role: RoomRole::Member },
    );
    let refused = backend.change_members(&nobody, None, None);
    assert!(matches!(refused, Err(MemberError::UserNotFound)), "{refused:?}");
    assert_eq!(role_of(&*backend, &room, &bo), None, "a refused change has been stored");
    let act = MemberAct::Join { user_ids: vec![bo.id], role: RoomRole::Member };
    let elsewhere = NewMemberChange { room_id: RoomId(77), act, ..nobody };
    let refused = backend.change_members(&elsewhere, None, None);
    assert!(matches!(refused, Err(MemberError::RoomNotFound)), "{refused:?}");
    // What the events say is what the log has.
    let log = events(&*backend, room.id);
    assert_eq!(log.len(), 7);
    assert_eq!(log[6], found[0]);
}

pub fn a_banned_user_cannot_join_until_the_ban_ends(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let room = room(&*backend, &ann);
    join(&*backend, &room, &bo, &[&bo]);
    let end = LATER.plus_seconds(10);
    let ban = NewMemberChange {
        reason: Some("spam".to_owned()),
        ..by(&room, &ann, MemberAct::Ban { user_id: bo.id, until: Some(end) })
    };
    let (found, changed) =
        changed_by(&*backend, || backend.change_members(&ban, None, None).unwrap());
    let detail = MemberDetail {
        cause: Some(LeaveCause::Banned),
        reason: Some("spam".to_owned()),
        until: Some(end),
        ..MemberDetail::default()
    };
    assert_event(&found, "left", &ann, &bo, &detail);
    assert_eq!(changed, [room.id]);
    let expected = Ban {
        banned_by: ann.id,
        reason: Some("spam".to_owned()),
        created_at: LATER,
        until: Some(end),
    };
    let found = standing(&*backend, &room, &bo);
    assert_eq!((found.membership, found.ban.as_ref()), (None, Some(&expected)));
    let listed = backend.list_bans(room.id).unwrap().unwrap();
    assert_eq!(listed, [BannedUser { user: bo.clone(), display_name: None, ban: expected }]);
    assert_eq!(backend.list_bans(RoomId(77)).unwrap(), None);

    let join_at = |timestamp| {
        let user_ids = vec![bo.id];
        let act = MemberAct::Join { user_ids, role: RoomRole::Member };
        backend.change_members(&NewMemberChange { timestamp, ..by(&room, &bo, act) }, None, None)
    };
    let refused = join_at(Timestamp(end.0 - 1));
    assert!(matches!(refused, Err(MemberError::Banned)), "{refused:?}");
    assert_eq!(join_at(end).unwrap().len(), 1, "the ban has not ended");

    // Somebody who is not a member can be banned, and a second ban replaces the first.
    for until in [Some(end), None] {
        let found = act(&*backend, &room, &ann, MemberAct::Ban { user_id: cy.id, until }).unwrap();
        let detail = MemberDetail { is_banned: Some(true), until, ..MemberDetail::default() };
        assert_event(&found, "changed", &ann, &cy, &detail);
        assert_eq!(standing(&*backend, &room, &cy).ban.unwrap().until, until);
    }
    let found = act(&*backend, &room, &ann, MemberAct::Unban { user_id: cy.id }).unwrap();
    let lifted = MemberDetail { is_banned: Some(false), ..MemberDetail::default() };
    assert_event(&found, "changed", &ann, &cy, &lifted);
    assert_eq!(standing(&*backend, &room, &cy).ban, None);
    let again = act(&*backend, &room, &ann, MemberAct::Unban { user_id: cy.id }).unwrap();
    assert_eq!(again, []);
    let nobody = act(&*backend, &room, &ann, MemberAct::Ban { user_id: UserId(77), until: None });
    assert!(matches!(nobody, Err(MemberError::UserNotFound)), "{nobody:?}");
}

pub fn a_room_keeps_an_owner(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let room = closed(&*backend, "quiet", &ann);
    join(&*backend, &room, &ann, &[&bo]);
    let last_owner = [
        MemberAct::Leave { user_id: ann.id, cause: LeaveCause::Left },
        MemberAct::Ban { user_id: ann.id, until: None },
        MemberAct::SetRole { user_id: ann.id, role: RoomRole::Moderator },
    ];
    for last in last_owner.clone() {
        let refused = act(&*backend, &room, &ann, last);
        assert!(matches!(refused, Err(MemberError::LastOwner)), "{refused:?}");
    }
    let found =
        act(&*backend, &room, &ann, MemberAct::SetRole { user_id: bo.id, role: RoomRole::Owner });
    let owner = MemberDetail { role: Some(RoomRole::Owner), ..MemberDetail::default() };
    assert_event(&found.unwrap(), "changed", &ann, &bo, &owner);
    set_role(&*backend, &room, &ann, &ann, RoomRole::Owner);
    // Transferring makes the new owner the only one, also if it was not a member.
    let found = act(&*backend, &room, &ann, MemberAct::Transfer { user_id: cy.id }).unwrap();
    let kinds: Vec<_> = found
        .iter()
        .map(parts)
        .map(|(kind, it)| (kind, it.members[0].user_id, it.detail.role))
        .collect();
    let expected = [
        ("joined", cy.id, Some(RoomRole::Member)),
        ("changed", ann.id, Some(RoomRole::Moderator)),
        ("changed", bo.id, Some(RoomRole::Moderator)),
        ("changed", cy.id, Some(RoomRole::Owner)),
    ];
    assert_eq!(kinds, expected);
    let expected =
        [(ann.id, RoomRole::Moderator), (bo.id, RoomRole::Moderator), (cy.id, RoomRole::Owner)];
    assert_eq!(members(&*backend, &room), expected);
    let again = act(&*backend, &room, &cy, MemberAct::Transfer { user_id: cy.id }).unwrap();
    assert_eq!(again, []);
    assert_eq!(act(&*backend, &room, &cy, last_owner[0].clone()).unwrap().len(), 1);
}

pub fn only_lower_roles_are_changed(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let room = room(&*backend, &ann);
    join(&*backend, &room, &ann, &[&bo, &cy]);
    set_role(&*backend, &room, &ann, &bo, RoomRole::Moderator);
    let acts = |user_id| {
        [
            MemberAct::Leave { user_id, cause: LeaveCause::Removed },
            MemberAct::Ban { user_id, until: None },
            MemberAct::Mute { user_id, until: LATER.plus_seconds(9) },
            MemberAct::SetRole { user_id, role: RoomRole::Member },
        ]
    };
    let below = Some(RoomRole::Moderator);
    for refused in acts(ann.id).into_iter().chain(acts(bo.id)) {
        let change = NewMemberChange { below, ..by(&room, &bo, refused) };
        let refused = backend.change_members(&change, None, None);
        assert!(matches!(refused, Err(MemberError::HigherRole)), "{refused:?}");
    }
    let mute = MemberAct::Mute { user_id: cy.id, until: LATER.plus_seconds(9) };
    backend.change_members(&NewMemberChange { below, ..by(&room, &bo, mute) }, None, None).unwrap();
    assert!(standing(&*backend, &room, &cy).membership.unwrap().muted_until.is_some());
    let removal = MemberAct::Leave { user_id: cy.id, cause: LeaveCause::Removed };
    backend
        .change_members(&NewMemberChange { below, ..by(&room, &bo, removal) }, None, None)
        .unwrap();
    assert_eq!(role_of(&*backend, &room, &cy), None);
}

pub fn a_member_is_muted_and_unmuted(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let room = room(&*backend, &ann);
    join(&*backend, &room, &ann, &[&bo]);
    let end = LATER.plus_seconds(9);
    for (until, stored, told) in [(end, Some(end), end), (NOW, None, LATER)] {
        let mute = MemberAct::Mute { user_id: bo.id, until };
        let (found, changed) = changed_by(&*backend, || act(&*backend, &room, &ann, mute).unwrap());
        let detail = MemberDetail { muted_until: Some(told), ..MemberDetail::default() };
        assert_event(&found, "changed", &ann, &bo, &detail);
        assert_eq!(changed, [room.id]);
        assert_eq!(standing(&*backend, &room, &bo).membership.unwrap().muted_until, stored);
    }
}

pub fn the_people_of_a_direct_room_are_fixed(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let ((opened, is_new), changed) = changed_by(&*backend, || direct(&*backend, &[&bo, &ann]));
    assert!(is_new);
    assert_eq!(
        (opened.kind, opened.name.as_str(), &changed[..]),
        (RoomKind::Direct, "", &[opened.id][..])
    );
    assert_eq!(direct(&*backend, &[&ann, &bo]), (opened.clone(), false));
    assert_ne!(direct(&*backend, &[&ann, &bo, &cy]).0.id, opened.id);
    let expected = [(ann.id, RoomRole::Member), (bo.id, RoomRole::Member)];
    assert_eq!(members(&*backend, &opened), expected);
    let acts = [
        MemberAct::Join { user_ids: vec![cy.id], role: RoomRole::Member },
        MemberAct::Leave { user_id: ann.id, cause: LeaveCause::Left },
        MemberAct::Ban { user_id: bo.id, until: None },
        MemberAct::Unban { user_id: bo.id },
        MemberAct::SetRole { user_id: bo.id, role: RoomRole::Owner },
        MemberAct::Transfer { user_id: bo.id },
        MemberAct::Mute { user_id: bo.id, until: LATER.plus_seconds(9) },
    ];
    for refused in acts {
        let refused = act(&*backend, &opened, &ann, refused);
        assert!(matches!(refused, Err(MemberError::RoomKind)), "{refused:?}");
    }
    let (new, mut ids) = new_direct(&[&ann, &cy]);
    ids.push(UserId(77));
    let refused = backend.open_direct_room(&new, &ids);
    assert!(matches!(refused, Err(MemberError::UserNotFound)), "{refused:?}");
    // A deleted room is not found again.
    backend.delete_room(opened.id, None, &audit("x")).unwrap();
    let (second, is_new) = direct(&*backend, &[&ann, &bo]);
    assert!(is_new && second.id != opened.id);
}

pub fn a_direct_room_that_is_opened_at_once_is_one_room(db: &TestDatabase) {
    let backend = db.backend();
    let people: Vec<User> = (0..8).map(|i| user(&*backend, &format!("user{i}"))).collect();
    for other in &people[1..] {
        let opened = on_threads(4, |_| direct(&*db.open(), &[&people[0], other]));
        let ids: BTreeSet<i64> = opened.iter().map(|(room, _)| room.id.0).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(opened.iter().filter(|(_, is_new)| *is_new).count(), 1);
    }
}

pub fn a_hidden_room_appears_again_with_its_next_event(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let (room, _) = direct(&*backend, &[&ann, &bo]);
    fill(&*backend, &room, &bo, 2);
    let set = |user: &User, change| backend.change_preferences(room.id, user.id, change).unwrap();
    let of = |user: &User| standing(&*backend, &room, user).membership.unwrap();
    let hide = PreferenceChange { is_hidden: Some(true), ..PreferenceChange::default() };
    assert!(set(&ann, hide));
    assert_eq!(of(&ann).hidden_seq, Some(Seq(2)));
    assert_eq!(of(&bo).hidden_seq, None);
    let rest = PreferenceChange {
        notify: Some(Notify::Mentions),
        is_starred: Some(true),
        ..PreferenceChange::default()
    };
    assert!(set(&ann, rest));
    assert!(set(&ann, PreferenceChange::default()));
    let now = of(&ann);
    assert_eq!(
        (now.notify, now.is_starred, now.hidden_seq),
        (Notify::Mentions, true, Some(Seq(2)))
    );
    assert!(set(&ann, PreferenceChange { is_hidden: Some(false), ..PreferenceChange::default() }));
    assert_eq!(of(&ann).hidden_seq, None);
    // Opening it shows it to the one who opens it.
    assert!(set(&ann, hide) && set(&bo, hide));
    direct(&*backend, &[&ann, &bo]);
    assert_eq!((of(&ann).hidden_seq, of(&bo).hidden_seq), (None, Some(Seq(2))));
    let cy = user(&*backend, "cy");
    assert!(!set(&cy, hide), "not a member");
    backend.delete_room(room.id, None, &audit("x")).unwrap();
    assert!(!set(&ann, hide), "no such room");
}

pub fn many_people_are_several_events(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = closed(&*backend, "quiet", &ann);
    let people: Vec<User> = (0..205).map(|i| user(&*backend, &format!("user{i}"))).collect();
    let found = join(&*backend, &room, &ann, &people.iter().collect::<Vec<_>>());
    let sizes: Vec<_> = found.iter().map(|event| parts(event).1.members.len()).collect();
    assert_eq!(sizes, [100, 100, 5]);
    let told = found.iter().flat_map(|event| parts(event).1.members.clone());
    assert_eq!(told.collect::<Vec<_>>(), people.iter().map(person).collect::<Vec<_>>());
    assert_eq!(events(&*backend, room.id), found);
    // All of them have the same history.
    let seqs = people.iter().map(|user| standing(&*backend, &room, user).membership.unwrap());
    assert!(seqs.into_iter().all(|membership| membership.joined_seq == Seq(0)));
}

pub fn members_are_listed_in_pages_and_found_by_name(db: &TestDatabase) {
    let backend = db.backend();
    let names = ["ann", "Bo", "cy", "ann2", "dan"];
    let people = names.map(|name| user(&*backend, name));
    let room = room(&*backend, &people[0]);
    join(&*backend, &room, &people[0], &people.iter().collect::<Vec<_>>());
    let list = |query: Option<&str>, after, limit| {
        let search = MemberSearch { query: query.map(str::to_owned), after, limit };
        let page = backend.list_members(room.id, &search).unwrap().unwrap();
        assert_eq!(page.total, 5);
        let names = page.members.into_iter().map(|member| member.user.username);
        (names.collect::<Vec<_>>(), page.has_more)
    };
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(list(None, None, 2), (names(&["ann", "Bo"]), true));
    assert_eq!(list(None, Some(people[1].id), 3), (names(&["cy", "ann2", "dan"]), false));
    assert_eq!(list(Some("AN"), None, 2), (names(&["ann", "ann2"]), true));
    assert_eq!(list(Some("bO"), None, 2), (names(&["Bo"]), false));
    assert_eq!(list(Some("%"), None, 2), (vec![], false));
    let search = MemberSearch { limit: 1, ..MemberSearch::default() };
    assert_eq!(backend.list_members(RoomId(77), &search).unwrap(), None);
}

pub fn audiences_name_the_members_of_closed_rooms(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let (public, private) = (room(&*backend, &ann), closed(&*backend, "quiet", &ann));
    let (direct, _) = direct(&*backend, &[&bo, &cy]);
    let gone = closed(&*backend, "gone", &ann);
    backend.delete_room(gone.id, None, &audit("x")).unwrap();
    fill(&*backend, &public, &ann, 2);
    join(&*backend, &private, &ann, &[&cy]);
    let audience = |room: &Room, head, members: Option<&[&User]>| Audience {
        room_id: room.id,
        head_seq: Seq(head),
        members: members.map(|users| users.iter().map(|user| user.id).collect()),
    };
    let expected = [
        audience(&public, 2, None),
        audience(&private, 1, Some(&[&ann, &cy])),
        audience(&direct, 0, Some(&[&bo, &cy])),
    ];
    assert_eq!(backend.list_audiences().unwrap(), expected);
    for one in expected {
        assert_eq!(backend.get_audience(one.room_id).unwrap(), Some(one));
    }
    assert_eq!(backend.get_audience(gone.id).unwrap(), None);
}

pub fn ids_of_closed_rooms_and_of_their_events_leave_no_gaps_in_the_others(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let (one, private) = (room(&*backend, &ann), closed(&*backend, "quiet", &ann));
    let (direct, _) = direct(&*backend, &[&ann, &bo]);
    let two = room(&*backend, &ann);
    assert_eq!((one.id, two.id), (RoomId(1), RoomId(2)));
    assert_eq!(private.id, RoomId(LAST_OPEN_ID + 1));
    assert_eq!(direct.id, RoomId(LAST_OPEN_ID + 2));
    let mut ids = [vec![], vec![]];
    for round in 0..3 {
        let rooms = [&private, &two, &direct, &one, &two, &private];
        let batch = rooms.map(|room| message(room, &ann, "hello"));
        let outcomes = backend.append_messages(batch.to_vec()).unwrap();
        for (room, outcome) in rooms.iter().zip(outcomes) {
            ids[usize::from(room.kind.is_closed())].push(outcome.unwrap().message.id.0);
        }
        let joined = join(
            &*backend,
            [&one, &private][round % 2],
            &ann,
            &[&user(&*backend, &format!("user{round}"))],
        );
        let id = parts(&joined[0]).1.header.id.0;
        ids[round % 2].push(id);
    }
    let [public, closed] = &mut ids;
    public.sort_unstable();
    closed.sort_unstable();
    assert_eq!(*public, (1..=public.len() as i64).collect::<Vec<_>>());
    let first = LAST_OPEN_ID + 1;
    assert_eq!(*closed, (first..first + closed.len() as i64).collect::<Vec<_>>());
}

/// In one batch, the order of the ids of a room is the order of `seq`.
pub fn ids_grow_with_the_seqs_of_a_room(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let mut rooms: Vec<Room> = (0..5).map(|_| room(&*backend, &ann)).collect();
    rooms.extend((0..5).map(|i| closed(&*backend, &format!("quiet {i}"), &ann)));
    let batch: Vec<NewMessage> =
        (0..500).map(|i: usize| message(&rooms[i * 7 % 10], &ann, &i.to_string())).collect();
    for outcome in backend.append_messages(batch).unwrap() {
        outcome.unwrap();
    }
    for room in &rooms {
        let ids: Vec<i64> =
            crate::harness::log(&*backend, room.id).iter().map(|message| message.id.0).collect();
        assert_eq!(ids.len(), 50);
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
    }
}

pub fn the_first_message_makes_its_sender_a_member(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy] = ["ann", "bo", "cy"].map(|name| user(&*backend, name));
    let public = room(&*backend, &ann);
    act(&*backend, &public, &ann, MemberAct::Ban { user_id: cy.id, until: None }).unwrap();
    fill(&*backend, &public, &ann, 2);
    let sent =
        |room: &Room, user: &User, joins| NewMessage { joins, ..message(room, user, "hello") };
    let send = |batch| {
        for outcome in backend.append_messages(batch).unwrap() {
            outcome.unwrap();
        }
    };
    let (_, changed) = changed_by(&*backend, || {
        send(vec![
            sent(&public, &ann, true),
            sent(&public, &bo, true),
            sent(&public, &bo, true),
            sent(&public, &cy, true),
        ]);
    });
    assert_eq!(changed, [public.id]);
    let membership = standing(&*backend, &public, &bo).membership.unwrap();
    assert_eq!(membership.role, RoomRole::Member);
    assert_eq!((membership.joined_at, membership.joined_seq), (NOW, Seq(4)));
    assert_eq!(
        role_of(&*backend, &public, &ann),
        Some(RoomRole::Owner),
        "a member has joined again"
    );
    assert_eq!(role_of(&*backend, &public, &cy), None, "a banned user has joined");
    let (_, changed) = changed_by(&*backend, || send(vec![sent(&public, &bo, true)]));
    assert_eq!(changed, []);
    let dan = user(&*backend, "dan");
    send(vec![sent(&public, &dan, false)]);
    assert_eq!(role_of(&*backend, &public, &dan), None);
}

pub fn a_name_belongs_to_one_public_room_and_to_any_number_of_private_ones(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let create = |name, kind, creator: &User| {
        let new = NewRoom { kind, ..new_room(name, creator) };
        backend.create_room(&new, &audit("x"))
    };
    let (public, private) = (RoomKind::Public, RoomKind::Private);
    let taken = |result: Result<Room, Error>| {
        assert!(matches!(result, Err(Error::Conflict(Conflict::RoomNameTaken))), "{result:?}");
    };
    let open = create("plans", public, &ann).unwrap();
    let of_ann = create("Plans", private, &ann).unwrap();
    let of_bo = create("plans", private, &bo).unwrap();
    create("PLANS", private, &ann).unwrap();
    taken(create("PLANS", public, &bo));
    assert_eq!(backend.list_public_names().unwrap(), [(open.id, "plans".to_owned())]);
    assert_eq!(backend.get_room_by_name("plans").unwrap(), Some(open.clone()));
    // A room that becomes public meets other names.
    let become_kind = |room: &Room, kind| {
        let change = RoomChange { kind: Some(kind), ..RoomChange::default() };
        backend
            .update_room(room.id, &change, None, &audit("x"))
            .map(|updated| updated.unwrap().room)
    };
    taken(become_kind(&of_bo, public));
    taken(become_kind(&of_ann, public));
    join(&*backend, &open, &bo, &[&bo]);
    let (closed, changed) = changed_by(&*backend, || become_kind(&open, private).unwrap());
    assert_eq!((closed.kind, changed), (private, vec![open.id]));
    assert_eq!(members(&*backend, &open).len(), 2, "the members have changed");
    assert_eq!(become_kind(&of_bo, public).unwrap().kind, public);
}

pub fn auto_join_lists_open_public_rooms(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let rules = RoomRules { auto_join: true, ..RoomRules::default() };
    let create = |name| {
        backend.create_room(&NewRoom { rules, ..new_room(name, &ann) }, &audit("x")).unwrap()
    };
    let [one, gone, archived, private] = ["one", "gone", "archived", "private"].map(create);
    room(&*backend, &ann);
    backend.delete_room(gone.id, None, &audit("x")).unwrap();
    let archive = RoomChange { is_archived: Some(true), ..RoomChange::default() };
    backend.update_room(archived.id, &archive, None, &audit("x")).unwrap();
    let close = RoomChange { kind: Some(RoomKind::Private), ..RoomChange::default() };
    backend.update_room(private.id, &close, None, &audit("x")).unwrap();
    assert_eq!(backend.list_auto_join_rooms().unwrap(), [one.id]);
}

pub fn a_deleted_account_leaves_its_rooms(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, cy, dan] = ["ann", "bo", "cy", "dan"].map(|name| user(&*backend, name));
    let alone = room(&*backend, &ann);
    let with_moderator = closed(&*backend, "quiet", &ann);
    join(&*backend, &with_moderator, &ann, &[&cy]);
    join(&*backend, &with_moderator, &ann, &[&bo]);
    set_role(&*backend, &with_moderator, &ann, &bo, RoomRole::Moderator);
    let with_members = room(&*backend, &ann);
    join(&*backend, &with_members, &ann, &[&dan]);
    let join_later = NewMemberChange {
        timestamp: LATER.plus_seconds(1),
        ..by(&with_members, &ann, MemberAct::Join { user_ids: vec![bo.id], role: RoomRole::Member })
    };
    backend.change_members(&join_later, None, None).unwrap();
    let with_owner = room(&*backend, &bo);
    join(&*backend, &with_owner, &bo, &[&ann]);
    set_role(&*backend, &with_owner, &bo, &ann, RoomRole::Owner);
    let elsewhere = room(&*backend, &bo);
    act(&*backend, &elsewhere, &bo, MemberAct::Ban { user_id: ann.id, until: None }).unwrap();
    let (direct, _) = direct(&*backend, &[&ann, &bo]);
    let gone = room(&*backend, &ann);
    backend.delete_room(gone.id, None, &audit("x")).unwrap();

    let (found, mut changed) = changed_by(&*backend, || {
        backend.delete_user(ann.id, &audit("user.delete")).unwrap().unwrap()
    });
    let told: Vec<_> = found
        .iter()
        .map(|event| {
            let (kind, event) = parts(event);
            let MemberDetail { role, cause, .. } = event.detail.clone();
            assert_eq!(event.header.user_id, UserId(0), "the operator has no account");
            (event.header.room_id, kind, event.members[0].user_id, role, cause)
        })
        .collect();
    let left = |room: &Room| (room.id, "left", ann.id, None, Some(LeaveCause::Deleted));
    let follows =
        |room: &Room, user: &User| (room.id, "changed", user.id, Some(RoomRole::Owner), None);
    let expected = [
        left(&alone),
        left(&with_members),
        follows(&with_members, &dan),
        left(&with_owner),
        left(&with_moderator),
        follows(&with_moderator, &bo),
    ];
    assert_eq!(told, expected);
    changed.sort_unstable();
    assert_eq!(changed, [&alone, &with_members, &with_owner, &with_moderator].map(|room| room.id));
    for room in [&alone, &with_moderator, &with_members, &with_owner] {
        assert_eq!(role_of(&*backend, room, &ann), None);
        // The log has the same events, under the name that the account has now.
        let log = events(&*backend, room.id);
        let in_log: Vec<_> = log.iter().map(Event::seq).collect();
        let last = found.iter().filter(|event| event.room_id() == room.id).map(Event::seq);
        assert!(in_log.ends_with(&last.collect::<Vec<_>>()));
        let names = log.iter().flat_map(|event| parts(event).1.members.clone());
        assert!(names.into_iter().all(|person| &*person.username != "ann"));
    }
    assert_eq!(members(&*backend, &direct).len(), 2, "a direct room keeps its people");
    assert!(standing(&*backend, &elsewhere, &ann).ban.is_some());
    assert_eq!(events(&*backend, direct.id), []);
}

pub fn changes_of_members_at_once_leave_no_gap(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let rooms: Vec<Room> = (0..3).map(|_| room(&*backend, &ann)).collect();
    let people: Vec<User> = (0..4).map(|i| user(&*backend, &format!("user{i}"))).collect();
    on_threads(4, |thread| {
        let (backend, me) = (db.open(), &people[thread]);
        for round in 0..20 {
            let room = &rooms[(round + thread) % 3];
            let batch: Vec<NewMessage> = (0..3)
                .map(|i| NewMessage { joins: true, ..message(&rooms[(thread + i) % 3], me, "x") })
                .collect();
            for outcome in backend.append_messages(batch).unwrap() {
                outcome.unwrap();
            }
            let leave = MemberAct::Leave { user_id: me.id, cause: LeaveCause::Left };
            act(&*backend, room, me, leave).unwrap();
        }
    });
    for room in &rooms {
        for (event, seq) in events(&*backend, room.id).iter().zip(1..) {
            assert_eq!(event.seq(), Seq(seq));
        }
    }
}
