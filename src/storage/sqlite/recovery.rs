//! The write-ahead log that a killed process left behind.
//!
//! SQLite takes for committed whatever it can read of it. If a sync failed before the process was
//! killed, some of that may be in the memory of the kernel alone, marked as written: after a
//! failure Linux does not try again, and a further sync succeeds (Rebello et al., "Can Applications
//! Recover from fsync Failures?", USENIX ATC 2020). What is appended to such a log is lost with the
//! power, however well it is synced, as the part before it is missing then. So it is written once
//! more, byte for byte, and synced, before anything is appended.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::Connection;

use super::super::{Error, Result};
use super::errors;
use super::paths::beside;

const PIECE: usize = 1 << 20;

/// Writes the log over itself and syncs it. Nobody changes it meanwhile: that takes the write lock.
/// If another process has that, the log has been in use since it was read, and is left alone.
pub(super) fn rewrite_log(writer: &Connection, path: &Path) -> Result<()> {
    match writer.execute_batch("BEGIN IMMEDIATE") {
        Err(error) if errors::is_busy(&error) => return Ok(()),
        begun => begun?,
    }
    let log = beside(path, "-wal");
    let rewritten = match File::options().read(true).write(true).open(&log) {
        Ok(file) => rewrite(&file),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    writer.execute_batch("ROLLBACK")?;
    rewritten.map_err(|error| {
        Error::Unavailable(format!("{} cannot be rewritten: {error}", log.display()))
    })
}

fn rewrite(file: &File) -> std::io::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut offset = 0;
    loop {
        match file.read_at(&mut piece, offset)? {
            0 => return if offset > 0 { file.sync_all() } else { Ok(()) },
            read => {
                file.write_all_at(&piece[..read], offset)?;
                offset += read as u64;
            }
        }
    }
}
