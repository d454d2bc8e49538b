//! The operator's program that is asked about each message before it is stored (`hooks.before_send`).
//!
//! It is asked by a POST of JSON, which is signed by the Standard Webhooks specification if there is a secret. No answer
//! is kept: a message that is sent again is asked about again.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::header::{HeaderValue, USER_AGENT};
use hyper::{Method, StatusCode};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use url::Url;

use super::messages::check_content;
use super::{Chat, Error, Result, standard_webhooks};
use crate::config::{Failure, Hooks, shared_secret};
use crate::model::{EventId, Identity, RoomId, Timestamp};
use crate::outbound::{Client, Limits, Request};

/// How many messages are asked about at once; others wait, within their time.
const SLOTS: usize = 256;

/// The longest reason that is passed on to the sender, in characters.
const MAX_REASON_CHARS: usize = 500;

/// The most bytes of an answer without its text, and the most that JSON needs for a character.
const ANSWER_BYTES: usize = 4 * 1024;
const BYTES_OF_CHAR: usize = 12;

const AGENT: &str = concat!("chatapp/", env!("CARGO_PKG_VERSION"), " (before_send)");

/// How to ask the program.
pub(super) struct BeforeSend {
    client: Client,
    url: Url,
    /// One, or none if the requests are not signed.
    keys: Vec<Vec<u8>>,
    time: Duration,
    failure: Failure,
    closed_rooms: HashSet<RoomId>,
    /// Whether there was no usable answer the last time.
    is_failing: AtomicBool,
}

/// What the program is asked. `data` is the message.
#[derive(Serialize)]
struct Question<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Timestamp,
    data: QuestionData<'a>,
}

#[derive(Serialize)]
struct QuestionData<'a> {
    room_id: i64,
    user_id: i64,
    username: &'a str,
    is_bot: bool,
    /// The message that is edited. Absent: the message is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<i64>,
    content: &'a str,
}

/// The answer of the program. A status of 204 means [`Verdict::Pass`] too.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Verdict {
    Pass,
    Change {
        content: String,
    },
    Refuse {
        #[serde(default)]
        reason: String,
    },
}

impl BeforeSend {
    /// `None`: the settings name no program. The rules of the settings have accepted the values.
    pub fn of(hooks: &Hooks) -> Option<Self> {
        let url = Url::parse(&hooks.before_send).ok()?;
        // The operator, not a user, has named the address: it may be anywhere.
        let anywhere = vec![IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
        Some(Self {
            client: Client::keeping(anywhere, SLOTS),
            url,
            keys: shared_secret(&hooks.before_send_secret).into_iter().collect(),
            time: Duration::from_millis(hooks.before_send_timeout_ms),
            failure: hooks.before_send_failure,
            closed_rooms: hooks.before_send_closed_rooms.iter().copied().map(RoomId).collect(),
            is_failing: AtomicBool::new(false),
        })
    }

    fn is_closed(&self, room_id: RoomId) -> bool {
        self.failure == Failure::Closed || self.closed_rooms.contains(&room_id)
    }

    /// # Errors
    /// Why there is no usable answer, for the operator.
    async fn ask(&self, question: &Question<'_>, max_chars: usize) -> Result<Verdict, String> {
        let body = serde_json::to_vec(question).map_err(|error| error.to_string())?;
        let id = format!("msg_{}", uuid::Uuid::new_v4().simple());
        let mut headers = standard_webhooks::headers(&self.keys, &id, question.timestamp, &body)?;
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let request =
            Request { method: Method::POST, url: self.url.clone(), headers, body: body.into() };
        let body_bytes = ANSWER_BYTES + BYTES_OF_CHAR * max_chars;
        let limits = Limits { time: self.time, body_bytes, redirects: 0 };
        let answer = self.client.send(request, limits).await.map_err(|error| error.to_string())?;
        match answer.status {
            StatusCode::NO_CONTENT => return Ok(Verdict::Pass),
            StatusCode::OK if !answer.is_cut => {}
            StatusCode::OK => return Err("the answer is too long".to_owned()),
            status => return Err(format!("the answer is {status}, neither 200 nor 204")),
        }
        let verdict = serde_json::from_slice(&answer.body)
            .map_err(|error| format!("the answer is not understood: {error}"))?;
        if let Verdict::Change { content } = &verdict {
            check_content(content, max_chars)
                .map_err(|error| format!("the changed text cannot be sent: {}", error.message))?;
        }
        Ok(verdict)
    }

    fn note(&self, failure: Option<&String>) {
        let was_failing = self.is_failing.swap(failure.is_some(), Ordering::SeqCst);
        match failure {
            Some(why) if !was_failing => {
                tracing::warn!("the program at hooks.before_send gives no usable answer: {why}");
            }
            None if was_failing => tracing::info!("the program at hooks.before_send answers again"),
            Some(_) | None => {}
        }
    }
}

impl Chat {
    /// Asks the operator's program about a text, if there is a program. Returns the text that may be stored.
    /// `message_id`: the message that is edited.
    ///
    /// # Errors
    /// [`Error::InvalidFields`], [`Error::MessageRefused`]; [`Error::ReviewUnavailable`] if the program gives no usable
    /// answer and the settings say that such messages are refused.
    pub(super) async fn review(
        &self,
        caller: &Identity,
        room_id: RoomId,
        message_id: Option<EventId>,
        content: String,
    ) -> Result<String> {
        let Some(program) = &self.inner.before_send else { return Ok(content) };
        let max_chars = self.inner.settings.load().limits.message_chars;
        check_content(&content, max_chars).map_err(|error| Error::InvalidFields(vec![error]))?;
        let question = Question {
            kind: "before_send",
            timestamp: self.inner.clock.now(),
            data: QuestionData {
                room_id: room_id.0,
                user_id: caller.user_id.0,
                username: &caller.username,
                is_bot: caller.is_bot,
                message_id: message_id.map(|id| id.0),
                content: &content,
            },
        };
        let verdict = program.ask(&question, max_chars).await;
        program.note(verdict.as_ref().err());
        let (outcome, reviewed) = match verdict {
            Ok(Verdict::Pass) => ("passed", Ok(content)),
            Ok(Verdict::Change { content }) => ("changed", Ok(content)),
            Ok(Verdict::Refuse { reason }) => {
                ("refused", Err(Error::MessageRefused(readable(&reason))))
            }
            Err(_) if program.is_closed(room_id) => ("failed", Err(Error::ReviewUnavailable)),
            Err(_) => ("failed", Ok(content)),
        };
        self.inner.counts.reviewed(outcome);
        reviewed
    }
}

/// The reason as one line of bounded length.
fn readable(reason: &str) -> String {
    let line: String = reason
        .chars()
        .map(|it| if it.is_control() { ' ' } else { it })
        .take(MAX_REASON_CHARS)
        .collect();
    match line.trim() {
        "" => "no reason was given".to_owned(),
        line => line.to_owned(),
    }
}
