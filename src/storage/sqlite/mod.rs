//! SQLite: the embedded database, one file.
//!
//! Owns the connections: one that writes, a pool of those that read. In WAL mode neither waits for
//! the other (<https://sqlite.org/wal.html>). The statements are in one file per area; this one
//! only says which of them is a read and which a write.

mod accounts;
mod archive;
mod audit;
mod backup;
mod checkpoint;
mod claim;
mod errors;
mod events;
mod location;
mod messages;
mod migrations;
mod private;
mod read_positions;
mod reading;
mod recovery;
mod rescue;
mod retention;
mod rooms;
mod rows;
mod sessions;
mod status;
mod target;
mod tickets;
mod transaction;
mod users;
mod vfs;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub use self::archive::{Archive, describe_archive};
use self::checkpoint::Checkpointer;
use self::claim::Claim;
pub(super) use self::location::find_saved;
pub(super) use self::private::mend as mend_rights;
pub(super) use self::target::SqliteTarget;
use self::transaction::Transaction;
use super::pool::Pool;
use super::rows::{Scope, Source, Visitor};
use super::target::{Progress, check_seal};
use super::{
    AppendError, Backend, ChangeError, DatabaseStatus, Error, Migration, OpenOptions, Result,
    ServerFacts,
};
use crate::model::{
    Account, Appended, AuditEntry, AuditId, Changed, Credentials, Cursor, EventId, EventPage,
    Message, MessagePage, NewAuditEntry, NewMessage, NewMessageChange, NewPasswordReset, NewRoom,
    NewSession, NewTicket, NewUser, ReadPosition, Reader, Reading, Room, RoomChange,
    RoomDifference, RoomId, RoomState, SecretHash, Seq, Session, SessionId, Timestamp, User,
    UserChange, UserId, UserQuery,
};

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
        target::check_unfinished(&path)?;
        let writer = open_writer(&path, options.create, busy_timeout).map_err(|error| {
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
        let checkpointer = Checkpointer::start(&path, &writer, busy_timeout)?;
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
    fn write<T>(&self, run: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.checkpointer.location().check()?;
        // A panic while the lock was held has rolled its transaction back: the connection is good.
        let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = Transaction::write(&connection)?;
        let value = run(&connection)?;
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

fn open_writer(path: &Path, create: bool, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
    let connection = Connection::open_with_flags_and_vfs(path, flags, vfs::name()?)?;
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

impl Source for Sqlite {
    fn read_rows(&self, scope: Scope, visit: &mut Visitor<'_>) -> Result<()> {
        self.read(|db| rows::read_rows(db, scope, visit))
    }
}

impl Backend for Sqlite {
    fn back_up(&self, file: &Path, progress: &mut Progress<'_>) -> Result<bool> {
        backup::back_up(&self.path, file, progress)?;
        Ok(true)
    }

    fn list_migrations(&self) -> Result<Vec<Migration>> {
        self.read(migrations::list_migrations)
    }

    /// Every server does this before it serves, so it also makes what a killed one left durable.
    fn migrate(&self) -> Result<Vec<Migration>> {
        // Not in `write`: the migrations bring their own transaction.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        recovery::rewrite_log(&writer, &self.path)?;
        migrations::migrate(&mut writer)
    }

    fn get_server_facts(&self) -> Result<ServerFacts> {
        self.checkpointer.location().check()?;
        self.read(migrations::get_server_facts)
    }

    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn get_status(&self) -> Result<DatabaseStatus> {
        let status = self.read(|db| status::get_status(db, &self.path))?;
        Ok(DatabaseStatus { checkpoints: Some(self.checkpointer.count()), ..status })
    }

    fn check_write(&self) -> Result<()> {
        self.write(status::check_write)
    }

    fn check_integrity(&self, deep: bool) -> Result<Vec<String>> {
        self.read(|db| status::check_integrity(db, deep))
    }

    fn get_or_create_secret(&self, candidate: &[u8]) -> Result<Vec<u8>> {
        self.write(|tx| sessions::get_or_create_secret(tx, candidate))
    }

    fn create_user(&self, user: &NewUser, audit: Option<&NewAuditEntry>) -> Result<User> {
        self.write(|tx| users::create_user(tx, user, audit))
    }

    fn get_user(&self, id: UserId) -> Result<Option<User>> {
        self.read(|db| users::get_user(db, id))
    }

    fn get_credentials(&self, username: &str) -> Result<Option<Credentials>> {
        self.read(|db| users::get_credentials(db, username))
    }

    fn list_admins(&self) -> Result<Vec<User>> {
        self.read(users::list_admins)
    }

    fn has_email(&self, email: &str) -> Result<bool> {
        self.read(|db| users::has_email(db, email))
    }

    fn has_admin(&self) -> Result<bool> {
        self.read(users::has_admin)
    }

    fn change_password(
        &self,
        id: UserId,
        from: &str,
        to: &str,
        keep: SessionId,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(|tx| users::change_password(tx, id, from, to, keep, now))
    }

    fn update_password(&self, id: UserId, hash: &str, audit: &NewAuditEntry) -> Result<bool> {
        self.write(|tx| accounts::update_password(tx, id, hash, audit))
    }

    fn list_users(&self, query: &UserQuery, now: Timestamp) -> Result<Vec<Account>> {
        self.read(|db| accounts::list_users(db, query, now))
    }

    fn get_account(&self, id: UserId, now: Timestamp) -> Result<Option<Account>> {
        self.read(|db| accounts::get_account(db, id, now))
    }

    fn update_user(&self, id: UserId, change: UserChange, audit: &NewAuditEntry) -> Result<bool> {
        self.write(|tx| accounts::update_user(tx, id, change, audit))
    }

    fn delete_user(&self, id: UserId, audit: &NewAuditEntry) -> Result<bool> {
        self.write(|tx| accounts::delete_user(tx, id, audit))
    }

    fn has_deleted_users(&self, since: Timestamp) -> Result<bool> {
        self.read(|db| accounts::has_deleted_users(db, since))
    }

    fn revoke_sessions(&self, id: UserId, audit: &NewAuditEntry) -> Result<Option<u32>> {
        self.write(|tx| accounts::revoke_sessions(tx, id, audit))
    }

    fn list_sessions(
        &self,
        user_id: Option<UserId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Session>> {
        self.read(|db| sessions::list_sessions(db, user_id, now, limit))
    }

    fn create_password_reset(
        &self,
        reset: &NewPasswordReset,
        audit: &NewAuditEntry,
    ) -> Result<bool> {
        self.write(|tx| accounts::create_password_reset(tx, reset, audit))
    }

    fn get_password_reset(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<User>> {
        self.read(|db| accounts::get_password_reset(db, hash, now))
    }

    fn take_password_reset(
        &self,
        hash: &SecretHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        self.write(|tx| accounts::take_password_reset(tx, hash, password_hash, now))
    }

    fn list_audit(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>> {
        self.read(|db| audit::list_audit(db, before, limit))
    }

    fn create_session(&self, session: &NewSession, password_hash: &str) -> Result<bool> {
        self.write(|tx| sessions::create_session(tx, session, password_hash))
    }

    fn get_session(&self, id: SessionId) -> Result<Option<Session>> {
        self.read(|db| sessions::get_session(db, id))
    }

    fn extend_session(&self, id: SessionId, expires_at: Timestamp) -> Result<bool> {
        self.write(|tx| sessions::extend_session(tx, id, expires_at))
    }

    fn revoke_session(&self, id: SessionId, now: Timestamp) -> Result<bool> {
        self.write(|tx| sessions::revoke_session(tx, id, now))
    }

    fn list_revoked_sessions(&self, since: Timestamp) -> Result<Vec<SessionId>> {
        self.read(|db| sessions::list_revoked_sessions(db, since))
    }

    fn delete_ended_sessions(&self, before: Timestamp) -> Result<u64> {
        self.write(|tx| sessions::delete_ended_sessions(tx, before))
    }

    fn create_ticket(&self, ticket: &NewTicket) -> Result<()> {
        self.write(|tx| tickets::create_ticket(tx, ticket))
    }

    fn take_ticket(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<SessionId>> {
        self.write(|tx| tickets::take_ticket(tx, hash, now))
    }

    fn create_room(&self, room: &NewRoom, audit: &NewAuditEntry) -> Result<Room> {
        self.write(|tx| rooms::create_room(tx, room, audit))
    }

    fn get_room(&self, id: RoomId) -> Result<Option<Room>> {
        self.read(|db| rooms::get_room(db, id))
    }

    fn list_rooms(&self) -> Result<Vec<Room>> {
        self.read(rooms::list_rooms)
    }

    fn get_room_by_name(&self, name: &str) -> Result<Option<Room>> {
        self.read(|db| rooms::get_room_by_name(db, name))
    }

    fn update_room(
        &self,
        id: RoomId,
        change: &RoomChange,
        audit: &NewAuditEntry,
    ) -> Result<Option<Room>> {
        self.write(|tx| rooms::update_room(tx, id, change, audit))
    }

    fn delete_room(&self, id: RoomId, audit: &NewAuditEntry) -> Result<bool> {
        self.write(|tx| rooms::delete_room(tx, id, audit))
    }

    fn purge_deleted_rooms(&self, limit: u32) -> Result<bool> {
        self.write(|tx| rooms::purge_deleted_rooms(tx, limit))
    }

    fn prune_events(
        &self,
        id: RoomId,
        before: Timestamp,
        limit: u32,
        audit: Option<&NewAuditEntry>,
    ) -> Result<u64> {
        self.write(|tx| retention::prune_events(tx, id, before, limit, audit))
    }

    fn count_prunable(&self, id: RoomId, before: Timestamp) -> Result<u64> {
        self.read(|db| retention::count_prunable(db, id, before))
    }

    fn list_changed_rooms(
        &self,
        known: &[RoomState],
        finds_new: bool,
    ) -> Result<Vec<RoomDifference>> {
        self.read(|db| rooms::list_changed_rooms(db, known, finds_new))
    }

    /// Asked on the writer's connection, whose own commits leave it as it is
    /// (<https://sqlite.org/pragma.html#pragma_data_version>).
    fn get_data_version(&self) -> Result<Option<i64>> {
        let writer = match self.writer.try_lock() {
            Ok(writer) => writer,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        let mut statement = writer.prepare_cached("PRAGMA data_version")?;
        Ok(Some(statement.query_row([], |row| row.get(0))?))
    }

    fn append_messages(
        &self,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<Result<Appended, AppendError>>> {
        self.write(|tx| events::append_messages(tx, messages))
    }

    fn count_messages(&self, room_id: RoomId) -> Result<u64> {
        self.read(|db| messages::count_messages(db, room_id))
    }

    fn get_message(&self, room_id: RoomId, id: EventId) -> Result<Option<Message>> {
        self.read(|db| messages::get_message(db, room_id, id))
    }

    fn edit_message(
        &self,
        change: NewMessageChange,
        content: &str,
    ) -> Result<Changed, ChangeError> {
        self.write(|tx| messages::edit_message(tx, change, content))?
    }

    fn delete_message(
        &self,
        change: NewMessageChange,
        audit: Option<&NewAuditEntry>,
    ) -> Result<Changed, ChangeError> {
        self.write(|tx| messages::delete_message(tx, change, audit))?
    }

    fn advance_read_positions(
        &self,
        positions: &[ReadPosition],
    ) -> Result<Vec<Option<(Seq, bool)>>> {
        self.write(|tx| read_positions::advance_read_positions(tx, positions))
    }

    fn list_rooms_read(
        &self,
        reader: Reader<'_>,
        only: Option<RoomId>,
    ) -> Result<Vec<(Room, Reading)>> {
        self.read(|db| reading::list_rooms_read(db, reader, only))
    }

    fn list_messages(
        &self,
        room_id: RoomId,
        cursor: Cursor,
        limit: u32,
    ) -> Result<Option<MessagePage>> {
        self.read(|db| events::list_messages(db, room_id, cursor, limit))
    }

    fn list_events(&self, room_id: RoomId, after: Seq, limit: u32) -> Result<Option<EventPage>> {
        self.read(|db| events::list_events(db, room_id, after, limit))
    }
}
