//! The writer's handle to the hub.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::command::{Command, ReplyTo};
use super::pacing::{Pacing, nanos, smooth};
use crate::storage::{Listener, Outcome};

/// Larger batches do not wait for the hub: they gain little by more messages. With a thousand senders in a
/// hundred rooms, waiting cost 9 % of the sends (five rounds).
const LARGE_BATCH: usize = 128;

/// The writer's handle to the hub: hands over the committed messages, in the order of commit.
pub struct Publisher {
    commands: mpsc::Sender<Command>,
    pacing: Arc<Pacing>,
    /// The duration of a commit: a moving average.
    commit_nanos: u64,
    last_batch: usize,
}

impl Publisher {
    pub(super) fn new(commands: mpsc::Sender<Command>, pacing: Arc<Pacing>) -> Self {
        Self { commands, pacing, commit_nanos: 0, last_batch: 0 }
    }
}

impl Listener<ReplyTo> for Publisher {
    fn before_commit(&mut self) {
        if self.last_batch < LARGE_BATCH {
            self.pacing.wait_for_end(self.commit_nanos);
        }
    }

    /// Blocks while the hub's queue is full, which slows the writer.
    fn committed(&mut self, outcomes: Vec<Outcome<ReplyTo>>, took: Duration) {
        self.commit_nanos = smooth(self.commit_nanos, nanos(took));
        self.last_batch = outcomes.len();
        self.pacing.hand_over();
        // A hub that has ended has no connections left.
        let _ = self.commands.blocking_send(Command::Committed(outcomes));
    }
}
