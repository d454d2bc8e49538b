//! Reactions to messages.

use crate::model::{Event, EventId, Person, RoomId, Seq, Timestamp};
use crate::storage::{Error, Result};

/// A reaction that a user adds or takes back. The rules have already been applied to every field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReaction {
    /// The room in whose log the message is.
    pub room_id: RoomId,
    /// The message.
    pub message_id: EventId,
    /// The user.
    pub person: Person,
    /// The emoji, in its normal form.
    pub emoji: String,
    /// False: the reaction is taken back.
    pub is_added: bool,
    /// The user sees the events after this one.
    pub visible_from: Seq,
    /// The time of the request.
    pub timestamp: Timestamp,
}

/// Why one reaction of a batch was not stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReactionError {
    /// The room does not exist, or was deleted.
    #[error("no such room")]
    RoomNotFound,
    /// The room has no such message, or the user does not see it.
    #[error("no such message")]
    MessageNotFound,
    /// Nobody can react in an archived room.
    #[error("the room is archived")]
    RoomArchived,
    /// Nobody can react to a deleted message.
    #[error("the message is deleted")]
    MessageDeleted,
    /// The message has [`Reaction::MAX_EMOJIS`](crate::model::Reaction::MAX_EMOJIS) different emojis.
    #[error("too many different emojis")]
    TooManyEmojis,
    /// Storage failed for the whole batch.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// The outcome of one reaction of a batch.
pub type ReactionResult = Result<(), ReactionError>;

/// Storing and listing reactions.
pub trait Reactions {
    /// Stores reactions in one transaction. Those to one message, which follow each other, become one event, so that
    /// two hundred people who react at once are one frame for each reader. A reaction that is there already, or not there
    /// any more, is done and changes nothing. The results are in the order of the reactions; each can fail alone.
    fn change_reactions(
        &self,
        reactions: &[NewReaction],
    ) -> Result<(Vec<ReactionResult>, Vec<Event>)>;

    /// Lists at most `limit` of the people who reacted to a message with an emoji, in the order of their reactions.
    /// Empty: no such reaction.
    fn list_reactors(&self, id: EventId, emoji: &str, limit: u32) -> Result<Vec<Person>>;
}
