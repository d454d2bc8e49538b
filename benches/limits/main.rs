//! What this machine can do at most: the same work as the server's without the server, as loops
//! that do nothing else. The server's own figures mean something only next to these.
//!
//! `cargo bench --bench limits`, or with the database on another disk, `TMPDIR=/srv cargo bench
//! --bench limits`. CPU is that of the thread that does the work.

mod commit;
mod disk;
mod fanout;
mod pages;

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

fn main() {
    println!("{:<44} {:>12} {:>12}", "", "1/s", "CPU us each");
    disk::run();
    commit::run();
    pages::run();
    fanout::run();
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

    /// Prints how often something was done in a second, and its CPU.
    fn report(&self, what: &str, count: u64) {
        let per_second = count as f64 / self.started_at.elapsed().as_secs_f64();
        let micros = (thread_cpu() - self.cpu).as_secs_f64() * 1e6 / count as f64;
        println!("{what:<44} {per_second:>12.0} {micros:>12.2}");
    }
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
