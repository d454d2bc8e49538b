//! Bots, their API tokens and their cursors.

use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};
use serde::Serialize;

use super::EXAMPLE_TIME;
use super::auth::RoleDto;
use crate::chat::{BotDraft, TokenDraft};
use crate::http::types::{Int, Moment, Number, Position};
use crate::model::{Role, RoomId, Scope, Seq};
use crate::storage::backend::CursorPosition;

const EXAMPLE_API_TOKEN: &str = "cb_dGhpcyBpcyBub3QgYSByYW5kb20gdG9rZW4gYXQgYWw";
const EXAMPLE_ID: &str = "8f14e45fceea167a5a36dedd4bea2543";

/// A part of the API.
#[derive(Clone, Copy, Enum, Serialize)]
#[oai(rename = "Scope", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum ScopeDto {
    Read,
    Send,
    Rooms,
    Admin,
}

impl From<ScopeDto> for Scope {
    fn from(scope: ScopeDto) -> Self {
        match scope {
            ScopeDto::Read => Self::Read,
            ScopeDto::Send => Self::Send,
            ScopeDto::Rooms => Self::Rooms,
            ScopeDto::Admin => Self::Admin,
        }
    }
}

impl From<Scope> for ScopeDto {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Read => Self::Read,
            Scope::Send => Self::Send,
            Scope::Rooms => Self::Rooms,
            Scope::Admin => Self::Admin,
        }
    }
}

/// An API token to be made.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct ApiTokenRequest {
    /// What the token is for: 1 to 64 characters.
    pub name: String,
    /// The parts of the API that the token allows.
    pub scopes: Vec<ScopeDto>,
    /// The only rooms that the token can be used for, at most 100. Without it: all rooms that the bot may use.
    #[oai(nullable)]
    pub room_ids: Option<Vec<Number>>,
    /// When the token expires. Without it: never.
    #[oai(nullable)]
    pub expires_at: Option<Moment>,
}

impl Example for ApiTokenRequest {
    fn example() -> Self {
        Self {
            name: "deploy".into(),
            scopes: vec![ScopeDto::Read, ScopeDto::Send],
            room_ids: None,
            expires_at: None,
        }
    }
}

impl From<ApiTokenRequest> for TokenDraft {
    fn from(request: ApiTokenRequest) -> Self {
        let room_ids = request.room_ids.map(|ids| ids.into_iter().map(|id| RoomId(id.0)).collect());
        Self {
            name: request.name,
            scopes: request.scopes.into_iter().map(Scope::from).collect(),
            room_ids,
            expires_at: request.expires_at.map(|at| at.0),
        }
    }
}

/// A bot to be made, with its first API token.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct BotRequest {
    /// The name, unique as that of a person.
    pub username: String,
    /// The name that is shown in place of the username.
    #[oai(nullable)]
    pub display_name: Option<String>,
    /// The role; `user` if it is left out. The scope `admin` needs the role `admin`.
    #[oai(nullable)]
    pub role: Option<RoleDto>,
    /// The first token.
    pub token: ApiTokenRequest,
}

impl BotRequest {
    pub fn into_drafts(self) -> (BotDraft, TokenDraft) {
        let Self { username, display_name, role, token } = self;
        let role = role.map_or(Role::User, Role::from);
        (BotDraft { username, display_name, role }, token.into())
    }
}

impl Example for BotRequest {
    fn example() -> Self {
        Self {
            username: "deploys".into(),
            display_name: Some("Deploys".into()),
            role: None,
            token: ApiTokenRequest::example(),
        }
    }
}

/// An API token, without the token itself.
#[derive(Object)]
#[oai(rename = "ApiToken", example)]
pub(in crate::http) struct ApiTokenDto {
    /// 32 hexadecimal digits.
    pub id: String,
    /// What the token is for.
    pub name: String,
    /// The parts of the API that the token allows.
    pub scopes: Vec<ScopeDto>,
    /// The only rooms that the token can be used for; absent if it can be used for all.
    #[oai(skip_serializing_if_is_none)]
    pub room_ids: Option<Vec<i64>>,
    pub created_at: Moment,
    /// When the token expires; absent if it does not.
    #[oai(skip_serializing_if_is_none)]
    pub expires_at: Option<Moment>,
    /// A time of use, at most a minute before the last one; absent if the token has not been used.
    #[oai(skip_serializing_if_is_none)]
    pub last_used_at: Option<Moment>,
}

impl Example for ApiTokenDto {
    fn example() -> Self {
        Self {
            id: EXAMPLE_ID.into(),
            name: "deploy".into(),
            scopes: vec![ScopeDto::Read, ScopeDto::Send],
            room_ids: None,
            created_at: EXAMPLE_TIME,
            expires_at: None,
            last_used_at: Some(EXAMPLE_TIME),
        }
    }
}

/// An API token that was just made.
#[derive(Object)]
#[oai(rename = "MadeApiToken", example)]
pub(in crate::http) struct MadeTokenDto {
    /// The token itself. It is shown only now.
    pub token: String,
    #[oai(flatten)]
    pub listed: ApiTokenDto,
}

impl Example for MadeTokenDto {
    fn example() -> Self {
        Self { token: EXAMPLE_API_TOKEN.into(), listed: ApiTokenDto::example() }
    }
}

/// A bot that was just made, and its first token.
#[derive(Object)]
#[oai(rename = "MadeBot", example)]
pub(in crate::http) struct MadeBotDto {
    /// The bot's account.
    pub user_id: i64,
    pub username: String,
    pub token: MadeTokenDto,
}

impl Example for MadeBotDto {
    fn example() -> Self {
        Self { user_id: 7, username: "deploys".into(), token: MadeTokenDto::example() }
    }
}

/// The caller's own account and token.
#[derive(Object, Serialize)]
#[oai(rename = "OwnBot", example)]
pub(in crate::http) struct OwnBotDto {
    /// The bot's account.
    pub user_id: i64,
    pub username: String,
    /// What the token of this request allows.
    pub scopes: Vec<ScopeDto>,
    /// The only rooms that the token can be used for; absent if it can be used for all.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_ids: Option<Vec<i64>>,
}

impl Example for OwnBotDto {
    fn example() -> Self {
        Self {
            user_id: 7,
            username: "deploys".into(),
            scopes: vec![ScopeDto::Read, ScopeDto::Send],
            room_ids: None,
        }
    }
}

/// Positions to which a cursor is moved.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct CursorRequest {
    /// 1 to 1000 rooms.
    pub positions: Vec<CursorMoveDto>,
}

impl Example for CursorRequest {
    fn example() -> Self {
        Self { positions: vec![CursorMoveDto::example()] }
    }
}

/// A position to which a cursor is moved.
#[derive(Object)]
#[oai(rename = "CursorMoveRequest", deny_unknown_fields, example)]
pub(in crate::http) struct CursorMoveDto {
    pub room_id: Number,
    /// The `seq` of the last event that was handled.
    pub seq: Position,
}

impl CursorMoveDto {
    pub fn parts(&self) -> (RoomId, Seq) {
        (RoomId(self.room_id.0), Seq(self.seq.0))
    }
}

impl Example for CursorMoveDto {
    fn example() -> Self {
        Self { room_id: Int(1), seq: Int(42) }
    }
}

/// A cursor of the caller.
#[derive(Object, Serialize)]
#[oai(rename = "Cursor", example)]
pub(in crate::http) struct CursorDto {
    pub name: String,
    /// The epoch of the server's history, for `since` on the socket.
    pub epoch: String,
    /// In order of room.
    pub positions: Vec<CursorPositionDto>,
}

impl Example for CursorDto {
    fn example() -> Self {
        Self {
            name: "replies".into(),
            epoch: "6f1c2a".into(),
            positions: vec![CursorPositionDto::example()],
        }
    }
}

/// A position in the log of a room.
#[derive(Object, Serialize)]
#[oai(rename = "CursorPosition", example)]
pub(in crate::http) struct CursorPositionDto {
    pub room_id: i64,
    /// The `seq` of the last event that was handled.
    pub seq: i64,
    pub updated_at: Moment,
}

impl From<CursorPosition> for CursorPositionDto {
    fn from(CursorPosition { room_id, seq, updated_at }: CursorPosition) -> Self {
        Self { room_id: room_id.0, seq: seq.0, updated_at: Moment(updated_at) }
    }
}

impl Example for CursorPositionDto {
    fn example() -> Self {
        Self { room_id: 1, seq: 42, updated_at: EXAMPLE_TIME }
    }
}
