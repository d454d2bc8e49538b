//! What the server says on the socket: the frames' types, their JSON, and their bytes on the wire.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::ActivityMessage;
use crate::model::{Event, EventId, Message, MessageChange, Room, RoomId, Seq, Timestamp, UserId};

/// Everything the server sends. `type` tells which.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// An event of the room's log: a message. It is in the database before anybody sees it.
    Message(&'a Message),
    /// An event of the room's log: its author gave a message another text.
    MessageEdited {
        #[serde(flatten)]
        change: &'a MessageChange,
        /// The new text. Empty once the message has been deleted.
        content: &'a str,
    },
    /// An event of the room's log: its author or an admin deleted a message. Its text is gone.
    MessageDeleted(&'a MessageChange),
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
    /// The room is called or described otherwise, or was archived, or is no longer.
    RoomUpdated {
        room_id: RoomId,
        name: &'a str,
        description: Option<&'a str>,
        /// Greater with every change: what has a smaller one is older.
        revision: i64,
        /// Since when nothing is sent to it any more.
        #[serde(skip_serializing_if = "Option::is_none")]
        archived_at: Option<Timestamp>,
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
        /// The stable word for programs, the same as over HTTP.
        code: &'a str,
        /// What happened and what to do, for people.
        detail: String,
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        room_id: Option<RoomId>,
        /// Seconds after which to try again.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
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

impl<'a> From<&'a Event> for ServerFrame<'a> {
    fn from(event: &'a Event) -> Self {
        match event {
            Event::Message(message) => Self::Message(message),
            Event::MessageEdited { change, content } => Self::MessageEdited { change, content },
            Event::MessageDeleted(change) => Self::MessageDeleted(change),
        }
    }
}

/// The kinds of frame of RFC 6455 §5.2 that the server sends, as first bytes (FIN is set).
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

impl ServerFrame<'_> {
    /// Appends the frame as one WebSocket text frame, unmasked as a server's must be, so that the
    /// bytes are the same for every recipient.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        // Room for the header of a middling payload, which nearly every frame has.
        out.extend_from_slice(&[TEXT, 126, 0, 0]);
        let written = match self {
            Self::Message(message) => message.write_event_json(out),
            other => serde_json::to_writer(&mut *out, other),
        };
        written.expect("these types serialise without error, and a Vec takes every byte");
        let payload = out.len() - start - 4;
        match payload {
            0..126 => {
                out[start + 1] = payload as u8;
                out.drain(start + 2..start + 4);
            }
            126..=0xFFFF => {
                out[start + 2..start + 4].copy_from_slice(&(payload as u16).to_be_bytes())
            }
            _ => {
                out[start + 1] = 127;
                out.splice(start + 2..start + 4, (payload as u64).to_be_bytes());
            }
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        self.encode(&mut out);
        out
    }
}

/// A ping without payload.
pub const PING_FRAME: [u8; 2] = [PING, 0];

/// A close frame with a code and a reason of at most 123 bytes.
pub fn close_frame(code: super::CloseCode) -> Vec<u8> {
    let reason = code.reason().as_bytes();
    let mut frame = vec![CLOSE, 2 + reason.len() as u8];
    frame.extend_from_slice(&code.number().to_be_bytes());
    frame.extend_from_slice(reason);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(content: &str) -> Message {
        Message {
            id: EventId(1),
            content: content.to_owned(),
            username: "admin".into(),
            user_id: UserId(1),
            timestamp: Timestamp(1_738_319_400_000),
            room_id: RoomId(1),
            seq: Seq(1),
            client_id: None,
            edited_at: None,
            deleted_at: None,
        }
    }

    #[test]
    fn a_message_is_the_frame_of_the_original_contract() {
        let message = message("Hello, everyone!");
        let bytes = ServerFrame::Message(&message).to_bytes();
        assert_eq!(&bytes[..2], [TEXT, 126]);
        assert_eq!(
            std::str::from_utf8(&bytes[4..]).unwrap(),
            r#"{"type":"message","id":1,"content":"Hello, everyone!","username":"admin","user_id":1,"timestamp":"2025-01-31T10:30:00.000Z","room_id":1,"seq":1}"#
        );
    }

    /// The three forms of the length (RFC 6455 §5.2), at their edges.
    #[test]
    fn the_header_tells_the_length_of_the_payload() {
        let empty = ServerFrame::Pong { reference: Some("") }.to_bytes().len() - 2;
        for payload in [empty, 125, 126, 127, 0xFFFF, 0x1_0000, 200_000] {
            let reference = "x".repeat(payload - empty);
            let bytes = ServerFrame::Pong { reference: Some(&reference) }.to_bytes();
            let (length, header) = match bytes[1] {
                126 => (u16::from_be_bytes([bytes[2], bytes[3]]) as usize, 4),
                127 => (u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize, 10),
                short => (short as usize, 2),
            };
            assert_eq!((length, bytes.len()), (payload, payload + header));
            assert_eq!(bytes[header], b'{');
            assert_eq!(bytes.last(), Some(&b'}'));
        }
    }

    #[test]
    fn every_close_reason_fits_its_frame() {
        for code in super::super::CloseCode::ALL {
            assert!(code.reason().len() <= 123);
            assert_eq!(close_frame(code)[2..4], code.number().to_be_bytes());
        }
    }
}
