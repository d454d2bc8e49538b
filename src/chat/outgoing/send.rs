//! One request to a webhook.

use std::time::Duration;

use hyper::header::{HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::chat::standard_webhooks;
use crate::config::shared_secret;
use crate::model::{EventId, Timestamp};
use crate::outbound::{Client, Error, Limits, Request};
use crate::storage::backend::RunningHook;

/// The specification of Standard Webhooks advises 15 to 30 seconds. Nothing of the answer but its head is used.
const LIMITS: Limits = Limits { time: Duration::from_secs(15), body_bytes: 1024, redirects: 0 };

const AGENT: &str = concat!("chatapp/", env!("CARGO_PKG_VERSION"), " (webhook)");

/// An event for a webhook.
pub(super) struct Post<'a> {
    pub hook: &'a RunningHook,
    /// Of the database: a restored or copied one gives the same ids to other events.
    pub epoch: &'a str,
    pub event_id: EventId,
    pub kind: &'a str,
    pub data: Value,
}

/// What became of a request.
pub(super) struct Outcome {
    /// `None`: there was no answer.
    pub status: Option<StatusCode>,
    /// Why the event is not delivered. `None`: it is.
    pub failure: Option<String>,
    /// The pause that the answer asks for, in seconds.
    pub retry_after: Option<i64>,
}

/// The body of a request.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: &'a Value,
    data: &'a Value,
}

impl Post<'_> {
    pub async fn send(&self, client: &Client, now: Timestamp) -> Outcome {
        let request = match self.request(now) {
            Ok(request) => request,
            Err(failure) => return Outcome::without_answer(failure),
        };
        let answer = match client.send(request, LIMITS).await {
            Ok(answer) => answer,
            Err(error @ Error::Refused) => {
                return Outcome::without_answer(format!("{error}: see `outbound.allow`"));
            }
            Err(error) => return Outcome::without_answer(error.to_string()),
        };
        let status = answer.status;
        let failure = match status {
            status if status.is_success() => None,
            StatusCode::GONE => Some("the answer is 410: the webhook was paused".to_owned()),
            status if status.is_redirection() => {
                Some(format!("the answer is {}: redirects are not followed", status.as_u16()))
            }
            status => Some(format!("the answer is {}", status.as_u16())),
        };
        let asked = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = asked.and_then(|seconds| seconds.trim().parse().ok());
        Outcome { status: Some(status), failure, retry_after }
    }

    fn request(&self, now: Timestamp) -> Result<Request, String> {
        let url = Url::parse(&self.hook.url).map_err(|error| error.to_string())?;
        let body = Body { kind: self.kind, timestamp: &self.data["timestamp"], data: &self.data };
        let body = serde_json::to_vec(&body).map_err(|error| error.to_string())?;
        let secrets = &self.hook.secrets;
        let old = secrets.old.iter().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        let keys: Vec<_> = std::iter::once(&secrets.secret)
            .chain(old)
            .filter_map(|key| shared_secret(key))
            .collect();
        // The same for each attempt, so that a receiver knows what it has already.
        let id = format!("msg_{}_{}_{}", self.epoch, self.hook.id, self.event_id);
        let mut headers = standard_webhooks::headers(&keys, &id, now, &body)?;
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        Ok(Request { method: Method::POST, url, headers, body: body.into() })
    }
}

impl Outcome {
    fn without_answer(failure: String) -> Self {
        Self { status: None, failure: Some(failure), retry_after: None }
    }
}
