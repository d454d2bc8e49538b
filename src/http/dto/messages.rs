//! Messages. Answers are written straight from `model`; these types document them.

use poem_openapi::Object;
use poem_openapi::types::Example;

use super::EXAMPLE_TIME;
use crate::http::types::Moment;

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
}

impl Example for MessageRequest {
    fn example() -> Self {
        Self { content: "Hello, everyone!".into(), client_id: Some("7d1f".into()) }
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
