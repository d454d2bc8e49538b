//! How many rooms of a webhook are worked on at once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::model::RoomId;

/// How many rooms of a webhook are worked on at once.
const ROOMS_AT_ONCE: usize = 8;

/// The longest pause between two attempts in rooms that fail.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// The state of one webhook. Each room that fails has a time at which it is tried again; this keeps many such rooms from
/// asking a server that is down at once: after a failure one of them is tried at a time, at growing pauses. Rooms that do not
/// fail go on.
#[derive(Default)]
pub(super) struct Gate {
    /// And whether a room is tried again.
    under_way: HashMap<RoomId, bool>,
    /// The room in which a turn was begun last: the next are those after it.
    last: Option<RoomId>,
    /// Failures of rooms that were tried again, since something was delivered.
    failures: u32,
    closed_until: Option<Instant>,
}

impl Gate {
    /// How many rooms to look for. Some of them may be under way. `None`: no more turns may begin now.
    pub fn look(&self) -> Option<u32> {
        (self.under_way.len() < ROOMS_AT_ONCE).then_some(2 * ROOMS_AT_ONCE as u32)
    }

    pub fn last(&self) -> RoomId {
        self.last.unwrap_or(RoomId(0))
    }

    /// Whether a turn in the room may begin now. `is_again`: its next event could not be delivered before.
    pub fn begin(&mut self, room_id: RoomId, is_again: bool) -> bool {
        if self.under_way.len() >= ROOMS_AT_ONCE || self.under_way.contains_key(&room_id) {
            return false;
        }
        if is_again && !self.may_try_again() {
            return false;
        }
        self.under_way.insert(room_id, is_again);
        self.last = Some(room_id);
        true
    }

    /// A turn has ended. `is_delivered` is `None` if nothing was tried.
    pub fn end(&mut self, room_id: RoomId, is_delivered: Option<bool>) {
        let was_again = self.under_way.remove(&room_id).unwrap_or(false);
        match is_delivered {
            Some(true) if was_again => (self.failures, self.closed_until) = (0, None),
            Some(false) if was_again => {
                let pause = Duration::from_secs(1 << self.failures.min(10)).min(MAX_PAUSE);
                self.failures = self.failures.saturating_add(1);
                self.closed_until = Some(Instant::now() + pause);
            }
            Some(_) | None => {}
        }
    }

    fn may_try_again(&self) -> bool {
        let is_closed = self.closed_until.is_some_and(|until| Instant::now() < until);
        let is_trying = self.failures > 0 && self.under_way.values().any(|is_again| *is_again);
        !is_closed && !is_trying
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_that_fail_are_tried_again_one_at_a_time_and_others_go_on() {
        let mut gate = Gate::default();
        let rooms = (1..=8).map(RoomId);
        assert!(rooms.clone().all(|room| gate.begin(room, false)));
        assert!(!gate.begin(RoomId(9), false) && gate.look().is_none());
        rooms.clone().for_each(|room| gate.end(room, Some(false)));
        assert!(gate.begin(RoomId(1), true) && gate.begin(RoomId(2), true));
        assert!(!gate.begin(RoomId(2), true));
        gate.end(RoomId(1), Some(false));
        assert!(!gate.begin(RoomId(3), true) && gate.begin(RoomId(9), false));
        gate.closed_until = None;
        // Another one is being tried.
        assert!(!gate.begin(RoomId(3), true));
        gate.end(RoomId(2), Some(true));
        assert!(gate.begin(RoomId(3), true) && gate.begin(RoomId(4), true));
        assert_eq!(gate.last(), RoomId(4));
    }
}
