//! Failed sign-ins, counted per typed name and per address, so that guessing is slow (NIST SP 800-63B
//! §5.2.2) and an attacker cannot lock the owner of an account out by guessing.
//!
//! - After enough failures with a name, attempts with it are refused for the rest of the window,
//!   except from an address at which the account's owner has signed in before.
//! - After enough failures from an address, its attempts are refused for the rest of the window.
//!
//! An attempt counts as a failure from its beginning and is taken back if it succeeds: many
//! attempts at once count like one after the other. Attempts are counted by the name that was typed,
//! which may be a username, an email, or neither: an account with an email can be tried twice as often,
//! and no refusal tells which names exist or belong together. The counters are in the memory of one
//! node, and bounded.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Error, Result};
use crate::config::Auth;
use crate::model::Timestamp;

/// The most names and addresses that are counted, and the most signed-in addresses that are
/// remembered: about 4 MiB each.
const MAX_ENTRIES: usize = 65_536;

/// How long an address at which the owner of an account signed in is remembered: 30 days.
const KNOWN_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// The configured limits.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    /// Failures in a window; 0: there is no limit.
    per_account: u32,
    per_address: u32,
    window_ms: i64,
}

#[derive(Default)]
pub(super) struct Throttle {
    /// Names are hashed, because a name may be long; the keys are random for each process.
    hasher: RandomState,
    // A std mutex: held for a few look-ups, never across an await.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: HashMap<Key, Failures>,
    /// When the owner of an account last signed in from an address.
    known: HashMap<(u64, IpAddr), Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Account(u64),
    Address(IpAddr),
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    /// When the window began.
    since: Timestamp,
}

/// An attempt under way. If it is dropped, it counts as a failure.
pub(super) struct Attempt {
    counted: Vec<Key>,
}

impl Allowed {
    pub fn new(auth: &Auth) -> Self {
        Self {
            per_account: auth.login_failures_per_account,
            per_address: auth.login_failures_per_address,
            window_ms: i64::from(auth.login_window_seconds) * 1000,
        }
    }

    fn is_current(self, failures: &Failures, now: Timestamp) -> bool {
        // After a clock was set back, a new window begins.
        (0..self.window_ms).contains(&(now.0 - failures.since.0))
    }
}

impl Throttle {
    /// Counts an attempt: for the address, and for the account if one is named.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`]; then nothing is counted.
    pub fn begin(
        &self,
        name: Option<&str>,
        address: IpAddr,
        allowed: Allowed,
        now: Timestamp,
    ) -> Result<Attempt> {
        let account = name.map(|name| self.hash(name));
        let mut state = self.lock();
        let is_known = |at: &Timestamp| (0..KNOWN_MS).contains(&(now.0 - at.0));
        let mut counted = Vec::with_capacity(2);
        if let Some(account) = account.filter(|_| allowed.per_account > 0)
            && !state.known.get(&(account, address)).is_some_and(is_known)
        {
            counted.push((Key::Account(account), allowed.per_account));
        }
        if allowed.per_address > 0 {
            counted.push((Key::Address(address), allowed.per_address));
        }
        let waits = counted.iter().filter_map(|(key, most)| {
            let failures = state.failures.get(key).filter(|it| allowed.is_current(it, now))?;
            (failures.count >= *most).then(|| failures.since.0 + allowed.window_ms - now.0)
        });
        if let Some(wait_ms) = waits.max() {
            let seconds = (wait_ms.max(1) as u64).div_ceil(1000);
            let retry_after_seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            return Err(Error::TooManyRequests { retry_after_seconds });
        }
        let counted: Vec<Key> = counted.into_iter().map(|(key, _)| key).collect();
        for key in &counted {
            make_room(&mut state.failures, key, |it| allowed.is_current(it, now));
            let fresh = Failures { count: 0, since: now };
            let failures = state.failures.entry(*key).or_insert(fresh);
            if !allowed.is_current(failures, now) {
                *failures = fresh;
            }
            failures.count += 1;
        }
        Ok(Attempt { counted })
    }

    /// Remembers that the owner of an account has signed in at the address with this name.
    pub fn remember(&self, name: &str, address: IpAddr, now: Timestamp) {
        let place = (self.hash(name), address);
        let known = &mut self.lock().known;
        make_room(known, &place, |at| (0..KNOWN_MS).contains(&(now.0 - at.0)));
        known.insert(place, now);
    }

    /// The attempt does not count: it succeeded, or the password could not be checked.
    pub fn take_back(&self, attempt: Attempt) {
        let mut state = self.lock();
        for key in attempt.counted {
            // The counter may have been removed meanwhile.
            if let Some(failures) = state.failures.get_mut(&key) {
                failures.count = failures.count.saturating_sub(1);
                if failures.count == 0 {
                    state.failures.remove(&key);
                }
            }
        }
    }

    fn hash(&self, name: &str) -> u64 {
        self.hasher.hash_one(name.to_ascii_lowercase())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Only counters, so a poisoned lock is still good.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room for one more entry in a full table: removes entries that are out of date, and a
/// quarter of the rest if that is not enough. An attacker who wants a counter to be removed needs
/// hundreds of addresses to fill the table.
fn make_room<K: Eq + Hash, V>(map: &mut HashMap<K, V>, key: &K, is_current: impl Fn(&V) -> bool) {
    if map.len() < MAX_ENTRIES || map.contains_key(key) {
        return;
    }
    map.retain(|_, value| is_current(value));
    if map.len() > MAX_ENTRIES / 4 * 3 {
        let mut number = 0;
        map.retain(|_, _| {
            number += 1;
            number % 4 != 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    const ALLOWED: Allowed = Allowed { per_account: 3, per_address: 5, window_ms: 60_000 };

    fn wait(result: Result<Attempt>) -> Option<u32> {
        match result {
            Ok(_) => None,
            Err(Error::TooManyRequests { retry_after_seconds }) => Some(retry_after_seconds),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn failures_for_an_account_are_limited_except_from_addresses_of_its_owner() {
        let throttle = Throttle::default();
        let at = |ms: i64| Timestamp(1_000_000 + ms);
        let owner = throttle.begin(Some("ann"), HOME, ALLOWED, at(0)).unwrap();
        throttle.take_back(owner);
        throttle.remember("ann", HOME, at(0));
        for _ in 0..3 {
            assert_eq!(wait(throttle.begin(Some("Ann"), AWAY, ALLOWED, at(0))), None);
        }
        assert_eq!(wait(throttle.begin(Some("ann"), AWAY, ALLOWED, at(0))), Some(60));
        assert_eq!(wait(throttle.begin(Some("ann"), AWAY, ALLOWED, at(59_500))), Some(1));
        assert_eq!(wait(throttle.begin(Some("bo"), AWAY, ALLOWED, at(0))), None);
        assert_eq!(wait(throttle.begin(Some("ann"), HOME, ALLOWED, at(0))), None);
        assert_eq!(
            wait(throttle.begin(Some("ann"), AWAY, ALLOWED, at(60_000))),
            None,
            "the window is over"
        );
        assert_eq!(
            wait(throttle.begin(Some("ann"), AWAY, ALLOWED, at(-1))),
            None,
            "the clock was set back"
        );
    }

    #[test]
    fn failures_from_an_address_are_limited_across_accounts_and_successes_do_not_count() {
        let (throttle, now) = (Throttle::default(), Timestamp(0));
        for n in 0..5 {
            assert_eq!(wait(throttle.begin(Some(&n.to_string()), AWAY, ALLOWED, now)), None);
            let own = throttle.begin(Some("eve"), HOME, ALLOWED, now).unwrap();
            throttle.take_back(own);
            let busy = throttle.begin(Some("eve"), HOME, ALLOWED, now).unwrap();
            throttle.take_back(busy);
        }
        assert_eq!(wait(throttle.begin(Some("another"), AWAY, ALLOWED, now)), Some(60));
        assert_eq!(wait(throttle.begin(Some("another"), HOME, ALLOWED, now)), None);
    }

    #[test]
    fn the_memory_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..MAX_ENTRIES as u128 + 100 {
            let address = IpAddr::V6(std::net::Ipv6Addr::from_bits(n));
            let attempt = throttle.begin(Some("ann"), address, ALLOWED, Timestamp(0));
            if let Ok(attempt) = attempt {
                throttle.take_back(attempt);
                throttle.remember("ann", address, Timestamp(0));
            }
            let _ = throttle.begin(Some(&n.to_string()), address, ALLOWED, Timestamp(0));
        }
        let state = throttle.lock();
        for size in [state.failures.len(), state.known.len()] {
            assert!((MAX_ENTRIES / 2..=MAX_ENTRIES).contains(&size), "{size}");
        }
    }
}
