//! The access rights of a database's files: only the owner may read them, because they contain the token
//! secret.
//!
//! A file is created with its final rights, so that there is no moment at which another user can open
//! it. SQLite gives the WAL, its index and a journal the rights of the database.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::archive::is_sqlite;
use super::paths::{beside, real_path};

/// Read and write for the owner only.
const MODE: u32 = 0o600;

/// All rights of users that are neither the owner nor in the file's group.
const OTHERS: u32 = 0o007;

/// Creates an empty file with [`MODE`], independent of the umask. An existing file is not changed.
pub(super) fn create(path: &Path) -> io::Result<()> {
    match create_new(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

/// Creates a file with [`MODE`].
///
/// # Errors
/// `AlreadyExists` if the file exists, and other errors of the file system.
pub(super) fn create_new(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create_new(true).mode(MODE).open(path)
}

/// Returns the rights for a file that had, or replaces a file that had, the rights `mode`.
///
/// Rights for all users are a mistake, so only the owner keeps access. Rights for the group stay: an
/// operator has set them on purpose, because chatapp never creates such a file.
pub(super) fn mended(mode: u32) -> u32 {
    if mode & OTHERS == 0 { mode & 0o7777 } else { MODE }
}

/// Corrects the rights of a database's files, as far as this process may. Returns the corrected files.
pub(in crate::storage) fn mend(database: &Path) -> Vec<PathBuf> {
    let database = real_path(database);
    let Ok(file) = fs::metadata(&database) else { return Vec::new() };
    // An empty file counts as a database that is about to be created.
    if !file.is_file() || (file.len() > 0 && !is_sqlite(&database).unwrap_or(false)) {
        return Vec::new();
    }
    let files = ["", "-wal", "-shm", "-lock"].map(|suffix| beside(&database, suffix));
    files.into_iter().filter(|path| mend_one(path).unwrap_or(false)).collect()
}

fn mend_one(path: &Path) -> io::Result<bool> {
    let file = fs::metadata(path)?;
    let mode = file.permissions().mode() & 0o7777;
    if !file.is_file() || mended(mode) == mode {
        return Ok(false);
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mended(mode)))?;
    Ok(true)
}
