//! The lock that separates processes that use a database (shared) from one that replaces it (exclusive).
//!
//! It is a kernel lock (flock) on an empty file beside the database, `chat.db-lock`, so the kernel
//! releases it when the process ends in any way. The database file itself cannot be locked: SQLite
//! has POSIX locks on it, and a process loses all of those when it closes any handle of the file
//! (<https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>).
//! The lock file is never removed: a process that has opened it already would lock a file without a
//! name, while another process locks a new file.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::OFlags;

use super::super::{Error, Result};
use super::paths::{beside, real_path};
use super::private;

/// The lock. Dropping the value releases it.
#[derive(Debug)]
pub(super) struct Claim(#[expect(dead_code, reason = "the open file holds the lock")] File);

impl Claim {
    /// # Errors
    /// [`Error::InUse`] while the database is being replaced.
    pub fn shared(database: &Path) -> Result<Self> {
        let file = open(database)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(
                "a restore, import or copy is filling it: wait until that has ended".to_owned(),
            )),
            Err(TryLockError::Error(error)) => Err(unavailable(database, &error)),
        }
    }

    /// # Errors
    /// [`Error::InUse`] while any process has the database open.
    pub fn exclusive(database: &Path) -> Result<Self> {
        let file = open(database)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => {
                Err(Error::InUse("a chatapp is running on it: stop the server first".to_owned()))
            }
            Err(TryLockError::Error(error)) => Err(unavailable(database, &error)),
        }
    }
}

/// Opens the lock file. Read access is enough for a lock, so every user that may read the database
/// can take it.
fn open(database: &Path) -> Result<File> {
    let database = real_path(database);
    let path = beside(&database, "-lock");
    match options().read(true).open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(unavailable(&path, &error)),
        Ok(file) => return regular(file, &path),
    }
    let file = options().create(true).append(true).mode(0o600).open(&path);
    let file = file.map_err(|error| {
        Error::Unavailable(format!("{} cannot be made: {error}", path.display()))
    })?;
    if let Ok(owner) = database.metadata() {
        // Root gives the lock file to the owner of the database. Other users cannot do this, and need not.
        let _ = fchown(&file, Some(owner.uid()), Some(owner.gid()));
        // A user that may read this file can lock it, and so keep the server from starting.
        let mode = private::mended(owner.mode());
        let _ = file.set_permissions(Permissions::from_mode(mode));
    }
    regular(file, &path)
}

/// `NONBLOCK`, because opening a named pipe would wait for its other end.
fn options() -> OpenOptions {
    let mut options = File::options();
    options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    options
}

fn regular(file: File, path: &Path) -> Result<File> {
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(file),
        Ok(_) => Err(Error::BadUrl(format!(
            "{} is not a regular file, so it cannot be locked: move it away, and a new one is made",
            path.display()
        ))),
        Err(error) => Err(unavailable(path, &error)),
    }
}

fn unavailable(path: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("{} cannot be locked: {error}", path.display()))
}
