//! `fleet`: several private nodes on one PostgreSQL. Measures how late messages reach the sockets of another node
//! than the sender's, and what this costs. The load is an open loop, as in `rate`.

mod nodes;
mod sample;
mod state;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use self::nodes::Nodes;
use self::sample::{Probe, Stretch};
use self::state::State;
use super::crowd::{AT_ONCE, connect_all, run_out, run_until};
use super::net::{Join, Net, Slot};
use super::pace::{Timetable, pace};
use super::{Progress, Report, SPARE_FILES, interrupt, parse_seconds, process};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Server processes
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    nodes: u16,
    /// Messages a second, from all nodes together
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: u32,
    /// Rooms
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    rooms: u16,
    /// Connections of each room that send, each on the next node. A node that stores messages of a room
    /// notices those of other nodes early, so one sender shows the longest latency
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    senders: u16,
    /// Connections of each node that only receive, spread over the rooms
    #[arg(long, value_name = "N", default_value_t = 10)]
    readers: u16,
    /// The length of a message's text
    #[arg(long, value_name = "N", default_value_t = 128)]
    bytes: usize,
    /// How long the nodes rest before they are measured without messages. A session of PostgreSQL that is
    /// seldom used reports its transactions up to 10 seconds late
    #[arg(long, value_name = "SECONDS", default_value = "11", value_parser = parse_seconds)]
    rest: Duration,
    /// How long to measure the nodes without messages, before the load
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = parse_seconds)]
    idle: Duration,
    /// How long to measure the load
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    seconds: Duration,
    /// How long to send before measuring
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = parse_seconds)]
    warm_up: Duration,
}

/// The PostgreSQL database that was made for the run.
pub trait Database: Send {
    /// Its URL, with a password if it needs one.
    fn url(&self) -> &str;

    /// The number of transactions so far.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    fn transactions(&mut self) -> anyhow::Result<i64>;

    /// A process of PostgreSQL, if it runs on this machine.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    fn local_session(&mut self) -> anyhow::Result<Option<u32>>;
}

/// What was measured, beside the latencies.
struct Measured {
    idle: Option<Stretch>,
    load: Stretch,
    acked: u64,
    deliveries: u64,
}

impl Options {
    /// Starts the nodes with the settings of `config`, runs the load on them, and stops them. A signal ends the run
    /// with an error if [`interrupt::watch`] was called.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn run(
        &self,
        config: Option<PathBuf>,
        database: &mut dyn Database,
    ) -> anyhow::Result<Report> {
        let open_files = process::raise_open_files();
        let count = self.senders() + usize::from(self.nodes) * usize::from(self.readers);
        ensure!(
            count as u64 + SPARE_FILES <= open_files,
            "{count} connections need more open files than the {open_files} that this process may \
             have: raise the hard limit (ulimit -Hn)"
        );
        let progress = Progress::new();
        let mut nodes = Nodes::start(self.nodes.into(), database.url(), config, &progress)?;
        let outcome = self.load(&mut nodes, database, &progress);
        progress.clear();
        let report = outcome?;
        nodes.stop()?;
        Ok(report)
    }

    /// The connections that send.
    fn senders(&self) -> usize {
        usize::from(self.rooms) * usize::from(self.senders)
    }

    fn load(
        &self,
        nodes: &mut Nodes,
        database: &mut dyn Database,
        progress: &Progress,
    ) -> anyhow::Result<Report> {
        let rooms = nodes.create_rooms(self.rooms.into())?;
        let (per_room, per_node) = (self.senders.into(), self.readers.into());
        let mut state = State::new(self.nodes.into(), self.rooms.into(), per_room, per_node);
        let mut net = Net::new(nodes.server(0))?;
        let slots = connect(&mut net, &mut state, nodes, &rooms, progress)?;
        let mut probe = Probe::new(nodes, database)?;
        let idle = self.idle(&mut net, &mut state, &mut probe, progress)?;

        let senders = slots[..self.senders()].iter();
        let sockets = senders.map(|slot| net.writer(*slot)).collect::<anyhow::Result<Vec<_>>>()?;
        let timetable = Timetable { start_at: Instant::now(), per_second: self.rate };
        let total = timetable.due_after(self.warm_up + self.seconds);
        let warm_at = timetable.start_at + self.warm_up;
        let end_at = warm_at + self.seconds;
        state.expect(timetable, total, timetable.due_after(self.warm_up))?;
        let is_over = AtomicBool::new(false);
        let measured = thread::scope(|scope| {
            let pacer = scope.spawn(|| pace(sockets, timetable, total, self.bytes, &is_over));
            // A thread of its own, so that no frame waits for PostgreSQL's answer.
            let prober = scope.spawn(|| probe.stretch(warm_at, end_at, &is_over));
            let mut run = |until, what| {
                run_until(&mut net, until, progress, what, &mut |heard| state.hear(heard))?;
                anyhow::Ok((state.acked, state.deliveries))
            };
            let outcome = run(warm_at, "warming up")
                .and_then(|before| Ok((before, run(end_at, "measuring")?)));
            is_over.store(outcome.is_err(), Ordering::Relaxed);
            let paced = pacer.join().expect("the pacer does not panic");
            let load = prober.join().expect("the prober does not panic");
            let (before, after) = outcome?;
            paced.context("cannot write to a sender's socket")?;
            let (acked, deliveries) = (after.0 - before.0, after.1 - before.1);
            anyhow::Ok(Measured { idle, load: load?, acked, deliveries })
        })?;
        let what = "the last messages";
        run_out(&mut net, &mut state, progress, what, State::missing, &mut State::hear)?;
        state.check_end()?;
        Ok(self.report(&state, &measured))
    }

    /// Measures the nodes while their members only wait.
    fn idle(
        &self,
        net: &mut Net,
        state: &mut State,
        probe: &mut Probe<'_>,
        progress: &Progress,
    ) -> anyhow::Result<Option<Stretch>> {
        if self.idle.is_zero() {
            return Ok(None);
        }
        let start_at = Instant::now() + self.rest;
        run_until(net, start_at, progress, "coming to rest", &mut |heard| state.hear(heard))?;
        let before = probe.take()?;
        let end_at = Instant::now() + self.idle;
        run_until(net, end_at, progress, "idling", &mut |heard| state.hear(heard))?;
        Ok(Some(probe.since(&before)?))
    }

    fn report(&self, state: &State, measured: &Measured) -> Report {
        let Measured { idle, load, acked, deliveries } = measured;
        let mut report = Report::new("fleet");
        report.add_count("nodes", self.nodes.into());
        report.add("messages", self.rate.into(), "1/s");
        report.add_count("rooms", self.rooms.into());
        report.add_count("senders_per_room", self.senders.into());
        report.add_count("readers_per_node", self.readers.into());
        report.add("message", self.bytes as f64, "bytes");
        report.add_latency("delivery_other_node", &state.other_node);
        report.add_latency("delivery_same_node", &state.same_node);
        report.add_latency("ack", &state.ack);
        report.add_throughput("message", "messages", *acked, &load.window);
        report.add("deliveries_per_second", *deliveries as f64 / load.window.seconds(), "1/s");
        load.add_to(&mut report, *acked);
        report.add_window(&load.window);
        if let Some(idle) = idle {
            idle.add_idle_to(&mut report, self.nodes.into());
        }
        report.add("checked_deliveries", state.deliveries as f64, "");
        report
    }
}

/// Opens all connections, node after node. Returns them by tag.
fn connect(
    net: &mut Net,
    state: &mut State,
    nodes: &Nodes,
    rooms: &[i64],
    progress: &Progress,
) -> anyhow::Result<Vec<Slot>> {
    let places = state.places().to_vec();
    let mut slots = vec![0; places.len()];
    for node in 0..nodes.count() {
        net.turn_to(nodes.server(node));
        let tags: Vec<usize> = (0..places.len()).filter(|tag| places[*tag].node == node).collect();
        let joins = tags.iter().map(|&tag| Join {
            room_id: rooms[places[tag].room],
            token: nodes.token(tag),
            since: None,
            tag,
        });
        let opened = connect_all(net, joins, AT_ONCE, progress, &mut |heard| state.hear(heard))?;
        for (tag, slot) in tags.into_iter().zip(opened) {
            slots[tag] = slot;
        }
        interrupt::check()?;
    }
    Ok(slots)
}
