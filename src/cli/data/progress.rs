//! Shows the progress of a long command on one line. Shows nothing if stderr is not a terminal.

use std::cell::Cell;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

const TEMPLATE: &str = "{bar:30} {human_pos} of {human_len} {msg}, {eta} to go";

/// How often the line changes.
const INTERVAL: Duration = Duration::from_millis(100);

/// A progress bar. It disappears when this value is dropped.
pub(super) struct Bar {
    bar: ProgressBar,
    next_at: Cell<Instant>,
}

impl Bar {
    /// `what` is the unit, such as `events`.
    pub fn new(what: &'static str) -> Self {
        // The template is a literal, so the fallback is never needed.
        let style =
            ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(0).with_style(style).with_message(what);
        Self { bar, next_at: Cell::new(Instant::now()) }
    }

    pub fn set(&self, done: u64, all: u64) {
        if !self.bar.is_hidden() && Instant::now() >= self.next_at.get() {
            self.next_at.set(Instant::now() + INTERVAL);
            self.bar.set_length(all);
            self.bar.set_position(done);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
