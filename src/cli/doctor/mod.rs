//! `chatapp doctor`: looks for mistakes of operators and for faults of the system, and gives advice.
//!
//! There is one file for each group of checks. A check reads a [`Case`] and changes nothing. It returns
//! an empty list if it does not apply.

mod database;
mod files;
mod index;
mod nodes;
mod server;
mod settings;

use std::path::PathBuf;

use anyhow::anyhow;
use serde::Serialize;

use self::server::Running;
use super::context::Context;
use super::output::{Listing, Output};
use crate::config::{Loaded, redact_database_url};
use crate::model::{Clock, Timestamp};
use crate::storage::{self, Backend, DatabaseStatus};

const EXAMPLES: &str = "\
Examples:
  chatapp doctor                              a line for each check, with advice
  chatapp doctor --deep                       also reads the whole database to find damage
  chatapp doctor --backups /srv/backups       also checks the age of the newest backup
  chatapp doctor --output json | jq '.[] | select(.state != \"ok\")'

The exit code is 1 if there is a problem, and 0 if there are only warnings.";

/// Find problems, and say what to do about them
///
/// Checks the settings, the files and their permissions, the database and the server. Works with and
/// without a running server, and changes no data. Run it as the user the server runs as.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Read the whole database; this can take long, and the server continues meanwhile
    #[arg(long)]
    deep: bool,

    /// The folder of the backups; its newest file must be younger than two days
    #[arg(long, value_name = "FOLDER")]
    backups: Option<PathBuf>,

    #[command(flatten)]
    output: Output,
}

/// Everything that the checks read.
struct Case {
    settings: Loaded,
    /// The path of the settings file, which may not exist.
    file: PathBuf,
    /// The database's file, if the database is SQLite.
    sqlite: Option<PathBuf>,
    /// Whether the file was in WAL mode. Read first, because opening the database sets that mode.
    had_log: Option<bool>,
    database: Result<Opened, storage::Error>,
    running: Option<Running>,
    now: Timestamp,
    deep: bool,
    backups: Option<PathBuf>,
}

struct Opened {
    backend: std::sync::Arc<dyn Backend>,
    /// `Err` if the schema is not that of this binary, or if the database is damaged.
    status: Result<DatabaseStatus, storage::Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warning,
    Problem,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, state: State::Ok, detail: detail.into(), advice: None }
    }

    fn warning(check: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        let (detail, advice) = (detail.into(), Some(advice.into()));
        Self { check, state: State::Warning, detail, advice }
    }

    fn problem(check: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { state: State::Problem, ..Self::warning(check, detail, advice) }
    }
}

type Check = fn(&Case) -> Vec<Finding>;

/// All checks, in the order in which they are shown.
const CHECKS: &[Check] = &[
    settings::doubts,
    settings::exposure,
    settings::signup,
    settings::secrets,
    settings::previous_secret,
    settings::external,
    settings::descriptors,
    files::config_file,
    files::certificate,
    files::logo,
    files::database_file,
    files::saved_database,
    files::journal,
    files::write_ahead_log,
    files::disk,
    files::backups,
    database::reachable,
    database::shortcomings,
    database::schema,
    database::integrity,
    database::connections,
    database::clock,
    database::admin,
    database::members,
    index::behind,
    nodes::nodes,
    server::answers,
    server::proxy,
];

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let settings = match context.settings(None) {
        Ok(settings) => settings,
        // Nothing else can be checked without settings.
        Err(problems) => {
            let broken = problems.0.into_iter().map(|problem| {
                Finding::problem(
                    "settings",
                    problem,
                    "correct it; `chatapp config check` lists all errors",
                )
            });
            return report(&args.output, broken.collect());
        }
    };
    let mut findings = vec![settings::understood(&settings, &context.file())];
    let sqlite = storage::sqlite_file(&settings.config.database.url);
    let case = Case {
        had_log: sqlite.as_deref().and_then(files::has_log),
        sqlite,
        file: context.file(),
        running: Running::find(&settings),
        now: Clock::System.now(),
        database: open(&settings),
        settings,
        deep: args.deep,
        backups: args.backups.clone(),
    };
    findings.extend(CHECKS.iter().flat_map(|check| check(&case)));
    report(&args.output, findings)
}

/// Opens the database. [`Database::open`](super::database::Database) is not used here: its errors are
/// sentences that end a command.
fn open(settings: &Loaded) -> Result<Opened, storage::Error> {
    let config = &settings.config.database;
    let options = super::database::options(config, 1);
    let backend = storage::open(&config.url, options)?;
    let status = backend.check_schema().and_then(|()| backend.get_status());
    Ok(Opened { backend, status })
}

fn report(output: &Output, findings: Vec<Finding>) -> anyhow::Result<()> {
    output.write(&Listing {
        rows: &findings,
        headers: &["state", "check", "finding"],
        cells: &|finding: &Finding| {
            let state = match finding.state {
                State::Ok => "ok",
                State::Warning => "WARNING",
                State::Problem => "PROBLEM",
            };
            let text = match &finding.advice {
                Some(advice) => format!("{}: {advice}", finding.detail),
                None => finding.detail.clone(),
            };
            vec![state.to_owned(), finding.check.to_owned(), text]
        },
        empty: "there was nothing to check",
    })?;
    match findings.iter().filter(|finding| finding.state == State::Problem).count() {
        0 => Ok(()),
        1 => Err(anyhow!("there is a problem: see above")),
        count => Err(anyhow!("there are {count} problems: see above")),
    }
}

/// The database's URL without the password.
fn shown_url(case: &Case) -> String {
    redact_database_url(&case.settings.config.database.url)
}
