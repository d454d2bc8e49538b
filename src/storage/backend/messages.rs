//! One message: finding it, and changing it; and messages of the server itself.

use super::AppendError;
use crate::model::{
    Appended, Changed, EventId, Message, NewAuditEntry, NewMessage, NewMessageChange, NewText,
    Person, RoomId, Timestamp, View,
};
use crate::storage::{Error, Result};

/// The number of messages that may be pinned in a room.
pub const MAX_PINS: u32 = 50;

/// A message that is pinned in its room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The message.
    pub message: Message,
    /// The user who pinned it.
    pub pinned_by: Person,
    /// The time at which it was pinned.
    pub pinned_at: Timestamp,
}

/// Why a message was not changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChangeError {
    /// The room does not exist, or was deleted.
    #[error("no such room")]
    RoomNotFound,
    /// The room has no event of this id, or it is of another kind.
    #[error("no such message")]
    MessageNotFound,
    /// No message can be edited in an archived room.
    #[error("the room is archived")]
    RoomArchived,
    /// A deleted message cannot be edited or pinned.
    #[error("the message is deleted")]
    MessageDeleted,
    /// The room has [`MAX_PINS`] pinned messages.
    #[error("too many pinned messages")]
    TooManyPins,
    /// Storage failed. Only with [`Error::InDoubt`] the change may have been stored.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// Reading and changing single messages.
pub trait Messages {
    /// Reads a message without its reactions, replies and pin. `None`: there is no such message in the room, or no such
    /// room.
    fn get_message(&self, room_id: RoomId, id: EventId) -> Result<Option<Message>>;
    /// Reads a message as a page shows it. `None` as for [`Self::get_message`], or the reader does not see it.
    fn view_message(&self, room_id: RoomId, id: EventId, view: View) -> Result<Option<Message>>;
    /// Counts the messages in the room, including deleted ones. Reads its whole log.
    fn count_messages(&self, room_id: RoomId) -> Result<u64>;
    /// Changes the text of the message and its mentions, and appends an event about it. An unchanged text stores
    /// nothing. Refused in an archived room.
    fn edit_message(
        &self,
        change: NewMessageChange,
        text: &NewText,
    ) -> Result<Changed, ChangeError>;
    /// Pins the message in its room, or ends that, and appends an event about it. If it stands so already, nothing is
    /// stored. Refused in an archived room, for a deleted message, and beyond [`MAX_PINS`] messages.
    fn pin_message(
        &self,
        change: NewMessageChange,
        is_pinned: bool,
    ) -> Result<Changed, ChangeError>;
    /// Lists the pinned messages that the reader sees, the newest pin first. `None`: no such room.
    fn list_pins(&self, room_id: RoomId, view: View) -> Result<Option<Vec<Pin>>>;
    /// Empties the message and its earlier edits in the log, with its reactions, mentions and pin, and appends an event
    /// about it. For a message that is deleted already nothing is stored.
    fn delete_message(
        &self,
        change: NewMessageChange,
        audit: Option<&NewAuditEntry>,
    ) -> Result<Changed, ChangeError>;
    /// Appends a message whose author is user 0, and records it as an act on the room. For a `client_id` seen before, the
    /// original is returned, and nothing is stored.
    fn announce(&self, message: NewMessage, audit: &NewAuditEntry)
    -> Result<Appended, AppendError>;
}
