//! Comparing the known migrations with the applied ones, the same for every database.

use super::{Error, Migration, MigrationState, Result};

/// A row of the migration table.
pub(super) struct AppliedRow {
    pub version: i32,
    pub name: String,
    pub at: String,
}

/// Lists the known migrations and those of a newer program, in order of version.
pub(super) fn list(runner: &refinery::Runner, mut applied: Vec<AppliedRow>) -> Vec<Migration> {
    let mut all: Vec<_> = runner
        .get_migrations()
        .iter()
        .map(|known| {
            let is_same = |row: &AppliedRow| row.version == known.version();
            Migration {
                version: known.version(),
                name: known.name().to_owned(),
                sql: known.sql().unwrap_or_default().to_owned(),
                state: match applied.iter().position(is_same) {
                    Some(at) => MigrationState::Applied { at: applied.swap_remove(at).at },
                    None => MigrationState::Pending,
                },
            }
        })
        .collect();
    all.extend(applied.into_iter().map(|AppliedRow { version, name, at }| Migration {
        version,
        name,
        sql: String::new(),
        state: MigrationState::Newer { at },
    }));
    all.sort_by_key(|migration| migration.version);
    all
}

/// Checks that no migration of a newer program prevents this program from working on the database.
/// `compatible_from` reads the column of that name.
///
/// # Errors
/// [`Error::SchemaTooNew`].
pub(super) fn check(
    migrations: &[Migration],
    compatible_from: impl FnOnce() -> Result<i32>,
) -> Result<()> {
    let Some((found, known)) = extension(migrations) else { return Ok(()) };
    // A migration is not applied after a later one.
    let is_pending = migrations.iter().any(|it| it.state == MigrationState::Pending);
    let needed = if is_pending { found } else { compatible_from()? };
    if needed <= known { Ok(()) } else { Err(Error::SchemaTooNew { found, known, needed }) }
}

/// Checks that no newer program has extended the schema.
///
/// # Errors
/// [`Error::SchemaExtended`].
pub(super) fn check_known(migrations: &[Migration]) -> Result<()> {
    match extension(migrations) {
        None => Ok(()),
        Some((found, known)) => Err(Error::SchemaExtended { found, known }),
    }
}

/// Returns the newest migration of the database and the newest that this program knows, if a newer program
/// has extended the schema.
fn extension(migrations: &[Migration]) -> Option<(i32, i32)> {
    let newest = |is_newer: bool| {
        let versions = migrations.iter().filter(|it| it.state.is_newer() == is_newer);
        versions.map(|it| it.version).max()
    };
    Some((newest(true)?, newest(false).unwrap_or(0)))
}

/// Returns the migrations of `after` that `report` lists as applied.
pub(super) fn newly_applied(after: Vec<Migration>, report: &refinery::Report) -> Vec<Migration> {
    after
        .into_iter()
        .filter(|migration| {
            report.applied_migrations().iter().any(|done| done.version() == migration.version)
        })
        .collect()
}
