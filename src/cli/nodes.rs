//! `chatapp nodes`: lists the servers that run on the database.

use std::time::Duration;

use indicatif::HumanDuration;
use serde::Serialize;

use super::context::Context;
use super::database::Database;
use super::output::{Listing, Output};
use crate::model::{Clock, Node, NodeId, Timestamp};

// The paragraph is one line, because clap wraps it to the width of the terminal.
const EXAMPLES: &str = "\
Examples:
  chatapp nodes
  chatapp nodes --output json | jq -r '.[] | select(.lag_ms >= 500) | .name'

Every server writes a heartbeat into the database every second and a half. One that has \
written none for five seconds is dead: it is not listed, and its jobs move to another server. \
LAG is how long a change by another server takes to be known; 500 ms means that the server \
does not hear the doorbell, so that it looks at the database twice a second. JOBS marks the \
server that runs the jobs that one does for all.";

/// List the servers that run on the database
///
/// Reads the database, so it works while no server answers. SQLite has a single server, which is not
/// listed: `chatapp stats` shows its figures.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    output: Output,
}

/// One server, as `--output json` shows it.
#[derive(Serialize)]
struct Row {
    id: NodeId,
    name: String,
    version: String,
    address: String,
    started_at: Timestamp,
    connections: i64,
    lag_ms: i64,
    heartbeat_age_ms: i64,
    has_jobs: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let nodes = database.run(|backend| backend.fleet().map(|it| it.list_nodes()).transpose())?;
    let empty = match nodes {
        Some(_) => "no server runs on this database",
        None => {
            "an SQLite database has a single server: `chatapp stats` shows its figures. Several \
             servers need PostgreSQL: see docs/SCALING.md"
        }
    };
    let rows: Vec<_> = nodes.unwrap_or_default().into_iter().map(Row::from).collect();
    let now = Clock::System.now();
    Ok(args.output.write(&Listing {
        rows: &rows,
        headers: &[
            "name",
            "version",
            "address",
            "uptime",
            "connections",
            "lag",
            "heartbeat",
            "jobs",
        ],
        cells: &|row: &Row| {
            vec![
                row.name.clone(),
                row.version.clone(),
                row.address.clone(),
                uptime(row.started_at, now),
                row.connections.to_string(),
                lag(row.lag_ms),
                format!("{:.1} s ago", row.heartbeat_age_ms as f64 / 1000.0),
                if row.has_jobs { "yes".to_owned() } else { String::new() },
            ]
        },
        empty,
    })?)
}

fn lag(ms: i64) -> String {
    if ms == 0 { "< 1 ms".to_owned() } else { format!("{ms} ms") }
}

/// The clock of the server's machine may be ahead of this machine's.
fn uptime(started_at: Timestamp, now: Timestamp) -> String {
    let ms = u64::try_from(now.0.saturating_sub(started_at.0)).unwrap_or(0);
    HumanDuration(Duration::from_secs(ms / 1000)).to_string()
}

impl From<Node> for Row {
    fn from(node: Node) -> Self {
        Self {
            id: node.id,
            name: node.about.name,
            version: node.about.version,
            address: node.about.address,
            started_at: node.about.started_at,
            connections: node.last.connections,
            lag_ms: node.last.lag_ms,
            heartbeat_age_ms: node.silent_ms,
            has_jobs: node.has_jobs,
        }
    }
}
