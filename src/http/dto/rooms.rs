//! Rooms.

use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::Serialize;

use super::EXAMPLE_TIME;
use crate::chat::RoomView;
use crate::http::types::Moment;

/// A room to be created.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct RoomRequest {
    /// 1 to 64 characters, spaces round it not counted, no control characters; unique without
    /// regard to case.
    pub name: String,
    /// At most 500 characters, without NUL.
    #[oai(nullable)]
    pub description: Option<String>,
}

impl Example for RoomRequest {
    fn example() -> Self {
        Self { name: "general".into(), description: Some("Everything and nothing".into()) }
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
    /// How many people are connected to it now.
    pub active_users: u32,
}

impl From<RoomView> for RoomDto {
    fn from(RoomView { room, active_users }: RoomView) -> Self {
        Self {
            id: room.id.0,
            name: room.name,
            description: room.description,
            created_by: room.created_by.0,
            created_at: Moment(room.created_at),
            head_seq: room.head_seq.0,
            active_users: u32::try_from(active_users).unwrap_or(u32::MAX),
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
        }
    }
}
