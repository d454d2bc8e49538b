//! Administration of accounts.

use std::sync::Barrier;

use chatapp::model::{
    Account, NewPasswordReset, NewSession, NewUser, Role, SecretHash, SessionId, Timestamp, User,
    UserId, UserQuery,
};
use chatapp::storage::{Backend, Conflict, Error, Result};

use crate::harness::{
    HASH, NOW, TestDatabase, active, audit, audit_at, fill, log, new_user, on_threads, role, room,
    session, user,
};

fn admin(backend: &dyn Backend, name: &str) -> User {
    backend.create_user(&NewUser { role: Role::Admin, ..new_user(name) }, None).unwrap()
}

fn is_last_admin<T: std::fmt::Debug>(result: Result<T>) -> bool {
    matches!(result, Err(Error::Conflict(Conflict::LastAdmin)))
}

fn names(backend: &dyn Backend, text: Option<&str>, after: Option<UserId>) -> Vec<String> {
    let query = UserQuery { text: text.map(ToOwned::to_owned), metadata: None, after, limit: 3 };
    let accounts = backend.list_users(&query, NOW).unwrap();
    accounts.into_iter().map(|account| account.user.username).collect()
}

pub fn accounts_are_listed_in_order_of_id_with_their_open_sessions(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo, _, _] = ["Ann", "bo", "élan", "100%"].map(|name| user(&*backend, name));
    let revoked = session(&*backend, 1, &bo);
    session(&*backend, 2, &bo);
    session(&*backend, 3, &bo);
    backend.revoke_session(revoked, NOW).unwrap();
    let page = UserQuery { text: None, metadata: None, after: None, limit: 2 };
    let expected = [(ann.clone(), 0), (bo.clone(), 2)].map(|(user, sessions)| Account {
        user,
        display_name: None,
        sessions,
        metadata: None,
    });
    assert_eq!(backend.list_users(&page, NOW).unwrap(), expected);
    assert_eq!(backend.get_account(bo.id, NOW).unwrap(), Some(expected[1].clone()));
    let later = NOW.plus_seconds(60);
    assert_eq!(
        backend.get_account(bo.id, later).unwrap().unwrap().sessions,
        0,
        "expired sessions were counted"
    );

    assert_eq!(names(&*backend, None, None), ["Ann", "bo", "élan"]);
    assert_eq!(names(&*backend, None, Some(bo.id)), ["élan", "100%"]);
    assert_eq!(names(&*backend, Some("aN"), None), ["Ann", "élan"]);
    assert_eq!(names(&*backend, Some("BO@EXAMPLE"), None), ["bo"]);
    assert_eq!(names(&*backend, Some("É"), None), [""; 0], "only ASCII letters have case");
    assert_eq!(names(&*backend, Some("%"), None), ["100%"], "% was taken for a pattern");
    assert_eq!(names(&*backend, Some("_"), None), [""; 0]);
    assert_eq!(names(&*backend, Some("a\0"), None), [""; 0]);
}

pub fn a_change_returns_the_old_account_and_the_number_of_sessions_it_ended(db: &TestDatabase) {
    let backend = db.backend();
    let bo = user(&*backend, "bo");
    admin(&*backend, "root");
    let sign_in = |n: u128, seconds| {
        let (id, expires_at) = (SessionId(n), NOW.plus_seconds(seconds));
        let new = NewSession { id, user_id: bo.id, created_at: NOW, expires_at };
        assert!(backend.create_session(&new, HASH).unwrap());
    };
    // After ten seconds two sessions are open; one has expired, and one is revoked.
    let sign_in_four = |n| {
        for (n, seconds) in [(n, 60), (n + 1, 60), (n + 2, 10), (n + 3, 60)] {
            sign_in(n, seconds);
        }
        assert!(backend.revoke_session(SessionId(n + 3), NOW).unwrap());
    };
    let entry = audit_at("x", NOW.plus_seconds(10));
    let update = |change| {
        let update = backend.update_user(bo.id, change, &entry).unwrap().unwrap();
        (update.before, update.ended_sessions)
    };
    sign_in_four(0);
    assert_eq!(update(active(true)), (bo.clone(), 0), "nothing changes");
    assert_eq!(update(role(Role::Admin)), (bo.clone(), 2));
    let promoted = User { role: Role::Admin, ..bo.clone() };
    assert_eq!(update(role(Role::Admin)), (promoted.clone(), 0));
    assert_eq!(update(role(Role::User)), (promoted, 0), "the sessions were revoked before");
    sign_in_four(10);
    assert_eq!(backend.revoke_sessions(bo.id, &entry).unwrap(), Some(2));
    assert_eq!(backend.revoke_sessions(bo.id, &entry).unwrap(), Some(0));
    sign_in_four(20);
    assert_eq!(backend.update_password(bo.id, HASH, &entry).unwrap(), Some(2));
    assert_eq!(backend.update_password(bo.id, HASH, &entry).unwrap(), Some(0));
}

pub fn the_last_active_admin_cannot_be_removed(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (admin(&*backend, "ann"), admin(&*backend, "bo"));
    let entry = audit("x");
    assert!(backend.update_user(bo.id, active(false), &entry).unwrap().is_some());
    // Inactive admins do not count: ann is the last admin, and bo may be changed in any way.
    assert!(is_last_admin(backend.update_user(ann.id, role(Role::User), &entry)));
    assert!(is_last_admin(backend.update_user(ann.id, active(false), &entry)));
    assert!(is_last_admin(backend.delete_user(ann.id, &entry)));
    assert_eq!(backend.get_user(ann.id).unwrap().unwrap(), ann);
    assert!(
        backend.update_user(ann.id, role(Role::Admin), &entry).unwrap().is_some(),
        "an unchanged role was refused"
    );
    assert!(backend.update_user(bo.id, role(Role::User), &entry).unwrap().is_some());
    assert!(backend.update_user(bo.id, role(Role::Admin), &entry).unwrap().is_some());
    assert!(is_last_admin(backend.delete_user(ann.id, &entry)));
    assert!(backend.update_user(bo.id, active(true), &entry).unwrap().is_some());
    assert!(backend.delete_user(ann.id, &entry).unwrap().is_some());
    assert!(is_last_admin(backend.delete_user(bo.id, &entry)));
}

/// Each admin is removed through another handle, as several nodes or commands would do, and in another way.
pub fn removing_all_admins_at_once_leaves_one(db: &TestDatabase) {
    let backend = db.backend();
    let handles: Vec<_> = (0..6).map(|_| db.open()).collect();
    let start = Barrier::new(6);
    for round in 0..8 {
        let admins: Vec<User> =
            (0..6).map(|i| admin(&*backend, &format!("admin{round}-{i}"))).collect();
        // The admin that was left in the previous round must not count.
        for id in (1..admins[0].id.0).map(UserId) {
            let _ = backend.delete_user(id, &audit("x")).unwrap();
        }
        let gone = on_threads(6, |i| {
            let (backend, id) = (&handles[i], admins[i].id);
            start.wait();
            let result = match i % 3 {
                0 => backend.update_user(id, role(Role::User), &audit("x")).map(|it| it.is_some()),
                1 => backend.update_user(id, active(false), &audit("x")).map(|it| it.is_some()),
                _ => backend.delete_user(id, &audit("x")).map(|it| it.is_some()),
            };
            match result {
                Ok(found) => found,
                Err(Error::Conflict(Conflict::LastAdmin)) => false,
                Err(error) => panic!("{error}"),
            }
        });
        assert_eq!(gone.into_iter().filter(|gone| *gone).count(), 5, "round {round}");
    }
}

pub fn a_deleted_account_is_empty(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (admin(&*backend, "ann"), admin(&*backend, "bo"));
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &bo, 2);
    let open = session(&*backend, 1, &bo);
    let hash = [7; 32];
    reset(&*backend, hash, &bo);
    let later = NOW.plus_seconds(5);
    assert!(!backend.list_revoked(Timestamp(1)).unwrap().has_deleted_users);
    assert!(backend.delete_user(bo.id, &audit_at("user.delete", later)).unwrap().is_some());
    assert!(backend.list_revoked(later).unwrap().has_deleted_users);
    assert!(!backend.list_revoked(Timestamp(later.0 + 1)).unwrap().has_deleted_users);

    let name = format!("deleted-{}", bo.id);
    let left = backend.get_user(bo.id).unwrap().unwrap();
    assert_eq!((left.username.as_str(), left.email.as_str()), (name.as_str(), name.as_str()));
    assert_eq!((left.role, left.is_active), (Role::User, false));
    assert!(backend.get_account(bo.id, NOW).unwrap().is_none());
    assert_eq!(names(&*backend, None, None), ["ann"]);
    for name in ["bo", name.as_str()] {
        assert!(backend.get_credentials(name).unwrap().is_none(), "{name}");
    }
    assert_eq!(backend.get_session(open).unwrap().unwrap().revoked_at, Some(later));
    assert!(backend.get_password_reset(&hash, NOW).unwrap().is_none());
    let log = log(&*backend, room.id);
    assert_eq!(log.len(), 2, "the messages stay");
    assert!(log.iter().all(|message| *message.username == *name && !message.content.is_empty()));

    // Later changes do not find it.
    let entry = audit("x");
    assert_eq!(backend.delete_user(bo.id, &entry).unwrap(), None);
    assert!(backend.update_user(bo.id, active(true), &entry).unwrap().is_none());
    assert!(backend.update_password(bo.id, "hash", &entry).unwrap().is_none());
    assert_eq!(backend.revoke_sessions(bo.id, &entry).unwrap(), None);
    let again = NewPasswordReset { hash, user_id: bo.id, expires_at: later };
    assert!(!backend.create_password_reset(&again, &entry).unwrap());
    // The name and the email can be used again.
    assert_ne!(user(&*backend, "bo").id, bo.id);
    assert!(backend.update_user(ann.id, active(true), &entry).unwrap().is_some());
}

pub fn open_sessions_are_listed_newest_first_and_revoked_together(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let open = |n: u128, user: &User, at: Timestamp| {
        let (id, expires_at) = (SessionId(n), at.plus_seconds(60));
        let new = NewSession { id, user_id: user.id, created_at: at, expires_at };
        assert!(backend.create_session(&new, HASH).unwrap());
    };
    open(1, &ann, NOW.plus_seconds(-60));
    for n in 2..5 {
        open(n, &ann, NOW.plus_seconds(n as i64));
    }
    open(5, &bo, NOW.plus_seconds(10));
    backend.revoke_session(SessionId(3), NOW).unwrap();
    let listed = |user: Option<&User>, limit| -> Vec<u128> {
        let sessions = backend.list_sessions(user.map(|user| user.id), NOW, limit).unwrap();
        sessions.into_iter().map(|session| session.id.0).collect()
    };
    assert_eq!(listed(None, 10), [5, 4, 2]);
    assert_eq!(listed(None, 2), [5, 4]);
    assert_eq!(listed(Some(&ann), 10), [4, 2]);
    assert_eq!(backend.list_sessions(Some(bo.id), NOW, 1).unwrap()[0].user, bo);

    assert_eq!(backend.revoke_sessions(ann.id, &audit("x")).unwrap(), Some(2));
    assert_eq!(backend.revoke_sessions(ann.id, &audit("x")).unwrap(), Some(0));
    assert_eq!(listed(None, 10), [5]);
    let revoked = backend.list_revoked(NOW).unwrap().sessions;
    assert!([1, 2, 3, 4].iter().all(|n| revoked.contains(&SessionId(*n))), "{revoked:?}");
}

fn reset(backend: &dyn Backend, hash: SecretHash, user: &User) {
    let expires_at = NOW.plus_seconds(30);
    let new = NewPasswordReset { hash, user_id: user.id, expires_at };
    assert!(backend.create_password_reset(&new, &audit("x")).unwrap());
}

pub fn a_reset_sets_a_password_once(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let (open, bos) = (session(&*backend, 1, &ann), session(&*backend, 2, &bo));
    reset(&*backend, [1; 32], &ann);
    reset(&*backend, [2; 32], &bo);
    assert_eq!(backend.get_password_reset(&[1; 32], NOW).unwrap(), Some(ann.clone()));
    assert_eq!(backend.take_password_reset(&[3; 32], "x", NOW).unwrap(), None);
    assert_eq!(backend.take_password_reset(&[1; 32], "new hash", NOW).unwrap(), Some(ann.id));
    assert_eq!(backend.take_password_reset(&[1; 32], "newer hash", NOW).unwrap(), None);
    assert_eq!(backend.get_password_reset(&[1; 32], NOW).unwrap(), None);
    let hash = |name| backend.get_credentials(name).unwrap().unwrap().password_hash;
    assert_eq!((hash("ann").as_str(), hash("bo").as_str()), ("new hash", HASH));
    let revoked_at = |id| backend.get_session(id).unwrap().unwrap().revoked_at;
    assert_eq!((revoked_at(open), revoked_at(bos)), (Some(NOW), None));
}

pub fn a_reset_is_taken_by_one_of_many_simultaneous_callers(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    reset(&*backend, [1; 32], &ann);
    let handles: Vec<_> = (0..8).map(|_| db.open()).collect();
    let start = Barrier::new(8);
    let taken = on_threads(8, |i| {
        start.wait();
        handles[i].take_password_reset(&[1; 32], &format!("hash {i}"), NOW).unwrap()
    });
    let winner = taken.iter().position(Option::is_some).unwrap();
    assert_eq!(taken.into_iter().flatten().count(), 1);
    let hash = backend.get_credentials("ann").unwrap().unwrap().password_hash;
    assert_eq!(hash, format!("hash {winner}"));
}

pub fn an_expired_or_replaced_reset_is_refused(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let end = NOW.plus_seconds(30);
    let is_good = |n: u8, at| {
        let user = backend.get_password_reset(&[n; 32], at).unwrap();
        user.is_some()
    };
    reset(&*backend, [1; 32], &ann);
    assert!(is_good(1, Timestamp(end.0 - 1)) && !is_good(1, end));
    assert_eq!(backend.take_password_reset(&[1; 32], "x", end).unwrap(), None);
    reset(&*backend, [2; 32], &ann);
    assert!(!is_good(1, NOW) && is_good(2, NOW), "a later reset replaces an earlier one");
    assert!(backend.update_password(ann.id, "hash", &audit("x")).unwrap().is_some());
    assert!(!is_good(2, NOW), "a new password ends the reset");
    admin(&*backend, "root");
    for change in [role(Role::Admin), role(Role::User), active(false)] {
        reset(&*backend, [3; 32], &ann);
        assert!(backend.update_user(ann.id, change.clone(), &audit("x")).unwrap().is_some());
        assert!(!is_good(3, NOW), "{change:?}");
    }
    reset(&*backend, [3; 32], &ann);
    assert!(backend.update_user(ann.id, active(true), &audit("x")).unwrap().is_some());
    assert!(is_good(3, NOW), "a reset works after the account is activated again");
    reset(&*backend, [3; 32], &ann);
    backend.delete_ended_sessions(end, 100).unwrap();
    assert!(is_good(3, NOW));
    backend.delete_ended_sessions(Timestamp(end.0 + 1), 100).unwrap();
    assert!(!is_good(3, NOW), "an expired reset was not deleted");
}
