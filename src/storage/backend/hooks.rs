//! Incoming webhooks.

use super::{Guard, MemberError};
use crate::model::{Event, Hook, NewAuditEntry, NewHook, RoomId, UserId};
use crate::storage::{Error, Result};

/// The number of webhooks that a room may have.
pub const MAX_HOOKS: u32 = 20;

/// Why a webhook was not made or deleted. Nothing was stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HookError {
    /// There is no such webhook in the room.
    #[error("no such webhook")]
    NotFound,
    /// The room is archived.
    #[error("the room is archived")]
    RoomArchived,
    /// The room has [`MAX_HOOKS`] webhooks.
    #[error("too many webhooks")]
    TooMany,
    /// The room does not exist or is a direct room, or its members cannot be changed.
    #[error(transparent)]
    Member(#[from] MemberError),
}

impl From<Error> for HookError {
    fn from(error: Error) -> Self {
        Self::Member(error.into())
    }
}

/// Incoming webhooks. A webhook is a bot with one API token, which is limited to sending to one room.
pub trait Hooks {
    /// Stores a webhook, its bot and its token, and makes the bot a member of the room. Returns the bot's id, and the
    /// events that were added to the room's log.
    fn create_hook(
        &self,
        hook: &NewHook,
        guard: Option<&Guard<'_>>,
        entry: &NewAuditEntry,
    ) -> Result<(UserId, Vec<Event>), HookError>;

    /// Deletes a webhook of the room: its token is revoked, and its bot is deactivated and leaves the room. Its messages
    /// stay. Returns the events that were added to the room's log.
    fn delete_hook(
        &self,
        room_id: RoomId,
        id: UserId,
        guard: Option<&Guard<'_>>,
        entry: &NewAuditEntry,
    ) -> Result<Vec<Event>, HookError>;

    /// Lists the webhooks of a room, or of all rooms, in order of id.
    fn list_hooks(&self, room_id: Option<RoomId>) -> Result<Vec<Hook>>;

    /// The room of the webhook whose bot this is, also of a deleted one. `None`: this account is not a webhook's.
    fn get_hook_room(&self, id: UserId) -> Result<Option<RoomId>>;
}
