//! Status and checks of a database.

use chatapp::model::UserId;

use crate::harness::{TestDatabase, audit, fill, log, room, user};

pub fn a_status_has_counts_and_sizes(db: &TestDatabase) {
    let backend = db.backend();
    let empty = backend.get_status().unwrap();
    assert_eq!((empty.users, empty.rooms, empty.events), (0, 0, 0));
    assert!(empty.size_bytes > 0 && empty.version.contains(' '), "{empty:?}");
    let (ann, bo) = (user(&*backend, "ann"), user(&*backend, "bo"));
    assert!(backend.delete_user(bo.id, &audit("a deletion")).unwrap().is_some());
    let (one, _) = (room(&*backend, &ann), room(&*backend, &ann));
    fill(&*backend, &one, &ann, 3);
    let status = backend.get_status().unwrap();
    assert_eq!((status.users, status.rooms, status.events), (1, 2, 3));
    match backend.name() {
        "sqlite" => {
            assert!(status.wal_bytes > empty.wal_bytes, "{status:?}");
            assert_eq!((status.checkpoints, status.connections), (Some(0), None));
        }
        "postgres" => {
            let (used, most) = status.connections.unwrap();
            assert!((1..=most).contains(&used) && status.now.is_some(), "{status:?}");
            assert_eq!((status.checkpoints, status.wal_bytes), (None, None));
        }
        name => panic!("{name}"),
    }
}

pub fn checking_that_writes_work_changes_nothing(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    let room = room(&*backend, &ann);
    fill(&*backend, &room, &ann, 1);
    let (before, wal_bytes) = (log(&*backend, room.id), backend.get_status().unwrap().wal_bytes);
    backend.check_write().unwrap();
    // The database was written to, but no id was used.
    assert!(wal_bytes.is_none() || backend.get_status().unwrap().wal_bytes > wal_bytes);
    fill(&*backend, &room, &ann, 1);
    let after = log(&*backend, room.id);
    assert_eq!(after[..1], before);
    assert_eq!(after[1].id.0, before[0].id.0 + 1);
}

pub fn a_log_beyond_its_head_is_damage(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    assert_eq!(ann.id, UserId(1));
    fill(&*backend, &room(&*backend, &ann), &ann, 3);
    let damaged = room(&*backend, &ann);
    fill(&*backend, &damaged, &ann, 3);
    for deep in [false, true] {
        assert_eq!(backend.check_integrity(deep).unwrap(), Vec::<String>::new());
    }
    db.raw().execute(&format!("UPDATE rooms SET head_seq = 2 WHERE id = {}", damaged.id));
    for deep in [false, true] {
        let found = backend.check_integrity(deep).unwrap();
        let sentence = format!("the log of room {} goes on beyond its head", damaged.id);
        assert_eq!(found, [sentence]);
    }
}
