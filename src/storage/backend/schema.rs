//! The version of the database: its migrations, its identity, and whether this binary can use it.

use crate::storage::{Error, Result, migrations};

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
    /// The SQL that the migration executes. Empty if this program does not know the migration.
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
    /// A newer program has applied the migration, which this program does not know.
    Newer {
        /// The time in RFC 3339, as the migration table has it.
        at: String,
    },
}

impl MigrationState {
    /// Whether a newer program has applied the migration, which this program does not know.
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::Newer { .. })
    }
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
    /// Every known migration and every applied one, in order of version.
    fn list_migrations(&self) -> Result<Vec<Migration>>;

    /// Applies the pending migrations and returns them. Safe to run from several processes at once:
    /// one applies, the others wait and find nothing left.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if there is a fatal [`Shortcoming`], [`Error::SchemaTooNew`],
    /// [`Error::InUse`] after waiting for other processes for a minute.
    fn migrate(&self) -> Result<Vec<Migration>>;

    /// Lists the shortcomings of the database.
    fn list_shortcomings(&self) -> Result<Vec<Shortcoming>> {
        Ok(Vec::new())
    }

    /// Checks whether this binary can use the database. It can use a schema that a newer program has
    /// extended, as long as the extension does not break it.
    ///
    /// # Errors
    /// [`Error::SchemaTooOld`] if a migration is pending, [`Error::SchemaTooNew`],
    /// [`Error::Sealed`].
    fn check_schema(&self) -> Result<()> {
        let migrations = self.list_migrations()?;
        migrations::check(&migrations, || self.get_compatible_from())?;
        match migrations.iter().any(|migration| migration.state == MigrationState::Pending) {
            true => Err(Error::SchemaTooOld),
            false => self.get_server_facts().map(drop),
        }
    }

    /// Checks whether this binary can use the database and knows all of its schema, so that a copy that
    /// this binary makes has all data.
    ///
    /// # Errors
    /// Those of [`Self::check_schema`], and [`Error::SchemaExtended`].
    fn check_known_schema(&self) -> Result<()> {
        self.check_schema()?;
        migrations::check_known(&self.list_migrations()?)
    }

    /// Returns the oldest schema version that a program must know to work on the database.
    fn get_compatible_from(&self) -> Result<i32>;

    /// Returns the facts about the database.
    ///
    /// # Errors
    /// [`Error::OtherDatabase`] if the epoch has changed since the first call,
    /// [`Error::Sealed`].
    fn get_server_facts(&self) -> Result<ServerFacts>;
}
