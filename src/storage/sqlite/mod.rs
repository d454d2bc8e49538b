//! SQLite: the embedded database, one file.
//!
//! Owns the connections: one that writes, a pool of those that read. In WAL mode neither waits for
//! the other (<https://sqlite.org/wal.html>). Each area of
//! [`Backend`] is a file, with its statements; this one opens the file and runs transactions.

mod archive;
mod audit;
mod backup;
mod checkpoint;
mod claim;
mod copy_target;
mod errors;
mod events;
mod location;
mod messages;
mod open;
mod password_resets;
mod paths;
mod private;
mod read_positions;
mod records;
mod recovery;
mod rescue;
mod retention;
mod rooms;
mod rows;
mod schema;
mod sessions;
mod transaction;
mod upkeep;
mod user_admin;
mod users;
mod vfs;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;

pub use self::archive::{Archive, describe_archive};
use self::checkpoint::Checkpointer;
use self::claim::Claim;
pub(super) use self::copy_target::SqliteCopyTarget;
pub(super) use self::location::find_saved;
pub(super) use self::private::mend as mend_rights;
use self::transaction::Transaction;
use super::pool::Pool;
use super::{Backend, Result};

/// An open SQLite file.
pub struct Sqlite {
    path: PathBuf,
    readers: Pool<SqliteConnectionManager>,
    writer: Mutex<Connection>,
    checkpointer: Checkpointer,
    /// Last, so that it is given back when nothing has the file open any more.
    _claim: Claim,
}

impl Sqlite {
    fn read<T>(&self, run: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        run(&*self.readers.get()?)
    }

    /// Runs in one transaction.
    ///
    /// After a sync that failed, this connection goes on, on purpose. Nobody can know what of the
    /// batch is on the disk, and no later sync will tell (<https://wiki.postgresql.org/wiki/Fsync_Errors>).
    /// SQLite has not counted the batch's frames as part of the log: the next batch is written over
    /// them, and stands on nothing that was not synced. A new connection that read the log anew
    /// would take them for a commit, and what it then appends would be lost with them.
    fn write<T>(&self, run: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        self.checkpointer.location().check()?;
        // A panic while the lock was held has rolled its transaction back: the connection is good.
        let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut transaction = Transaction::write(&connection)?;
        let value = run(&mut transaction)?;
        transaction.commit()?;
        self.checkpointer.after_commit(&connection);
        Ok(value)
    }
}

impl Backend for Sqlite {}
