//! The values that all layers use: ids, users, sessions, rooms, events, error codes.
//!
//! Nothing here does I/O or draws a random number, and only [`Clock`] reads a clock.

mod attempt;
mod audit;
mod error_code;
mod event;
mod invite;
mod json;
pub(crate) mod json_keys;
mod member;
mod mention;
mod message;
mod node;
mod profile;
mod room;
mod room_change;
mod sample;
mod session;
mod time;
mod user;
mod words;

pub use attempt::{AttemptCounter, AttemptKey, Begun, KnownAddress, Limit, NewAttempt, Refusal};
pub(crate) use audit::AuditTarget;
pub use audit::{Actor, AuditEntry, AuditId, NewAuditEntry, Via};
pub(crate) use error_code::ErrorCode;
pub use event::{
    Event, EventHeader, EventId, EventKind, EventPage, EventTarget, RoomChanged, RoomFace, Seq,
    UnknownEvent,
};
pub use invite::{
    FoundInvite, Invite, InviteId, InviteRoom, InviteScope, InviteTo, NewInvite, may_invite,
};
pub use member::{
    AllowedTo, Audience, Ban, BannedUser, LeaveCause, Member, MemberAct, MemberDetail, MemberEvent,
    MemberPage, Membership, NewMemberChange, Notify, Person, PreferenceChange, RoomKind, RoomRole,
    RoomRules, Standing, VisibleHistory,
};
pub use mention::mentions;
pub(crate) use mention::{MAX_USERNAME_CHARS, mentioned_names};
pub use message::{
    Appended, Changed, Cursor, Message, MessageChange, MessagePage, NewMessage, NewMessageChange,
};
pub use node::{Heartbeat, NewNode, Node, NodeId};
pub use profile::{
    AWAY, BlockedUser, CONNECTED, PeopleQuery, Presence, Profile, ProfileChange, Status, UserCard,
};
pub use room::{
    Belonging, ListedRoom, NewRoom, ReadPosition, Reader, Reading, Room, RoomDifference, RoomHead,
    RoomId, RoomSelection, Unread,
};
pub use room_change::{RoomChange, RoomField, UpdatedRoom};
pub use session::{
    Identity, NewPasswordReset, NewSession, NewTicket, SecretHash, Session, SessionId,
};
pub use time::{Clock, Timestamp};
pub use user::{
    Account, Credentials, NewUser, Role, User, UserChange, UserId, UserQuery, UserUpdate,
};
