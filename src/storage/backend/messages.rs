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
    /// The number of messages in the room, with the deleted ones. Reads all of its log.
    fn count_messages(&self, room_id: RoomId) -> Result<u64>;
    /// Gives the message another text, and appends an event that says so. The same text again
    /// stores nothing. Refused in an archived room.
    fn edit_message(&self, change: NewMessageChange, content: &str)
    -> Result<Changed, ChangeError>;
    /// Empties the message, and every earlier edit of it in the log, and appends an event that says
    /// so. A message deleted before is left as it is.
    fn delete_message(
        &self,
        change: NewMessageChange,
        audit: Option<&NewAuditEntry>,
    ) -> Result<Changed, ChangeError>;
}
