//! Opening a file: the checks before it, and the settings of the connections.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::super::copy_target::check_seal;
use super::super::pool::Pool;
use super::super::{Error, OpenOptions, Result};
use super::checkpoint::Checkpointer;
use super::claim::Claim;
use super::copy_target::check_unfinished;
use super::location::check_path;
use super::paths::real_path;
use super::{Sqlite, errors, fold_case, private, vfs};

/// More than the number of statements, so that each statement is compiled once per connection.
const CACHED_STATEMENTS: usize = 128;

/// With synchronous=FULL a commit is on the disk before the client gets its answer; with NORMAL a power
/// failure would lose the last commits. Automatic checkpoints are off, because
/// [`checkpoint`](super::checkpoint) makes them. mmap is not used: an I/O error in a mapped page is a
/// SIGBUS, which ends the process (<https://sqlite.org/mmap.html>).
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

impl Sqlite {
    /// Opens the file. Creates a missing file if `options.create` is set.
    ///
    /// # Errors
    /// [`Error::BadUrl`] if there is no such file or folder, or the file is not a database.
    pub fn open(path: PathBuf, options: &OpenOptions) -> Result<Self> {
        check_path(&path, options.create)?;
        // `private::create` does not follow a link whose target is missing.
        let path = real_path(&path);
        let claim = Claim::shared(&path)?;
        if options.create {
            // If this fails, opening the database below reports the reason.
            let _ = private::create(&path);
        }
        let busy_timeout = Duration::from_millis(options.busy_timeout_ms);
        check_unsealed(&path)?;
        check_unfinished(&path)?;
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
                // A new connection opens the file by name, which may be another file by now.
                location.check().map_err(errors::moved)?;
                connection.busy_timeout(busy_timeout)?;
                keep_statements(connection)?;
                fold_case::register(connection)?;
                connection.execute_batch(READER_PRAGMAS)
            });
        // Connections to a file do not break, and a test takes as long as reading a message.
        let readers = Pool::new(manager, options.read_connections, busy_timeout, false);
        Ok(Self { path, readers, writer: Mutex::new(writer), checkpointer, _claim: claim })
    }
}

/// Refuses a sealed database before anything changes the file. Other errors are left to the code that
/// opens the file for writing.
fn check_unsealed(path: &Path) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sealed = Connection::open_with_flags(path, flags).and_then(|db| {
        db.query_row("SELECT sealed FROM server", [], |row| row.get::<_, Option<String>>(0))
    });
    sealed.map_or(Ok(()), |sealed| check_seal(sealed.as_deref()))
}

pub(super) fn open_writer(path: &Path, options: &OpenOptions) -> rusqlite::Result<Connection> {
    let busy_timeout = Duration::from_millis(options.busy_timeout_ms);
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, options.create);
    let connection = vfs::connect(path, flags, options.gather_writes)?;
    connection.busy_timeout(busy_timeout)?;
    keep_statements(&connection)?;
    fold_case::register(&connection)?;
    connection.execute_batch(WRITER_PRAGMAS)?;
    use_wal(&connection, busy_timeout)?;
    Ok(connection)
}

/// Makes SQLite compile each statement once. Because it is built with SQLITE_ENABLE_STAT4, it would
/// otherwise compile a statement again whenever a parameter changes, to find a better plan
/// (<https://sqlite.org/queryplanner-ng.html#qpstab>); that took half of the time of reading a page.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Switches the file to WAL mode, which the file then keeps. The busy timeout does not apply to this
/// change: it fails while another connection does the same (measured: 5 times in 1600, with 8 threads
/// that open a new file at once), so it is tried again here.
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
