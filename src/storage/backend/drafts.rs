//! What people have written and not sent.

use crate::model::{EventId, RoomId, Timestamp, UserId};
use crate::storage::Result;

/// The number of drafts that a user may have, those in rooms that the user may not read any more included.
pub const MAX_DRAFTS: u32 = 500;

/// A text that a user has written and not sent: at most one in a room, and one in each of its threads. The rules have
/// already been applied to every field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedDraft {
    /// The author.
    pub user_id: UserId,
    /// The room.
    pub room_id: RoomId,
    /// The first message of the thread. `None`: the room itself.
    pub thread_id: Option<EventId>,
    /// The text.
    pub content: String,
    /// When the text was last changed.
    pub updated_at: Timestamp,
}

/// Drafts.
pub trait Drafts {
    /// Stores a draft in place of the one that was there, and returns it and whether the text is a new one. The same text
    /// keeps the time of its last change. `None`: the user has [`MAX_DRAFTS`] others, or the user or the room does not
    /// exist.
    fn save_draft(&self, draft: SavedDraft) -> Result<Option<(SavedDraft, bool)>>;
    /// Deletes a draft, and returns whether there was one.
    fn delete_draft(
        &self,
        user_id: UserId,
        room_id: RoomId,
        thread_id: Option<EventId>,
    ) -> Result<bool>;
    /// Lists the user's drafts in the rooms and threads that the user may read, the newest first.
    fn list_drafts(&self, user_id: UserId, now: Timestamp) -> Result<Vec<SavedDraft>>;
}
