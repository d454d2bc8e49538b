//! The figures of the fleet.

use std::sync::Arc;

use super::{Fleet, Inner};
use crate::metrics::{self, Counter, Counters, Gauge, Kind, Looked, Metrics, Registry};

#[derive(Debug)]
pub(super) struct Counts {
    /// Rings that this node has sent.
    pub rung: Counter,
    /// Rings that this node has heard, its own included.
    pub heard: Counter,
    /// The nodes that live, this one included.
    pub nodes: Gauge,
    /// Changes of this node's people that were written.
    pub presence_written: Counter,
    /// Rooms whose people on other nodes were read.
    pub presence_read: Counter,
    /// Events of other processes.
    found: Counters,
}

/// What led to the events of another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundBy {
    Ring,
    Poll,
}

impl FoundBy {
    const fn label(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Poll => "poll",
        }
    }
}

impl Counts {
    /// `is_shared`: several servers can use the database. Otherwise this is the only node.
    pub fn new(is_shared: bool) -> Self {
        let nodes = Gauge::default();
        nodes.set(i64::from(!is_shared));
        Self {
            rung: Counter::default(),
            heard: Counter::default(),
            nodes,
            presence_written: Counter::default(),
            presence_read: Counter::default(),
            found: metrics::counters("by", &[FoundBy::Ring.label(), FoundBy::Poll.label()]),
        }
    }

    /// Counts events that were read because another process has written them.
    pub fn found(&self, by: FoundBy, events: usize) {
        self.found.get_or_create(&[("by", by.label())]).inc_by(events as u64);
    }

    fn register(&self, registry: &mut Registry) {
        let help = "Nodes that live, this one included, as this one knows them";
        registry.register("fleet_nodes", help, self.nodes.clone());
        let mut counter =
            |name, help, counter: &Counter| registry.register(name, help, counter.clone());
        counter("fleet_rings_sent", "Rings that this node has sent to the others", &self.rung);
        let help = "Rings that this node has heard, its own included";
        counter("fleet_rings_heard", help, &self.heard);
        let help = "Times that this node has written which people came and went";
        counter("fleet_presence_written", help, &self.presence_written);
        let help = "Rooms for which this node has read the people on other nodes";
        counter("fleet_presence_read", help, &self.presence_read);
        let help = "Events of other processes, by what led to them";
        registry.register("fleet_events_found", help, self.found.clone());
    }
}

impl Fleet {
    /// Adds the figures of the fleet to the metrics. A database that only one server can use has none.
    pub fn register(&self, metrics: &Metrics) {
        if self.0.outgoing.is_none() {
            return;
        }
        metrics.register(|registry| {
            self.0.counts.register(registry);
            let mut figure = |name, help, of: fn(&Fleet) -> f64| {
                // A weak handle: the figures must not keep the hub alive.
                let fleet = Arc::<Inner>::downgrade(&self.0);
                let look = move || fleet.upgrade().map(|inner| of(&Fleet(inner)));
                let kind = Kind::Gauge;
                registry.register_collector(Box::new(Looked { name, help, kind, look }));
            };
            let help = "1 if this node runs the jobs that one node does for all";
            figure("fleet_jobs", help, |it| f64::from(u8::from(*it.0.has_jobs.borrow())));
            let help = "1 if this node hears the doorbell";
            let is_up = |it: &Fleet| f64::from(u8::from(it.0.health.round_trip().is_some()));
            figure("fleet_doorbell_up", help, is_up);
            let help = "Seconds until this node knows of a change by another one";
            figure("fleet_lag_seconds", help, |it| it.lag().as_secs_f64());
        });
    }
}
