//! Users and accounts.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::metadata::only_that_it_changed;
use super::{Metadata, MetadataQuery, Timestamp};

/// A user's id, unique in the server.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct UserId(pub i64);

impl UserId {
    /// The author of events that no account causes, such as a change of a room at the command line.
    pub const SERVER: Self = Self(0);
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The role of an account on the whole server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A member of the chat.
    User,
    /// An administrator of the server.
    Admin,
}

impl Role {
    /// The word used in SQL, JSON and tokens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "user" => Ok(Self::User),
            "admin" => Ok(Self::Admin),
            _ => Err(()),
        }
    }
}

/// A user, as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The name, unique without regard to ASCII case.
    pub username: String,
    /// The email address; `deleted-ID` if the account was deleted.
    pub email: String,
    /// The role on the whole server.
    pub role: Role,
    /// Whether the account is active. A deactivated account cannot log in.
    pub is_active: bool,
    /// Whether the account is a bot's: a program's, which signs in with API tokens and not with a password.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_bot: bool,
    /// The time at which the account was created.
    pub created_at: Timestamp,
}

impl User {
    /// Whether the account is active and has the role of an admin.
    pub fn is_active_admin(&self) -> bool {
        self.role == Role::Admin && self.is_active
    }
}

/// A user together with the facts that administrators see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The user, as the API shows it.
    #[serde(flatten)]
    pub user: User,
    /// The name that the person wants to be shown; absent if it is the username.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The number of its open sessions.
    pub sessions: u32,
    /// The data of a product on the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

/// A search for accounts, in order of id. Deleted accounts are not found.
#[derive(Clone, Debug)]
pub struct UserQuery {
    /// Only accounts with this text in the username, the display name or the email; case is ignored.
    pub text: Option<String>,
    /// Only accounts with this metadata.
    pub metadata: Option<MetadataQuery>,
    /// Only accounts with a greater id: the last id of the page before.
    pub after: Option<UserId>,
    /// The most accounts that are returned.
    pub limit: u32,
}

/// A change of an account; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UserChange {
    /// The new role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether the account is to be active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// `Some(None)` removes the data of a product.
    #[serde(
        rename = "metadata_changed",
        serialize_with = "only_that_it_changed",
        skip_serializing_if = "Option::is_none"
    )]
    pub metadata: Option<Option<Metadata>>,
}

impl UserChange {
    /// Returns the user after the change.
    pub fn apply(&self, user: &User) -> User {
        User {
            role: self.role.unwrap_or(user.role),
            is_active: self.is_active.unwrap_or(user.is_active),
            ..user.clone()
        }
    }
}

/// The effect of a [`UserChange`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserUpdate {
    /// The user before the change.
    pub before: User,
    /// How many open sessions the change ended.
    pub ended_sessions: u32,
}

/// An account to be stored. The rules have already been applied to every field.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The name, unique without regard to ASCII case.
    pub username: String,
    /// The email address, unique without regard to ASCII case.
    pub email: String,
    /// bcrypt, in its modular crypt format (`$2b$12$…`). Empty: nobody can sign in with a password.
    pub password_hash: String,
    /// Whether the account is a bot's.
    pub is_bot: bool,
    /// The name to be shown in place of the username.
    pub display_name: Option<String>,
    /// The role on the whole server.
    pub role: Role,
    /// The time at which the account is created.
    pub created_at: Timestamp,
    /// Refuse with [`Conflict::AdminExists`](crate::storage::Conflict) if any admin exists,
    /// decided in the transaction that stores the account.
    pub only_if_no_admin: bool,
}

/// A user and the hash against which a password is checked.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The user.
    pub user: User,
    /// bcrypt, in its modular crypt format.
    pub password_hash: String,
}
