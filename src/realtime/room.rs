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
    /// Ends at the head, or is empty.
    pub(super) tail: Tail,
    /// Members by their slots.
    pub(super) members: HashMap<usize, Member>,
    pub(super) presence: Presence,
}

pub(super) struct Member {
    pub(super) cursor: Cursor,
    /// The member gets a `synced` frame with this `ref` when it reaches the head.
    pub(super) sync: Option<Option<String>>,
}

/// Where a member is in the log.
#[derive(Clone, Copy)]
pub(super) enum Cursor {
    /// Wants every event after this one, and waits for the head to be known.
    Starting(Seq),
    /// Was sent everything up to here by its task, which goes on reading storage.
    Reading(Seq),
    /// Was sent everything up to here; the tail has, or will have, the rest.
    Live(Seq),
}

impl Member {
    /// The member was sent everything up to here.
    pub(super) fn position(&self) -> Seq {
        let (Cursor::Starting(seq) | Cursor::Reading(seq) | Cursor::Live(seq)) = self.cursor;
        seq
    }

    /// Notes that the member was sent everything up to `to`.
    pub(super) fn advance(&mut self, to: Seq, tally: &mut Tally) {
        let from = self.position();
        tally.deliveries += (to.0 - from.0).unsigned_abs();
        self.cursor = Cursor::Live(to);
    }
}
