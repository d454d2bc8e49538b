//! The closed list of error codes: the words by which programs know errors, the same over HTTP and on
//! the socket.

use schemars::JsonSchema;
use serde::Serialize;

/// Why a request or a frame was not carried out. The name in snake case is what a client reads as `code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    InvalidField,
    TokenMissing,
    TokenInvalid,
    TokenExpired,
    SessionRevoked,
    WrongCredentials,
    WrongCurrentPassword,
    ScopeMissing,
    TokenLimited,
    PersonRequired,
    BotRequired,
    BotAccount,
    TooManyTokens,
    TokenNotFound,
    HookNotFound,
    TooManyHooks,
    CursorNotFound,
    TooManyCursors,
    AdminRequired,
    AdminSignupRefused,
    SignupClosed,
    InviteRequired,
    OtherUser,
    InvalidResetToken,
    ExchangeOff,
    KeysUnavailable,
    ReviewUnavailable,
    AccountDeactivated,
    SubjectTaken,
    ExternalAccount,
    RoomNotFound,
    UserNotFound,
    MessageNotFound,
    PreviewsOff,
    PreviewNotFound,
    InviteNotFound,
    AuthorRequired,
    MessageDeleted,
    RoomArchived,
    LastAdmin,
    TooManyInvites,
    TooManyReactions,
    TooManyPins,
    ScheduledNotFound,
    TooManyScheduled,
    TooManyDrafts,
    UsernameTaken,
    EmailTaken,
    RoomNameTaken,
    Banned,
    Muted,
    PostingRestricted,
    MessageRefused,
    ModeratorRequired,
    OwnerRequired,
    HigherRole,
    Blocked,
    NotAMember,
    RoomKind,
    LastOwner,
    MalformedJson,
    UnknownType,
    NotSubscribed,
    AlreadySubscribed,
    TooManyRooms,
    EpochChanged,
    HistoryPruned,
    TooManyRequests,
    TooManySockets,
    Busy,
    Unavailable,
    OutcomeUnknown,
    Internal,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    BodyTimeout,
    TooLarge,
    UnsupportedMediaType,
    OriginRefused,
    UpgradeRequired,
    BadHandshake,
}

impl ErrorCode {
    /// Every code, for the documents made from this table and for the tests.
    pub const ALL: [Self; 82] = [
        Self::InvalidField,
        Self::TokenMissing,
        Self::TokenInvalid,
        Self::TokenExpired,
        Self::SessionRevoked,
        Self::WrongCredentials,
        Self::WrongCurrentPassword,
        Self::ScopeMissing,
        Self::TokenLimited,
        Self::PersonRequired,
        Self::BotRequired,
        Self::BotAccount,
        Self::TooManyTokens,
        Self::TokenNotFound,
        Self::HookNotFound,
        Self::TooManyHooks,
        Self::CursorNotFound,
        Self::TooManyCursors,
        Self::AdminRequired,
        Self::AdminSignupRefused,
        Self::SignupClosed,
        Self::InviteRequired,
        Self::OtherUser,
        Self::InvalidResetToken,
        Self::ExchangeOff,
        Self::KeysUnavailable,
        Self::ReviewUnavailable,
        Self::AccountDeactivated,
        Self::SubjectTaken,
        Self::ExternalAccount,
        Self::RoomNotFound,
        Self::UserNotFound,
        Self::MessageNotFound,
        Self::PreviewsOff,
        Self::PreviewNotFound,
        Self::InviteNotFound,
        Self::AuthorRequired,
        Self::MessageDeleted,
        Self::RoomArchived,
        Self::LastAdmin,
        Self::TooManyInvites,
        Self::TooManyReactions,
        Self::TooManyPins,
        Self::ScheduledNotFound,
        Self::TooManyScheduled,
        Self::TooManyDrafts,
        Self::UsernameTaken,
        Self::EmailTaken,
        Self::RoomNameTaken,
        Self::Banned,
        Self::Muted,
        Self::PostingRestricted,
        Self::MessageRefused,
        Self::ModeratorRequired,
        Self::OwnerRequired,
        Self::HigherRole,
        Self::Blocked,
        Self::NotAMember,
        Self::RoomKind,
        Self::LastOwner,
        Self::MalformedJson,
        Self::UnknownType,
        Self::NotSubscribed,
        Self::AlreadySubscribed,
        Self::TooManyRooms,
        Self::EpochChanged,
        Self::HistoryPruned,
        Self::TooManyRequests,
        Self::TooManySockets,
        Self::Busy,
        Self::Unavailable,
        Self::OutcomeUnknown,
        Self::Internal,
        Self::BadRequest,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTimeout,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::OriginRefused,
        Self::UpgradeRequired,
        Self::BadHandshake,
    ];

    /// Whether the same request may succeed later, without a change. Every answer with a temporary error
    /// says after how many seconds to retry.
    pub fn is_temporary(self) -> bool {
        match self {
            Self::KeysUnavailable
            | Self::ReviewUnavailable
            | Self::TooManyRequests
            | Self::Busy
            | Self::Unavailable
            | Self::OutcomeUnknown => true,
            Self::InvalidField
            | Self::TokenMissing
            | Self::TokenInvalid
            | Self::TokenExpired
            | Self::SessionRevoked
            | Self::WrongCredentials
            | Self::WrongCurrentPassword
            | Self::ScopeMissing
            | Self::TokenLimited
            | Self::PersonRequired
            | Self::BotRequired
            | Self::BotAccount
            | Self::TooManyTokens
            | Self::TokenNotFound
            | Self::HookNotFound
            | Self::TooManyHooks
            | Self::CursorNotFound
            | Self::TooManyCursors
            | Self::AdminRequired
            | Self::AdminSignupRefused
            | Self::SignupClosed
            | Self::InviteRequired
            | Self::OtherUser
            | Self::InvalidResetToken
            | Self::ExchangeOff
            | Self::AccountDeactivated
            | Self::SubjectTaken
            | Self::ExternalAccount
            | Self::RoomNotFound
            | Self::UserNotFound
            | Self::MessageNotFound
            | Self::PreviewsOff
            | Self::PreviewNotFound
            | Self::InviteNotFound
            | Self::AuthorRequired
            | Self::MessageDeleted
            | Self::RoomArchived
            | Self::LastAdmin
            | Self::TooManyInvites
            | Self::TooManyReactions
            | Self::TooManyPins
            | Self::ScheduledNotFound
            | Self::TooManyScheduled
            | Self::TooManyDrafts
            | Self::UsernameTaken
            | Self::EmailTaken
            | Self::RoomNameTaken
            | Self::Banned
            | Self::Muted
            | Self::PostingRestricted
            | Self::MessageRefused
            | Self::ModeratorRequired
            | Self::OwnerRequired
            | Self::HigherRole
            | Self::Blocked
            | Self::NotAMember
            | Self::RoomKind
            | Self::LastOwner
            | Self::MalformedJson
            | Self::UnknownType
            | Self::NotSubscribed
            | Self::AlreadySubscribed
            | Self::TooManyRooms
            | Self::EpochChanged
            | Self::HistoryPruned
            | Self::TooManySockets
            | Self::Internal
            | Self::BadRequest
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::BodyTimeout
            | Self::TooLarge
            | Self::UnsupportedMediaType
            | Self::OriginRefused
            | Self::UpgradeRequired
            | Self::BadHandshake => false,
        }
    }

    /// What the code says, for the documents: a part of a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::InvalidField => "a field or a parameter breaks a rule",
            Self::TokenMissing => "no token was given",
            Self::TokenInvalid => "the token is not one of this server's",
            Self::TokenExpired => "the token has expired",
            Self::SessionRevoked => "the session has ended",
            Self::WrongCredentials => "the username, the email or the password is wrong",
            Self::WrongCurrentPassword => "the current password is wrong",
            Self::ScopeMissing => "the API token does not have the scope that this needs",
            Self::TokenLimited => "the API token is limited to certain rooms",
            Self::PersonRequired => "no API token allows this",
            Self::BotRequired => "only bots may do this",
            Self::BotAccount => "the account is a bot's, which has no password",
            Self::TooManyTokens => "the bot has as many API tokens as it may have",
            Self::HookNotFound => "there is no such webhook, or it was deleted",
            Self::TooManyHooks => "there are as many webhooks as there may be",
            Self::TokenNotFound => "the bot has no such API token",
            Self::CursorNotFound => "the bot has no cursor of this name",
            Self::TooManyCursors => "the bot's cursors have as many rooms as they may have",
            Self::AdminRequired => "only an admin may do this",
            Self::AdminSignupRefused => {
                "there is an admin already, or the caller is on another machine"
            }
            Self::SignupClosed => "only admins create accounts",
            Self::InviteRequired => "an account needs an invite",
            Self::OtherUser => "the new token of a connection is another user's",
            Self::InvalidResetToken => {
                "the token that sets a new password is unknown, used or expired"
            }
            Self::ExchangeOff => "the server accepts no tokens of a product",
            Self::KeysUnavailable => "the keys of the product's tokens cannot be fetched",
            Self::ReviewUnavailable => {
                "the operator's program did not say whether the message may be sent"
            }
            Self::AccountDeactivated => "the account is deactivated",
            Self::SubjectTaken => "another account belongs to the person of the product",
            Self::ExternalAccount => {
                "the account has no password, because a product signs its person in"
            }
            Self::RoomNotFound => "there is no such room",
            Self::UserNotFound => "there is no such user",
            Self::MessageNotFound => "there is no such message in the room",
            Self::PreviewsOff => "the server shows no previews of links",
            Self::PreviewNotFound => "there is no such preview, or it has no image",
            Self::InviteNotFound => "the invite is unknown, expired, revoked or used up",
            Self::AuthorRequired => "the message is another user's",
            Self::MessageDeleted => "the message has been deleted",
            Self::RoomArchived => "the room is archived: nothing can be sent to it",
            Self::LastAdmin => "no active admin would be left",
            Self::TooManyInvites => "there are too many open invites",
            Self::TooManyReactions => "the message has as many different emojis as it may have",
            Self::TooManyPins => "the room has as many pinned messages as it may have",
            Self::ScheduledNotFound => {
                "the user has no such scheduled message, or it is being sent"
            }
            Self::TooManyScheduled => "the user has as many scheduled messages as allowed",
            Self::TooManyDrafts => "the user has as many drafts as allowed",
            Self::UsernameTaken => "another account has the username",
            Self::EmailTaken => "another account has the email",
            Self::RoomNameTaken => "another public room has the name",
            Self::Banned => "the user is banned from the room",
            Self::Muted => "the user is muted in the room",
            Self::PostingRestricted => "only moderators and owners send to the room",
            Self::MessageRefused => "the operator's program refused the message",
            Self::ModeratorRequired => "only moderators and owners of the room may do this",
            Self::OwnerRequired => "only owners of the room may do this",
            Self::HigherRole => "the other member's role is not below the caller's",
            Self::Blocked => "one of the two people has blocked the other",
            Self::NotAMember => "the user is not a member of the room",
            Self::RoomKind => "this is not possible in a room of this kind",
            Self::LastOwner => "no owner of the room would be left",
            Self::MalformedJson => "the body or the frame is not the JSON that was expected",
            Self::UnknownType => "there is no frame of this `type`",
            Self::NotSubscribed => "the connection has not joined the room",
            Self::AlreadySubscribed => "the connection has joined the room already",
            Self::TooManyRooms => "the connection has joined as many rooms as it may",
            Self::EpochChanged => "the position belongs to a history that was replaced",
            Self::HistoryPruned => "the events after the position are not kept any more",
            Self::TooManyRequests => "too many of these in a short time",
            Self::TooManySockets => "the account has as many sockets open as it may have",
            Self::Busy => "the server has too much to do",
            Self::Unavailable => "the database cannot be used",
            Self::OutcomeUnknown => {
                "the database went away while storing, and may have stored the change"
            }
            Self::Internal => "something went wrong in the server",
            Self::BadRequest => "the request cannot be understood",
            Self::NotFound => "there is nothing at this address",
            Self::MethodNotAllowed => "the address does not have this method",
            Self::BodyTimeout => "the body did not arrive in time",
            Self::TooLarge => "the body is too large",
            Self::UnsupportedMediaType => "the body is not declared as JSON, or is compressed",
            Self::OriginRefused => "pages of this origin may not open sockets",
            Self::UpgradeRequired => "the address is a WebSocket's",
            Self::BadHandshake => "the handshake of the WebSocket is not valid",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_has_every_code_once() {
        // The schema is derived, so that it has every variant, in the same order.
        let schema = schemars::schema_for!(ErrorCode).to_value();
        assert_eq!(schema["enum"], serde_json::to_value(ErrorCode::ALL.to_vec()).unwrap());
        assert_eq!(serde_json::to_value(ErrorCode::OutcomeUnknown).unwrap(), "outcome_unknown");
    }
}
