//! The schema and the facts about the database.

use std::thread;

use chatapp::storage::{Error, MigrationState};

use crate::harness::TestDatabase;

pub fn in_an_empty_database_everything_is_pending(db: &TestDatabase) {
    let backend = db.open();
    let migrations = backend.list_migrations().unwrap();
    assert_eq!(migrations[0].version, 1);
    assert_eq!(migrations[0].name, "core");
    assert!(migrations[0].sql.contains("CREATE TABLE events"));
    assert!(migrations.iter().all(|it| it.state == MigrationState::Pending));
    assert!(matches!(backend.check_schema(), Err(Error::SchemaTooOld)));
    assert!(matches!(backend.list_rooms(), Err(Error::SchemaTooOld)));
}

pub fn migrating_applies_everything_once(db: &TestDatabase) {
    let backend = db.open();
    let pending = backend.list_migrations().unwrap();
    let applied = backend.migrate().unwrap();
    assert_eq!(applied.len(), pending.len());
    for migration in &applied {
        let MigrationState::Applied { at } = &migration.state else { panic!("{migration:?}") };
        at.parse::<jiff::Timestamp>().unwrap();
    }
    assert_eq!(backend.migrate().unwrap(), []);
    assert_eq!(db.open().list_migrations().unwrap(), applied);
    backend.check_schema().unwrap();
}

pub fn threads_that_migrate_at_once_apply_everything_once(db: &TestDatabase) {
    let applied: Vec<usize> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| db.open().migrate().unwrap().len())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let backend = db.open();
    backend.check_schema().unwrap();
    let known = backend.list_migrations().unwrap().len();
    let mut expected = vec![0; 7];
    expected.push(known);
    assert_eq!(
        {
            let mut sorted = applied;
            sorted.sort();
            sorted
        },
        expected
    );
}

pub fn a_newer_schema_is_refused(db: &TestDatabase) {
    let backend = db.backend();
    let known = backend.list_migrations().unwrap().len() as i32;
    db.raw().execute(
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
         VALUES (9001, 'future', '2099-01-01T00:00:00Z', '1')",
    );
    for result in [backend.list_migrations(), backend.migrate()] {
        let Err(Error::SchemaTooNew { found, known: newest }) = result else { panic!("taken") };
        assert_eq!((found, newest), (9001, known));
    }
    assert!(matches!(backend.check_schema(), Err(Error::SchemaTooNew { .. })));
}

pub fn an_epoch_is_random_and_stays(db: &TestDatabase) {
    let epoch = db.backend().get_server_facts().unwrap().epoch;
    assert_eq!(epoch.len(), 32, "{epoch}");
    assert!(epoch.bytes().all(|byte| byte.is_ascii_hexdigit()), "{epoch}");
    assert_eq!(db.backend().get_server_facts().unwrap().epoch, epoch);
    let other = crate::harness::sqlite().backend().get_server_facts().unwrap().epoch;
    assert_ne!(epoch, other);
}
