//! Figures for people: the present state of the server, as one value.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::permissions::{self, Action};
use super::{Chat, Result};
use crate::metrics::Process;
use crate::model::{Identity, Timestamp};
use crate::storage::DatabaseStatus;

pub(super) type Status = DatabaseStatus;

/// How long the state of the database that was read is used.
const STATUS_AGE: Duration = Duration::from_secs(5);

/// How long to wait for a database that does not answer: the other figures matter more then.
const STATUS_WAIT: Duration = Duration::from_secs(1);

/// The period over which rates are computed, and how often it is measured.
const STRETCH: Duration = Duration::from_secs(60);
pub const SAMPLE_EVERY: Duration = Duration::from_secs(5);

/// The state of the server and of its database. Figures that cannot be read now are `None`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    pub version: String,
    /// Servers that run on the database, this one included.
    pub nodes: u64,
    pub started_at: Timestamp,
    pub uptime_seconds: u64,
    /// `SQLite 3.50.4`, `PostgreSQL 16.4`.
    pub database: Option<String>,
    pub database_bytes: Option<u64>,
    pub wal_bytes: Option<u64>,
    pub users: Option<u64>,
    pub rooms: Option<u64>,
    pub events: Option<u64>,
    pub sockets: u64,
    pub connected_users: u64,
    pub live_rooms: u64,
    pub messages_per_second: f64,
    pub deliveries_per_second: f64,
    pub commit_p50_ms: Option<f64>,
    pub commit_p99_ms: Option<f64>,
    pub write_queue: u64,
    pub read_queue: u64,
    pub password_queue: u64,
    pub hub_queue: u64,
    pub blocked_sockets: u64,
    pub slowest_reader_seqs: u64,
    pub slowest_reader_seconds: u64,
    pub storage_errors: u64,
    pub memory_bytes: Option<u64>,
    pub cpu_seconds: Option<f64>,
    pub open_files: Option<u64>,
}

impl Chat {
    /// When this server has started.
    pub fn started_at(&self) -> Timestamp {
        self.inner.pulse.started_at
    }

    /// Checks whether the caller may read the server's figures.
    ///
    /// # Errors
    /// [`Error::AdminRequired`](super::Error).
    pub fn check_may_watch(&self, caller: &Identity) -> Result<()> {
        permissions::require(caller, Action::Watch)
    }

    /// For callers that may read the figures.
    pub async fn stats(&self) -> Stats {
        let status = self.database_status().await;
        let inner = &self.inner;
        let (messages_per_second, deliveries_per_second) = inner.pulse.rates(self.beat());
        let hub = inner.hub.counts();
        let store = inner.store.counts();
        let ms = |part| Some(store.commit_quantile(part)?.as_secs_f64() * 1000.0);
        let gauge = |value: i64| value.unsigned_abs();
        let process = Process::look();
        Stats {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            nodes: inner.fleet.node_count(),
            started_at: inner.pulse.started_at,
            uptime_seconds: inner.pulse.started.elapsed().as_secs(),
            database_bytes: status.as_ref().map(|it| it.size_bytes),
            wal_bytes: status.as_ref().and_then(|it| it.wal_bytes),
            users: status.as_ref().map(|it| it.users),
            rooms: status.as_ref().map(|it| it.rooms),
            events: status.as_ref().map(|it| it.events),
            database: status.map(|it| it.version),
            sockets: gauge(hub.sockets.get()),
            connected_users: inner.sockets.user_count() as u64,
            live_rooms: gauge(hub.rooms.get()),
            messages_per_second,
            deliveries_per_second,
            commit_p50_ms: ms(0.5),
            commit_p99_ms: ms(0.99),
            write_queue: inner.store.write_queue_len() as u64,
            read_queue: inner.store.readers().queue_len() as u64,
            password_queue: inner.passwords.threads().queue_len() as u64,
            hub_queue: inner.hub.queue_len() as u64,
            blocked_sockets: gauge(hub.blocked.get()),
            slowest_reader_seqs: gauge(hub.slowest_seqs.get()),
            slowest_reader_seconds: gauge(hub.slowest_seconds.get()),
            storage_errors: store.error_count(),
            memory_bytes: process.map(|it| it.memory_bytes),
            cpu_seconds: process.map(|it| it.cpu.as_secs_f64()),
            open_files: process.map(|it| it.open_files),
        }
    }

    /// Takes a sample of the counters. To be called every [`SAMPLE_EVERY`].
    pub fn sample(&self) {
        self.inner.pulse.add(self.beat());
    }

    /// The state of the database, read again if the last one is too old. `None`: the database does
    /// not answer.
    pub async fn database_status(&self) -> Option<Status> {
        if let Some(status) = self.inner.status.fresh() {
            return Some(status);
        }
        let read = self.inner.store.read(|backend| backend.get_status());
        let status = tokio::time::timeout(STATUS_WAIT, read).await.ok().and_then(Result::ok);
        self.inner.status.set(status.clone());
        status
    }

    fn beat(&self) -> Beat {
        Beat {
            at: Instant::now(),
            messages: self.inner.store.counts().messages.get(),
            deliveries: self.inner.hub.counts().deliveries.get(),
        }
    }
}

/// The last state of the database that was read, and when.
#[derive(Debug, Default)]
pub(super) struct LastStatus(Mutex<Option<(Instant, Status)>>);

impl LastStatus {
    pub fn last(&self) -> Option<Status> {
        self.lock().as_ref().map(|(_, status)| status.clone())
    }

    fn fresh(&self) -> Option<Status> {
        let last = self.lock();
        last.as_ref().filter(|(at, _)| at.elapsed() < STATUS_AGE).map(|(_, status)| status.clone())
    }

    fn set(&self, status: Option<Status>) {
        *self.lock() = status.map(|status| (Instant::now(), status));
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Status)>> {
        // One assignment cannot be half done, so a poisoned lock is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The counters at one time.
#[derive(Clone, Copy, Debug)]
struct Beat {
    at: Instant,
    messages: u64,
    deliveries: u64,
}

/// The samples of the last minute, for rates.
#[derive(Debug)]
pub(super) struct Pulse {
    started: Instant,
    started_at: Timestamp,
    beats: Mutex<VecDeque<Beat>>,
}

impl Pulse {
    pub fn new(now: Timestamp) -> Self {
        let started = Instant::now();
        let first = Beat { at: started, messages: 0, deliveries: 0 };
        Self { started, started_at: now, beats: Mutex::new(VecDeque::from([first])) }
    }

    fn add(&self, beat: Beat) {
        let mut beats = self.lock();
        beats.push_back(beat);
        // The first sample that is left is a minute old, or the very first.
        while beats.get(1).is_some_and(|second| beat.at - second.at >= STRETCH) {
            beats.pop_front();
        }
    }

    /// Messages and deliveries per second, from the oldest sample to this one.
    fn rates(&self, now: Beat) -> (f64, f64) {
        let Some(then) = self.lock().front().copied() else { return (0.0, 0.0) };
        // At least a second, so that a few messages right after the start are not a high rate.
        let seconds = (now.at - then.at).as_secs_f64().max(1.0);
        let rate = |now: u64, then: u64| now.saturating_sub(then) as f64 / seconds;
        (rate(now.messages, then.messages), rate(now.deliveries, then.deliveries))
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Beat>> {
        // Only numbers, so a poisoned lock is still good.
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_last_minute() {
        let pulse = Pulse::new(Timestamp(0));
        let beat = |second: u64, messages: u64| Beat {
            at: pulse.started + Duration::from_secs(second),
            messages,
            deliveries: 2 * messages,
        };
        assert_eq!(pulse.rates(beat(0, 5)), (5.0, 10.0));
        (1..=24).for_each(|i| pulse.add(beat(5 * i, 100)));
        assert_eq!(pulse.rates(beat(120, 700)), (10.0, 20.0));
        assert_eq!(pulse.lock().len(), 13);
    }
}
