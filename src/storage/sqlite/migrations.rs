//! The schema: which migrations there are, which have been applied, and applying the rest.

use rusqlite::{Connection, TransactionBehavior};

use super::super::target::check_seal;
use super::super::{Error, Migration, MigrationState, Result, ServerFacts, schema};

mod embedded {
    refinery::embed_migrations!("sql/sqlite");
}

pub(super) fn list_migrations(db: &Connection) -> Result<Vec<Migration>> {
    schema::list(&embedded::migrations::runner(), applied(db)?)
}

/// Applies what is pending, all of it or nothing.
///
/// refinery decides what is pending before it takes the write lock, so two processes may both set
/// out to apply the same. The one that comes second fails, at the latest on the version it may not
/// record twice, and is rolled back; it then looks again and finds nothing left to do.
pub(super) fn migrate(db: &mut Connection) -> Result<Vec<Migration>> {
    db.set_transaction_behavior(TransactionBehavior::Immediate);
    loop {
        let pending: Vec<_> = list_migrations(db)?
            .into_iter()
            .filter(|migration| migration.state == MigrationState::Pending)
            .collect();
        if pending.is_empty() {
            return Ok(Vec::new());
        }
        match embedded::migrations::runner().set_grouped(true).run(db) {
            Ok(report) => return Ok(schema::newly_applied(list_migrations(db)?, &report)),
            Err(_) if applied_by_another(db, &pending)? => {}
            Err(error) => return Err(error_of(error)),
        }
    }
}

pub(super) fn get_server_facts(db: &Connection) -> Result<ServerFacts> {
    let (epoch, sealed): (_, Option<String>) = db
        .prepare_cached("SELECT epoch, sealed FROM server WHERE id = 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    check_seal(sealed.as_deref())?;
    Ok(ServerFacts { epoch })
}

fn applied(db: &Connection) -> Result<Vec<(i32, String)>> {
    let has_table: bool = db.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history')",
        [],
        |row| row.get(0),
    )?;
    if !has_table {
        return Ok(Vec::new());
    }
    let mut statement = db.prepare("SELECT version, applied_on FROM refinery_schema_history")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn applied_by_another(db: &Connection, pending: &[Migration]) -> Result<bool> {
    let applied = applied(db)?;
    Ok(pending.iter().any(|migration| applied.iter().any(|(v, _)| *v == migration.version)))
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
