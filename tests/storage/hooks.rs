//! Incoming webhooks.

use chatapp::model::{
    Event, LeaveCause, NewHook, NewRoom, NewUser, PeopleQuery, Person, Room, RoomChange, RoomId,
    RoomKind, Scope, SessionId, User, UserId,
};
use chatapp::storage::backend::{Guard, HookError, MAX_HOOKS, MemberError};
use chatapp::storage::{Backend, Error};

use crate::harness::{NOW, TestDatabase, audit, audit_at, events, new_room, new_user, room, user};

pub fn new_hook(room: &Room, by: &User, n: u128) -> NewHook {
    let bot = NewUser {
        is_bot: true,
        display_name: Some(format!("Hook {n}")),
        password_hash: String::new(),
        ..new_user(&format!("hook-{n}"))
    };
    NewHook { room_id: room.id, bot, created_by: by.id, token_id: SessionId(n) }
}

fn create(backend: &dyn Backend, hook: &NewHook) -> Result<UserId, HookError> {
    backend.create_hook(hook, None, &audit("hook.create")).map(|(id, _)| id)
}

pub fn a_hook_is_a_bot_with_a_token_for_its_room(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let [one, two] = [room(&*backend, &ann), room(&*backend, &ann)];
    let (id, joined) =
        backend.create_hook(&new_hook(&one, &ann, 7), None, &audit("hook.create")).unwrap();
    assert!(
        matches!(&joined[..], [Event::MemberJoined(event)] if event.members[0].user_id == id),
        "{joined:?}"
    );
    assert_eq!(events(&*backend, one.id).len(), 1);
    let session = backend.get_session(SessionId(7)).unwrap().unwrap();
    let grant = session.grant.unwrap();
    assert_eq!((session.user.id, session.user.is_bot), (id, true));
    assert_eq!(grant.scopes.iter().collect::<Vec<_>>(), [Scope::Send]);
    assert_eq!(grant.room_ids, Some(vec![one.id]));

    let operator = User { id: UserId::SERVER, ..ann.clone() };
    let other = create(&*backend, &new_hook(&two, &operator, 8)).unwrap();
    let listed = backend.list_hooks(None).unwrap();
    assert_eq!(listed.iter().map(|hook| hook.id).collect::<Vec<_>>(), [id, other]);
    assert_eq!(&*listed[1].created_by.username, "(server)");
    let listed = backend.list_hooks(Some(one.id)).unwrap();
    assert_eq!(listed.len(), 1);
    let hook = &listed[0];
    assert_eq!((hook.room_id, &*hook.name, &*hook.username), (one.id, "Hook 7", "hook-7"));
    let by = Person { user_id: ann.id, username: "ann".into(), display_name: None };
    assert_eq!((&hook.created_by, hook.created_at, hook.last_used_at), (&by, NOW, None));
    backend.touch_api_token(SessionId(7), NOW.plus_seconds(5), NOW).unwrap();
    assert_eq!(
        backend.list_hooks(Some(one.id)).unwrap()[0].last_used_at,
        Some(NOW.plus_seconds(5))
    );

    assert_eq!(backend.get_hook_room(id).unwrap(), Some(one.id));
    assert_eq!(backend.get_hook_room(ann.id).unwrap(), None);
    // The directory shows people and the bots that serve everybody.
    let query = PeopleQuery { limit: 10, ..PeopleQuery::default() };
    let people = backend.list_people(&query).unwrap();
    assert_eq!(people.iter().map(|card| card.id).collect::<Vec<_>>(), [ann.id]);
    let entries = backend.list_audit(None, 1).unwrap();
    assert_eq!(
        (&*entries[0].action, entries[0].target.clone()),
        ("hook.create", format!("user #{other}"))
    );
}

pub fn a_deleted_hook_has_no_token_and_its_bot_has_left(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let [one, two] = [room(&*backend, &ann), room(&*backend, &ann)];
    let id = create(&*backend, &new_hook(&one, &ann, 7)).unwrap();
    let later = NOW.plus_seconds(9);
    let delete = |room_id| backend.delete_hook(room_id, id, None, &audit_at("hook.delete", later));
    assert!(matches!(delete(two.id), Err(HookError::NotFound)));
    let left = delete(one.id).unwrap();
    let is_removal = |event: &Event| matches!(event, Event::MemberLeft(event) if event.detail.cause == Some(LeaveCause::Removed));
    assert!(left.len() == 1 && is_removal(&left[0]), "{left:?}");
    assert!(matches!(delete(one.id), Err(HookError::NotFound)));
    let session = backend.get_session(SessionId(7)).unwrap().unwrap();
    assert_eq!((session.revoked_at, session.user.is_active), (Some(later), false));
    assert_eq!(backend.list_revoked(later).unwrap().sessions, [SessionId(7)]);
    assert_eq!(backend.list_hooks(None).unwrap(), []);
    assert_eq!(backend.get_hook_room(id).unwrap(), Some(one.id), "it says who sees the bot");
    assert_eq!(
        backend.list_cards(&[id]).unwrap()[0].profile.display_name.as_deref(),
        Some("Hook 7")
    );

    // The webhooks of a deleted room and of a deleted account are gone too.
    let id = create(&*backend, &new_hook(&one, &ann, 8)).unwrap();
    assert!(backend.delete_room(one.id, None, &audit("room.delete")).unwrap());
    assert_eq!(backend.get_hook_room(id).unwrap(), None);
    assert!(backend.list_cards(&[id]).unwrap().is_empty());
    assert!(backend.get_session(SessionId(8)).unwrap().unwrap().revoked_at.is_some());
    let id = create(&*backend, &new_hook(&two, &ann, 9)).unwrap();
    backend.delete_user(id, &audit("user.delete")).unwrap().unwrap();
    assert_eq!(backend.list_hooks(None).unwrap(), []);
}

pub fn a_hook_is_refused_where_it_cannot_be(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let room = room(&*backend, &ann);
    let refused = |room: &Room, guard: Option<&Guard<'_>>| {
        let hook = new_hook(room, &ann, 1);
        backend.create_hook(&hook, guard, &audit("hook.create")).unwrap_err()
    };
    let nowhere = Room { id: RoomId(99), ..room.clone() };
    let error = refused(&nowhere, None);
    assert!(matches!(error, HookError::Member(MemberError::RoomNotFound)), "{error}");
    let direct = NewRoom {
        kind: RoomKind::Direct,
        direct_key: Some(format!("{},{}", ann.id, bo.id)),
        ..new_room("", &ann)
    };
    let (direct, _) = backend.open_direct_room(&direct, &[ann.id, bo.id]).unwrap();
    let error = refused(&direct, None);
    assert!(matches!(error, HookError::Member(MemberError::RoomKind)), "{error}");
    let guard = Guard {
        user_id: bo.id,
        allows: &|standing| standing.is_some_and(|it| it.membership.is_some()),
    };
    let error = refused(&room, Some(&guard));
    assert!(matches!(error, HookError::Member(MemberError::Storage(Error::Refused))), "{error}");
    for n in 0..u128::from(MAX_HOOKS) {
        create(&*backend, &new_hook(&room, &ann, 10 + n)).unwrap();
    }
    let error = refused(&room, None);
    assert!(matches!(error, HookError::TooMany), "{error}");
    let first = backend.list_hooks(Some(room.id)).unwrap()[0].id;
    backend.delete_hook(room.id, first, None, &audit("hook.delete")).unwrap();
    let archive = RoomChange { is_archived: Some(true), ..RoomChange::default() };
    backend.update_room(room.id, &archive, None, &audit("room.update")).unwrap();
    let error = refused(&room, None);
    assert!(matches!(error, HookError::RoomArchived), "{error}");
    assert!(backend.get_credentials("hook-1").unwrap().is_none(), "nothing is stored");
}
