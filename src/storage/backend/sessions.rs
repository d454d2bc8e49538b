//! Logins, the secret that signs their tokens, and the tickets that open one socket.

use crate::model::{
    NewSession, NewTicket, Person, SecretHash, Session, SessionId, Timestamp, UserId,
};
use crate::storage::Result;

/// What was ended or renamed lately, by any process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked {
    /// The sessions, in any order.
    pub sessions: Vec<SessionId>,
    /// Whether any account was deleted.
    pub has_deleted_users: bool,
    /// The people whose display name was changed, with the names of now, in any order.
    pub renamed: Vec<Person>,
}

/// Sessions, tickets, and the secret that signs tokens.
pub trait Sessions {
    /// Returns the token secret of the database. Stores `candidate` if there is no secret yet.
    fn get_or_create_secret(&self, candidate: &[u8]) -> Result<Vec<u8>>;

    /// Stores a session for a user that proved to know the password of this hash. False: the account is
    /// not active, or has another password by now, and nothing is stored. If the password changes or the
    /// account is deactivated at the same time, there is no session, or it is revoked.
    fn create_session(&self, session: &NewSession, password_hash: &str) -> Result<bool>;
    /// The session with its user, also if it has expired or was revoked. `None`: no such session.
    fn get_session(&self, id: SessionId) -> Result<Option<Session>>;
    /// Lists at most `limit` sessions that are open at `now`, of one user or of all users, newest first.
    fn list_sessions(
        &self,
        user_id: Option<UserId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Session>>;
    /// Changes the end of a session, except that a bounded one keeps its end. False: no such session, or it is revoked.
    fn extend_session(&self, id: SessionId, expires_at: Timestamp) -> Result<bool>;
    /// Revokes a session. False: no such session, or it was revoked before.
    fn revoke_session(&self, id: SessionId, now: Timestamp) -> Result<bool>;
    /// Finds the sessions that were revoked, whether accounts were deleted, and the people whose display name was
    /// changed, at or after `since`.
    fn list_revoked(&self, since: Timestamp) -> Result<Revoked>;
    /// Deletes up to `limit` sessions that ended, by expiry or revocation, before `before`, and tickets and
    /// password resets that expired before then. Returns the number of sessions.
    fn delete_ended_sessions(&self, before: Timestamp, limit: u32) -> Result<u64>;

    /// Stores a ticket, and deletes some tickets that expire more than a minute before this one does. So
    /// there are never more tickets than were made in the last minutes.
    fn create_ticket(&self, ticket: &NewTicket) -> Result<()>;
    /// Deletes the ticket and returns its session, to one caller only, even if several
    /// processes call this. `None`: there is no such ticket, or it expired at or before `now`.
    fn take_ticket(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<SessionId>>;
}
