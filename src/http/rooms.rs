//! Rooms: `/rooms/` and `/rooms/{room_id}`.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::{ReadPositionDto, ReadRequest, RoomChangeRequest, RoomDto, RoomRequest};
use super::extract::{Body, Caller, Path};
use super::failure::{BODY, CONFLICT, FIELDS, FORBIDDEN, Failure, NOT_FOUND, PACE, STORE, TOKEN};
use super::payload::Written;
use super::types::Number;
use crate::chat::{Chat, RoomDraft};
use crate::model::{RoomId, Seq};

pub(super) struct RoomsApi;

#[derive(ApiResponse)]
enum Created {
    /// The room was created.
    #[oai(status = 201)]
    Created(Written<RoomDto>),
}

#[derive(ApiResponse)]
enum Rooms {
    /// Every room, in order of id.
    #[oai(status = 200)]
    Ok(Written<Vec<RoomDto>>),
}

#[derive(ApiResponse)]
enum OneRoom {
    /// The room.
    #[oai(status = 200)]
    Ok(Written<RoomDto>),
}

#[derive(ApiResponse)]
enum Position {
    /// The caller's stored position.
    #[oai(status = 200)]
    Ok(Written<ReadPositionDto>),
}

#[derive(ApiResponse)]
enum Deleted {
    /// The room was deleted.
    #[oai(status = 204)]
    NoContent,
}

#[OpenApi(prefix_path = "/rooms/", tag = "Area::Rooms")]
impl RoomsApi {
    /// Create a room
    ///
    /// Needs an admin, unless the server's `rooms.create` is `everyone`. The path may be written
    /// without its last slash.
    #[oai(path = "/", method = "post", operation_id = "create_room")]
    async fn create(
        &self,
        chat: Data<&Chat>,
        caller: Caller,
        body: Body<RoomRequest>,
    ) -> Result<Created, Failure<{ BODY | TOKEN | FORBIDDEN | CONFLICT | PACE | STORE }>> {
        let Body(RoomRequest { name, description }) = body;
        let room = chat
            .create_room(&caller.0, RoomDraft { name, description, ..RoomDraft::default() })
            .await?;
        Ok(Created::Created(Written::of(&room.into())?))
    }

    /// List the rooms
    ///
    /// The path may be written without its last slash.
    #[oai(path = "/", method = "get", operation_id = "list_rooms")]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller,
    ) -> Result<Rooms, Failure<{ TOKEN | STORE }>> {
        let rooms = chat.list_rooms(&caller.0).await?;
        let rooms = rooms.into_iter().map(RoomDto::from).collect();
        Ok(Rooms::Ok(Written::of(&rooms)?))
    }

    /// Get a room
    #[oai(path = "/:room_id", method = "get", operation_id = "get_room")]
    async fn get(
        &self,
        chat: Data<&Chat>,
        caller: Caller,
        /// The room's id.
        room_id: Path<Number>,
    ) -> Result<OneRoom, Failure<{ FIELDS | TOKEN | NOT_FOUND | STORE }>> {
        let room = chat.get_room(&caller.0, RoomId(room_id.0.0)).await?;
        Ok(OneRoom::Ok(Written::of(&room.into())?))
    }

    /// Rename, describe or archive a room
    ///
    /// Needs an admin. The members of the room are notified.
    #[oai(path = "/:room_id", method = "patch", operation_id = "update_room")]
    async fn update(
        &self,
        chat: Data<&Chat>,
        caller: Caller,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<RoomChangeRequest>,
    ) -> Result<OneRoom, Failure<{ BODY | TOKEN | FORBIDDEN | NOT_FOUND | CONFLICT | STORE }>> {
        let room = chat.update_room(&caller.0, RoomId(room_id.0.0), body.0.into()).await?;
        Ok(OneRoom::Ok(Written::of(&room.into())?))
    }

    /// Set the read position of a room
    ///
    /// Sets the caller's own read position, which all of the caller's devices share. It never moves
    /// back.
    #[oai(path = "/:room_id/read", method = "put", operation_id = "mark_read")]
    async fn mark_read(
        &self,
        chat: Data<&Chat>,
        caller: Caller,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<ReadRequest>,
    ) -> Result<Position, Failure<{ BODY | TOKEN | NOT_FOUND | STORE }>> {
        let seq = chat.mark_read(&caller.0, RoomId(room_id.0.0), Seq(body.0.seq.0)).await?;
        Ok(Position::Ok(Written::of(&ReadPositionDto { read_seq: seq.0 })?))
    }

    /// Delete a room
    ///
    /// Needs an admin. The room's history is deleted with it; its members are notified.
    #[oai(path = "/:room_id", method = "delete", operation_id = "delete_room")]
    async fn delete(
        &self,
        chat: Data<&Chat>,
        caller: Caller,
        /// The room's id.
        room_id: Path<Number>,
    ) -> Result<Deleted, Failure<{ FIELDS | TOKEN | FORBIDDEN | NOT_FOUND | STORE }>> {
        chat.delete_room(&caller.0, RoomId(room_id.0.0)).await?;
        Ok(Deleted::NoContent)
    }
}
