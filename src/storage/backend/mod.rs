//! The interface of every database: one trait for each area, and [`Backend`], the sum of them.
//!
//! Each database implements a trait beside its statements: [`Rooms`] in `sqlite/rooms.rs` and in
//! `postgres/rooms.rs`. Callers have a `&dyn Backend`, whose methods need no import.

mod attempts;
mod audit;
mod bots;
mod drafts;
mod events;
mod external_accounts;
mod fleet;
mod hooks;
mod invites;
mod members;
mod messages;
mod outgoing_hooks;
mod password_resets;
mod people;
mod reactions;
mod read_positions;
mod retention;
mod rooms;
mod scheduled;
mod schema;
mod search;
mod sessions;
mod threads;
mod upkeep;
mod user_admin;
mod users;

pub use attempts::Attempts;
pub use audit::Audit;
pub use bots::{Bots, CursorPosition, MAX_API_TOKENS, MAX_CURSOR_ROOMS, TokenOutcome};
pub use drafts::{Drafts, MAX_DRAFTS, SavedDraft};
pub use events::{AppendError, Events};
pub use external_accounts::ExternalAccounts;
pub use fleet::{Fleet, PresenceChange, Present, Roster};
pub use hooks::{HookError, Hooks, MAX_HOOKS};
pub use invites::{AcceptedInvite, InviteError, Invites};
pub use members::{AccessChanges, Guard, MemberCount, MemberError, MemberSearch, Members};
pub use messages::{ChangeError, MAX_PINS, Messages, Pin};
pub use outgoing_hooks::{
    DueRoom, HookOutcome, HookProgress, KEPT_DELIVERIES, MAX_OUTGOING_HOOKS, OutgoingHooks,
    RunningHook,
};
pub use password_resets::PasswordResets;
pub use people::{People, UpdatedProfile};
pub use reactions::{NewReaction, ReactionError, ReactionResult, Reactions};
pub(super) use read_positions::FEW_ROOMS;
pub use read_positions::ReadPositions;
pub use retention::Retention;
pub use rooms::{CountedRoom, RoomPage, RoomSearch, Rooms};
pub use scheduled::{
    DueMessage, MAX_SCHEDULED, NewScheduled, Scheduled, ScheduledChange, ScheduledMessages,
};
pub use schema::{Migration, MigrationState, Schema, ServerFacts, Shortcoming};
pub use search::Search;
pub use sessions::{Revoked, Sessions};
pub use threads::{FollowedThread, InboxEntry, InboxReason, ThreadFollow, Threads};
pub use upkeep::{DatabaseStatus, Upkeep};
pub use user_admin::UserAdmin;
pub use users::Users;

use std::sync::Arc;

use super::rows::Source;

/// A database. Every method blocks and is one short transaction; a look-up that finds nothing is
/// `Ok(None)`, and an update or delete returns whether it found its row.
///
/// A method that administers takes the entry of the audit log and stores it in the same transaction,
/// at the entry's time, so that an act and its record are stored together or not at all. A call that
/// finds nothing, or changes nothing, is not recorded.
///
/// Names, usernames and email addresses are compared without regard to the case of ASCII letters.
///
/// Implementations are used from several threads at once and hold their own pools. They must be
/// made, used and dropped on threads that run no async runtime (the `postgres` client blocks on
/// a runtime of its own, which panics inside another).
pub trait Backend:
    Schema
    + Upkeep
    + Users
    + UserAdmin
    + People
    + PasswordResets
    + Sessions
    + Bots
    + ExternalAccounts
    + Attempts
    + Audit
    + Rooms
    + Members
    + Invites
    + Hooks
    + OutgoingHooks
    + Events
    + Messages
    + Reactions
    + Threads
    + Drafts
    + ScheduledMessages
    + Retention
    + ReadPositions
    + Search
    + Source
    + Send
    + Sync
    + 'static
{
    /// What several servers on this database know of each other. `None`: only one server can use it.
    fn fleet(&self) -> Option<&dyn Fleet>;

    /// The same database by one connection of its own, for work that must not delay reads or writes. `None`: all
    /// writes of this database go one after the other anyway.
    fn maintenance(&self) -> Option<Arc<dyn Backend>>;
}
