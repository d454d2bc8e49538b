//! PostgreSQL: for more than one machine.
//!
//! Owns the pools, one for reads and one for writes, so that slow pages never keep a message from
//! being stored. The statements are in one file per area; this one only says which of them is a
//! read and which a write.

mod accounts;
mod advice;
mod append;
mod audit;
mod connection;
mod errors;
mod events;
mod holders;
mod messages;
mod migrations;
mod read_positions;
mod reading;
mod retention;
mod rooms;
mod rows;
mod session;
mod sessions;
mod shortcomings;
mod status;
mod target;
mod tickets;
mod url;
mod users;

use std::path::Path;
use std::time::Duration;

use postgres::Config;
use r2d2::PooledConnection;

use self::connection::{Connection, Manager};
pub(super) use self::target::PostgresTarget;
use super::pool::Pool;
use super::rows::{Scope, Source, Visitor};
use super::target::Progress;
use super::{
    AppendError, Backend, ChangeError, DatabaseStatus, Error, Migration, OpenOptions, Result,
    ServerFacts, Shortcoming,
};
use crate::model::{
    Account, Appended, AuditEntry, AuditId, Changed, Credentials, Cursor, EventId, EventPage,
    Message, MessagePage, NewAuditEntry, NewMessage, NewMessageChange, NewPasswordReset, NewRoom,
    NewSession, NewTicket, NewUser, ReadPosition, Reader, Reading, Room, RoomChange,
    RoomDifference, RoomId, RoomState, SecretHash, Seq, Session, SessionId, Timestamp, User,
    UserChange, UserId, UserQuery,
};

/// `gen_random_uuid` is in the core since this one.
const OLDEST_VERSION: i32 = 130_000;

/// An open PostgreSQL database.
pub struct Postgres {
    readers: Pool<Manager>,
    writers: Pool<Manager>,
    manager: Manager,
    config: Config,
    /// What the log calls it.
    name: String,
    /// Whether the URL says that TLS is not wanted.
    disables_tls: bool,
}

impl Postgres {
    /// Opens the database and makes sure that it answers, and that its sessions are not shared.
    ///
    /// # Errors
    /// [`Error::BadUrl`] if the URL is not understood, [`Error::Unavailable`] if there is no answer,
    /// or if a pooler that shares connections is in between.
    pub fn open(url: &str, options: &OpenOptions) -> Result<Self> {
        let config = url::parse(url)?;
        let wait = Duration::from_millis(options.busy_timeout_ms);
        let manager = Manager::new(config.clone(), wait);
        let readers = Pool::new(manager.clone(), options.read_connections, wait, true);
        let writers = Pool::new(manager.clone(), 1, wait, true);
        let name = url::describe(&config);
        let disables_tls = url::disables_tls(url);
        let backend = Self { readers, writers, manager, config, name, disables_tls };
        let version = backend.read(server_version)?;
        if version < OLDEST_VERSION {
            let text = format!(
                "PostgreSQL {} is too old: chatapp needs version 13 or newer",
                version / 10_000
            );
            return Err(Error::Unavailable(text).of(&backend.name));
        }
        Ok(backend)
    }

    /// A read that loses its connection is tried once more on another: it changed nothing.
    fn read<T>(&self, run: impl Fn(&mut Connection) -> Result<T>) -> Result<T> {
        let result =
            self.get(&self.readers).and_then(|mut connection| match run(&mut connection) {
                Err(Error::Unavailable(_)) if connection.is_lost() => {
                    drop(connection);
                    run(&mut *self.get(&self.readers)?)
                }
                result => result,
            });
        result.map_err(|error| error.of(&self.name))
    }

    fn write<T>(&self, run: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let result = self.get(&self.writers).and_then(|mut connection| {
            run(&mut connection).map_err(|error| connection.judge(error))
        });
        result.map_err(|error| error.of(&self.name))
    }

    fn get(&self, pool: &Pool<Manager>) -> Result<PooledConnection<Manager>> {
        pool.get().map_err(|error| self.manager.judge(error))
    }
}

/// Whether [`Postgres::open`] understands the URL; looks at nothing else.
pub(super) fn check_url(url: &str) -> Result<()> {
    url::parse(url).map(drop)
}

fn server_version(db: &mut Connection) -> Result<i32> {
    Ok(db.query_one("SELECT current_setting('server_version_num')::int", &[])?.get(0))
}

impl Source for Postgres {
    fn read_rows(&self, scope: Scope, visit: &mut Visitor<'_>) -> Result<()> {
        let mut client = self.manager.connect_alone().map_err(|error| error.of(&self.name))?;
        rows::read_all(&mut client, visit, scope).map_err(|error| error.of(&self.name))
    }
}

impl Backend for Postgres {
    fn back_up(&self, _: &Path, _: &mut Progress<'_>) -> Result<bool> {
        Ok(false)
    }

    fn list_migrations(&self) -> Result<Vec<Migration>> {
        self.read(migrations::list_migrations)
    }

    fn migrate(&self) -> Result<Vec<Migration>> {
        let shortcomings = self.list_shortcomings()?;
        if let Some(fatal) = shortcomings.into_iter().find(|shortcoming| shortcoming.is_fatal) {
            let Shortcoming { detail, advice, .. } = fatal;
            return Err(Error::Unavailable(format!("{detail}: {advice}")).of(&self.name));
        }
        let migrated = session::connect_in_time(&self.config)
            .map_err(Error::from)
            .and_then(|mut client| migrations::migrate(&mut client));
        migrated.map_err(|error| error.of(&self.name))
    }

    fn list_shortcomings(&self) -> Result<Vec<Shortcoming>> {
        let mut found = self.read(shortcomings::list_shortcomings)?;
        if !self.disables_tls && !url::is_local(&self.config) {
            found.push(Shortcoming::warning(
                "encryption",
                "the connection to PostgreSQL is not encrypted, so passwords and messages cross the \
                 network as they are",
                "use a private network or a tunnel, and say with sslmode=disable in the database URL \
                 that it is meant",
            ));
        }
        Ok(found)
    }

    fn get_server_facts(&self) -> Result<ServerFacts> {
        let facts = self.read(migrations::get_server_facts)?;
        self.manager.expect_epoch(&facts.epoch);
        Ok(facts)
    }

    fn name(&self) -> &'static str {
        "postgres"
    }

    fn get_status(&self) -> Result<DatabaseStatus> {
        self.read(status::get_status)
    }

    fn check_write(&self) -> Result<()> {
        self.write(status::check_write)
    }

    fn check_integrity(&self, deep: bool) -> Result<Vec<String>> {
        self.read(|db| status::check_integrity(db, deep))
    }

    fn get_or_create_secret(&self, candidate: &[u8]) -> Result<Vec<u8>> {
        self.write(|db| sessions::get_or_create_secret(db, candidate))
    }

    fn create_user(&self, user: &NewUser, audit: Option<&NewAuditEntry>) -> Result<User> {
        self.write(|db| users::create_user(db, user, audit))
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
        self.write(|db| users::change_password(db, id, from, to, keep, now))
    }

    fn update_password(&self, id: UserId, hash: &str, audit: &NewAuditEntry) -> Result<bool> {
        self.write(|db| accounts::update_password(db, id, hash, audit))
    }

    fn list_users(&self, query: &UserQuery, now: Timestamp) -> Result<Vec<Account>> {
        self.read(|db| accounts::list_users(db, query, now))
    }

    fn get_account(&self, id: UserId, now: Timestamp) -> Result<Option<Account>> {
        self.read(|db| accounts::get_account(db, id, now))
    }

    fn update_user(&self, id: UserId, change: UserChange, audit: &NewAuditEntry) -> Result<bool> {
        self.write(|db| accounts::update_user(db, id, change, audit))
    }

    fn delete_user(&self, id: UserId, audit: &NewAuditEntry) -> Result<bool> {
        self.write(|db| accounts::delete_user(db, id, audit))
    }

    fn has_deleted_users(&self, since: Timestamp) -> Result<bool> {
        self.read(|db| accounts::has_deleted_users(db, since))
    }

    fn revoke_sessions(&self, id: UserId, audit: &NewAuditEntry) -> Result<Option<u32>> {
        self.write(|db| accounts::revoke_sessions(db, id, audit))
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
        self.write(|db| accounts::create_password_reset(db, reset, audit))
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
        self.write(|db| accounts::take_password_reset(db, hash, password_hash, now))
    }

    fn list_audit(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>> {
        self.read(|db| audit::list_audit(db, before, limit))
    }

    fn create_session(&self, session: &NewSession, password_hash: &str) -> Result<bool> {
        self.write(|db| sessions::create_session(db, session, password_hash))
    }

    fn get_session(&self, id: SessionId) -> Result<Option<Session>> {
        self.read(|db| sessions::get_session(db, id))
    }

    fn extend_session(&self, id: SessionId, expires_at: Timestamp) -> Result<bool> {
        self.write(|db| sessions::extend_session(db, id, expires_at))
    }

    fn revoke_session(&self, id: SessionId, now: Timestamp) -> Result<bool> {
        self.write(|db| sessions::revoke_session(db, id, now))
    }

    fn list_revoked_sessions(&self, since: Timestamp) -> Result<Vec<SessionId>> {
        self.read(|db| sessions::list_revoked_sessions(db, since))
    }

    fn delete_ended_sessions(&self, before: Timestamp) -> Result<u64> {
        self.write(|db| sessions::delete_ended_sessions(db, before))
    }

    fn create_ticket(&self, ticket: &NewTicket) -> Result<()> {
        self.write(|db| tickets::create_ticket(db, ticket))
    }

    fn take_ticket(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<SessionId>> {
        self.write(|db| tickets::take_ticket(db, hash, now))
    }

    fn create_room(&self, room: &NewRoom, audit: &NewAuditEntry) -> Result<Room> {
        self.write(|db| rooms::create_room(db, room, audit))
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
        self.write(|db| rooms::update_room(db, id, change, audit))
    }

    fn delete_room(&self, id: RoomId, audit: &NewAuditEntry) -> Result<bool> {
        self.write(|db| rooms::delete_room(db, id, audit))
    }

    fn purge_deleted_rooms(&self, limit: u32) -> Result<bool> {
        self.write(|db| rooms::purge_deleted_rooms(db, limit))
    }

    fn prune_events(
        &self,
        id: RoomId,
        before: Timestamp,
        limit: u32,
        audit: Option<&NewAuditEntry>,
    ) -> Result<u64> {
        self.write(|db| retention::prune_events(db, id, before, limit, audit))
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

    fn get_data_version(&self) -> Result<Option<i64>> {
        Ok(None)
    }

    fn append_messages(
        &self,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<Result<Appended, AppendError>>> {
        self.write(|db| append::append_messages(db, messages))
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
        self.write(|db| messages::edit_message(db, change, content))?
    }

    fn delete_message(
        &self,
        change: NewMessageChange,
        audit: Option<&NewAuditEntry>,
    ) -> Result<Changed, ChangeError> {
        self.write(|db| messages::delete_message(db, change, audit))?
    }

    fn advance_read_positions(
        &self,
        positions: &[ReadPosition],
    ) -> Result<Vec<Option<(Seq, bool)>>> {
        self.write(|db| read_positions::advance_read_positions(db, positions))
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
