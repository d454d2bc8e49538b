//! This process, as the system sees it (proc_pid_stat(5)). Linux only: elsewhere there are fewer
//! figures.

use std::fs;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

use super::{Kind, write};
use crate::model::Timestamp;

/// What this process uses now.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// User and system, since it started.
    pub cpu: Duration,
    pub memory_bytes: u64,
    pub open_files: u64,
}

impl Process {
    pub fn look() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // The name of the command, in brackets, may have anything in it.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        // Numbered as in the manual, which begins with 1 and has two before these.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let second = clock_ticks_per_second() as f64;
        Some(Self {
            cpu: Duration::from_secs_f64((field(14)? + field(15)?) as f64 / second),
            memory_bytes: field(24)? * page_size() as u64,
            open_files: open_files()?,
        })
    }
}

/// The folder's size is their number since Linux 6.2, and 0 before (proc_pid_fd(5)).
fn open_files() -> Option<u64> {
    const FOLDER: &str = "/proc/self/fd";
    match fs::metadata(FOLDER).ok()?.len() {
        0 => Some(fs::read_dir(FOLDER).ok()?.count() as u64),
        count => Some(count),
    }
}

/// The most files and connections that this process may have open. `None`: any number.
pub fn open_file_limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// The figures under the names that Prometheus' own libraries give them.
#[derive(Debug)]
pub(super) struct Figures {
    /// Noted here, as a sandbox may hide from a process when its machine started.
    pub started_at: Timestamp,
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> std::fmt::Result {
        let encoder = &mut encoder;
        if let Some(limit) = open_file_limit() {
            let help = "The most files and connections that may be open";
            write(encoder, "process_max_fds", help, Kind::Gauge, limit as f64)?;
        }
        let started = self.started_at.0 as f64 / 1000.0;
        let help = "When the process started, since 1970";
        write(encoder, "process_start_time_seconds", help, Kind::Gauge, started)?;
        let Some(process) = Process::look() else { return Ok(()) };
        for (name, help, kind, value) in [
            (
                "process_cpu_seconds",
                "CPU time used, of users and of the system",
                Kind::Counter,
                process.cpu.as_secs_f64(),
            ),
            (
                "process_resident_memory_bytes",
                "Memory in use",
                Kind::Gauge,
                process.memory_bytes as f64,
            ),
            (
                "process_open_fds",
                "Files and connections that are open",
                Kind::Gauge,
                process.open_files as f64,
            ),
        ] {
            write(encoder, name, help, kind, value)?;
        }
        Ok(())
    }
}
