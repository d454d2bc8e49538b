//! `chatapp bench`: chooses the scenario and the server, and prints the figures.

mod fleet;

use std::path::absolute;

use anyhow::{anyhow, bail};
use clap::Subcommand;

use super::context::Context;
use super::output::{Listing, Output};
use super::password;
use crate::bench::{self, Figure, Place, PrivateSettings, Report, SignIn};

const EXAMPLES: &str = "\
Examples:
  chatapp bench fanout
  chatapp bench fanout --receivers 1000 --database postgres://chat@localhost/scratch
  chatapp bench rate --url http://10.0.0.5:8000 --username ann --password-stdin < password
  chatapp bench ingest --output json | jq '.[] | select(.name == \"sends_per_second\").value'

Without --url a private server is started for the run. It uses a temporary SQLite file, or the
database given with --database, in which the accounts of the run remain. With --url the run signs in
as an admin, creates rooms on that server, and deletes them at the end. `fleet` always starts its
own servers, on a database of its own.";

/// Measure a server under load, and check what it does
///
/// Every run also checks the server's promises: each acknowledged message is stored exactly once, and
/// all clients see the same order. A broken promise is an error, with exit code 1.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// A few senders and many receivers in one room, as fast as possible
    ///
    /// Checks that every receiver gets every message exactly once, all in the same order. Senders
    /// receive too, and count among the deliveries.
    Fanout(Run<bench::fanout::Options>),
    /// Messages at a fixed rate: how late each receiver gets them
    ///
    /// Latency is measured from the time a message was due, so a stall counts for every message that
    /// was due during it. Checks that every receiver gets every message exactly once, all in the same
    /// order.
    Rate(Run<bench::rate::Options>),
    /// Many connections that send, over many rooms
    ///
    /// Then reads every room's log and checks that each acknowledged message is in it exactly once,
    /// at the position that the acknowledgement named.
    Ingest(Run<bench::ingest::Options>),
    /// Idle connections: memory for each, CPU to connect and to stay connected
    Idle(Run<bench::idle::Options>),
    /// Pages of a long room at random depths, over HTTP
    ///
    /// Checks that every page is whole and in order.
    History(Run<bench::history::Options>),
    /// All clients lose their connection at once, reconnect and catch up
    ///
    /// Checks that each client gets exactly the messages that it missed.
    Reconnect(Run<bench::reconnect::Options>),
    /// Connections that come and go while a conversation runs
    ///
    /// Checks that connections that stay get every message exactly once, and that new connections get
    /// every message from their join on. The CPU of a join is the CPU used beyond that of the same
    /// deliveries without joins.
    Churn(Run<bench::churn::Options>),
    /// Searches for words of different frequency, in rooms that are filled before
    ///
    /// Checks that each found message has what was searched for, and that the newest comes first.
    Search(Run<bench::search::Options>),
    Fleet(fleet::Args),
}

// The options of a scenario, then the common ones. A doc comment would become the help text.
#[derive(Debug, clap::Args)]
struct Run<T: clap::Args> {
    #[command(flatten)]
    options: T,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The server")]
struct Common {
    /// Use this running server: http://host:port
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// An admin's token for that server
    #[arg(long, value_name = "TOKEN", requires = "url", conflicts_with = "username")]
    token: Option<String>,

    /// An admin's name, to sign in with
    #[arg(long, value_name = "NAME", requires = "url", requires = "password_stdin")]
    username: Option<String>,

    /// Read the admin's password from stdin
    #[arg(long, requires = "username")]
    password_stdin: bool,

    /// The server's process id, if it is on this machine: its CPU and memory are measured
    #[arg(long, value_name = "PID", requires = "url")]
    pid: Option<u32>,

    /// Accounts to spread the connections over; if more than one, they are created for the run, and
    /// remain [default: 1 with --url, else 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    users: Option<u32>,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    match &args.scenario {
        Scenario::Fanout(run) => run.run(context),
        Scenario::Rate(run) => run.run(context),
        Scenario::Ingest(run) => run.run(context),
        Scenario::Idle(run) => run.run(context),
        Scenario::History(run) => run.run(context),
        Scenario::Reconnect(run) => run.run(context),
        Scenario::Churn(run) => run.run(context),
        Scenario::Search(run) => run.run(context),
        Scenario::Fleet(args) => fleet::run(args, context),
    }
}

impl<T: clap::Args + bench::Scenario> Run<T> {
    fn run(&self, context: &Context) -> anyhow::Result<()> {
        let users = self.common.users.map(usize::try_from).transpose()?;
        let report = bench::run(&self.options, self.common.place(context)?, users)?;
        write(&self.common.output, &report)
    }
}

fn write(output: &Output, report: &Report) -> anyhow::Result<()> {
    Ok(output.write(&Listing {
        rows: &report.figures,
        headers: &["figure", "value", "unit"],
        cells: &|figure: &Figure| {
            let unit = figure.unit.to_owned();
            vec![figure.name.clone(), bench::show(figure.value), unit]
        },
        empty: "there is nothing to report",
    })?)
}

impl Common {
    fn place(&self, context: &Context) -> anyhow::Result<Place> {
        let (file, database) = context.given();
        let Some(url) = self.url.clone() else {
            let config = file.map(absolute).transpose()?;
            return Ok(Place::Private(PrivateSettings { database, config }));
        };
        if database.is_some() {
            bail!("--database is for a private server: leave out --database or --url");
        }
        let sign_in = match (&self.token, &self.username) {
            (Some(token), _) => SignIn::Token(token.clone()),
            (None, Some(username)) => {
                SignIn::Password { username: username.clone(), password: password::read()? }
            }
            (None, None) => {
                return Err(anyhow!(
                    "an admin is needed to create the run's rooms: give --username and \
                     --password-stdin, or --token"
                ));
            }
        };
        Ok(Place::Url { url, sign_in, pid: self.pid })
    }
}
