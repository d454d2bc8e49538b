//! Checkpoints: copying what was committed from the write-ahead log into the database file
//! (<https://sqlite.org/wal.html>).
//!
//! SQLite by itself does this in the commit that finds the log long. After a backup or a long read,
//! which keep the log from being copied, that commit copies it all, and everybody waits. Here a
//! thread with a connection of its own does it while the writer goes on. Only when nothing is left
//! to copy does the writer begin the log from its start again, and while it writes that thread is
//! always a little behind: so the writer does the last bit itself, once it is small.
//!
//! SQLite also cuts the log's file back to `journal_size_limit`, in the commit that begins the log from
//! its start. To give 130 MiB back took 45 ms, half of it the disk's (it is told which blocks are
//! free): so the limit goes down by a few MiB each time.
//!
//! A checkpoint that leaves something to copy does not sync the last of what it copied ([`vfs`] syncs it
//! in steps); the one that copies the rest does, for both. If that sync fails, the next one copies the rest again, but not what was
//! copied before, and a sync that succeeds then says nothing of it (`recovery` has the sources). So
//! after an error of the disk there are no more checkpoints until the server is started again and
//! SQLite begins with the first frame: the log keeps everything until then, and grows.
//!
//! The same thread looks whether the files are still those of their names (`location`), for it has a
//! connection that outlives them.

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

/// Pages in the log at which it is copied: 16 MiB. A page that many commits change is copied once.
const LONG: i64 = 4_000;

/// Pages after which it is looked again whether there is something to copy. While somebody reads
/// for long there is not.
const LOOK: u64 = 250;

/// Pages that the writer copies itself: as many as SQLite's own default.
const SMALL: i64 = 1_000;

/// How often it is looked whether the files are in their places.
const LOOK_AT_FILES: Duration = Duration::from_secs(1);

thread_local! {
    /// Pages in the log after this thread's latest commit. SQLite tells it with each; to be asked costs
    /// more than all else after a commit, for a PRAGMA is compiled anew each time.
    static LOG_PAGES: Cell<i32> = const { Cell::new(0) };
}

/// What the log's file is cut back to after a burst.
const FILE_BYTES: i64 = 64 << 20;

/// The most that is cut at once, but for the rest of one such step.
const CUT_BYTES: i64 = 4 << 20;

/// The thread, which ends with this.
pub(super) struct Checkpointer {
    log: PathBuf,
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    location: Arc<Location>,
    state: Arc<State>,
    /// Pages in the log when the writer last looked at it.
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

    /// How often the log was copied.
    pub fn count(&self) -> u64 {
        self.state.count.load(Ordering::Relaxed)
    }

    /// To be called after each commit of the writer, on the thread that made it.
    pub fn after_commit(&self, writer: &Connection) {
        let pages = i64::from(LOG_PAGES.get());
        let since_then = pages.abs_diff(self.looked_at.load(Ordering::Relaxed));
        if pages < LONG || since_then < LOOK || self.state.has_failed.load(Ordering::SeqCst) {
            return;
        }
        self.looked_at.store(pages, Ordering::Relaxed);
        let bytes = fs::metadata(&self.log).map_or(0, |file| file.len());
        let limit = (i64::try_from(bytes).unwrap_or(i64::MAX) - CUT_BYTES) / CUT_BYTES * CUT_BYTES;
        // What cannot be cut now is cut another time.
        let _ = self.limit_size(writer, limit.max(FILE_BYTES));
        let Ok(log) = checkpoint(writer, Mode::Look) else { return };
        if log.left() >= SMALL {
            // Full: the thread is at work or about to be.
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
            // The connection that is closed last tidies the log away.
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
        // The connection that is closed last makes a checkpoint and deletes the log, whatever file has
        // its name now: so this one is never closed.
        std::mem::forget(connection);
    }
}

pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = vfs::connect(path, flags, options.gather_writes)?;
    connection.busy_timeout(Duration::from_millis(options.busy_timeout_ms))?;
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    // From now on it counts among those that use the file.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// Copies all of the log and empties it; false if not all of that could be done.
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
                 grows until the server is started again; look after the disk, then restart"
            );
        }
        Err(error) => {
            tracing::warn!(%error, "a checkpoint failed: the log grows until one succeeds");
        }
    }
}

enum Mode {
    Look,
    /// As much as can be copied without waiting for anybody.
    Copy,
    /// All of it, waiting for others; the log is then empty.
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
