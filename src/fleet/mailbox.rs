//! A place where rings wait, merged into one: its size is bounded, however slow the reader is.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::ring::Ring;

/// Rings that wait for one reader.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    // A std mutex: held while a ring is merged, never across an await.
    waiting: Mutex<Ring>,
    arrived: Notify,
}

impl Mailbox {
    /// Adds to the ring that waits.
    pub fn put(&self, add: impl FnOnce(&mut Ring)) {
        add(&mut self.lock());
        self.arrived.notify_one();
    }

    /// Takes what waits, as soon as there is something.
    pub async fn take(&self) -> Ring {
        loop {
            let ring = std::mem::take(&mut *self.lock());
            if !ring.is_empty() {
                return ring;
            }
            self.arrived.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        // A ring is merged without panics, and half of one does no harm.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
