//! The counters of the store. The writer updates them once a batch, not once a message.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{AppendError, Error, Result};
use crate::metrics::{self, Counter, Counters, Histogram, Registry};
use crate::model::Appended;

/// The number of commit times that are kept for [`StoreCounts::commit_quantile`].
const REMEMBERED: usize = 1_000;

#[derive(Debug)]
pub struct StoreCounts {
    /// Stored messages. A retry of a stored message is not counted.
    pub messages: Counter,
    batch: Histogram,
    seconds: Histogram,
    errors: Counters,
    recent: Mutex<Recent>,
    /// Whether the last write failed for a reason that may last.
    is_failing: AtomicBool,
}

/// A ring of the newest commit times.
#[derive(Debug, Default)]
struct Recent {
    micros: Vec<u32>,
    next: usize,
}

const KINDS: [&str; 7] =
    ["busy", "unavailable", "in_doubt", "other_database", "damaged", "schema", "internal"];

impl StoreCounts {
    pub(super) fn new() -> Self {
        Self {
            messages: Counter::default(),
            batch: Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0]),
            seconds: metrics::seconds(),
            errors: metrics::counters("kind", &KINDS),
            recent: Mutex::default(),
            is_failing: AtomicBool::new(false),
        }
    }

    pub fn register(&self, registry: &mut Registry) {
        registry.register("messages", "Messages stored", self.messages.clone());
        let help = "Messages in one transaction";
        registry.register("commit_batch_messages", help, self.batch.clone());
        let help = "How long a transaction of messages takes";
        registry.register("commit_seconds", help, self.seconds.clone());
        let help = "Reads, writes and commits that failed, also because the database was busy";
        registry.register("storage_errors", help, self.errors.clone());
    }

    /// Returns a quantile (0 to 1) of the times of the last thousand commits. `None`: no commits yet.
    pub fn commit_quantile(&self, part: f64) -> Option<Duration> {
        let mut micros = self.lock().micros.clone();
        if micros.is_empty() {
            return None;
        }
        micros.sort_unstable();
        let rank = (micros.len() as f64 * part).ceil() as usize;
        let micros = micros[rank.clamp(1, micros.len()) - 1];
        Some(Duration::from_micros(micros.into()))
    }

    /// Returns the number of errors of all kinds.
    pub fn error_count(&self) -> u64 {
        let of = |kind| self.errors.get(&[("kind", kind)]).map_or(0, |counter| counter.get());
        KINDS.into_iter().map(of).sum()
    }

    /// Whether the last write failed for a reason that may last.
    pub fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    /// Counts a batch that took so long, with one result for each of its messages.
    pub(super) fn committed<'a>(
        &self,
        results: impl ExactSizeIterator<Item = &'a Result<Appended, AppendError>>,
        took: Duration,
    ) {
        self.batch.observe(results.len() as f64);
        self.seconds.observe(took.as_secs_f64());
        self.lock().add(took);
        let (mut stored, mut failure) = (0, None);
        for result in results {
            match result {
                Ok(appended) if !appended.duplicate => stored += 1,
                Err(AppendError::Storage(error)) => failure = Some(error),
                Ok(_)
                | Err(
                    AppendError::RoomNotFound
                    | AppendError::RoomArchived
                    | AppendError::MessageNotFound
                    | AppendError::UserNotFound,
                ) => {}
            }
        }
        self.messages.inc_by(stored);
        match failure {
            Some(error) => self.wrote::<()>(&Err(error.clone())),
            None if stored > 0 => self.recovered(),
            None => {}
        }
    }

    /// Counts the outcome of a write.
    pub(super) fn wrote<T>(&self, result: &Result<T>) {
        // A success does not reset the flag: the change may have found nothing to write.
        if let Err(Error::Unavailable(_) | Error::Damaged(_) | Error::OtherDatabase) = result {
            self.is_failing.store(true, Ordering::Relaxed);
        }
        self.ended(result);
    }

    /// Resets [`Self::is_failing`] after a durable write.
    pub fn recovered(&self) {
        self.is_failing.store(false, Ordering::Relaxed);
    }

    /// Counts the outcome of a read or a write.
    pub(super) fn ended<T>(&self, result: &Result<T>) {
        let Err(error) = result else { return };
        let kind = match error {
            // The caller asked for a name that is taken, or lost a right meanwhile, which is not a failure.
            Error::Conflict(_) | Error::Refused => return,
            Error::Busy(_) => "busy",
            Error::Unavailable(_) => "unavailable",
            Error::InDoubt(_) => "in_doubt",
            Error::OtherDatabase | Error::InUse(_) | Error::Sealed(_) => "other_database",
            Error::Damaged(_) => "damaged",
            Error::SchemaTooNew { .. } | Error::SchemaExtended { .. } | Error::SchemaTooOld => {
                "schema"
            }
            Error::BadUrl(_) | Error::Internal(_) => "internal",
        };
        self.errors.get_or_create(&[("kind", kind)]).inc();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Recent> {
        // A poisoned value is usable: it has only numbers.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn add(&mut self, took: Duration) {
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        if self.micros.len() < REMEMBERED {
            self.micros.push(micros);
        } else {
            self.micros[self.next] = micros;
            self.next = (self.next + 1) % REMEMBERED;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_newest_commits() {
        let counts = StoreCounts::new();
        assert_eq!(counts.commit_quantile(0.5), None);
        let commit = |ms| counts.committed([].iter(), Duration::from_millis(ms));
        (1..=100).for_each(commit);
        assert_eq!(counts.commit_quantile(0.5), Some(Duration::from_millis(50)));
        assert_eq!(counts.commit_quantile(0.99), Some(Duration::from_millis(99)));
        (0..REMEMBERED as u64).for_each(|_| commit(7));
        assert_eq!(counts.commit_quantile(1.0), Some(Duration::from_millis(7)));
    }

    #[test]
    fn only_lasting_errors_make_the_store_failing() {
        let counts = StoreCounts::new();
        counts.wrote::<()>(&Err(Error::Busy(String::new())));
        assert!(!counts.is_failing());
        counts.wrote::<()>(&Err(Error::Unavailable(String::new())));
        counts.wrote::<()>(&Err(Error::Busy(String::new())));
        assert!(counts.is_failing(), "`Busy` does not reset the flag");
        counts.wrote(&Ok(()));
        assert!(counts.is_failing(), "a success may have found nothing to write");
        counts.recovered();
        assert!(!counts.is_failing());
        assert_eq!(counts.error_count(), 3);
    }
}
