//! Rooms.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Seq, Timestamp, UserId};

/// A room's number, unique in the server.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct RoomId(pub i64);

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A room: a name for a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Room {
    pub id: RoomId,
    pub name: String,
    pub description: Option<String>,
    pub created_by: UserId,
    pub created_at: Timestamp,
    /// The `seq` of the newest event; 0 in a room where nothing has happened.
    pub head_seq: Seq,
}

/// A room to be stored.
#[derive(Clone, Debug)]
pub struct NewRoom {
    pub name: String,
    pub description: Option<String>,
    pub created_by: UserId,
    pub created_at: Timestamp,
}
