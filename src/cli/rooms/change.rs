//! Changes of the members of a room at the command line, whose author is user 0, `(server)`.

use anyhow::anyhow;

use super::super::database::Database;
use super::super::output::Output;
use super::label;
use crate::chat::{self, AdminError, MemberChange};
use crate::model::{Event, MemberAct, Room};

/// Makes a change. Returns the events that it has added to the room's log: none if everything was so already.
pub(super) fn change(
    database: &Database,
    room: &Room,
    reason: Option<&String>,
    act: MemberAct,
) -> anyhow::Result<Vec<Event>> {
    let change = MemberChange {
        room_id: room.id,
        below: None,
        reason: reason.cloned(),
        act,
        is_audited: true,
    };
    let changed = database.administer(|admin| match admin.change_members(change) {
        // The rule's own text is for the person who is banned.
        Err(AdminError::Rule(chat::Error::Banned)) => Ok(None),
        other => other.map(Some),
    })?;
    changed.ok_or_else(|| {
        anyhow!("banned from {}: `chatapp rooms unban` lifts the ban first", label(room))
    })
}

/// Writes the result of a change: the events, or the sentence for what was done or was so already.
pub(super) fn report(
    output: &Output,
    events: &[Event],
    done: &str,
    already: &str,
) -> anyhow::Result<()> {
    Ok(output.write_one(&events, if events.is_empty() { already } else { done })?)
}
