//! Measures the limits of this machine: the same work as the server's, in loops that do nothing else. The
//! server's figures can be judged only in comparison with these.
//!
//! Run `cargo bench --bench limits`; for a database on another disk, `TMPDIR=/srv cargo bench --bench
//! limits`; for one part, `cargo bench --bench limits fanout`. The CPU time is that of the thread that does
//! the work.

mod bare;
mod commit;
mod disk;
mod fanout;
mod pages;

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

const PARTS: [(&str, fn()); 4] =
    [("disk", disk::run), ("commit", commit::run), ("pages", pages::run), ("fanout", fanout::run)];

fn main() {
    // Cargo adds the argument `--bench`, which is skipped.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    println!("{:<60} {:>12} {:>12}", "", "1/s", "CPU us each");
    for (name, run) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|it| it == name) {
            run();
        }
    }
}

fn row(what: &str, per_second: f64, micros: f64) {
    println!("{what:<60} {per_second:>12.0} {micros:>12.2}");
}

/// Elapsed time and the CPU of this thread.
struct Watch {
    started_at: Instant,
    cpu: Duration,
}

impl Watch {
    fn start() -> Self {
        Self { started_at: Instant::now(), cpu: thread_cpu() }
    }

    /// Prints the operations a second, and the CPU time of each.
    fn report(&self, what: &str, count: u64) {
        let per_second = count as f64 / self.started_at.elapsed().as_secs_f64();
        let micros = (thread_cpu() - self.cpu).as_secs_f64() * 1e6 / count as f64;
        row(what, per_second, micros);
    }
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
