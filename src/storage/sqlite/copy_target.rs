//! Filling an SQLite file with the data of a backup, an export or another database.
//!
//! The new file is written beside the database, as `chat.db.partial`. When it is complete and synced, a
//! rename puts it in the database's place: until then the database is unchanged. If filling in steps is
//! interrupted, the partial file stays, so that filling can be continued.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::super::copy_target::{Contents, CopyTarget, FILLING, Filling, Progress, check_seal};
use super::super::rows::{Row, Scope, Table, Visitor};
use super::super::{Error, Result};
use super::archive::Archive;
use super::claim::Claim;
use super::errors::unavailable;
use super::location::check_path;
use super::paths::{beside, real_path, sync_folder};
use super::{backup, private, rows, schema};

const COPY_BYTES: usize = 1 << 20;

/// In WAL mode the written rows survive if the process is killed. The file is synced once, when it is
/// complete.
const PRAGMAS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -16384;
";

pub(in crate::storage) struct SqliteCopyTarget {
    path: PathBuf,
    partial: PathBuf,
    /// The connection to the partial file, once filling has begun.
    connection: Option<Connection>,
    contents: Contents,
    keeps_partial: bool,
    _claim: Claim,
}

impl SqliteCopyTarget {
    /// # Errors
    /// [`Error::InUse`], also if another program has the file open.
    pub fn claim(path: &Path) -> Result<Self> {
        check_path(path, true)?;
        let path = real_path(path);
        let claim = Claim::exclusive(&path)?;
        let partial = beside(&path, ".partial");
        let contents = match contents(&path) {
            Ok(Contents::Nothing) if is_unfinished(&partial) => Contents::Unfinished,
            // An unreadable database may be the reason for the restore.
            Err(Error::Damaged(_)) => Contents::Data,
            contents => contents?,
        };
        Ok(Self { path, partial, connection: None, contents, keeps_partial: false, _claim: claim })
    }

    fn connection(&mut self) -> Result<&mut Connection> {
        self.connection.as_mut().ok_or_else(|| Error::Internal("filling has not begun".to_owned()))
    }

    fn remove_partial(&self) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            // Most of these files do not exist.
            let _ = fs::remove_file(beside(&self.partial, suffix));
        }
    }

    /// Syncs the partial file and puts it in the database's place.
    fn install(&mut self) -> Result<()> {
        let file = File::open(&self.partial).and_then(|file| file.sync_all());
        file.map_err(|error| unavailable(&self.partial, &error))?;
        if let Ok(old) = self.path.metadata() {
            // The server may run as another user than this command.
            let _ = chown(&self.partial, Some(old.uid()), Some(old.gid()));
            let mode = private::mended(old.permissions().mode());
            let _ = fs::set_permissions(&self.partial, fs::Permissions::from_mode(mode));
            close_log(&self.path)?;
        }
        fs::rename(&self.partial, &self.path).map_err(|error| unavailable(&self.path, &error))?;
        sync_folder(&self.path)
    }
}

impl Drop for SqliteCopyTarget {
    fn drop(&mut self) {
        self.connection = None;
        if !self.keeps_partial {
            self.remove_partial();
        }
    }
}

impl CopyTarget for SqliteCopyTarget {
    fn contents(&self) -> Contents {
        self.contents
    }

    fn begin(&mut self, filling: Filling, contents: Contents) -> Result<()> {
        self.connection = None;
        if contents != Contents::Unfinished {
            self.remove_partial();
        }
        self.keeps_partial = filling == Filling::InSteps;
        private::create(&self.partial).map_err(|error| unavailable(&self.partial, &error))?;
        let mut connection = open(&self.partial)?;
        connection.execute_batch(PRAGMAS)?;
        schema::migrate_to_fill(&mut connection)?;
        connection.execute("UPDATE server SET sealed = ?1", [FILLING])?;
        self.connection = Some(connection);
        Ok(())
    }

    fn write(&mut self, table: &'static Table, new_rows: &[Row]) -> Result<()> {
        let connection = self.connection()?;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        rows::write_rows(&tx, table, new_rows)?;
        Ok(tx.commit()?)
    }

    fn read_back(&mut self, visit: &mut Visitor<'_>) -> Result<()> {
        rows::read_rows(self.connection()?, Scope::Everything, visit)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let connection = self.connection()?;
        connection.execute("UPDATE server SET sealed = NULL", [])?;
        if let Some(connection) = self.connection.take() {
            close_whole(connection)?;
        }
        self.install()
    }

    fn take_file(&mut self, file: &Path, progress: &mut Progress<'_>) -> Result<bool> {
        let Some(archive) = Archive::open(file)? else { return Ok(false) };
        drop(archive);
        self.remove_partial();
        copy(file, &self.partial, progress)?;
        let mut connection = open(&self.partial)?;
        schema::migrate_to_fill(&mut connection)?;
        backup::strip(&connection)?;
        connection.execute_batch(
            "DROP TABLE IF EXISTS backup;
             UPDATE server SET epoch = lower(hex(randomblob(16))), sealed = NULL;",
        )?;
        close_whole(connection)?;
        self.install()?;
        Ok(true)
    }
}

/// Checks that the database is not just a partial copy, which an operator may want to continue.
///
/// # Errors
/// [`Error::Sealed`].
pub(super) fn check_unfinished(path: &Path) -> Result<()> {
    let partial = beside(&real_path(path), ".partial");
    if partial.exists() && is_unfinished(&partial) && contents(path)? == Contents::Nothing {
        return Err(Error::Sealed(format!(
            "not everything has been copied into it yet: run the same command again to continue, or \
             delete {} to begin with an empty database",
            partial.display()
        )));
    }
    Ok(())
}

fn open(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(path, flags)?)
}

/// Finds out what the file contains. A schema without accounts counts as nothing.
fn contents(path: &Path) -> Result<Contents> {
    if fs::metadata(path).map_or(0, |file| file.len()) == 0 {
        return Ok(Contents::Nothing);
    }
    let connection = open(path)?;
    let has_table = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'users')";
    let count_all = "SELECT count(*) FROM sqlite_schema";
    let is_ours: bool = connection.query_row(has_table, [], |row| row.get(0))?;
    let is_empty = match is_ours {
        true => connection.query_row(
            "SELECT NOT EXISTS (SELECT 1 FROM users WHERE id > 0)",
            [],
            |row| row.get(0),
        )?,
        false => connection.query_row(count_all, [], |row| row.get::<_, i64>(0))? == 0,
    };
    Ok(if is_empty { Contents::Nothing } else { Contents::Data })
}

/// Whether the partial file can be continued. It cannot if it is unreadable or has another schema: then
/// filling begins again.
fn is_unfinished(partial: &Path) -> bool {
    let sealed = || -> Result<Option<String>> {
        let connection = Connection::open_with_flags(partial, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        Ok(connection.query_row("SELECT sealed FROM server", [], |row| row.get(0))?)
    };
    sealed().is_ok_and(|sealed| check_seal(sealed.as_deref()).is_err())
}

/// Copies the WAL of the replaced database into its file and deletes the WAL: SQLite would otherwise
/// apply it to the new file. This works only while no other program has the file open.
fn close_log(path: &Path) -> Result<()> {
    let connection = open(path)?;
    let mode: String = connection
        .query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))
        .map_err(|error| match Error::from(error) {
        Error::Busy(_) => {
            Error::InUse("another program has the file open: close it first".to_owned())
        }
        Error::Damaged(text) => Error::Unavailable(format!(
            "the existing file is damaged ({text}), and its log cannot be closed: move it away, \
             with the -wal and -shm files beside it"
        )),
        error => error,
    })?;
    if mode != "delete" {
        return Err(Error::InUse("another program has the file open: close it first".to_owned()));
    }
    backup::close(connection)
}

/// Moves everything into the file, without a WAL beside it, and closes the database. The file stays
/// marked as a database in WAL mode.
fn close_whole(connection: Connection) -> Result<()> {
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE; PRAGMA journal_mode = WAL",
    )?;
    backup::close(connection)
}

fn copy(from: &Path, to: &Path, progress: &mut Progress<'_>) -> Result<()> {
    let mut copy = || -> std::io::Result<()> {
        let mut source = File::open(from)?;
        let all = source.metadata()?.len();
        let mut copy = private::create_new(to)?;
        let mut piece = vec![0; COPY_BYTES];
        let mut done = 0;
        loop {
            match source.read(&mut piece) {
                Ok(0) => return copy.sync_all(),
                Ok(read) => {
                    copy.write_all(&piece[..read])?;
                    done += read as u64;
                    progress(done, all);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    };
    copy().map_err(|error| unavailable(to, &error))
}
