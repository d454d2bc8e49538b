//! Logins, and the secret that signs their tokens.

use std::collections::HashSet;
use std::sync::Barrier;

use chatapp::model::{NewSession, SessionId, UserId};

use crate::harness::{HASH, NOW, TestDatabase, active, audit, on_threads, session, user};

pub fn a_session_reads_back_with_the_present_user(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let id = SessionId(u128::MAX - 7);
    let expires_at = NOW.plus_seconds(60);
    let new = NewSession { id, user_id: ann.id, created_at: NOW, expires_at };
    assert!(backend.create_session(&new, HASH).unwrap());
    let session = backend.get_session(id).unwrap().unwrap();
    assert_eq!(session.id, id);
    assert_eq!(session.user, ann);
    assert_eq!((session.created_at, session.expires_at), (NOW, expires_at));
    assert_eq!(session.revoked_at, None);
    backend.update_user(ann.id, active(false), &audit("x")).unwrap();
    assert!(!backend.get_session(id).unwrap().unwrap().user.is_active);
    assert!(backend.get_session(SessionId(1)).unwrap().is_none());
}

pub fn a_session_is_opened_by_the_present_password_only(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let opens = |n, user_id, hash: &str| {
        let (id, expires_at) = (SessionId(n), NOW.plus_seconds(60));
        let new = NewSession { id, user_id, created_at: NOW, expires_at };
        let opened = backend.create_session(&new, hash).unwrap();
        assert_eq!(backend.get_session(id).unwrap().is_some(), opened);
        opened
    };
    assert!(opens(1, ann.id, HASH));
    assert!(!opens(2, ann.id, "another"));
    assert!(!opens(3, UserId(77), HASH));
    backend.update_user(ann.id, active(false), &audit("x")).unwrap();
    assert!(!opens(4, ann.id, HASH));
}

/// Signing in while another process changes the password leaves no open session.
pub fn a_new_password_revokes_sessions_that_are_opened_at_the_same_time(db: &TestDatabase) {
    let backend = db.backend();
    let handles = [db.open(), db.open()];
    let start = Barrier::new(2);
    for n in 0..40 {
        let ann = user(&*backend, &format!("ann{n}"));
        on_threads(2, |i| {
            start.wait();
            if i == 0 {
                assert!(handles[0].update_password(ann.id, "new", &audit("x")).unwrap().is_some());
            } else {
                let (id, expires_at) = (SessionId(n), NOW.plus_seconds(60));
                let new = NewSession { id, user_id: ann.id, created_at: NOW, expires_at };
                handles[1].create_session(&new, HASH).unwrap();
            }
        });
        let open = backend.list_sessions(Some(ann.id), NOW, 10).unwrap();
        assert!(open.is_empty(), "a session opened with the old password is open");
    }
}

pub fn a_session_can_be_extended_until_it_is_revoked(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let id = session(&*backend, 1, &ann);
    let later = NOW.plus_seconds(600);
    assert!(backend.extend_session(id, later).unwrap());
    assert_eq!(backend.get_session(id).unwrap().unwrap().expires_at, later);
    assert!(backend.revoke_session(id, NOW).unwrap());
    assert!(!backend.extend_session(id, later.plus_seconds(1)).unwrap());
    assert_eq!(backend.get_session(id).unwrap().unwrap().expires_at, later);
    assert!(!backend.extend_session(SessionId(2), later).unwrap());
}

pub fn a_session_is_revoked_once(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let id = session(&*backend, 1, &ann);
    assert!(backend.revoke_session(id, NOW).unwrap());
    assert!(!backend.revoke_session(id, NOW.plus_seconds(1)).unwrap());
    assert_eq!(backend.get_session(id).unwrap().unwrap().revoked_at, Some(NOW));
    assert!(!backend.revoke_session(SessionId(2), NOW).unwrap());
}

pub fn sessions_revoked_since_a_time_are_listed(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    for i in 0..4 {
        let id = session(&*backend, i, &ann);
        if i > 0 {
            backend.revoke_session(id, NOW.plus_seconds(i as i64)).unwrap();
        }
    }
    let since = |seconds| -> HashSet<SessionId> {
        let ids = backend.list_revoked(NOW.plus_seconds(seconds)).unwrap().sessions;
        ids.into_iter().collect()
    };
    assert_eq!(since(0), HashSet::from([SessionId(1), SessionId(2), SessionId(3)]));
    assert_eq!(since(2), HashSet::from([SessionId(2), SessionId(3)]));
    assert_eq!(since(4), HashSet::new());
}

pub fn ended_sessions_are_deleted(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    // Both expire after 60 seconds; the second is revoked after 10.
    let (expiring, revoked) = (session(&*backend, 1, &ann), session(&*backend, 2, &ann));
    backend.revoke_session(revoked, NOW.plus_seconds(10)).unwrap();
    assert_eq!(backend.delete_ended_sessions(NOW.plus_seconds(10), 100).unwrap(), 0);
    assert_eq!(backend.delete_ended_sessions(NOW.plus_seconds(11), 100).unwrap(), 1);
    assert!(backend.get_session(revoked).unwrap().is_none());
    assert_eq!(backend.delete_ended_sessions(NOW.plus_seconds(60), 100).unwrap(), 0);
    assert_eq!(backend.delete_ended_sessions(NOW.plus_seconds(61), 100).unwrap(), 1);
    assert!(backend.get_session(expiring).unwrap().is_none());
}

pub fn a_secret_is_made_once(db: &TestDatabase) {
    let backend = db.backend();
    assert_eq!(backend.get_or_create_secret(b"first\0secret").unwrap(), b"first\0secret");
    assert_eq!(backend.get_or_create_secret(b"second").unwrap(), b"first\0secret");
    assert_eq!(db.open().get_or_create_secret(b"third").unwrap(), b"first\0secret");
}

pub fn threads_that_make_a_secret_at_once_get_the_same_secret(db: &TestDatabase) {
    db.backend();
    let handles: Vec<_> = (0..8).map(|_| db.open()).collect();
    let start = Barrier::new(8);
    let secrets = on_threads(8, |i| {
        start.wait();
        handles[i].get_or_create_secret(&[i as u8; 32]).unwrap()
    });
    let secrets: HashSet<Vec<u8>> = secrets.into_iter().collect();
    assert_eq!(secrets.len(), 1);
}
