//! `chatapp bench`: a load generator that checks what it measures.
//!
//! It is a client like any other: it uses the server only through the protocol, over HTTP ([`api`]) and the
//! socket ([`net`], [`wire`]), and uses no other layer of this program. What `fleet` asks of PostgreSQL, the
//! command line answers ([`fleet::Database`]). Each scenario has its own file; docs/PERFORMANCE.md describes the
//! method.

mod api;
pub mod churn;
mod crowd;
pub mod fanout;
pub mod fleet;
pub mod history;
pub mod idle;
pub mod ingest;
mod interrupt;
mod net;
mod order;
mod pace;
mod private;
mod process;
mod progress;
pub mod rate;
pub mod reconnect;
mod report;
pub mod search;
mod sender;
mod target;
mod wire;

use std::time::Duration;

use anyhow::ensure;

pub use interrupt::watch as watch_signals;
pub use private::Settings as PrivateSettings;
pub use progress::Progress;
pub use report::{Figure, Report, show};
pub use target::{Place, SignIn, Target};

/// One kind of load.
pub trait Scenario {
    /// Runs the scenario and checks the server's answers.
    ///
    /// # Errors
    /// A sentence for the operator: a check failed, or the run was not possible.
    fn run(&self, target: &mut Target, progress: &Progress) -> anyhow::Result<Report>;

    /// The most connections that are open at once.
    fn connections(&self) -> usize;
}

/// Opens the target, runs the scenario, and cleans up.
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
    let mut target = Target::open(place, users)?;
    let outcome = scenario.run(&mut target, &progress);
    progress.clear();
    let closed = target.close();
    let report = outcome?;
    closed?;
    Ok(report)
}

/// Open files that are not connections: those of the program and of the database, with a reserve.
const SPARE_FILES: u64 = 64;

/// Parses a duration in seconds: `5` or `0.5`.
///
/// # Errors
/// A sentence for the operator.
pub fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "give a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if seconds <= 86_400.0 => Ok(duration),
        _ => Err("give a number of seconds, at most a day".to_owned()),
    }
}
