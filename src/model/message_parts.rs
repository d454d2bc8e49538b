//! The parts that only some messages have: a thread, a quote, mentions, reactions.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{EventHeader, EventId, EventTarget, Message, Metadata, Person, Seq, Timestamp, UserId};

/// The parts that only some messages have. Most messages have none, so a message has a pointer to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageParts {
    /// The parts that were sent with the message.
    #[serde(flatten)]
    pub detail: MessageDetail,
    /// The reactions, in the order in which their emojis were first used. Only in answers over HTTP: on the socket
    /// they are events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// The replies to the message. Only in answers over HTTP, as the reactions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadSummary>,
    /// Whether the message is pinned in its room. Only in answers over HTTP, as the reactions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_pinned: bool,
}

impl MessageParts {
    /// Deserialises the parts of a message. `None`: there is none.
    pub(super) fn deserialize_some<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Box<Self>>, D::Error> {
        let parts = Self::deserialize(deserializer)?;
        Ok((parts != Self::default()).then(|| Box::new(parts)))
    }
}

/// The parts that were sent with a message. They are stored as JSON, in `events.detail`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageDetail {
    /// The id of the first message of the thread in which this is a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<EventId>,
    /// Whether the reply is shown in the room too, and not only in its thread.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub also_to_room: bool,
    /// The id of the message of the same room that this message quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_of: Option<EventId>,
    /// The people whom the text mentions, in the order of the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
    /// The author and the time of the message whose text this message repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Forwarded>,
    /// Whether a bot sent the message.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_bot: bool,
    /// The sender's own data on the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

impl MessageDetail {
    /// Whether the message is shown only in its thread.
    pub fn is_only_in_thread(&self) -> bool {
        self.thread_id.is_some() && !self.also_to_room
    }

    /// `None`: the message has no such part.
    pub fn into_parts(self) -> Option<Box<MessageParts>> {
        if self == Self::default() {
            return None;
        }
        Some(Box::new(MessageParts { detail: self, ..MessageParts::default() }))
    }
}

/// A place in the text of a message that mentions somebody: one account, or everyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mention {
    /// The account; absent if `everyone` is mentioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The group that is mentioned; absent if it is one account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub everyone: Option<Everyone>,
    /// The position of the `@`, in Unicode characters from the beginning of the text.
    pub start: u32,
    /// The position after the name.
    pub end: u32,
}

/// A group of people whom a message mentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Everyone {
    /// `@room`: all members of the room.
    Room,
    /// `@here`: the members who were connected when the message was sent.
    Here,
}

/// The message that was forwarded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Forwarded {
    /// The author of the message.
    pub user_id: UserId,
    /// The author's username. It is not stored with the message.
    #[serde(default)]
    pub username: Arc<str>,
    /// The name that the author wants to be shown; absent if it is the username. It is not stored with the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Arc<str>>,
    /// The time of the message.
    pub timestamp: Timestamp,
}

/// The people who reacted to a message with one emoji.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// The number of people.
    pub count: u32,
    /// Whether the reader is one of them.
    pub mine: bool,
    /// The first ten of them.
    pub people: Vec<Person>,
}

impl Reaction {
    /// The number of people that are named.
    pub const MAX_PEOPLE: usize = 10;
    /// The number of different emojis that a message may have.
    pub const MAX_EMOJIS: usize = 20;
}

/// The replies to a message, in short. Deleted replies do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThreadSummary {
    /// The number of replies, up to [`ThreadSummary::MAX_COUNT`].
    pub count: u32,
    /// The `seq` of the newest reply.
    pub last_seq: Seq,
    /// The time of the newest reply.
    pub last_at: Timestamp,
    /// Up to five of the people who have replied, those of the newest replies first.
    pub people: Vec<Person>,
}

impl ThreadSummary {
    /// Replies beyond this number are not counted.
    pub const MAX_COUNT: u32 = 9_999;
    /// The number of people that are named.
    pub const MAX_PEOPLE: usize = 5;
    /// The people who have replied are looked for in this many of the newest replies.
    pub const RECENT: u32 = 50;
}

/// What a message has in other tables: `events.extras`, a sum of these numbers.
pub mod extras {
    /// `events.detail` has a [`MessageDetail`](super::MessageDetail).
    pub const DETAIL: i64 = 1;
    /// The message has, or had, reactions.
    pub const REACTIONS: i64 = 2;
    /// The message has, or had, replies.
    pub const THREAD: i64 = 4;
    /// The message is, or was, pinned.
    pub const PIN: i64 = 8;
}

/// People reacted to a message, or took reactions back: all those whose reactions were stored together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReactionEvent {
    /// The fields that every event has. The user is the first of the people.
    #[serde(flatten)]
    pub header: EventHeader,
    /// The message.
    #[serde(flatten)]
    pub target: EventTarget,
    /// The reactions, in the order in which they came.
    pub reactions: Vec<ReactionBy>,
}

/// One person's reaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReactionBy {
    /// The emoji.
    pub emoji: String,
    /// The person.
    #[serde(flatten)]
    pub person: Person,
}

impl Message {
    /// The first message of the thread in which this is a reply.
    pub fn thread_id(&self) -> Option<EventId> {
        self.parts.as_ref().and_then(|parts| parts.detail.thread_id)
    }

    /// Whether the message is shown only in its thread.
    pub fn is_only_in_thread(&self) -> bool {
        self.parts.as_ref().is_some_and(|parts| parts.detail.is_only_in_thread())
    }

    /// Removes the parts that a deleted message does not keep. Its place in a thread stays, and that a bot sent it.
    pub fn forget_parts(&mut self) {
        let detail = self.parts.take().map(|parts| parts.detail).unwrap_or_default();
        let MessageDetail { thread_id, also_to_room, is_bot, .. } = detail;
        self.parts = MessageDetail { thread_id, also_to_room, is_bot, ..MessageDetail::default() }
            .into_parts();
    }

    /// The sender's own data on the message.
    pub fn metadata(&self) -> Option<&Metadata> {
        self.parts.as_ref().and_then(|parts| parts.detail.metadata.as_ref())
    }

    /// The mentions in the text, in its order.
    pub fn mentions(&self) -> &[Mention] {
        self.parts.as_ref().map_or(&[], |parts| &parts.detail.mentions)
    }
}
