//! Who may read the files of a database: its owner, for the secret of the tokens is in them.
//!
//! A file is made with its final rights, so that nobody can open it before they are set. SQLite gives
//! the log, its index and a journal the rights of the database.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::archive::is_sqlite;
use super::paths::{beside, real_path};

/// For the owner alone.
const MODE: u32 = 0o600;

/// Any right of those who are neither the owner nor in the file's group.
const OTHERS: u32 = 0o007;

/// Makes an empty file, whatever the umask is. A file that exists stays as it is.
pub(super) fn create(path: &Path) -> io::Result<()> {
    match create_new(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

/// # Errors
/// Also if the file exists.
pub(super) fn create_new(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create_new(true).mode(MODE).open(path)
}

/// The rights that a file gets which takes the place of one with the rights `mode`.
///
/// A file that everybody may read was not meant to be: it becomes its owner's alone. One that only its
/// group may read was made so on purpose, for chatapp never makes such a file.
pub(super) fn mended(mode: u32) -> u32 {
    if mode & OTHERS == 0 { mode & 0o7777 } else { MODE }
}

/// Mends the rights of a database's files, as far as this process may. Returns those it has mended.
pub(in crate::storage) fn mend(database: &Path) -> Vec<PathBuf> {
    let database = real_path(database);
    let Ok(file) = fs::metadata(&database) else { return Vec::new() };
    // An empty file is about to become a database.
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
