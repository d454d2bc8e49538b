//! Messages: as they are stored, sent, changed and read.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Event, EventId, Mention, MessageDetail, MessageParts, RoomId, Seq, Timestamp, UserId};

/// A message as it stands now. Its fields are in the order of the frame of the original contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Unique in the server.
    pub id: EventId,
    /// The text. Empty once the message has been deleted.
    pub content: String,
    /// The sender's name.
    pub username: Arc<str>,
    /// The sender.
    pub user_id: UserId,
    /// When the server accepted it.
    pub timestamp: Timestamp,
    /// The room in whose log the message is.
    pub room_id: RoomId,
    /// Its position in the room's log.
    pub seq: Seq,
    /// The name that the sender wants to be shown; absent if it is the username.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Arc<str>>,
    /// The sender's own id for it, if it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The time of the newest edit; absent if the message was never edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// The time at which the message was deleted; absent if it was not deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// The parts that only some messages have.
    #[serde(flatten, deserialize_with = "MessageParts::deserialize_some")]
    pub parts: Option<Box<MessageParts>>,
}

/// A message to be appended. The rules have already been applied to every field.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The room to send to.
    pub room_id: RoomId,
    /// The sender.
    pub user_id: UserId,
    /// The sender's name, so that an append need not look it up.
    pub username: Arc<str>,
    /// The name that the sender wants to be shown.
    pub display_name: Option<Arc<str>>,
    /// The text.
    pub content: String,
    /// (room, sender, client_id) is unique for ever.
    pub client_id: Option<String>,
    /// The time at which the server accepted the message.
    pub timestamp: Timestamp,
    /// Whether the sender is not a member of this public room yet: the stored message makes the sender one.
    pub joins: bool,
    /// The parts that only some messages have.
    pub parts: Option<Box<NewParts>>,
}

/// The parts that only some messages have, of a message to be appended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewParts {
    /// The parts that are stored with the message.
    pub detail: MessageDetail,
    /// The accounts that the message mentions; user 0 stands for all members of the room. Without the author.
    pub mentioned: Vec<UserId>,
    /// Those of them that it mentions by name. They follow the thread from then on.
    pub named: Vec<UserId>,
    /// The author sees the messages after this one, and so can quote only these.
    pub visible_from: Seq,
}

impl NewMessage {
    /// The message as it stands once it is in the log.
    pub fn into_message(self, id: EventId, seq: Seq) -> Message {
        Message {
            id,
            content: self.content,
            username: self.username,
            user_id: self.user_id,
            timestamp: self.timestamp,
            room_id: self.room_id,
            seq,
            display_name: self.display_name,
            client_id: self.client_id,
            edited_at: None,
            deleted_at: None,
            parts: self.parts.and_then(|parts| parts.detail.into_parts()),
        }
    }
}

/// The new text of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewText {
    /// The text.
    pub content: String,
    /// The mentions in it.
    pub mentions: Vec<Mention>,
    /// The accounts that it mentions, as in [`NewParts`].
    pub mentioned: Vec<UserId>,
    /// Those of them that it mentions by name.
    pub named: Vec<UserId>,
}

impl NewText {
    /// A text that mentions nobody.
    pub fn of(content: &str) -> Self {
        Self { content: content.to_owned(), ..Self::default() }
    }
}

/// A change of a message to be made. The rules have already been applied to every field.
#[derive(Clone, Debug)]
pub struct NewMessageChange {
    /// The room in whose log the message is.
    pub room_id: RoomId,
    /// The message to be changed.
    pub message_id: EventId,
    /// Who does it.
    pub user_id: UserId,
    /// The name of that user.
    pub username: Arc<str>,
    /// The name that the user wants to be shown.
    pub display_name: Option<Arc<str>>,
    /// The time of the change.
    pub timestamp: Timestamp,
}

impl NewMessageChange {
    /// The change as it is in the log: as the event `id` at `seq`.
    pub fn into_change(
        self,
        id: EventId,
        seq: Seq,
        message_seq: Seq,
        thread_id: Option<EventId>,
    ) -> MessageChange {
        MessageChange {
            id,
            room_id: self.room_id,
            seq,
            user_id: self.user_id,
            username: self.username,
            display_name: self.display_name,
            timestamp: self.timestamp,
            message_id: self.message_id,
            message_seq,
            thread_id,
        }
    }
}

/// A message after a change of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// As it stands now.
    pub message: Message,
    /// What the log has of it. `None`: the message stood so before, and nothing was stored.
    pub event: Option<Event>,
}

/// A message that is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The message in the log.
    pub message: Message,
    /// True if `client_id` had been seen: `message` is then the original, and nothing was stored.
    pub duplicate: bool,
}

/// Which page of a room's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// The newest messages of the room.
    Newest,
    /// The newest messages with a smaller seq.
    Before(Seq),
    /// The oldest messages with a greater seq.
    After(Seq),
    /// Half of the page before this seq, the rest from it on.
    Around(Seq),
}

/// Who reads messages, and which part of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The reader, whose own reactions are marked. User 0 has none.
    pub reader: UserId,
    /// The reader sees the events after this one.
    pub visible_from: Seq,
}

impl View {
    /// The part of the log after `visible_from`, for a reader without own reactions.
    pub fn after(visible_from: Seq) -> Self {
        Self { reader: UserId::SERVER, visible_from }
    }
}

/// A page of a room's messages, in ascending `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessagePage {
    /// The messages of the page. Deleted messages are included, with an empty text.
    pub messages: Vec<Message>,
    /// Whether the room has a message before the page.
    pub has_older: bool,
    /// Whether the room has a message after the page.
    pub has_newer: bool,
    /// The room's newest seq, read in the same snapshot.
    pub head_seq: Seq,
}

/// What was done to a message: an event of its own, after which the message stands as it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MessageChange {
    /// The event's own id.
    pub id: EventId,
    /// The room in whose log the message is.
    pub room_id: RoomId,
    /// The event's own position in the room's log.
    pub seq: Seq,
    /// Who did it.
    pub user_id: UserId,
    /// The name of who did it.
    pub username: Arc<str>,
    /// The name that the user wants to be shown; absent if it is the username.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Arc<str>>,
    /// When it was done.
    pub timestamp: Timestamp,
    /// The message's id.
    pub message_id: EventId,
    /// The message's position in the room's log.
    pub message_seq: Seq,
    /// The id of the first message of the thread in which the message is a reply; absent if it is not a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<EventId>,
}
