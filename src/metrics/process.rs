//! Metrics of this process, from the operating system (proc_pid_stat(5)). Systems other than Linux have
//! fewer of them.

use std::fs;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

use super::{Kind, write};
use crate::model::Timestamp;

/// The resources that this process uses.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// User and system time since the process started.
    pub cpu: Duration,
    pub memory_bytes: u64,
    pub open_files: u64,
}

impl Process {
    pub fn look() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // The name of the command, in brackets, may contain any character.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        // Fields are numbered as in the manual: from 1, and with two fields before the bracket.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let second = clock_ticks_per_second() as f64;
        Some(Self {
            cpu: Duration::from_secs_f64((field(14)? + field(15)?) as f64 / second),
            memory_bytes: field(24)? * page_size() as u64,
            open_files: open_files()?,
        })
    }
}

/// The number of open files. Since Linux 6.2 it is the folder's size, which was 0 before (proc_pid_fd(5)).
fn open_files() -> Option<u64> {
    const FOLDER: &str = "/proc/self/fd";
    match fs::metadata(FOLDER).ok()?.len() {
        0 => Some(fs::read_dir(FOLDER).ok()?.count() as u64),
        count => Some(count),
    }
}

/// The most files and connections that this process may have open. `None`: no limit.
pub fn open_file_limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// The metrics under the names that Prometheus' client libraries use.
#[derive(Debug)]
pub(super) struct Figures {
    /// Noted by the server itself, because a sandbox may hide the start time of the machine, from which it
    /// would be computed.
    pub started_at: Timestamp,
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> std::fmt::Result {
        let encoder = &mut encoder;
        if let Some(limit) = open_file_limit() {
            let help = "Maximum number of open files and connections";
            write(encoder, "process_max_fds", help, Kind::Gauge, limit as f64)?;
        }
        let started = self.started_at.0 as f64 / 1000.0;
        let help = "Start time of the process, since 1970";
        write(encoder, "process_start_time_seconds", help, Kind::Gauge, started)?;
        let Some(process) = Process::look() else { return Ok(()) };
        for (name, help, kind, value) in [
            (
                "process_cpu_seconds",
                "CPU time used, user and system",
                Kind::Counter,
                process.cpu.as_secs_f64(),
            ),
            (
                "process_resident_memory_bytes",
                "Resident memory",
                Kind::Gauge,
                process.memory_bytes as f64,
            ),
            (
                "process_open_fds",
                "Open files and connections",
                Kind::Gauge,
                process.open_files as f64,
            ),
        ] {
            write(encoder, name, help, kind, value)?;
        }
        Ok(())
    }
}
