//! Opens a [`Backend`] by the URL in the operator's settings.
//!
//! This file knows the supported spellings of a URL, and the error texts for others. A URL may contain a
//! password, so an error text repeats nothing of it except a path of SQLite.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::postgres::{self, Postgres, PostgresCopyTarget, TemporaryDatabase};
use super::sqlite::{self, Sqlite, SqliteCopyTarget};
use super::{Backend, CopyTarget, Error, OpenOptions, Result};

/// Opens the database at `url`; does not migrate it.
///
/// # Errors
/// [`Error::BadUrl`] if the URL is not understood or names a file that cannot be opened,
/// [`Error::Unavailable`] if the database does not answer.
pub fn open(url: &str, options: OpenOptions) -> Result<Arc<dyn Backend>> {
    match parse(url)? {
        Location::Sqlite(path) => Ok(Arc::new(Sqlite::open(path, &options)?)),
        Location::Postgres(url) => Ok(Arc::new(Postgres::open(url, &options)?)),
    }
}

/// Claims the database at `url` for the caller only, to be filled with a copy.
///
/// # Errors
/// [`Error::InUse`] while another process uses the database, else those of [`open`].
pub fn claim(url: &str) -> Result<Box<dyn CopyTarget>> {
    match parse(url)? {
        Location::Sqlite(path) => Ok(Box::new(SqliteCopyTarget::claim(&path)?)),
        Location::Postgres(url) => Ok(Box::new(PostgresCopyTarget::claim(url)?)),
    }
}

/// Creates a database for one run, on the server of the database at `url`.
///
/// # Errors
/// [`Error::BadUrl`] if the URL is not one of PostgreSQL, [`Error::Unavailable`] if the server does not answer or
/// refuses it.
pub fn create_temporary(url: &str) -> Result<TemporaryDatabase> {
    match parse(url)? {
        Location::Postgres(url) => TemporaryDatabase::create(url),
        Location::Sqlite(_) => Err(Error::BadUrl(
            "only PostgreSQL has temporary databases: write \
             postgres://user:password@host:5432/database"
                .to_owned(),
        )),
    }
}

/// Removes the rights of other users from the files of an SQLite database, if all users may read or
/// change them. Returns the files that were corrected, as far as this process may do that.
pub fn mend_rights(url: &str) -> Vec<PathBuf> {
    sqlite_file(url).map(|path| sqlite::mend_rights(&path)).unwrap_or_default()
}

/// Checks that [`open`] understands the URL, without opening anything.
///
/// # Errors
/// [`Error::BadUrl`].
pub fn check_url(url: &str) -> Result<()> {
    match parse(url)? {
        Location::Sqlite(_) => Ok(()),
        Location::Postgres(url) => postgres::check_url(url),
    }
}

/// Returns the file that the URL names, if it is an SQLite URL.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    match parse(url) {
        Ok(Location::Sqlite(path)) => Some(path),
        Ok(Location::Postgres(_)) | Err(_) => None,
    }
}

/// Finds the newest copy beside this file that a server saved when its database was deleted.
pub fn saved_database(file: &Path) -> Option<PathBuf> {
    sqlite::find_saved(file)
}

#[derive(Debug, PartialEq, Eq)]
enum Location<'a> {
    Sqlite(PathBuf),
    Postgres(&'a str),
}

fn parse(url: &str) -> Result<Location<'_>> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(Error::BadUrl(
            "the database must be a URL such as sqlite://chat.db or \
             postgres://user:password@host/database"
                .to_owned(),
        ));
    };
    match scheme {
        "sqlite" => sqlite_path(rest).map(Location::Sqlite),
        "postgres" | "postgresql" => Ok(Location::Postgres(url)),
        // The text after the plus is not repeated: it may contain a password.
        _ if scheme.starts_with("postgresql+") || scheme.starts_with("postgres+") => {
            Err(Error::BadUrl(
                "a driver of SQLAlchemy after a + is not supported: write postgresql:// and leave \
                 the rest unchanged"
                    .to_owned(),
            ))
        }
        _ if scheme.starts_with("sqlite+") => Err(Error::BadUrl(
            "a driver of SQLAlchemy after a + is not supported: write sqlite:// and leave the rest \
             unchanged"
                .to_owned(),
        )),
        // The text before "://" is not repeated: it may be a part of a password.
        _ => Err(Error::BadUrl(
            "the database URL must begin with sqlite:// or postgres://".to_owned(),
        )),
    }
}

/// `chat.db` and SQLAlchemy's `/./chat.db` are relative to the working folder, `/srv/chat.db` and
/// SQLAlchemy's `//srv/chat.db` are absolute.
fn sqlite_path(rest: &str) -> Result<PathBuf> {
    let path = rest.trim_start_matches('/');
    if path.is_empty() || path.contains(":memory:") {
        return Err(Error::BadUrl(
            "a database in memory would forget every message: write sqlite://chat.db".to_owned(),
        ));
    }
    if path.contains('?') {
        return Err(Error::BadUrl(
            "a sqlite:// URL takes no parameters: remove the `?` and everything after it"
                .to_owned(),
        ));
    }
    if path.ends_with('/') {
        return Err(Error::BadUrl(format!(
            "{rest} is a folder: name a file, as in sqlite://chat.db"
        )));
    }
    let is_relative = path.len() == rest.len() || path.starts_with("./") || path.starts_with("../");
    Ok(if is_relative { PathBuf::from(path) } else { PathBuf::from(format!("/{path}")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_sqlite() {
        for (url, path) in [
            ("sqlite://chat.db", "chat.db"),
            ("sqlite://data/chat.db", "data/chat.db"),
            ("sqlite://./chat.db", "./chat.db"),
            ("sqlite:///./chat.db", "./chat.db"),
            ("sqlite:///../chat.db", "../chat.db"),
            ("sqlite:///srv/chat.db", "/srv/chat.db"),
            ("sqlite:////srv/chat.db", "/srv/chat.db"),
        ] {
            assert_eq!(parse(url).unwrap(), Location::Sqlite(path.into()), "{url}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_write_and_repeats_no_password() {
        for (url, hint) in [
            ("sqlite://:memory:", "forget"),
            ("sqlite:///:memory:", "forget"),
            ("sqlite://", "forget"),
            ("sqlite://chat.db?mode=ro", "parameters"),
            ("sqlite:///srv/", "name a file"),
            ("sqlite+aiosqlite:///./chat.db", "sqlite://"),
            ("postgresql+psycopg2://ann:sesame@db/chat", "write postgresql://"),
            ("postgresql+ann:sesame@db://", "write postgresql://"),
            ("sqlite+ann:sesame@db://", "write sqlite://"),
            ("mysql://ann:sesame@db/chat", "sqlite:// or postgres://"),
            ("ann:sesame://x", "sqlite:// or postgres://"),
            ("ann:sesame@db/chat", "sqlite://chat.db"),
            ("chat.db", "sqlite://chat.db"),
        ] {
            let Err(Error::BadUrl(text)) = parse(url) else { panic!("{url} was taken") };
            assert!(text.contains(hint), "{url}: {text}");
            assert!(!text.contains("sesame"), "{url}: {text}");
        }
    }
}
