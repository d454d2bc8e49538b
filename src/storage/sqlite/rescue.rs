//! What is done when the files of an open database are no longer those of their names ([`Location`]).
//!
//! Nothing is written any more, so that nobody is told that a message is stored which will be gone.
//! What was stored before is brought to where it can be found without this process: from the log into the
//! database's file, and, if that has no name left, from there into a new file beside.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::location::{Location, Moved};

/// How soon saving is tried again when it has failed: each attempt may fill the disk once more.
const RETRY: Duration = Duration::from_secs(30);

/// What is known since the last look.
pub(super) struct Rescue {
    location: Arc<Location>,
    moved: Option<Moved>,
    /// Everything is in the database's file.
    is_copied: bool,
    saved: Option<PathBuf>,
    retry_at: Option<Instant>,
}

impl Rescue {
    pub fn new(location: Arc<Location>) -> Self {
        Self { location, moved: None, is_copied: false, saved: None, retry_at: None }
    }

    /// Looks at the files, and does what is needed. The first look that finds them missing only says so:
    /// a write that had begun before has ended when the next one comes.
    ///
    /// `copy_log` copies the log into the database, and says whether all of it is there and the log empty.
    pub fn look(&mut self, connection: &Connection, copy_log: impl FnOnce() -> bool) {
        let moved = self.location.moved();
        if moved != self.moved {
            match moved {
                Some(moved) => self.announce(moved),
                None => tracing::info!(file = %self.name(), "it is in its place again"),
            }
            *self = Self { moved, ..Self::new(self.location.clone()) };
        } else if let Some(moved) = moved {
            self.bring_to_safety(moved, connection, copy_log);
        }
    }

    /// The last look, when nothing is written any more. True: the files are not in their places.
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
        // A log that stays in its place would be taken for the log of whatever database gets that name.
        // If it cannot be emptied now because somebody reads, it is at the next look.
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
