//! The parts that only some messages have. Answers are written straight from `model`; these types document them.

use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};
use serde::Serialize;

use super::EXAMPLE_TIME;
use super::member_events::PersonDto;
use super::messages::MessageDto;
use crate::http::types::{Int, Moment, Number, Position};

/// A place in the text of a message that mentions an account, or everyone.
#[derive(Object)]
#[oai(rename = "Mention", example)]
pub(in crate::http) struct MentionDto {
    /// The account; absent if `everyone` is mentioned.
    #[oai(skip_serializing_if_is_none)]
    pub user_id: Option<i64>,
    /// The group that is mentioned; absent if it is one account.
    #[oai(skip_serializing_if_is_none)]
    pub everyone: Option<EveryoneDto>,
    /// The position of the `@`, in Unicode characters from the beginning of the text.
    pub start: u32,
    /// The position after the name.
    pub end: u32,
}

impl Example for MentionDto {
    fn example() -> Self {
        Self { user_id: Some(2), everyone: None, start: 0, end: 4 }
    }
}

/// A group of people whom a message mentions.
#[derive(Enum)]
#[oai(rename = "Everyone", rename_all = "lowercase")]
pub(in crate::http) enum EveryoneDto {
    /// `@room`: all members of the room.
    Room,
    /// `@here`: the members who were connected when the message was sent.
    Here,
}

/// The author and the time of a message that was forwarded.
#[derive(Object)]
#[oai(rename = "Forwarded", example)]
pub(in crate::http) struct ForwardedDto {
    pub user_id: i64,
    /// The author's username.
    pub username: String,
    /// The name that the author wants to be shown; absent if it is the username.
    #[oai(skip_serializing_if_is_none)]
    pub display_name: Option<String>,
    /// The time of the message.
    pub timestamp: Moment,
}

impl Example for ForwardedDto {
    fn example() -> Self {
        Self { user_id: 2, username: "ben".into(), display_name: None, timestamp: EXAMPLE_TIME }
    }
}

/// The people who reacted to a message with one emoji.
#[derive(Object)]
#[oai(rename = "Reaction", example)]
pub(in crate::http) struct ReactionDto {
    pub emoji: String,
    /// The number of people.
    pub count: u32,
    /// Whether the caller is one of them.
    pub mine: bool,
    /// The first ten of them.
    pub people: Vec<PersonDto>,
}

impl Example for ReactionDto {
    fn example() -> Self {
        Self { emoji: "👍".into(), count: 1, mine: false, people: vec![PersonDto::example()] }
    }
}

/// The replies to a message, in short. Deleted replies do not count.
#[derive(Object)]
#[oai(rename = "ThreadSummary", example)]
pub(in crate::http) struct ThreadSummaryDto {
    /// The number of replies; 9,999 means 9,999 or more.
    pub count: u32,
    /// The `seq` of the newest reply.
    pub last_seq: i64,
    /// The time of the newest reply.
    pub last_at: Moment,
    /// Up to five of the people who have replied, those of the newest replies first.
    pub people: Vec<PersonDto>,
}

impl Example for ThreadSummaryDto {
    fn example() -> Self {
        Self { count: 1, last_seq: 2, last_at: EXAMPLE_TIME, people: vec![PersonDto::example()] }
    }
}

/// A page of the replies to a message, oldest first.
#[derive(Object)]
#[oai(rename = "ThreadPage", example)]
pub(in crate::http) struct ThreadPageDto {
    /// The first message of the thread.
    pub message: MessageDto,
    /// The replies.
    pub messages: Vec<MessageDto>,
    /// There are replies before this page.
    pub has_older: bool,
    /// There are replies after this page.
    pub has_newer: bool,
    /// The `before` of the page before this one; null on the first page.
    #[oai(nullable)]
    pub next_before: Option<i64>,
    /// The `after` of the page after this one; null on the last page.
    #[oai(nullable)]
    pub next_after: Option<i64>,
    /// The room's newest seq.
    pub head_seq: i64,
    /// Whether the caller follows the thread.
    pub is_following: bool,
    /// The caller has read the thread up to this `seq`; 0 for a caller who never followed it.
    pub read_seq: i64,
}

impl Example for ThreadPageDto {
    fn example() -> Self {
        Self {
            message: MessageDto::example(),
            messages: vec![MessageDto::example_of_reply()],
            has_older: false,
            has_newer: false,
            next_before: None,
            next_after: None,
            head_seq: 2,
            is_following: true,
            read_seq: 2,
        }
    }
}

/// Up to where the caller has read a thread.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct ThreadReadRequest {
    /// The `seq` of the last reply that was read.
    pub seq: Position,
}

impl Example for ThreadReadRequest {
    fn example() -> Self {
        Self { seq: Int(2) }
    }
}

/// The caller's place in a thread.
#[derive(Object, Serialize)]
#[oai(rename = "ThreadFollow", example)]
pub(in crate::http) struct ThreadFollowDto {
    /// Whether the caller follows the thread.
    pub is_following: bool,
    /// The caller has read the thread up to this `seq`; 0 for a caller who never followed it.
    pub read_seq: i64,
}

impl Example for ThreadFollowDto {
    fn example() -> Self {
        Self { is_following: true, read_seq: 2 }
    }
}

/// A thread that the caller follows.
#[derive(Object)]
#[oai(rename = "FollowedThread", example)]
pub(in crate::http) struct FollowedThreadDto {
    /// The first message, with the summary of its thread.
    pub message: MessageDto,
    /// The caller has read the thread up to this `seq`.
    pub read_seq: i64,
    /// The number of other people's replies after it; 999 means 999 or more.
    pub unread: u32,
}

impl Example for FollowedThreadDto {
    fn example() -> Self {
        Self { message: MessageDto::example(), read_seq: 2, unread: 0 }
    }
}

/// A message that mentions the caller.
#[derive(Object)]
#[oai(rename = "MentionOfCaller", example)]
pub(in crate::http) struct InboxEntryDto {
    /// Whether the message mentions everyone in the room, and not the caller by name.
    pub is_everyone: bool,
    /// Whether the caller has not read up to the message yet.
    pub is_unread: bool,
    pub message: MessageDto,
}

impl Example for InboxEntryDto {
    fn example() -> Self {
        Self { is_everyone: false, is_unread: true, message: MessageDto::example_of_reply() }
    }
}

/// A message that is pinned in its room.
#[derive(Object)]
#[oai(rename = "Pin", example)]
pub(in crate::http) struct PinDto {
    pub message: MessageDto,
    /// The user who pinned it.
    pub pinned_by: PersonDto,
    pub pinned_at: Moment,
}

impl Example for PinDto {
    fn example() -> Self {
        Self {
            message: MessageDto::example(),
            pinned_by: PersonDto::example(),
            pinned_at: EXAMPLE_TIME,
        }
    }
}

/// Where to forward a message to.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct ForwardRequest {
    /// The room that gets the message.
    pub room_id: Number,
    /// The sender's own id of the new message, as in a send.
    #[oai(nullable)]
    pub client_id: Option<String>,
}

impl Example for ForwardRequest {
    fn example() -> Self {
        Self { room_id: Int(2), client_id: None }
    }
}
