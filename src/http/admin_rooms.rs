//! Administration of rooms: `/admin/rooms`. An admin sees what rooms there are, and not what is said in them.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::{AdminRoomPageDto, OwnerRequest};
use super::extract::{Body, Caller, Path, Query};
use super::failure::{BODY, CONFLICT, FIELDS, FORBIDDEN, Failure, NOT_FOUND, STORE, TOKEN};
use super::payload::Written;
use super::types::{Int, Number, Position};
use crate::chat::{Chat, DEFAULT_ROOMS_PAGE, MAX_ROOMS_PAGE, RoomSearch};
use crate::model::{RoomId, UserId};

pub(super) struct AdminRoomsApi;

type RoomsLimit = Int<1, { MAX_ROOMS_PAGE as i64 }>;

#[derive(ApiResponse)]
enum Rooms {
    /// Rooms, in order of id.
    #[oai(status = 200)]
    Ok(Written<AdminRoomPageDto>),
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
    /// List all rooms
    ///
    /// Needs an admin. Private and direct rooms are in the list too, without what is said in them.
    #[oai(path = "/", method = "get", operation_id = "list_all_rooms")]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller,
        /// Only rooms with this text in the name; ASCII case is ignored.
        query: Query<Option<String>>,
        /// The most rooms to return.
        #[oai(default = "default_rooms")]
        limit: Query<RoomsLimit>,
        /// The rooms with a greater id.
        after: Query<Option<Position>>,
    ) -> Result<Rooms, Failure<{ FIELDS | TOKEN | FORBIDDEN | STORE }>> {
        let search = RoomSearch {
            query: query.0,
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
        caller: Caller,
        /// The room's id.
        room_id: Path<Number>,
    ) -> Result<Done, Failure<{ FIELDS | TOKEN | FORBIDDEN | NOT_FOUND | STORE }>> {
        chat.delete_any_room(&caller.0, RoomId(room_id.0.0)).await?;
        Ok(Done::NoContent)
    }

    /// Appoint the owner of any room
    ///
    /// Needs an admin, who need not be a member. The user becomes the only owner, and a member if necessary, and all
    /// members are told of it.
    #[oai(path = "/:room_id/owner", method = "put", operation_id = "appoint_owner")]
    async fn appoint(
        &self,
        chat: Data<&Chat>,
        caller: Caller,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<OwnerRequest>,
    ) -> Result<Done, Failure<{ BODY | TOKEN | FORBIDDEN | NOT_FOUND | CONFLICT | STORE }>> {
        let user_id = UserId(body.0.user_id.0);
        chat.appoint_owner(&caller.0, RoomId(room_id.0.0), user_id).await?;
        Ok(Done::NoContent)
    }
}

fn default_rooms() -> RoomsLimit {
    Int(i64::from(DEFAULT_ROOMS_PAGE))
}
