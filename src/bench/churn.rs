//! `churn`: connections come and go while messages are sent.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::crowd::{self, AT_ONCE, connect_all, run_out, run_until};
use super::net::{Heard, Join, Net, Slot};
use super::order::Order;
use super::progress::Progress;
use super::report::{Meter, Window, histogram, record};
use super::sender::Sender;
use super::wire::Frame;
use super::{Report, Scenario, Target, parse_seconds};

/// How long a new connection may take until it is live.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest wait for the network, and so the most that a join may be late.
const STEP: Duration = Duration::from_millis(2);

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Connections that stay
    #[arg(long, value_name = "N", default_value_t = 100)]
    stayers: usize,
    /// New connections a second; each closes after its stay
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    joins: u32,
    /// How long each new connection stays
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = parse_seconds)]
    stay: Duration,
    /// Messages a second
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    messages: u32,
    /// The length of a message's text
    #[arg(long, value_name = "N", default_value_t = 128)]
    bytes: usize,
    /// How long to measure, once without and once with the new connections
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = parse_seconds)]
    seconds: Duration,
}

/// The tags of connections that stay begin at 0, with the sender; visitors have the tags after them.
struct State {
    sender: Sender,
    /// The seq up to which each connection has all messages. `None` until the connection is live.
    cursors: Vec<Option<i64>>,
    joined_at: Vec<Instant>,
    order: Order,
    head_seq: i64,
    stayers: usize,
    live: u64,
    deliveries: u64,
    latency: hdrhistogram::Histogram<u64>,
}

/// The connections that come and go.
struct Visitors<'a> {
    room_id: i64,
    tokens: &'a [String],
    /// The open connections, oldest first.
    present: VecDeque<(Slot, usize, Instant)>,
    come: u64,
}

impl Scenario for Options {
    fn connections(&self) -> usize {
        let visitors = f64::from(self.joins) * self.stay.as_secs_f64();
        // The factor 2 allows for connections that are still being opened or closed.
        1 + self.stayers + 2 * visitors.ceil() as usize
    }

    fn run(&self, target: &mut Target, progress: &Progress) -> anyhow::Result<Report> {
        let room_id = target.create_rooms(1)?[0];
        let mut net = Net::new(target.server())?;
        let mut state = State::new(self);
        let joins = (0..self.stayers + 1).map(|tag| Join {
            room_id,
            token: target.token(tag),
            since: None,
            tag,
        });
        let slots =
            connect_all(&mut net, joins, AT_ONCE, progress, &mut |heard| state.hear(heard))?;

        let mut visitors =
            Visitors { room_id, tokens: target.tokens(), present: VecDeque::new(), come: 0 };
        let meter = Meter::start(target.process);
        self.talk(&mut net, &mut state, slots[0], None, progress)?;
        let calm = meter.stop();
        let calm_deliveries = state.deliveries;
        let meter = Meter::start(target.process);
        self.talk(&mut net, &mut state, slots[0], Some(&mut visitors), progress)?;
        let busy = meter.stop();
        let deliveries = state.deliveries - calm_deliveries;

        let come = visitors.come;
        let until = Instant::now() + PATIENCE;
        while state.live < come && Instant::now() < until {
            net.poll(STEP, &mut |heard| state.hear(heard))?;
        }
        ensure!(state.live == come, "of {come} new connections only {} went live", state.live);
        let what = "the last messages";
        run_out(&mut net, &mut state, progress, what, State::missing, &mut State::hear)?;

        let mut report = Report::new("churn");
        report.add_count("stayers", self.stayers);
        report.add("joins", self.joins.into(), "1/s");
        report.add("stay", self.stay.as_secs_f64(), "s");
        report.add("messages", self.messages.into(), "1/s");
        report.add("joins_per_second", come as f64 / busy.seconds(), "1/s");
        report.add("deliveries_per_second", deliveries as f64 / busy.seconds(), "1/s");
        let share = deliveries as f64 / calm_deliveries.max(1) as f64;
        if let Some(cpu) = cpu_of_churn(&calm, &busy, share) {
            report.add("server_cpu_per_join", cpu * 1e3 / come.max(1) as f64, "ms");
        }
        report.add_latency("live", &state.latency);
        report.add_window(&busy);
        report.add_memory(target.process.and_then(|process| process.memory()));
        report.add("checked_deliveries", state.deliveries as f64, "");
        Ok(report)
    }
}

/// The CPU of the server, in seconds, beyond the CPU of the same number of deliveries in the calm window.
/// `share` is the ratio of deliveries, busy to calm.
fn cpu_of_churn(calm: &Window, busy: &Window, share: f64) -> Option<f64> {
    Some((busy.server_seconds()? - calm.server_seconds()? * share).max(0.0))
}

impl Options {
    /// Sends messages for the time of a measurement, and lets visitors come and go.
    fn talk(
        &self,
        net: &mut Net,
        state: &mut State,
        sender: Slot,
        mut visitors: Option<&mut Visitors<'_>>,
        progress: &Progress,
    ) -> anyhow::Result<()> {
        let started_at = Instant::now();
        let mut sent = 0;
        loop {
            let elapsed = started_at.elapsed();
            if elapsed >= self.seconds {
                break;
            }
            let due = (elapsed.as_secs_f64() * f64::from(self.messages)) as u64;
            if due > sent {
                state.sender.allow(due - sent);
                sent = due;
                let sender_state = &mut state.sender;
                net.send(sender, |out| sender_state.fill(out, Instant::now()))?;
            }
            if let Some(visitors) = &mut visitors {
                let due = (elapsed.as_secs_f64() * f64::from(self.joins)) as u64;
                while visitors.come < due {
                    visitors.enter(net, state)?;
                }
                visitors.leave(net, state, self.stay);
            }
            let step = Instant::now() + STEP;
            run_until(net, step, progress, "talking", &mut |heard| state.hear(heard))?;
        }
        Ok(())
    }
}

impl Visitors<'_> {
    fn enter(&mut self, net: &mut Net, state: &mut State) -> anyhow::Result<()> {
        let tag = state.cursors.len();
        let now = Instant::now();
        state.cursors.push(None);
        state.joined_at.push(now);
        let token = &self.tokens[tag % self.tokens.len()];
        let slot = net.connect(Join { room_id: self.room_id, token, since: None, tag })?;
        self.present.push_back((slot, tag, now));
        self.come += 1;
        Ok(())
    }

    /// Closes visitors that have stayed long enough and are live.
    fn leave(&mut self, net: &mut Net, state: &State, stay: Duration) {
        while let Some((slot, tag, came_at)) = self.present.front().copied()
            && came_at.elapsed() >= stay
            && state.cursors[tag].is_some()
        {
            net.close(slot);
            self.present.pop_front();
        }
    }
}

impl State {
    fn new(options: &Options) -> Self {
        let staying = options.stayers + 1;
        // Messages are sent when they are due, without waiting for acknowledgements.
        let sender = Sender::new(0, usize::MAX, options.bytes).with_limit(0);
        Self {
            sender,
            cursors: vec![None; staying],
            joined_at: vec![Instant::now(); staying],
            order: Order::default(),
            head_seq: 0,
            stayers: staying,
            live: 0,
            deliveries: 0,
            latency: histogram(),
        }
    }

    fn hear(&mut self, heard: Heard<'_>) -> anyhow::Result<()> {
        let tag = heard.tag;
        match heard.frame {
            Frame::Message { id, seq, .. } => {
                self.deliveries += 1;
                match &mut self.cursors[tag] {
                    Some(cursor) => self.order.see(cursor, seq, id),
                    // The first message, before `synced`, sets the cursor.
                    cursor => {
                        let mut before = seq - 1;
                        self.order.see(&mut before, seq, id)?;
                        *cursor = Some(seq);
                        Ok(())
                    }
                }
            }
            Frame::Synced { head_seq } => {
                let cursor = *self.cursors[tag].get_or_insert(head_seq);
                ensure!(
                    cursor == head_seq,
                    "a connection has all messages up to seq {cursor}, but `synced` says {head_seq}"
                );
                if tag >= self.stayers {
                    self.live += 1;
                    record(&mut self.latency, heard.at - self.joined_at[tag]);
                }
                Ok(())
            }
            Frame::Ack { reference, seq, .. } => {
                self.sender.on_ack(reference, heard.at)?;
                self.head_seq = self.head_seq.max(seq);
                Ok(())
            }
            frame => crowd::ignore(&frame),
        }
    }

    /// The number of missing acknowledgements, and of stayers that have not got all messages.
    fn missing(&self) -> usize {
        let head = Some(self.head_seq);
        let behind = self.cursors[..self.stayers].iter().filter(|cursor| **cursor < head).count();
        self.sender.missing() + behind
    }
}
