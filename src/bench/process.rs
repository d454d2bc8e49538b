//! CPU and memory of a process, from `/proc/PID/stat` and `/proc/PID/smaps_rollup` (proc_pid_stat(5),
//! proc_pid_smaps(5)). They are available on Linux only, and left out on other systems.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A process on this machine.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    pub pid: u32,
}

/// CPU time, user and system, since a process started.
#[derive(Clone, Debug, Default)]
pub struct Cpu {
    pub total: Duration,
    /// By the thread's name without the number at its end; only threads that still run.
    pub threads: BTreeMap<String, Duration>,
}

#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub rss_bytes: u64,
    /// Each shared page counts in part. `None` for a process of another user.
    pub pss_bytes: Option<u64>,
}

impl Process {
    /// This process.
    pub fn own() -> Self {
        Self { pid: std::process::id() }
    }

    pub fn cpu(self) -> Option<Cpu> {
        let (_, total) = read_stat(&format!("/proc/{}/stat", self.pid))?;
        let mut threads = BTreeMap::new();
        for task in fs::read_dir(format!("/proc/{}/task", self.pid)).ok()?.flatten() {
            // A thread may have ended since the folder was listed.
            if let Some((name, cpu)) = read_stat(&task.path().join("stat").to_string_lossy()) {
                *threads.entry(name).or_default() += cpu;
            }
        }
        Some(Cpu { total, threads })
    }

    pub fn memory(self) -> Option<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid)).ok();
        Some(Memory {
            rss_bytes: kilobytes(&status, "VmRSS:")?,
            pss_bytes: rollup.and_then(|rollup| kilobytes(&rollup, "Pss:")),
        })
    }
}

impl Cpu {
    /// The CPU time used since `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        let threads = self.threads.iter().map(|(name, cpu)| {
            let before = earlier.threads.get(name).copied().unwrap_or_default();
            (name.clone(), cpu.saturating_sub(before))
        });
        Self { total: self.total.saturating_sub(earlier.total), threads: threads.collect() }
    }
}

/// Raises the limit of open files to the hard limit, for this process and its children. Returns the limit.
pub fn raise_open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let allowed = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    allowed.unwrap_or(u64::MAX)
}

/// A thread's or process's name, and its user and system time.
fn read_stat(path: &str) -> Option<(String, Duration)> {
    let stat = fs::read_to_string(path).ok()?;
    // The name is in brackets and may contain any character, also brackets.
    let (start, rest) = stat.rsplit_once(')')?;
    let (_, name) = start.split_once('(')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let utime: u64 = fields.next()?.parse().ok()?;
    let stime: u64 = fields.next()?.parse().ok()?;
    let cpu = Duration::from_secs_f64(
        (utime + stime) as f64 / rustix::param::clock_ticks_per_second() as f64,
    );
    let name = name.trim_end_matches(|char: char| char.is_ascii_digit() || char == '-');
    Some((name.to_owned(), cpu))
}

fn kilobytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_cpu_and_memory() {
        let before = Process::own().cpu().unwrap();
        while Process::own().cpu().unwrap().since(&before).total.is_zero() {}
        let memory = Process::own().memory().unwrap();
        assert!(memory.rss_bytes > 0);
        assert!(memory.pss_bytes.unwrap() <= memory.rss_bytes);
        assert!(Process { pid: u32::MAX }.cpu().is_none());
    }
}
