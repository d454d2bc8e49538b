//! Administration. Answers are serialised from the types of `model` and `chat`; the types here
//! document them.

use std::collections::HashMap;

use poem_openapi::types::{Any, Example, MaybeUndefined};
use poem_openapi::{Enum, Object};
use serde::Serialize;
use serde_json::Value;

use super::EXAMPLE_TIME;
use super::auth::RoleDto;
use super::metadata::MetadataDto;
use crate::http::types::Moment;
use crate::model::Session;

/// An account, as an admin sees it.
#[derive(Object)]
#[oai(rename = "Account", example)]
pub(in crate::http) struct AccountDto {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub role: RoleDto,
    /// An account that is not active cannot sign in.
    pub is_active: bool,
    pub created_at: Moment,
    /// The name that the person wants to be shown; absent if it is the username.
    #[oai(skip_serializing_if_is_none)]
    pub display_name: Option<String>,
    /// The number of its open sessions; of a bot, the number of its API tokens.
    pub sessions: u32,
    /// True: the account is a bot's, which has no password.
    #[oai(skip_serializing_if_is_none)]
    pub is_bot: Option<bool>,
    /// The data of a product on the person; absent if there is none.
    #[oai(skip_serializing_if_is_none)]
    pub metadata: Option<MetadataDto>,
}

impl Example for AccountDto {
    fn example() -> Self {
        Self {
            id: 1,
            username: "ann".into(),
            email: "ann@example.com".into(),
            role: RoleDto::User,
            is_active: true,
            created_at: EXAMPLE_TIME,
            display_name: Some("Ann Lee".into()),
            sessions: 2,
            is_bot: None,
            metadata: Some(MetadataDto::example()),
        }
    }
}

/// A page of accounts, in order of id.
#[derive(Object)]
#[oai(rename = "AccountPage", example)]
pub(in crate::http) struct AccountPageDto {
    pub users: Vec<AccountDto>,
    /// The `after` of the next page; null if this is the last page.
    #[oai(nullable)]
    pub next_after: Option<i64>,
}

impl Example for AccountPageDto {
    fn example() -> Self {
        Self { users: vec![AccountDto::example()], next_after: None }
    }
}

/// Changes of an account; fields that are left out stay as they are.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct UserChangeRequest {
    #[oai(nullable)]
    pub role: Option<RoleDto>,
    /// An account that is not active cannot sign in.
    #[oai(nullable)]
    pub is_active: Option<bool>,
    /// Data of a product's own on the person, in place of all earlier data; null removes it.
    #[oai(nullable)]
    pub metadata: MaybeUndefined<MetadataDto>,
}

impl Example for UserChangeRequest {
    fn example() -> Self {
        let metadata = MaybeUndefined::Value(MetadataDto::example());
        Self { role: Some(RoleDto::Admin), is_active: None, metadata }
    }
}

/// An open session.
#[derive(Object, Serialize)]
#[oai(rename = "Session", example)]
pub(in crate::http) struct SessionDto {
    /// The `sid` of its tokens.
    pub id: String,
    pub created_at: Moment,
    pub expires_at: Moment,
}

impl From<Session> for SessionDto {
    fn from(session: Session) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: Moment(session.created_at),
            expires_at: Moment(session.expires_at),
        }
    }
}

impl Example for SessionDto {
    fn example() -> Self {
        Self {
            id: "0d4a2c5b9e8f4d7a8c1b6e3f2a9d5c70".into(),
            created_at: EXAMPLE_TIME,
            expires_at: EXAMPLE_TIME,
        }
    }
}

/// The number of sessions that were ended.
#[derive(Object, Serialize)]
#[oai(rename = "Revoked", example)]
pub(in crate::http) struct RevokedDto {
    pub revoked: u32,
}

impl Example for RevokedDto {
    fn example() -> Self {
        Self { revoked: 2 }
    }
}

/// A token that sets one new password, once: see `POST /auth/password-reset`.
#[derive(Object)]
#[oai(rename = "PasswordReset", example)]
pub(in crate::http) struct PasswordResetDto {
    pub token: String,
    pub expires_at: Moment,
}

impl Example for PasswordResetDto {
    fn example() -> Self {
        Self { token: super::EXAMPLE_TOKEN.into(), expires_at: EXAMPLE_TIME }
    }
}

/// The interface through which an action was requested.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
pub(in crate::http) enum ViaDto {
    Http,
    Cli,
}

/// An administrative action.
#[derive(Object)]
#[oai(rename = "AuditEntry", example)]
pub(in crate::http) struct AuditEntryDto {
    pub id: i64,
    pub timestamp: Moment,
    /// The admin's present name, or the operating system's name of the operator at the command
    /// line.
    pub actor: String,
    pub via: ViaDto,
    /// The action, as `kind.verb`. Later versions may have more.
    pub action: String,
    /// The target, as `kind #id`.
    pub target: String,
    /// Details of the action.
    pub detail: HashMap<String, Any<Value>>,
}

impl Example for AuditEntryDto {
    fn example() -> Self {
        Self {
            id: 1,
            timestamp: EXAMPLE_TIME,
            actor: "root".into(),
            via: ViaDto::Cli,
            action: "user.update".into(),
            target: "user #1".into(),
            detail: HashMap::from([("role".into(), Any("admin".into()))]),
        }
    }
}

/// A page of the audit log, newest first.
#[derive(Object)]
#[oai(rename = "AuditPage", example)]
pub(in crate::http) struct AuditPageDto {
    pub entries: Vec<AuditEntryDto>,
    /// The `before` of the next page; null if this is the last page.
    #[oai(nullable)]
    pub next_before: Option<i64>,
}

impl Example for AuditPageDto {
    fn example() -> Self {
        Self { entries: vec![AuditEntryDto::example()], next_before: None }
    }
}
