//! A room that has members on this node.

use std::collections::HashMap;

use super::counts::Tally;
use super::presence::Presence;
use super::tail::Tail;
use crate::model::Seq;

#[derive(Default)]
pub(super) struct Room {
    /// The newest known seq. `None` until the log was read or written for the first time.
    pub(super) head: Option<Seq>,
    /// Every event up to here has passed through the hub, or is older than the room's first member, or was
    /// skipped. It is less than the head until what another process wrote has been read.
    pub(super) seen: Option<Seq>,
    /// The revision of the newest `room_updated` that the members were sent.
    pub(super) revision: i64,
    /// The tail ends at the head, or is empty.
    pub(super) tail: Tail,
    /// The members, by their slot in the hub.
    pub(super) members: HashMap<usize, Member>,
    pub(super) presence: Presence,
}

impl Room {
    /// Notes that the event at this seq has passed through the hub.
    pub(super) fn see(&mut self, seq: Seq) {
        if self.seen.is_some_and(|seen| seq == seen.next()) {
            self.seen = Some(seq);
        }
    }
}

pub(super) struct Member {
    pub(super) cursor: Cursor,
    /// The member gets a `synced` frame with this `ref` when it reaches the head.
    pub(super) sync: Option<Option<String>>,
}

/// The position of a member in the log.
#[derive(Clone, Copy)]
pub(super) enum Cursor {
    /// The member needs every event after this seq, and waits until the head is known.
    Starting(Seq),
    /// The member has received everything up to this seq. Its task reads further pages from storage.
    Reading(Seq),
    /// The member has received everything up to this seq. The tail has the rest, or will have it.
    Live(Seq),
}

impl Member {
    /// Returns the seq up to which the member has received everything.
    pub(super) fn position(&self) -> Seq {
        let (Cursor::Starting(seq) | Cursor::Reading(seq) | Cursor::Live(seq)) = self.cursor;
        seq
    }

    /// Notes that the member has received everything up to `to`.
    pub(super) fn advance(&mut self, to: Seq, tally: &mut Tally) {
        let from = self.position();
        tally.deliveries += (to.0 - from.0).unsigned_abs();
        self.cursor = Cursor::Live(to);
    }
}
