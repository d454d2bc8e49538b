//! A room that has members on this node.

use std::collections::HashMap;

use super::access::AccessMark;
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
    /// The last time that members were paused: see `access.rs`.
    pub(super) paused_at: AccessMark,
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
    /// While it was paused, frames about presence were not sent to it.
    pub(super) has_missed_presence: bool,
    /// While it was paused, a `room_updated` was not sent to it.
    pub(super) has_missed_update: bool,
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
    /// The member has received everything up to this seq, and receives nothing more until its right to read the room
    /// has been checked again.
    Paused(Seq, AccessMark),
}

impl Member {
    /// Returns the seq up to which the member has received everything.
    pub(super) fn position(&self) -> Seq {
        let (Cursor::Starting(seq)
        | Cursor::Reading(seq)
        | Cursor::Live(seq)
        | Cursor::Paused(seq, _)) = self.cursor;
        seq
    }

    pub(super) fn is_paused(&self) -> bool {
        matches!(self.cursor, Cursor::Paused(..))
    }

    /// Notes that the member has received everything up to `to`.
    pub(super) fn advance(&mut self, to: Seq, tally: &mut Tally) {
        let from = self.position();
        tally.deliveries += (to.0 - from.0).unsigned_abs();
        self.cursor = Cursor::Live(to);
    }
}
