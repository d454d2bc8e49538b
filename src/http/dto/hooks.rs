//! Incoming webhooks, and what is sent to them.

use poem_openapi::Object;
use poem_openapi::types::{Any, Example};
use serde::Serialize;
use serde_json::{Value, json};

use super::{EXAMPLE_TIME, PersonDto};
use crate::chat::MadeHook;
use crate::http::types::Moment;
use crate::model::Hook;

/// A webhook to be made.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct HookRequest {
    /// The name under which its messages are shown: 1 to 64 characters.
    pub name: String,
}

impl Example for HookRequest {
    fn example() -> Self {
        Self { name: "Grafana".into() }
    }
}

/// A webhook. Its messages are those of a bot, whose id it has.
#[derive(Object, Serialize)]
#[oai(rename = "Hook", example)]
pub(in crate::http) struct HookDto {
    pub id: i64,
    pub room_id: i64,
    /// The name under which its messages are shown.
    pub name: String,
    /// The unique name of its bot.
    pub username: String,
    /// Who made it; user 0, `(server)`, if an operator did it at the command line.
    pub created_by: PersonDto,
    pub created_at: Moment,
    /// A time of use, at most a minute before the last one; absent if it has not been used.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Moment>,
    /// The path of its URL, which is a secret. Only in the answer to the request that made it.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl From<Hook> for HookDto {
    fn from(hook: Hook) -> Self {
        Self {
            id: hook.id.0,
            room_id: hook.room_id.0,
            name: hook.name,
            username: hook.username,
            created_by: hook.created_by.into(),
            created_at: Moment(hook.created_at),
            last_used_at: hook.last_used_at.map(Moment),
            path: None,
        }
    }
}

impl From<MadeHook> for HookDto {
    fn from(MadeHook { hook, path, .. }: MadeHook) -> Self {
        Self { path: Some(path), ..hook.into() }
    }
}

impl Example for HookDto {
    fn example() -> Self {
        Self {
            id: 9,
            room_id: 1,
            name: "Grafana".into(),
            username: "hook-1a2b3c4d5e6f".into(),
            created_by: PersonDto::example(),
            created_at: EXAMPLE_TIME,
            last_used_at: Some(EXAMPLE_TIME),
            path: None,
        }
    }
}

/// What programs send to a webhook: the payload of Slack's incoming webhooks. All other fields are ignored.
#[derive(Object)]
#[oai(rename = "HookPayload", example)]
pub(in crate::http) struct HookPayloadDto {
    /// The message, in Slack's mrkdwn. Not shown if there are `blocks`.
    #[oai(nullable)]
    pub text: Option<String>,
    /// Slack's blocks: `header`, `section`, `divider`, `context`, `image`, `actions`, `rich_text` and `markdown`.
    #[oai(nullable)]
    pub blocks: Option<Vec<Any<Value>>>,
    /// Slack's attachments, which are shown after the text or the blocks.
    #[oai(nullable)]
    pub attachments: Option<Vec<Any<Value>>>,
}

impl Example for HookPayloadDto {
    fn example() -> Self {
        let attachment = json!({ "title": "HighLatency", "title_link": "https://grafana.example.com/alerting/7" });
        Self {
            text: Some("*1 alert* is firing".into()),
            blocks: None,
            attachments: Some(vec![Any(attachment)]),
        }
    }
}

/// The same as a form, as `curl -d text=hi` sends it. One of the fields is needed.
#[derive(Object)]
#[oai(rename = "HookForm", example)]
pub(in crate::http) struct HookFormDto {
    /// The message, in Slack's mrkdwn.
    #[oai(nullable)]
    pub text: Option<String>,
    /// A `HookPayload` as JSON.
    #[oai(nullable)]
    pub payload: Option<String>,
}

impl Example for HookFormDto {
    fn example() -> Self {
        Self { text: Some("hi".into()), payload: None }
    }
}
