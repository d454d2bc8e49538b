//! Administration of rooms: `/admin/rooms`. Of private rooms an admin sees what is needed to
//! appoint an owner or to delete one, and of direct rooms nothing.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::{AdminRoomPageDto, AnnouncedDto, AnnouncementRequest, OwnerRequest, RoomKindDto};
use super::extract::{Administers, Body, Caller, Path, Query};
use super::failure::{
    BODY, CONFLICT, FIELDS, FORBIDDEN, Failure, PACE, ROOM, ROOM_OR_USER, STORE, TOKEN,
};
use super::payload::Written;
use super::types::{Int, Number, Position};
use crate::chat::{Chat, DEFAULT_ROOMS_PAGE, MAX_ROOMS_PAGE};
use crate::model::{RoomId, RoomKind, UserId};
use crate::storage::backend::RoomSearch;

pub(super) struct AdminRoomsApi;

type RoomsLimit = Int<1, { MAX_ROOMS_PAGE as i64 }>;

#[derive(ApiResponse)]
enum Rooms {
    /// Rooms, in order of id.
    #[oai(status = 200)]
    Ok(Written<AdminRoomPageDto>),
}

#[derive(ApiResponse)]
enum Announced {
    /// The message was stored.
    #[oai(status = 201)]
    Created(Written<AnnouncedDto>),
    /// The `client_id` was used before: nothing was stored.
    #[oai(status = 200)]
    Duplicate(Written<AnnouncedDto>),
}

#[derive(ApiResponse)]
enum Done {
    /// It is so now.
    #[oai(status = 204)]
    NoContent,
}

/// Every operation needs an admin.
#[OpenApi(prefix_path = "/admin/rooms", tag = "Area::Admin")]
impl AdminRoomsApi {
    /// List the public and private rooms
    ///
    /// Needs an admin. Of a private room the list has the name, the number of members and when it was created and
    /// archived; nothing tells what is said in it, or how much. Direct rooms are not in the list.
    #[oai(path = "/", method = "get", operation_id = "list_all_rooms")]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// Only rooms with this text in the name; ASCII case is ignored.
        query: Query<Option<String>>,
        /// Only rooms of this kind.
        kind: Query<Option<RoomKindDto>>,
        /// The most rooms to return.
        #[oai(default = "default_rooms")]
        limit: Query<RoomsLimit>,
        /// The rooms with a greater id.
        after: Query<Option<Position>>,
    ) -> Result<Rooms, Failure<{ FIELDS | TOKEN | FORBIDDEN | STORE }>> {
        let search = RoomSearch {
            query: query.0,
            kind: kind.0.map(RoomKind::from),
            after: after.0.map(|after| RoomId(after.0)),
            // A number beyond u32 becomes 0, which the rules reject.
            limit: u32::try_from(limit.0.0).unwrap_or(0),
        };
        let page = chat.inspect(&caller.0, move |admin| admin.search_rooms(&search)).await?;
        Ok(Rooms::Ok(Written::of(&page.into())?))
    }

    /// Delete any room
    ///
    /// Needs an admin, who need not be a member. The room's history is deleted with it; its members are notified.
    #[oai(path = "/:room_id", method = "delete", operation_id = "delete_any_room")]
    async fn delete(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The room's id.
        room_id: Path<Number>,
    ) -> Result<Done, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM | STORE }>> {
        chat.delete_any_room(&caller.0, RoomId(room_id.0.0)).await?;
        Ok(Done::NoContent)
    }

    /// Send a message of the server itself
    ///
    /// Needs an admin, who need not be a member. The message is an ordinary one whose author is user 0, `(server)`; an
    /// admin sends one to public and private rooms. People whose usernames are in the text are mentioned; `@room` and
    /// `@here` mention nobody. The operator's program (`hooks.before_send`) is not asked. The audit log records the act.
    #[oai(path = "/:room_id/messages", method = "post", operation_id = "announce")]
    async fn announce(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<AnnouncementRequest>,
    ) -> Result<Announced, Failure<{ BODY | TOKEN | FORBIDDEN | ROOM | CONFLICT | PACE | STORE }>>
    {
        let draft = body.0.into_draft(RoomId(room_id.0.0));
        let announced = chat.announce(&caller.0, draft).await?;
        let message = Written::new(&announced, 256)?;
        Ok(match announced.is_duplicate {
            true => Announced::Duplicate(message),
            false => Announced::Created(message),
        })
    }

    /// Appoint the owner of any room
    ///
    /// Needs an admin, who need not be a member. The user becomes the only owner, and a member if necessary, and all
    /// members are told of it.
    #[oai(path = "/:room_id/owner", method = "put", operation_id = "appoint_owner")]
    async fn appoint(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Administers>,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<OwnerRequest>,
    ) -> Result<Done, Failure<{ BODY | TOKEN | FORBIDDEN | ROOM_OR_USER | CONFLICT | STORE }>> {
        let user_id = UserId(body.0.user_id.0);
        chat.appoint_owner(&caller.0, RoomId(room_id.0.0), user_id).await?;
        Ok(Done::NoContent)
    }
}

fn default_rooms() -> RoomsLimit {
    Int(i64::from(DEFAULT_ROOMS_PAGE))
}
