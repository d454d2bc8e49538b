//! Invites.

use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};
use serde::Serialize;

use super::{EXAMPLE_TIME, EXAMPLE_TOKEN};
use crate::chat::{InviteDraft, MAX_USES, MadeInvite};
use crate::http::types::{Int, Moment};
use crate::model::{FoundInvite, Invite, InviteRoom, InviteTo, Person, RoomRole};

type Uses = Int<1, MAX_USES>;

/// The role of the people who enter a room by an invite.
#[derive(Clone, Copy, Enum, Serialize)]
#[oai(rename = "InviteRole", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum InviteRoleDto {
    Member,
    Moderator,
}

/// An invite to a room, to be made.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct InviteRequest {
    /// The number of people whom it lets in; any number if left out.
    #[oai(nullable)]
    pub uses_allowed: Option<Uses>,
    /// At most a year from now; a week from now if left out.
    #[oai(nullable)]
    pub expires_at: Option<Moment>,
    /// `member` if left out. Only an owner invites moderators.
    #[oai(nullable)]
    pub role: Option<InviteRoleDto>,
}

impl From<InviteRequest> for InviteDraft {
    fn from(InviteRequest { uses_allowed, expires_at, role }: InviteRequest) -> Self {
        let role = match role {
            None | Some(InviteRoleDto::Member) => RoomRole::Member,
            Some(InviteRoleDto::Moderator) => RoomRole::Moderator,
        };
        Self {
            uses_allowed: uses_allowed.map(|uses| uses.0),
            expires_at: expires_at.map(|at| at.0),
            role,
        }
    }
}

impl Example for InviteRequest {
    fn example() -> Self {
        Self {
            uses_allowed: Some(Int(5)),
            expires_at: Some(EXAMPLE_TIME),
            role: Some(InviteRoleDto::Member),
        }
    }
}

/// An invite to the server, to be made.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct ServerInviteRequest {
    /// The number of people whom it lets in; any number if left out.
    #[oai(nullable)]
    pub uses_allowed: Option<Uses>,
    /// At most a year from now; a week from now if left out.
    #[oai(nullable)]
    pub expires_at: Option<Moment>,
}

impl From<ServerInviteRequest> for InviteDraft {
    fn from(ServerInviteRequest { uses_allowed, expires_at }: ServerInviteRequest) -> Self {
        InviteRequest { uses_allowed, expires_at, role: None }.into()
    }
}

impl Example for ServerInviteRequest {
    fn example() -> Self {
        Self { uses_allowed: Some(Int(1)), expires_at: Some(EXAMPLE_TIME) }
    }
}

/// A person who invites.
#[derive(Object, Serialize)]
#[oai(rename = "Inviter", example)]
pub(in crate::http) struct InviterDto {
    pub username: String,
    /// The name that the person wants to be shown; left out if it is the username.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

impl From<&Person> for InviterDto {
    fn from(person: &Person) -> Self {
        Self {
            username: person.username.to_string(),
            display_name: person.display_name.as_deref().map(ToOwned::to_owned),
        }
    }
}

impl Example for InviterDto {
    fn example() -> Self {
        Self { username: "ann".into(), display_name: Some("Ann Lee".into()) }
    }
}

/// An invite. Its link is `/#/invite/TOKEN` on the server's page.
#[derive(Object, Serialize)]
#[oai(rename = "Invite", example)]
pub(in crate::http) struct InviteDto {
    pub id: i64,
    /// The secret of the link. Only in the answer to the request that made the invite.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Left out: an invite to the server.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_id: Option<i64>,
    /// Left out: an invite to the server.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<InviteRoleDto>,
    /// The id of the user who made it.
    pub created_by: i64,
    pub invited_by: InviterDto,
    /// Left out: any number.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses_allowed: Option<u32>,
    /// The number of people who have used it.
    pub completed: u32,
    pub created_at: Moment,
    /// Left out: never.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
}

impl From<Invite> for InviteDto {
    fn from(invite: Invite) -> Self {
        Self {
            id: invite.id.0,
            token: None,
            room_id: invite.to.room_id().map(|id| id.0),
            role: match invite.to {
                InviteTo::Server => None,
                InviteTo::Room { role: RoomRole::Member, .. } => Some(InviteRoleDto::Member),
                InviteTo::Room { .. } => Some(InviteRoleDto::Moderator),
            },
            created_by: invite.invited_by.user_id.0,
            invited_by: (&invite.invited_by).into(),
            uses_allowed: invite.uses_allowed,
            completed: invite.completed,
            created_at: Moment(invite.created_at),
            expires_at: invite.expires_at.map(Moment),
        }
    }
}

impl From<MadeInvite> for InviteDto {
    fn from(MadeInvite { token, invite }: MadeInvite) -> Self {
        Self { token: Some(token), ..invite.into() }
    }
}

impl Example for InviteDto {
    fn example() -> Self {
        Self {
            id: 1,
            token: Some(EXAMPLE_TOKEN.into()),
            room_id: Some(1),
            role: Some(InviteRoleDto::Member),
            created_by: 1,
            invited_by: InviterDto::example(),
            uses_allowed: Some(5),
            completed: 0,
            created_at: EXAMPLE_TIME,
            expires_at: Some(EXAMPLE_TIME),
        }
    }
}

/// The token of an invite.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct InviteTokenRequest {
    pub token: String,
}

impl Example for InviteTokenRequest {
    fn example() -> Self {
        Self { token: EXAMPLE_TOKEN.into() }
    }
}

/// What an invite lets people into.
#[derive(Enum, Serialize)]
#[oai(rename = "InviteKind", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum InviteKindDto {
    Room,
    /// The invite is for a sign-up alone.
    Server,
}

/// The room of an invite.
#[derive(Object, Serialize)]
#[oai(rename = "InviteRoom", example)]
pub(in crate::http) struct InviteRoomDto {
    pub name: String,
    #[oai(nullable)]
    pub description: Option<String>,
    pub member_count: u64,
}

impl From<InviteRoom> for InviteRoomDto {
    fn from(InviteRoom { room, member_count, .. }: InviteRoom) -> Self {
        Self { name: room.name, description: room.description, member_count }
    }
}

impl Example for InviteRoomDto {
    fn example() -> Self {
        Self {
            name: "general".into(),
            description: Some("Everything and nothing".into()),
            member_count: 3,
        }
    }
}

/// What the holder of an invite may know before entering.
#[derive(Object, Serialize)]
#[oai(rename = "InvitePreview", example)]
pub(in crate::http) struct InvitePreviewDto {
    pub kind: InviteKindDto,
    /// Left out: an invite to the server.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<InviteRoomDto>,
    pub invited_by: InviterDto,
    /// Left out: never.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
}

impl From<FoundInvite> for InvitePreviewDto {
    fn from(FoundInvite { invite, room, .. }: FoundInvite) -> Self {
        Self {
            kind: match invite.to {
                InviteTo::Server => InviteKindDto::Server,
                InviteTo::Room { .. } => InviteKindDto::Room,
            },
            room: room.map(InviteRoomDto::from),
            invited_by: (&invite.invited_by).into(),
            expires_at: invite.expires_at.map(Moment),
        }
    }
}

impl Example for InvitePreviewDto {
    fn example() -> Self {
        Self {
            kind: InviteKindDto::Room,
            room: Some(InviteRoomDto::example()),
            invited_by: InviterDto::example(),
            expires_at: Some(EXAMPLE_TIME),
        }
    }
}
