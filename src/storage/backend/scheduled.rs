//! Messages that are sent later.

use std::sync::Arc;

use crate::model::{EventId, Role, RoomId, Timestamp, UserId};
use crate::storage::Result;

/// The number of scheduled messages that a user may have, those that have failed included.
pub const MAX_SCHEDULED: u32 = 100;

/// A message to be sent later. The rules have already been applied to every field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewScheduled {
    /// The author.
    pub user_id: UserId,
    /// The room.
    pub room_id: RoomId,
    /// The thread in which it will be a reply.
    pub thread_id: Option<EventId>,
    /// The text.
    pub content: String,
    /// When it is sent.
    pub send_at: Timestamp,
    /// When it was scheduled.
    pub created_at: Timestamp,
}

/// A stored message that is sent later, or that could not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// Its id.
    pub id: i64,
    /// What was scheduled.
    pub message: NewScheduled,
    /// The code of the error for which it was not sent. `None`: it will be sent.
    pub failure: Option<String>,
}

/// A change of a scheduled message; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduledChange {
    /// The new text.
    pub content: Option<String>,
    /// The new time.
    pub send_at: Option<Timestamp>,
}

/// A message whose time has come, and its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueMessage {
    /// The message.
    pub scheduled: Scheduled,
    /// The name of the author.
    pub username: Arc<str>,
    /// The name that the author wants to be shown.
    pub display_name: Option<Arc<str>>,
    /// The role of the author.
    pub role: Role,
    /// Whether the account can be used.
    pub is_active: bool,
    /// Whether the account is a bot's.
    pub is_bot: bool,
}

/// Messages that are sent later. A message whose time has come is being sent: its author neither changes nor deletes it
/// any more, unless it has failed.
pub trait ScheduledMessages {
    /// Stores a message. `None`: the user has [`MAX_SCHEDULED`], or does not exist.
    fn create_scheduled(&self, message: &NewScheduled) -> Result<Option<Scheduled>>;
    /// Lists the messages of a user, those that are sent first at the front.
    fn list_scheduled(&self, user_id: UserId) -> Result<Vec<Scheduled>>;
    /// Changes a message, which then has not failed. `None`: the user has no such message in the room, or it is being sent.
    fn update_scheduled(
        &self,
        user_id: UserId,
        id: i64,
        change: &ScheduledChange,
        now: Timestamp,
    ) -> Result<Option<Scheduled>>;
    /// Deletes a message, and returns its room. `None`: the user has no such message, or it is being sent.
    fn delete_scheduled(&self, user_id: UserId, id: i64, now: Timestamp) -> Result<Option<RoomId>>;
    /// Lists at most `limit` messages whose time has come and that have not failed, the earliest first.
    fn list_due_scheduled(&self, now: Timestamp, limit: u32) -> Result<Vec<DueMessage>>;
    /// Ends a message: it has been sent and is deleted, or it has failed and is kept.
    fn end_scheduled(&self, id: i64, failure: Option<&str>) -> Result<()>;
}
