//! Connections that wait for their next request. Their addresses were checked when they were opened.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use url::{Origin, Url};

use super::exchange::Sender;

/// How long a connection waits. Most servers wait longer before they end it.
const WAIT: Duration = Duration::from_secs(4);

/// The most connections that wait for requests to the same server, and to all.
const MAX_OF_ORIGIN: usize = 8;
const MAX: usize = 64;

#[derive(Default)]
pub(super) struct Kept(Mutex<HashMap<Origin, Vec<(Instant, Sender)>>>);

impl Kept {
    /// Takes the connection that was used last.
    pub fn take(&self, url: &Url) -> Option<Sender> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = kept.get_mut(&url.origin())?;
        let (since, sender) = waiting.pop()?;
        (since.elapsed() < WAIT && !sender.is_closed()).then_some(sender)
    }

    pub fn put(&self, url: &Url, sender: Sender) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, waiting| {
            waiting.retain(|(since, sender)| since.elapsed() < WAIT && !sender.is_closed());
            !waiting.is_empty()
        });
        if kept.values().map(Vec::len).sum::<usize>() >= MAX {
            return;
        }
        let waiting = kept.entry(url.origin()).or_default();
        if waiting.len() < MAX_OF_ORIGIN {
            waiting.push((Instant::now(), sender));
        }
    }
}
