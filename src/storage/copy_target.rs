//! A database that is filled from elsewhere: by a restore, an import or a copy.

use std::path::Path;

use super::rows::{Row, Table, Visitor};
use super::{Error, Result};

/// Told how many of how many bytes are done.
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

/// What a target has in it when it is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// No rows.
    Nothing,
    /// Rows of a filling in steps that was interrupted.
    Unfinished,
    /// A database that could be served, and would be replaced.
    Data,
}

/// How a target is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// All of it or nothing: interrupted, what was there before is there still.
    AtOnce,
    /// Every write stays, so that an interrupted filling can go on. Until it is finished nobody
    /// can use the database.
    InSteps,
}

/// A database that nobody else can use while this value lives, however it ends.
///
/// What comes out at the end is a database of its own: with another epoch, without sessions,
/// tickets and secret. So a cursor of the one it was filled from is refused, and what was revoked
/// there stays revoked.
pub trait CopyTarget {
    /// The state in which the target was claimed.
    fn contents(&self) -> Contents;

    /// Makes ready for writing: all that is there is taken away, at once or by
    /// [`Self::finish`], unless it is unfinished and `filling` goes on with it.
    fn begin(&mut self, filling: Filling, contents: Contents) -> Result<()>;

    /// Adds rows of a table. Tables come in the order of [`TABLES`](super::rows::TABLES), rows in
    /// the order of their keys.
    fn write(&mut self, table: &'static Table, rows: &[Row]) -> Result<()>;

    /// What has been written, as [`Source::read_rows`](super::rows::Source::read_rows) gives it.
    fn read_back(&mut self, visit: &mut Visitor<'_>) -> Result<()>;

    /// Makes it the database.
    fn finish(self: Box<Self>) -> Result<()>;

    /// Makes this backup the database, if it is kept in the same way. False: it is not, and
    /// nothing has been done.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it is not whole.
    fn take_file(&mut self, file: &Path, progress: &mut Progress<'_>) -> Result<bool>;
}

/// Why a database with this word in `server.sealed` must not be used.
pub(super) fn check_seal(sealed: Option<&str>) -> Result<()> {
    match sealed {
        None => Ok(()),
        Some(BACKUP) => Err(Error::Sealed(
            "this is a backup: `chatapp restore FILE` makes a database of it".to_owned(),
        )),
        Some(_) => Err(Error::Sealed(
            "not everything has been copied into this database yet: run the same `chatapp copy` \
             again, and it goes on where it was interrupted"
                .to_owned(),
        )),
    }
}

/// `server.sealed` of a backup, and of a database that is being filled.
pub(super) const BACKUP: &str = "backup";
pub(super) const FILLING: &str = "filling";
