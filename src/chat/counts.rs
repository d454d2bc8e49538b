//! The counters of the rules, and the place where the figures of all parts are registered.

use std::sync::{Arc, Weak};

use super::stats::Status;
use super::{Chat, Error, Inner, Result};
use crate::executor::Executor;
use crate::metrics::{self, Counters, Info, Kind, Looked, Metrics, Registry};

/// Sign-ins and refusals.
#[derive(Debug)]
pub(super) struct Counts {
    logins: Counters,
    refusals: Counters,
    reviews: Counters,
    deliveries: Counters,
}

const LIMITS: [&str; 7] =
    ["logins", "sends", "joins", "searches", "previews", "signups", "sockets"];

impl Counts {
    pub fn new() -> Self {
        Self {
            logins: metrics::counters("outcome", &["ok", "wrong", "refused", "error"]),
            refusals: metrics::counters("limit", &LIMITS),
            reviews: metrics::counters("outcome", &["passed", "changed", "refused", "failed"]),
            deliveries: metrics::counters("outcome", &["delivered", "failed"]),
        }
    }

    /// The outcome of an attempt to sign in.
    pub fn login<T>(&self, result: &Result<T>) {
        let outcome = match result {
            Ok(_) => "ok",
            Err(
                Error::WrongCredentials
                | Error::InvalidFields(_)
                | Error::ExternalToken(_)
                | Error::TokenExpired
                | Error::AccountDeactivated,
            ) => "wrong",
            Err(Error::TooManyRequests { .. }) => "refused",
            Err(_) => "error",
        };
        self.logins.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// The outcome of asking the operator's program about a message.
    pub fn reviewed(&self, outcome: &'static str) {
        self.reviews.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// The outcome of an attempt to deliver an event to a webhook.
    pub fn delivered(&self, is_delivered: bool) {
        let outcome = if is_delivered { "delivered" } else { "failed" };
        self.deliveries.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// Counts an error if it says that a limit was reached.
    pub fn limited<T>(&self, limit: &'static str, result: Result<T>) -> Result<T> {
        if let Err(Error::TooManyRequests { .. } | Error::TooManySockets) = &result {
            self.refusals.get_or_create(&[("limit", limit)]).inc();
        }
        result
    }
}

impl Chat {
    /// The registry of every figure of this server.
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// Registers the counters and figures. To be called once.
    pub(super) fn register(&self, metrics: &Metrics) {
        let inner = &self.inner;
        inner.fleet.register(metrics);
        metrics.register(|registry| {
            let labels =
                [("version", env!("CARGO_PKG_VERSION")), ("backend", inner.store.backend_name())];
            registry.register("build", "The version and the kind of database", Info::new(labels));
            inner.store.counts().register(registry);
            inner.hub.counts().register(registry);
            let help = "Attempts to sign in";
            registry.register("logins", help, inner.counts.logins.clone());
            let help = "Refusals because a client exceeded a limit";
            registry.register("limited", help, inner.counts.refusals.clone());
            let help = "Messages about which the operator's program was asked";
            registry.register("before_send", help, inner.counts.reviews.clone());
            let help = "Attempts to deliver events to outgoing webhooks";
            registry.register("hook_deliveries", help, inner.counts.deliveries.clone());
            register_threads(registry, inner.store.readers(), ["read_wait", "read"]);
            register_threads(registry, inner.passwords.threads(), ["password_wait", "password"]);
            self.register_queues(registry);
            self.register_database(registry);
        });
    }

    fn register_queues(&self, registry: &mut Registry) {
        let gauge = |registry: &mut Registry, name, help, len: fn(&Inner) -> usize| {
            let chat = self.downgrade();
            let look = move || chat.upgrade().map_or(0, |inner| len(&inner));
            metrics::gauge(registry, name, help, look);
        };
        gauge(registry, "write_queue", "Queued writes", |it| it.store.write_queue_len());
        gauge(registry, "read_queue", "Queued reads", |it| it.store.readers().queue_len());
        gauge(registry, "password_queue", "Passwords that wait to be checked", |it| {
            it.passwords.threads().queue_len()
        });
        gauge(registry, "hub_queue", "Commands that wait for the hub", |it| it.hub.queue_len());
        let help = "Users with at least one socket";
        gauge(registry, "connected_users", help, |it| it.sockets.user_count());
    }

    /// The figures of the database as they were last read: see [`Chat::database_status`].
    fn register_database(&self, registry: &mut Registry) {
        let mut figure = |name, help, kind, of: fn(&Status) -> Option<u64>| {
            let chat = self.downgrade();
            let look = move || Some(of(&chat.upgrade()?.status.last()?)? as f64);
            registry.register_collector(Box::new(Looked { name, help, kind, look }));
        };
        let help = "Size of the database, without SQLite's write-ahead log";
        figure("database_bytes", help, Kind::Gauge, |it| Some(it.size_bytes));
        let help = "Size of SQLite's write-ahead log";
        figure("wal_bytes", help, Kind::Gauge, |it| it.wal_bytes);
        let help = "Checkpoints: how often the write-ahead log was copied into the database";
        figure("checkpoints", help, Kind::Counter, |it| it.checkpoints);
    }

    /// A weak handle for the figures: it must not keep the rules, and thus the threads, alive.
    fn downgrade(&self) -> Weak<Inner> {
        Arc::downgrade(&self.inner)
    }
}

fn register_threads(registry: &mut Registry, threads: &Executor, [wait, run]: [&str; 2]) {
    let times = threads.times();
    let help = "Time for which work waited for a thread";
    registry.register(format!("{wait}_seconds"), help, times.wait.clone());
    let help = "Time that the work took";
    registry.register(format!("{run}_seconds"), help, times.run.clone());
}
