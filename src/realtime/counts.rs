//! What the hub counts. Its thread adds to plain numbers while it works and makes them known once a
//! turn: a delivery must not cost an atomic operation.

use prometheus_client::metrics::family::Family;

use super::CloseCode;
use super::delivery::Cursor;
use super::state::State;
use crate::metrics::{Counter, Gauge, Registry};

/// Known to everybody.
#[derive(Debug, Default)]
pub struct HubCounts {
    /// Frames of rooms' logs times those they were sent to.
    pub deliveries: Counter,
    delivered_bytes: Counter,
    pub sockets: Gauge,
    sockets_opened: Counter,
    /// Rooms with somebody in them.
    pub rooms: Gauge,
    tail_bytes: Gauge,
    /// Sockets that take nothing at the moment.
    pub blocked: Gauge,
    /// How many entries of a log the slowest reader is behind.
    pub slowest_seqs: Gauge,
    /// For how long the slowest reader has taken nothing.
    pub slowest_seconds: Gauge,
    closes: Family<[(&'static str, u16); 1], Counter>,
}

/// This turn's part, known to the hub's thread alone.
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
        gauge("live_rooms", "Rooms with somebody in them", &self.rooms);
        gauge("tail_bytes", "Memory of the newest parts of rooms' logs", &self.tail_bytes);
        gauge("blocked_sockets", "Sockets whose client takes nothing now", &self.blocked);
        let help = "Entries of a log that the slowest reader is behind";
        gauge("slowest_reader_seqs", help, &self.slowest_seqs);
        let help = "For how long the slowest reader has taken nothing";
        gauge("slowest_reader_seconds", help, &self.slowest_seconds);
        let mut counter =
            |name, help, counter: &Counter| registry.register(name, help, counter.clone());
        let help = "Entries of logs sent, times those they were sent to";
        counter("deliveries", help, &self.deliveries);
        counter("delivered_bytes", "Bytes given to sockets", &self.delivered_bytes);
        counter("sockets_opened", "Sockets that were opened", &self.sockets_opened);
        let help = "Close frames, by their code; a client that vanishes gets none";
        registry.register("socket_closes", help, self.closes.clone());
    }

    /// A close frame is sent.
    pub fn closed(&self, code: CloseCode) {
        self.closes.get_or_create(&[("code", code.number())]).inc();
    }

    pub(super) fn opened(&self) {
        self.sockets_opened.inc();
    }
}

impl State {
    /// At the end of a turn.
    pub(super) fn publish_tally(&mut self) {
        let Tally { deliveries, bytes } = std::mem::take(&mut self.tally);
        if bytes > 0 {
            self.counts.deliveries.inc_by(deliveries);
            self.counts.delivered_bytes.inc_by(bytes);
        }
        self.counts.sockets.set(self.clients.len() as i64);
    }

    /// Once a second: what it takes a look at everybody to know.
    pub(super) fn look_at_readers(&self) {
        let blocked = self.clients.iter().filter_map(|(_, client)| client.blocked_at);
        let (count, since) =
            blocked.fold((0, self.now), |(count, since), at| (count + 1, since.min(at)));
        self.counts.blocked.set(count);
        self.counts.slowest_seconds.set((self.now - since).into());
        let behind = self.rooms.values().flat_map(|room| {
            room.members.values().filter_map(|member| {
                let (Cursor::Starting(at) | Cursor::Reading(at) | Cursor::Live(at)) = member.cursor;
                Some(room.head?.0 - at.0)
            })
        });
        self.counts.slowest_seqs.set(behind.max().unwrap_or(0).max(0));
        self.counts.rooms.set(self.rooms.len() as i64);
        let tails = self.rooms.values().map(|room| room.tail.len_bytes()).sum::<usize>();
        self.counts.tail_bytes.set(tails as i64);
    }
}
