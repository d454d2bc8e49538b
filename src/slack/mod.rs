//! What programs send to Slack's incoming webhooks, as markdown: the payload, its blocks and attachments, and mrkdwn, the
//! markup in them.
//!
//! Pure functions, for any input: a part that is not as Slack documents it is passed over. The result is at most some
//! times as long as the input. See <https://docs.slack.dev/messaging/formatting-message-text> and
//! <https://docs.slack.dev/reference/block-kit/blocks>.

mod attachments;
mod blocks;
mod literal;
mod mrkdwn;
mod rich_text;
#[cfg(test)]
mod tests;
mod time;

use serde_json::Value;

/// The message of a payload. `None`: it has nothing to show.
pub(crate) fn payload(payload: &Value) -> Option<String> {
    let mut parts = blocks::blocks(&payload["blocks"]);
    if parts.is_empty() {
        // In Slack, the text beside blocks is for notifications only.
        let text = string(&payload["text"]).unwrap_or_default();
        parts.push(match payload["mrkdwn"] {
            Value::Bool(false) => literal::text(&text),
            _ => mrkdwn::text(&text),
        });
    }
    parts.extend(attachments::attachments(&payload["attachments"]));
    joined(parts)
}

/// The message of a text in mrkdwn. `None`: it has nothing to show.
pub(crate) fn text(text: &str) -> Option<String> {
    joined(vec![mrkdwn::text(text)])
}

/// Puts an empty line between parts. Lines between parts are not shown at the ends, nor twice in a row.
fn joined(parts: Vec<String>) -> Option<String> {
    let mut shown: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        let part = part.replace('\0', "");
        let part = part.trim_matches('\n').trim_end();
        let is_repeated = shown.last().is_none_or(|last| last == blocks::DIVIDER);
        if !(part.trim().is_empty() || part == blocks::DIVIDER && is_repeated) {
            shown.push(part.to_owned());
        }
    }
    if shown.last().is_some_and(|last| last == blocks::DIVIDER) {
        shown.pop();
    }
    (!shown.is_empty()).then(|| shown.join("\n\n"))
}

/// A text, or a number or truth value that stands for one.
fn string(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text that is not blank.
fn filled(value: &Value) -> Option<String> {
    string(value).filter(|text| !text.trim().is_empty())
}

/// The entries of a list. A value that should be in a list stands for a list of one.
fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(entries) => entries,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}
