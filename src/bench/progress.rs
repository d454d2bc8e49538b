//! What is going on, on one line of a terminal; nothing where stderr is none.

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

    /// Shows this unless something was shown a moment ago.
    pub fn show(&self, text: impl FnOnce() -> String) {
        let now = Instant::now();
        if !self.bar.is_hidden() && now >= self.next_at.get() {
            self.next_at.set(now + INTERVAL);
            self.bar.set_message(text());
            self.bar.tick();
        }
    }

    /// Takes the line away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}
