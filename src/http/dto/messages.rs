//! Messages. Answers are written straight from `model`; these types document them.

use poem_openapi::Object;
use poem_openapi::types::Example;

use super::EXAMPLE_TIME;
use super::message_parts::{ForwardedDto, MentionDto, ReactionDto, ThreadSummaryDto};
use super::metadata::MetadataDto;
use crate::chat::{Draft, Extras};
use crate::http::types::Moment;
use crate::model::{EventId, RoomId};

/// A message to be sent.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct MessageRequest {
    /// The text: not blank, without NUL.
    pub content: String,
    /// The sender's own id of the message, 1 to 64 visible ASCII characters. A message that is sent
    /// again with the same id, at any time, is stored once.
    #[oai(nullable)]
    pub client_id: Option<String>,
    /// The id of a message of the room: this one is a reply in its thread. A reply to a reply belongs to the same
    /// thread.
    #[oai(nullable)]
    pub thread_id: Option<i64>,
    /// Whether a reply is shown in the room too, and not only in its thread.
    #[oai(nullable)]
    pub also_to_room: Option<bool>,
    /// The id of a message of the room that this one quotes.
    #[oai(nullable)]
    pub quote_of: Option<i64>,
    /// Data of the caller's own, for everybody who sees the message. An edit keeps it; a deleted message has none.
    #[oai(nullable)]
    pub metadata: Option<MetadataDto>,
}

impl MessageRequest {
    pub fn into_draft(self, room_id: RoomId) -> Draft {
        let Self { content, client_id, thread_id, also_to_room, quote_of, metadata } = self;
        let extras = Extras {
            thread_id: thread_id.map(EventId),
            also_to_room: also_to_room.unwrap_or_default(),
            quote_of: quote_of.map(EventId),
            metadata: metadata.map(|data| data.0),
            ..Extras::default()
        };
        let extras = (extras != Extras::default()).then(|| Box::new(extras));
        Draft { room_id, content, client_id, extras }
    }
}

impl Example for MessageRequest {
    fn example() -> Self {
        Self {
            content: "Hello, everyone!".into(),
            client_id: Some("7d1f".into()),
            thread_id: None,
            also_to_room: None,
            quote_of: None,
            metadata: None,
        }
    }
}

/// A message of the server itself.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct AnnouncementRequest {
    /// The text: not blank, without NUL.
    pub content: String,
    /// The sender's own id of the message, as in a send. All messages of the server itself share these ids in a room.
    #[oai(nullable)]
    pub client_id: Option<String>,
    /// Data of the caller's own, as in a send.
    #[oai(nullable)]
    pub metadata: Option<MetadataDto>,
}

impl AnnouncementRequest {
    pub fn into_draft(self, room_id: RoomId) -> Draft {
        let Self { content, client_id, metadata } = self;
        let extras =
            metadata.map(|data| Box::new(Extras { metadata: Some(data.0), ..Extras::default() }));
        Draft { room_id, content, client_id, extras }
    }
}

impl Example for AnnouncementRequest {
    fn example() -> Self {
        let content = "Order 42 has left our warehouse.".into();
        let metadata = Some(MetadataDto::example());
        Self { content, client_id: Some("order-42-sent".into()), metadata }
    }
}

/// A message of the server itself that was stored.
#[derive(Object)]
#[oai(rename = "Announced", example)]
pub(in crate::http) struct AnnouncedDto {
    /// The message; absent if the caller may not read it, as in a private room of others.
    #[oai(skip_serializing_if_is_none)]
    pub message: Option<MessageDto>,
}

impl Example for AnnouncedDto {
    fn example() -> Self {
        let message = MessageDto {
            content: AnnouncementRequest::example().content,
            client_id: AnnouncementRequest::example().client_id,
            username: "(server)".into(),
            user_id: 0,
            display_name: None,
            metadata: AnnouncementRequest::example().metadata,
            ..MessageDto::example()
        };
        Self { message: Some(message) }
    }
}

/// A message as it is now.
#[derive(Object)]
#[oai(rename = "Message", example)]
pub(in crate::http) struct MessageDto {
    /// Unique in the server.
    pub id: i64,
    /// The text. Empty once the message has been deleted.
    pub content: String,
    pub username: String,
    /// The sender.
    pub user_id: i64,
    /// When the server accepted it.
    pub timestamp: Moment,
    pub room_id: i64,
    /// Its position in the room's log.
    pub seq: i64,
    /// The name that the sender wants to be shown; absent if it is the username.
    #[oai(skip_serializing_if_is_none)]
    pub display_name: Option<String>,
    /// The sender's own id of the message, if the sender gave one.
    #[oai(skip_serializing_if_is_none)]
    pub client_id: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    pub edited_at: Option<Moment>,
    #[oai(skip_serializing_if_is_none)]
    pub deleted_at: Option<Moment>,
    /// The id of the first message of the thread in which this is a reply.
    #[oai(skip_serializing_if_is_none)]
    pub thread_id: Option<i64>,
    /// True: the reply is shown in the room too.
    #[oai(skip_serializing_if_is_none)]
    pub also_to_room: Option<bool>,
    /// The id of the message of the same room that this message quotes.
    #[oai(skip_serializing_if_is_none)]
    pub quote_of: Option<i64>,
    /// The people whom the text mentions, in the order of the text.
    #[oai(skip_serializing_if_is_none)]
    pub mentions: Option<Vec<MentionDto>>,
    /// The author and the time of the message whose text this message repeats.
    #[oai(skip_serializing_if_is_none)]
    pub forwarded: Option<ForwardedDto>,
    /// True: a bot sent the message.
    #[oai(skip_serializing_if_is_none)]
    pub is_bot: Option<bool>,
    /// The sender's own data on the message.
    #[oai(skip_serializing_if_is_none)]
    pub metadata: Option<MetadataDto>,
    /// The reactions, in the order in which their emojis were first used. Not in events.
    #[oai(skip_serializing_if_is_none)]
    pub reactions: Option<Vec<ReactionDto>>,
    /// The replies to the message. Not in events.
    #[oai(skip_serializing_if_is_none)]
    pub thread: Option<ThreadSummaryDto>,
    /// True: the message is pinned in its room. Not in events.
    #[oai(skip_serializing_if_is_none)]
    pub is_pinned: Option<bool>,
}

impl MessageDto {
    /// A reply in a thread.
    pub fn example_of_reply() -> Self {
        Self {
            id: 2,
            seq: 2,
            content: "@ben welcome".into(),
            thread_id: Some(1),
            quote_of: Some(1),
            mentions: Some(vec![MentionDto::example()]),
            ..Self::example()
        }
    }
}

impl Example for MessageDto {
    fn example() -> Self {
        Self {
            id: 1,
            content: "Hello, everyone!".into(),
            username: "ann".into(),
            user_id: 1,
            timestamp: EXAMPLE_TIME,
            room_id: 1,
            seq: 1,
            display_name: Some("Ann Lee".into()),
            client_id: Some("7d1f".into()),
            edited_at: None,
            deleted_at: None,
            thread_id: None,
            also_to_room: None,
            quote_of: None,
            mentions: None,
            forwarded: None,
            is_bot: None,
            metadata: None,
            reactions: None,
            thread: None,
            is_pinned: None,
        }
    }
}

/// A page of a room's messages, oldest first.
#[derive(Object)]
#[oai(rename = "MessagePage", example)]
pub(in crate::http) struct MessagePageDto {
    pub messages: Vec<MessageDto>,
    /// There are messages before this page.
    pub has_older: bool,
    /// There are messages after this page.
    pub has_newer: bool,
    /// The `before` of the page before this one; null on the first page.
    #[oai(nullable)]
    pub next_before: Option<i64>,
    /// The `after` of the page after this one; null on the last page.
    #[oai(nullable)]
    pub next_after: Option<i64>,
    /// The room's newest seq.
    pub head_seq: i64,
}

impl Example for MessagePageDto {
    fn example() -> Self {
        Self {
            messages: vec![MessageDto::example()],
            has_older: false,
            has_newer: false,
            next_before: None,
            next_after: None,
            head_seq: 1,
        }
    }
}

/// A new text of a message.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct MessageEditRequest {
    /// The new text, by the rules of a new message.
    pub content: String,
}

impl Example for MessageEditRequest {
    fn example() -> Self {
        Self { content: "Hello, all of you!".into() }
    }
}
