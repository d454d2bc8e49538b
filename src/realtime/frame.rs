//! The frames that the server sends, apart from events of the log: their types and their JSON.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{ErrorCode, EventId, Room, RoomFace, RoomId, Seq, Timestamp, UserId};

/// A frame that is not an [event](crate::model::Event). `type` says which one it is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// Somebody came into the room: sent once per person, not per connection.
    UserJoined(PresenceChange),
    /// Somebody's last connection left the room.
    UserLeft(PresenceChange),
    /// Who is in the room: on joining it, and from time to time in big rooms.
    ActiveUsers {
        room_id: RoomId,
        /// The people in the room; in a big room, the first of them.
        users: Vec<ActiveUser>,
        /// How many people are in the room.
        count: usize,
    },
    /// A send was stored, or had been before.
    Ack {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<&'a str>,
        room_id: RoomId,
        id: EventId,
        seq: Seq,
        /// The `client_id` had been seen: `id` and `seq` are those of the original.
        duplicate: bool,
    },
    /// All that was missed has been sent; what follows is live.
    Synced {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        room_id: RoomId,
        head_seq: Seq,
        /// The database's life: given back with `since` when resuming.
        epoch: &'a str,
    },
    /// The connection left the room, as asked.
    Unsubscribed {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        room_id: RoomId,
    },
    /// Answer to `watch`: from here on the connection hears of everything that concerns its user. Read
    /// `GET /rooms/` now: it has what was missed. Without a `ref`, later: something could not be told,
    /// because the client took nothing for a while or left a room before it had been sent the room's log,
    /// and the rooms are to be read again.
    Watching {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// The database's life, as in `synced`.
        epoch: &'a str,
    },
    /// To those who watch: there is a new room.
    RoomCreated { room: RoomCard<'a> },
    /// To those who watch and have not joined the room: something happened in it. At most one a second
    /// for each room, in order and without a gap: it continues the `head_seq` of the one before, and a
    /// client that joins the room with this `head_seq` as `since` misses nothing.
    RoomActivity {
        room_id: RoomId,
        /// The `seq` of the newest event. Not more than what the client has from `GET /rooms/`: it knows
        /// all of this already.
        head_seq: Seq,
        /// New messages, in order of `seq`; those at or before the client's `head_seq` it knows already.
        messages: &'a [ActivityMessage],
        /// The `seq`s of messages that were deleted.
        #[serde(skip_serializing_if = "<[Seq]>::is_empty")]
        deleted: &'a [Seq],
        /// There was more than is said here: `GET /rooms/{room_id}` has the number of unread messages.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        truncated: bool,
    },
    /// The room changed: this is its state now. Members receive it beside the event `room_changed`, watchers in
    /// place of it.
    RoomUpdated {
        room_id: RoomId,
        #[serde(flatten)]
        room: &'a RoomFace,
    },
    /// Up to where this connection's user has read: said on another connection, or the answer to a
    /// `read` with a `ref`. Not stored in the log; may be dropped.
    Read {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        room_id: RoomId,
        seq: Seq,
    },
    /// The room was deleted.
    RoomDeleted { room_id: RoomId },
    /// Somebody is typing. Not stored; may be dropped.
    Typing { room_id: RoomId, user_id: UserId, username: Arc<str> },
    /// Answer to `ping`.
    Pong {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
    /// The connection lives by the new token now, until it expires or its session ends.
    #[serde(rename = "auth.refreshed")]
    AuthRefreshed {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        expires_at: Timestamp,
    },
    /// The token of this connection dies soon, and the connection with it (4401), unless a new
    /// one is given with `auth.refresh`. Sent once a token: a minute before its end, or a tenth
    /// of its life if that is shorter.
    #[serde(rename = "auth.expiring")]
    AuthExpiring { expires_at: Timestamp },
    /// What was asked was not done. The connection lives on.
    Error {
        /// The stable word for programs, the same as over HTTP: see `x-error-codes`.
        #[schemars(with = "String")]
        code: ErrorCode,
        /// What happened and what to do, for people.
        detail: String,
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        room_id: Option<RoomId>,
        /// The error is temporary: seconds after which to retry.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
}

/// A message, for those who only count it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActivityMessage {
    pub seq: Seq,
    /// The sender.
    pub user_id: UserId,
    /// The sender's name.
    pub username: Arc<str>,
    /// The names that it mentions (`@name`), in lower case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
}

/// A room, as `GET /rooms/` has it, without what is of the reader alone.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RoomCard<'a> {
    pub id: RoomId,
    pub name: &'a str,
    pub description: Option<&'a str>,
    pub created_by: UserId,
    pub created_at: Timestamp,
    pub head_seq: Seq,
    pub active_users: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    pub revision: i64,
}

impl<'a> RoomCard<'a> {
    pub fn of(room: &'a Room, active_users: usize) -> Self {
        Self {
            id: room.id,
            name: &room.name,
            description: room.description.as_deref(),
            created_by: room.created_by,
            created_at: room.created_at,
            head_seq: room.head_seq,
            active_users,
            archived_at: room.archived_at,
            revision: room.revision,
        }
    }
}

/// Who came or left, and when.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PresenceChange {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub username: Arc<str>,
    pub timestamp: Timestamp,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActiveUser {
    pub user_id: UserId,
    pub username: Arc<str>,
}
