//! Checkpoints: copying what was committed from the write-ahead log into the database file
//! (<https://sqlite.org/wal.html>).
//!
//! SQLite by itself does this in the commit that finds the log long. After a backup or a long read,
//! which keep the log from being copied, that commit copies it all, and everybody waits. Here a
//! thread with a connection of its own does it while the writer goes on. Only when nothing is left
//! to copy does the writer begin the log from its start again, and while it writes that thread is
//! always a little behind: so the writer does the last bit itself, once it is small.

use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use rusqlite::{Connection, OpenFlags};

/// Pages in the log at which it is copied: 16 MiB. A page that many commits change is copied once.
const LONG: i64 = 4_000;

/// Pages that the writer copies itself: as many as SQLite's own default.
const SMALL: i64 = 1_000;

/// The thread, which ends with this.
pub(super) struct Checkpointer {
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub fn start(path: PathBuf, busy_timeout: Duration) -> std::io::Result<Self> {
        let (wake, woken) = bounded(1);
        let thread = thread::Builder::new()
            .name("chatapp-check".to_owned())
            .spawn(move || run(path, busy_timeout, &woken))?;
        Ok(Self { wake: Some(wake), thread: Some(thread) })
    }

    /// To be called after each commit of the writer.
    pub fn after_commit(&self, writer: &Connection) {
        let Ok(log) = checkpoint(writer, Mode::Look) else { return };
        if log.pages < LONG {
            return;
        }
        if log.left() >= SMALL {
            // Full: the thread is at work or about to be.
            let (Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(()))) =
                self.wake.as_ref().map_or(Ok(()), |wake| wake.try_send(()));
        } else if log.left() > 0 {
            warn_of(checkpoint(writer, Mode::Copy));
        }
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

fn run(path: PathBuf, busy_timeout: Duration, woken: &Receiver<()>) {
    let mut connection = None;
    while let Ok(()) = woken.recv() {
        let opened = match connection.take() {
            Some(opened) => Ok(opened),
            None => open(&path, busy_timeout),
        };
        warn_of(opened.and_then(|opened| {
            checkpoint(&opened, Mode::Copy)?;
            connection = Some(opened);
            Ok(())
        }));
    }
}

fn open(path: &PathBuf, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy_timeout)?;
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    Ok(connection)
}

fn warn_of<T>(checkpoint: rusqlite::Result<T>) {
    if let Err(error) = checkpoint {
        tracing::warn!(%error, "a checkpoint failed: the write-ahead log grows until one succeeds");
    }
}

enum Mode {
    Look,
    /// As much as can be copied without waiting for anybody.
    Copy,
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
    };
    connection
        .prepare_cached(sql)?
        .query_row([], |row| Ok(Log { pages: row.get(1)?, copied: row.get(2)? }))
}
