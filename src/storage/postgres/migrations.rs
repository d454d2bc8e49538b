//! Listing the known and the applied migrations, and applying the pending ones.

use std::thread;
use std::time::{Duration, Instant};

use postgres::Client;

use super::super::migrations::{self, AppliedRow};
use super::super::{Error, Migration, MigrationState, Result};
use super::connection::Connection;
use super::{errors, holders};

mod embedded {
    refinery::embed_migrations!("sql/postgres");
}

/// The advisory lock that a migrating process holds: "chatapp" in ASCII. Advisory locks are per database.
const LOCK: i64 = 0x0063_6861_7461_7070;

/// How long a migration waits for another migration, or for other sessions to release a table.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long one attempt waits for a lock on a table. It is short, because other sessions that need the
/// table queue behind it.
const LOCK_TIMEOUT: &str = "2s";
const PAUSE: Duration = Duration::from_millis(200);
/// How often a waiting migration logs that it waits.
const REMIND: Duration = Duration::from_secs(10);

/// A migration has no time limit.
const SETTINGS: &str = "
    SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;
    SELECT set_config('application_name', current_setting('application_name') || ' migrate', false);
    SELECT set_config('lock_timeout', $1, false);";

const TRY_LOCK: &str = "SELECT pg_try_advisory_lock($1)";
const HAS_TABLE: &str = "SELECT to_regclass('refinery_schema_history') IS NOT NULL";
const LIST_APPLIED: &str = "SELECT version, name, applied_on FROM refinery_schema_history";
const GET_COMPATIBLE_FROM: &str = "SELECT compatible_from FROM server WHERE id = 1";

pub(super) fn list_migrations(db: &mut Connection) -> Result<Vec<Migration>> {
    let has_table: bool = db.query_one(HAS_TABLE, &[])?.get(0);
    Ok(list(if has_table { db.query(LIST_APPLIED, &[])? } else { Vec::new() }))
}

pub(super) fn get_compatible_from(db: &mut Connection) -> Result<i32> {
    Ok(db.query_one(GET_COMPATIBLE_FROM, &[])?.get(0))
}

/// Applies the pending migrations, all of them or none. The connection is used for nothing else: it has
/// no time limit for statements, and closing it releases the lock in every case.
pub(super) fn migrate(client: &mut Client) -> Result<Vec<Migration>> {
    client.batch_execute(&SETTINGS.replace("$1", &format!("'{LOCK_TIMEOUT}'")))?;
    let mut wait = Wait::new();
    while !client.query_one(TRY_LOCK, &[&LOCK])?.get::<_, bool>(0) {
        wait.go_on(|| {
            let holder = holders::of_advisory(client, LOCK);
            format!("for another migration of the database to end: {holder}")
        })?;
    }
    let found = list_with(client)?;
    migrations::check(&found, || Ok(client.query_one(GET_COMPATIBLE_FROM, &[])?.get(0)))?;
    if found.iter().all(|it| it.state != MigrationState::Pending) {
        return Ok(Vec::new());
    }
    let mut wait = Wait::new();
    let report = loop {
        match embedded::migrations::runner().set_grouped(true).run(client) {
            Ok(report) => break report,
            Err(error) => match cause(&error) {
                // The transaction was rolled back, so the sessions that waited behind it continue.
                Some(cause) if errors::is_lock_timeout(cause) => wait.go_on(|| {
                    let holder = holders::of_tables(client);
                    format!("for a lock on a table that other sessions use: {holder}")
                })?,
                Some(cause) => return Err(errors::of(cause)),
                None => return Err(Error::Internal(error.to_string())),
            },
        }
    };
    Ok(migrations::newly_applied(list_with(client)?, &report))
}

/// A wait with a limit, which logs its reason.
struct Wait {
    began: Instant,
    said: Option<Instant>,
}

impl Wait {
    fn new() -> Self {
        Self { began: Instant::now(), said: None }
    }

    /// # Errors
    /// [`Error::InUse`] if the wait has lasted too long.
    fn go_on(&mut self, what: impl FnOnce() -> String) -> Result<()> {
        if self.began.elapsed() >= PATIENCE {
            return Err(Error::InUse(format!(
                "the migration waited {} seconds {}; nothing was changed. Try again when that has \
                 ended, or end it with SELECT pg_terminate_backend(pid)",
                PATIENCE.as_secs(),
                what()
            )));
        }
        if self.said.is_none_or(|said| said.elapsed() >= REMIND) {
            self.said = Some(Instant::now());
            tracing::warn!("the migration waits {}", what());
        }
        thread::sleep(PAUSE);
        Ok(())
    }
}

/// Like [`migrate`], for a database that will be filled with a copy.
///
/// # Errors
/// [`Error::SchemaExtended`]: this program does not know all tables and columns that a copy fills or clears.
pub(super) fn migrate_to_fill(client: &mut Client) -> Result<Vec<Migration>> {
    let migrated = migrate(client)?;
    migrations::check_known(&list_with(client)?)?;
    Ok(migrated)
}

fn list_with(client: &mut Client) -> Result<Vec<Migration>> {
    let has_table: bool = client.query_one(HAS_TABLE, &[])?.get(0);
    let rows = if has_table { client.query(LIST_APPLIED, &[])? } else { Vec::new() };
    Ok(list(rows))
}

fn list(rows: Vec<postgres::Row>) -> Vec<Migration> {
    let applied =
        rows.iter().map(|row| AppliedRow { version: row.get(0), name: row.get(1), at: row.get(2) });
    migrations::list(&embedded::migrations::runner(), applied.collect())
}

fn cause(error: &refinery::Error) -> Option<&postgres::Error> {
    std::error::Error::source(error)?.downcast_ref()
}
