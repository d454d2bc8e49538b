//! How fast one user may do something on this node: the generic cell rate algorithm (ITU-T
//! I.371), by the `governor` crate.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, MonotonicClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::{Error, Result};

/// The allowed burst: ten times what is allowed in one unit of time.
const BURST: u32 = 10;

/// A limit for each key.
pub(super) struct Pace<K: Hash + Eq + Clone> {
    /// `None`: there is no limit.
    limiter: Option<RateLimiter<K, HashMapStateStore<K>, MonotonicClock>>,
    clock: MonotonicClock,
}

impl<K: Hash + Eq + Clone> Pace<K> {
    /// Allows `count` in each `unit` on average, and ten units' worth at once. 0: there is no
    /// limit.
    pub fn new(count: u32, unit: Duration) -> Self {
        let quota = NonZeroU32::new(count).and_then(|count| {
            let burst = count.saturating_mul(NonZeroU32::new(BURST)?);
            Some(Quota::with_period(unit / count.get())?.allow_burst(burst))
        });
        let limiter = quota.map(|quota| RateLimiter::hashmap_with_clock(quota, MonotonicClock));
        Self { limiter, clock: MonotonicClock }
    }

    /// Counts one more.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`]; then nothing is counted.
    pub fn check(&self, key: &K) -> Result<()> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(key).map_err(|refusal| {
            let wait = refusal.wait_time_from(self.clock.now());
            Error::TooManyRequests {
                retry_after_seconds: wait.as_secs_f64().ceil().max(1.0) as u32,
            }
        })
    }

    /// Removes the keys that have been quiet for so long that they have their whole burst again.
    pub fn forget_quiet(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn each_key_may_use_its_burst_and_is_refused_after_it() {
        let pace = Pace::new(2, Duration::from_secs(3600));
        for _ in 0..20 {
            pace.check(&"ann").unwrap();
        }
        assert!(matches!(
            pace.check(&"ann"),
            Err(Error::TooManyRequests { retry_after_seconds: 1700..=1800 })
        ));
        pace.check(&"bo").unwrap();
    }

    #[test]
    fn zero_means_no_limit() {
        let pace = Pace::new(0, Duration::from_secs(1));
        assert!((0..10_000).all(|_| pace.check(&1).is_ok()));
    }

    #[test]
    fn keys_that_have_been_quiet_are_removed() {
        let pace = Pace::new(1_000, Duration::from_millis(1));
        pace.check(&1).unwrap();
        let started = Instant::now();
        while !pace.limiter.as_ref().unwrap().is_empty() {
            assert!(started.elapsed() < Duration::from_secs(10), "it is not forgotten");
            pace.forget_quiet();
        }
    }
}
