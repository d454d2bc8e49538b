//! The schema: which migrations there are, which have been applied, and applying the rest.

use postgres::{Client, Config, NoTls};

use super::super::target::check_seal;
use super::super::{Error, Migration, MigrationState, Result, ServerFacts, schema};
use super::connection::Connection;
use super::errors;

mod embedded {
    refinery::embed_migrations!("sql/postgres");
}

/// The advisory lock of the one that migrates: "chatapp" in ASCII. Locks of this kind are per
/// database.
const LOCK: &str = "
    SET statement_timeout = 0;
    SET lock_timeout = 0;
    SELECT pg_advisory_lock(x'0063686174617070'::bigint)";

const HAS_TABLE: &str = "SELECT to_regclass('refinery_schema_history') IS NOT NULL";
const LIST_APPLIED: &str = "SELECT version, applied_on FROM refinery_schema_history";

pub(super) fn list_migrations(db: &mut Connection) -> Result<Vec<Migration>> {
    let has_table: bool = db.query_one(HAS_TABLE, &[])?.get(0);
    let rows = if has_table { db.query(LIST_APPLIED, &[])? } else { Vec::new() };
    list(rows)
}

/// Applies what is pending, all of it or nothing, on a connection of its own: it may take longer
/// than a statement is given otherwise, and its end releases the lock, however it ends.
pub(super) fn migrate(config: &Config) -> Result<Vec<Migration>> {
    let mut client = config.connect(NoTls)?;
    client.batch_execute(LOCK)?;
    if list_with(&mut client)?.iter().all(|it| it.state != MigrationState::Pending) {
        return Ok(Vec::new());
    }
    let report = embedded::migrations::runner()
        .set_grouped(true)
        .run(&mut client)
        .map_err(|error| error_of(&error))?;
    Ok(schema::newly_applied(list_with(&mut client)?, &report))
}

pub(super) fn get_server_facts(db: &mut Connection) -> Result<ServerFacts> {
    let row = db.query_one("SELECT epoch, sealed FROM server WHERE id = 1", &[])?;
    check_seal(row.get(1))?;
    Ok(ServerFacts { epoch: row.get(0) })
}

fn list_with(client: &mut Client) -> Result<Vec<Migration>> {
    let has_table: bool = client.query_one(HAS_TABLE, &[])?.get(0);
    let rows = if has_table { client.query(LIST_APPLIED, &[])? } else { Vec::new() };
    list(rows)
}

fn list(rows: Vec<postgres::Row>) -> Result<Vec<Migration>> {
    let applied = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    schema::list(&embedded::migrations::runner(), applied)
}

fn error_of(error: &refinery::Error) -> Error {
    match std::error::Error::source(error).and_then(|cause| cause.downcast_ref()) {
        Some(cause) if errors::ends_connection(cause) => {
            Error::Unavailable(errors::describe(cause))
        }
        Some(cause) => Error::Internal(errors::describe(cause)),
        None => Error::Internal(error.to_string()),
    }
}
