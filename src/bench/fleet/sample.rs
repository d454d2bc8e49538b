//! The cost of a stretch of time: the CPU of the nodes and of PostgreSQL, the transactions of the database, and the
//! counters of the nodes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

use super::super::process::{self, Process};
use super::super::report::{Meter, Report, Window};
use super::Database;
use super::nodes::Nodes;

/// How often a waiting thread looks whether the run has failed.
const LOOK: Duration = Duration::from_millis(20);

/// The counters of nodes that are reported by name, if a node has them.
const FLEET: &str = "chatapp_fleet_";
const BATCHES: &str = "chatapp_commit_batch_messages_count";
const BATCHED: &str = "chatapp_commit_batch_messages_sum";

/// Takes samples.
pub struct Probe<'a> {
    nodes: &'a mut Nodes,
    database: &'a mut dyn Database,
    /// The first process of PostgreSQL, if it is on this machine.
    postgres: Option<Process>,
}

/// Counters at one time.
pub struct Sample {
    at: Instant,
    meter: Meter,
    postgres_cpu: Option<Duration>,
    transactions: i64,
    /// Of all nodes together.
    counters: BTreeMap<String, f64>,
}

/// The increase of the counters in a stretch of time.
pub struct Stretch {
    /// The time, and the CPU of the nodes.
    pub window: Window,
    /// The time between the looks at the counters.
    seconds: f64,
    postgres_cpu: Option<Duration>,
    transactions: i64,
    counters: BTreeMap<String, f64>,
}

impl<'a> Probe<'a> {
    /// # Errors
    /// If PostgreSQL does not answer.
    pub fn new(nodes: &'a mut Nodes, database: &'a mut dyn Database) -> anyhow::Result<Self> {
        let session = database.local_session()?.map(|pid| Process { pid });
        let postgres = session.and_then(process::postmaster);
        Ok(Self { nodes, database, postgres })
    }

    /// # Errors
    /// If PostgreSQL or a node does not answer.
    pub fn take(&mut self) -> anyhow::Result<Sample> {
        let (at, transactions) = (Instant::now(), self.database.transactions()?);
        let counters = counters(&self.nodes.metrics()?);
        // Last, so that the work for the counters is not in the stretch that begins.
        let postgres_cpu = self.postgres.and_then(Process::cpu_with_children);
        let meter = Meter::start(self.nodes.processes());
        Ok(Sample { at, meter, postgres_cpu, transactions, counters })
    }

    /// # Errors
    /// If PostgreSQL or a node does not answer.
    pub fn since(&mut self, before: &Sample) -> anyhow::Result<Stretch> {
        let window = before.meter.stop();
        let postgres_cpu = self.postgres.and_then(Process::cpu_with_children);
        let (at, transactions) = (Instant::now(), self.database.transactions()?);
        let mut counters = counters(&self.nodes.metrics()?);
        for (name, value) in &mut counters {
            *value -= before.counters.get(name).copied().unwrap_or_default();
        }
        Ok(Stretch {
            window,
            seconds: at.saturating_duration_since(before.at).as_secs_f64(),
            postgres_cpu: postgres_cpu.zip(before.postgres_cpu).map(|(now, then)| now - then),
            transactions: transactions - before.transactions,
            counters,
        })
    }

    /// Waits for `start_at` and measures until `end_at`.
    ///
    /// # Errors
    /// If PostgreSQL or a node does not answer, or the run fails before the end.
    pub fn stretch(
        &mut self,
        start_at: Instant,
        end_at: Instant,
        is_over: &AtomicBool,
    ) -> anyhow::Result<Stretch> {
        wait(start_at, is_over)?;
        let before = self.take()?;
        wait(end_at, is_over)?;
        self.since(&before)
    }
}

impl Stretch {
    /// Adds the work for `messages` messages.
    pub fn add_to(&self, report: &mut Report, messages: u64) {
        if let Some(cpu) = self.postgres_cpu {
            report.add("postgres_cpu", cpu.as_secs_f64(), "s");
            if messages > 0 {
                let micros = cpu.as_secs_f64() * 1e6 / messages as f64;
                report.add("postgres_cpu_per_message", micros, "us");
            }
        }
        report.add("transactions_per_second", self.transactions as f64 / self.seconds, "1/s");
        if let (Some(batches), Some(batched)) =
            (self.counters.get(BATCHES), self.counters.get(BATCHED))
        {
            report.add("commits_per_second", batches / self.seconds, "1/s");
            if *batches > 0.0 {
                report.add("messages_per_commit", batched / batches, "");
            }
        }
        self.add_fleet("", report);
    }

    /// Adds the work of nodes without messages.
    pub fn add_idle_to(&self, report: &mut Report, nodes: f64) {
        report.add("idle_measured", self.window.seconds(), "s");
        let transactions = self.transactions as f64 / self.seconds / nodes;
        report.add("idle_transactions_per_second_per_node", transactions, "1/s");
        if let Some(cpu) = self.window.server_seconds() {
            let millis = cpu * 1e3 / self.window.seconds() / nodes;
            report.add("idle_server_cpu_per_second_per_node", millis, "ms");
        }
        if let Some(cpu) = self.postgres_cpu {
            let millis = cpu.as_secs_f64() * 1e3 / self.window.seconds();
            report.add("idle_postgres_cpu_per_second", millis, "ms");
        }
        self.add_fleet("idle_", report);
    }

    /// Adds the counters of the nodes about their fleet.
    fn add_fleet(&self, prefix: &str, report: &mut Report) {
        for (name, value) in &self.counters {
            if let Some(name) = name.strip_prefix("chatapp_").filter(|_| name.starts_with(FLEET)) {
                report.add(&format!("{prefix}{name}_per_second"), value / self.seconds, "1/s");
            }
        }
    }
}

fn wait(until: Instant, is_over: &AtomicBool) -> anyhow::Result<()> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        if is_over.load(Ordering::Relaxed) {
            bail!("the run has failed");
        }
        thread::sleep(left.min(LOOK));
    }
}

/// The sums of the counters that are reported. The values of labels become a part of a counter's name.
fn counters(metrics: &[String]) -> BTreeMap<String, f64> {
    let mut counters = BTreeMap::new();
    for line in metrics.iter().flat_map(|metrics| metrics.lines()) {
        let Some((name, value)) = line.rsplit_once(' ') else { continue };
        let Ok(value) = value.parse::<f64>() else { continue };
        let name = match name.split_once('{') {
            _ if name == BATCHES || name == BATCHED => name.to_owned(),
            _ if !name.starts_with(FLEET) => continue,
            None => match name.strip_suffix("_total") {
                Some(name) => name.to_owned(),
                None => continue,
            },
            Some((name, labels)) => match name.strip_suffix("_total") {
                Some(name) => format!("{name}_{}", values(labels)),
                None => continue,
            },
        };
        *counters.entry(name).or_default() += value;
    }
    counters
}

/// The values of `kind="head",to="all"}` as `head_all`.
fn values(labels: &str) -> String {
    labels.split('"').skip(1).step_by(2).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_of_all_nodes_are_added() {
        let node = |rings: u32| {
            format!(
                "# TYPE chatapp_fleet_rings counter\nchatapp_fleet_rings_total {rings}\n\
                 chatapp_fleet_heard_total{{kind=\"head\"}} 2\nchatapp_fleet_peers 9\n\
                 chatapp_commit_batch_messages_sum 10\nchatapp_commit_batch_messages_count 4\n\
                 chatapp_commit_batch_messages_bucket{{le=\"1\"}} 4\nchatapp_sockets 5\n# EOF\n"
            )
        };
        let counters = counters(&[node(3), node(4)]);
        let counters: Vec<(&str, f64)> =
            counters.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let expected = [
            (BATCHES, 8.0),
            (BATCHED, 20.0),
            ("chatapp_fleet_heard_head", 4.0),
            ("chatapp_fleet_rings", 7.0),
        ];
        assert_eq!(counters, expected);
    }
}
