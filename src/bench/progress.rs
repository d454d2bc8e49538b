//! Shows the progress of a run on one line. Shows nothing if stderr is not a terminal.

use std::cell::Cell;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

/// How often the line changes.
const INTERVAL: Duration = Duration::from_millis(100);

pub struct Progress {
    bar: ProgressBar,
    next_at: Cell<Instant>,
}

impl Progress {
    pub fn new() -> Self {
        Self { bar: ProgressBar::new_spinner(), next_at: Cell::new(Instant::now()) }
    }

    /// Shows a text, at most once in each [`INTERVAL`].
    pub fn show(&self, text: impl FnOnce() -> String) {
        let now = Instant::now();
        if !self.bar.is_hidden() && now >= self.next_at.get() {
            self.next_at.set(now + INTERVAL);
            self.bar.set_message(text());
            self.bar.tick();
        }
    }

    /// Removes the line.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}
