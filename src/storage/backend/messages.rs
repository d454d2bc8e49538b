//! One message: finding it, and changing it.

use crate::model::{Changed, EventId, Message, NewAuditEntry, NewMessageChange, RoomId};
use crate::storage::{Error, Result};

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
    /// A deleted message cannot be edited.
    #[error("the message is deleted")]
    MessageDeleted,
    /// Storage failed. Only with [`Error::InDoubt`] the change may have been stored.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// Reading and changing single messages.
pub trait Messages {
    /// `None`: there is no such message in the room, or no such room.
    fn get_message(&self, room_id: RoomId, id: EventId) -> Result<Option<Message>>;
    /// Counts the messages in the room, including deleted ones. Reads its whole log.
    fn count_messages(&self, room_id: RoomId) -> Result<u64>;
    /// Changes the text of the message, and appends an event about it. An unchanged text stores nothing.
    /// Refused in an archived room.
    fn edit_message(&self, change: NewMessageChange, content: &str)
    -> Result<Changed, ChangeError>;
    /// Empties the message and its earlier edits in the log, and appends an event about it. For a message
    /// that is deleted already nothing is stored.
    fn delete_message(
        &self,
        change: NewMessageChange,
        audit: Option<&NewAuditEntry>,
    ) -> Result<Changed, ChangeError>;
}
