//! SQLite, the embedded database in one file.
//!
//! This file owns the connections, one writer and a pool of readers, and runs transactions on them. In
//! WAL mode readers and the writer do not wait for each other (<https://sqlite.org/wal.html>). Each area
//! of [`Backend`] is a file of its own, with its statements.

mod archive;
mod attempts;
mod audit;
mod backup;
mod bots;
mod checkpoint;
mod claim;
mod copy_target;
mod drafts;
mod errors;
mod events;
mod external_accounts;
mod fold_case;
mod hooks;
mod invites;
mod location;
mod members;
mod messages;
mod open;
mod outgoing_hooks;
mod parts;
mod password_resets;
mod paths;
mod people;
mod private;
mod reactions;
mod read_positions;
mod readable;
mod records;
mod recovery;
mod rescue;
mod retention;
mod rooms;
mod rows;
mod scheduled;
mod schema;
mod search;
mod sessions;
mod threads;
mod transaction;
mod upkeep;
mod user_admin;
mod users;
mod vfs;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;

pub use self::archive::{Archive, describe_archive};
use self::checkpoint::Checkpointer;
use self::claim::Claim;
pub(super) use self::copy_target::SqliteCopyTarget;
pub(super) use self::location::find_saved;
pub(super) use self::private::mend as mend_rights;
use self::transaction::Transaction;
use super::backend::Fleet;
use super::pool::Pool;
use super::{Backend, Error, Result};

/// An open SQLite file.
pub struct Sqlite {
    path: PathBuf,
    readers: Pool<SqliteConnectionManager>,
    writer: Mutex<Connection>,
    checkpointer: Checkpointer,
    /// The last field, so that the lock is released after all connections are closed.
    _claim: Claim,
}

impl Sqlite {
    fn read<T>(&self, run: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        run(&*self.readers.get()?)
    }

    /// Runs `run` in one transaction.
    ///
    /// This connection stays in use after a failed sync, on purpose. It is then unknown which part of the
    /// batch is on the disk, and a later sync does not tell
    /// (<https://wiki.postgresql.org/wiki/Fsync_Errors>). This connection has not counted the batch's
    /// frames as part of the WAL: it overwrites them with the next batch, which so depends on synced
    /// frames only. A new connection would read the WAL, take the unsynced frames for a commit and append
    /// after them. A power failure would then lose both.
    fn write<T, E: From<Error>>(
        &self,
        run: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.checkpointer.location().check()?;
        // After a panic the connection is still good: the transaction was rolled back.
        let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut transaction = Transaction::write(&connection).map_err(Error::from)?;
        let value = run(&mut transaction)?;
        transaction.commit().map_err(Error::from)?;
        self.checkpointer.after_commit(&connection);
        Ok(value)
    }
}

impl Backend for Sqlite {
    fn fleet(&self) -> Option<&dyn Fleet> {
        None
    }

    fn maintenance(&self) -> Option<Arc<dyn Backend>> {
        None
    }
}
