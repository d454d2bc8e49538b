//! `rate`: an open loop. Messages go out on a timetable whatever the server does, and a delivery's
//! latency counts from the moment the timetable says, not from when the message went out: a stall
//! is felt by every message that was due in it (no coordinated omission).

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::crowd::{self, AT_ONCE, connect_all, run_out, run_until};
use super::net::{Heard, Join, Net};
use super::order::Order;
use super::report::{Meter, histogram, record};
use super::sender::write_text;
use super::wire::{self, Frame};
use super::{Progress, Report, Scenario, Target, parse_seconds};

/// How long a full socket is left alone.
const FULL: Duration = Duration::from_micros(200);

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

/// When the n-th message is due.
#[derive(Clone, Copy, Debug)]
struct Timetable {
    start_at: Instant,
    per_second: u32,
}

struct State {
    /// Known once sending begins.
    timetable: Option<Timetable>,
    /// Up to which seq each connection has everything: the sender first.
    cursors: Vec<i64>,
    order: Order,
    acked: u64,
    deliveries: u64,
    /// Messages that are due from here on are measured.
    measured_from: u64,
    delivery: hdrhistogram::Histogram<u64>,
    ack: hdrhistogram::Histogram<u64>,
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
        let (window, deliveries) = thread::scope(|scope| {
            let pacer = scope.spawn(|| pace(writer, timetable, total, self.bytes, &is_over));
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
    fn measure(
        &self,
        net: &mut Net,
        state: &mut State,
        timetable: Timetable,
        target: &Target,
        progress: &Progress,
    ) -> anyhow::Result<(super::report::Window, u64)> {
        let warm_at = timetable.start_at + self.warm_up;
        run_until(net, warm_at, progress, "warming up", &mut |heard| state.hear(heard))?;
        let meter = Meter::start(target.process);
        let before = state.deliveries;
        let end_at = warm_at + self.seconds;
        run_until(net, end_at, progress, "measuring", &mut |heard| state.hear(heard))?;
        Ok((meter.stop(), state.deliveries - before))
    }
}

impl Timetable {
    fn due_at(self, message: u64) -> Instant {
        let seconds = message / u64::from(self.per_second);
        let rest = message % u64::from(self.per_second);
        let nanos = rest * 1_000_000_000 / u64::from(self.per_second);
        self.start_at + Duration::from_secs(seconds) + Duration::from_nanos(nanos)
    }

    /// How many messages are due in this time.
    fn due_after(self, time: Duration) -> u64 {
        (time.as_nanos() * u128::from(self.per_second)).div_ceil(1_000_000_000) as u64
    }
}

/// Sends every message when it is due, on a thread of its own: the poll of the receiving one
/// wakes up in whole milliseconds only. What is late goes out together.
fn pace(
    mut tcp: TcpStream,
    timetable: Timetable,
    total: u64,
    bytes: usize,
    is_over: &AtomicBool,
) -> io::Result<()> {
    let (mut out, mut text) = (Vec::new(), String::new());
    let mut next = 0;
    while next < total && !is_over.load(Ordering::Relaxed) {
        thread::sleep(timetable.due_at(next).saturating_duration_since(Instant::now()));
        let due = timetable.due_after(timetable.start_at.elapsed()).min(total);
        while next < due {
            text.clear();
            write_text(&mut text, 0, next, bytes);
            wire::write_send(&mut out, next, &text, None);
            next += 1;
        }
        write_all(&mut tcp, &mut out, is_over)?;
    }
    Ok(())
}

/// The socket does not block, because the receiving thread reads from it.
fn write_all(tcp: &mut TcpStream, out: &mut Vec<u8>, is_over: &AtomicBool) -> io::Result<()> {
    let mut written = 0;
    while written < out.len() && !is_over.load(Ordering::Relaxed) {
        match tcp.write(&out[written..]) {
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(FULL),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    out.clear();
    Ok(())
}

impl State {
    fn new(options: &Options) -> Self {
        let warm_up = Timetable { start_at: Instant::now(), per_second: options.messages };
        Self {
            timetable: None,
            cursors: vec![0; options.connections()],
            order: Order::default(),
            acked: 0,
            deliveries: 0,
            measured_from: warm_up.due_after(options.warm_up),
            delivery: histogram(),
            ack: histogram(),
        }
    }

    fn hear(&mut self, heard: Heard<'_>) -> anyhow::Result<()> {
        match heard.frame {
            Frame::Message { id, seq } => {
                self.deliveries += 1;
                self.order.see(&mut self.cursors[heard.tag], seq, id)?;
                // One sender, one room: the first message has the first seq.
                let message = (seq - 1) as u64;
                if let Some(timetable) = self.timetable
                    && message >= self.measured_from
                    && heard.tag > 0
                {
                    let due_at = timetable.due_at(message);
                    record(&mut self.delivery, heard.at.saturating_duration_since(due_at));
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
                if let Some(timetable) = self.timetable
                    && reference >= self.measured_from
                {
                    let due_at = timetable.due_at(reference);
                    record(&mut self.ack, heard.at.saturating_duration_since(due_at));
                }
                Ok(())
            }
            frame => crowd::ignore(&frame),
        }
    }

    fn missing(&self, total: u64) -> usize {
        let acks = usize::try_from(total - self.acked).unwrap_or(usize::MAX);
        acks + self.cursors.iter().filter(|cursor| (**cursor as u64) < total).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_due_at_its_place_in_the_second() {
        let timetable = Timetable { start_at: Instant::now(), per_second: 3 };
        let due = |message| timetable.due_at(message) - timetable.start_at;
        assert_eq!(due(0), Duration::ZERO);
        assert_eq!(due(1), Duration::from_nanos(333_333_333));
        assert_eq!(due(3), Duration::from_secs(1));
        for message in 1..10 {
            assert_eq!(timetable.due_after(due(message)), message);
            assert_eq!(timetable.due_after(due(message) + Duration::from_nanos(2)), message + 1);
        }
    }
}
