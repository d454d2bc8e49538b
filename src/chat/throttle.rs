//! Limits that hold across nodes and restarts: failed sign-ins per typed name and per address, so that
//! guessing is slow (NIST SP 800-63B §5.2.2) and an attacker cannot lock the owner of an account out by
//! guessing; and new accounts per address.
//!
//! - After enough failures with a name, attempts with it are refused for the rest of the window,
//!   except from an address at which the account's owner has signed in before.
//! - After enough failures from an address, its attempts are refused for the rest of the window.
//!
//! An attempt counts as a failure from its beginning and is taken back if it succeeds: many
//! attempts at once count like one after the other. Attempts are counted by the name that was typed,
//! which may be a username, an email, or neither: an account with an email can be tried twice as often,
//! and no refusal tells which names exist or belong together.
//!
//! The counters are rows of the database. Their keys are hashes with the secret of the tokens, so that they tell no
//! name and no address without it. A refusal is also kept in memory for a moment, so that a flood of
//! refused attempts does not reach the database.

use std::net::IpAddr;

use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::Semaphore;

use super::refusals::Refusals;
use super::{Chat, Error, Result, StartError};
use crate::config::Auth;
use crate::model::{AttemptKey, Begun, KnownAddress, Limit, NewAttempt, Timestamp};
use crate::storage::{self, Backend};

/// How long an address at which the owner of an account signed in is remembered: 30 days.
const KNOWN_MS: i64 = 30 * 24 * HOUR_MS;
const HOUR_MS: i64 = 60 * 60 * 1000;

/// The most attempts that are being counted at once. A flood of attempts waits for its turn here, not in the
/// queue of the store, where messages or upkeep would wait behind it.
const MAX_COUNTING: usize = 8;

/// The configured limits of failed sign-ins.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    /// Failures in a window; 0: there is no limit.
    per_account: u32,
    per_address: u32,
    window_ms: i64,
}

impl Allowed {
    pub fn new(auth: &Auth) -> Self {
        Self {
            per_account: auth.login_failures_per_account,
            per_address: auth.login_failures_per_address,
            window_ms: i64::from(auth.login_window_seconds) * 1000,
        }
    }
}

pub(super) struct Throttle {
    hmac: Hmac<Sha256>,
    refusals: Refusals,
    turns: Semaphore,
}

/// An attempt under way. If it is dropped, it counts as a failure.
pub(super) struct Attempt {
    counted: Vec<AttemptKey>,
    limits: Vec<Limit>,
}

impl Throttle {
    /// # Errors
    /// [`StartError::SecretTooShort`] if the secret cannot be a key.
    pub fn new(secret: &[u8]) -> std::result::Result<Self, StartError> {
        let keyed = Hmac::new_from_slice(secret);
        let hmac = keyed.map_err(|InvalidLength| StartError::SecretTooShort(secret.len()))?;
        let turns = Semaphore::new(MAX_COUNTING);
        Ok(Self { hmac, refusals: Refusals::default(), turns })
    }

    /// Forgets the refusals that have ended.
    pub fn forget_quiet(&self, now: Timestamp) {
        self.refusals.forget_old(now);
    }

    fn account(&self, name: &str) -> AttemptKey {
        self.key("account", None, name)
    }

    fn address(&self, address: IpAddr) -> AttemptKey {
        self.key("address", Some(address), "")
    }

    fn known_address(&self, name: &str, address: IpAddr) -> AttemptKey {
        self.key("known address", Some(address), name)
    }

    fn signups(&self, address: IpAddr) -> AttemptKey {
        self.key("sign-ups", Some(address), "")
    }

    /// No token has a NUL, so no key is the signature of a token.
    fn key(&self, kind: &str, address: Option<IpAddr>, name: &str) -> AttemptKey {
        let address = address.map(|address| address.to_string()).unwrap_or_default();
        let mut hmac = self.hmac.clone();
        hmac.update(format!("{kind}\0{address}\0").as_bytes());
        hmac.update(name.to_ascii_lowercase().as_bytes());
        hmac.finalize().into_bytes().into()
    }
}

impl Chat {
    /// Counts an attempt to sign in: for the address, and for the account if one is named.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`], then nothing is counted; [`Error::Busy`] if the password could not be
    /// checked now; those of a database that cannot be written.
    pub(super) async fn begin_attempt(
        &self,
        name: Option<&str>,
        address: IpAddr,
    ) -> Result<Attempt> {
        let (allowed, throttle) = (self.inner.settings.load().login_failures, &self.inner.throttle);
        let mut limits = Vec::with_capacity(2);
        if let Some(name) = name.filter(|_| allowed.per_account > 0) {
            let (key, known) = (throttle.account(name), throttle.known_address(name, address));
            limits.push(Limit { key, most: allowed.per_account, except: Some(known) });
        }
        if allowed.per_address > 0 {
            let key = throttle.address(address);
            limits.push(Limit { key, most: allowed.per_address, except: None });
        }
        let begun = self.begin(limits, allowed.window_ms).await;
        self.inner.counts.limited("logins", begun)
    }

    /// The attempt does not count: it succeeded, or the password could not be checked. If the owner of the account
    /// has signed in, the address is remembered for the name.
    pub(super) async fn take_back(&self, attempt: Attempt, owner: Option<(&str, IpAddr)>) {
        let Attempt { counted, limits } = attempt;
        let throttle = &self.inner.throttle;
        let known = owner.map(|(name, address)| KnownAddress {
            key: throttle.known_address(name, address),
            seen_at: self.inner.clock.now(),
        });
        if counted.is_empty() && known.is_none() {
            return;
        }
        let take_back =
            move |backend: &dyn Backend| backend.take_back_attempt(&counted, known.as_ref());
        // A failure has been logged. The attempt then stays counted until its window ends.
        if self.count(take_back).await.is_ok() {
            throttle.refusals.remove(&limits);
        }
    }

    /// Counts a sign-up from the address.
    ///
    /// # Errors
    /// As for [`Chat::begin_attempt`].
    pub(super) async fn count_signup(&self, address: IpAddr) -> Result<()> {
        let most = self.inner.settings.load().limits.signups_per_hour;
        let limit = Limit { key: self.inner.throttle.signups(address), most, except: None };
        let limits = if most > 0 { vec![limit] } else { Vec::new() };
        let begun = self.begin(limits, HOUR_MS).await;
        // A sign-up stays counted, whatever its outcome.
        self.inner.counts.limited("signups", begun).map(drop)
    }

    async fn begin(&self, limits: Vec<Limit>, window_ms: i64) -> Result<Attempt> {
        let (now, refusals) = (self.inner.clock.now(), &self.inner.throttle.refusals);
        if let Some(until) = refusals.find(&limits, now) {
            return Err(refused(until, now));
        }
        // Otherwise a flood of attempts while the threads are busy would be counted and taken back.
        self.inner.passwords.check_room()?;
        if limits.is_empty() {
            return Ok(Attempt { counted: Vec::new(), limits });
        }
        let attempt = NewAttempt { now, window_ms, known_ms: KNOWN_MS, limits: limits.clone() };
        let begin = move |backend: &dyn Backend| backend.begin_attempt(&attempt);
        match self.count(begin).await? {
            Begun::Counted(counted) => Ok(Attempt { counted, limits }),
            Begun::Refused(reached) => {
                refusals.remember(&limits, &reached, now);
                let until = reached.iter().map(|refusal| refusal.until).max().unwrap_or(now);
                Err(refused(until, now))
            }
        }
    }

    async fn count<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Backend) -> storage::Result<T> + Send + 'static,
    ) -> Result<T> {
        // The semaphore is never closed.
        let _turn = self.inner.throttle.turns.acquire().await.map_err(|_| Error::Busy)?;
        Ok(self.inner.store.maintain(work).await?)
    }

    /// Deletes counters and known addresses that are out of date.
    ///
    /// # Errors
    /// Those of a database that cannot be written.
    pub(super) async fn forget_attempts(&self) -> Result<()> {
        let now = self.inner.clock.now();
        let window_ms = self.inner.settings.load().login_failures.window_ms.max(HOUR_MS);
        let (began, seen) = (Timestamp(now.0 - window_ms), Timestamp(now.0 - KNOWN_MS));
        self.inner.store.maintain(move |backend| backend.forget_attempts(began, seen)).await?;
        Ok(())
    }
}

fn refused(until: Timestamp, now: Timestamp) -> Error {
    let seconds = (until.0 - now.0).max(1).cast_unsigned().div_ceil(1000);
    Error::TooManyRequests { retry_after_seconds: u32::try_from(seconds).unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_differ_by_kind_name_address_and_secret_and_not_by_case() {
        let throttle = Throttle::new(&[1; 32]).unwrap();
        let (home, away) = ("192.0.2.1".parse().unwrap(), "2001:db8::".parse().unwrap());
        let keys = |throttle: &Throttle| {
            let mut keys = BTreeSet::from([throttle.account("ann"), throttle.account("bo")]);
            for address in [home, away] {
                keys.insert(throttle.address(address));
                keys.insert(throttle.signups(address));
                keys.insert(throttle.known_address("ann", address));
                keys.insert(throttle.known_address("bo", address));
            }
            keys
        };
        assert_eq!(keys(&throttle).len(), 10);
        assert!(keys(&throttle).is_disjoint(&keys(&Throttle::new(&[2; 32]).unwrap())));
        assert_eq!(throttle.account("ANN"), throttle.account("ann"));
        assert_eq!(throttle.known_address("ANN", home), throttle.known_address("ann", home));
    }
}
