//! The schema and the facts about the database.

use std::sync::Barrier;

use chatapp::storage::{Error, Migration, MigrationState};

use crate::harness::{TestDatabase, on_threads};

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
    for _ in 0..5 {
        let db = db.another();
        let start = Barrier::new(8);
        let mut applied = on_threads(8, |_| {
            start.wait();
            let backend = db.open();
            start.wait();
            backend.migrate().unwrap().len()
        });
        let backend = db.open();
        backend.check_schema().unwrap();
        applied.sort();
        let (last, others) = applied.split_last().unwrap();
        assert_eq!(*last, backend.list_migrations().unwrap().len());
        assert!(others.iter().all(|count| *count == 0), "{applied:?}");
    }
}

const EXTEND: &str = "
    INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
    VALUES (9001, 'future', '2099-01-01T00:00:00Z', '1');";

pub fn a_schema_that_a_newer_program_has_extended_can_be_used_but_not_copied(db: &TestDatabase) {
    let backend = db.backend();
    let mut expected = backend.list_migrations().unwrap();
    let known = expected.last().unwrap().version;
    db.raw().execute(EXTEND);
    assert_eq!(backend.migrate().unwrap(), []);
    backend.check_schema().unwrap();
    expected.push(Migration {
        version: 9001,
        name: "future".to_owned(),
        sql: String::new(),
        state: MigrationState::Newer { at: "2099-01-01T00:00:00Z".to_owned() },
    });
    assert_eq!(backend.list_migrations().unwrap(), expected);
    let Err(Error::SchemaExtended { found, known: newest }) = backend.check_known_schema() else {
        panic!("a copy would not have all data")
    };
    assert_eq!((found, newest), (9001, known));
}

pub fn a_schema_that_needs_a_newer_program_is_refused(db: &TestDatabase) {
    let backend = db.backend();
    let known = backend.list_migrations().unwrap().last().unwrap().version;
    db.raw().execute(EXTEND);
    for (compatible_from, is_usable) in
        [(1, true), (known, true), (known + 1, false), (9001, false)]
    {
        db.raw().execute(&format!("UPDATE server SET compatible_from = {compatible_from}"));
        for result in [backend.migrate().map(drop), backend.check_schema()] {
            match result {
                Ok(()) => assert!(is_usable, "{compatible_from}"),
                Err(Error::SchemaTooNew { found, known: newest, needed }) => {
                    assert!(!is_usable, "{compatible_from}");
                    assert_eq!((found, newest, needed), (9001, known, compatible_from));
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Migrations are applied in order, so the missing one will not be applied any more.
pub fn a_newer_schema_in_which_a_known_migration_is_missing_is_refused(db: &TestDatabase) {
    let backend = db.backend();
    let known = backend.list_migrations().unwrap().last().unwrap().version;
    db.raw().execute(EXTEND);
    db.raw().execute(&format!("DELETE FROM refinery_schema_history WHERE version = {known}"));
    for result in [backend.migrate().map(drop), backend.check_schema()] {
        assert!(matches!(result, Err(Error::SchemaTooNew { needed: 9001, .. })), "{result:?}");
    }
}

pub fn an_epoch_is_random_and_does_not_change(db: &TestDatabase) {
    let epoch = db.backend().get_server_facts().unwrap().epoch;
    assert_eq!(epoch.len(), 32, "{epoch}");
    assert!(epoch.bytes().all(|byte| byte.is_ascii_hexdigit()), "{epoch}");
    assert_eq!(db.backend().get_server_facts().unwrap().epoch, epoch);
    let other = crate::harness::sqlite().backend().get_server_facts().unwrap().epoch;
    assert_ne!(epoch, other);
}

/// Both databases have the same schema versions, because exports and the banner have one version.
#[test]
fn both_databases_have_the_same_steps() {
    let steps = |folder: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sql").join(folder);
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(steps("sqlite"), steps("postgres"));
}
