//! `chatapp stats`: the figures of a running server, or those of its database if no server runs.

use std::io::{self, IsTerminal, Write};
use std::thread;
use std::time::Duration;

use anyhow::{anyhow, bail};
use clap::ValueEnum;
use indicatif::{HumanBytes, HumanCount, HumanDuration};
use serde_json::{Value, json};

use super::ask::{NoAnswer, Question, ask, own_certificate, server_url};
use super::context::Context;
use super::database::Database;
use super::output::{note, print};
use crate::chat::Stats;
use crate::config::Loaded;

const EXAMPLES: &str = "\
Examples:
  chatapp stats
  chatapp stats --watch                       again every two seconds
  chatapp stats --output json | jq .sockets

The server answers this command on its own machine. If http.metrics_token is set, the server \
requires that token instead, from any machine; the command sends the token of its settings.";

const TIMEOUT: Duration = Duration::from_secs(5);
const WATCH: Duration = Duration::from_secs(2);

/// Show the figures of the server
///
/// Asks the running server. If no server runs, the figures of the database are shown.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Ask this server instead of the one in the settings: http://host:port
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// Ask again every two seconds, until Ctrl-C
    #[arg(long)]
    watch: bool,

    /// How to write the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each figure, for people
    Table,
    /// An object, with the names of the HTTP API; with --watch, one object on each line
    Json,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let settings = context.settings(None)?;
    loop {
        let stats = match from_server(args, &settings) {
            Ok(stats) => stats,
            Err(error) => match error.downcast_ref::<NoAnswer>() {
                // A server named with --url may have another database than these settings.
                Some(NoAnswer { url, .. }) if args.url.is_none() => {
                    let stats = from_database(&settings)?;
                    note(&format!("no server answers at {url}: these are its database's figures"));
                    stats
                }
                _ => return Err(error),
            },
        };
        write(args, &stats)?;
        if !args.watch {
            return Ok(());
        }
        thread::sleep(WATCH);
    }
}

fn from_server(args: &Args, settings: &Loaded) -> anyhow::Result<Value> {
    let http = &settings.config.http;
    let url = server_url(settings, args.url.as_deref())?;
    let certificate = own_certificate(http)?;
    if url.scheme() == "https" && certificate.is_none() {
        bail!(
            "the certificate of {url} cannot be checked: set http.tls_certificate to it, or ask the \
             server on its own machine"
        );
    }
    let answer = ask(&Question {
        url,
        path: "/admin/stats",
        timeout: TIMEOUT,
        token: &http.metrics_token,
        certificate,
    })?;
    match answer.status {
        200 => {
            let stats: Stats = serde_json::from_slice(&answer.body)
                .map_err(|error| anyhow!("the server's answer is not understood: {error}"))?;
            Ok(serde_json::to_value(stats)?)
        }
        401 | 403 => bail!(
            "the server shows its figures only to its own machine, or to a request with its \
             http.metrics_token: set the same token here"
        ),
        status => bail!("the server answers {status} instead of its figures"),
    }
}

fn from_database(settings: &Loaded) -> anyhow::Result<Value> {
    let database = Database::open_current(settings)?;
    let status = database.run(|backend| backend.get_status())?;
    let nodes =
        database.run(|backend| backend.fleet().map_or(Ok(0), |it| Ok(it.list_nodes()?.len())))?;
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "nodes": nodes,
        "database": status.version,
        "database_bytes": status.size_bytes,
        "wal_bytes": status.wal_bytes,
        "users": status.users,
        "rooms": status.rooms,
        "events": status.events,
    }))
}

fn write(args: &Args, stats: &Value) -> io::Result<()> {
    print(|out| match args.output {
        Format::Json if args.watch => writeln!(out, "{stats}"),
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, stats)?;
            writeln!(out)
        }
        Format::Table => {
            if args.watch && io::stdout().is_terminal() {
                // Moves the cursor to the upper left and clears the screen.
                write!(out, "\x1b[H\x1b[2J")?;
            }
            for (name, value) in stats.as_object().into_iter().flatten() {
                writeln!(out, "{:<24}{}", name.replace('_', " "), show(name, value))?;
            }
            Ok(())
        }
    })
}

/// A figure as text for people. The name of the figure tells its unit.
fn show(name: &str, value: &Value) -> String {
    let (number, real) = (value.as_u64(), value.as_f64());
    match (number, real) {
        _ if name.ends_with("_bytes") => {
            number.map_or_else(|| "-".to_owned(), |number| HumanBytes(number).to_string())
        }
        (Some(seconds), _) if name == "uptime_seconds" => {
            HumanDuration(Duration::from_secs(seconds)).to_string()
        }
        (Some(number), _) => HumanCount(number).to_string(),
        (None, Some(real)) => format!("{real:.1}"),
        (None, None) => value.as_str().unwrap_or("-").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_their_units() {
        for (name, value, shown) in [
            ("uptime_seconds", json!(7200), "2 hours"),
            ("database_bytes", json!(4096), "4.00 KiB"),
            ("wal_bytes", Value::Null, "-"),
            ("events", json!(1234567), "1,234,567"),
            ("commit_p99_ms", json!(6.25), "6.2"),
            ("database", json!("SQLite 3.50.4"), "SQLite 3.50.4"),
        ] {
            assert_eq!(show(name, &value), shown);
        }
    }
}
