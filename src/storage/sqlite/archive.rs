//! A backup that is an SQLite file.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::super::rows::{Scope, Source, Visitor};
use super::super::{Error, Result, migrations};
use super::errors::unavailable;
use super::{backup, rows, schema};

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// A backup file, opened for reading: a sealed copy of a database with a description of its contents.
pub struct Archive {
    connection: Connection,
}

impl Archive {
    /// Opens the file. `None`: the file is not an SQLite database.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        if !is_sqlite(path).map_err(|error| unavailable(path, &error))? {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192")?;
        Ok(Some(Self { connection }))
    }

    /// Returns the description that the backup was made with, and its SHA-256. `None`: the file is an
    /// SQLite database, but not a backup.
    pub fn description(&self) -> Result<Option<(String, String)>> {
        let has_table = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'backup')";
        if !self.connection.query_row(has_table, [], |row| row.get(0))? {
            return Ok(None);
        }
        let both = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let description = "SELECT description, sha256 FROM backup";
        Ok(self.connection.query_row(description, [], both).optional()?)
    }

    /// Checks that this program knows all of the backup's schema.
    ///
    /// # Errors
    /// [`Error::SchemaExtended`].
    pub fn check_known_schema(&self) -> Result<()> {
        migrations::check_known(&schema::list_migrations(&self.connection)?)
    }

    /// Checks every page.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the first finding.
    pub fn check_pages(&self) -> Result<()> {
        self.ask("PRAGMA quick_check(1)")
    }

    /// Checks every page, every entry of every index and every reference between rows.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the first finding.
    pub fn check(&self) -> Result<()> {
        self.ask("PRAGMA integrity_check(1)")?;
        let mut broken = self.connection.prepare("PRAGMA foreign_key_check")?;
        match broken.query_row([], |row| row.get::<_, String>(0)).optional()? {
            Some(table) => {
                Err(Error::Damaged(format!("a row of {table} refers to a row that does not exist")))
            }
            None => Ok(()),
        }
    }

    fn ask(&self, pragma: &str) -> Result<()> {
        match self.connection.query_row(pragma, [], |row| row.get::<_, String>(0))?.as_str() {
            "ok" => Ok(()),
            verdict => Err(Error::Damaged(verdict.replace('\n', " "))),
        }
    }
}

impl Source for Archive {
    fn read_rows(&self, scope: Scope, visit: &mut Visitor<'_>) -> Result<()> {
        rows::read_rows(&self.connection, scope, visit)
    }
}

/// Stores the description in a backup file, and syncs the file.
pub fn describe_archive(path: &Path, description: &str, sha256: &str) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(
        "CREATE TABLE backup (description TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT",
    )?;
    connection.execute("INSERT INTO backup VALUES (?1, ?2)", [description, sha256])?;
    backup::close(connection)?;
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| unavailable(path, &error))
}

pub(super) fn is_sqlite(path: &Path) -> std::io::Result<bool> {
    let mut start = [0; 16];
    match File::open(path)?.read_exact(&mut start) {
        Ok(()) => Ok(start == *MAGIC),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
