//! `chatapp bench fleet`: makes the database of the run, and drops it.

use std::path::absolute;

use anyhow::{anyhow, bail};

use super::super::context::Context;
use super::super::database::create_temporary;
use super::super::output::Output;
use super::write;
use crate::bench::fleet::{Database, Options};
use crate::bench::watch_signals;
use crate::storage::TemporaryDatabase;

// The paragraph is one line, because clap wraps it to the width of the terminal.
const EXAMPLES: &str = "\
Examples:
  chatapp bench fleet --database postgres://chat@localhost/postgres
  chatapp bench fleet --database postgres://chat@localhost/postgres \\
    --nodes 5 --rate 200 --idle 10 --output json
  DATABASE_URL=postgres://chat@localhost/postgres chatapp bench fleet \\
    --rooms 1 --readers 100 --seconds 30

--database, CHATAPP_DATABASE__URL or DATABASE_URL names an existing database of a PostgreSQL. \
The run only connects to it, and makes a database of its own beside it, named chatapp_bench_ \
and a random number. That is dropped at the end, also after an error or Ctrl-C. The role must \
be allowed to create databases (ALTER ROLE chat CREATEDB), and connect directly, not through \
a pooler. The run loads the machine of that PostgreSQL: do not use it beside a server that \
people use.";

/// Several servers on one PostgreSQL: how late a message reaches the sockets of another node
///
/// Starts the nodes on a database of its own, measures them without messages, and then sends at a fixed
/// rate from all nodes. Latency is measured from the time a message was due, as in `rate`. Checks that
/// every connection gets every message of its room exactly once, all in the same order. The figures of
/// the server are those of all nodes together.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    options: Options,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let url = database_url(context)?;
    let config = context.given().0.map(absolute).transpose()?;
    watch_signals()?;
    let mut database = create_temporary(&url)?;
    let outcome = args.options.run(config, &mut database);
    match (outcome, database.remove()) {
        (Ok(report), Ok(())) => write(&args.output, &report),
        (Ok(_), Err(left)) => bail!("{left}"),
        (Err(error), Ok(())) => Err(error),
        (Err(error), Err(left)) => bail!("{error:#}\n{left}"),
    }
}

/// The URL of --database or of the environment. That of a settings file is not used: it is usually the database
/// of a real server.
fn database_url(context: &Context) -> anyhow::Result<String> {
    let settings = context.settings(None)?;
    match settings.origins["database.url"].as_str() {
        "--database" | "CHATAPP_DATABASE__URL" | "DATABASE_URL" => {}
        _ => bail!(
            "name a PostgreSQL for the nodes: --database postgres://user@host/database, or \
             CHATAPP_DATABASE__URL. The run makes a database of its own there"
        ),
    }
    let url = settings.config.database.url;
    if url.starts_with("sqlite:") {
        bail!(
            "several nodes cannot share an SQLite file: name a PostgreSQL with --database \
             postgres://user@host/database"
        );
    }
    Ok(url)
}

impl Database for TemporaryDatabase {
    fn url(&self) -> &str {
        self.url()
    }

    fn transactions(&mut self) -> anyhow::Result<i64> {
        self.transactions().map_err(|error| anyhow!("{error}"))
    }

    fn local_session(&mut self) -> anyhow::Result<Option<u32>> {
        self.local_session().map_err(|error| anyhow!("{error}"))
    }
}
