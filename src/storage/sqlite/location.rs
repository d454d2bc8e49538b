//! Detects that an open database file was deleted, moved or replaced, and checks a path before it is
//! opened.
//!
//! A deleted or moved file still exists for a process that has it open: SQLite would continue to write
//! to it, and everything written would be lost at the end of the process. SQLite can detect this for the
//! database (SQLITE_FCNTL_HAS_MOVED, through a raw handle only), but not for the WAL. It compares device
//! and inode. This file compares the same, for the database, its WAL and the WAL's index.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::super::{Error, Result};
use super::errors::unavailable;
use super::paths::{beside, folder_of, real_path, sync_folder};
use super::{backup, private};

/// Device and inode.
type Identity = (u64, u64);

/// The path of an open database, and the identities of its files.
pub(super) struct Location {
    path: PathBuf,
    /// The database, its WAL and the WAL's index, as they were opened.
    files: [(PathBuf, Identity); 3],
    opened: Opened,
}

/// What has happened to the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// The database has no name left: the kernel deletes it when the process ends.
    Deleted,
    /// The database has another name.
    Renamed,
    /// The database is in its place, but its WAL or the WAL's index is not.
    Log,
}

impl Location {
    /// Records the identities of the files of a database that is open in WAL mode.
    pub fn of(path: &Path) -> Result<Self> {
        let path = real_path(path);
        let files = ["", "-wal", "-shm"].map(|suffix| beside(&path, suffix));
        let [database, log, index] = files;
        let identify = |path: PathBuf| match identity(&path) {
            Ok(identity) => Ok((path, identity)),
            Err(error) => Err(unavailable(&path, &error)),
        };
        let opened = Opened::at(&database).map_err(|error| unavailable(&database, &error))?;
        let files = [identify(database)?, identify(log)?, identify(index)?];
        Ok(Self { path, files, opened })
    }

    /// # Errors
    /// [`Error::Unavailable`] if a file is not in its place: new writes would be lost. The three system
    /// calls take about a microsecond in all.
    pub fn check(&self) -> Result<()> {
        match self.missing() {
            None => Ok(()),
            Some(path) => Err(Error::Unavailable(format!(
                "{} was deleted, moved or replaced while it was open",
                path.display()
            ))),
        }
    }

    /// Returns which file is missing, and how. `None`: every file is in its place.
    pub fn moved(&self) -> Option<Moved> {
        Some(match self.missing()? {
            path if path != self.path => Moved::Log,
            _ if self.opened.is_deleted() => Moved::Deleted,
            _ => Moved::Renamed,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn missing(&self) -> Option<&Path> {
        let mut files = self.files.iter();
        let missing = files.find(|(path, opened)| identity(path).ok() != Some(*opened));
        missing.map(|(path, _)| path.as_path())
    }

    /// Copies the deleted database into a new file beside its old place. Returns the path of the copy.
    pub fn save(&self, from: &Connection) -> Result<PathBuf> {
        let names = (1_u32..).map(|number| saved_name(&self.path, number));
        let mut names = names.filter(|name| fs::symlink_metadata(name).is_err());
        let Some(to) = names.next() else {
            return Err(Error::Internal("every name for a saved copy is taken".to_owned()));
        };
        let file = private::create_new(&to).map_err(|error| unavailable(&to, &error))?;
        let saved = copy(from, &to).and_then(|()| {
            file.sync_all().map_err(|error| unavailable(&to, &error))?;
            sync_folder(&to)
        });
        if saved.is_err() {
            // An incomplete copy must not be mistaken for a complete one.
            let _ = fs::remove_file(&to);
        }
        saved.map(|()| to)
    }
}

fn saved_name(database: &Path, number: u32) -> PathBuf {
    match number {
        1 => beside(database, ".saved"),
        number => beside(database, &format!(".saved-{number}")),
    }
}

/// Finds the newest copy that [`Location::save`] has left beside this database.
///
/// It reads the whole folder, because an operator may have moved `.saved` away, but not `.saved-2`.
pub(in crate::storage) fn find_saved(database: &Path) -> Option<PathBuf> {
    let database = real_path(database);
    let prefix = beside(Path::new(database.file_name()?), ".saved");
    let files = fs::read_dir(folder_of(&database)).ok()?.flatten();
    let copies = files.filter(|file| {
        let name = file.file_name();
        let rest = name.as_bytes().strip_prefix(prefix.as_os_str().as_bytes());
        let is_number = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix(b"-").is_some_and(is_number))
    });
    let newest = copies.max_by_key(|file| file.metadata().and_then(|file| file.modified()).ok())?;
    Some(folder_of(&database).join(newest.file_name()))
}

/// Checks that a database can be opened at `path`, or made there if `create` says so.
///
/// # Errors
/// [`Error::BadUrl`].
pub(super) fn check_path(path: &Path, create: bool) -> Result<()> {
    if path.is_dir() {
        return Err(Error::BadUrl(format!(
            "{} is a folder: name a file in it, as in sqlite://chat.db",
            path.display()
        )));
    }
    // Opening a named pipe would wait for its other end.
    if path.metadata().is_ok_and(|file| !file.is_file()) {
        return Err(Error::BadUrl(format!(
            "{} is not a regular file: name another file, or move it away",
            path.display()
        )));
    }
    let real = real_path(path);
    let folder = folder_of(&real);
    if !folder.is_dir() {
        return Err(Error::BadUrl(format!(
            "there is no folder {} to keep {} in: make it first",
            folder.display(),
            path.display()
        )));
    }
    // An empty file counts as a database that is about to be created.
    let is_missing = path.metadata().map_or(true, |file| file.len() == 0);
    if is_missing && let Some(saved) = find_saved(path) {
        return Err(Error::BadUrl(format!(
            "there is no database at {database}, but there is {saved}, which a server saved when the \
             database was deleted: rename it to {database} to continue with it, or move it away",
            database = real.display(),
            saved = saved.display(),
        )));
    }
    if !create && !path.exists() {
        return Err(Error::BadUrl(format!(
            "there is no database at {}: `chatapp serve` or `chatapp migrate` makes one",
            path.display()
        )));
    }
    Ok(())
}

/// Copies everything in one step: the database is not written to meanwhile.
fn copy(from: &Connection, to: &Path) -> Result<()> {
    let mut copy = Connection::open(to)?;
    copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")?;
    match Backup::new(from, &mut copy)?.step(-1)? {
        StepResult::Done => {}
        StepResult::More | StepResult::Busy | StepResult::Locked | _ => {
            return Err(Error::Busy("another program uses the file".to_owned()));
        }
    }
    copy.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA journal_mode = WAL")?;
    backup::close(copy)
}

fn identity(path: &Path) -> std::io::Result<Identity> {
    let file = fs::metadata(path)?;
    Ok((file.dev(), file.ino()))
}

/// A handle of the database's file that tells whether the file still has a name. It is opened with
/// O_PATH, because closing an ordinary handle would release SQLite's locks
/// (<https://sqlite.org/howtocorrupt.html>).
#[cfg(target_os = "linux")]
struct Opened(rustix::fd::OwnedFd);

#[cfg(target_os = "linux")]
impl Opened {
    fn at(path: &Path) -> std::io::Result<Self> {
        use rustix::fs::{Mode, OFlags, open};
        Ok(Self(open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?))
    }

    fn is_deleted(&self) -> bool {
        rustix::fs::fstat(&self.0).is_ok_and(|file| file.st_nlink == 0)
    }
}

/// Without O_PATH this process cannot tell whether the file has another name, so a missing file counts
/// as deleted.
#[cfg(not(target_os = "linux"))]
struct Opened;

#[cfg(not(target_os = "linux"))]
impl Opened {
    fn at(_: &Path) -> std::io::Result<Self> {
        Ok(Self)
    }

    fn is_deleted(&self) -> bool {
        true
    }
}
