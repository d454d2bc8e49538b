//! The room log: events, their kinds, and positions.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    MemberEvent, Mention, Message, MessageChange, Metadata, ReactionEvent, RoomField, RoomId,
    RoomKind, RoomRules, Timestamp, UserId,
};

/// A position in one room's log: 1, 2, 3, … without gaps. 0 is the position before the first event.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Seq(pub i64);

impl Seq {
    /// The position after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of an event, and so of a message: an integer that is unique in the server and never reused.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct EventId(pub i64);

impl EventId {
    /// The ids of events of private and direct rooms are greater than this, those of public rooms are not: see the
    /// migration `people_and_rooms`.
    const LAST_PUBLIC: i64 = 1 << 52;

    /// Whether the event was stored in a room that only its members saw.
    pub fn is_closed(self) -> bool {
        self.0 > Self::LAST_PUBLIC
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The kinds of event that this program knows.
///
/// The list is closed: every place that depends on the kind either matches without `_` or iterates over
/// [`EventKind::ALL`], so that the compiler or a test names each place that a new kind needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// A user sent a message.
    Message,
    /// A user replied in a thread, and the reply is shown only there.
    Reply,
    /// The author gave a message another text.
    MessageEdited,
    /// The author or a moderator deleted a message.
    MessageDeleted,
    /// People reacted to a message.
    ReactionAdded,
    /// People took reactions back.
    ReactionRemoved,
    /// A message was pinned in its room.
    MessagePinned,
    /// A message is no longer pinned.
    MessageUnpinned,
    /// The room got another name, description, kind, rule or metadata, or was archived or reopened.
    RoomChanged,
    /// People became members of the room.
    MemberJoined,
    /// People are no longer members of the room.
    MemberLeft,
    /// A member's role changed, or a member was muted, or a ban was lifted.
    MemberChanged,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Message,
        Self::Reply,
        Self::MessageEdited,
        Self::MessageDeleted,
        Self::ReactionAdded,
        Self::ReactionRemoved,
        Self::MessagePinned,
        Self::MessageUnpinned,
        Self::RoomChanged,
        Self::MemberJoined,
        Self::MemberLeft,
        Self::MemberChanged,
    ];

    /// The word for the kind in SQL (`events.kind`), in JSON (`type`) and in an export.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Reply => "reply",
            Self::MessageEdited => "message_edited",
            Self::MessageDeleted => "message_deleted",
            Self::ReactionAdded => "reaction_added",
            Self::ReactionRemoved => "reaction_removed",
            Self::MessagePinned => "message_pinned",
            Self::MessageUnpinned => "message_unpinned",
            Self::RoomChanged => "room_changed",
            Self::MemberJoined => "member_joined",
            Self::MemberLeft => "member_left",
            Self::MemberChanged => "member_changed",
        }
    }

    /// The kind with this word. `None` if this program does not know the kind.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One entry of a room's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// An event of the room's log: a message. It is in the database before any client receives it.
    Message(Message),
    /// An event of the room's log: a message that is shown only in its thread. A client that does not show threads
    /// skips it.
    Reply(Message),
    /// An event of the room's log: the author gave a message another text.
    MessageEdited {
        /// The event, and the message that it changes.
        #[serde(flatten)]
        change: MessageChange,
        /// The new text. Empty once the message has been deleted.
        content: String,
        /// The people whom the new text mentions, in the order of the text.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<Mention>,
    },
    /// An event of the room's log: the author or a moderator deleted a message. Its text is gone.
    MessageDeleted(MessageChange),
    /// An event of the room's log: people reacted to a message.
    ReactionAdded(Box<ReactionEvent>),
    /// An event of the room's log: people took reactions to a message back.
    ReactionRemoved(Box<ReactionEvent>),
    /// An event of the room's log: a message was pinned in the room.
    MessagePinned(MessageChange),
    /// An event of the room's log: a message is no longer pinned in the room.
    MessageUnpinned(MessageChange),
    /// An event of the room's log: the room got another name, description, kind, rule or metadata, or it was archived
    /// or is no longer archived.
    RoomChanged(RoomChanged),
    /// An event of the room's log: people became members. The author of a message in a public room is a member
    /// too, without such an event.
    MemberJoined(Box<MemberEvent>),
    /// An event of the room's log: people are no longer members.
    MemberLeft(Box<MemberEvent>),
    /// An event of the room's log: a member's role changed, or a member was muted or is no longer muted, or a ban
    /// was lifted.
    MemberChanged(Box<MemberEvent>),
    /// An event of a kind that this program does not know: a newer program wrote it. It is passed on to
    /// clients as it is, because they may know it. Boxed, so that an event is no larger than a message.
    #[serde(untagged)]
    #[schemars(skip)]
    Unknown(Box<UnknownEvent>),
}

/// The fields that every event has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EventHeader {
    /// The event's id.
    pub id: EventId,
    /// The room in whose log the event is.
    pub room_id: RoomId,
    /// The event's position in the room's log.
    pub seq: Seq,
    /// The user who caused the event; 0 if an operator did it at the command line, without an account.
    pub user_id: UserId,
    /// That user's name; `(server)` if the user is 0.
    pub username: Arc<str>,
    /// The name that the user wants to be shown; absent if it is the username.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Arc<str>>,
    /// The time of the event.
    pub timestamp: Timestamp,
}

/// A change of a room, with the state of the room after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RoomChanged {
    /// The fields that every event has.
    #[serde(flatten)]
    pub header: EventHeader,
    /// The room after the change.
    #[serde(flatten)]
    pub room: RoomFace,
    /// The names of the fields that the change changed; absent in events of earlier versions, which did not
    /// store them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<RoomField>,
}

/// The part of a room that a [`RoomChanged`] event reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoomFace {
    /// The room's name.
    pub name: String,
    /// The room's description; null if the room has none.
    pub description: Option<String>,
    /// The number of changes of this room so far. A state with a smaller number is older.
    pub revision: i64,
    /// The time since which the room is archived; absent if it is not archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// Who sees the room.
    #[serde(default)]
    pub kind: RoomKind,
    /// The rules that the owners set.
    #[serde(flatten)]
    pub rules: RoomRules,
    /// The data of a product on the room; absent if the room has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

/// An event whose kind this program does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownEvent {
    /// The word for the kind, as it is in the database.
    #[serde(rename = "type")]
    pub kind: String,
    /// The fields that every event has.
    #[serde(flatten)]
    pub header: EventHeader,
    /// The text of the event, if it has one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content: String,
    /// The message that the event is about.
    #[serde(flatten)]
    pub target: Option<EventTarget>,
    /// The event's further fields.
    #[serde(flatten)]
    pub detail: Map<String, Value>,
}

impl UnknownEvent {
    /// The names of the fields that an event may have apart from its detail.
    pub const FIELDS: [&str; 11] = [
        "type",
        "id",
        "room_id",
        "seq",
        "user_id",
        "username",
        "display_name",
        "timestamp",
        "content",
        "message_id",
        "message_seq",
    ];
}

/// The message that an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EventTarget {
    /// The message's id.
    pub message_id: EventId,
    /// The message's position in the room's log.
    pub message_seq: Seq,
}

impl Event {
    /// The event that a sent message is.
    pub fn of(message: Message) -> Self {
        if message.is_only_in_thread() { Self::Reply(message) } else { Self::Message(message) }
    }

    /// The kind. `None` if this program does not know it.
    pub fn kind(&self) -> Option<EventKind> {
        match self {
            Self::Message(_) => Some(EventKind::Message),
            Self::Reply(_) => Some(EventKind::Reply),
            Self::MessageEdited { .. } => Some(EventKind::MessageEdited),
            Self::MessageDeleted(_) => Some(EventKind::MessageDeleted),
            Self::ReactionAdded(_) => Some(EventKind::ReactionAdded),
            Self::ReactionRemoved(_) => Some(EventKind::ReactionRemoved),
            Self::MessagePinned(_) => Some(EventKind::MessagePinned),
            Self::MessageUnpinned(_) => Some(EventKind::MessageUnpinned),
            Self::RoomChanged(_) => Some(EventKind::RoomChanged),
            Self::MemberJoined(_) => Some(EventKind::MemberJoined),
            Self::MemberLeft(_) => Some(EventKind::MemberLeft),
            Self::MemberChanged(_) => Some(EventKind::MemberChanged),
            Self::Unknown(_) => None,
        }
    }

    /// The room in whose log the event is.
    pub fn room_id(&self) -> RoomId {
        match self {
            Self::Message(message) | Self::Reply(message) => message.room_id,
            Self::MessageEdited { change, .. }
            | Self::MessageDeleted(change)
            | Self::MessagePinned(change)
            | Self::MessageUnpinned(change) => change.room_id,
            Self::ReactionAdded(event) | Self::ReactionRemoved(event) => event.header.room_id,
            Self::RoomChanged(change) => change.header.room_id,
            Self::MemberJoined(event) | Self::MemberLeft(event) | Self::MemberChanged(event) => {
                event.header.room_id
            }
            Self::Unknown(event) => event.header.room_id,
        }
    }

    /// The event's position in the room's log.
    pub fn seq(&self) -> Seq {
        match self {
            Self::Message(message) | Self::Reply(message) => message.seq,
            Self::MessageEdited { change, .. }
            | Self::MessageDeleted(change)
            | Self::MessagePinned(change)
            | Self::MessageUnpinned(change) => change.seq,
            Self::ReactionAdded(event) | Self::ReactionRemoved(event) => event.header.seq,
            Self::RoomChanged(change) => change.header.seq,
            Self::MemberJoined(event) | Self::MemberLeft(event) | Self::MemberChanged(event) => {
                event.header.seq
            }
            Self::Unknown(event) => event.header.seq,
        }
    }

    /// An estimate of the event's length as JSON, in bytes: buffers are made with this capacity.
    pub fn json_len_hint(&self) -> usize {
        /// The fields around the text of a message with usual names and numbers.
        const FIELDS: usize = 240;
        match self {
            Self::Message(Message { content, .. })
            | Self::Reply(Message { content, .. })
            | Self::MessageEdited { content, .. } => {
                // Some characters are escaped.
                FIELDS + content.len() + content.len() / 8
            }
            Self::MessageDeleted(_) | Self::MessagePinned(_) | Self::MessageUnpinned(_) => FIELDS,
            Self::ReactionAdded(event) | Self::ReactionRemoved(event) => {
                FIELDS + 80 * event.reactions.len()
            }
            Self::RoomChanged(_) | Self::Unknown(_) => 2 * FIELDS,
            Self::MemberJoined(event) | Self::MemberLeft(event) | Self::MemberChanged(event) => {
                FIELDS + 80 * event.members.len()
            }
        }
    }
}

/// A part of a room's log, in ascending order of `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// The events. Empty: the log has no event after the given position.
    pub events: Vec<Event>,
    /// The seq of the room's newest event, read in the same snapshot.
    pub head_seq: Seq,
}
