//! Opens the database for a command, and turns its errors into sentences for the operator.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;

use crate::config::{self, Loaded, Switch, redact_database_url};
use crate::storage::{
    self, Backend, CopyTarget, Error, Migration, MigrationState, OpenOptions, TemporaryDatabase,
};

/// What to do if the SQLite file is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Create,
    Fail,
}

/// The options in the settings. A missing database is not created.
pub(super) fn options(config: &config::Database, read_connections: u32) -> OpenOptions {
    OpenOptions {
        read_connections,
        busy_timeout_ms: config.busy_timeout_ms,
        create: false,
        gather_writes: config.gather_writes == Switch::On,
    }
}

/// The database that a command works on.
pub(super) struct Database {
    pub backend: Arc<dyn Backend>,
    /// Without its password.
    pub url: String,
}

impl Database {
    pub fn open(
        settings: &Loaded,
        read_connections: u32,
        missing: Missing,
    ) -> anyhow::Result<Self> {
        let config = &settings.config.database;
        let create = missing == Missing::Create;
        let options = OpenOptions { create, ..options(config, read_connections) };
        let url = absolute(&redact_database_url(&config.url));
        for file in storage::mend_rights(&config.url) {
            let file = file.display();
            tracing::warn!(%file, "every user of this machine could read this file; now only its owner can");
        }
        match storage::open(&config.url, options) {
            Ok(backend) => Ok(Self { backend, url }),
            Err(Error::BadUrl(text)) => Err(bad_url(&text, settings)),
            Err(error) => Err(sentence(error, &url)),
        }
    }

    /// Opens the database at `url` instead of the one in the settings.
    pub fn open_url(url: &str, settings: &Loaded) -> anyhow::Result<Self> {
        let options = options(&settings.config.database, 1);
        let shown = absolute(&redact_database_url(url));
        let backend = storage::open(url, options).map_err(|error| sentence(error, &shown))?;
        Ok(Self { backend, url: shown })
    }

    /// Opens an existing database and checks that this binary can use its schema.
    pub fn open_current(settings: &Loaded) -> anyhow::Result<Self> {
        let database = Self::open(settings, 1, Missing::Fail)?;
        database.check_schema()?;
        Ok(database)
    }

    /// Opens an existing database to copy it, and checks that this binary knows all of its schema.
    pub fn open_to_copy(settings: &Loaded) -> anyhow::Result<Self> {
        let database = Self::open(settings, 1, Missing::Fail)?;
        database.run(|backend| backend.check_known_schema())?;
        Ok(database)
    }

    /// # Errors
    /// If this binary cannot use the schema, or the database is sealed.
    pub fn check_schema(&self) -> anyhow::Result<()> {
        self.run(|backend| backend.check_schema())
    }

    /// Runs one operation. The error is a sentence for the operator.
    pub fn run<T>(
        &self,
        operation: impl FnOnce(&dyn Backend) -> storage::Result<T>,
    ) -> anyhow::Result<T> {
        operation(&*self.backend).map_err(|error| sentence(error, &self.url))
    }
}

/// Claims the database of the settings for this process alone, to fill it. The text is its URL without
/// the password.
pub(super) fn claim(settings: &Loaded) -> anyhow::Result<(Box<dyn CopyTarget>, String)> {
    claim_url(&settings.config.database.url)
}

/// Like [`claim`], for the database at `url` instead of the one in the settings.
pub(super) fn claim_url(url: &str) -> anyhow::Result<(Box<dyn CopyTarget>, String)> {
    let shown = absolute(&redact_database_url(url));
    let target = storage::claim(url).map_err(|error| sentence(error, &shown))?;
    Ok((target, shown))
}

/// Creates a database for one run, on the server of the database at `url`.
pub(super) fn create_temporary(url: &str) -> anyhow::Result<TemporaryDatabase> {
    storage::create_temporary(url).map_err(|error| sentence(error, &redact_database_url(url)))
}

/// The newest migration that this binary knows.
pub(super) fn known_version(migrations: &[Migration]) -> i32 {
    let known = migrations.iter().filter(|migration| !migration.state.is_newer());
    known.map(|migration| migration.version).max().unwrap_or(0)
}

/// The newest migration that has been applied; 0 in an empty database.
pub(super) fn schema_version(migrations: &[Migration]) -> i32 {
    let applied = migrations.iter().filter(|migration| match migration.state {
        MigrationState::Applied { .. } | MigrationState::Newer { .. } => true,
        MigrationState::Pending => false,
    });
    applied.map(|migration| migration.version).max().unwrap_or(0)
}

/// The reason, and where the URL comes from: it may be in a variable meant for another program.
pub(super) fn bad_url(text: &str, settings: &Loaded) -> anyhow::Error {
    match settings.origins["database.url"].as_str() {
        "default" => anyhow!("{text}"),
        origin => anyhow!("{text} (database.url is from {origin})"),
    }
}

fn sentence(error: Error, url: &str) -> anyhow::Error {
    match error {
        Error::Unavailable(reason) if url.starts_with("sqlite://") => anyhow!(
            "the database {url} cannot be used ({reason}): check the permissions of the file and its \
             folder, and the free space on its disk"
        ),
        // The reason already says what to do.
        Error::Unavailable(reason) => anyhow!("the database {url} cannot be used: {reason}"),
        Error::Busy(reason) => {
            anyhow!("the database {url} is busy ({reason}): try again in a moment")
        }
        Error::Conflict(_)
        | Error::Refused
        | Error::SchemaTooNew { .. }
        | Error::SchemaExtended { .. }
        | Error::SchemaTooOld
        | Error::BadUrl(_)
        | Error::Internal(_) => anyhow!("{error}"),
        Error::Damaged(_)
        | Error::InDoubt(_)
        | Error::InUse(_)
        | Error::OtherDatabase
        | Error::Sealed(_) => anyhow!("{url}: {error}"),
    }
}

/// A SQLite URL with the absolute path, so that it does not depend on the working folder.
fn absolute(url: &str) -> String {
    let Some(path) = url.strip_prefix("sqlite://") else { return url.to_owned() };
    // SQLAlchemy writes a relative path as `/./chat.db`.
    let path = match path.strip_prefix('/') {
        Some(relative) if relative.starts_with("./") || relative.starts_with("../") => relative,
        _ => path,
    };
    match std::path::absolute(Path::new(path)) {
        Ok(path) => format!("sqlite://{}", path.display()),
        Err(_) => url.to_owned(),
    }
}
