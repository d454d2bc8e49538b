//! `chatapp doctor`: looks at everything that an operator can get wrong, or that can go wrong by
//! itself, and says what to do about it.
//!
//! One file for each group of checks. A check looks at a [`Case`] and changes nothing; it is
//! silent (an empty list) about what does not apply.

mod database;
mod files;
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
use crate::storage::{self, Backend, DatabaseStatus, OpenOptions};

const EXAMPLES: &str = "\
Examples:
  chatapp doctor                              a line for each check, and what to do
  chatapp doctor --deep                       reads the whole database, to find damage in it
  chatapp doctor --backups /srv/backups       and is the newest file in there young enough?
  chatapp doctor --output json | jq '.[] | select(.state != \"ok\")'

Exit code 1 if there is a problem; a warning is none.";

/// Look for what is wrong, or will be
///
/// Checks the settings, the files and their rights, the database and the running server. Works with
/// and without one, and changes no data. Run it as the user the server runs as.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Read all of the database: it takes as long as that does, and the server goes on meanwhile
    #[arg(long)]
    deep: bool,

    /// Where backups are: the newest file in this folder must be younger than two days
    #[arg(long, value_name = "FOLDER")]
    backups: Option<PathBuf>,

    #[command(flatten)]
    output: Output,
}

/// What the checks look at.
struct Case {
    settings: Loaded,
    /// The file the settings are read from, whether there is one or not.
    file: PathBuf,
    /// The database's file, if it is one.
    sqlite: Option<PathBuf>,
    /// Whether that had a write-ahead log before it was opened, which gives it one.
    had_log: Option<bool>,
    database: Result<Opened, storage::Error>,
    running: Option<Running>,
    now: Timestamp,
    deep: bool,
    backups: Option<PathBuf>,
}

struct Opened {
    backend: std::sync::Arc<dyn Backend>,
    /// `Err` while its schema is not this binary's, or if it is damaged.
    status: Result<DatabaseStatus, storage::Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warning,
    Problem,
}

/// What a check says.
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

/// In the order in which they are shown.
const CHECKS: &[Check] = &[
    settings::doubts,
    settings::exposure,
    settings::signup,
    settings::secrets,
    settings::previous_secret,
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
    server::answers,
    server::proxy,
];

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let settings = match context.settings(None) {
        Ok(settings) => settings,
        // Nothing else can be looked at without them.
        Err(problems) => {
            let broken = problems.0.into_iter().map(|problem| {
                Finding::problem("settings", problem, "mend it; `chatapp config check` says more")
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

/// Not [`Database::open`](super::database::Database), whose errors end a command.
fn open(settings: &Loaded) -> Result<Opened, storage::Error> {
    let config = &settings.config.database;
    let options =
        OpenOptions { read_connections: 1, busy_timeout_ms: config.busy_timeout_ms, create: false };
    let backend = storage::open(&config.url, options)?;
    let status = backend.check_schema().and_then(|()| backend.get_status());
    Ok(Opened { backend, status })
}

fn report(output: &Output, findings: Vec<Finding>) -> anyhow::Result<()> {
    output.write(&Listing {
        rows: &findings,
        headers: &["state", "check", "what was found"],
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
        empty: "there was nothing to look at",
    })?;
    match findings.iter().filter(|finding| finding.state == State::Problem).count() {
        0 => Ok(()),
        1 => Err(anyhow!("there is a problem: see above")),
        count => Err(anyhow!("there are {count} problems: see above")),
    }
}

/// The database, as it may be shown.
fn shown_url(case: &Case) -> String {
    redact_database_url(&case.settings.config.database.url)
}
