//! The frames that the server sends, apart from events of the log: their types and their JSON.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{
    ErrorCode, EventId, Metadata, OwnChange, Person, Room, RoomFace, RoomId, RoomKind, RoomRules,
    Seq, Timestamp, UserId,
};

/// A frame that is not an [event](crate::model::Event). `type` says which one it is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// A user entered the room. Sent once per user, not per connection.
    UserJoined(PresenceChange),
    /// A user's last connection left the room.
    UserLeft(PresenceChange),
    /// The users who are in the room. Sent to a client that joins the room, and in big rooms to all members from
    /// time to time.
    ActiveUsers {
        /// The room that the users are in.
        room_id: RoomId,
        /// The users in the room; in a big room, only some of them.
        users: Vec<Person>,
        /// The number of users in the room.
        count: usize,
    },
    /// A sent message is stored.
    Ack {
        /// The `ref` of the client's frame; absent if that frame has no `ref`.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// The sender's own id for the message; absent if the message has none.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<&'a str>,
        /// The room in whose log the message is.
        room_id: RoomId,
        /// The id of the message.
        id: EventId,
        /// The message's position in the room's log.
        seq: Seq,
        /// The message had been stored before under this `client_id`: `id` and `seq` are those of the original.
        duplicate: bool,
    },
    /// The client has received all missed events. The following events are new.
    Synced {
        /// The `ref` of the client's `subscribe`; absent if that frame has no `ref`.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// The room that the client joined.
        room_id: RoomId,
        /// The `seq` of the newest event; 0 if the log is empty.
        head_seq: Seq,
        /// The identity of the database's history. The client sends it together with `since` when it resumes.
        epoch: &'a str,
    },
    /// The answer to `unsubscribe`: the connection has left the room.
    Unsubscribed {
        /// The `ref` of the client's `unsubscribe`; absent if that frame has no `ref`.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// The room that the connection has left.
        room_id: RoomId,
    },
    /// The answer to `watch`: from now on the connection receives frames about everything that concerns its user. The
    /// client should now read `GET /rooms/`, which has the state until now. The frame may come again later, without
    /// a `ref`. Then the client has missed frames, because it did not read from the socket for a while, or left a
    /// room before it had received the room's log. It should read `GET /rooms/` again.
    Watching {
        /// The `ref` of the client's `watch`; absent if that frame has no `ref`.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// The identity of the database's history, as in `synced`.
        epoch: &'a str,
    },
    /// For watchers: there is a new room that the user sees. The people of a direct room are in
    /// `GET /rooms/{room_id}`.
    RoomCreated {
        /// The new room.
        room: RoomCard<'a>,
    },
    /// For watchers that have not joined the room: the room has new events. Sent at most once a second for each
    /// room, in order and without a gap: each frame continues the `head_seq` of the frame before. A client that joins
    /// the room with this `head_seq` as `since` misses nothing.
    RoomActivity {
        /// The room that has new events.
        room_id: RoomId,
        /// The `seq` of the newest event. If it is not greater than the `head_seq` from `GET /rooms/`, the frame
        /// has nothing new for the client.
        head_seq: Seq,
        /// New messages, in order of `seq`. The client knows those at or before its `head_seq` already.
        messages: &'a [ActivityMessage],
        /// The `seq`s of deleted messages.
        #[serde(skip_serializing_if = "<[Seq]>::is_empty")]
        deleted: &'a [Seq],
        /// The ids of the first messages of threads that have new replies.
        #[serde(skip_serializing_if = "<[EventId]>::is_empty")]
        threads: &'a [EventId],
        /// The frame does not contain all of the activity. `GET /rooms/{room_id}` has the number of unread messages.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        truncated: bool,
    },
    /// The room changed; the frame has its present state. Members receive the frame in addition to the event
    /// `room_changed`, watchers receive only the frame.
    RoomUpdated {
        /// The room that changed.
        room_id: RoomId,
        /// The present state of the room.
        #[serde(flatten)]
        room: &'a RoomFace,
    },
    /// The read position of the connection's user in a room. Sent if another connection of the user has moved
    /// it, and as the answer to a `read` with a `ref`. The frame is not in the log and may be dropped.
    Read {
        /// The `ref` of the client's `read`; absent if another connection has moved the position.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// The room in which the position is.
        room_id: RoomId,
        /// The `seq` of the last event that the user has read.
        seq: Seq,
        /// The user has marked messages as unread: the position counts although it may be before the one that the
        /// client knows. Absent if not.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        marked_unread: bool,
    },
    /// The place of the connection's user in a room changed, or whether the user sees the room: the client reads
    /// `GET /rooms/{room_id}` again. If that does not exist, the user does not see the room any more. For watchers.
    Membership {
        /// The room.
        room_id: RoomId,
    },
    /// Something that only the user has was changed, perhaps on another device: the client reads it again. The device that
    /// made the change receives the frame too, because a change over HTTP belongs to no connection. The frame is not in the
    /// log and may be dropped; a client that receives `watching` reads all of it again. For watchers.
    OwnChanged(OwnChange),
    /// The connection was taken out of a room, because its user may not read the room any more. A connection that was
    /// opened for this room alone is closed.
    RoomLeft {
        /// The room that the connection has left.
        room_id: RoomId,
        /// Why.
        cause: LeftCause,
    },
    /// The room was deleted.
    RoomDeleted {
        /// The deleted room.
        room_id: RoomId,
    },
    /// A user is typing. The frame is not in the log and may be dropped.
    Typing {
        /// The room in which the user is typing.
        room_id: RoomId,
        /// The user who is typing.
        user_id: UserId,
        /// The name of that user.
        username: Arc<str>,
        /// The name that the user wants to be shown; absent if it is the username.
        #[serde(skip_serializing_if = "Option::is_none")]
        display_name: Option<Arc<str>>,
    },
    /// The answer to `react`: the reaction is stored, or stood so already.
    Reacted {
        /// The `ref` of the client's `react`.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// The room in which the message is.
        room_id: RoomId,
    },
    /// The answer to `ping`.
    Pong {
        /// The `ref` of the client's `ping`; absent if that frame has no `ref`.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
    /// The answer to `auth.refresh`: the connection uses the new token now. It is open until the token expires
    /// or its session ends.
    #[serde(rename = "auth.refreshed")]
    AuthRefreshed {
        /// The `ref` of the client's `auth.refresh`; absent if that frame has no `ref`.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// The time at which the new token expires.
        expires_at: Timestamp,
    },
    /// The connection's token expires soon. The connection is then closed with 4401, unless the client sends a
    /// new token with `auth.refresh`. Sent once per token: a minute before it expires, or a tenth of its life if
    /// that is shorter.
    #[serde(rename = "auth.expiring")]
    AuthExpiring {
        /// The time at which the token expires.
        expires_at: Timestamp,
    },
    /// A request of the client failed. The connection stays open.
    Error {
        /// The stable code of the error for programs, the same as over HTTP: see `x-error-codes`.
        #[schemars(with = "String")]
        code: ErrorCode,
        /// A sentence for people: the error and what to do about it.
        detail: String,
        /// The `ref` of the client's frame; absent if that frame has no `ref`.
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        /// The room that the request was about; absent if it was not about a room.
        #[serde(skip_serializing_if = "Option::is_none")]
        room_id: Option<RoomId>,
        /// The number of seconds after which to retry; absent if the error is not temporary.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
}

/// Why a connection was taken out of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LeftCause {
    /// The user has left the room.
    Left,
    /// A moderator has removed the user.
    Removed,
    /// A moderator has banned the user.
    Banned,
    /// The room is private now, and the user is not a member.
    Private,
}

/// A message without its text, for watchers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActivityMessage {
    pub seq: Seq,
    /// The sender.
    pub user_id: UserId,
    /// The sender's name.
    pub username: Arc<str>,
    /// The name that the sender wants to be shown; absent if it is the username.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Arc<str>>,
    /// The accounts that the message mentions (`@name`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// The message mentions all members of the room, or all who are here (`@room`, `@here`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mentions_everyone: bool,
}

/// A room as in `GET /rooms/`, without the fields about the reader.
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
    pub kind: RoomKind,
    #[serde(flatten)]
    pub rules: RoomRules,
    /// The data of a product on the room; absent if the room has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<&'a Metadata>,
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
            kind: room.kind,
            rules: room.rules,
            metadata: room.metadata.as_ref(),
        }
    }
}

/// The user who entered or left a room, and the time.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PresenceChange {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub username: Arc<str>,
    /// The name that the user wants to be shown; absent if it is the username.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Arc<str>>,
    pub timestamp: Timestamp,
}
