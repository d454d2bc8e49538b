//! Members of rooms and bans: `/rooms/{room_id}/members`, `/rooms/{room_id}/bans`; and `/direct-rooms/`.

use poem::web::Data;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::dto::{
    AddedMembersDto, BanDto, BanRequest, DirectRoomRequest, MemberChangeRequest, MemberPageDto,
    MembersRequest, OwnerRequest, PreferenceRequest, RoomDto,
};
use super::extract::{Body, Caller, Everywhere, ManagesRooms, Path, Query, Reads, Sends};
use super::failure::{
    BODY, CONFLICT, FIELDS, FORBIDDEN, Failure, PACE, ROOM, ROOM_OR_USER, STORE, TOKEN,
};
use super::payload::Written;
use super::rooms::OneRoom;
use super::types::{Int, Number, Position};
use crate::chat::{Chat, DEFAULT_MEMBERS_PAGE, Error, MAX_MEMBERS_PAGE};
use crate::model::{RoomId, RoomRole, UserId};
use crate::storage::backend::MemberSearch;

pub(super) struct MembersApi;

type MembersLimit = Int<1, { MAX_MEMBERS_PAGE as i64 }>;

/// The failures of a change that is asked for in the path.
type Changed<T> =
    Result<T, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM_OR_USER | CONFLICT | PACE | STORE }>>;

/// The failures of a change that is asked for in the body.
type ChangedByBody<T> =
    Result<T, Failure<{ BODY | TOKEN | FORBIDDEN | ROOM_OR_USER | CONFLICT | PACE | STORE }>>;

#[derive(ApiResponse)]
enum Members {
    /// Members, in order of id.
    #[oai(status = 200)]
    Ok(Written<MemberPageDto>),
}

#[derive(ApiResponse)]
enum Added {
    /// They are members now.
    #[oai(status = 200)]
    Ok(Written<AddedMembersDto>),
}

#[derive(ApiResponse)]
enum Bans {
    /// The bans, in order of the user's id, also those that have ended.
    #[oai(status = 200)]
    Ok(Written<Vec<BanDto>>),
}

#[derive(ApiResponse)]
pub(super) enum Done {
    /// It is so now.
    #[oai(status = 204)]
    NoContent,
}

#[derive(ApiResponse)]
enum Direct {
    /// The room is new.
    #[oai(status = 201)]
    Created(Written<RoomDto>),
    /// These people had the room already.
    #[oai(status = 200)]
    Found(Written<RoomDto>),
}

#[OpenApi(tag = "Area::Members")]
impl MembersApi {
    /// List the members of a room
    ///
    /// In order of user id; further pages with `after`.
    #[oai(path = "/rooms/:room_id/members", method = "get", operation_id = "list_members")]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Reads>,
        /// The room's id.
        room_id: Path<Number>,
        /// Only members with this text in the username or the display name; case is ignored.
        query: Query<Option<String>>,
        /// The most members to return.
        #[oai(default = "default_members")]
        limit: Query<MembersLimit>,
        /// The members with a greater id.
        after: Query<Option<Position>>,
    ) -> Result<Members, Failure<{ FIELDS | TOKEN | ROOM | STORE }>> {
        let search = MemberSearch {
            query: query.0,
            after: after.0.map(|after| UserId(after.0)),
            // A number beyond u32 becomes 0, which the rules reject.
            limit: u32::try_from(limit.0.0).unwrap_or(0),
        };
        let page = chat.list_members(&caller.0, RoomId(room_id.0.0), search).await?;
        Ok(Members::Ok(Written::of(&page.into())?))
    }

    /// Add members to a room
    ///
    /// Needs a moderator or an owner, or any member if the room's `inviting` is `everyone`. People who are members
    /// already stay as they are.
    #[oai(path = "/rooms/:room_id/members", method = "post", operation_id = "add_members")]
    async fn add(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<MembersRequest>,
    ) -> ChangedByBody<Added> {
        let Body(MembersRequest { user_ids, role }) = body;
        let role = role.map(RoomRole::from).unwrap_or_default();
        let events = chat.add_members(&caller.0, RoomId(room_id.0.0), ids(&user_ids), role).await?;
        Ok(Added::Ok(Written::of(&events.into())?))
    }

    /// Join a public room
    ///
    /// The first message to a public room joins it too.
    #[oai(path = "/rooms/:room_id/members/me", method = "put", operation_id = "join_room")]
    async fn join(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
    ) -> Changed<OneRoom> {
        let room = chat.join_room(&caller.0, RoomId(room_id.0.0)).await?;
        Ok(OneRoom::Ok(Written::of(&room.into())?))
    }

    /// Change how one sees a room
    ///
    /// Changes the caller's own membership: notifications, the star, and whether the room is hidden until its next
    /// event.
    #[oai(
        path = "/rooms/:room_id/members/me",
        method = "patch",
        operation_id = "change_preferences"
    )]
    async fn prefer(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<PreferenceRequest>,
    ) -> ChangedByBody<OneRoom> {
        let change = body.0.into();
        let room = chat.change_preferences(&caller.0, RoomId(room_id.0.0), change).await?;
        Ok(OneRoom::Ok(Written::of(&room.into())?))
    }

    /// Leave a room
    ///
    /// The only owner of a room makes another member an owner first: 409 `last_owner`. Nobody leaves a direct room;
    /// it can be hidden.
    #[oai(path = "/rooms/:room_id/members/me", method = "delete", operation_id = "leave_room")]
    async fn leave(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
    ) -> Changed<Done> {
        chat.leave_room(&caller.0, RoomId(room_id.0.0)).await?;
        Ok(Done::NoContent)
    }

    /// Change a member
    ///
    /// Owners set roles. Moderators and owners mute members whose role is below theirs. A request has either `role`
    /// or `muted_until`.
    #[oai(
        path = "/rooms/:room_id/members/:user_id",
        method = "patch",
        operation_id = "change_member"
    )]
    async fn change(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
        /// The member's id.
        user_id: Path<Number>,
        body: Body<MemberChangeRequest>,
    ) -> ChangedByBody<Done> {
        let (room_id, user_id) = (RoomId(room_id.0.0), UserId(user_id.0.0));
        let Body(MemberChangeRequest { role, muted_until }) = body;
        match (role, muted_until) {
            (Some(role), MaybeUndefined::Undefined) => {
                chat.set_role(&caller.0, room_id, user_id, role.into()).await?;
            }
            (None, MaybeUndefined::Null) => {
                chat.mute(&caller.0, room_id, user_id, None).await?;
            }
            (None, MaybeUndefined::Value(until)) => {
                chat.mute(&caller.0, room_id, user_id, Some(until.0)).await?;
            }
            // Two changes are two transactions, of which one alone could be refused.
            (Some(_), _) | (None, MaybeUndefined::Undefined) => {
                let message = "must be there, or `muted_until`, but not both in one request";
                return Err(Error::field("role", message).into());
            }
        }
        Ok(Done::NoContent)
    }

    /// Remove a member from a room
    ///
    /// Needs a role above the member's. In a public room the removed member can join again; a ban prevents that.
    #[oai(
        path = "/rooms/:room_id/members/:user_id",
        method = "delete",
        operation_id = "remove_member"
    )]
    async fn remove(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
        /// The member's id.
        user_id: Path<Number>,
        /// What the members are told about it; at most 500 characters.
        reason: Query<Option<String>>,
    ) -> Changed<Done> {
        let (room_id, user_id) = (RoomId(room_id.0.0), UserId(user_id.0.0));
        chat.remove_member(&caller.0, room_id, user_id, reason.0).await?;
        Ok(Done::NoContent)
    }

    /// Make another user the owner of a room
    ///
    /// Needs an owner. The user becomes the only owner, and a member if necessary; the other owners become
    /// moderators.
    #[oai(path = "/rooms/:room_id/owner", method = "put", operation_id = "transfer_room")]
    async fn transfer(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<OwnerRequest>,
    ) -> ChangedByBody<OneRoom> {
        let user_id = UserId(body.0.user_id.0);
        let room = chat.transfer_room(&caller.0, RoomId(room_id.0.0), user_id).await?;
        Ok(OneRoom::Ok(Written::of(&room.into())?))
    }

    /// List the bans of a room
    ///
    /// Needs a moderator or an owner.
    #[oai(path = "/rooms/:room_id/bans", method = "get", operation_id = "list_bans")]
    async fn list_bans(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
    ) -> Result<Bans, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM | CONFLICT | STORE }>> {
        let bans = chat.list_bans(&caller.0, RoomId(room_id.0.0)).await?;
        Ok(Bans::Ok(Written::of(&bans.into_iter().map(BanDto::from).collect())?))
    }

    /// Ban a user from a room
    ///
    /// Needs a role above the user's. The user is no longer a member, and cannot join or be added until the ban
    /// ends. A further ban replaces the earlier one.
    #[oai(path = "/rooms/:room_id/bans/:user_id", method = "put", operation_id = "ban_user")]
    async fn ban(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
        /// The user's id.
        user_id: Path<Number>,
        body: Body<BanRequest>,
    ) -> ChangedByBody<Done> {
        let (room_id, user_id) = (RoomId(room_id.0.0), UserId(user_id.0.0));
        let Body(BanRequest { reason, until }) = body;
        chat.ban(&caller.0, room_id, user_id, until.map(|until| until.0), reason).await?;
        Ok(Done::NoContent)
    }

    /// Lift a ban
    ///
    /// Needs a moderator or an owner.
    #[oai(path = "/rooms/:room_id/bans/:user_id", method = "delete", operation_id = "unban_user")]
    async fn unban(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
        /// The user's id.
        user_id: Path<Number>,
    ) -> Changed<Done> {
        chat.unban(&caller.0, RoomId(room_id.0.0), UserId(user_id.0.0)).await?;
        Ok(Done::NoContent)
    }

    /// Open a direct room
    ///
    /// The conversation of the caller with 1 to 7 other people. Two requests for the same people give the same
    /// room. The path may be written without its last slash.
    #[oai(path = "/direct-rooms/", method = "post", operation_id = "open_direct_room")]
    async fn open_direct(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Sends>>,
        body: Body<DirectRoomRequest>,
    ) -> Result<Direct, Failure<{ BODY | TOKEN | FORBIDDEN | ROOM_OR_USER | PACE | STORE }>> {
        let people = ids(&body.0.user_ids);
        let (room, is_new) = chat.open_direct_room(&caller.0, people).await?;
        let room = Written::of(&room.into())?;
        Ok(if is_new { Direct::Created(room) } else { Direct::Found(room) })
    }
}

fn ids(numbers: &[Number]) -> Vec<UserId> {
    numbers.iter().map(|number| UserId(number.0)).collect()
}

fn default_members() -> MembersLimit {
    Int(i64::from(DEFAULT_MEMBERS_PAGE))
}
