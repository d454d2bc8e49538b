//! Refused attempts, kept in memory for a moment: a client that tries again at once does not reach the
//! database. A limit that another node has taken an attempt back from is noticed after that moment.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{AttemptKey, Limit, Refusal, Timestamp};

/// How long a refusal is kept, in milliseconds.
const KEPT_MS: i64 = 1000;

/// The most refusals that are kept: about 5 MiB.
const MAX_KEPT: usize = 65_536;

// A std mutex: held for a few look-ups, never across an await.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<AttemptKey, Kept>>);

#[derive(Clone, Copy)]
struct Kept {
    at: Timestamp,
    /// The end of the limit's window.
    until: Timestamp,
}

impl Kept {
    fn is_current(&self, now: Timestamp) -> bool {
        // After a clock was set back, the database is asked again.
        (0..KEPT_MS).contains(&(now.0 - self.at.0)) && self.until > now
    }
}

impl Refusals {
    /// Returns until when these limits refuse an attempt, if they did so a moment ago.
    pub fn find(&self, limits: &[Limit], now: Timestamp) -> Option<Timestamp> {
        let kept = self.lock();
        let current = limits.iter().filter_map(|limit| kept.get(&place(limit)));
        current.filter(|kept| kept.is_current(now)).map(|kept| kept.until).max()
    }

    /// Keeps the refusals by the limits that were reached.
    pub fn remember(&self, limits: &[Limit], reached: &[Refusal], now: Timestamp) {
        let mut kept = self.lock();
        if kept.len() + reached.len() > MAX_KEPT {
            kept.retain(|_, kept| kept.is_current(now));
        }
        for refusal in reached {
            if let Some(limit) = limits.iter().find(|limit| limit.key == refusal.key)
                && kept.len() < MAX_KEPT
            {
                kept.insert(place(limit), Kept { at: now, until: refusal.until });
            }
        }
    }

    /// The limits may accept an attempt again.
    pub fn remove(&self, limits: &[Limit]) {
        let mut kept = self.lock();
        for limit in limits {
            kept.remove(&place(limit));
        }
    }

    pub fn forget_old(&self, now: Timestamp) {
        let mut kept = self.lock();
        kept.retain(|_, kept| kept.is_current(now));
        kept.shrink_to_fit();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AttemptKey, Kept>> {
        // Only refusals that end soon, so a poisoned lock is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A limit that does not hold for a known address refuses only the address that was asked about.
fn place(limit: &Limit) -> AttemptKey {
    limit.except.unwrap_or(limit.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn at(ms: i64) -> Timestamp {
        Timestamp(NOW.0 + ms)
    }

    fn limit(key: u8, except: Option<u8>) -> Limit {
        Limit { key: [key; 32], most: 1, except: except.map(|key| [key; 32]) }
    }

    fn refusal(key: u8) -> Refusal {
        Refusal { key: [key; 32], until: at(60_000) }
    }

    #[test]
    fn a_refusal_is_kept_for_a_moment_and_for_the_address_that_was_refused() {
        let refusals = Refusals::default();
        let (account, address) = (limit(1, Some(2)), limit(3, None));
        refusals.remember(&[account, address], &[refusal(1)], NOW);
        assert_eq!(refusals.find(&[account, address], at(999)), Some(at(60_000)));
        assert_eq!(refusals.find(&[account], at(1000)), None, "it was a moment ago");
        assert_eq!(refusals.find(&[account], at(-1)), None, "the clock was set back");
        assert_eq!(refusals.find(&[address], NOW), None, "that limit was not reached");
        assert_eq!(refusals.find(&[limit(1, Some(4))], NOW), None, "it may be known");
        refusals.remove(&[account]);
        assert_eq!(refusals.find(&[account], NOW), None);
    }

    #[test]
    fn a_refusal_ends_with_its_window() {
        let refusals = Refusals::default();
        let soon = Refusal { until: at(500), ..refusal(1) };
        refusals.remember(&[limit(1, None)], &[soon], NOW);
        assert_eq!(refusals.find(&[limit(1, None)], at(499)), Some(at(500)));
        assert_eq!(refusals.find(&[limit(1, None)], at(500)), None);
    }

    #[test]
    fn the_memory_is_bounded() {
        let refusals = Refusals::default();
        let remember = |n: usize, now| {
            let mut limit = limit(0, None);
            limit.key[..8].copy_from_slice(&n.to_be_bytes());
            refusals.remember(&[limit], &[Refusal { key: limit.key, until: at(60_000) }], now);
        };
        (0..MAX_KEPT + 100).for_each(|n| remember(n, NOW));
        assert_eq!(refusals.lock().len(), MAX_KEPT);
        remember(usize::MAX, at(5_000));
        assert_eq!(refusals.lock().len(), 1, "old refusals make room");
    }
}
