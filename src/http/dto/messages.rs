//! Messages and the log. Answers are written straight from `model`; what is here documents them.

use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};

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

/// What happened. More kinds will come: a client passes over those it does not know.
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
pub(in crate::http) enum EventType {
    Message,
}

/// An event of a room's log, as on the socket.
#[derive(Object)]
#[oai(rename = "Event", example)]
pub(in crate::http) struct EventDto {
    #[oai(rename = "type")]
    pub kind: EventType,
    #[oai(flatten)]
    pub message: MessageDto,
}

impl Example for EventDto {
    fn example() -> Self {
        Self { kind: EventType::Message, message: MessageDto::example() }
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
            events: vec![EventDto::example()],
            head_seq: 1,
            next_after: 1,
            has_more: false,
            epoch: "9b2c0a6d3f1e4f7f8f52d8a5e1c3b7d4".into(),
        }
    }
}
