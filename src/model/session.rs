//! Logins.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{Role, Timestamp, User, UserId};

/// A login's random identity, the `sid` of its tokens: 128 bits, written as 32 hexadecimal digits.
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

/// A login to be stored.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: SessionId,
    pub user_id: UserId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A login and whose it is, as it stands in the database now.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub user: User,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// When it was ended by logout, password change, role change or deactivation.
    pub revoked_at: Option<Timestamp>,
}

/// SHA-256 of a ticket or of another token that nobody can guess, under which it is stored.
pub type SecretHash = [u8; 32];

/// A ticket to be stored: it opens one socket for its session, once.
#[derive(Clone, Debug)]
pub struct NewTicket {
    pub hash: SecretHash,
    pub session_id: SessionId,
    pub expires_at: Timestamp,
}

/// What sets a new password of an account, once. A later one takes its place.
#[derive(Clone, Debug)]
pub struct NewPasswordReset {
    pub hash: SecretHash,
    pub user_id: UserId,
    pub expires_at: Timestamp,
}

/// Who is asking: an authenticated caller, cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub user_id: UserId,
    pub username: Arc<str>,
    pub role: Role,
    pub session_id: SessionId,
    /// When the token that proved it dies.
    pub expires_at: Timestamp,
}
