//! A copy of the database at one moment, made while other connections write.
//!
//! The backup runs in one read transaction. Without one, it would restart whenever another connection
//! commits (<https://sqlite.org/c3ref/backup_finish.html>; measured with 700 commits a second and a file
//! of 63 MiB: 2,196 restarts in 15 s without an end, against 0.4 s). `VACUUM INTO` is an alternative, but
//! it can neither sync in steps nor report progress. The cost of the transaction is that the WAL grows
//! until the backup ends.
//!
//! Each step is synced. With one sync at the end the disk would have to write everything at once, and
//! the server's own syncs would wait for it (measured: 99.9 % of deliveries within 13 ms instead of 43).

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::super::Result;
use super::super::copy_target::{self, Progress};
use super::errors::unavailable;

/// Pages in one step: 256 KiB.
const PAGES: i32 = 64;

/// The pause before a step is tried again. A step can fail only at the beginning, because of another
/// connection.
const WAIT: Duration = Duration::from_millis(10);

/// Copies the database at `from` to the empty file `to`, without the sessions of people and secrets, sealed as a
/// backup.
pub(super) fn back_up(from: &Path, to: &Path, progress: &mut Progress<'_>) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags)?;
    source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
    let file = File::options().write(true).open(to);
    let file = file.map_err(|error| unavailable(to, &error))?;
    let mut copy = Connection::open_with_flags(to, flags)?;
    copy.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = 64",
    )?;
    let page_bytes: u64 =
        source.query_row("PRAGMA page_size", [], |row| row.get::<_, u32>(0))?.into();
    {
        let backup = Backup::new(&source, &mut copy)?;
        loop {
            let step = backup.step(PAGES)?;
            let pages = backup.progress();
            let all = u64::try_from(pages.pagecount).unwrap_or(0);
            let left = u64::try_from(pages.remaining).unwrap_or(0);
            progress(all.saturating_sub(left) * page_bytes, all * page_bytes);
            match step {
                StepResult::Done => break,
                StepResult::More => file.sync_data().map_err(|error| unavailable(to, &error))?,
                _ => std::thread::sleep(WAIT),
            }
        }
    }
    source.execute_batch("COMMIT")?;
    drop(source);
    strip(&copy)?;
    copy.execute("UPDATE server SET sealed = ?1", [copy_target::BACKUP])?;
    close(copy)?;
    file.sync_all().map_err(|error| unavailable(to, &error))
}

/// Deletes the sessions of people, tickets, password resets, counters of attempts, known addresses and the token secret,
/// which must not get into a backup or a restored database. API tokens stay, as in every copy: programs cannot sign in
/// again.
pub(super) fn strip(db: &Connection) -> Result<()> {
    Ok(db.execute_batch(
        "PRAGMA journal_mode = DELETE;
         PRAGMA secure_delete = ON;
         BEGIN IMMEDIATE;
         DELETE FROM tickets;
         DELETE FROM password_resets;
         DELETE FROM sessions
             WHERE revoked_at IS NOT NULL OR id NOT IN (SELECT session_id FROM api_tokens);
         DELETE FROM attempts;
         DELETE FROM known_addresses;
         UPDATE server SET token_secret = NULL;
         COMMIT;",
    )?)
}

pub(super) fn close(connection: Connection) -> Result<()> {
    connection.close().map_err(|(_, error)| error.into())
}
