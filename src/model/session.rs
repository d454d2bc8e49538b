//! Sessions, tickets and tokens that set passwords.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{Grant, Person, Role, RoomId, Timestamp, User, UserId};

/// A session's random id, the `sid` of its tokens: 128 bits, written as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(pub u128);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for SessionId {
    type Err = ();

    fn from_str(digits: &str) -> Result<Self, ()> {
        if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(());
        }
        u128::from_str_radix(digits, 16).map(Self).map_err(|_| ())
    }
}

/// A session to be stored.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The session's id.
    pub id: SessionId,
    /// The user who logged in.
    pub user_id: UserId,
    /// The time of the login.
    pub created_at: Timestamp,
    /// The time at which the session ends, unless it is extended.
    pub expires_at: Timestamp,
}

/// A session to be stored for an account that is found in the same transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTerms {
    /// The session's id.
    pub id: SessionId,
    /// The time of the sign-in.
    pub created_at: Timestamp,
    /// The time at which the session ends, unless it is extended.
    pub expires_at: Timestamp,
    /// Whether the session cannot be extended.
    pub is_bounded: bool,
}

/// A session and its user, as they are in the database now.
#[derive(Clone, Debug)]
pub struct Session {
    /// The session's id.
    pub id: SessionId,
    /// The user as the account is now.
    pub user: User,
    /// The name that the user wants to be shown.
    pub display_name: Option<Arc<str>>,
    /// The time of the login.
    pub created_at: Timestamp,
    /// The time at which the session ends, unless it is extended.
    pub expires_at: Timestamp,
    /// The time at which a logout, a new password, a new role, a deactivation or an administrator
    /// ended it.
    pub revoked_at: Option<Timestamp>,
    /// What the session allows, if a program holds it by an API token.
    pub grant: Option<Grant>,
    /// A time of use of the API token, at most a minute before the last one.
    pub last_used_at: Option<Timestamp>,
}

/// The SHA-256 of a ticket or of another token that cannot be guessed. Only the hash is stored.
pub type SecretHash = [u8; 32];

/// A ticket to be stored: it opens one socket for its session, once.
#[derive(Clone, Debug)]
pub struct NewTicket {
    /// The hash of the ticket.
    pub hash: SecretHash,
    /// The session of the socket.
    pub session_id: SessionId,
    /// The time from which the ticket is refused.
    pub expires_at: Timestamp,
}

/// A token that sets a new password of an account, once, by its hash. A later token replaces it.
#[derive(Clone, Debug)]
pub struct NewPasswordReset {
    /// The hash of the token.
    pub hash: SecretHash,
    /// The account whose password the token sets.
    pub user_id: UserId,
    /// The time from which the token is refused.
    pub expires_at: Timestamp,
}

/// An authenticated caller. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The caller's account.
    pub user_id: UserId,
    /// The name of the account.
    pub username: Arc<str>,
    /// The name that the caller wants to be shown.
    pub display_name: Option<Arc<str>>,
    /// The role of the account.
    pub role: Role,
    /// Whether the account is a bot's.
    pub is_bot: bool,
    /// What the caller's API token allows. `None`: a person has signed in, who may do all that the account may.
    pub grant: Option<Arc<Grant>>,
    /// The session that the caller's token belongs to.
    pub session_id: SessionId,
    /// The time at which the caller's token expires.
    pub expires_at: Timestamp,
}

impl Identity {
    /// Whether the caller's token can be used for the room. The account may have no right there.
    pub fn token_allows_room(&self, room_id: RoomId) -> bool {
        self.grant.as_ref().is_none_or(|grant| grant.allows_room(room_id))
    }

    /// The caller, as events and frames name people.
    pub fn person(&self) -> Person {
        Person {
            user_id: self.user_id,
            username: self.username.clone(),
            display_name: self.display_name.clone(),
        }
    }
}
