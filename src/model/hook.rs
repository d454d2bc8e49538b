//! Incoming webhooks: URLs by which other programs send to a room.

use serde::Serialize;

use super::{NewUser, Person, RoomId, SessionId, Timestamp, UserId};

/// An incoming webhook, as it is listed. Its token is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hook {
    /// The webhook's id, which is the id of its bot.
    pub id: UserId,
    /// The room that it sends to.
    pub room_id: RoomId,
    /// The name under which its messages are shown.
    pub name: String,
    /// The unique name of its bot.
    pub username: String,
    /// Who made it; user 0: an operator, at the command line.
    pub created_by: Person,
    /// The time at which it was made.
    pub created_at: Timestamp,
    /// A time of use, at most a minute before the last one; absent if it has not been used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// A webhook to be stored, with its bot and its API token.
#[derive(Clone, Debug)]
pub struct NewHook {
    /// The room that it sends to.
    pub room_id: RoomId,
    /// The account; its display name is the name of the webhook.
    pub bot: NewUser,
    /// Who makes it; user 0: an operator, at the command line.
    pub created_by: UserId,
    /// The id of the API token.
    pub token_id: SessionId,
}
