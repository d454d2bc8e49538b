//! Checkpoints: copying committed pages from the write-ahead log (WAL) into the database file
//! (<https://sqlite.org/wal.html>).
//!
//! By default SQLite makes a checkpoint in the commit that finds the WAL long. A backup or a long read
//! blocks checkpoints; the first commit after it then copies the whole WAL, and every write waits. Here a
//! thread with its own connection makes the checkpoints while the writer continues. The writer can start
//! the WAL from its beginning again only when nothing is left to copy, and while it writes, the thread is
//! always a little behind. So the writer copies a small rest itself.
//!
//! SQLite also shortens the WAL's file to `journal_size_limit`, in the commit that starts the WAL from its
//! beginning. Freeing 130 MiB took 45 ms, half of it in the disk (which is told the freed blocks), so the
//! limit is lowered by a few MiB each time.
//!
//! A checkpoint that leaves a rest does not sync the last pages that it copied ([`vfs`] syncs the others
//! in steps). The checkpoint that copies the rest syncs both. If that sync fails, the next checkpoint
//! copies the rest again, but not the earlier pages, and a successful sync does not prove that those are
//! on the disk (`recovery` has the sources). So after a disk error there are no more checkpoints until
//! the server is restarted and SQLite copies from the first frame. Until then the WAL keeps everything,
//! and grows.
//!
//! The same thread checks that the files are in their places (`location`), because its connection still
//! reads them when they are not.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use rusqlite::{Connection, OpenFlags};

use super::location::Location;
use super::paths::beside;
use super::rescue::Rescue;
use super::{errors, vfs};
use crate::storage::{Error, OpenOptions, Result};

/// Length of the WAL, in pages, at which a checkpoint begins: 16 MiB. The WAL is not copied sooner,
/// because a page that many commits have changed is then copied only once.
const LONG: i64 = 4_000;

/// Pages written before the writer checks again whether there are pages to copy. During a long read
/// there are not.
const LOOK: u64 = 250;

/// Below this many pages the writer copies the rest itself. SQLite has the same default for automatic
/// checkpoints.
const SMALL: i64 = 1_000;

/// How often the thread checks that the files are in their places.
const LOOK_AT_FILES: Duration = Duration::from_secs(1);

thread_local! {
    /// Pages in the WAL after this thread's latest commit, as SQLite reports to the hook. Asking with a
    /// PRAGMA would cost more than everything else after a commit, because it is compiled each time.
    static LOG_PAGES: Cell<i32> = const { Cell::new(0) };
}

/// The size to which the WAL's file is shortened after a burst.
const FILE_BYTES: i64 = 64 << 20;

/// Roughly the most that is cut off at once: the limit is rounded down to a multiple of it.
const CUT_BYTES: i64 = 4 << 20;

/// Handle of the checkpoint thread. Dropping it ends the thread.
pub(super) struct Checkpointer {
    log: PathBuf,
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    location: Arc<Location>,
    state: Arc<State>,
    /// Pages in the WAL at the writer's last check.
    looked_at: AtomicI64,
    /// The writer's `journal_size_limit`.
    size_limit: AtomicI64,
}

#[derive(Default)]
struct State {
    has_failed: AtomicBool,
    /// Checkpoints that copied something.
    count: AtomicU64,
}

impl Checkpointer {
    pub fn start(path: &Path, writer: &Connection, options: &OpenOptions) -> Result<Self> {
        let connection = open(path, options)?;
        let location = Arc::new(Location::of(path)?);
        let (wake, woken) = bounded(1);
        let state = Arc::<State>::default();
        let thread = thread::Builder::new()
            .name("chatapp-check".to_owned())
            .spawn({
                let (state, location) = (state.clone(), location.clone());
                move || run(connection, &woken, &state, location)
            })
            .map_err(|error| {
                Error::Internal(format!("the thread for checkpoints cannot be started: {error}"))
            })?;
        writer.wal_hook(Some(|_, pages| {
            LOG_PAGES.set(pages);
            Ok(())
        }));
        let checkpointer = Self {
            log: beside(path, "-wal"),
            wake: Some(wake),
            thread: Some(thread),
            location,
            state,
            looked_at: AtomicI64::new(0),
            size_limit: AtomicI64::new(0),
        };
        checkpointer.limit_size(writer, FILE_BYTES)?;
        Ok(checkpointer)
    }

    pub fn location(&self) -> &Arc<Location> {
        &self.location
    }

    /// Returns the number of checkpoints that copied something.
    pub fn count(&self) -> u64 {
        self.state.count.load(Ordering::Relaxed)
    }

    /// Must be called after each commit of the writer, on the thread that made the commit.
    pub fn after_commit(&self, writer: &Connection) {
        let pages = i64::from(LOG_PAGES.get());
        let since_then = pages.abs_diff(self.looked_at.load(Ordering::Relaxed));
        if pages < LONG || since_then < LOOK || self.state.has_failed.load(Ordering::SeqCst) {
            return;
        }
        self.looked_at.store(pages, Ordering::Relaxed);
        let bytes = fs::metadata(&self.log).map_or(0, |file| file.len());
        let limit = (i64::try_from(bytes).unwrap_or(i64::MAX) - CUT_BYTES) / CUT_BYTES * CUT_BYTES;
        // If this fails, a later call shortens the file.
        let _ = self.limit_size(writer, limit.max(FILE_BYTES));
        let Ok(log) = checkpoint(writer, Mode::Look) else { return };
        if log.left() >= SMALL {
            // A full queue means that the thread has been woken already.
            let (Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(()))) =
                self.wake.as_ref().map_or(Ok(()), |wake| wake.try_send(()));
        } else if log.left() > 0 {
            copy(writer, &self.state);
        }
    }

    fn limit_size(&self, writer: &Connection, bytes: i64) -> rusqlite::Result<()> {
        if self.size_limit.load(Ordering::Relaxed) != bytes {
            writer.pragma_update(None, "journal_size_limit", bytes)?;
            self.size_limit.store(bytes, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            // The thread's connection is closed last, which deletes the WAL.
            let _ = thread.join();
        }
    }
}

fn run(connection: Connection, woken: &Receiver<()>, state: &State, location: Arc<Location>) {
    let mut rescue = Rescue::new(location);
    loop {
        match woken.recv_timeout(LOOK_AT_FILES) {
            Ok(()) if !state.has_failed.load(Ordering::SeqCst) => copy(&connection, state),
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => {
                rescue.look(&connection, || empty(&connection, state));
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if rescue.end(&connection, || empty(&connection, state))
        || state.has_failed.load(Ordering::SeqCst)
    {
        // Closing the last connection makes a checkpoint and deletes the file that has the WAL's name,
        // even if it is another file by now. So this connection is never closed.
        std::mem::forget(connection);
    }
}

pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = vfs::connect(path, flags, options.gather_writes)?;
    connection.busy_timeout(Duration::from_millis(options.busy_timeout_ms))?;
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    // SQLite counts a connection among the users of the WAL only after its first read.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// Copies all of the WAL and empties it. False: that was not possible.
fn empty(connection: &Connection, state: &State) -> bool {
    let has_failed = || state.has_failed.load(Ordering::SeqCst);
    if !has_failed() {
        copy(connection, state);
    }
    !has_failed() && checkpoint(connection, Mode::Empty).is_ok_and(|log| log.pages == 0)
}

fn copy(connection: &Connection, state: &State) {
    match checkpoint(connection, Mode::Copy) {
        Ok(_) => {
            state.count.fetch_add(1, Ordering::Relaxed);
        }
        Err(error) if errors::is_of_the_disk(&error) => {
            state.has_failed.store(true, Ordering::SeqCst);
            tracing::error!(
                %error,
                "the disk failed during a checkpoint: nothing is lost, but the write-ahead log \
                 grows until the server is restarted; check the disk, then restart the server"
            );
        }
        Err(error) => {
            tracing::warn!(%error, "a checkpoint failed: the write-ahead log grows until one succeeds");
        }
    }
}

enum Mode {
    /// Copies nothing, but counts the pages.
    Look,
    /// Copies as much as is possible without waiting for another connection.
    Copy,
    /// Waits for other connections, copies everything and empties the WAL.
    Empty,
}

struct Log {
    pages: i64,
    copied: i64,
}

impl Log {
    fn left(&self) -> i64 {
        self.pages - self.copied
    }
}

fn checkpoint(connection: &Connection, mode: Mode) -> rusqlite::Result<Log> {
    let sql = match mode {
        Mode::Look => "PRAGMA wal_checkpoint(NOOP)",
        Mode::Copy => "PRAGMA wal_checkpoint(PASSIVE)",
        Mode::Empty => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    connection
        .prepare_cached(sql)?
        .query_row([], |row| Ok(Log { pages: row.get(1)?, copied: row.get(2)? }))
}
