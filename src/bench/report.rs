//! The figures of a run: a list of names, numbers and units.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;

use super::process::{Cpu, Memory, Process};

/// The percentiles that are reported.
const PERCENTILES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99_9", 0.999)];

/// One result of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    pub scenario: &'static str,
    pub name: String,
    pub value: f64,
    /// Empty for a count.
    pub unit: &'static str,
}

#[derive(Clone, Debug)]
pub struct Report {
    scenario: &'static str,
    pub figures: Vec<Figure>,
}

/// A stretch of time, and the CPU used in it.
#[derive(Clone, Debug)]
pub struct Window {
    pub elapsed: Duration,
    /// That of all servers together. `None` if one is on another machine.
    pub server: Option<Cpu>,
    pub generator: Option<Cpu>,
}

/// Measures a [`Window`].
#[derive(Clone, Debug)]
pub struct Meter {
    servers: Vec<Process>,
    started_at: Instant,
    before: (Option<Cpu>, Option<Cpu>),
}

impl Meter {
    pub fn start(servers: impl IntoIterator<Item = Process>) -> Self {
        let servers: Vec<Process> = servers.into_iter().collect();
        let before = (Cpu::of_all(&servers), Process::own().cpu());
        Self { servers, started_at: Instant::now(), before }
    }

    pub fn stop(&self) -> Window {
        let elapsed = self.started_at.elapsed();
        let since = |now: Option<Cpu>, before: &Option<Cpu>| Some(now?.since(before.as_ref()?));
        Window {
            elapsed,
            server: since(Cpu::of_all(&self.servers), &self.before.0),
            generator: since(Process::own().cpu(), &self.before.1),
        }
    }
}

impl Window {
    pub fn seconds(&self) -> f64 {
        self.elapsed.as_secs_f64()
    }

    pub fn server_seconds(&self) -> Option<f64> {
        self.server.as_ref().map(|cpu| cpu.total.as_secs_f64())
    }
}

/// A histogram of durations in microseconds, up to an hour, with three significant digits.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(3_600_000_000, 3).expect("these bounds are allowed")
}

/// Adds a duration.
pub fn record(histogram: &mut Histogram<u64>, duration: Duration) {
    // A longer duration counts as an hour. The microseconds fit into u64.
    histogram.saturating_record(duration.as_micros() as u64);
}

impl Report {
    pub fn new(scenario: &'static str) -> Self {
        Self { scenario, figures: Vec::new() }
    }

    pub fn add(&mut self, name: &str, value: f64, unit: &'static str) {
        let figure = Figure { scenario: self.scenario, name: name.to_owned(), value, unit };
        self.figures.push(figure);
    }

    pub fn add_count(&mut self, name: &str, value: usize) {
        self.add(name, value as f64, "");
    }

    /// Adds the rate and, if the server's CPU is known, the CPU for each operation. `one` and `many` are
    /// the names of the operation.
    pub fn add_throughput(&mut self, one: &str, many: &str, count: u64, window: &Window) {
        let count = count as f64;
        self.add(&format!("{many}_per_second"), count / window.seconds(), "1/s");
        // A time below one clock tick of the system is shown as 0 and cannot be used.
        let seconds = window.server_seconds().filter(|seconds| *seconds > 0.0 && count > 0.0);
        if let Some(seconds) = seconds {
            self.add(&format!("{many}_per_server_cpu_second"), count / seconds, "1/s");
            self.add(&format!("server_cpu_per_{one}"), seconds * 1e6 / count, "us");
        }
    }

    pub fn add_latency(&mut self, name: &str, latency: &Histogram<u64>) {
        if latency.is_empty() {
            return;
        }
        for (suffix, quantile) in PERCENTILES {
            let millis = latency.value_at_quantile(quantile) as f64 / 1e3;
            self.add(&format!("{name}_{suffix}"), millis, "ms");
        }
        self.add(&format!("{name}_max"), latency.max() as f64 / 1e3, "ms");
    }

    /// Adds the length of the window and the CPU of server and generator.
    pub fn add_window(&mut self, window: &Window) {
        self.add("measured", window.seconds(), "s");
        self.add_cpu("", window);
    }

    /// Adds the CPU of server (with its threads) and generator, with a prefix in the names.
    pub fn add_cpu(&mut self, prefix: &str, window: &Window) {
        if let Some(cpu) = &window.server {
            self.add(&format!("{prefix}server_cpu"), cpu.total.as_secs_f64(), "s");
            for (name, cpu) in &cpu.threads {
                if !cpu.is_zero() {
                    self.add(&format!("{prefix}server_cpu_{name}"), cpu.as_secs_f64(), "s");
                }
            }
        }
        if let Some(cpu) = &window.generator {
            self.add(&format!("{prefix}generator_cpu"), cpu.total.as_secs_f64(), "s");
        }
    }

    pub fn add_memory(&mut self, memory: Option<Memory>) {
        let Some(memory) = memory else { return };
        self.add("server_rss", memory.rss_bytes as f64 / 1024.0, "KiB");
        if let Some(pss_bytes) = memory.pss_bytes {
            self.add("server_pss", pss_bytes as f64 / 1024.0, "KiB");
        }
    }
}

/// A number for people: with about three significant digits, and without decimals if it is large.
pub fn show(value: f64) -> String {
    let digits = match value.abs() {
        magnitude if value.fract() == 0.0 || magnitude >= 100.0 => 0,
        magnitude if magnitude >= 10.0 => 1,
        magnitude if magnitude >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_about_three_significant_digits() {
        for (value, text) in
            [(0.0, "0"), (200.0, "200"), (123_456.7, "123457"), (12.34, "12.3"), (0.0456, "0.046")]
        {
            assert_eq!(show(value), text);
        }
    }

    #[test]
    fn latencies_are_in_milliseconds() {
        let mut latency = histogram();
        for millis in 1..=1000 {
            record(&mut latency, Duration::from_millis(millis));
        }
        let mut report = Report::new("test");
        report.add_latency("ack", &latency);
        let p50 = &report.figures[0];
        assert_eq!((p50.name.as_str(), p50.unit), ("ack_p50", "ms"));
        assert!((p50.value - 500.0).abs() < 5.0, "{p50:?}");
    }
}
