//! How many rooms of a webhook are worked on at once: one only, and after growing pauses, while its URL fails.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::model::RoomId;

/// How many rooms of a webhook are worked on at once.
const ROOMS_AT_ONCE: usize = 8;

/// The longest pause between two requests to a URL that fails.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// The state of one webhook. A room that fails has a time of its own at which it is tried again; this keeps many rooms
/// from asking one server that is down.
#[derive(Default)]
pub(super) struct Gate {
    under_way: HashSet<RoomId>,
    /// The room in which a turn was begun last: the next are those after it.
    last: Option<RoomId>,
    /// Failures since something was delivered.
    failures: u32,
    closed_until: Option<Instant>,
}

impl Gate {
    /// How many rooms to look for. Some of them may be under way. `None`: no more turns may begin now.
    pub fn look(&self) -> Option<u32> {
        let is_closed = self.closed_until.is_some_and(|until| Instant::now() < until);
        let is_full = self.under_way.len() >= self.limit();
        (!is_closed && !is_full).then_some(2 * ROOMS_AT_ONCE as u32)
    }

    pub fn last(&self) -> RoomId {
        self.last.unwrap_or(RoomId(0))
    }

    /// Whether a turn in the room may begin now.
    pub fn begin(&mut self, room_id: RoomId) -> bool {
        if self.under_way.len() >= self.limit() || !self.under_way.insert(room_id) {
            return false;
        }
        self.last = Some(room_id);
        true
    }

    /// A turn has ended. `is_delivered` is `None` if nothing was tried.
    pub fn end(&mut self, room_id: RoomId, is_delivered: Option<bool>) {
        self.under_way.remove(&room_id);
        match is_delivered {
            Some(true) => (self.failures, self.closed_until) = (0, None),
            Some(false) => {
                let pause = Duration::from_secs(1 << self.failures.min(10)).min(MAX_PAUSE);
                self.failures = self.failures.saturating_add(1);
                self.closed_until = Some(Instant::now() + pause);
            }
            None => {}
        }
    }

    fn limit(&self) -> usize {
        if self.failures == 0 { ROOMS_AT_ONCE } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_fails_is_asked_about_one_room_at_a_time() {
        let mut gate = Gate::default();
        let rooms = (1..=8).map(RoomId);
        assert!(rooms.clone().all(|room| gate.begin(room)));
        assert!(!gate.begin(RoomId(9)) && gate.look().is_none());
        gate.end(RoomId(1), Some(false));
        assert!(gate.look().is_none() && !gate.begin(RoomId(1)));
        rooms.skip(1).for_each(|room| gate.end(room, None));
        gate.closed_until = None;
        assert!(gate.look().is_some() && gate.begin(RoomId(9)) && !gate.begin(RoomId(10)));
        gate.end(RoomId(9), Some(true));
        assert!(gate.begin(RoomId(9)) && gate.begin(RoomId(10)) && gate.last() == RoomId(10));
        assert!(!gate.begin(RoomId(10)));
    }
}
