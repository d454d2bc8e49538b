//! `chatapp bench`: a load generator that checks what it measures.
//!
//! It is a client like any other: it knows the server by its protocol alone, over HTTP ([`api`])
//! and over the socket ([`net`], [`wire`]), and names no other layer of this program; only two of the
//! disturbances ([`disturb`]) touch the file of an SQLite database, as any other program could. A
//! file for each scenario; docs/PERFORMANCE.md has the method.

mod api;
pub mod churn;
mod crowd;
mod disturb;
pub mod fanout;
pub mod history;
pub mod idle;
pub mod ingest;
mod net;
mod order;
mod pace;
mod private;
mod process;
mod progress;
pub mod rate;
pub mod reconnect;
mod report;
mod sender;
mod target;
mod wire;

use std::time::Duration;

use anyhow::ensure;

pub use private::Settings as PrivateSettings;
pub use progress::Progress;
pub use report::{Figure, Report, show};
pub use target::{Place, SignIn, Target};

/// One kind of load.
pub trait Scenario {
    /// Runs it and checks the server's answers.
    ///
    /// # Errors
    /// A check failed, or the run could not be made: a sentence for the operator.
    fn run(&self, target: &mut Target, progress: &Progress) -> anyhow::Result<Report>;

    /// Connections that it has open at once.
    fn connections(&self) -> usize;

    /// Whether the work of checking a password is part of what is measured.
    fn hashes_passwords(&self) -> bool {
        false
    }
}

/// Opens the target, runs the scenario, clears away.
///
/// # Errors
/// A sentence for the operator.
pub fn run(scenario: &dyn Scenario, place: Place, users: Option<usize>) -> anyhow::Result<Report> {
    let open_files = process::raise_open_files();
    let needed = scenario.connections() as u64 + SPARE_FILES;
    ensure!(
        needed <= open_files,
        "{} connections need {needed} open files, but this process may have {open_files}: raise \
         the hard limit (ulimit -Hn)",
        scenario.connections()
    );
    let progress = Progress::new();
    let mut target = Target::open(place, users, scenario.hashes_passwords())?;
    let outcome = scenario.run(&mut target, &progress);
    progress.clear();
    let closed = target.close();
    let report = outcome?;
    closed?;
    Ok(report)
}

/// Files besides the connections: the program's own, the database's, what a busy moment needs.
const SPARE_FILES: u64 = 64;

/// A duration written as seconds: `5` or `0.5`.
///
/// # Errors
/// For the command line.
pub fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "write a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if seconds <= 86_400.0 => Ok(duration),
        _ => Err("write a number of seconds, at most a day".to_owned()),
    }
}
