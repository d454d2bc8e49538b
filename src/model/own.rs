//! What one person alone has, and what no log tells of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EventId, RoomId};

/// Something of a person's own has changed: the person's devices read it again.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct OwnChange {
    /// What has changed.
    pub subject: OwnSubject,
    /// The room that it belongs to.
    pub room_id: RoomId,
    /// The first message of the thread that it belongs to; absent if it belongs to the room, and for scheduled messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<EventId>,
}

/// What a person has.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum OwnSubject {
    /// A draft was stored or deleted: `GET /users/me/drafts` has all of them.
    Draft,
    /// The user's place in a thread, or whether the user follows it: `GET /rooms/{room_id}` has the number of unread
    /// threads, and the thread has the place.
    Thread,
    /// A scheduled message was made, changed, deleted or sent, or could not be sent: `GET /users/me/scheduled` has all
    /// that are left.
    Scheduled,
}
