//! Invites: `/rooms/{room_id}/invites` and `/invites/`.

use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi};

use super::Area;
use super::address::ClientAddress;
use super::dto::{
    InviteDto, InvitePreviewDto, InviteRequest, InviteTokenRequest, RoomDto, ServerInviteRequest,
};
use super::extract::{Body, Caller, Everywhere, ManagesRooms, Path, Reads};
use super::failure::{
    BODY, CONFLICT, FIELDS, FORBIDDEN, Failure, INVITE, PACE, ROOM, ROOM_OR_INVITE, STORE, TOKEN,
};
use super::payload::Written;
use super::types::Number;
use crate::chat::{Chat, InviteDraft};
use crate::model::{InviteId, InviteScope, RoomId};

pub(super) struct InvitesApi;

#[derive(ApiResponse)]
enum Made {
    /// The invite was made.
    #[oai(status = 201)]
    Created(Written<InviteDto>),
}

#[derive(ApiResponse)]
enum Invites {
    /// The open invites, newest first.
    #[oai(status = 200)]
    Ok(Written<Vec<InviteDto>>),
}

#[derive(ApiResponse)]
enum Revoked {
    /// The invite was revoked.
    #[oai(status = 204)]
    NoContent,
}

#[derive(ApiResponse)]
enum Preview {
    /// What the invite lets its holder into.
    #[oai(status = 200)]
    Ok(Written<InvitePreviewDto>),
}

#[derive(ApiResponse)]
enum Entered {
    /// The room, of which the caller is a member.
    #[oai(status = 200)]
    Ok(Written<RoomDto>),
}

#[OpenApi(tag = "Area::Invites")]
impl InvitesApi {
    /// Make an invite to a room
    ///
    /// Needs a moderator, unless the room's `inviting` is `everyone`. People without an account can
    /// sign up with the invite, unless the server's `signup` is `closed`. The invite is valid as long
    /// as its creator may invite. A room has at most 100 open invites: 409 `too_many_invites`.
    #[oai(path = "/rooms/:room_id/invites", method = "post", operation_id = "create_room_invite")]
    async fn create_for_room(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
        body: Body<InviteRequest>,
    ) -> Result<Made, Failure<{ BODY | TOKEN | FORBIDDEN | ROOM | CONFLICT | PACE | STORE }>> {
        let made = chat.create_invite(&caller.0, RoomId(room_id.0.0), body.0.into()).await?;
        Ok(Made::Created(Written::of(&made.into())?))
    }

    /// List the invites to a room
    ///
    /// Moderators and owners see every open invite; members who may invite see their own.
    #[oai(path = "/rooms/:room_id/invites", method = "get", operation_id = "list_room_invites")]
    async fn list_of_room(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
    ) -> Result<Invites, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM | CONFLICT | STORE }>> {
        let invites = chat.list_invites(&caller.0, RoomId(room_id.0.0)).await?;
        let invites = invites.into_iter().map(InviteDto::from).collect();
        Ok(Invites::Ok(Written::of(&invites)?))
    }

    /// Revoke an invite to a room
    ///
    /// Moderators and owners revoke every invite; members who may invite revoke their own. Those who
    /// have used the invite stay members.
    #[oai(
        path = "/rooms/:room_id/invites/:invite_id",
        method = "delete",
        operation_id = "revoke_room_invite"
    )]
    async fn revoke_of_room(
        &self,
        chat: Data<&Chat>,
        caller: Caller<ManagesRooms>,
        /// The room's id.
        room_id: Path<Number>,
        /// The invite's id.
        invite_id: Path<Number>,
    ) -> Result<Revoked, Failure<{ FIELDS | TOKEN | FORBIDDEN | ROOM_OR_INVITE | CONFLICT | STORE }>>
    {
        let (room_id, invite_id) = (RoomId(room_id.0.0), InviteId(invite_id.0.0));
        chat.revoke_invite(&caller.0, room_id, invite_id).await?;
        Ok(Revoked::NoContent)
    }

    /// Make an invite to the server
    ///
    /// Needs an admin. With the token people sign up: see `POST /auth/signup`.
    #[oai(path = "/invites/", method = "post", operation_id = "create_invite")]
    async fn create(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<ManagesRooms>>,
        body: Body<ServerInviteRequest>,
    ) -> Result<Made, Failure<{ BODY | TOKEN | FORBIDDEN | CONFLICT | STORE }>> {
        let draft = InviteDraft::from(body.0);
        let by = caller.0.user_id;
        let made = chat
            .administer(&caller.0, move |admin| {
                let by = admin.get_user(by)?.user;
                admin.create_invite(None, draft, &by)
            })
            .await?;
        Ok(Made::Created(Written::of(&made.into())?))
    }

    /// List the invites to the server
    ///
    /// Needs an admin. Only open invites are listed.
    #[oai(path = "/invites/", method = "get", operation_id = "list_invites")]
    async fn list(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<Reads>>,
    ) -> Result<Invites, Failure<{ TOKEN | FORBIDDEN | STORE }>> {
        let invites =
            chat.inspect(&caller.0, |admin| admin.list_invites(InviteScope::Server)).await?;
        let invites = invites.into_iter().map(InviteDto::from).collect();
        Ok(Invites::Ok(Written::of(&invites)?))
    }

    /// Revoke an invite to the server
    ///
    /// Needs an admin.
    #[oai(path = "/invites/:invite_id", method = "delete", operation_id = "revoke_invite")]
    async fn revoke(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<ManagesRooms>>,
        /// The invite's id.
        invite_id: Path<Number>,
    ) -> Result<Revoked, Failure<{ FIELDS | TOKEN | FORBIDDEN | INVITE | STORE }>> {
        let id = InviteId(invite_id.0.0);
        chat.administer(&caller.0, move |admin| admin.revoke_invite(id, InviteScope::Server))
            .await?;
        Ok(Revoked::NoContent)
    }

    /// Look at an invite
    ///
    /// Needs no session. Unknown, expired, revoked and used tokens get the same answer,
    /// `invite_not_found`, and count like failed sign-ins from the caller's address.
    #[oai(path = "/invites/preview", method = "post", operation_id = "preview_invite")]
    async fn preview(
        &self,
        chat: Data<&Chat>,
        address: ClientAddress,
        body: Body<InviteTokenRequest>,
    ) -> Result<Preview, Failure<{ BODY | INVITE | PACE | STORE }>> {
        let found = chat.preview_invite(&body.0.token, address.0).await?;
        Ok(Preview::Ok(Written::of(&found.into())?))
    }

    /// Enter a room by an invite
    ///
    /// The caller becomes a member of the room. For a member nothing changes, and nothing is used
    /// up. Unknown, expired, revoked and used tokens get the same answer, `invite_not_found`, also
    /// the token of an invite to the server; they count like failed sign-ins from the caller's
    /// address.
    #[oai(path = "/invites/accept", method = "post", operation_id = "accept_invite")]
    async fn accept(
        &self,
        chat: Data<&Chat>,
        caller: Caller<Everywhere<ManagesRooms>>,
        address: ClientAddress,
        body: Body<InviteTokenRequest>,
    ) -> Result<Entered, Failure<{ BODY | TOKEN | FORBIDDEN | ROOM_OR_INVITE | PACE | STORE }>>
    {
        let room = chat.accept_invite(&caller.0, &body.0.token, address.0).await?;
        Ok(Entered::Ok(Written::of(&room.into())?))
    }
}
