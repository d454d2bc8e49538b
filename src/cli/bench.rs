//! `chatapp bench`: which load, on which server, and how its figures are written.

use std::path::absolute;

use anyhow::{anyhow, bail};
use clap::Subcommand;

use super::context::Context;
use super::output::{Listing, Output};
use super::password;
use crate::bench::{self, Figure, Place, PrivateSettings, SignIn};

const EXAMPLES: &str = "\
Examples:
  chatapp bench fanout
  chatapp bench fanout --receivers 1000 --database postgres://chat@localhost/scratch
  chatapp bench rate --url http://10.0.0.5:8000 --username ann --password-stdin < password
  chatapp bench ingest --output json | jq '.[] | select(.name == \"sends_per_second\").value'

Without --url a private server is started for the run, with an SQLite file that is thrown away or
on the database given with --database, where the run's accounts remain. With --url the run makes
rooms on that server, for which it needs an admin, and deletes them at its end.";

/// Measure a server under load, and check what it does
///
/// Every run checks the server's promises too: what was acknowledged is there, once, in one order
/// for all. A broken promise is an error, and exit code 1.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// A few senders, many receivers, one room, as fast as it goes
    ///
    /// Checks that every receiver gets every message exactly once, all in the same order. Senders
    /// receive too, and count among the deliveries.
    Fanout(Run<bench::fanout::Options>),
    /// Messages on a timetable: how late each receiver gets them
    ///
    /// Latency counts from when a message was due, so that a stall is felt by all that was due in
    /// it. Checks that every receiver gets every message exactly once, all in the same order.
    Rate(Run<bench::rate::Options>),
    /// Many connections that send, over many rooms
    ///
    /// Then reads every room's log back and checks that each acknowledged message is in it exactly
    /// once, where its acknowledgement said.
    Ingest(Run<bench::ingest::Options>),
    /// Connections that only wait: memory of each, CPU to connect and to wait
    Idle(Run<bench::idle::Options>),
    /// Pages of a long room at random depths, over HTTP
    ///
    /// Checks that every page is whole and in order.
    History(Run<bench::history::Options>),
    /// Everybody loses the connection at once and comes back for what was missed
    ///
    /// Checks that each gets exactly what it missed.
    Reconnect(Run<bench::reconnect::Options>),
    /// Connections that come and go while a conversation runs
    ///
    /// Checks that those who stay get every message exactly once, and those who come, everything
    /// since they were live. The CPU of a join is what is used beyond as many deliveries in a calm
    /// conversation.
    Churn(Run<bench::churn::Options>),
}

// A scenario's own options, then those that all have. No doc comment: it would be the help text.
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
    /// A server that runs: http://host:port
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// An admin's token for it
    #[arg(long, value_name = "TOKEN", requires = "url", conflicts_with = "username")]
    token: Option<String>,

    /// An admin's name, to sign in with
    #[arg(long, value_name = "NAME", requires = "url", requires = "password_stdin")]
    username: Option<String>,

    /// Read the admin's password from stdin
    #[arg(long, requires = "username")]
    password_stdin: bool,

    /// The server's process, if it is on this machine: its CPU and memory are measured
    #[arg(long, value_name = "PID", requires = "url")]
    pid: Option<u32>,

    /// Accounts to spread the connections over; more than one are made for the run, and remain
    /// [default: 1 with --url, else 20]
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
    }
}

impl<T: clap::Args + bench::Scenario> Run<T> {
    fn run(&self, context: &Context) -> anyhow::Result<()> {
        let users = self.common.users.map(usize::try_from).transpose()?;
        let report = bench::run(&self.options, self.common.place(context)?, users)?;
        Ok(self.common.output.write(&Listing {
            rows: &report.figures,
            headers: &["figure", "value", "unit"],
            cells: &|figure: &Figure| {
                let unit = figure.unit.to_owned();
                vec![figure.name.clone(), bench::show(figure.value), unit]
            },
            empty: "there is nothing to report",
        })?)
    }
}

impl Common {
    fn place(&self, context: &Context) -> anyhow::Result<Place> {
        let (file, database) = context.given();
        let Some(url) = self.url.clone() else {
            let config = file.map(absolute).transpose()?;
            return Ok(Place::Private(PrivateSettings { database, config }));
        };
        if database.is_some() {
            bail!("--database is for a private server: leave it out, or --url");
        }
        let sign_in = match (&self.token, &self.username) {
            (Some(token), _) => SignIn::Token(token.clone()),
            (None, Some(username)) => {
                SignIn::Password { username: username.clone(), password: password::read()? }
            }
            (None, None) => {
                return Err(anyhow!(
                    "an admin is needed to make the run's rooms: give --username and \
                     --password-stdin, or --token"
                ));
            }
        };
        Ok(Place::Url { url, sign_in, pid: self.pid })
    }
}
