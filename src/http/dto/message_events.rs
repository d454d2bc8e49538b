//! Events about messages that were sent: replies, reactions, pins.

use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};

use super::EXAMPLE_TIME;
use super::events::MessageChangeDto;
use super::messages::MessageDto;
use crate::http::types::Moment;

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum ReplyType {
    Reply,
}

/// A message was sent that is shown only in its thread. It is shown as it is now.
#[derive(Object)]
#[oai(rename = "Reply", example)]
pub(in crate::http) struct ReplyDto {
    #[oai(rename = "type")]
    pub kind: ReplyType,
    #[oai(flatten)]
    pub message: MessageDto,
}

impl Example for ReplyDto {
    fn example() -> Self {
        Self { kind: ReplyType::Reply, message: MessageDto::example_of_reply() }
    }
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum MessagePinnedType {
    MessagePinned,
}

/// A message was pinned in the room.
#[derive(Object)]
#[oai(rename = "MessagePinned", example)]
pub(in crate::http) struct MessagePinnedDto {
    #[oai(rename = "type")]
    pub kind: MessagePinnedType,
    #[oai(flatten)]
    pub change: MessageChangeDto,
}

impl Example for MessagePinnedDto {
    fn example() -> Self {
        Self {
            kind: MessagePinnedType::MessagePinned,
            change: MessageChangeDto { id: 7, seq: 7, ..MessageChangeDto::example() },
        }
    }
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum MessageUnpinnedType {
    MessageUnpinned,
}

/// A message is no longer pinned in the room.
#[derive(Object)]
#[oai(rename = "MessageUnpinned", example)]
pub(in crate::http) struct MessageUnpinnedDto {
    #[oai(rename = "type")]
    pub kind: MessageUnpinnedType,
    #[oai(flatten)]
    pub change: MessageChangeDto,
}

impl Example for MessageUnpinnedDto {
    fn example() -> Self {
        Self {
            kind: MessageUnpinnedType::MessageUnpinned,
            change: MessageChangeDto { id: 8, seq: 8, ..MessageChangeDto::example() },
        }
    }
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum ReactionAddedType {
    ReactionAdded,
}

/// People reacted to a message.
#[derive(Object)]
#[oai(rename = "ReactionAdded", example)]
pub(in crate::http) struct ReactionAddedDto {
    #[oai(rename = "type")]
    pub kind: ReactionAddedType,
    #[oai(flatten)]
    pub event: ReactionEventDto,
}

impl Example for ReactionAddedDto {
    fn example() -> Self {
        Self { kind: ReactionAddedType::ReactionAdded, event: ReactionEventDto::example() }
    }
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum ReactionRemovedType {
    ReactionRemoved,
}

/// People took reactions to a message back.
#[derive(Object)]
#[oai(rename = "ReactionRemoved", example)]
pub(in crate::http) struct ReactionRemovedDto {
    #[oai(rename = "type")]
    pub kind: ReactionRemovedType,
    #[oai(flatten)]
    pub event: ReactionEventDto,
}

impl Example for ReactionRemovedDto {
    fn example() -> Self {
        Self {
            kind: ReactionRemovedType::ReactionRemoved,
            event: ReactionEventDto { id: 6, seq: 6, ..ReactionEventDto::example() },
        }
    }
}

/// People who reacted to a message, or took reactions back: all those whose reactions were stored together.
#[derive(Object)]
#[oai(rename = "ReactionEvent", example)]
pub(in crate::http) struct ReactionEventDto {
    /// The event's own id.
    pub id: i64,
    pub room_id: i64,
    /// The event's own position in the room's log.
    pub seq: i64,
    /// The first of the people.
    pub user_id: i64,
    pub username: String,
    /// The name that the user wants to be shown; absent if it is the username.
    #[oai(skip_serializing_if_is_none)]
    pub display_name: Option<String>,
    pub timestamp: Moment,
    /// The message's id.
    pub message_id: i64,
    /// The message's position in the room's log.
    pub message_seq: i64,
    /// The reactions, in the order in which they came.
    pub reactions: Vec<ReactionByDto>,
}

impl Example for ReactionEventDto {
    fn example() -> Self {
        Self {
            id: 5,
            room_id: 1,
            seq: 5,
            user_id: 1,
            username: "ann".into(),
            display_name: Some("Ann Lee".into()),
            timestamp: EXAMPLE_TIME,
            message_id: 1,
            message_seq: 1,
            reactions: vec![ReactionByDto::example()],
        }
    }
}

/// One person's reaction.
#[derive(Object)]
#[oai(rename = "ReactionBy", example)]
pub(in crate::http) struct ReactionByDto {
    pub emoji: String,
    pub user_id: i64,
    pub username: String,
    /// The name that the person wants to be shown; absent if it is the username.
    #[oai(skip_serializing_if_is_none)]
    pub display_name: Option<String>,
}

impl Example for ReactionByDto {
    fn example() -> Self {
        Self {
            emoji: "👍".into(),
            user_id: 1,
            username: "ann".into(),
            display_name: Some("Ann Lee".into()),
        }
    }
}
