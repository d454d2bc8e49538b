//! Messages that are sent later.

use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::Serialize;

use super::EXAMPLE_TIME;
use crate::http::types::{Int, Moment, Number};
use crate::model::EventId;
use crate::storage::backend::{Scheduled, ScheduledChange};

/// A message to be sent later.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct ScheduleRequest {
    /// As for a message.
    pub content: String,
    /// When it is sent: in the future, at most a year ahead.
    pub send_at: Moment,
    /// The message in whose thread it will be a reply.
    #[oai(nullable)]
    pub thread_id: Option<Number>,
}

impl Example for ScheduleRequest {
    fn example() -> Self {
        Self { content: "Good morning".into(), send_at: EXAMPLE_TIME, thread_id: None }
    }
}

/// Changes of a scheduled message; fields that are left out stay as they are.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct ScheduledChangeRequest {
    /// As for a message.
    #[oai(nullable)]
    pub content: Option<String>,
    /// When it is sent: in the future, at most a year ahead.
    #[oai(nullable)]
    pub send_at: Option<Moment>,
}

impl Example for ScheduledChangeRequest {
    fn example() -> Self {
        Self { content: None, send_at: Some(EXAMPLE_TIME) }
    }
}

impl From<ScheduledChangeRequest> for ScheduledChange {
    fn from(request: ScheduledChangeRequest) -> Self {
        Self { content: request.content, send_at: request.send_at.map(|at| at.0) }
    }
}

/// A message that is sent later, or that could not be sent.
#[derive(Object, Serialize)]
#[oai(rename = "ScheduledMessage", example)]
pub(in crate::http) struct ScheduledDto {
    pub id: i64,
    pub room_id: i64,
    /// The message in whose thread it will be a reply.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<i64>,
    pub content: String,
    pub send_at: Moment,
    pub created_at: Moment,
    /// The code of the error for which it was not sent. A change of the message has it sent again.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Example for ScheduledDto {
    fn example() -> Self {
        Self {
            id: 1,
            room_id: 1,
            thread_id: None,
            content: "Good morning".into(),
            send_at: EXAMPLE_TIME,
            created_at: EXAMPLE_TIME,
            failure: None,
        }
    }
}

impl From<Scheduled> for ScheduledDto {
    fn from(scheduled: Scheduled) -> Self {
        let message = scheduled.message;
        Self {
            id: scheduled.id,
            room_id: message.room_id.0,
            thread_id: message.thread_id.map(|id| id.0),
            content: message.content,
            send_at: Moment(message.send_at),
            created_at: Moment(message.created_at),
            failure: scheduled.failure,
        }
    }
}

impl ScheduleRequest {
    pub fn thread_id(&self) -> Option<EventId> {
        self.thread_id.map(|Int(id)| EventId(id))
    }
}
