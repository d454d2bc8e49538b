//! Decisions about attempts: whether a limit is reached, and which counters count.

use crate::model::{
    AttemptCounter, AttemptKey, Begun, KnownAddress, NewAttempt, Refusal, Timestamp,
};
use crate::storage::Result;

/// How far the clocks of two nodes may differ, in milliseconds. A time that is later than now by more
/// was stored before a clock was set back, and does not count.
const SKEW_MS: i64 = 60_000;

pub(in crate::storage) trait AttemptTransaction {
    /// Returns when the address was last seen.
    fn get_known_address(&mut self, key: &AttemptKey) -> Result<Option<Timestamp>>;
    fn remember_address(&mut self, known: &KnownAddress) -> Result<()>;
    /// Returns the counters in the given order, which is ascending: transactions that lock some of the same
    /// counters cannot wait for each other. A missing counter is 0.
    fn lock_counters(&mut self, keys: &[AttemptKey]) -> Result<Vec<AttemptCounter>>;
    /// Stores counters that this transaction has locked.
    fn set_counters(&mut self, counters: &[AttemptCounter]) -> Result<()>;
}

pub(in crate::storage) fn begin_attempt(
    tx: &mut impl AttemptTransaction,
    attempt: &NewAttempt,
) -> Result<Begun> {
    let NewAttempt { now, window_ms, known_ms, limits } = attempt;
    let mut counting = Vec::with_capacity(limits.len());
    for limit in limits {
        let seen_at = limit.except.map(|key| tx.get_known_address(&key)).transpose()?.flatten();
        if !seen_at.is_some_and(|seen_at| is_within(*known_ms, seen_at, *now)) {
            counting.push(limit);
        }
    }
    counting.sort_unstable_by_key(|limit| limit.key);
    let keys: Vec<AttemptKey> = counting.iter().map(|limit| limit.key).collect();
    let mut counters = tx.lock_counters(&keys)?;
    let mut refusals = Vec::new();
    for (counter, limit) in counters.iter_mut().zip(&counting) {
        if counter.count == 0 || !is_within(*window_ms, counter.since, *now) {
            *counter = AttemptCounter { key: counter.key, count: 0, since: *now };
        }
        if counter.count >= i64::from(limit.most) {
            // A window that another node's clock began is not longer for this one.
            let until = counter.since.min(*now).0.saturating_add(*window_ms);
            refusals.push(Refusal { key: counter.key, until: Timestamp(until) });
        }
        counter.count += 1;
    }
    if !refusals.is_empty() {
        return Ok(Begun::Refused(refusals));
    }
    tx.set_counters(&counters)?;
    Ok(Begun::Counted(keys))
}

pub(in crate::storage) fn take_back_attempt(
    tx: &mut impl AttemptTransaction,
    counted: &[AttemptKey],
    known: Option<&KnownAddress>,
) -> Result<()> {
    let mut counters = tx.lock_counters(counted)?;
    for counter in &mut counters {
        // The counter may have been deleted, or may have begun another window.
        counter.count = (counter.count - 1).max(0);
    }
    tx.set_counters(&counters)?;
    known.map_or(Ok(()), |known| tx.remember_address(known))
}

/// Whether `then` is less than `ms` ago.
fn is_within(ms: i64, then: Timestamp, now: Timestamp) -> bool {
    (-SKEW_MS..ms).contains(&now.0.saturating_sub(then.0))
}
