//! Rooms.

use poem_openapi::Object;
use poem_openapi::types::{Example, MaybeUndefined};
use serde::Serialize;

use super::EXAMPLE_TIME;
use crate::chat::RoomView;
use crate::http::types::{Int, Moment, Position};
use crate::model::RoomChange;

/// A room to be created.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct RoomRequest {
    /// 1 to 64 characters, at least one of them visible. Surrounding white space is removed;
    /// control characters, invisible characters and characters that change the direction of text
    /// are refused. Unique (ASCII case is ignored), and stored in Unicode's Normalization Form C.
    pub name: String,
    /// At most 500 characters, without control characters other than line breaks and tabs.
    #[oai(nullable)]
    pub description: Option<String>,
}

impl Example for RoomRequest {
    fn example() -> Self {
        Self { name: "general".into(), description: Some("Everything and nothing".into()) }
    }
}

/// Changes of a room; fields that are left out stay as they are.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct RoomChangeRequest {
    /// As for a new room.
    #[oai(nullable)]
    pub name: Option<String>,
    /// As for a new room; null removes it.
    #[oai(nullable)]
    pub description: MaybeUndefined<String>,
    /// Whether the room is archived: then it can be read, and nothing can be sent to it.
    #[oai(nullable)]
    pub is_archived: Option<bool>,
}

impl From<RoomChangeRequest> for RoomChange {
    fn from(RoomChangeRequest { name, description, is_archived }: RoomChangeRequest) -> Self {
        let description = match description {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(text) => Some(Some(text)),
        };
        Self { name, description, is_archived, ..Self::default() }
    }
}

impl Example for RoomChangeRequest {
    fn example() -> Self {
        Self {
            name: Some("lobby".into()),
            description: MaybeUndefined::Null,
            is_archived: Some(false),
        }
    }
}

/// The caller's read position.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct ReadRequest {
    /// The `seq` of the last event that was read. A greater number than the head means the head.
    pub seq: Position,
}

impl Example for ReadRequest {
    fn example() -> Self {
        Self { seq: Int(1) }
    }
}

/// The caller's read position.
#[derive(Object, Serialize)]
#[oai(rename = "ReadPosition", example)]
pub(in crate::http) struct ReadPositionDto {
    /// A `seq` that never decreases.
    pub read_seq: i64,
}

impl Example for ReadPositionDto {
    fn example() -> Self {
        Self { read_seq: 1 }
    }
}

/// A room.
#[derive(Object, Serialize)]
#[oai(rename = "Room", example)]
pub(in crate::http) struct RoomDto {
    pub id: i64,
    pub name: String,
    #[oai(nullable)]
    pub description: Option<String>,
    /// The id of the user who created it.
    pub created_by: i64,
    pub created_at: Moment,
    /// The `seq` of the newest event; 0 in a room where nothing has happened.
    pub head_seq: i64,
    /// How many users are connected to it now.
    pub active_users: u32,
    /// The caller's read position: a `seq`, 0 at first.
    pub read_seq: i64,
    /// The number of messages of other users after the read position, up to `head_seq`, without
    /// deleted ones; 999 means 999 or more. Only the next 5,000 events are counted. Left out if the
    /// caller has never read the room: then the whole room is new.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<u32>,
    /// The number of these messages that mention the caller (`@name`).
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mentions: Option<u32>,
    /// Increases with every change of the name, the description or the archiving: of two copies,
    /// the one with the smaller revision is older.
    pub revision: i64,
    /// The time since which the room is archived: it can be read, and nothing can be sent to it.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Moment>,
}

impl From<RoomView> for RoomDto {
    fn from(RoomView { room, active_users, reading }: RoomView) -> Self {
        Self {
            id: room.id.0,
            name: room.name,
            description: room.description,
            created_by: room.created_by.0,
            created_at: Moment(room.created_at),
            head_seq: room.head_seq.0,
            active_users: u32::try_from(active_users).unwrap_or(u32::MAX),
            read_seq: reading.read_seq.0,
            unread: reading.unread.map(|unread| unread.messages),
            mentions: reading.unread.map(|unread| unread.mentions),
            revision: room.revision,
            archived_at: room.archived_at.map(Moment),
        }
    }
}

impl Example for RoomDto {
    fn example() -> Self {
        Self {
            id: 1,
            name: "general".into(),
            description: Some("Everything and nothing".into()),
            created_by: 1,
            created_at: EXAMPLE_TIME,
            head_seq: 1,
            active_users: 2,
            read_seq: 1,
            unread: Some(0),
            mentions: Some(0),
            revision: 0,
            archived_at: None,
        }
    }
}
