//! Accounts and sessions.

use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};
use serde::Serialize;

use super::metadata::MetadataDto;
use super::{EXAMPLE_TIME, EXAMPLE_TOKEN};
use crate::chat::{Login, Setup, Ticket};
use crate::config::{RoomCreators, Signup};
use crate::http::types::Moment;
use crate::model::{Account, Role, User};
use crate::web::Site;

/// The role of an account on the whole server.
#[derive(Clone, Copy, Enum, Serialize)]
#[oai(rename = "Role", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum RoleDto {
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
pub(in crate::http) struct SignupRequest {
    /// 2 to 32 of ASCII letters, digits, `_`, `.` and `-`, the first a letter or a digit; unique
    /// (case is ignored). Surrounding white space is removed. Not `all`, `channel`, `everyone`,
    /// `here`, `room` or `system`, and not beginning with `deleted-`.
    pub username: String,
    /// Unique (ASCII case is ignored). Surrounding white space is removed; a domain that is not in
    /// ASCII is stored in the ASCII form of IDNA.
    pub email: String,
    /// At most 71 bytes in UTF-8, without NUL; not one that is easily guessed. All ways to type its
    /// accents give the same password (Unicode NFKC).
    pub password: String,
    /// `user` if left out. `admin` needs an admin's token, except for the first admin.
    #[oai(nullable)]
    pub role: Option<RoleDto>,
    /// The token of an invite. The account becomes a member of the invite's room.
    #[oai(nullable)]
    pub invite: Option<String>,
}

impl Example for SignupRequest {
    fn example() -> Self {
        Self {
            username: "ann".into(),
            email: "ann@example.com".into(),
            password: "correct horse battery".into(),
            role: Some(RoleDto::User),
            invite: None,
        }
    }
}

/// Who may create an account.
#[derive(Clone, Copy, Enum, Serialize)]
#[oai(rename = "SignupMode", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum SignupDto {
    /// Every client.
    Open,
    /// Every client with an invite, and admins.
    Invite,
    /// Only admins.
    Closed,
}

/// Who may create rooms.
#[derive(Clone, Copy, Enum, Serialize)]
#[oai(rename = "RoomCreators", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum RoomCreatorsDto {
    Admins,
    /// Every account.
    Everyone,
}

/// How the server presents itself.
#[derive(Object, Serialize)]
#[oai(rename = "Branding", example)]
pub(in crate::http) struct BrandingDto {
    pub name: String,
    /// The path of an SVG or PNG below the server's own address. It changes with the logo.
    #[oai(nullable)]
    pub logo: Option<String>,
    /// The accent colour, `#rgb` or `#rrggbb`.
    #[oai(nullable)]
    pub color: Option<String>,
}

/// The facts that a client needs before it signs in.
#[derive(Object, Serialize)]
#[oai(rename = "Setup", example)]
pub(in crate::http) struct SetupDto {
    /// There is no admin yet.
    pub needs_admin: bool,
    /// The caller is on the machine itself, and the first admin may sign up from there.
    pub allowed_here: bool,
    /// The most characters that a message may have, counted as Unicode scalar values.
    pub message_chars: u64,
    pub signup: SignupDto,
    pub rooms_create: RoomCreatorsDto,
    /// Whether messages have previews of the pages that they link to.
    pub previews: bool,
    pub branding: BrandingDto,
}

impl SetupDto {
    pub fn new(setup: Setup, site: &Site) -> Self {
        Self {
            needs_admin: setup.needs_admin,
            allowed_here: setup.allowed_here,
            message_chars: setup.message_chars as u64,
            signup: match setup.signup {
                Signup::Open => SignupDto::Open,
                Signup::Invite => SignupDto::Invite,
                Signup::Closed => SignupDto::Closed,
            },
            rooms_create: match setup.rooms_create {
                RoomCreators::Admins => RoomCreatorsDto::Admins,
                RoomCreators::Everyone => RoomCreatorsDto::Everyone,
            },
            previews: setup.previews,
            branding: BrandingDto {
                name: site.name().to_owned(),
                logo: site.logo(),
                color: site.color().map(ToOwned::to_owned),
            },
        }
    }
}

impl Example for BrandingDto {
    fn example() -> Self {
        Self {
            name: "Example Chat".into(),
            logo: Some("/assets/0123456789abcdef/logo.svg".into()),
            color: Some("#0d6b5f".into()),
        }
    }
}

impl Example for SetupDto {
    fn example() -> Self {
        Self {
            needs_admin: true,
            allowed_here: true,
            message_chars: 4_000,
            signup: SignupDto::Open,
            rooms_create: RoomCreatorsDto::Admins,
            previews: false,
            branding: BrandingDto::example(),
        }
    }
}

/// A username or an email, and the password.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct LoginRequest {
    /// The username or the email of the account; ASCII case is ignored. Surrounding white space is
    /// removed.
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
pub(in crate::http) struct PasswordRequest {
    pub current_password: String,
    /// At most 71 bytes in UTF-8, without NUL; not one that is easily guessed.
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

/// A token that an admin made, and the new password.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct PasswordResetRequest {
    pub token: String,
    /// At most 71 bytes in UTF-8, without NUL; not one that is easily guessed.
    pub new_password: String,
}

impl Example for PasswordResetRequest {
    fn example() -> Self {
        Self { token: EXAMPLE_TOKEN.into(), new_password: "staple of the new kind".into() }
    }
}

/// An account.
#[derive(Object, Serialize)]
#[oai(rename = "User", example)]
pub(in crate::http) struct UserDto {
    pub id: i64,
    pub username: String,
    pub email: String,
    pub role: RoleDto,
    /// An account that is not active cannot sign in.
    pub is_active: bool,
    pub created_at: Moment,
    /// The data of a product on the person; only in `GET /auth/me`, and absent if there is none.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<MetadataDto>,
}

impl From<Account> for UserDto {
    fn from(Account { user, metadata, .. }: Account) -> Self {
        Self { metadata: metadata.map(MetadataDto), ..user.into() }
    }
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
            metadata: None,
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
            metadata: None,
        }
    }
}

/// How the token is used: as `Authorization: Bearer …`.
#[derive(Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum TokenType {
    Bearer,
}

/// A ticket, which opens one socket: `/ws/{room_id}?ticket=…`.
#[derive(Object, Serialize)]
#[oai(rename = "Ticket", example)]
pub(in crate::http) struct TicketDto {
    /// Valid for one socket.
    pub ticket: String,
    /// Seconds until it expires, if it is not used before.
    pub expires_in: u32,
}

impl From<Ticket> for TicketDto {
    fn from(made: Ticket) -> Self {
        Self { ticket: made.ticket, expires_in: made.expires_in_seconds }
    }
}

impl Example for TicketDto {
    fn example() -> Self {
        Self { ticket: EXAMPLE_TOKEN.into(), expires_in: 30 }
    }
}

/// A token, and its account.
#[derive(Object, Serialize)]
#[oai(rename = "Login", example)]
pub(in crate::http) struct LoginDto {
    /// A JWT.
    pub access_token: String,
    pub token_type: TokenType,
    /// Seconds until the token expires, unless its session ends before.
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
