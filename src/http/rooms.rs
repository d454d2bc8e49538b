//! Rooms: `/rooms/` and `/rooms/{room_id}`.

use poem::Request;
use poem::http::Uri;
use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::{
    BelongingDto, ReadPositionDto, ReadRequest, RoomChangeRequest, RoomDto, RoomKindDto,
    RoomRequest, UnreadRequest, metadata_query,
};
use super::extract::{Body, Caller, Everywhere, ManagesRooms, Path, Query, Reads};
use super::failure::{BODY, CONFLICT, FIELDS, FORBIDDEN, Failure, PACE, ROOM, STORE, TOKEN};
use super::payload::Written;
use super::types::{Int, Number, Position};
use crate::chat::{Chat, MAX_ROOMS_PAGE};
use crate::model::{RoomId, RoomSelection, Seq};

pub(super) struct RoomsApi;

type RoomsLimit = Int<1, { MAX_ROOMS_PAGE as i64 }>;

#[derive(ApiResponse)]
enum Created {
    /// The room was created.
    #[oai(status = 201)]
    Created(Written<RoomDto>),
}

#[derive(ApiResponse)]
enum Rooms {
    /// Rooms, in order of id.
    #[oai(status = 200)]
    Ok(
        Written<Vec<RoomDto>>,
        /// The address of the next page, `<…>; rel="next"`; absent if there is none.
        #[oai(header = "Link")]
        Option<String>,
    ),
}

#[derive(ApiResponse)]
pub(super) enum OneRoom {
    /// The room.
    #[oai(status = 200)]
    Ok(Written<RoomDto>),
}

#[derive(ApiResponse)]
enum ReadTo {
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
    /// A public room needs an admin, unless the server's `rooms.create` is `everyone`. Every account can create
    /// private rooms. The caller becomes the owner. The path may be written without its last slash.
    #[oai(path = "/", method = "post", operation_id = "create_room")]
    async fn create(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<ManagesRooms>>,
        body: Body<RoomRequest>,
    ) -> Result<Created, Failure<{ BODY | TOKEN | FORBIDDEN | CONFLICT | PACE | STORE }>> {
        let room = chat.create_room(&caller.0, body.0.into()).await?;
        Ok(Created::Created(Written::of(&room.into())?))
    }

    /// List the rooms
    ///
    /// The public rooms, and the private and direct rooms that the caller is a member of, in order of id.
    /// Without `limit`, all of them. The path may be written without its last slash.
    #[oai(path = "/", method = "get", operation_id = "list_rooms")]
    #[expect(clippy::too_many_arguments, reason = "one for each parameter of the query")]
    async fn list(
        &self,
        request: &Request,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Reads>>,
        /// Only rooms that the caller is a member of, or only public rooms that the caller is not a member of.
        membership: Query<Option<BelongingDto>>,
        /// Only rooms of this kind.
        kind: Query<Option<RoomKindDto>>,
        /// Only rooms with this text in the name; ASCII case is ignored.
        query: Query<Option<String>>,
        /// The most rooms to return.
        limit: Query<Option<RoomsLimit>>,
        /// The rooms with a greater id.
        after: Query<Option<Position>>,
        /// Only rooms whose metadata has this key.
        metadata_key: Query<Option<String>>,
        /// Only rooms whose metadata has this value at `metadata_key`: a text of at most 256 characters, or a number or
        /// a truth value as JSON writes it.
        metadata_value: Query<Option<String>>,
    ) -> Result<Rooms, Failure<{ FIELDS | TOKEN | STORE }>> {
        let selection = RoomSelection {
            only: None,
            membership: membership.0.map(Into::into),
            kind: kind.0.map(Into::into),
            query: query.0,
            metadata: metadata_query(metadata_key.0, metadata_value.0)?,
            after: after.0.map(|after| RoomId(after.0)),
            // A number beyond u32 becomes 0, which the rules reject.
            limit: limit.0.map(|limit| u32::try_from(limit.0).unwrap_or(0)),
        };
        let (rooms, has_more) = chat.list_rooms(&caller.0, selection).await?;
        let rooms: Vec<RoomDto> = rooms.into_iter().map(RoomDto::from).collect();
        let next = rooms.last().filter(|_| has_more).map(|last| next_page(request.uri(), last.id));
        Ok(Rooms::Ok(Written::of(&rooms)?, next))
    }

    /// Get a room
    ///
    /// As the caller sees it, with what is unread.
    #[oai(path = "/:room_id", method = "get", operation_id = "get_room")]
    async fn get(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
    ) -> Result<OneRoom, Failure<{ FIELDS | TOKEN | ROOM | STORE }>> {
        let room = chat.get_room(&caller.0, RoomId(room_id.0.0)).await?;
        Ok(OneRoom::Ok(Written::of(&room.into())?))
    }

    /// Change a room
    ///
    /// Needs an owner of the room; in a public room an admin will do, except for `kind`. The members of the room
    /// are notified.
    #[oai(path = "/:room_id", method = "patch", operation_id = "update_room")]
    async fn update(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<RoomChangeRequest>,
    ) -> Result<OneRoom, Failure<{ BODY | TOKEN | FORBIDDEN | ROOM | CONFLICT | PACE | STORE }>>
    {
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
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<ReadRequest>,
    ) -> Result<ReadTo, Failure<{ BODY | TOKEN | FORBIDDEN | ROOM | STORE }>> {
        let seq = chat.mark_read(&caller.0, RoomId(room_id.0.0), Seq(body.0.seq.0)).await?;
        Ok(ReadTo::Ok(Written::of(&ReadPositionDto { read_seq: seq.0 })?))
    }

    /// Mark messages as unread
    ///
    /// Moves the caller's own read position back, so that the event at `seq` and everything after it is unread. It
    /// never moves on. The caller's sockets receive `read` with `marked_unread`.
    #[oai(path = "/:room_id/unread", method = "post", operation_id = "mark_unread")]
    async fn mark_unread(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<UnreadRequest>,
    ) -> Result<ReadTo, Failure<{ BODY | TOKEN | FORBIDDEN | ROOM | STORE }>> {
        let seq = chat.mark_unread(&caller.0, RoomId(room_id.0.0), Seq(body.0.seq.0)).await?;
        Ok(ReadTo::Ok(Written::of(&ReadPositionDto { read_seq: seq.0 })?))
    }

    /// Delete a room
    ///
    /// Needs an owner of the room; in a public room an admin will do. The room's history is deleted with it; its
    /// members are notified.
    #[oai(path = "/:room_id", method = "delete", operation_id = "delete_room")]
    async fn delete(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
    ) -> Result<Deleted, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM | CONFLICT | STORE }>> {
        chat.delete_room(&caller.0, RoomId(room_id.0.0)).await?;
        Ok(Deleted::NoContent)
    }
}

/// The value of the header `Link` (RFC 8288) that names the page after the room with the id `last`.
fn next_page(this: &Uri, last: i64) -> String {
    let query = this.query().unwrap_or_default();
    let kept = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "after");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair("after", &last.to_string())
        .finish();
    format!("<{}?{query}>; rel=\"next\"", this.path())
}
