//! Accounts.

use std::sync::Barrier;

use chatapp::model::{NewPasswordReset, NewUser, Role, SessionId, User, UserId};
use chatapp::storage::{Conflict, Error};

use crate::harness::{
    HASH, NOW, TestDatabase, active, audit, audit_at, new_user, on_threads, role, session, user,
};

pub fn a_user_reads_back_as_created(db: &TestDatabase) {
    let backend = db.backend();
    let created = user(&*backend, "ann");
    let expected = User {
        id: created.id,
        username: "ann".to_owned(),
        email: "ann@example.org".to_owned(),
        role: Role::User,
        is_active: true,
        is_bot: false,
        created_at: NOW,
    };
    assert_eq!(created, expected);
    assert_eq!(backend.get_user(created.id).unwrap(), Some(expected));
    assert_eq!(backend.get_user(UserId(created.id.0 + 1)).unwrap(), None);
    assert_ne!(user(&*backend, "bo").id, created.id);
}

pub fn a_taken_name_or_email_is_a_conflict_whatever_its_case(db: &TestDatabase) {
    let backend = db.backend();
    user(&*backend, "ann");
    let conflict = |username: &str, email: &str| {
        let (username, email) = (username.to_owned(), email.to_owned());
        match backend.create_user(&NewUser { username, email, ..new_user("x") }, None) {
            Err(Error::Conflict(conflict)) => conflict,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(conflict("ann", "other@example.org"), Conflict::UsernameTaken);
    assert_eq!(conflict("ANN", "other@example.org"), Conflict::UsernameTaken);
    assert_eq!(conflict("other", "ann@example.org"), Conflict::EmailTaken);
    assert_eq!(conflict("other", "Ann@Example.ORG"), Conflict::EmailTaken);
    assert_eq!(conflict("Ann", "ann@example.org"), Conflict::UsernameTaken);
    user(&*backend, "other");
}

pub fn only_ascii_letters_have_case(db: &TestDatabase) {
    let backend = db.backend();
    let small = user(&*backend, "élan");
    let capital = user(&*backend, "Élan");
    let found = |name: &str| backend.get_credentials(name).unwrap().unwrap().user.id;
    assert_eq!((found("éLAN"), found("ÉLAN")), (small.id, capital.id));
}

pub fn credentials_are_found_by_name_and_by_email_in_any_case(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "Ann");
    for name in ["Ann", "ann", "ANN"] {
        let credentials = backend.get_credentials(name).unwrap().unwrap();
        assert_eq!(credentials.user, ann);
        assert_eq!(credentials.password_hash, "$2b$12$hash");
    }
    for email in ["ann@example.org", "ANN@EXAMPLE.ORG"] {
        let credentials = backend.get_credentials_by_email(email).unwrap().unwrap();
        assert_eq!(credentials.user, ann);
        assert_eq!(credentials.password_hash, "$2b$12$hash");
    }
    let nobodys = ["", "an", "anna", "ann ", "a%", "ann\0", "\0", "ann@example.or"];
    for name in nobodys {
        assert!(backend.get_credentials(name).unwrap().is_none(), "{name:?}");
        assert!(backend.get_credentials_by_email(name).unwrap().is_none(), "{name:?}");
    }
    assert!(backend.get_credentials("ann@example.org").unwrap().is_none());
    assert!(backend.get_credentials_by_email("Ann").unwrap().is_none());
    let email = backend.get_user(ann.id).unwrap().unwrap().email;
    backend.delete_user(ann.id, &audit("user.delete")).unwrap();
    for email in [email, format!("deleted-{}", ann.id)] {
        assert!(backend.get_credentials_by_email(&email).unwrap().is_none(), "{email}");
    }
}

pub fn only_one_user_can_become_the_first_admin(db: &TestDatabase) {
    let backend = db.backend();
    let first = |name| NewUser { role: Role::Admin, only_if_no_admin: true, ..new_user(name) };
    user(&*backend, "ann");
    assert!(!backend.has_admin().unwrap());
    assert_eq!(backend.create_user(&first("bo"), None).unwrap().role, Role::Admin);
    assert!(backend.has_admin().unwrap());
    let second = backend.create_user(&first("cy"), None);
    assert!(matches!(second, Err(Error::Conflict(Conflict::AdminExists))), "{second:?}");
    assert!(backend.get_credentials("cy").unwrap().is_none());
    // Any number can be admins when it is not asked for the first.
    backend.create_user(&NewUser { role: Role::Admin, ..new_user("dee") }, None).unwrap();
}

pub fn one_of_many_simultaneous_callers_becomes_the_first_admin(db: &TestDatabase) {
    db.backend();
    let handles: Vec<_> = (0..8).map(|_| db.open()).collect();
    let start = Barrier::new(8);
    for _ in 0..10 {
        let admins = on_threads(8, |i| {
            let name = format!("admin{i}");
            let new = NewUser { role: Role::Admin, only_if_no_admin: true, ..new_user(&name) };
            start.wait();
            match handles[i].create_user(&new, None) {
                Ok(_) => 1,
                Err(Error::Conflict(Conflict::AdminExists)) => 0,
                Err(error) => panic!("{error}"),
            }
        });
        assert_eq!(admins.iter().sum::<i32>(), 1);
        db.raw().execute("DELETE FROM users WHERE id > 0");
    }
}

pub fn a_new_password_revokes_the_other_sessions(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    let (kept, other) = (session(&*backend, 1, &ann), session(&*backend, 2, &ann));
    let bos = session(&*backend, 3, &bo);
    let later = NOW.plus_seconds(5);
    assert!(backend.change_password(ann.id, HASH, "new hash", kept, later).unwrap());
    let revoked_at = |id| backend.get_session(id).unwrap().unwrap().revoked_at;
    assert_eq!(revoked_at(kept), None);
    assert_eq!(revoked_at(other), Some(later));
    assert_eq!(revoked_at(bos), None);
    assert_eq!(backend.get_credentials("ann").unwrap().unwrap().password_hash, "new hash");
    assert!(!backend.change_password(ann.id, HASH, "old", kept, later).unwrap(), "it is another");
    let entry = audit_at("x", later.plus_seconds(1));
    assert!(backend.update_password(ann.id, "newer hash", &entry).unwrap().is_some());
    assert_eq!(revoked_at(kept), Some(later.plus_seconds(1)));
    assert_eq!(revoked_at(other), Some(later), "the first revocation counts");
}

pub fn a_new_role_revokes_all_sessions(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let id = session(&*backend, 1, &ann);
    assert!(backend.update_user(ann.id, role(Role::Admin), &audit("x")).unwrap().is_some());
    let session = backend.get_session(id).unwrap().unwrap();
    assert_eq!((session.user.role, session.revoked_at), (Role::Admin, Some(NOW)));
    assert!(backend.has_admin().unwrap());
}

pub fn deactivation_revokes_all_sessions_and_activation_restores_none(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let before = session(&*backend, 1, &ann);
    assert!(backend.update_user(ann.id, active(false), &audit("x")).unwrap().is_some());
    assert!(!backend.get_user(ann.id).unwrap().unwrap().is_active);
    assert!(backend.update_user(ann.id, active(true), &audit("x")).unwrap().is_some());
    assert!(backend.get_user(ann.id).unwrap().unwrap().is_active);
    assert_eq!(backend.get_session(before).unwrap().unwrap().revoked_at, Some(NOW));
    let after = session(&*backend, 2, &ann);
    assert_eq!(backend.get_session(after).unwrap().unwrap().revoked_at, None);
}

pub fn changes_of_a_missing_user_report_that(db: &TestDatabase) {
    let backend = db.backend();
    let nobody = UserId(77);
    assert!(backend.update_password(nobody, "hash", &audit("x")).unwrap().is_none());
    assert!(!backend.change_password(nobody, HASH, "x", SessionId(1), NOW).unwrap());
    assert!(backend.update_user(nobody, role(Role::Admin), &audit("x")).unwrap().is_none());
    assert!(backend.update_user(nobody, active(false), &audit("x")).unwrap().is_none());
    assert_eq!(backend.delete_user(nobody, &audit("x")).unwrap(), None);
    assert_eq!(backend.revoke_sessions(nobody, &audit("x")).unwrap(), None);
    let reset = NewPasswordReset { hash: [1; 32], user_id: nobody, expires_at: NOW };
    assert!(!backend.create_password_reset(&reset, &audit("x")).unwrap());
    assert!(backend.get_account(nobody, NOW).unwrap().is_none());
    assert_eq!(backend.list_audit(None, 10).unwrap(), [], "nothing was done");
}
