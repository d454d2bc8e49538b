//! `rate`: an open loop. Messages are sent at fixed times, independent of the server's answers. Latency is
//! measured from the time when a message was due, not from when it was sent, so that a stall counts for
//! every message that was due during it (no coordinated omission). With a disturbance there are two
//! stretches of the same length, a quiet one and a disturbed one, which are compared.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::crowd::{self, AT_ONCE, connect_all, run_out, run_until};
use super::disturb::{Disturb, Disturbance};
use super::net::{Heard, Join, Net};
use super::order::Order;
use super::pace::{Timetable, pace};
use super::report::{Meter, Window, histogram, record};
use super::wire::Frame;
use super::{Progress, Report, Scenario, Target, parse_seconds};

/// Additional writes, for disturbances that need them: messages of the greatest length, 2 MB a second, to a
/// room without readers.
const LOAD_PER_SECOND: u32 = 500;
const LOAD_BYTES: usize = 4000;

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
    /// Then measure for the same time with this disturbance, and compare
    #[arg(long, value_name = "WHAT", value_enum)]
    disturb: Option<Disturb>,
}

/// A stretch of time that is measured.
struct Stretch {
    /// The first message that is due in the stretch.
    from: u64,
    delivery: hdrhistogram::Histogram<u64>,
    ack: hdrhistogram::Histogram<u64>,
}

struct State {
    /// `None` until sending begins.
    timetable: Option<Timetable>,
    /// The seq up to which each member has all messages: the sender first. Additional writes have no
    /// cursor.
    cursors: Vec<i64>,
    order: Order,
    acked: u64,
    deliveries: u64,
    /// The quiet stretch, then the disturbed one.
    stretches: Vec<Stretch>,
}

/// The CPU of each stretch, and the deliveries of the quiet one.
struct Measured {
    deliveries: u64,
    quiet: Window,
    disturbed: Option<Window>,
}

impl Scenario for Options {
    fn connections(&self) -> usize {
        let disturbing = self.disturb.map_or(0, |disturb| disturb.connections(self.receivers));
        self.members() + usize::from(self.has_load()) + disturbing
    }

    fn hashes_passwords(&self) -> bool {
        self.disturb == Some(Disturb::LoginFlood)
    }

    fn run(&self, target: &mut Target, progress: &Progress) -> anyhow::Result<Report> {
        let rooms = target.create_rooms(1 + usize::from(self.has_load()))?;
        let prepare = |disturb: Disturb| disturb.prepare(target, rooms[0], self.receivers);
        let mut disturbance = self.disturb.map(prepare).transpose()?;
        let mut net = Net::new(target.server())?;
        let members = self.members();
        let joins = (0..members + usize::from(self.has_load())).map(|tag| Join {
            room_id: rooms[usize::from(tag >= members)],
            token: target.token(tag),
            since: None,
            tag,
        });
        let mut state = State::new(self);
        let slots =
            connect_all(&mut net, joins, AT_ONCE, progress, &mut |heard| state.hear(heard))?;
        let writer = net.writer(slots[0])?;
        let load = slots.get(members).map(|slot| net.writer(*slot)).transpose()?;

        let timetable = Timetable { start_at: Instant::now(), per_second: self.messages };
        state.timetable = Some(timetable);
        let total = timetable.due_after(self.total_time());
        let is_over = AtomicBool::new(false);
        let measured = thread::scope(|scope| {
            let pacer = scope.spawn(|| pace(writer, timetable, total, self.bytes, &is_over));
            let loader = load.map(|load| {
                let timetable = Timetable { per_second: LOAD_PER_SECOND, ..timetable };
                let total = timetable.due_after(self.total_time());
                let is_over = &is_over;
                scope.spawn(move || pace(load, timetable, total, LOAD_BYTES, is_over))
            });
            let disturbance = disturbance.as_mut();
            let outcome =
                self.measure(&mut net, &mut state, timetable, disturbance, target, progress);
            is_over.store(outcome.is_err(), Ordering::Relaxed);
            let paced = pacer.join().expect("the pacer does not panic");
            let loaded = loader.map(|loader| loader.join().expect("the pacer does not panic"));
            let outcome = outcome?;
            paced.and(loaded.unwrap_or(Ok(()))).context("cannot write to a sender's socket")?;
            anyhow::Ok(outcome)
        })?;
        let missing = |state: &State| state.missing(total);
        let what = "the last messages";
        run_out(&mut net, &mut state, progress, what, missing, &mut State::hear)?;
        ensure!(
            state.cursors.iter().all(|cursor| *cursor as u64 == total),
            "more messages arrived than the {total} that were sent"
        );
        let disturbance = disturbance.map(Disturbance::end).transpose()?;

        let mut report = Report::new("rate");
        report.add("messages", self.messages.into(), "1/s");
        report.add_count("receivers", self.receivers);
        report.add("message", self.bytes as f64, "bytes");
        let quiet = &state.stretches[0];
        report.add_latency("delivery", &quiet.delivery);
        report.add_latency("ack", &quiet.ack);
        for (name, value, unit) in disturbance.into_iter().flatten() {
            report.add(name, value, unit);
        }
        if let Some(disturbed) = state.stretches.get(1) {
            report.add_latency("disturbed_delivery", &disturbed.delivery);
            report.add_latency("disturbed_ack", &disturbed.ack);
            report.add_comparison("delivery", &quiet.delivery, &disturbed.delivery);
        }
        report.add_throughput("delivery", "deliveries", measured.deliveries, &measured.quiet);
        report.add_window(&measured.quiet);
        if let Some(disturbed) = &measured.disturbed {
            report.add_cpu("disturbed_", disturbed);
        }
        report.add_memory(target.process.and_then(|process| process.memory()));
        report.add("checked_deliveries", state.deliveries as f64, "");
        Ok(report)
    }
}

impl Options {
    /// The members of the room: the sender and the receivers.
    fn members(&self) -> usize {
        self.receivers + 1
    }

    fn has_load(&self) -> bool {
        self.disturb.is_some_and(Disturb::needs_load)
    }

    fn stretches(&self) -> u32 {
        1 + u32::from(self.disturb.is_some())
    }

    fn total_time(&self) -> Duration {
        self.warm_up + self.stretches() * self.seconds
    }

    fn measure(
        &self,
        net: &mut Net,
        state: &mut State,
        timetable: Timetable,
        disturbance: Option<&mut Disturbance>,
        target: &Target,
        progress: &Progress,
    ) -> anyhow::Result<Measured> {
        let warm_at = timetable.start_at + self.warm_up;
        run_until(net, warm_at, progress, "warming up", &mut |heard| state.hear(heard))?;
        let meter = Meter::start(target.process);
        let before = state.deliveries;
        let quiet_until = warm_at + self.seconds;
        run_until(net, quiet_until, progress, "measuring", &mut |heard| state.hear(heard))?;
        let quiet = meter.stop();
        let deliveries = state.deliveries - before;
        let Some(disturbance) = disturbance else {
            return Ok(Measured { deliveries, quiet, disturbed: None });
        };
        disturbance.begin();
        let meter = Meter::start(target.process);
        let end_at = quiet_until + self.seconds;
        run_until(net, end_at, progress, "disturbing", &mut |heard| state.hear(heard))?;
        Ok(Measured { deliveries, quiet, disturbed: Some(meter.stop()) })
    }
}

impl State {
    fn new(options: &Options) -> Self {
        let timetable = Timetable { start_at: Instant::now(), per_second: options.messages };
        let stretch = |number: u32| Stretch {
            from: timetable.due_after(options.warm_up + number * options.seconds),
            delivery: histogram(),
            ack: histogram(),
        };
        Self {
            timetable: None,
            cursors: vec![0; options.members()],
            order: Order::default(),
            acked: 0,
            deliveries: 0,
            stretches: (0..options.stretches()).map(stretch).collect(),
        }
    }

    fn hear(&mut self, heard: Heard<'_>) -> anyhow::Result<()> {
        if heard.tag >= self.cursors.len() {
            return crowd::ignore(&heard.frame);
        }
        match heard.frame {
            Frame::Message { id, seq } => {
                self.deliveries += 1;
                self.order.see(&mut self.cursors[heard.tag], seq, id)?;
                // With one sender and one room, the seq gives the number of the message.
                if let Some((stretch, latency)) = self.late((seq - 1) as u64, heard.at)
                    && heard.tag > 0
                {
                    record(&mut stretch.delivery, latency);
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
                if let Some((stretch, latency)) = self.late(reference, heard.at) {
                    record(&mut stretch.ack, latency);
                }
                Ok(())
            }
            frame => crowd::ignore(&frame),
        }
    }

    /// The measured stretch in which the message was due, and the time since then.
    fn late(&mut self, message: u64, now: Instant) -> Option<(&mut Stretch, Duration)> {
        let due_at = self.timetable?.due_at(message);
        let stretch = self.stretches.iter_mut().rfind(|stretch| stretch.from <= message)?;
        Some((stretch, now.saturating_duration_since(due_at)))
    }

    fn missing(&self, total: u64) -> usize {
        let acks = usize::try_from(total - self.acked).unwrap_or(usize::MAX);
        acks + self.cursors.iter().filter(|cursor| (**cursor as u64) < total).count()
    }
}
