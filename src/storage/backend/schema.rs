//! The version of the database: its migrations, its identity, and whether this binary can use it.

use crate::storage::{Error, Result};

/// Facts about the whole database, one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// A random value, changed by restore and import. A cursor of another epoch is not valid.
    pub epoch: String,
}

/// One versioned change of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The number of the migration: 1, 2, 3, …
    pub version: i32,
    /// The name in the file name of the migration.
    pub name: String,
    /// The SQL that the migration executes.
    pub sql: String,
    /// Whether the migration has been applied.
    pub state: MigrationState,
}

/// Whether a migration has been applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationState {
    /// The migration has been applied.
    Applied {
        /// The time in RFC 3339, as the migration table has it.
        at: String,
    },
    /// The migration has not been applied.
    Pending,
}

/// A property of a database that breaks chatapp's promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortcoming {
    /// The affected part of the database, in a word.
    pub subject: &'static str,
    /// Whether a server must not use the database as it is.
    pub is_fatal: bool,
    /// A sentence for the operator that describes the problem.
    pub detail: String,
    /// The remedy.
    pub advice: String,
}

impl Shortcoming {
    pub(in crate::storage) fn fatal(
        subject: &'static str,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { subject, is_fatal: true, detail: detail.into(), advice: advice.into() }
    }

    pub(in crate::storage) fn warning(
        subject: &'static str,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { is_fatal: false, ..Self::fatal(subject, detail, advice) }
    }
}

/// Migrating a database, and checking whether this binary can use it.
pub trait Schema {
    /// Every known migration in order of version, and whether it has been applied.
    ///
    /// # Errors
    /// [`Error::SchemaTooNew`] if the database has a migration that is not known.
    fn list_migrations(&self) -> Result<Vec<Migration>>;

    /// Applies the pending migrations and returns them. Safe to run from several processes at once:
    /// one applies, the others wait and find nothing left.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if there is a fatal [`Shortcoming`], [`Error::InUse`] after waiting for
    /// other processes for a minute.
    fn migrate(&self) -> Result<Vec<Migration>>;

    /// Lists the shortcomings of the database.
    fn list_shortcomings(&self) -> Result<Vec<Shortcoming>> {
        Ok(Vec::new())
    }

    /// Checks whether this binary can use the database.
    ///
    /// # Errors
    /// [`Error::SchemaTooOld`] if a migration is pending, [`Error::SchemaTooNew`],
    /// [`Error::Sealed`].
    fn check_schema(&self) -> Result<()> {
        let migrations = self.list_migrations()?;
        match migrations.iter().any(|migration| migration.state == MigrationState::Pending) {
            true => Err(Error::SchemaTooOld),
            false => self.get_server_facts().map(drop),
        }
    }

    /// Returns the facts about the database.
    ///
    /// # Errors
    /// [`Error::OtherDatabase`] if the epoch has changed since the first call,
    /// [`Error::Sealed`].
    fn get_server_facts(&self) -> Result<ServerFacts>;
}
