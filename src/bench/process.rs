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
        let total = Stat::read(&format!("/proc/{}/stat", self.pid))?.cpu();
        let mut threads = BTreeMap::new();
        for task in fs::read_dir(format!("/proc/{}/task", self.pid)).ok()?.flatten() {
            // A thread may have ended since the folder was listed.
            if let Some(stat) = Stat::read(&task.path().join("stat").to_string_lossy()) {
                let is_number = |char: char| char.is_ascii_digit() || char == '-';
                let name = stat.name.trim_end_matches(is_number).to_owned();
                *threads.entry(name).or_default() += stat.cpu();
            }
        }
        Some(Cpu { total, threads })
    }

    /// The CPU time of the process and of its children, also of those that have ended.
    pub fn cpu_with_children(self) -> Option<Duration> {
        let own = Stat::read(&format!("/proc/{}/stat", self.pid))?;
        let mut sum = own.cpu() + own.cpu_of_ended_children();
        for entry in fs::read_dir("/proc").ok()?.flatten() {
            // Most entries are no processes, and a process may have ended since the folder was listed.
            let stat = Stat::read(&entry.path().join("stat").to_string_lossy());
            if let Some(child) = stat.filter(|stat| stat.parent() == self.pid) {
                sum += child.cpu();
            }
        }
        Some(sum)
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
    /// The CPU time of several processes together; `None` if that of one is not known.
    pub fn of_all(processes: &[Process]) -> Option<Self> {
        let (first, others) = processes.split_first()?;
        let mut sum = first.cpu()?;
        for process in others {
            let cpu = process.cpu()?;
            sum.total += cpu.total;
            for (name, cpu) in cpu.threads {
                *sum.threads.entry(name).or_default() += cpu;
            }
        }
        Some(sum)
    }

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

/// The process of PostgreSQL that started the process of this session, if the session is on this machine.
pub fn postmaster(session: Process) -> Option<Process> {
    let stat = |pid: u32| Stat::read(&format!("/proc/{pid}/stat"));
    // PostgreSQL may be in a container, with process ids of its own.
    let is_postgres = |stat: &Stat| stat.name == "postgres";
    let pid = stat(session.pid).filter(is_postgres)?.parent();
    stat(pid).filter(is_postgres).map(|_| Process { pid })
}

/// A thread's or process's name, and the fields of `/proc/PID/stat` after it.
struct Stat {
    name: String,
    fields: Vec<u64>,
}

impl Stat {
    fn read(path: &str) -> Option<Self> {
        let stat = fs::read_to_string(path).ok()?;
        // The name is in brackets and may contain any character, also brackets.
        let (start, rest) = stat.rsplit_once(')')?;
        let (_, name) = start.split_once('(')?;
        // The state is a letter, and some fields may be negative: they are not used.
        let fields = rest.split_ascii_whitespace().map(|field| field.parse().unwrap_or(0));
        let fields: Vec<u64> = fields.take(15).collect();
        (fields.len() == 15).then(|| Self { name: name.to_owned(), fields })
    }

    fn parent(&self) -> u32 {
        self.fields[1] as u32
    }

    /// User and system time.
    fn cpu(&self) -> Duration {
        from_ticks(self.fields[11] + self.fields[12])
    }

    fn cpu_of_ended_children(&self) -> Duration {
        from_ticks(self.fields[13] + self.fields[14])
    }
}

fn from_ticks(ticks: u64) -> Duration {
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
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
        assert!(Process::own().cpu_with_children() >= Some(before.total));
        assert!(postmaster(Process::own()).is_none());
    }
}
