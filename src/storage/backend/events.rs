//! The logs of rooms: appending messages, and reading pages.

use crate::model::{
    Appended, Cursor, Event, EventId, EventPage, MessagePage, MetadataQuery, NewMessage, RoomHead,
    RoomId, Seq, View,
};
use crate::storage::{Error, Result};

/// Why one message of a batch was not appended.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The room does not exist, or was deleted.
    #[error("no such room")]
    RoomNotFound,
    /// Nothing can be sent to an archived room.
    #[error("the room is archived")]
    RoomArchived,
    /// The message that it replies to or quotes does not exist in the room, or the sender does not see it.
    #[error("no such message to reply to or to quote")]
    MessageNotFound,
    /// No account has the sender's id.
    #[error("no such user")]
    UserNotFound,
    /// The database failed for the whole batch, or for this message alone.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// Appending messages to the logs of rooms, and reading the logs.
pub trait Events {
    /// Appends messages in order, as one transaction, each with the next `seq` of its room.
    ///
    /// The result has one entry per message, in the same order. A message that cannot be stored fails
    /// alone. A stored message that `joins` makes its sender a member of the public room. For a `client_id` seen before, also in this batch, the original message is returned and
    /// nothing is stored. Rooms are locked in order of id. `Err` means that no message was stored, except
    /// [`Error::InDoubt`]: the connection was lost during the commit, so the messages may have been stored,
    /// and the sender tries again with the same `client_id`.
    fn append_messages(
        &self,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<Result<Appended, AppendError>>>;

    /// Returns a page of at most `limit` messages of the part of the log that `view` selects, as if there were
    /// no other messages. Replies that are shown only in their threads are left out. `None`: no such room.
    fn list_messages(
        &self,
        room_id: RoomId,
        cursor: Cursor,
        limit: u32,
        view: View,
    ) -> Result<Option<MessagePage>>;

    /// Returns a page of at most `limit` of the messages with this metadata, as [`Self::list_messages`] does for all.
    fn list_messages_with(
        &self,
        room_id: RoomId,
        metadata: &MetadataQuery,
        cursor: Cursor,
        limit: u32,
        view: View,
    ) -> Result<Option<MessagePage>>;

    /// Returns a page of at most `limit` of the replies to the message `thread_id`, as [`Self::list_messages`] does
    /// for the room.
    fn list_replies(
        &self,
        room_id: RoomId,
        thread_id: EventId,
        cursor: Cursor,
        limit: u32,
        view: View,
    ) -> Result<Option<MessagePage>>;

    /// Returns at most `limit` events after `after`. `None`: no such room.
    fn list_events(&self, room_id: RoomId, after: Seq, limit: u32) -> Result<Option<EventPage>>;

    /// Returns the first `limit` events of each room after its head in `known`, in the order of `known`. An
    /// event that cannot be read fails its room alone. A room that does not exist has no events.
    fn list_new_events(&self, known: &[RoomHead], limit: u32) -> Result<Vec<Result<Vec<Event>>>>;
}
