//! Messages and the log. Answers are written straight from `model`; what is here documents them.

use poem_openapi::types::Example;
use poem_openapi::{Enum, Object, Union};

use super::EXAMPLE_TIME;
use crate::http::types::Moment;

/// A message to be sent.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct MessageRequest {
    /// The text: not blank, without NUL.
    pub content: String,
    /// The sender's own id for the message, 1 to 64 visible ASCII characters. Sent again with the
    /// same one, for ever, the message is stored once.
    #[oai(nullable)]
    pub client_id: Option<String>,
}

impl Example for MessageRequest {
    fn example() -> Self {
        Self { content: "Hello, everyone!".into(), client_id: Some("7d1f".into()) }
    }
}

/// A message as it stands now.
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
    /// The sender's own id for it, if it gave one.
    #[oai(skip_serializing_if_is_none)]
    pub client_id: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    pub edited_at: Option<Moment>,
    #[oai(skip_serializing_if_is_none)]
    pub deleted_at: Option<Moment>,
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
            client_id: Some("7d1f".into()),
            edited_at: None,
            deleted_at: None,
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
    /// Given as `before`, it brings the page before this one; null if there is none.
    #[oai(nullable)]
    pub next_before: Option<i64>,
    /// Given as `after`, it brings the page after this one; null if there is none yet.
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

/// Another text for a message.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct MessageEditRequest {
    /// The new text: as for a message that is sent.
    pub content: String,
}

impl Example for MessageEditRequest {
    fn example() -> Self {
        Self { content: "Hello, all of you!".into() }
    }
}

/// What happened in a room, as on the socket. More kinds will come: a client passes over those it
/// does not know.
#[derive(Union)]
#[oai(rename = "Event", one_of)]
pub(in crate::http) enum EventDto {
    Message(MessageSentDto),
    Edited(MessageEditedDto),
    Deleted(MessageDeletedDto),
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum MessageSentType {
    Message,
}

/// A message was sent. It is shown as it stands now.
#[derive(Object)]
#[oai(rename = "MessageSent", example)]
pub(in crate::http) struct MessageSentDto {
    #[oai(rename = "type")]
    pub kind: MessageSentType,
    #[oai(flatten)]
    pub message: MessageDto,
}

impl Example for MessageSentDto {
    fn example() -> Self {
        Self { kind: MessageSentType::Message, message: MessageDto::example() }
    }
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum MessageEditedType {
    MessageEdited,
}

/// A message was given another text by its author.
#[derive(Object)]
#[oai(rename = "MessageEdited", example)]
pub(in crate::http) struct MessageEditedDto {
    #[oai(rename = "type")]
    pub kind: MessageEditedType,
    #[oai(flatten)]
    pub change: MessageChangeDto,
    /// The new text. Empty once the message has been deleted.
    pub content: String,
}

impl Example for MessageEditedDto {
    fn example() -> Self {
        Self {
            kind: MessageEditedType::MessageEdited,
            change: MessageChangeDto::example(),
            content: "Hello, all of you!".into(),
        }
    }
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum MessageDeletedType {
    MessageDeleted,
}

/// A message was deleted by its author or an admin: its text is gone.
#[derive(Object)]
#[oai(rename = "MessageDeleted", example)]
pub(in crate::http) struct MessageDeletedDto {
    #[oai(rename = "type")]
    pub kind: MessageDeletedType,
    #[oai(flatten)]
    pub change: MessageChangeDto,
}

impl Example for MessageDeletedDto {
    fn example() -> Self {
        Self { kind: MessageDeletedType::MessageDeleted, change: MessageChangeDto::example() }
    }
}

/// What was done to a message.
#[derive(Object)]
#[oai(rename = "MessageChange", example)]
pub(in crate::http) struct MessageChangeDto {
    /// The event's own id.
    pub id: i64,
    pub room_id: i64,
    /// The event's own position in the room's log.
    pub seq: i64,
    /// Who did it.
    pub user_id: i64,
    pub username: String,
    /// When it was done.
    pub timestamp: Moment,
    /// The message's id.
    pub message_id: i64,
    /// The message's position in the room's log.
    pub message_seq: i64,
}

impl Example for MessageChangeDto {
    fn example() -> Self {
        Self {
            id: 2,
            room_id: 1,
            seq: 2,
            user_id: 1,
            username: "ann".into(),
            timestamp: EXAMPLE_TIME,
            message_id: 1,
            message_seq: 1,
        }
    }
}

/// A stretch of a room's log, oldest first.
#[derive(Object)]
#[oai(rename = "EventPage", example)]
pub(in crate::http) struct EventPageDto {
    pub events: Vec<EventDto>,
    /// The room's newest seq.
    pub head_seq: i64,
    /// Given as `after`, it brings what follows, also if that has yet to happen.
    pub next_after: i64,
    /// There are events after these.
    pub has_more: bool,
    /// The life of the database. If it is another than before, positions mean nothing any more.
    pub epoch: String,
}

impl Example for EventPageDto {
    fn example() -> Self {
        Self {
            events: vec![
                EventDto::Message(MessageSentDto::example()),
                EventDto::Edited(MessageEditedDto::example()),
                EventDto::Deleted(MessageDeletedDto {
                    change: MessageChangeDto { id: 3, seq: 3, ..MessageChangeDto::example() },
                    ..MessageDeletedDto::example()
                }),
            ],
            head_seq: 3,
            next_after: 3,
            has_more: false,
            epoch: "9b2c0a6d3f1e4f7f8f52d8a5e1c3b7d4".into(),
        }
    }
}
