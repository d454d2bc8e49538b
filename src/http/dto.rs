//! The JSON of requests and responses as it is published, with an example of each.

use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};
use serde::Serialize;

use super::types::Moment;
use crate::chat::{Login, RoomView};
use crate::model::{Role, Timestamp, User};

/// 2025-01-31T10:30:00Z: when all the examples happen.
const EXAMPLE_TIME: Moment = Moment(Timestamp(1_738_319_400_000));

/// What an account may do on the whole server.
#[derive(Clone, Copy, Enum, Serialize)]
#[oai(rename = "Role", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(super) enum RoleDto {
    User,
    Admin,
}

impl From<Role> for RoleDto {
    fn from(role: Role) -> Self {
        match role {
            Role::User => Self::User,
            Role::Admin => Self::Admin,
        }
    }
}

impl From<RoleDto> for Role {
    fn from(role: RoleDto) -> Self {
        match role {
            RoleDto::User => Self::User,
            RoleDto::Admin => Self::Admin,
        }
    }
}

/// An account to be created.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct SignupRequest {
    /// 2 to 32 of ASCII letters, digits, `_`, `.` and `-`; unique without regard to case.
    pub username: String,
    /// Unique without regard to case.
    pub email: String,
    /// At most 71 bytes in UTF-8, without NUL.
    pub password: String,
    /// `user` unless given. `admin` is refused, but for an admin's token or the first admin.
    #[oai(nullable)]
    pub role: Option<RoleDto>,
}

impl Example for SignupRequest {
    fn example() -> Self {
        Self {
            username: "ann".into(),
            email: "ann@example.com".into(),
            password: "correct horse battery".into(),
            role: Some(RoleDto::User),
        }
    }
}

/// A username and its password.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct LoginRequest {
    pub username: String,
    /// At most 71 bytes in UTF-8, without NUL.
    pub password: String,
}

impl Example for LoginRequest {
    fn example() -> Self {
        Self { username: "ann".into(), password: "correct horse battery".into() }
    }
}

/// The old password and the new one.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct PasswordRequest {
    pub current_password: String,
    /// At most 71 bytes in UTF-8, without NUL.
    pub new_password: String,
}

impl Example for PasswordRequest {
    fn example() -> Self {
        Self {
            current_password: "correct horse battery".into(),
            new_password: "staple of the new kind".into(),
        }
    }
}

/// A room to be created.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct RoomRequest {
    /// 1 to 64 characters, spaces round it not counted, no control characters; unique without
    /// regard to case.
    pub name: String,
    /// At most 500 characters, without NUL.
    #[oai(nullable)]
    pub description: Option<String>,
}

impl Example for RoomRequest {
    fn example() -> Self {
        Self { name: "general".into(), description: Some("Everything and nothing".into()) }
    }
}

/// A message to be sent.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct MessageRequest {
    /// The text: not blank, without NUL.
    pub content: String,
    /// The sender's own id for the message, 1 to 64 visible ASCII characters. Sent again with the
    /// same one, for ever, the message is stored once.
    #[oai(nullable)]
    pub client_id: Option<String>,
}

impl Example for MessageRequest {
    fn example() -> Self {
        Self { content: "Hello, everyone!".into(), client_id: Some("7d1f".into()) }
    }
}

/// An account.
#[derive(Object, Serialize)]
#[oai(rename = "User", example)]
pub(super) struct UserDto {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub role: RoleDto,
    /// An account that is not active cannot sign in.
    pub is_active: bool,
    pub created_at: Moment,
}

impl From<User> for UserDto {
    fn from(user: User) -> Self {
        Self {
            id: user.id.0,
            username: user.username,
            email: user.email,
            role: user.role.into(),
            is_active: user.is_active,
            created_at: Moment(user.created_at),
        }
    }
}

impl Example for UserDto {
    fn example() -> Self {
        Self {
            id: 1,
            username: "ann".into(),
            email: "ann@example.com".into(),
            role: RoleDto::User,
            is_active: true,
            created_at: EXAMPLE_TIME,
        }
    }
}

/// How the token is used: as `Authorization: Bearer …`.
#[derive(Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(super) enum TokenType {
    Bearer,
}

/// A token and whose it is.
#[derive(Object, Serialize)]
#[oai(rename = "Login", example)]
pub(super) struct LoginDto {
    /// A JWT.
    pub access_token: String,
    pub token_type: TokenType,
    /// Seconds until the token dies, unless it is refreshed or its session ended before.
    pub expires_in: u32,
    pub user: UserDto,
}

impl From<Login> for LoginDto {
    fn from(login: Login) -> Self {
        Self {
            access_token: login.token,
            token_type: TokenType::Bearer,
            expires_in: login.expires_in_seconds,
            user: login.user.into(),
        }
    }
}

impl Example for LoginDto {
    fn example() -> Self {
        Self {
            access_token: "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln".into(),
            token_type: TokenType::Bearer,
            expires_in: 43_200,
            user: UserDto::example(),
        }
    }
}

/// A room.
#[derive(Object, Serialize)]
#[oai(rename = "Room", example)]
pub(super) struct RoomDto {
    pub id: i64,
    pub name: String,
    #[oai(nullable)]
    pub description: Option<String>,
    /// The id of the user who created it.
    pub created_by: i64,
    pub created_at: Moment,
    /// The `seq` of the newest event; 0 in a room where nothing has happened.
    pub head_seq: i64,
    /// How many people are connected to it now.
    pub active_users: u32,
}

impl From<RoomView> for RoomDto {
    fn from(RoomView { room, active_users }: RoomView) -> Self {
        Self {
            id: room.id.0,
            name: room.name,
            description: room.description,
            created_by: room.created_by.0,
            created_at: Moment(room.created_at),
            head_seq: room.head_seq.0,
            active_users: u32::try_from(active_users).unwrap_or(u32::MAX),
        }
    }
}

impl Example for RoomDto {
    fn example() -> Self {
        Self {
            id: 1,
            name: "general".into(),
            description: Some("Everything and nothing".into()),
            created_by: 1,
            created_at: EXAMPLE_TIME,
            head_seq: 1,
            active_users: 2,
        }
    }
}

/// A message as it stands now.
#[derive(Object)]
#[oai(rename = "Message", example)]
pub(super) struct MessageDto {
    /// Unique in the server.
    pub id: i64,
    /// The text. Empty once the message has been deleted.
    pub content: String,
    pub username: String,
    /// The sender.
    pub user_id: i64,
    /// When the server accepted it.
    pub timestamp: Moment,
    pub room_id: i64,
    /// Its position in the room's log.
    pub seq: i64,
    /// The sender's own id for it, if it gave one.
    #[oai(skip_serializing_if_is_none)]
    pub client_id: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    pub edited_at: Option<Moment>,
    #[oai(skip_serializing_if_is_none)]
    pub deleted_at: Option<Moment>,
}

impl Example for MessageDto {
    fn example() -> Self {
        Self {
            id: 1,
            content: "Hello, everyone!".into(),
            username: "ann".into(),
            user_id: 1,
            timestamp: EXAMPLE_TIME,
            room_id: 1,
            seq: 1,
            client_id: Some("7d1f".into()),
            edited_at: None,
            deleted_at: None,
        }
    }
}

/// A page of a room's messages, oldest first.
#[derive(Object)]
#[oai(rename = "MessagePage", example)]
pub(super) struct MessagePageDto {
    pub messages: Vec<MessageDto>,
    /// There are messages before this page.
    pub has_older: bool,
    /// There are messages after this page.
    pub has_newer: bool,
    /// Given as `before`, it brings the page before this one; null if there is none.
    #[oai(nullable)]
    pub next_before: Option<i64>,
    /// Given as `after`, it brings the page after this one; null if there is none yet.
    #[oai(nullable)]
    pub next_after: Option<i64>,
    /// The room's newest seq.
    pub head_seq: i64,
}

impl Example for MessagePageDto {
    fn example() -> Self {
        Self {
            messages: vec![MessageDto::example()],
            has_older: false,
            has_newer: false,
            next_before: None,
            next_after: None,
            head_seq: 1,
        }
    }
}

/// What happened. More kinds will come: a client passes over those it does not know.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
pub(super) enum EventType {
    Message,
}

/// An event of a room's log, as on the socket.
#[derive(Object)]
#[oai(rename = "Event", example)]
pub(super) struct EventDto {
    #[oai(rename = "type")]
    pub kind: EventType,
    #[oai(flatten)]
    pub message: MessageDto,
}

impl Example for EventDto {
    fn example() -> Self {
        Self { kind: EventType::Message, message: MessageDto::example() }
    }
}

/// A stretch of a room's log, oldest first.
#[derive(Object)]
#[oai(rename = "EventPage", example)]
pub(super) struct EventPageDto {
    pub events: Vec<EventDto>,
    /// The room's newest seq.
    pub head_seq: i64,
    /// Given as `after`, it brings what follows, also if that has yet to happen.
    pub next_after: i64,
    /// There are events after these.
    pub has_more: bool,
    /// The life of the database. If it is another than before, positions mean nothing any more.
    pub epoch: String,
}

impl Example for EventPageDto {
    fn example() -> Self {
        Self {
            events: vec![EventDto::example()],
            head_seq: 1,
            next_after: 1,
            has_more: false,
            epoch: "9b2c0a6d3f1e4f7f8f52d8a5e1c3b7d4".into(),
        }
    }
}

/// The server's state.
#[derive(Object, Serialize)]
#[oai(rename = "Health", example)]
pub(super) struct HealthDto {
    /// `ok`.
    pub status: String,
    pub version: String,
}

impl Example for HealthDto {
    fn example() -> Self {
        Self { status: "ok".into(), version: "1.0.0".into() }
    }
}

/// A field that is not acceptable, and how to mend it.
#[derive(Object)]
#[oai(rename = "FieldError")]
pub(super) struct FieldErrorDto {
    pub field: String,
    pub message: String,
}

/// An error: RFC 9457.
#[derive(Object)]
#[oai(rename = "Problem", example)]
pub(super) struct ProblemDto {
    /// `about:blank`: the status and `code` say it all.
    #[oai(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What happened and what to do, for people.
    pub detail: String,
    /// The stable word for programs.
    pub code: String,
    /// Finds the request in the server's log.
    pub request_id: String,
    /// The fields to blame.
    #[oai(skip_serializing_if_is_none)]
    pub errors: Option<Vec<FieldErrorDto>>,
}

impl Example for ProblemDto {
    fn example() -> Self {
        Self {
            kind: "about:blank".into(),
            title: "Unprocessable Entity".into(),
            status: 422,
            detail: "some fields are not acceptable".into(),
            code: "invalid_field".into(),
            request_id: "6f2b9c9e0d6a4b2f8a57d0d8c1f1b0a3".into(),
            errors: Some(vec![FieldErrorDto {
                field: "content".into(),
                message: "must not be blank".into(),
            }]),
        }
    }
}
