//! From the URL an operator writes to an open [`Backend`].
//!
//! Owns the spellings that are understood and the sentences for those that are not. A URL may
//! hold a password, so no sentence here repeats more of it than a path of SQLite.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::postgres::{self, Postgres, PostgresCopyTarget};
use super::sqlite::{self, Sqlite, SqliteCopyTarget};
use super::{Backend, CopyTarget, Error, OpenOptions, Result};

/// Opens the database at `url`; does not migrate it.
///
/// # Errors
/// [`Error::BadUrl`] if the URL is not understood or names nothing that can be opened,
/// [`Error::Unavailable`] if the database does not answer.
pub fn open(url: &str, options: OpenOptions) -> Result<Arc<dyn Backend>> {
    match parse(url)? {
        Location::Sqlite(path) => Ok(Arc::new(Sqlite::open(path, &options)?)),
        Location::Postgres(url) => Ok(Arc::new(Postgres::open(url, &options)?)),
    }
}

/// Claims the database at `url` for the caller alone, to be filled from elsewhere.
///
/// # Errors
/// [`Error::InUse`] while anybody uses it, else those of [`open`].
pub fn claim(url: &str) -> Result<Box<dyn CopyTarget>> {
    match parse(url)? {
        Location::Sqlite(path) => Ok(Box::new(SqliteCopyTarget::claim(&path)?)),
        Location::Postgres(url) => Ok(Box::new(PostgresCopyTarget::claim(url)?)),
    }
}

/// Takes from others what they may do with the files of an SQLite database, if everybody may read or
/// change them. Returns the files of which that was true, as far as this process may change them.
pub fn mend_rights(url: &str) -> Vec<PathBuf> {
    sqlite_file(url).map(|path| sqlite::mend_rights(&path)).unwrap_or_default()
}

/// Whether [`open`] understands the URL; looks at nothing else.
///
/// # Errors
/// [`Error::BadUrl`].
pub fn check_url(url: &str) -> Result<()> {
    match parse(url)? {
        Location::Sqlite(_) => Ok(()),
        Location::Postgres(url) => postgres::check_url(url),
    }
}

/// The file that the URL names, if it names one.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    match parse(url) {
        Ok(Location::Sqlite(path)) => Some(path),
        Ok(Location::Postgres(_)) | Err(_) => None,
    }
}

/// The newest copy beside this file that a server saved when its database was deleted.
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
        // What follows the plus may be more than the name of a driver: it is not repeated.
        _ if scheme.starts_with("postgresql+") || scheme.starts_with("postgres+") => {
            Err(Error::BadUrl(
                "what is after the + is a driver of SQLAlchemy: write postgresql:// and the rest \
                 as it is"
                    .to_owned(),
            ))
        }
        _ if scheme.starts_with("sqlite+") => Err(Error::BadUrl(
            "what is after the + is a driver of SQLAlchemy: write sqlite:// and the rest as it is"
                .to_owned(),
        )),
        // What is before "://" need not be a scheme: it may be the better part of a password.
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
            "a sqlite:// URL takes no parameters: remove the `?` and what follows".to_owned(),
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
