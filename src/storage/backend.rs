//! The one interface of every database.

use std::path::Path;

use super::rows::Source;
use super::target::Progress;
use super::{Error, Result};
use crate::model::{
    Account, Appended, AuditEntry, AuditId, Changed, Credentials, Cursor, EventId, EventPage,
    Message, MessagePage, NewAuditEntry, NewMessage, NewMessageChange, NewPasswordReset, NewRoom,
    NewSession, NewTicket, NewUser, ReadPosition, Reader, Reading, Room, RoomChange,
    RoomDifference, RoomId, RoomState, SecretHash, Seq, Session, SessionId, Timestamp, User,
    UserChange, UserId, UserQuery,
};

/// Facts about the whole database, one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// Random, changed by restore and import. A cursor of another epoch means nothing here.
    pub epoch: String,
}

/// What an operator asks of a database, as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseStatus {
    /// `SQLite 3.50.4`, `PostgreSQL 16.4`.
    pub version: String,
    pub size_bytes: u64,
    /// SQLite's write-ahead log. `None` elsewhere.
    pub wal_bytes: Option<u64>,
    /// How often this process copied that log into the database.
    pub checkpoints: Option<u64>,
    /// Without those whose account was deleted.
    pub users: u64,
    /// Without those that were deleted.
    pub rooms: u64,
    /// Entries of these rooms' logs.
    pub events: u64,
    /// PostgreSQL's connections: in use, and the most there may be for this user.
    pub connections: Option<(u64, u64)>,
    /// The clock of a database on another machine.
    pub now: Option<Timestamp>,
}

/// One versioned change of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    pub version: i32,
    pub name: String,
    pub sql: String,
    pub state: MigrationState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationState {
    /// When, RFC 3339, as the migration table has it.
    Applied {
        at: String,
    },
    Pending,
}

/// Something about a database that keeps it from holding what chatapp promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortcoming {
    /// What it is about, in a word.
    pub subject: &'static str,
    /// Whether a server must not use the database as it is.
    pub is_fatal: bool,
    pub detail: String,
    /// What to do about it.
    pub advice: String,
}

impl Shortcoming {
    pub(super) fn fatal(
        subject: &'static str,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { subject, is_fatal: true, detail: detail.into(), advice: advice.into() }
    }

    pub(super) fn warning(
        subject: &'static str,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { is_fatal: false, ..Self::fatal(subject, detail, advice) }
    }
}

/// Why one message of a batch was not appended.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    #[error("no such room")]
    RoomNotFound,
    #[error("the room is archived")]
    RoomArchived,
    #[error("no such user")]
    UserNotFound,
    /// The batch, or this one when tried alone, failed as a whole.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// Why a message was not changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("no such room")]
    RoomNotFound,
    /// There is none of this number in this room, or the number is that of another kind of event.
    #[error("no such message")]
    MessageNotFound,
    #[error("the room is archived")]
    RoomArchived,
    #[error("the message is deleted")]
    MessageDeleted,
    #[error(transparent)]
    Storage(#[from] Error),
}

/// A database. Every method blocks and is one short transaction; a look-up that finds nothing is
/// `Ok(None)`, and an update or delete says whether it found its row.
///
/// What administers takes the entry of the audit log and stores it in the same transaction, at the
/// entry's time: there is no act without its record, and no record without its act. What finds
/// nothing, or changes nothing, is not recorded.
///
/// Implementations are used from several threads at once and hold their own pools. They must be
/// made, used and dropped on threads that run no async runtime (the `postgres` client blocks on
/// a runtime of its own, which panics inside another).
pub trait Backend: Source + Send + Sync + 'static {
    /// Copies the database as it is at one moment into an empty file, without sessions and secrets,
    /// while others go on writing. False: it is not kept in a file, and nothing has been done.
    fn back_up(&self, file: &Path, progress: &mut Progress<'_>) -> Result<bool>;

    /// Every known migration in order of version, and whether it has been applied.
    ///
    /// # Errors
    /// [`Error::SchemaTooNew`] if the database has one that is not known.
    fn list_migrations(&self) -> Result<Vec<Migration>>;

    /// Applies what is pending and returns it. Safe to run from several processes at once:
    /// one applies, the others wait and find nothing left.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if there is a fatal [`Shortcoming`], [`Error::InUse`] after waiting for
    /// others for a minute.
    fn migrate(&self) -> Result<Vec<Migration>>;

    /// What is wrong with the database that is not an error yet.
    fn list_shortcomings(&self) -> Result<Vec<Shortcoming>> {
        Ok(Vec::new())
    }

    /// Whether the database can be used by this binary.
    ///
    /// # Errors
    /// [`Error::SchemaTooOld`] if a migration is pending, [`Error::SchemaTooNew`],
    /// [`Error::Sealed`].
    fn check_schema(&self) -> Result<()> {
        let migrations = self.list_migrations()?;
        match migrations.iter().any(|migration| migration.state == MigrationState::Pending) {
            true => Err(Error::SchemaTooOld),
            false => self.get_server_facts().map(drop),
        }
    }

    /// # Errors
    /// [`Error::OtherDatabase`] if the epoch is not the one that was given the first time,
    /// [`Error::Sealed`].
    fn get_server_facts(&self) -> Result<ServerFacts>;

    /// `sqlite` or `postgres`.
    fn name(&self) -> &'static str;

    fn get_status(&self) -> Result<DatabaseStatus>;

    /// Commits a change that changes nothing, to see whether that is possible.
    fn check_write(&self) -> Result<()>;

    /// Looks for damage: a sentence for each that is found. `deep` reads everything, which takes as
    /// long as reading the database does.
    fn check_integrity(&self, deep: bool) -> Result<Vec<String>>;

    /// The token secret kept in the database; stores `candidate` first if there is none.
    fn get_or_create_secret(&self, candidate: &[u8]) -> Result<Vec<u8>>;

    /// # Errors
    /// [`Conflict`](super::Conflict) if the name, the email (both without regard to the case of
    /// ASCII letters) or the place of the first admin is taken.
    fn create_user(&self, user: &NewUser, audit: Option<&NewAuditEntry>) -> Result<User>;
    /// Also one that was deleted: its messages bear its new name.
    fn get_user(&self, id: UserId) -> Result<Option<User>>;
    /// By name, without regard to the case of ASCII letters. Deleted accounts have none.
    fn get_credentials(&self, username: &str) -> Result<Option<Credentials>>;
    /// Without regard to the case of ASCII letters.
    fn has_email(&self, email: &str) -> Result<bool>;
    fn has_admin(&self) -> Result<bool>;
    /// The active ones, in order of id.
    fn list_admins(&self) -> Result<Vec<User>>;
    /// Replaces the password by its hash, `from` by `to`, and revokes the user's sessions, but for
    /// `keep`, and the token that would set another. False: no such user, or the password is not
    /// `from` any more.
    fn change_password(
        &self,
        id: UserId,
        from: &str,
        to: &str,
        keep: SessionId,
        now: Timestamp,
    ) -> Result<bool>;

    /// Sets the password, by its hash, and revokes the user's sessions and the token that would set
    /// another. False: no such user, or a deleted one.
    fn update_password(&self, id: UserId, hash: &str, audit: &NewAuditEntry) -> Result<bool>;
    /// At most `query.limit` accounts, with the sessions they have open at `now`.
    fn list_users(&self, query: &UserQuery, now: Timestamp) -> Result<Vec<Account>>;
    /// `None` for a deleted one.
    fn get_account(&self, id: UserId, now: Timestamp) -> Result<Option<Account>>;
    /// Sets role and activity; another role, and deactivation, revoke the user's sessions.
    /// False: no such user, or a deleted one.
    ///
    /// # Errors
    /// [`Conflict::LastAdmin`](super::Conflict) if no active admin would be left. Of several who
    /// would together take away all of them, on any number of nodes, one is refused.
    fn update_user(&self, id: UserId, change: UserChange, audit: &NewAuditEntry) -> Result<bool>;
    /// Empties the account: another name, `deleted-ID`, no email, no password, no role, no
    /// sessions. Its messages stay. False: no such user, or deleted before.
    ///
    /// # Errors
    /// [`Conflict::LastAdmin`](super::Conflict), as above.
    fn delete_user(&self, id: UserId, audit: &NewAuditEntry) -> Result<bool>;
    /// Whether any account was deleted at or after `since`.
    fn has_deleted_users(&self, since: Timestamp) -> Result<bool>;
    /// How many sessions were open, and are no more. `None`: no such user, or a deleted one.
    fn revoke_sessions(&self, id: UserId, audit: &NewAuditEntry) -> Result<Option<u32>>;
    /// At most `limit` sessions that are open at `now`, of one user or of all, newest first.
    fn list_sessions(
        &self,
        user_id: Option<UserId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Session>>;

    /// Takes the place of an earlier one of the same user. False: no such user, or a deleted one.
    fn create_password_reset(
        &self,
        reset: &NewPasswordReset,
        audit: &NewAuditEntry,
    ) -> Result<bool>;
    /// Whose password it would set. `None`: there is no such token, or it expired at or before
    /// `now`.
    fn get_password_reset(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<User>>;
    /// Deletes the token, and does with the password what [`Self::update_password`] does, for one
    /// caller only. `None`: as above, and nothing is changed.
    fn take_password_reset(
        &self,
        hash: &SecretHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<UserId>>;

    /// At most `limit` entries with a smaller number than `before`, newest first.
    fn list_audit(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>>;

    /// For somebody who proved to know the password of this hash. False, and nothing is stored: the
    /// account is not active, or has another password by now. With a new password, or deactivation,
    /// at the same time, either there is no session or it is revoked.
    fn create_session(&self, session: &NewSession, password_hash: &str) -> Result<bool>;
    fn get_session(&self, id: SessionId) -> Result<Option<Session>>;
    /// Moves the end of a session that is not revoked. False: there is none.
    fn extend_session(&self, id: SessionId, expires_at: Timestamp) -> Result<bool>;
    /// False: no such session, or revoked before.
    fn revoke_session(&self, id: SessionId, now: Timestamp) -> Result<bool>;
    /// Sessions revoked at or after `since`, in any order.
    fn list_revoked_sessions(&self, since: Timestamp) -> Result<Vec<SessionId>>;
    /// Forgets sessions that ended, by expiry or revocation, before `before`, and tickets and
    /// tokens of new passwords that expired before then; says how many sessions.
    fn delete_ended_sessions(&self, before: Timestamp) -> Result<u64>;

    /// Forgets some tickets too that expired a minute before this one does, so that however many
    /// somebody makes, there are no more than of the last minutes.
    fn create_ticket(&self, ticket: &NewTicket) -> Result<()>;
    /// Deletes the ticket and gives its session, to one caller only, whatever the number of
    /// processes that ask. `None`: there is no such ticket, or it expired at or before `now`.
    fn take_ticket(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<SessionId>>;

    /// # Errors
    /// [`Conflict::RoomNameTaken`](super::Conflict), without regard to the case of ASCII letters.
    fn create_room(&self, room: &NewRoom, audit: &NewAuditEntry) -> Result<Room>;
    fn get_room(&self, id: RoomId) -> Result<Option<Room>>;
    /// By name, without regard to the case of ASCII letters.
    fn get_room_by_name(&self, name: &str) -> Result<Option<Room>>;
    /// Every room, in order of id.
    fn list_rooms(&self) -> Result<Vec<Room>>;
    /// Makes what differs from the room as it is, as one revision of it, and returns it. `None`: no
    /// such room.
    ///
    /// # Errors
    /// [`Conflict::RoomNameTaken`](super::Conflict), without regard to the case of ASCII letters.
    fn update_room(
        &self,
        id: RoomId,
        change: &RoomChange,
        audit: &NewAuditEntry,
    ) -> Result<Option<Room>>;
    /// Takes the room out of every other method's sight, at once, whatever its size: its rows are
    /// for [`Self::purge_deleted_rooms`]. False: no such room.
    fn delete_room(&self, id: RoomId, audit: &NewAuditEntry) -> Result<bool>;
    /// Deletes up to `limit` rows of what deleted rooms have left behind. False: there is nothing
    /// more, or another process is at it.
    fn purge_deleted_rooms(&self, limit: u32) -> Result<bool>;

    /// Deletes the oldest events of the room's log, up to the first that is not older than
    /// `before`, and at most `limit`; says how many. Their numbers are not given again. `audit` is
    /// recorded if there were any.
    fn prune_events(
        &self,
        id: RoomId,
        before: Timestamp,
        limit: u32,
        audit: Option<&NewAuditEntry>,
    ) -> Result<u64>;
    /// How many [`Self::prune_events`] would delete in the end.
    fn count_prunable(&self, id: RoomId, before: Timestamp) -> Result<u64>;

    /// Those rooms that are not as they are known, in any order. Rooms of which nothing is known are
    /// listed only if `finds_new`.
    fn list_changed_rooms(
        &self,
        known: &[RoomState],
        finds_new: bool,
    ) -> Result<Vec<RoomDifference>>;
    /// A number that is another one once another process has committed something. `None`: there is
    /// no such number, or not while this process writes. Does not wait.
    fn get_data_version(&self) -> Result<Option<i64>>;

    /// Appends messages in order, as one transaction, each with the next `seq` of its room.
    ///
    /// The result has one entry per message, in the same order. A message that cannot be stored
    /// fails alone. A `client_id` seen before, in this batch too, gives the original message and
    /// stores nothing. Rooms are locked in order of id. `Err` means that none was stored, or,
    /// after a connection lost during commit, that it is not known: the sender tries again with
    /// the same `client_id`.
    fn append_messages(
        &self,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<Result<Appended, AppendError>>>;

    /// How many messages the room has, deleted ones too. Reads all of its log.
    fn count_messages(&self, room_id: RoomId) -> Result<u64>;
    /// `None`: there is no such message in the room, or no such room.
    fn get_message(&self, room_id: RoomId, id: EventId) -> Result<Option<Message>>;
    /// Gives the message another text, and the log an event that says so. The same text again
    /// stores nothing. Not in an archived room.
    fn edit_message(&self, change: NewMessageChange, content: &str)
    -> Result<Changed, ChangeError>;
    /// Empties the message, and every earlier edit of it in the log, and adds an event that says so.
    /// A message deleted before is left as it is.
    fn delete_message(
        &self,
        change: NewMessageChange,
        audit: Option<&NewAuditEntry>,
    ) -> Result<Changed, ChangeError>;

    /// Moves positions on, each to the room's head at most and never back, as one transaction.
    /// The result has one entry per position, in the same order: where it is now, and whether it
    /// has moved. `None`: no such room.
    fn advance_read_positions(
        &self,
        positions: &[ReadPosition],
    ) -> Result<Vec<Option<(Seq, bool)>>>;
    /// Every room, or this one alone, in order of id, with how far the reader is in it. All of it is of
    /// one snapshot: what is counted as unread is up to the room's `head_seq`.
    fn list_rooms_read(
        &self,
        reader: Reader<'_>,
        only: Option<RoomId>,
    ) -> Result<Vec<(Room, Reading)>>;

    /// A page of at most `limit` messages. `None`: no such room.
    fn list_messages(
        &self,
        room_id: RoomId,
        cursor: Cursor,
        limit: u32,
    ) -> Result<Option<MessagePage>>;

    /// At most `limit` events after `after`. `None`: no such room.
    fn list_events(&self, room_id: RoomId, after: Seq, limit: u32) -> Result<Option<EventPage>>;
}
