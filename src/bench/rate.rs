//! `rate`: an open loop. Messages are sent at fixed times, independent of the server's answers. Latency is
//! measured from the time when a message was due, not from when it was sent, so that a stall counts for
//! every message that was due during it (no coordinated omission).

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hdrhistogram::Histogram;

use super::crowd::{self, AT_ONCE, connect_all, run_out, run_until};
use super::net::{Heard, Join, Net};
use super::order::Order;
use super::pace::{Timetable, pace};
use super::report::{Meter, Window, histogram, record};
use super::wire::Frame;
use super::{Progress, Report, Scenario, Target, parse_seconds};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Messages a second
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    messages: u32,
    /// Connections that receive
    #[arg(long, value_name = "N", default_value_t = 100)]
    receivers: usize,
    /// The length of a message's text
    #[arg(long, value_name = "N", default_value_t = 128)]
    bytes: usize,
    /// How long to measure
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = parse_seconds)]
    seconds: Duration,
    /// How long to run before measuring
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = parse_seconds)]
    warm_up: Duration,
}

struct State {
    /// `None` until sending begins.
    timetable: Option<Timetable>,
    /// The seq up to which each connection has all messages: the sender first.
    cursors: Vec<i64>,
    order: Order,
    acked: u64,
    deliveries: u64,
    /// The first message that is due after the warm-up: latencies count from it on.
    first_measured: u64,
    delivery: Histogram<u64>,
    ack: Histogram<u64>,
}

impl Scenario for Options {
    fn connections(&self) -> usize {
        self.receivers + 1
    }

    fn run(&self, target: &mut Target, progress: &Progress) -> anyhow::Result<Report> {
        let room_id = target.create_rooms(1)?[0];
        let mut net = Net::new(target.server())?;
        let joins = (0..self.connections()).map(|tag| Join {
            room_id,
            token: target.token(tag),
            since: None,
            tag,
        });
        let mut state = State::new(self);
        let slots =
            connect_all(&mut net, joins, AT_ONCE, progress, &mut |heard| state.hear(heard))?;
        let writer = net.writer(slots[0])?;

        let timetable = Timetable { start_at: Instant::now(), per_second: self.messages };
        state.timetable = Some(timetable);
        let total = timetable.due_after(self.warm_up + self.seconds);
        let is_over = AtomicBool::new(false);
        let (deliveries, window) = thread::scope(|scope| {
            let pacer = scope.spawn(|| pace(vec![writer], timetable, total, self.bytes, &is_over));
            let outcome = self.measure(&mut net, &mut state, timetable, target, progress);
            is_over.store(outcome.is_err(), Ordering::Relaxed);
            let paced = pacer.join().expect("the pacer does not panic");
            let outcome = outcome?;
            paced.context("cannot write to the sender's socket")?;
            anyhow::Ok(outcome)
        })?;
        let missing = |state: &State| state.missing(total);
        let what = "the last messages";
        run_out(&mut net, &mut state, progress, what, missing, &mut State::hear)?;
        ensure!(
            state.cursors.iter().all(|cursor| *cursor as u64 == total),
            "more messages arrived than the {total} that were sent"
        );

        let mut report = Report::new("rate");
        report.add("messages", self.messages.into(), "1/s");
        report.add_count("receivers", self.receivers);
        report.add("message", self.bytes as f64, "bytes");
        report.add_latency("delivery", &state.delivery);
        report.add_latency("ack", &state.ack);
        report.add_throughput("delivery", "deliveries", deliveries, &window);
        report.add_window(&window);
        report.add_memory(target.process.and_then(|process| process.memory()));
        report.add("checked_deliveries", state.deliveries as f64, "");
        Ok(report)
    }
}

impl Options {
    /// Returns the deliveries of the measured stretch and what was used in it.
    fn measure(
        &self,
        net: &mut Net,
        state: &mut State,
        timetable: Timetable,
        target: &Target,
        progress: &Progress,
    ) -> anyhow::Result<(u64, Window)> {
        let warm_at = timetable.start_at + self.warm_up;
        run_until(net, warm_at, progress, "warming up", &mut |heard| state.hear(heard))?;
        let meter = Meter::start(target.process);
        let before = state.deliveries;
        let end_at = warm_at + self.seconds;
        run_until(net, end_at, progress, "measuring", &mut |heard| state.hear(heard))?;
        Ok((state.deliveries - before, meter.stop()))
    }
}

impl State {
    fn new(options: &Options) -> Self {
        let timetable = Timetable { start_at: Instant::now(), per_second: options.messages };
        Self {
            timetable: None,
            cursors: vec![0; options.connections()],
            order: Order::default(),
            acked: 0,
            deliveries: 0,
            first_measured: timetable.due_after(options.warm_up),
            delivery: histogram(),
            ack: histogram(),
        }
    }

    fn hear(&mut self, heard: Heard<'_>) -> anyhow::Result<()> {
        match heard.frame {
            Frame::Message { id, seq, .. } => {
                self.deliveries += 1;
                self.order.see(&mut self.cursors[heard.tag], seq, id)?;
                // With one sender and one room, the seq gives the number of the message.
                if let Some(latency) = self.latency((seq - 1) as u64, heard.at)
                    && heard.tag > 0
                {
                    record(&mut self.delivery, latency);
                }
                Ok(())
            }
            Frame::Ack { reference, seq, .. } => {
                ensure!(
                    reference == self.acked && seq as u64 == reference + 1,
                    "message {reference} was acknowledged as seq {seq}, after {} others",
                    self.acked
                );
                self.acked += 1;
                if let Some(latency) = self.latency(reference, heard.at) {
                    record(&mut self.ack, latency);
                }
                Ok(())
            }
            frame => crowd::ignore(&frame),
        }
    }

    /// Returns how long ago the message was due, if it was due after the warm-up.
    fn latency(&self, message: u64, now: Instant) -> Option<Duration> {
        let due_at = self.timetable?.due_at(message);
        (message >= self.first_measured).then(|| now.saturating_duration_since(due_at))
    }

    fn missing(&self, total: u64) -> usize {
        let acks = usize::try_from(total - self.acked).unwrap_or(usize::MAX);
        acks + self.cursors.iter().filter(|cursor| (**cursor as u64) < total).count()
    }
}
