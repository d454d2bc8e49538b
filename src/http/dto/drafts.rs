//! Drafts.

use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::Serialize;

use super::EXAMPLE_TIME;
use crate::http::types::{Moment, Number};
use crate::storage::backend::SavedDraft;

/// What the caller has written and not sent.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct DraftRequest {
    /// The text: not empty, as long as a message at most.
    pub content: String,
    /// A message of the thread that the draft is for. Without it, the draft is for the room.
    #[oai(nullable)]
    pub thread_id: Option<Number>,
}

impl Example for DraftRequest {
    fn example() -> Self {
        Self { content: "Good mor".into(), thread_id: None }
    }
}

/// What the caller has written and not sent.
#[derive(Object, Serialize)]
#[oai(rename = "Draft", example)]
pub(in crate::http) struct DraftDto {
    pub room_id: i64,
    /// The first message of the thread that the draft is for; absent if it is for the room.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<i64>,
    pub content: String,
    /// When the text was last changed, by the server's clock.
    pub updated_at: Moment,
}

impl Example for DraftDto {
    fn example() -> Self {
        Self { room_id: 1, thread_id: None, content: "Good mor".into(), updated_at: EXAMPLE_TIME }
    }
}

impl From<SavedDraft> for DraftDto {
    fn from(draft: SavedDraft) -> Self {
        let SavedDraft { user_id: _, room_id, thread_id, content, updated_at } = draft;
        Self {
            room_id: room_id.0,
            thread_id: thread_id.map(|id| id.0),
            content,
            updated_at: Moment(updated_at),
        }
    }
}
