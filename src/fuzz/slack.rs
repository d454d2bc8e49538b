//! What other programs send to webhooks.

use serde_json::Value;

use crate::slack;

/// Input: a payload of Slack's as JSON, or a text in mrkdwn.
///
/// Promises: every input is accepted. What is shown is not blank, has no NUL, and is at most some times as long as the
/// input.
pub fn slack(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let payload = serde_json::from_str::<Value>(text).ok();
    let shown = payload.and_then(|payload| slack::payload(&payload));
    for shown in shown.into_iter().chain(slack::text(text)) {
        assert!(!shown.trim().is_empty() && !shown.contains('\0'), "{shown:?}");
        assert!(shown.len() <= 20 * input.len() + 64, "{} of {}", shown.len(), input.len());
    }
}
