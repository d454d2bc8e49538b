//! Messages that are sent later.

use chatapp::model::{RoomId, Timestamp, UserId};
use chatapp::storage::backend::{MAX_SCHEDULED, NewScheduled, Scheduled, ScheduledChange};

use crate::harness::{NOW, TestDatabase, audit, on_threads, room, user};

fn at(seconds: i64) -> Timestamp {
    NOW.plus_seconds(seconds)
}

fn new(room_id: RoomId, user_id: UserId, seconds: i64) -> NewScheduled {
    let content = format!("after {seconds} s");
    NewScheduled {
        user_id,
        room_id,
        thread_id: None,
        content,
        send_at: at(seconds),
        created_at: NOW,
    }
}

fn ids(list: &[Scheduled]) -> Vec<i64> {
    list.iter().map(|it| it.id).collect()
}

pub fn a_message_is_due_at_its_time_until_it_has_ended(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let general = room(&*backend, &ann);
    let create = |user: UserId, seconds| {
        backend.create_scheduled(&new(general.id, user, seconds)).unwrap().unwrap()
    };
    let (late, early, other) = (create(ann.id, 30), create(ann.id, 10), create(bo.id, 20));
    assert_eq!(ids(&backend.list_scheduled(ann.id).unwrap()), [early.id, late.id]);
    let due = |seconds, limit| {
        let due = backend.list_due_scheduled(at(seconds), limit).unwrap();
        due.into_iter().map(|it| (it.scheduled.id, it.username.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(due(9, 9), []);
    assert_eq!(due(25, 9), [(early.id, "ann".to_owned()), (other.id, "bo".to_owned())]);
    assert_eq!(due(25, 1), [(early.id, "ann".to_owned())]);
    backend.end_scheduled(early.id, None).unwrap();
    backend.end_scheduled(other.id, Some("muted")).unwrap();
    assert_eq!(due(25, 9), []);
    assert_eq!(ids(&backend.list_scheduled(ann.id).unwrap()), [late.id]);
    let failed = backend.list_scheduled(bo.id).unwrap();
    assert_eq!(failed[0].failure.as_deref(), Some("muted"));
    // A change has it sent again.
    let change = ScheduledChange { content: Some("again".to_owned()), send_at: None };
    let again = backend.update_scheduled(bo.id, other.id, &change, at(25)).unwrap();
    let again = again.unwrap();
    assert_eq!((again.message.content.as_str(), again.failure), ("again", None));
    assert_eq!(due(25, 9), [(other.id, "bo".to_owned())]);
}

pub fn only_its_author_changes_a_message_before_its_time(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let general = room(&*backend, &ann);
    let it = backend.create_scheduled(&new(general.id, ann.id, 10)).unwrap().unwrap();
    let change = ScheduledChange { content: None, send_at: Some(at(50)) };
    for (by, now) in [(bo.id, at(1)), (ann.id, at(10))] {
        assert_eq!(backend.update_scheduled(by, it.id, &change, now).unwrap(), None);
        assert_eq!(backend.delete_scheduled(by, it.id, now).unwrap(), None);
    }
    let changed = backend.update_scheduled(ann.id, it.id, &change, at(9)).unwrap();
    let mut expected = it.clone();
    expected.message.send_at = at(50);
    assert_eq!(changed, Some(expected));
    assert_eq!(backend.delete_scheduled(ann.id, it.id, at(20)).unwrap(), Some(general.id));
    assert_eq!(backend.delete_scheduled(ann.id, it.id, at(20)).unwrap(), None);
}

pub fn the_number_of_messages_of_a_user_is_limited(db: &TestDatabase) {
    let backend = db.backend();
    let [ann, bo] = ["ann", "bo"].map(|name| user(&*backend, name));
    let general = room(&*backend, &ann);
    on_threads(4, |_| {
        let backend = db.open();
        for n in 1..=40 {
            backend.create_scheduled(&new(general.id, ann.id, n)).unwrap();
        }
    });
    assert_eq!(backend.list_scheduled(ann.id).unwrap().len(), MAX_SCHEDULED as usize);
    backend.create_scheduled(&new(general.id, bo.id, 1)).unwrap().unwrap();
    backend.delete_user(bo.id, &audit("user.delete")).unwrap().unwrap();
    assert_eq!(backend.create_scheduled(&new(general.id, bo.id, 1)).unwrap(), None);
}
