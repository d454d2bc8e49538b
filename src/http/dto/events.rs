//! Events of a room's log. Answers are serialised from the types of `model`; these types document them.

use poem_openapi::types::Example;
use poem_openapi::{Enum, Object, Union};

use super::EXAMPLE_TIME;
use super::member_events::{MemberChangedDto, MemberJoinedDto, MemberLeftDto};
use super::members::{RoomKindDto, RoomRulesDto};
use super::message_events::{
    MessagePinnedDto, MessageUnpinnedDto, ReactionAddedDto, ReactionRemovedDto, ReplyDto,
};
use super::message_parts::MentionDto;
use super::messages::MessageDto;
use super::metadata::MetadataDto;
use crate::http::types::Moment;
use crate::model::EventKind;

/// An event of a room's log, as on the socket. Later versions may have more kinds: a client skips kinds that it
/// does not know.
#[derive(Union)]
#[oai(rename = "Event", one_of)]
pub(in crate::http) enum EventDto {
    Message(MessageSentDto),
    Reply(ReplyDto),
    Edited(MessageEditedDto),
    Deleted(MessageDeletedDto),
    ReactionAdded(ReactionAddedDto),
    ReactionRemoved(ReactionRemovedDto),
    MessagePinned(MessagePinnedDto),
    MessageUnpinned(MessageUnpinnedDto),
    RoomChanged(RoomChangedDto),
    MemberJoined(MemberJoinedDto),
    MemberLeft(MemberLeftDto),
    MemberChanged(MemberChangedDto),
}

impl EventDto {
    fn example(kind: EventKind) -> Self {
        match kind {
            EventKind::Message => Self::Message(MessageSentDto::example()),
            EventKind::Reply => Self::Reply(ReplyDto::example()),
            EventKind::MessageEdited => Self::Edited(MessageEditedDto::example()),
            EventKind::MessageDeleted => Self::Deleted(MessageDeletedDto::example()),
            EventKind::ReactionAdded => Self::ReactionAdded(ReactionAddedDto::example()),
            EventKind::ReactionRemoved => Self::ReactionRemoved(ReactionRemovedDto::example()),
            EventKind::MessagePinned => Self::MessagePinned(MessagePinnedDto::example()),
            EventKind::MessageUnpinned => Self::MessageUnpinned(MessageUnpinnedDto::example()),
            EventKind::RoomChanged => Self::RoomChanged(RoomChangedDto::example()),
            EventKind::MemberJoined => Self::MemberJoined(MemberJoinedDto::example()),
            EventKind::MemberLeft => Self::MemberLeft(MemberLeftDto::example()),
            EventKind::MemberChanged => Self::MemberChanged(MemberChangedDto::example()),
        }
    }
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum MessageSentType {
    Message,
}

/// A message was sent. It is shown as it is now.
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

/// The author gave a message another text.
#[derive(Object)]
#[oai(rename = "MessageEdited", example)]
pub(in crate::http) struct MessageEditedDto {
    #[oai(rename = "type")]
    pub kind: MessageEditedType,
    #[oai(flatten)]
    pub change: MessageChangeDto,
    /// The new text. Empty once the message has been deleted.
    pub content: String,
    /// The people whom the new text mentions, in the order of the text.
    #[oai(skip_serializing_if_is_none)]
    pub mentions: Option<Vec<MentionDto>>,
}

impl Example for MessageEditedDto {
    fn example() -> Self {
        Self {
            kind: MessageEditedType::MessageEdited,
            change: MessageChangeDto::example(),
            content: "Hello, all of you!".into(),
            mentions: None,
        }
    }
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum MessageDeletedType {
    MessageDeleted,
}

/// The author or a moderator deleted a message, and its text with it.
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
        let change = MessageChangeDto { id: 3, seq: 3, ..MessageChangeDto::example() };
        Self { kind: MessageDeletedType::MessageDeleted, change }
    }
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum RoomChangedType {
    RoomChanged,
}

/// The room got another name, description, kind, rule or metadata, or it was archived or is no longer archived.
#[derive(Object)]
#[oai(rename = "RoomChanged", example)]
pub(in crate::http) struct RoomChangedDto {
    #[oai(rename = "type")]
    pub kind: RoomChangedType,
    /// The event's own id.
    pub id: i64,
    pub room_id: i64,
    /// The event's own position in the room's log.
    pub seq: i64,
    /// The user who changed the room; 0 if an operator did it at the command line, without an account.
    pub user_id: i64,
    /// That user's name; `(server)` if the user is 0.
    pub username: String,
    /// The name that the user wants to be shown; absent if it is the username.
    #[oai(skip_serializing_if_is_none)]
    pub display_name: Option<String>,
    /// The time of the change.
    pub timestamp: Moment,
    /// The room's name after the change.
    pub name: String,
    #[oai(nullable)]
    pub description: Option<String>,
    /// The number of changes of this room so far.
    pub revision: i64,
    /// The time since which the room is archived; absent if it is not archived.
    #[oai(skip_serializing_if_is_none)]
    pub archived_at: Option<Moment>,
    /// Who sees the room.
    #[oai(rename = "kind")]
    pub room_kind: RoomKindDto,
    #[oai(flatten)]
    pub rules: RoomRulesDto,
    /// The names of the fields that the change changed; absent in events of earlier versions, which did not store
    /// them. Later versions may have more names.
    #[oai(skip_serializing_if_is_none)]
    pub changed: Option<Vec<RoomFieldDto>>,
    /// The data of a product after the change; absent if the room has none.
    #[oai(skip_serializing_if_is_none)]
    pub metadata: Option<MetadataDto>,
}

/// A field of a room that a change can change.
#[derive(Enum)]
#[oai(rename = "RoomField", rename_all = "snake_case")]
pub(in crate::http) enum RoomFieldDto {
    Name,
    Description,
    ArchivedAt,
    Kind,
    Posting,
    Inviting,
    History,
    AutoJoin,
    Metadata,
}

impl Example for RoomChangedDto {
    fn example() -> Self {
        Self {
            kind: RoomChangedType::RoomChanged,
            id: 4,
            room_id: 1,
            seq: 4,
            user_id: 1,
            username: "ann".into(),
            display_name: Some("Ann Lee".into()),
            timestamp: EXAMPLE_TIME,
            name: "lobby".into(),
            description: Some("Come in".into()),
            revision: 1,
            archived_at: None,
            room_kind: RoomKindDto::Public,
            rules: RoomRulesDto::example(),
            changed: Some(vec![RoomFieldDto::Name]),
            metadata: None,
        }
    }
}

/// A change of a message.
#[derive(Object)]
#[oai(rename = "MessageChange", example)]
pub(in crate::http) struct MessageChangeDto {
    /// The event's own id.
    pub id: i64,
    pub room_id: i64,
    /// The event's own position in the room's log.
    pub seq: i64,
    /// The user who changed the message.
    pub user_id: i64,
    pub username: String,
    /// The name that the user wants to be shown; absent if it is the username.
    #[oai(skip_serializing_if_is_none)]
    pub display_name: Option<String>,
    /// The time of the change.
    pub timestamp: Moment,
    /// The message's id.
    pub message_id: i64,
    /// The message's position in the room's log.
    pub message_seq: i64,
    /// The id of the first message of the thread in which the message is a reply; absent if it is not a reply.
    #[oai(skip_serializing_if_is_none)]
    pub thread_id: Option<i64>,
}

impl Example for MessageChangeDto {
    fn example() -> Self {
        Self {
            id: 2,
            room_id: 1,
            seq: 2,
            user_id: 1,
            username: "ann".into(),
            display_name: Some("Ann Lee".into()),
            timestamp: EXAMPLE_TIME,
            message_id: 1,
            message_seq: 1,
            thread_id: None,
        }
    }
}

/// A page of a room's log, oldest first.
#[derive(Object)]
#[oai(rename = "EventPage", example)]
pub(in crate::http) struct EventPageDto {
    pub events: Vec<EventDto>,
    /// The room's newest seq.
    pub head_seq: i64,
    /// The `after` of the next page, also if its events have yet to happen.
    pub next_after: i64,
    /// There are events after this page.
    pub has_more: bool,
    /// The identity of the database's history. If it changes, positions of the earlier epoch are invalid.
    pub epoch: String,
}

impl Example for EventPageDto {
    fn example() -> Self {
        Self {
            events: EventKind::ALL.map(EventDto::example).into(),
            head_seq: 12,
            next_after: 12,
            has_more: false,
            epoch: "9b2c0a6d3f1e4f7f8f52d8a5e1c3b7d4".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use poem_openapi::types::ToJSON;
    use serde_json::Value;

    use super::*;
    use crate::model::Event;

    fn fields(json: &Value) -> BTreeSet<&str> {
        json.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn the_documented_events_have_the_fields_of_the_written_ones() {
        for kind in EventKind::ALL {
            let documented = EventDto::example(kind).to_json().unwrap();
            let written = serde_json::to_value(Event::sample(kind)).unwrap();
            assert_eq!(documented["type"], written["type"]);
            assert_eq!(fields(&documented), fields(&written), "{kind:?}");
        }
    }
}
