//! Attempts that are counted against limits: sign-ins and sign-ups.

use super::Timestamp;

/// The key of a counter or of a known address: a keyed hash of a name, an address, or both.
pub type AttemptKey = [u8; 32];

/// An attempt to be counted.
#[derive(Clone, Debug)]
pub struct NewAttempt {
    /// The time of the attempt.
    pub now: Timestamp,
    /// How long a counter counts from its first attempt on, in milliseconds.
    pub window_ms: i64,
    /// How long an address stays known after a sign-in there, in milliseconds.
    pub known_ms: i64,
    /// The counters of the attempt.
    pub limits: Vec<Limit>,
}

/// A counter with its limit.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The counter.
    pub key: AttemptKey,
    /// The most attempts in a window.
    pub most: u32,
    /// The attempt does not count here if it comes from this address and the address is known.
    pub except: Option<AttemptKey>,
}

/// The outcome of counting an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// These counters count the attempt.
    Counted(Vec<AttemptKey>),
    /// These limits were reached before. Nothing was counted.
    Refused(Vec<Refusal>),
}

/// A counter that has reached its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The counter.
    pub key: AttemptKey,
    /// The end of the window.
    pub until: Timestamp,
}

/// A counter as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptCounter {
    /// The key of the counter.
    pub key: AttemptKey,
    /// The counted attempts. 0: the next attempt begins a window.
    pub count: i64,
    /// The beginning of the window.
    pub since: Timestamp,
}

/// An address at which the owner of a name has signed in.
#[derive(Clone, Copy, Debug)]
pub struct KnownAddress {
    /// The hash of the name and the address.
    pub key: AttemptKey,
    /// The time of the sign-in.
    pub seen_at: Timestamp,
}
