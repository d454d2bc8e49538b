//! The paths of the files of a database.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::super::Result;
use super::errors::unavailable;

/// Linux reports a loop after this many links.
const MAX_LINKS: u32 = 40;

/// Follows links, as SQLite does, so that all names of a database have one lock. The file that the last
/// link names need not exist yet.
pub(super) fn real_path(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        if let Ok(path) = path.canonicalize() {
            return path;
        }
        let Ok(target) = fs::read_link(&path) else { break };
        path = folder_of(&path).join(target);
    }
    match (folder_of(&path).canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Appends a suffix to the path: `chat.db` and `-wal` give `chat.db-wal`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(suffix);
    beside.into()
}

/// Syncs the folder of a file: only then is a new name or a rename on the disk.
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    let folder = folder_of(path);
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| unavailable(folder, &error))
}
