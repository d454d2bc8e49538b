//! Saves the data of an open database whose files were deleted, moved or replaced ([`Location`]).
//!
//! Writes are refused from then on, because a message stored now would be lost. The data that was stored
//! before is made independent of this process: it is copied from the WAL into the database's file, and,
//! if that file has no name left, from there into a new file beside its old place.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::location::{Location, Moved};

/// The pause before a failed attempt to save is repeated: each attempt may fill the disk.
const RETRY: Duration = Duration::from_secs(30);

/// The state after the last check of the files.
pub(super) struct Rescue {
    location: Arc<Location>,
    moved: Option<Moved>,
    /// Whether all of the WAL has been copied into the database's file.
    is_copied: bool,
    saved: Option<PathBuf>,
    retry_at: Option<Instant>,
}

impl Rescue {
    pub fn new(location: Arc<Location>) -> Self {
        Self { location, moved: None, is_copied: false, saved: None, retry_at: None }
    }

    /// Checks the files, and saves the data if a file is not in its place. The first check that finds this
    /// only logs it: a write that began before has ended by the next check.
    ///
    /// `copy_log` copies the WAL into the database, and returns whether the WAL is then empty.
    pub fn look(&mut self, connection: &Connection, copy_log: impl FnOnce() -> bool) {
        let moved = self.location.moved();
        if moved != self.moved {
            match moved {
                Some(moved) => self.announce(moved),
                None => tracing::info!(file = %self.name(), "the database is in its place again"),
            }
            *self = Self { moved, ..Self::new(self.location.clone()) };
        } else if let Some(moved) = moved {
            self.bring_to_safety(moved, connection, copy_log);
        }
    }

    /// The last check, after all writes have ended. True: a file is not in its place.
    pub fn end(&mut self, connection: &Connection, copy_log: impl FnOnce() -> bool) -> bool {
        self.moved = self.location.moved();
        let Some(moved) = self.moved else { return false };
        self.retry_at = None;
        self.bring_to_safety(moved, connection, copy_log);
        true
    }

    fn bring_to_safety(
        &mut self,
        moved: Moved,
        connection: &Connection,
        copy_log: impl FnOnce() -> bool,
    ) {
        // SQLite would apply a WAL that is left behind to the next database of that name. If a reader
        // keeps it from being emptied now, the next check tries again.
        self.is_copied = self.is_copied || copy_log();
        let is_due = self.retry_at.is_none_or(|at| at <= Instant::now());
        if moved != Moved::Deleted || self.saved.is_some() || !is_due {
            return;
        }
        match self.location.save(connection) {
            Ok(file) => {
                tracing::error!(
                    "the database {} was deleted, and all that was stored in it is saved as {}: stop the \
                     server, give that file the name {}, and start it again",
                    self.name(),
                    file.display(),
                    self.name()
                );
                self.saved = Some(file);
            }
            Err(error) => {
                tracing::error!(
                    %error,
                    "the database {} was deleted and cannot be saved beside: make its folder, or room on \
                     the disk, and do not stop the server before the log says that it is saved",
                    self.name()
                );
                self.retry_at = Some(Instant::now() + RETRY);
            }
        }
    }

    fn announce(&self, moved: Moved) {
        match moved {
            Moved::Deleted => tracing::error!(
                "the database {} was deleted while it is open: nothing is written any more; do not stop \
                 the server before the log says that what was stored is saved",
                self.name()
            ),
            Moved::Renamed => tracing::error!(
                "the database {} was moved or replaced while it is open: nothing is written any more; \
                 move the file back to that name, and the server goes on; if the server is stopped, the \
                 moved file has all that was stored",
                self.name()
            ),
            Moved::Log => tracing::error!(
                "the write-ahead log of {}, or its index, was deleted, moved or replaced while it is \
                 open: nothing is written any more; all that was stored is in the database: restart the \
                 server",
                self.name()
            ),
        }
    }

    fn name(&self) -> std::path::Display<'_> {
        self.location.path().display()
    }
}
