//! Counters of attempts, and the addresses that are known.

use crate::model::{AttemptKey, Begun, KnownAddress, NewAttempt, Timestamp};
use crate::storage::Result;

/// Counters of attempts that are limited, and known addresses. They are worth nothing in a copy.
pub trait Attempts {
    /// Counts an attempt in all counters of its limits, or in none of them if a limit is reached. Of attempts at the
    /// same time, also of several processes, no more are counted than the limit allows.
    fn begin_attempt(&self, attempt: &NewAttempt) -> Result<Begun>;
    /// Takes an attempt back from the counters that count it, and remembers an address.
    fn take_back_attempt(&self, counted: &[AttemptKey], known: Option<&KnownAddress>)
    -> Result<()>;
    /// Deletes counters of windows that began before `began`, and addresses that were last seen before `seen`.
    fn forget_attempts(&self, began: Timestamp, seen: Timestamp) -> Result<()>;
}
