//! SQLite: the embedded database, one file.
//!
//! Owns the connections: one that writes, a pool of those that read. In WAL mode neither waits for
//! the other (<https://sqlite.org/wal.html>). Each area of
//! [`Backend`] is a file, with its statements; this one opens the file and runs transactions.

mod archive;
mod audit;
mod backup;
mod checkpoint;
mod claim;
mod copy_target;
mod errors;
mod events;
mod location;
mod messages;
mod password_resets;
mod private;
mod read_positions;
mod records;
mod recovery;
mod rescue;
mod retention;
mod rooms;
mod rows;
mod schema;
mod sessions;
mod transaction;
mod upkeep;
mod user_admin;
mod users;
mod vfs;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub use self::archive::{Archive, describe_archive};
use self::checkpoint::Checkpointer;
use self::claim::Claim;
pub(super) use self::copy_target::SqliteCopyTarget;
pub(super) use self::location::find_saved;
pub(super) use self::private::mend as mend_rights;
use self::transaction::Transaction;
use super::copy_target::check_seal;
use super::pool::Pool;
use super::{Backend, Error, OpenOptions, Result};

/// More than there are statements, so that each is compiled once per connection.
const CACHED_STATEMENTS: usize = 128;

/// synchronous=FULL: a commit is on the disk before it is answered; NORMAL would lose the last
/// ones with the power. [`checkpoint`] says when the log is copied into the database, and when it is
/// cut. No mmap: an I/O error in a mapped page is a SIGBUS, which ends the
/// process (<https://sqlite.org/mmap.html>).
const WRITER_PRAGMAS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA cache_size = -16384;
    PRAGMA temp_store = MEMORY;
";
const READER_PRAGMAS: &str = "
    PRAGMA query_only = ON;
    PRAGMA cache_size = -8192;
    PRAGMA temp_store = MEMORY;
";

/// An open SQLite file.
pub struct Sqlite {
    path: PathBuf,
    readers: Pool<SqliteConnectionManager>,
    writer: Mutex<Connection>,
    checkpointer: Checkpointer,
    /// Last, so that it is given back when nothing has the file open any more.
    _claim: Claim,
}

impl Sqlite {
    /// Opens the file, making it if it is missing and `options.create` says so.
    ///
    /// # Errors
    /// [`Error::BadUrl`] if there is no such file or folder, or the file is no database.
    pub fn open(path: PathBuf, options: &OpenOptions) -> Result<Self> {
        check_path(&path, options.create)?;
        // To make a file where a link points to, its path is needed: a new file does not follow the link.
        let path = claim::real_path(&path);
        let claim = Claim::shared(&path)?;
        if options.create {
            // If it cannot be made SQLite says so, in a moment.
            let _ = private::create(&path);
        }
        let busy_timeout = Duration::from_millis(options.busy_timeout_ms);
        check_unsealed(&path)?;
        copy_target::check_unfinished(&path)?;
        let writer = open_writer(&path, options).map_err(|error| {
            if errors::is_not_a_database(&error) {
                return Error::BadUrl(format!(
                    "{} is not an SQLite database: name another file, or, if it was one, put a \
                     backup in its place",
                    path.display()
                ));
            }
            match Error::from(error) {
                Error::Unavailable(text) => {
                    Error::Unavailable(format!("{}: {text}", path.display()))
                }
                other => other,
            }
        })?;
        let checkpointer = Checkpointer::start(&path, &writer, options)?;
        let location = checkpointer.location().clone();
        let manager = SqliteConnectionManager::file(&path)
            .with_flags(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .with_init(move |connection| {
                // A new connection is opened by name, and would read whatever has that name now.
                location.check().map_err(errors::moved)?;
                connection.busy_timeout(busy_timeout)?;
                keep_statements(connection)?;
                connection.execute_batch(READER_PRAGMAS)
            });
        // A file does not go away, and to ask takes as long as to read a message.
        let readers = Pool::new(manager, options.read_connections, busy_timeout, false);
        Ok(Self { path, readers, writer: Mutex::new(writer), checkpointer, _claim: claim })
    }

    fn read<T>(&self, run: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        run(&*self.readers.get()?)
    }

    /// Runs in one transaction.
    ///
    /// After a sync that failed, this connection goes on, on purpose. Nobody can know what of the
    /// batch is on the disk, and no later sync will tell (<https://wiki.postgresql.org/wiki/Fsync_Errors>).
    /// SQLite has not counted the batch's frames as part of the log: the next batch is written over
    /// them, and stands on nothing that was not synced. A new connection that read the log anew
    /// would take them for a commit, and what it then appends would be lost with them.
    fn write<T>(&self, run: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        self.checkpointer.location().check()?;
        // A panic while the lock was held has rolled its transaction back: the connection is good.
        let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut transaction = Transaction::write(&connection)?;
        let value = run(&mut transaction)?;
        transaction.commit()?;
        self.checkpointer.after_commit(&connection);
        Ok(value)
    }
}

fn check_path(path: &Path, create: bool) -> Result<()> {
    if path.is_dir() {
        return Err(Error::BadUrl(format!(
            "{} is a folder: name a file in it, as in sqlite://chat.db",
            path.display()
        )));
    }
    // SQLite would wait for the other end of a named pipe.
    if path.metadata().is_ok_and(|file| !file.is_file()) {
        return Err(Error::BadUrl(format!(
            "{} is not a regular file: name another file, or move it away",
            path.display()
        )));
    }
    let real = claim::real_path(path);
    let folder = claim::folder_of(&real);
    if !folder.is_dir() {
        return Err(Error::BadUrl(format!(
            "there is no folder {} to keep {} in: make it first",
            folder.display(),
            path.display()
        )));
    }
    // An empty file is a database that is about to be made.
    let is_missing = path.metadata().map_or(true, |file| file.len() == 0);
    if is_missing && let Some(saved) = find_saved(path) {
        return Err(Error::BadUrl(format!(
            "there is no database at {database}, but {saved}, which a server saved when the database was \
             deleted: rename it to {database} to go on with it, or move it away",
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

/// Before the file is changed in any way. What else is wrong with it is found out later.
fn check_unsealed(path: &Path) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sealed = Connection::open_with_flags(path, flags).and_then(|db| {
        db.query_row("SELECT sealed FROM server", [], |row| row.get::<_, Option<String>>(0))
    });
    sealed.map_or(Ok(()), |sealed| check_seal(sealed.as_deref()))
}

fn open_writer(path: &Path, options: &OpenOptions) -> rusqlite::Result<Connection> {
    let busy_timeout = Duration::from_millis(options.busy_timeout_ms);
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, options.create);
    let connection = vfs::connect(path, flags, options.gather_writes)?;
    connection.busy_timeout(busy_timeout)?;
    keep_statements(&connection)?;
    connection.execute_batch(WRITER_PRAGMAS)?;
    use_wal(&connection, busy_timeout)?;
    Ok(connection)
}

/// Compiles each statement once. As SQLite is built here (SQLITE_ENABLE_STAT4) it would compile a
/// statement anew whenever a parameter changes, in the hope of a better plan
/// (<https://sqlite.org/queryplanner-ng.html#qpstab>); that was half of the time of a page.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// The mode is kept in the file. Changing it does not wait for other connections as everything
/// else does, but fails (measured: 5 times in 1600, with 8 threads opening a new file at once).
fn use_wal(connection: &Connection, busy_timeout: Duration) -> rusqlite::Result<()> {
    let deadline = Instant::now() + busy_timeout;
    loop {
        let attempt = connection
            .query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0))
            .and_then(|mode| match mode.as_str() {
                "wal" => Ok(mode),
                _ => connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)),
            });
        match attempt {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => return Err(errors::no_wal(&mode)),
            Err(error) if errors::is_busy(&error) && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(10));
            }
            Err(error) => return Err(error),
        }
    }
}

impl Backend for Sqlite {}
