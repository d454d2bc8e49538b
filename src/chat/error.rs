//! The one error type of the rules, for clients: what happened, and whether and when to retry. Details
//! for the operator are logged where they happen.

use std::fmt;

use serde::Serialize;

use crate::model::{ErrorCode, Scope, Timestamp};
use crate::storage;
use crate::storage::backend::{HookError, InviteError, ReactionError};

/// The most seconds after which a client that found a full queue retries. Each answer draws its own
/// number, so that clients which were refused together do not come back together.
const RETRY_BUSY_MAX: u32 = 5;

/// Seconds after which a client retries when the database is gone, which takes longer to come back.
const RETRY_UNAVAILABLE: u32 = 5;

/// A field that breaks a rule, and what the rule is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl FieldError {
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), message: message.into() }
    }
}

/// Why a request was not carried out. The text may be shown to every client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{}", .0.iter().map(FieldError::to_string).collect::<Vec<_>>().join("; "))]
    InvalidFields(Vec<FieldError>),
    #[error("sign in first: no token was given")]
    TokenMissing,
    #[error("this token is not valid; sign in again")]
    TokenInvalid,
    #[error("this token has expired; sign in again")]
    TokenExpired,
    #[error("this session has ended; sign in again")]
    SessionRevoked,
    #[error("the username, the email or the password is wrong")]
    WrongCredentials,
    #[error("the current password is wrong")]
    WrongCurrentPassword,
    #[error("this needs an API token with the scope `{}`", .0.as_str())]
    ScopeMissing(Scope),
    #[error("this API token is limited to certain rooms: this needs one that is not")]
    TokenLimited,
    #[error("no API token allows this: a person must sign in")]
    PersonRequired,
    #[error("this is for bots: use a bot's API token")]
    BotRequired,
    #[error("this is the account of a bot, which has no password: make an API token for it")]
    BotAccount,
    #[error("this bot has as many API tokens as it may have: revoke some of them first")]
    TooManyTokens,
    #[error("there is no such webhook, or it was deleted")]
    HookNotFound,
    #[error("there are as many webhooks as there may be: delete some of them first")]
    TooManyHooks,
    #[error("there is no such API token of this bot, or it has been revoked")]
    TokenNotFound,
    #[error("this bot has no cursor of this name")]
    CursorNotFound,
    #[error(
        "the cursors of this bot have as many rooms as they may have: delete some of them first"
    )]
    TooManyCursors,
    #[error("this needs an admin")]
    AdminRequired,
    #[error(
        "an admin account cannot be created in this way: use an admin's token, or `chatapp create-admin` \
         on the server"
    )]
    AdminSignupRefused,
    #[error("sign-up is closed on this server: ask an admin for an account")]
    SignupClosed,
    #[error("sign-up needs an invite on this server: ask for a link")]
    InviteRequired,
    #[error("this token is another user's; open a connection of its own for it")]
    OtherUser,
    #[error("this server accepts no tokens of a product: its operator can set [external]")]
    ExchangeOff,
    /// Has the end of a sentence about a product's token, for the product's developer.
    #[error("this token of the product is not valid: {0}")]
    ExternalToken(String),
    #[error(
        "the keys of the product's tokens cannot be fetched at the moment; try again in a moment"
    )]
    KeysUnavailable,
    #[error(
        "messages are checked before they are sent, and this one could not be checked; try again in a moment"
    )]
    ReviewUnavailable,
    #[error("this account is deactivated")]
    AccountDeactivated,
    #[error("another account belongs to this external subject")]
    SubjectTaken,
    #[error(
        "this account belongs to a product, which signs its person in: it has no password here"
    )]
    ExternalAccount,
    /// The token is unknown, used or expired. The client is not told which.
    #[error("this link is not valid any more: ask an admin for a new one")]
    InvalidResetToken,
    #[error("there is no such room")]
    RoomNotFound,
    #[error("there is no such user")]
    UserNotFound,
    #[error("there is no such message in this room")]
    MessageNotFound,
    #[error("this server shows no previews of links: its operator can switch them on")]
    PreviewsOff,
    #[error("there is no such preview, or it has no image")]
    PreviewNotFound,
    /// The invite is unknown, expired, revoked or used up. The client is not told which.
    #[error("this invite is not valid any more: ask for a new link")]
    InviteNotFound,
    #[error(
        "only its author may edit a message, and only its author or a moderator of the room may delete it"
    )]
    AuthorRequired,
    #[error("this message has been deleted")]
    MessageDeleted,
    #[error("this room is archived: it can be read, and nothing can be sent to it")]
    RoomArchived,
    #[error("this is the last active admin: make another account an admin first")]
    LastAdmin,
    #[error("there are too many open invites: revoke some of them first")]
    TooManyInvites,
    #[error("this message has as many different emojis as it may have: use one of them")]
    TooManyReactions,
    #[error("there is no such scheduled message, or it is just being sent")]
    ScheduledNotFound,
    #[error(
        "this account has as many scheduled messages as it may have: delete some of them first"
    )]
    TooManyScheduled,
    #[error("this account has as many drafts as it may have: send or delete some of them first")]
    TooManyDrafts,
    #[error("this room has as many pinned messages as it may have: unpin one of them first")]
    TooManyPins,
    #[error("this username is taken")]
    UsernameTaken,
    #[error("this email is taken")]
    EmailTaken,
    #[error("another public room has this name")]
    RoomNameTaken,
    #[error("you are banned from this room")]
    Banned,
    #[error("you are muted in this room until {0}")]
    Muted(Timestamp),
    #[error("only moderators and owners send to this room")]
    PostingRestricted,
    #[error("this message was refused: {0}")]
    MessageRefused(String),
    #[error("this needs a moderator or an owner of the room")]
    ModeratorRequired,
    #[error("this needs an owner of the room")]
    OwnerRequired,
    #[error("this member's role is not below yours")]
    HigherRole,
    #[error("one of the two people has blocked the other")]
    Blocked,
    #[error("this user is not a member of the room")]
    NotAMember,
    #[error("this is not possible in a room of this kind")]
    RoomKind,
    #[error("this is the only owner of the room: make another member an owner first")]
    LastOwner,
    /// Has the parser's description of the mistake.
    #[error("this is not the JSON that was expected: {0}")]
    MalformedJson(String),
    #[error("there is no message of type \"{0}\"")]
    UnknownType(String),
    #[error("subscribe to the room first")]
    NotSubscribed,
    #[error("this connection is subscribed to the room already")]
    AlreadySubscribed,
    #[error("no more rooms can be joined on one socket")]
    TooManyRooms,
    /// The cursor belongs to another epoch of the database.
    #[error("the history was replaced since this position was read: reload it")]
    EpochChanged,
    /// Events after the cursor have been pruned.
    #[error("the events after this position are not kept any more: reload the room")]
    HistoryPruned,
    #[error("too many in a short time: try again in {}", seconds(*retry_after_seconds))]
    TooManyRequests { retry_after_seconds: u32 },
    #[error("this account has as many sockets open as it may have: close one first")]
    TooManySockets,
    #[error("the server is busy; try again in a moment")]
    Busy,
    #[error("the database cannot be used at the moment; try again in a moment")]
    Unavailable,
    #[error(
        "the database went away while this was being stored: check whether it was stored before \
         you do it again; a message with a client_id can be sent again as it is"
    )]
    OutcomeUnknown,
    #[error("something went wrong in the server; the request id finds it in the log")]
    Internal,
}

impl Error {
    /// An error about one field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::InvalidFields(vec![FieldError::new(field, message)])
    }

    /// The stable code for programs, the same over HTTP and on the socket.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidFields(_) => ErrorCode::InvalidField,
            Self::TokenMissing => ErrorCode::TokenMissing,
            Self::TokenInvalid => ErrorCode::TokenInvalid,
            Self::TokenExpired => ErrorCode::TokenExpired,
            Self::SessionRevoked => ErrorCode::SessionRevoked,
            Self::WrongCredentials => ErrorCode::WrongCredentials,
            Self::WrongCurrentPassword => ErrorCode::WrongCurrentPassword,
            Self::ScopeMissing(_) => ErrorCode::ScopeMissing,
            Self::TokenLimited => ErrorCode::TokenLimited,
            Self::PersonRequired => ErrorCode::PersonRequired,
            Self::BotRequired => ErrorCode::BotRequired,
            Self::BotAccount => ErrorCode::BotAccount,
            Self::TooManyTokens => ErrorCode::TooManyTokens,
            Self::TokenNotFound => ErrorCode::TokenNotFound,
            Self::HookNotFound => ErrorCode::HookNotFound,
            Self::TooManyHooks => ErrorCode::TooManyHooks,
            Self::CursorNotFound => ErrorCode::CursorNotFound,
            Self::TooManyCursors => ErrorCode::TooManyCursors,
            Self::AdminRequired => ErrorCode::AdminRequired,
            Self::AdminSignupRefused => ErrorCode::AdminSignupRefused,
            Self::SignupClosed => ErrorCode::SignupClosed,
            Self::InviteRequired => ErrorCode::InviteRequired,
            Self::OtherUser => ErrorCode::OtherUser,
            Self::ExchangeOff => ErrorCode::ExchangeOff,
            Self::ExternalToken(_) => ErrorCode::TokenInvalid,
            Self::KeysUnavailable => ErrorCode::KeysUnavailable,
            Self::ReviewUnavailable => ErrorCode::ReviewUnavailable,
            Self::AccountDeactivated => ErrorCode::AccountDeactivated,
            Self::SubjectTaken => ErrorCode::SubjectTaken,
            Self::ExternalAccount => ErrorCode::ExternalAccount,
            Self::InvalidResetToken => ErrorCode::InvalidResetToken,
            Self::RoomNotFound => ErrorCode::RoomNotFound,
            Self::UserNotFound => ErrorCode::UserNotFound,
            Self::MessageNotFound => ErrorCode::MessageNotFound,
            Self::PreviewsOff => ErrorCode::PreviewsOff,
            Self::PreviewNotFound => ErrorCode::PreviewNotFound,
            Self::InviteNotFound => ErrorCode::InviteNotFound,
            Self::AuthorRequired => ErrorCode::AuthorRequired,
            Self::MessageDeleted => ErrorCode::MessageDeleted,
            Self::RoomArchived => ErrorCode::RoomArchived,
            Self::LastAdmin => ErrorCode::LastAdmin,
            Self::TooManyInvites => ErrorCode::TooManyInvites,
            Self::TooManyReactions => ErrorCode::TooManyReactions,
            Self::TooManyPins => ErrorCode::TooManyPins,
            Self::ScheduledNotFound => ErrorCode::ScheduledNotFound,
            Self::TooManyScheduled => ErrorCode::TooManyScheduled,
            Self::TooManyDrafts => ErrorCode::TooManyDrafts,
            Self::UsernameTaken => ErrorCode::UsernameTaken,
            Self::EmailTaken => ErrorCode::EmailTaken,
            Self::RoomNameTaken => ErrorCode::RoomNameTaken,
            Self::Banned => ErrorCode::Banned,
            Self::Muted(_) => ErrorCode::Muted,
            Self::PostingRestricted => ErrorCode::PostingRestricted,
            Self::MessageRefused(_) => ErrorCode::MessageRefused,
            Self::ModeratorRequired => ErrorCode::ModeratorRequired,
            Self::OwnerRequired => ErrorCode::OwnerRequired,
            Self::HigherRole => ErrorCode::HigherRole,
            Self::Blocked => ErrorCode::Blocked,
            Self::NotAMember => ErrorCode::NotAMember,
            Self::RoomKind => ErrorCode::RoomKind,
            Self::LastOwner => ErrorCode::LastOwner,
            Self::MalformedJson(_) => ErrorCode::MalformedJson,
            Self::UnknownType(_) => ErrorCode::UnknownType,
            Self::AlreadySubscribed => ErrorCode::AlreadySubscribed,
            Self::NotSubscribed => ErrorCode::NotSubscribed,
            Self::TooManyRooms => ErrorCode::TooManyRooms,
            Self::EpochChanged => ErrorCode::EpochChanged,
            Self::HistoryPruned => ErrorCode::HistoryPruned,
            Self::TooManyRequests { .. } => ErrorCode::TooManyRequests,
            Self::TooManySockets => ErrorCode::TooManySockets,
            Self::Busy => ErrorCode::Busy,
            Self::Unavailable => ErrorCode::Unavailable,
            Self::OutcomeUnknown => ErrorCode::OutcomeUnknown,
            Self::Internal => ErrorCode::Internal,
        }
    }

    /// After how many seconds the client may retry. `None`: retrying does not help.
    pub fn retry_after(&self) -> Option<u32> {
        self.code().is_temporary().then(|| match self {
            Self::TooManyRequests { retry_after_seconds } => *retry_after_seconds,
            // Without randomness every client gets 1, which does no harm.
            Self::Busy => 1 + getrandom::u32().unwrap_or(0) % RETRY_BUSY_MAX,
            _ => RETRY_UNAVAILABLE,
        })
    }
}

fn seconds(count: u32) -> String {
    if count == 1 { "1 second".to_owned() } else { format!("{count} seconds") }
}

impl From<storage::Conflict> for Error {
    fn from(conflict: storage::Conflict) -> Self {
        match conflict {
            storage::Conflict::UsernameTaken => Self::UsernameTaken,
            storage::Conflict::EmailTaken => Self::EmailTaken,
            storage::Conflict::RoomNameTaken => Self::RoomNameTaken,
            storage::Conflict::AdminExists => Self::AdminSignupRefused,
            storage::Conflict::LastAdmin => Self::LastAdmin,
            storage::Conflict::SubjectTaken => Self::SubjectTaken,
        }
    }
}

/// Logs the details for the operator and keeps what the client may know.
impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::Conflict(conflict) => conflict.into(),
            // Whoever gives a guard finds the reason. Without one, the caller's account was deleted.
            storage::Error::Refused => Self::TokenInvalid,
            storage::Error::Busy(_) => {
                tracing::warn!(%error, "storage refused work");
                Self::Busy
            }
            storage::Error::Unavailable(_) => {
                tracing::error!(%error, "storage is unavailable");
                Self::Unavailable
            }
            storage::Error::InDoubt(_) => {
                tracing::error!(%error, "the connection to the database was lost during a write");
                Self::OutcomeUnknown
            }
            storage::Error::OtherDatabase => {
                tracing::error!(%error, "storage was replaced");
                Self::Unavailable
            }
            storage::Error::InUse(_) | storage::Error::Sealed(_) => {
                tracing::error!(%error, "storage is being replaced");
                Self::Unavailable
            }
            storage::Error::Damaged(_) => {
                tracing::error!(%error, "storage is damaged");
                Self::Unavailable
            }
            // An operator has changed the schema under the server: the client's request is not at
            // fault.
            storage::Error::SchemaTooNew { .. }
            | storage::Error::SchemaExtended { .. }
            | storage::Error::SchemaTooOld => {
                tracing::error!(%error, "storage has another schema");
                Self::Unavailable
            }
            storage::Error::BadUrl(_) | storage::Error::Internal(_) => {
                tracing::error!(%error, "storage failed");
                Self::Internal
            }
        }
    }
}

impl From<storage::AppendError> for Error {
    fn from(error: storage::AppendError) -> Self {
        match error {
            storage::AppendError::RoomNotFound => Self::RoomNotFound,
            storage::AppendError::RoomArchived => Self::RoomArchived,
            storage::AppendError::MessageNotFound => Self::MessageNotFound,
            // The account was deleted while its session was still open.
            storage::AppendError::UserNotFound => Self::SessionRevoked,
            storage::AppendError::Storage(error) => error.into(),
        }
    }
}

impl From<storage::MemberError> for Error {
    fn from(error: storage::MemberError) -> Self {
        match error {
            storage::MemberError::RoomNotFound => Self::RoomNotFound,
            storage::MemberError::UserNotFound => Self::UserNotFound,
            storage::MemberError::RoomKind => Self::RoomKind,
            storage::MemberError::NotAMember => Self::NotAMember,
            storage::MemberError::HigherRole => Self::HigherRole,
            storage::MemberError::LastOwner => Self::LastOwner,
            storage::MemberError::Banned => Self::Banned,
            storage::MemberError::Blocked => Self::Blocked,
            storage::MemberError::Storage(error) => error.into(),
        }
    }
}

impl From<ReactionError> for Error {
    fn from(error: ReactionError) -> Self {
        match error {
            ReactionError::RoomNotFound => Self::RoomNotFound,
            ReactionError::MessageNotFound => Self::MessageNotFound,
            ReactionError::RoomArchived => Self::RoomArchived,
            ReactionError::MessageDeleted => Self::MessageDeleted,
            ReactionError::TooManyEmojis => Self::TooManyReactions,
            ReactionError::Storage(error) => error.into(),
        }
    }
}

impl From<HookError> for Error {
    fn from(error: HookError) -> Self {
        match error {
            HookError::NotFound => Self::HookNotFound,
            HookError::RoomArchived => Self::RoomArchived,
            HookError::TooMany => Self::TooManyHooks,
            HookError::Member(error) => error.into(),
        }
    }
}

impl From<InviteError> for Error {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::NotFound => Self::InviteNotFound,
            InviteError::RoomNotFound => Self::RoomNotFound,
            InviteError::RoomArchived => Self::RoomArchived,
            InviteError::TooMany => Self::TooManyInvites,
            // The account was deleted while its session was still open.
            InviteError::UserNotFound => Self::SessionRevoked,
            InviteError::Banned => Self::Banned,
            InviteError::Storage(error) => error.into(),
        }
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error with this code. `None`: only HTTP has such errors.
#[cfg(test)]
pub fn sample(code: ErrorCode) -> Option<Error> {
    let error = match code {
        ErrorCode::InvalidField => Error::field("content", "must not be blank"),
        ErrorCode::TokenMissing => Error::TokenMissing,
        ErrorCode::TokenInvalid => Error::TokenInvalid,
        ErrorCode::TokenExpired => Error::TokenExpired,
        ErrorCode::SessionRevoked => Error::SessionRevoked,
        ErrorCode::WrongCredentials => Error::WrongCredentials,
        ErrorCode::WrongCurrentPassword => Error::WrongCurrentPassword,
        ErrorCode::ScopeMissing => Error::ScopeMissing(Scope::Send),
        ErrorCode::TokenLimited => Error::TokenLimited,
        ErrorCode::PersonRequired => Error::PersonRequired,
        ErrorCode::BotRequired => Error::BotRequired,
        ErrorCode::BotAccount => Error::BotAccount,
        ErrorCode::TooManyTokens => Error::TooManyTokens,
        ErrorCode::TokenNotFound => Error::TokenNotFound,
        ErrorCode::HookNotFound => Error::HookNotFound,
        ErrorCode::TooManyHooks => Error::TooManyHooks,
        ErrorCode::CursorNotFound => Error::CursorNotFound,
        ErrorCode::TooManyCursors => Error::TooManyCursors,
        ErrorCode::AdminRequired => Error::AdminRequired,
        ErrorCode::AdminSignupRefused => Error::AdminSignupRefused,
        ErrorCode::SignupClosed => Error::SignupClosed,
        ErrorCode::InviteRequired => Error::InviteRequired,
        ErrorCode::OtherUser => Error::OtherUser,
        ErrorCode::InvalidResetToken => Error::InvalidResetToken,
        ErrorCode::ExchangeOff => Error::ExchangeOff,
        ErrorCode::KeysUnavailable => Error::KeysUnavailable,
        ErrorCode::ReviewUnavailable => Error::ReviewUnavailable,
        ErrorCode::AccountDeactivated => Error::AccountDeactivated,
        ErrorCode::SubjectTaken => Error::SubjectTaken,
        ErrorCode::ExternalAccount => Error::ExternalAccount,
        ErrorCode::RoomNotFound => Error::RoomNotFound,
        ErrorCode::UserNotFound => Error::UserNotFound,
        ErrorCode::MessageNotFound => Error::MessageNotFound,
        ErrorCode::PreviewsOff => Error::PreviewsOff,
        ErrorCode::PreviewNotFound => Error::PreviewNotFound,
        ErrorCode::InviteNotFound => Error::InviteNotFound,
        ErrorCode::AuthorRequired => Error::AuthorRequired,
        ErrorCode::MessageDeleted => Error::MessageDeleted,
        ErrorCode::RoomArchived => Error::RoomArchived,
        ErrorCode::LastAdmin => Error::LastAdmin,
        ErrorCode::TooManyInvites => Error::TooManyInvites,
        ErrorCode::TooManyReactions => Error::TooManyReactions,
        ErrorCode::TooManyPins => Error::TooManyPins,
        ErrorCode::ScheduledNotFound => Error::ScheduledNotFound,
        ErrorCode::TooManyScheduled => Error::TooManyScheduled,
        ErrorCode::TooManyDrafts => Error::TooManyDrafts,
        ErrorCode::UsernameTaken => Error::UsernameTaken,
        ErrorCode::EmailTaken => Error::EmailTaken,
        ErrorCode::RoomNameTaken => Error::RoomNameTaken,
        ErrorCode::Banned => Error::Banned,
        ErrorCode::Muted => Error::Muted(Timestamp(0)),
        ErrorCode::PostingRestricted => Error::PostingRestricted,
        ErrorCode::MessageRefused => Error::MessageRefused("no links here".to_owned()),
        ErrorCode::ModeratorRequired => Error::ModeratorRequired,
        ErrorCode::OwnerRequired => Error::OwnerRequired,
        ErrorCode::HigherRole => Error::HigherRole,
        ErrorCode::Blocked => Error::Blocked,
        ErrorCode::NotAMember => Error::NotAMember,
        ErrorCode::RoomKind => Error::RoomKind,
        ErrorCode::LastOwner => Error::LastOwner,
        ErrorCode::MalformedJson => Error::MalformedJson("it is cut off".to_owned()),
        ErrorCode::UnknownType => Error::UnknownType("dance".to_owned()),
        ErrorCode::NotSubscribed => Error::NotSubscribed,
        ErrorCode::AlreadySubscribed => Error::AlreadySubscribed,
        ErrorCode::TooManyRooms => Error::TooManyRooms,
        ErrorCode::EpochChanged => Error::EpochChanged,
        ErrorCode::HistoryPruned => Error::HistoryPruned,
        ErrorCode::TooManyRequests => Error::TooManyRequests { retry_after_seconds: 7 },
        ErrorCode::TooManySockets => Error::TooManySockets,
        ErrorCode::Busy => Error::Busy,
        ErrorCode::Unavailable => Error::Unavailable,
        ErrorCode::OutcomeUnknown => Error::OutcomeUnknown,
        ErrorCode::Internal => Error::Internal,
        ErrorCode::BadRequest
        | ErrorCode::NotFound
        | ErrorCode::MethodNotAllowed
        | ErrorCode::BodyTimeout
        | ErrorCode::TooLarge
        | ErrorCode::UnsupportedMediaType
        | ErrorCode::OriginRefused
        | ErrorCode::UpgradeRequired
        | ErrorCode::BadHandshake => return None,
    };
    assert_eq!(error.code(), code);
    Some(error)
}
