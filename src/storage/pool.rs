//! A pool of connections that distinguishes "all connections are in use" from "no connection can be made".
//!
//! r2d2 does the pooling. It reports both in the same way, as a timeout.

use std::sync::{Arc, Mutex, PoisonError};
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
}

/// The same connections.
impl<M: ManageConnection> Clone for Pool<M> {
    fn clone(&self) -> Self {
        let Self { connections, last_failure, wait } = self;
        Self { connections: connections.clone(), last_failure: last_failure.clone(), wait: *wait }
    }
}

impl<M: ManageConnection> Pool<M> {
    /// Makes a pool without connections: they are made when needed. If `is_tested`, the manager tests a
    /// connection before each use; otherwise connections are never closed because of their age.
    pub fn new(manager: M, size: u32, wait: Duration, is_tested: bool) -> Self {
        let last_failure = LastFailure::default();
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
        Self { connections, last_failure, wait }
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

/// The time since which every attempt to connect has failed, and the text of the last failure. Empty after
/// a success.
#[derive(Clone, Debug, Default)]
struct LastFailure(Arc<Mutex<Option<(Instant, String)>>>);

impl LastFailure {
    fn get(&self) -> Option<String> {
        let failure = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failure.as_ref().filter(|(since, _)| since.elapsed() > GRACE).map(|(_, text)| text.clone())
    }

    fn set(&self, text: Option<String>) {
        let mut failure = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = failure.as_ref().map_or_else(Instant::now, |(since, _)| *since);
        *failure = text.map(|text| (since, text));
    }
}

impl<E: std::error::Error> HandleError<E> for LastFailure {
    fn handle_error(&self, error: E) {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        self.set(Some(text));
    }
}

impl HandleEvent for LastFailure {
    fn handle_acquire(&self, _: AcquireEvent) {
        self.set(None);
    }
}
