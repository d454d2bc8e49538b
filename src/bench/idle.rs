//! `idle`: what connections cost that only wait.

use std::time::{Duration, Instant};

use super::crowd::{self, AT_ONCE, connect_all, run_until};
use super::net::{Join, Net};
use super::process::Memory;
use super::report::Meter;
use super::{Progress, Report, Scenario, Target, parse_seconds};

/// How long the server may take to come to rest after the last connection.
const REST: Duration = Duration::from_secs(1);

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
        connect_all(&mut net, joins, AT_ONCE, progress, &mut |heard| crowd::ignore(&heard.frame))?;
        let connecting = meter.stop();

        let mut wait = |time, what| {
            let until = Instant::now() + time;
            run_until(&mut net, until, progress, what, &mut |heard| crowd::ignore(&heard.frame))
        };
        wait(REST, "coming to rest")?;
        let after = memory();
        let meter = Meter::start(target.process);
        wait(self.seconds, "idling")?;
        let idling = meter.stop();

        let count = self.connections.max(1) as f64;
        let mut report = Report::new("idle");
        report.add_count("connections", self.connections);
        report.add_count("rooms", self.rooms.into());
        report.add("connects_per_second", count / connecting.seconds(), "1/s");
        if let Some(seconds) = connecting.server_seconds() {
            report.add("server_cpu_per_connect", seconds * 1e3 / count, "ms");
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
