//! A pool of connections that distinguishes "all connections are in use" from "no connection can be made".
//!
//! r2d2 does the pooling. It reports both in the same way, as a timeout.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use r2d2::event::AcquireEvent;
use r2d2::{HandleError, HandleEvent, ManageConnection, PooledConnection};

use super::{Error, Result};

/// How often a wait checks whether connections can be made.
const GLANCE: Duration = Duration::from_millis(50);
/// r2d2 tries again at growing intervals of at most half of this.
const RECONNECT: Duration = Duration::from_secs(1);
/// How long every attempt to connect must have failed before a wait ends with the last failure. The first
/// failure may come from a connection that died in the pool, while a new one is being made.
const GRACE: Duration = Duration::from_millis(500);

pub(super) struct Pool<M: ManageConnection> {
    connections: r2d2::Pool<M>,
    last_failure: LastFailure,
    wait: Duration,
    is_tested: bool,
}

/// The same connections.
impl<M: ManageConnection> Clone for Pool<M> {
    fn clone(&self) -> Self {
        let Self { connections, last_failure, wait, is_tested } = self;
        let (connections, last_failure) = (connections.clone(), last_failure.clone());
        Self { connections, last_failure, wait: *wait, is_tested: *is_tested }
    }
}

impl<M: ManageConnection> Pool<M> {
    /// Makes a pool without connections: they are made when needed. If `is_tested`, the manager tests a
    /// connection before each use; otherwise connections are never closed because of their age.
    pub fn new(manager: M, size: u32, wait: Duration, is_tested: bool) -> Self {
        Self::build(manager, size, wait, is_tested, LastFailure::default())
    }

    /// Makes another pool for the same database. When one of them has made a connection, the others wait for theirs
    /// too: their failures were earlier, and r2d2 may be about to try again.
    pub fn beside(&self, manager: M, size: u32) -> Self {
        let connected = self.last_failure.connected.clone();
        let last_failure = LastFailure { connected, ..LastFailure::default() };
        Self::build(manager, size, self.wait, self.is_tested, last_failure)
    }

    fn build(
        manager: M,
        size: u32,
        wait: Duration,
        is_tested: bool,
        last_failure: LastFailure,
    ) -> Self {
        let builder = r2d2::Pool::builder();
        let builder = if is_tested { builder } else { builder.max_lifetime(None) };
        let connections = builder
            .max_size(size.max(1))
            .min_idle(Some(0))
            .test_on_check_out(is_tested)
            .connection_timeout(RECONNECT)
            .error_handler(Box::new(last_failure.clone()))
            .event_handler(Box::new(last_failure.clone()))
            .build_unchecked(manager);
        Self { connections, last_failure, wait, is_tested }
    }

    /// Takes a connection from the pool, or waits for one.
    ///
    /// # Errors
    /// [`Error::Busy`] after the wait; [`Error::Unavailable`], sooner, if there is no connection and the
    /// attempts to make one fail.
    pub fn get(&self) -> Result<PooledConnection<M>> {
        if let Some(connection) = self.connections.try_get() {
            return Ok(connection);
        }
        let deadline = Instant::now() + self.wait;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Ok(connection) = self.connections.get_timeout(left.min(GLANCE)) {
                return Ok(connection);
            }
            if self.connections.state().connections == 0
                && let Some(failure) = self.last_failure.get()
            {
                return Err(Error::Unavailable(failure));
            }
            if left.is_zero() {
                let wait_ms = self.wait.as_millis();
                if self.connections.state().connections == 0 {
                    return Err(Error::Unavailable(format!(
                        "no connection could be made within {wait_ms} ms: check that the database \
                         listens at this address, and that no pooler or firewall on the way holds the \
                         connection back"
                    )));
                }
                return Err(Error::Busy(format!("no connection was free for {wait_ms} ms")));
            }
        }
    }
}

/// The time since which every attempt to connect has failed, and the text of the last failure.
#[derive(Clone, Debug, Default)]
struct LastFailure {
    failure: Arc<Mutex<Option<(Instant, String)>>>,
    /// When the newest connection was made, by this pool or by one beside it. Failures that began before do not count.
    connected: Arc<Mutex<Option<Instant>>>,
}

impl LastFailure {
    fn get(&self) -> Option<String> {
        let connected = *lock(&self.connected);
        let failure = lock(&self.failure);
        let counts = |since: Instant| connected < Some(since) && since.elapsed() > GRACE;
        failure.as_ref().filter(|(since, _)| counts(*since)).map(|(_, text)| text.clone())
    }

    fn set(&self, text: String) {
        let connected = *lock(&self.connected);
        let mut failure = lock(&self.failure);
        let earlier = failure.as_ref().map(|(since, _)| *since);
        let since = earlier.filter(|since| connected < Some(*since));
        *failure = Some((since.unwrap_or_else(Instant::now), text));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<E: std::error::Error> HandleError<E> for LastFailure {
    fn handle_error(&self, error: E) {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        self.set(text);
    }
}

impl HandleEvent for LastFailure {
    fn handle_acquire(&self, _: AcquireEvent) {
        *lock(&self.connected) = Some(Instant::now());
    }
}
