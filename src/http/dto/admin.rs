//! Administration. Answers are written straight from `model` and `chat`; what is here documents
//! them.

use std::collections::HashMap;

use poem_openapi::types::{Any, Example};
use poem_openapi::{Enum, Object};
use serde::Serialize;
use serde_json::Value;

use super::EXAMPLE_TIME;
use super::auth::RoleDto;
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
    /// How many sessions it has open.
    pub sessions: u32,
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
            sessions: 2,
        }
    }
}

/// A stretch of the accounts, in order of id.
#[derive(Object)]
#[oai(rename = "AccountPage", example)]
pub(in crate::http) struct AccountPageDto {
    pub users: Vec<AccountDto>,
    /// Given as `after`, it brings those that follow; null if there are none.
    #[oai(nullable)]
    pub next_after: Option<i64>,
}

impl Example for AccountPageDto {
    fn example() -> Self {
        Self { users: vec![AccountDto::example()], next_after: None }
    }
}

/// What is to be another than it is.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct UserChangeRequest {
    #[oai(nullable)]
    pub role: Option<RoleDto>,
    /// An account that is not active cannot sign in.
    #[oai(nullable)]
    pub is_active: Option<bool>,
}

impl Example for UserChangeRequest {
    fn example() -> Self {
        Self { role: Some(RoleDto::Admin), is_active: None }
    }
}

/// A login that lives.
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

/// How many sessions were ended.
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

/// What sets one new password, once: `POST /auth/password-reset`.
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

/// The way by which an act came.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
pub(in crate::http) enum ViaDto {
    Http,
    Cli,
}

/// Something that was administered.
#[derive(Object)]
#[oai(rename = "AuditEntry", example)]
pub(in crate::http) struct AuditEntryDto {
    pub id: i64,
    pub timestamp: Moment,
    /// The admin's name as it is now, or the operating system's name for who was at the command
    /// line.
    pub actor: String,
    pub via: ViaDto,
    /// What was done, as `kind.verb`. More will come.
    pub action: String,
    /// To what, as `kind #id`.
    pub target: String,
    /// What about it.
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

/// A stretch of the audit log, newest first.
#[derive(Object)]
#[oai(rename = "AuditPage", example)]
pub(in crate::http) struct AuditPageDto {
    pub entries: Vec<AuditEntryDto>,
    /// Given as `before`, it brings what is older; null if there is nothing.
    #[oai(nullable)]
    pub next_before: Option<i64>,
}

impl Example for AuditPageDto {
    fn example() -> Self {
        Self { entries: vec![AuditEntryDto::example()], next_before: None }
    }
}
