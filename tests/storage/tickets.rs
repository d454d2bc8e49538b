//! Tickets, each of which opens one socket once.

use std::sync::Barrier;

use chatapp::model::{NewTicket, SecretHash, SessionId, Timestamp};
use chatapp::storage::Backend;

use crate::harness::{NOW, TestDatabase, on_threads, session, user};

/// Makes a session of a new user, and a ticket for it that is valid for 30 seconds.
fn ticket(backend: &dyn Backend, name: &str, n: u8) -> (SessionId, SecretHash) {
    let session_id = session(backend, n.into(), &user(backend, name));
    let hash = [n; 32];
    let expires_at = NOW.plus_seconds(30);
    backend.create_ticket(&NewTicket { hash, session_id, expires_at }).unwrap();
    (session_id, hash)
}

pub fn a_ticket_is_taken_once(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, anns) = ticket(&*backend, "ann", 1);
    let (bo, bos) = ticket(&*backend, "bo", 2);
    assert_eq!(backend.take_ticket(&[3; 32], NOW).unwrap(), None);
    assert_eq!(backend.take_ticket(&bos, NOW).unwrap(), Some(bo));
    assert_eq!(backend.take_ticket(&bos, NOW).unwrap(), None);
    assert_eq!(db.open().take_ticket(&anns, NOW).unwrap(), Some(ann));
    assert_eq!(backend.take_ticket(&anns, NOW).unwrap(), None);
}

pub fn a_ticket_is_taken_by_one_of_many_simultaneous_callers(db: &TestDatabase) {
    let (_, hash) = ticket(&*db.backend(), "ann", 1);
    let handles: Vec<_> = (0..8).map(|_| db.open()).collect();
    let start = Barrier::new(8);
    let taken = on_threads(8, |i| {
        start.wait();
        handles[i].take_ticket(&hash, NOW).unwrap()
    });
    assert_eq!(taken.into_iter().flatten().count(), 1);
}

pub fn an_expired_ticket_is_refused(db: &TestDatabase) {
    let backend = db.backend();
    let (_, late) = ticket(&*backend, "ann", 1);
    let (bo, in_time) = ticket(&*backend, "bo", 2);
    let end = NOW.plus_seconds(30);
    assert_eq!(backend.take_ticket(&late, end).unwrap(), None);
    assert_eq!(backend.take_ticket(&in_time, Timestamp(end.0 - 1)).unwrap(), Some(bo));
}

pub fn making_a_ticket_deletes_old_tickets(db: &TestDatabase) {
    let backend = db.backend();
    let (session_id, old) = ticket(&*backend, "ann", 1);
    let (_, new) = ticket(&*backend, "bo", 2);
    let make = |n: u8, seconds: i64| {
        let expires_at = NOW.plus_seconds(seconds);
        backend.create_ticket(&NewTicket { hash: [n; 32], session_id, expires_at }).unwrap();
    };
    make(3, 30 + 60);
    assert_eq!(
        backend.take_ticket(&new, NOW).unwrap().map(|_| ()),
        Some(()),
        "a ticket that may still be valid was deleted"
    );
    make(4, 30 + 61);
    assert_eq!(backend.take_ticket(&old, NOW).unwrap(), None);
    assert_eq!(backend.take_ticket(&[3; 32], NOW).unwrap(), Some(session_id));
}

pub fn tickets_are_deleted_with_their_session_and_when_they_are_old(db: &TestDatabase) {
    let backend = db.backend();
    let (_, hash) = ticket(&*backend, "ann", 1);
    // The ticket expires after 30 seconds, the session after 60.
    assert_eq!(backend.delete_ended_sessions(NOW.plus_seconds(31), 100).unwrap(), 0);
    assert_eq!(backend.take_ticket(&hash, NOW).unwrap(), None);

    let (revoked, hash) = ticket(&*backend, "bo", 2);
    backend.revoke_session(revoked, NOW).unwrap();
    assert_eq!(backend.delete_ended_sessions(NOW.plus_seconds(1), 100).unwrap(), 1);
    assert_eq!(backend.take_ticket(&hash, NOW).unwrap(), None);
}
