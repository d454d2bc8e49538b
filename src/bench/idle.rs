//! `idle`: measures the cost of idle connections.

use std::time::{Duration, Instant};

use super::crowd::{self, AT_ONCE, connect_all, run_until};
use super::net::{Heard, Join, Net};
use super::process::Memory;
use super::report::Meter;
use super::{Progress, Report, Scenario, Target, parse_seconds};

/// The server is at rest when it uses less CPU than `REST_CPU_SECONDS` in the time `REST`.
const REST: Duration = Duration::from_secs(1);
const REST_CPU_SECONDS: f64 = 0.03;

/// How often to wait for rest at most: a server with other clients never rests.
const RESTS: usize = 30;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Connections
    #[arg(long, value_name = "N", default_value_t = 5000)]
    connections: usize,
    /// Rooms they are spread over
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    rooms: u16,
    /// How long to wait
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = parse_seconds)]
    seconds: Duration,
}

impl Scenario for Options {
    fn connections(&self) -> usize {
        self.connections
    }

    fn run(&self, target: &mut Target, progress: &Progress) -> anyhow::Result<Report> {
        let rooms = target.create_rooms(self.rooms.into())?;
        let memory = || target.process.and_then(|process| process.memory());
        let mut net = Net::new(target.server())?;
        let joins = (0..self.connections).map(|tag| Join {
            room_id: rooms[tag % rooms.len()],
            token: target.token(tag / rooms.len()),
            since: None,
            tag,
        });
        let before = memory();
        let meter = Meter::start(target.process);
        let slots = connect_all(&mut net, joins, AT_ONCE, progress, &mut ignore)?;
        let connecting = meter.stop();
        settle(&mut net, target, progress)?;
        let joined = meter.stop();

        let after = memory();
        let meter = Meter::start(target.process);
        let until = Instant::now() + self.seconds;
        run_until(&mut net, until, progress, "idling", &mut ignore)?;
        let idling = meter.stop();

        // One connection stays, so that the server also sends it the departures of the others.
        let meter = Meter::start(target.process);
        for slot in slots.into_iter().skip(1) {
            net.close(slot);
        }
        settle(&mut net, target, progress)?;
        let left = meter.stop();

        let count = self.connections.max(1) as f64;
        let mut report = Report::new("idle");
        report.add_count("connections", self.connections);
        report.add_count("rooms", self.rooms.into());
        report.add("connects_per_second", count / connecting.seconds(), "1/s");
        for (name, window) in [("connect", &joined), ("leave", &left)] {
            if let Some(seconds) = window.server_seconds() {
                report.add(&format!("server_cpu_per_{name}"), seconds * 1e6 / count, "us");
            }
            report.add_cpu(&format!("{name}_"), window);
        }
        if let (Some(before), Some(after)) = (before, after) {
            let mut add = |name: &str, used: fn(&Memory) -> Option<u64>| {
                if let (Some(before), Some(after)) = (used(&before), used(&after)) {
                    let bytes = after as f64 - before as f64;
                    report.add(name, bytes / count / 1024.0, "KiB");
                }
            };
            add("server_rss_per_connection", |memory| Some(memory.rss_bytes));
            add("server_pss_per_connection", |memory| memory.pss_bytes);
        }
        report.add_memory(after);
        report.add_window(&idling);
        if let Some(seconds) = idling.server_seconds() {
            report.add("server_cpu_per_idle_second", seconds * 1e3 / idling.seconds(), "ms");
        }
        Ok(report)
    }
}

/// Waits until the server is at rest, so that its work after the event is measured too.
fn settle(net: &mut Net, target: &Target, progress: &Progress) -> anyhow::Result<()> {
    for _ in 0..RESTS {
        let meter = Meter::start(target.process);
        let until = Instant::now() + REST;
        run_until(net, until, progress, "coming to rest", &mut ignore)?;
        if meter.stop().server_seconds().is_none_or(|seconds| seconds < REST_CPU_SECONDS) {
            break;
        }
    }
    Ok(())
}

fn ignore(heard: Heard<'_>) -> anyhow::Result<()> {
    crowd::ignore(&heard.frame)
}
