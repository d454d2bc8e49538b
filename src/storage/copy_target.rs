//! The interface of a database that is filled with a copy: by a restore, an import or `chatapp copy`.

use std::path::Path;

use super::rows::{Row, Table, Visitor};
use super::{Error, Result};

/// Receives the number of bytes done, and the number of all bytes.
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

/// The contents of a target at the time of the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// No rows.
    Nothing,
    /// Filling in steps was interrupted here.
    Unfinished,
    /// A database that could be served. It would be replaced.
    Data,
}

/// How a target is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// All or nothing: after an interruption the previous contents are unchanged.
    AtOnce,
    /// Every write stays, so that filling can continue after an interruption. Until it is finished, the
    /// database is sealed.
    InSteps,
}

/// A database that is claimed: no other process can use it while this value lives.
///
/// The result is an independent database, with a new epoch and without sessions, tickets and token
/// secret. So cursors of the source are refused, and sessions that were revoked there stay revoked.
pub trait CopyTarget {
    /// The state in which the target was claimed.
    fn contents(&self) -> Contents;

    /// Prepares for writing. The present contents are deleted, now or by [`Self::finish`], unless
    /// `contents` is [`Contents::Unfinished`]: then filling continues.
    fn begin(&mut self, filling: Filling, contents: Contents) -> Result<()>;

    /// Adds rows of a table. The caller writes tables in the order of [`TABLES`](super::rows::TABLES), and
    /// rows in the order of their keys.
    fn write(&mut self, table: &'static Table, rows: &[Row]) -> Result<()>;

    /// Reads the written rows as [`Source::read_rows`](super::rows::Source::read_rows) does.
    fn read_back(&mut self, visit: &mut Visitor<'_>) -> Result<()>;

    /// Completes the filling: the database can be used from then on.
    fn finish(self: Box<Self>) -> Result<()>;

    /// Replaces the database by a backup file, if the file has the target's own format. False: it has
    /// another format, and nothing was done.
    fn take_file(&mut self, file: &Path, progress: &mut Progress<'_>) -> Result<bool>;
}

/// Checks the value of `server.sealed`.
///
/// # Errors
/// [`Error::Sealed`] if the database must not be used.
pub(super) fn check_seal(sealed: Option<&str>) -> Result<()> {
    match sealed {
        None => Ok(()),
        Some(BACKUP) => Err(Error::Sealed(
            "this is a backup: `chatapp restore FILE` makes a database from it".to_owned(),
        )),
        Some(_) => Err(Error::Sealed(
            "not everything has been copied into this database yet: run the same `chatapp copy` \
             again to continue"
                .to_owned(),
        )),
    }
}

/// The value of `server.sealed` in a backup.
pub(super) const BACKUP: &str = "backup";
/// The value of `server.sealed` in a database that is being filled.
pub(super) const FILLING: &str = "filling";
