//! `reconnect`: all clients lose their connection at once, miss messages, and reconnect.

use std::time::{Duration, Instant};

use anyhow::ensure;

use super::crowd::{self, AT_ONCE, connect_all, run_out, run_until};
use super::net::{Heard, Join, Net, Slot};
use super::order::Order;
use super::report::{Meter, histogram, record};
use super::sender::Sender;
use super::wire::Frame;
use super::{Progress, Report, Scenario, Target};

/// How long the server may take to notice that all connections are closed.
const REST: Duration = Duration::from_secs(1);

/// Unacknowledged sends of a connection that fills a room.
const FEEDER_WINDOW: usize = 50;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Connections that are lost and reconnect
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// Rooms they are spread over
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    rooms: u16,
    /// Messages that each connection misses
    #[arg(long, value_name = "N", default_value_t = 100)]
    missed: u32,
    /// The length of a message's text
    #[arg(long, value_name = "N", default_value_t = 128)]
    bytes: usize,
}

struct State {
    /// One sender for each room; their tags follow those of the connections.
    feeders: Vec<Sender>,
    /// The seq up to which each connection has all messages.
    cursors: Vec<i64>,
    /// One for each room.
    orders: Vec<Order>,
    /// The newest seq of each room, which `synced` must report.
    head_seq: i64,
    /// When each connection was live again.
    synced_at: Vec<Instant>,
    recovered: u64,
}

impl Scenario for Options {
    fn connections(&self) -> usize {
        usize::from(self.connections) + usize::from(self.rooms)
    }

    fn run(&self, target: &mut Target, progress: &Progress) -> anyhow::Result<Report> {
        let rooms = target.create_rooms(self.rooms.into())?;
        let count = usize::from(self.connections);
        let mut state = State::new(self);
        let mut net = Net::new(target.server())?;
        let feeders = self.feed(&mut net, &mut state, &rooms, target, progress)?;
        // Every connection has received a message before it is lost.
        self.send(&mut net, &mut state, &feeders, 1, progress)?;
        let slots = self.connect(&mut net, &mut state, &rooms, None, target, progress)?;

        for slot in slots {
            net.close(slot);
        }
        state.cursors[..count].fill(1);
        self.send(&mut net, &mut state, &feeders, self.missed.into(), progress)?;
        let rest_at = Instant::now() + REST;
        run_until(&mut net, rest_at, progress, "waiting", &mut |heard| state.hear(heard))?;

        let meter = Meter::start(target.process);
        let started_at = Instant::now();
        self.connect(&mut net, &mut state, &rooms, Some(1), target, progress)?;
        let window = meter.stop();
        let expected = u64::from(self.missed) * u64::from(self.connections);
        ensure!(
            state.recovered == expected,
            "{expected} messages were missed, but {} arrived after the reconnect",
            state.recovered
        );

        let mut latency = histogram();
        for synced_at in &state.synced_at[..count] {
            record(&mut latency, synced_at.saturating_duration_since(started_at));
        }
        let mut report = Report::new("reconnect");
        report.add_count("connections", count);
        report.add_count("rooms", rooms.len());
        report.add("missed", self.missed.into(), "");
        report.add("message", self.bytes as f64, "bytes");
        report.add_throughput("reconnect", "reconnects", count as u64, &window);
        report.add("all_live_after", latency.max() as f64 / 1e3, "ms");
        report.add_latency("live", &latency);
        report.add_window(&window);
        report.add_memory(target.process.and_then(|process| process.memory()));
        report.add("checked_messages", state.recovered as f64, "");
        Ok(report)
    }
}

impl Options {
    /// Connects one sender for each room.
    fn feed(
        &self,
        net: &mut Net,
        state: &mut State,
        rooms: &[i64],
        target: &Target,
        progress: &Progress,
    ) -> anyhow::Result<Vec<Slot>> {
        let joins = rooms.iter().enumerate().map(|(room, &room_id)| Join {
            room_id,
            token: target.token(room),
            since: None,
            tag: usize::from(self.connections) + room,
        });
        connect_all(net, joins, AT_ONCE, progress, &mut |heard| state.hear(heard))
    }

    /// Sends `count` messages to each room.
    fn send(
        &self,
        net: &mut Net,
        state: &mut State,
        feeders: &[Slot],
        count: u64,
        progress: &Progress,
    ) -> anyhow::Result<()> {
        for (sender, slot) in state.feeders.iter_mut().zip(feeders) {
            sender.allow(count);
            net.send(*slot, |out| sender.fill(out, Instant::now()))?;
        }
        state.head_seq += i64::try_from(count)?;
        run_out(net, state, progress, "sending", State::missing, &mut State::hear)
    }

    /// Opens all connections and waits until they are live.
    fn connect(
        &self,
        net: &mut Net,
        state: &mut State,
        rooms: &[i64],
        since: Option<i64>,
        target: &Target,
        progress: &Progress,
    ) -> anyhow::Result<Vec<Slot>> {
        // When reconnecting, all connections are opened at the same time.
        let at_once = if since.is_some() { usize::MAX } else { AT_ONCE };
        let joins = (0..usize::from(self.connections)).map(|tag| Join {
            room_id: rooms[tag % rooms.len()],
            token: target.token(tag / rooms.len()),
            since,
            tag,
        });
        connect_all(net, joins, at_once, progress, &mut |heard| state.hear(heard))
    }
}

impl State {
    fn new(options: &Options) -> Self {
        let (count, rooms) = (usize::from(options.connections), usize::from(options.rooms));
        let feeder = |room| Sender::new(room, FEEDER_WINDOW, options.bytes).with_limit(0);
        Self {
            feeders: (0..rooms).map(feeder).collect(),
            cursors: vec![0; count + rooms],
            orders: std::iter::repeat_with(Order::default).take(rooms).collect(),
            head_seq: 0,
            synced_at: vec![Instant::now(); count + rooms],
            recovered: 0,
        }
    }

    fn hear(&mut self, heard: Heard<'_>) -> anyhow::Result<()> {
        let count = self.cursors.len() - self.feeders.len();
        let tag = heard.tag;
        match heard.frame {
            Frame::Message { id, seq, .. } => {
                let room = if tag < count { tag % self.feeders.len() } else { tag - count };
                self.recovered += u64::from(tag < count);
                self.orders[room].see(&mut self.cursors[tag], seq, id)
            }
            Frame::Ack { reference, .. } => {
                let feeder = &mut self.feeders[tag - count];
                feeder.on_ack(reference, heard.at)?;
                feeder.fill(heard.out, heard.at);
                Ok(())
            }
            Frame::Synced { head_seq } => {
                // The first join begins at the head, so no message is sent; a resume sends all missed ones.
                let is_first = self.cursors[tag] == 0;
                ensure!(
                    head_seq == self.head_seq && (is_first || self.cursors[tag] == head_seq),
                    "`synced` says seq {head_seq}, but the connection has all messages up to seq {}, \
                     and the head is {}",
                    self.cursors[tag],
                    self.head_seq
                );
                self.synced_at[tag] = heard.at;
                Ok(())
            }
            frame => crowd::ignore(&frame),
        }
    }

    fn missing(&self) -> usize {
        self.feeders.iter().map(Sender::missing).sum()
    }
}
