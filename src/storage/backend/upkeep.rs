//! The work of operators: status, checks and backups.

use std::path::Path;

use crate::model::Timestamp;
use crate::storage::{Progress, Result};

/// The state of a database as operators want to see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseStatus {
    /// `SQLite 3.50.4`, `PostgreSQL 16.4`.
    pub version: String,
    /// The size of the database, in bytes, without the write-ahead log.
    pub size_bytes: u64,
    /// SQLite's write-ahead log. `None` elsewhere.
    pub wal_bytes: Option<u64>,
    /// How often this process copied that log into the database.
    pub checkpoints: Option<u64>,
    /// Deleted accounts are not counted.
    pub users: u64,
    /// Deleted rooms are not counted.
    pub rooms: u64,
    /// Entries of these rooms' logs.
    pub events: u64,
    /// PostgreSQL's connections: in use, and the most there may be for this user.
    pub connections: Option<(u64, u64)>,
    /// The clock of a database on another machine.
    pub now: Option<Timestamp>,
}

/// Status, checks and backups, for operators.
pub trait Upkeep {
    /// `sqlite` or `postgres`.
    fn name(&self) -> &'static str;

    /// Reads the state of the database. Counting takes longer in a big database.
    fn get_status(&self) -> Result<DatabaseStatus>;

    /// Commits a change that changes nothing, to see whether that is possible.
    fn check_write(&self) -> Result<()>;

    /// Looks for damage and returns a sentence for each finding. `deep` reads everything, which takes
    /// as long as reading the database does.
    fn check_integrity(&self, deep: bool) -> Result<Vec<String>>;

    /// Copies the database as it is at one moment into an empty file, without sessions and secrets,
    /// while other connections go on writing. False: the database is not kept in a file, and nothing
    /// has been done.
    fn back_up(&self, file: &Path, progress: &mut Progress<'_>) -> Result<bool>;

    /// A number that differs once another process has committed something. `None`: there is no such
    /// number, or it cannot be asked for while this process writes. Does not wait.
    fn get_data_version(&self) -> Result<Option<i64>>;
}
