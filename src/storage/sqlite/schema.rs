//! The version of the database: its migrations, and its identity.

use std::sync::PoisonError;

use rusqlite::{Connection, TransactionBehavior};

use super::super::backend::Schema;
use super::super::copy_target::check_seal;
use super::super::migrations::{self, AppliedRow};
use super::super::{Error, Migration, MigrationState, Result, ServerFacts};
use super::{Sqlite, recovery};

mod embedded {
    refinery::embed_migrations!("sql/sqlite");
}

impl Schema for Sqlite {
    fn list_migrations(&self) -> Result<Vec<Migration>> {
        self.read(list_migrations)
    }

    /// Also makes durable what a killed server has left, because every server calls this before it serves.
    fn migrate(&self) -> Result<Vec<Migration>> {
        // `write` is not used, because the migrations begin their own transaction.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        recovery::rewrite_log(&writer, &self.path)?;
        migrate(&mut writer)
    }

    fn get_compatible_from(&self) -> Result<i32> {
        self.read(get_compatible_from)
    }

    fn get_server_facts(&self) -> Result<ServerFacts> {
        const GET: &str = "SELECT epoch, sealed FROM server WHERE id = 1";
        self.checkpointer.location().check()?;
        self.read(|db| {
            let (epoch, sealed): (_, Option<String>) =
                db.prepare_cached(GET)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            check_seal(sealed.as_deref())?;
            Ok(ServerFacts { epoch })
        })
    }
}

pub(super) fn list_migrations(db: &Connection) -> Result<Vec<Migration>> {
    Ok(migrations::list(&embedded::migrations::runner(), applied(db)?))
}

fn get_compatible_from(db: &Connection) -> Result<i32> {
    Ok(db.query_row("SELECT compatible_from FROM server WHERE id = 1", [], |row| row.get(0))?)
}

/// Applies the pending migrations, all of them or none.
///
/// refinery lists the pending migrations before it takes the write lock, so two processes may try to
/// apply the same migration. The second process fails, at the latest because a version cannot be
/// recorded twice, and is rolled back. It then checks again and finds no pending migration.
pub(super) fn migrate(db: &mut Connection) -> Result<Vec<Migration>> {
    db.set_transaction_behavior(TransactionBehavior::Immediate);
    loop {
        let found = list_migrations(db)?;
        migrations::check(&found, || get_compatible_from(db))?;
        let pending: Vec<_> = found
            .into_iter()
            .filter(|migration| migration.state == MigrationState::Pending)
            .collect();
        if pending.is_empty() {
            return Ok(Vec::new());
        }
        match embedded::migrations::runner().set_grouped(true).run(db) {
            Ok(report) => return Ok(migrations::newly_applied(list_migrations(db)?, &report)),
            Err(_) if applied_by_another(db, &pending)? => {}
            Err(error) => return Err(error_of(error)),
        }
    }
}

/// Like [`migrate`], for a database that will be filled with a copy.
///
/// # Errors
/// [`Error::SchemaExtended`]: this program does not know all tables and columns of the copy.
pub(super) fn migrate_to_fill(db: &mut Connection) -> Result<()> {
    migrate(db)?;
    migrations::check_known(&list_migrations(db)?)
}

fn applied(db: &Connection) -> Result<Vec<AppliedRow>> {
    let has_table: bool = db.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history')",
        [],
        |row| row.get(0),
    )?;
    if !has_table {
        return Ok(Vec::new());
    }
    let mut statement =
        db.prepare("SELECT version, name, applied_on FROM refinery_schema_history")?;
    let rows = statement.query_map([], |row| {
        Ok(AppliedRow { version: row.get(0)?, name: row.get(1)?, at: row.get(2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn applied_by_another(db: &Connection, pending: &[Migration]) -> Result<bool> {
    let applied = applied(db)?;
    Ok(pending.iter().any(|migration| applied.iter().any(|row| row.version == migration.version)))
}

fn error_of(error: refinery::Error) -> Error {
    use refinery::error::Kind;
    match error.kind() {
        Kind::Connection(_, cause) => match cause.downcast_ref::<rusqlite::Error>() {
            Some(rusqlite::Error::SqliteFailure(code, text)) => {
                rusqlite::Error::SqliteFailure(*code, text.clone()).into()
            }
            _ => Error::Internal(error.to_string()),
        },
        _ => Error::Internal(error.to_string()),
    }
}
