//! The hub's counters. Its thread adds to plain numbers while it works and publishes them once a pass: a
//! delivery must not cost an atomic operation.

use prometheus_client::metrics::family::Family;

use super::CloseCode;
use crate::metrics::{Counter, Gauge, Registry};

/// The published figures, shared with other threads.
#[derive(Debug, Default)]
pub struct HubCounts {
    /// The number of deliveries: an event that is sent to three clients counts three.
    pub deliveries: Counter,
    pub(super) delivered_bytes: Counter,
    pub sockets: Gauge,
    sockets_opened: Counter,
    /// Rooms that have members.
    pub rooms: Gauge,
    pub(super) tail_bytes: Gauge,
    /// Sockets that take no bytes at the moment.
    pub blocked: Gauge,
    /// The number of events that the slowest reader is behind.
    pub slowest_seqs: Gauge,
    /// The number of seconds for which the slowest reader's socket has taken no bytes.
    pub slowest_seconds: Gauge,
    closes: Family<[(&'static str, u16); 1], Counter>,
}

/// The counts of the present pass. Only the hub's thread uses them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub deliveries: u64,
    pub bytes: u64,
}

impl HubCounts {
    pub fn register(&self, registry: &mut Registry) {
        for code in CloseCode::ALL {
            drop(self.closes.get_or_create(&[("code", code.number())]));
        }
        let mut gauge = |name, help, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge("sockets", "Sockets that are open", &self.sockets);
        gauge("live_rooms", "Rooms that have members on this node", &self.rooms);
        gauge(
            "tail_bytes",
            "Bytes of the newest events of rooms, kept in memory",
            &self.tail_bytes,
        );
        gauge("blocked_sockets", "Sockets whose client takes no bytes now", &self.blocked);
        let help = "Events that the slowest reader is behind";
        gauge("slowest_reader_seqs", help, &self.slowest_seqs);
        let help = "Seconds for which the slowest reader has taken no bytes";
        gauge("slowest_reader_seconds", help, &self.slowest_seconds);
        let mut counter =
            |name, help, counter: &Counter| registry.register(name, help, counter.clone());
        let help = "Events sent, times the clients that each was sent to";
        counter("deliveries", help, &self.deliveries);
        counter("delivered_bytes", "Bytes given to sockets", &self.delivered_bytes);
        counter("sockets_opened", "Sockets that were opened", &self.sockets_opened);
        let help = "Close frames sent, by close code";
        registry.register("socket_closes", help, self.closes.clone());
    }

    /// Counts a close frame.
    pub fn closed(&self, code: CloseCode) {
        self.closes.get_or_create(&[("code", code.number())]).inc();
    }

    pub(super) fn opened(&self) {
        self.sockets_opened.inc();
    }
}
