//! The audit log: acts of administration, with their time and actor.
//!
//! An entry names accounts by id only, and an admin's name is looked up when the log is read: the
//! log is append-only, so a name in it could never be erased.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;

use super::{EventId, InviteId, RoomId, Timestamp, UserId};

/// An entry's id. Later entries have greater ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AuditId(pub i64);

/// The actor of an act of administration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An admin, over HTTP.
    Account(UserId),
    /// An operator at the command line, by the operating system's name.
    Operator(String),
}

impl Actor {
    /// The author of the events of the log that the act causes.
    pub fn author(&self) -> UserId {
        match self {
            Self::Account(id) => *id,
            Self::Operator(_) => UserId::SERVER,
        }
    }

    /// The interface that this kind of actor uses.
    pub fn via(&self) -> Via {
        match self {
            Self::Account(_) => Via::Http,
            Self::Operator(_) => Via::Cli,
        }
    }
}

/// The interface that an act came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// A request to the API.
    Http,
    /// A command of `chatapp`.
    Cli,
}

impl Via {
    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Cli => "cli",
        }
    }
}

impl FromStr for Via {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "http" => Ok(Self::Http),
            "cli" => Ok(Self::Cli),
            _ => Err(()),
        }
    }
}

/// The target of an act. Storage fills it in, because it makes the ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditTarget {
    User(UserId),
    Room(RoomId),
    Message(EventId),
    Invite(InviteId),
}

impl fmt::Display for AuditTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user #{id}"),
            Self::Room(id) => write!(f, "room #{id}"),
            Self::Message(id) => write!(f, "message #{id}"),
            Self::Invite(id) => write!(f, "invite #{id}"),
        }
    }
}

/// An entry to be stored in the transaction of its act.
#[derive(Clone, Debug)]
pub struct NewAuditEntry {
    /// The time of the act, by the clock of its process.
    pub timestamp: Timestamp,
    /// The account or the operator responsible for the act.
    pub actor: Actor,
    /// `kind.verb`: `user.update`.
    pub action: &'static str,
    /// A JSON object with details of the act. No names, no addresses, no secrets.
    pub detail: Value,
    /// False for what members do in their private and direct rooms: the act has an actor and a time, but the log
    /// does not get the entry.
    pub is_recorded: bool,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditEntry {
    /// The entry's id.
    pub id: AuditId,
    /// The time of the act, by the clock of its process.
    pub timestamp: Timestamp,
    /// The actor's present name: `deleted-7` if the account was deleted.
    pub actor: String,
    /// The interface that the act came through.
    pub via: Via,
    /// `kind.verb`: `user.update`.
    pub action: String,
    /// The object of the act: `user #7`, `room #3`, `message #12` or `invite #2`.
    pub target: String,
    /// A JSON object with details of the act.
    pub detail: Value,
}
