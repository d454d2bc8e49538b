//! Makes the write-ahead log (WAL) that a killed process has left behind durable.
//!
//! SQLite treats everything that it can read from the WAL as committed. If a sync failed before the
//! process was killed, a part of the WAL may exist only in the kernel's memory, marked as written: Linux
//! does not write it again after the failure, and a later sync succeeds (Rebello et al., "Can
//! Applications Recover from fsync Failures?", USENIX ATC 2020). A power failure would lose that part,
//! and with it everything appended after it, even if the later part was synced. Therefore the WAL is
//! written again, byte for byte, and synced, before anything is appended.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::Connection;

use super::super::{Error, Result};
use super::errors;
use super::paths::beside;

const PIECE: usize = 1 << 20;

/// Writes the WAL over itself and syncs it. The write lock keeps the WAL from changing meanwhile. If
/// another process has that lock, the WAL is in use already and is not rewritten.
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
