//! Who may use a file: everybody who opens the database together, or one who replaces it alone.
//!
//! A lock of the kernel (flock) on an empty file beside the database, `chat.db-lock`, so it is gone
//! with its process, however that ends. Not on the database itself: SQLite has locks of another
//! kind there, all of which a process loses when it closes any handle of the file
//! (<https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>).
//! The lock file stays: to remove it would take the lock from whoever waits for it.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::OFlags;

use super::super::{Error, Result};
use super::paths::{beside, real_path};
use super::private;

/// The lock, until this is dropped.
#[derive(Debug)]
pub(super) struct Claim(#[expect(dead_code, reason = "it is open")] File);

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
    /// [`Error::InUse`] while anybody has the database open.
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

/// Reading is enough for a lock, so that whoever may read the database can have it.
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
        // Root may give it to whom the database belongs; nobody else can, or needs to.
        let _ = fchown(&file, Some(owner.uid()), Some(owner.gid()));
        // Whoever may read this file may lock it, and so keep the server from starting.
        let mode = private::mended(owner.mode());
        let _ = file.set_permissions(Permissions::from_mode(mode));
    }
    regular(file, &path)
}

/// Opening a named pipe would wait for its other end.
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
