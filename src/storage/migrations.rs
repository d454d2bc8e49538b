//! Comparing the known migrations with the applied ones, the same for every database.

use std::collections::HashMap;

use super::{Error, Migration, MigrationState, Result};

/// Lists the known migrations in order of version, and whether each has been applied. `applied` has the
/// version and the time of each row of the migration table.
///
/// # Errors
/// [`Error::SchemaTooNew`] if the database has a migration that is not known.
pub(super) fn list(
    runner: &refinery::Runner,
    applied: Vec<(i32, String)>,
) -> Result<Vec<Migration>> {
    let mut known: Vec<_> = runner.get_migrations().iter().collect();
    known.sort();
    let newest = known.last().map_or(0, |migration| migration.version());
    if let Some(found) = applied.iter().map(|(version, _)| *version).max()
        && found > newest
    {
        return Err(Error::SchemaTooNew { found, known: newest });
    }
    let mut applied: HashMap<i32, String> = applied.into_iter().collect();
    Ok(known
        .into_iter()
        .map(|migration| Migration {
            version: migration.version(),
            name: migration.name().to_owned(),
            sql: migration.sql().unwrap_or_default().to_owned(),
            state: match applied.remove(&migration.version()) {
                Some(at) => MigrationState::Applied { at },
                None => MigrationState::Pending,
            },
        })
        .collect())
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
