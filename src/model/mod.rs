//! The values that all layers use: ids, users, sessions, rooms, events, error codes.
//!
//! Nothing here does I/O or draws a random number, and only [`Clock`] reads a clock.

mod api_token;
mod attempt;
mod audit;
mod code;
mod error_code;
mod event;
mod external;
mod hook;
mod invite;
mod json;
pub(crate) mod json_keys;
mod link;
mod member;
mod mention;
mod message;
mod message_parts;
mod metadata;
mod node;
mod outgoing_hook;
mod own;
mod profile;
mod room;
mod room_change;
mod sample;
mod search;
mod session;
mod time;
mod user;
mod words;

pub use api_token::{ApiToken, Grant, NewApiToken, Scope, Scopes};
pub use attempt::{AttemptCounter, AttemptKey, Begun, KnownAddress, Limit, NewAttempt, Refusal};
pub(crate) use audit::AuditTarget;
pub use audit::{Actor, AuditEntry, AuditId, NewAuditEntry, Via};
pub(crate) use error_code::ErrorCode;
pub use event::{
    Event, EventHeader, EventId, EventKind, EventPage, EventTarget, RoomChanged, RoomFace, Seq,
    UnknownEvent,
};
pub use external::{ExternalIdentity, ExternalSignIn, ExternalSignedIn, NewAccount};
pub use hook::{Hook, NewHook};
pub use invite::{
    FoundInvite, Invite, InviteId, InviteRoom, InviteScope, InviteTo, NewInvite, may_invite,
};
pub(crate) use link::links;
pub use member::{
    AllowedTo, Audience, Ban, BannedUser, LeaveCause, Member, MemberAct, MemberDetail, MemberEvent,
    MemberPage, Membership, NewMemberChange, Notify, Person, PreferenceChange, RoomKind, RoomRole,
    RoomRules, Standing, VisibleHistory,
};
pub(crate) use mention::{MAX_USERNAME_CHARS, PossibleMention, possible_mentions};
pub use message::{
    Appended, Changed, Cursor, Message, MessageChange, MessagePage, NewMessage, NewMessageChange,
    NewParts, NewText, View,
};
pub use message_parts::{
    Everyone, Forwarded, Mention, MessageDetail, MessageParts, Reaction, ReactionBy, ReactionEvent,
    ThreadSummary, extras,
};
pub use metadata::{Metadata, MetadataQuery};
pub use node::{Heartbeat, NewNode, Node, NodeId};
pub use outgoing_hook::{
    Delivery, FailingRoom, HookFilter, HookSecrets, NewOutgoingHook, OutgoingHook,
    OutgoingHookChange, OutgoingHookId, Replay,
};
pub use own::{OwnChange, OwnSubject};
pub use profile::{
    AWAY, BlockedUser, CONNECTED, PeopleQuery, Presence, Profile, ProfileChange, Status, UserCard,
};
pub use room::{
    Belonging, ListedRoom, NewRoom, ReadMove, ReadPosition, Reader, Reading, Room, RoomDifference,
    RoomHead, RoomId, RoomSelection, Unread,
};
pub use room_change::{RoomChange, RoomField, UpdatedRoom};
pub use search::{
    Feature, Found, IndexStatus, Phrase, Search, SearchBounds, SearchOrder, Token, tokens,
};
pub(crate) use search::{days, document, room_facet, user_facet};
pub use session::{
    Identity, NewPasswordReset, NewSession, NewTicket, SecretHash, Session, SessionId, SessionTerms,
};
pub use time::{Clock, Timestamp};
pub use user::{
    Account, Credentials, NewUser, Role, User, UserChange, UserId, UserQuery, UserUpdate,
};
