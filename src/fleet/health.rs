//! Whether the doorbell works: a node hears its own heartbeats.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A doorbell that has not echoed a heartbeat for this long does not work: three heartbeats were missed.
const DEAF: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(super) struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    beat: u64,
    rung_at: Option<Instant>,
    heard_at: Option<Instant>,
    round_trip: Option<Duration>,
    is_lost: bool,
}

impl Health {
    /// Returns the number of the next heartbeat, which is rung now.
    pub fn next_beat(&self) -> u64 {
        let mut state = self.lock();
        state.beat += 1;
        state.rung_at = Some(Instant::now());
        state.beat
    }

    /// Notes that this node has heard its own heartbeat.
    pub fn heard(&self, beat: u64) {
        let mut state = self.lock();
        let now = Instant::now();
        if beat == state.beat {
            state.round_trip = state.rung_at.map(|at| now - at);
        }
        state.heard_at = Some(now);
    }

    /// Notes that the doorbell has no connection. Returns whether that is new.
    pub fn lost(&self) -> bool {
        let mut state = self.lock();
        state.heard_at = None;
        !std::mem::replace(&mut state.is_lost, true)
    }

    /// Notes that the doorbell has a connection. Returns whether it was lost before.
    pub fn connected(&self) -> bool {
        std::mem::replace(&mut self.lock().is_lost, false)
    }

    /// The time from ringing to hearing. `None`: the doorbell does not work.
    pub fn round_trip(&self) -> Option<Duration> {
        let state = self.lock();
        let is_heard = state.heard_at.is_some_and(|at| at.elapsed() < DEAF);
        state.round_trip.filter(|_| is_heard)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Only assignments, so a poisoned lock is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
