//! The work of operators: status, checks and backups.

use std::path::Path;

use crate::model::Timestamp;
use crate::storage::{Progress, Result};

/// The state of a database, for operators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseStatus {
    /// Such as `SQLite 3.50.4` or `PostgreSQL 16.4`.
    pub version: String,
    /// The size of the database, in bytes, without the write-ahead log.
    pub size_bytes: u64,
    /// The size of SQLite's write-ahead log. `None` for PostgreSQL.
    pub wal_bytes: Option<u64>,
    /// Checkpoints that this process has made. `None` for PostgreSQL.
    pub checkpoints: Option<u64>,
    /// Deleted accounts are not counted.
    pub users: u64,
    /// Deleted rooms are not counted.
    pub rooms: u64,
    /// Events in the logs of these rooms.
    pub events: u64,
    /// PostgreSQL's connections: the number in use, and the limit for this user.
    pub connections: Option<(u64, u64)>,
    /// The time of a database that may be on another machine. `None` for SQLite.
    pub now: Option<Timestamp>,
}

/// Status, checks and backups, for operators.
pub trait Upkeep {
    /// `sqlite` or `postgres`.
    fn name(&self) -> &'static str;

    /// Returns a sentence about the encryption of the newest connection to the database. `None` for SQLite,
    /// and before the first connection.
    fn describe_protection(&self) -> Option<String>;

    /// Reads the state of the database. Counting takes longer in a big database.
    fn get_status(&self) -> Result<DatabaseStatus>;

    /// Commits a change without an effect, to check that writing is possible.
    fn check_write(&self) -> Result<()>;

    /// Checks for damage and returns a sentence for each finding. `deep` reads the whole database.
    fn check_integrity(&self, deep: bool) -> Result<Vec<String>>;

    /// Copies the database at one moment into an empty file, without the sessions of people and secrets, while other
    /// connections continue to write. False: the database is not a file, and nothing was done.
    fn back_up(&self, file: &Path, progress: &mut Progress<'_>) -> Result<bool>;

    /// Returns a number that changes when another process has committed something. `None`: the database has
    /// no such number, or it cannot be read while this process writes. Does not wait.
    fn get_data_version(&self) -> Result<Option<i64>>;
}
