//! Checks of the index of messages.

use super::super::output::counted;
use super::{Case, Finding, Opened};
use crate::model::IndexStatus;

/// A server that is busy is not behind by more events than this for long.
const BEHIND: u64 = 10_000;

/// Whether searches find the newest messages. Without a running server the index does not follow the logs.
pub(super) fn behind(case: &Case) -> Vec<Finding> {
    let Ok(Opened { backend, status: Ok(_) }) = &case.database else { return vec![] };
    vec![match backend.get_index_status() {
        Ok(IndexStatus { events_behind: events @ BEHIND.., .. }) if case.running.is_some() => {
            Finding::warning(
                "index",
                format!("searches do not find the newest {}", counted(events, "event")),
                "wait if it was just emptied or the server is very busy: `chatapp index status` shows \
                 whether the number falls; if it does not, read the server's log",
            )
        }
        Ok(IndexStatus { messages, events_behind, .. }) => {
            let (messages, behind) =
                (counted(messages, "message"), counted(events_behind, "event"));
            Finding::ok("index", format!("{messages}, {behind} behind the logs"))
        }
        Err(error) => Finding::problem(
            "index",
            format!("it cannot be read ({error})"),
            "`chatapp index rebuild` makes it again",
        ),
    }]
}
