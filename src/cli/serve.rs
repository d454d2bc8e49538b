//! `chatapp serve`: everything before the server runs, and the lines that say it does.

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;

use anyhow::{Context as _, anyhow};

use super::context::Context;
use super::database::{Database, Missing, schema_version};
use crate::config::AdminSignup;
use crate::{logging, server};

const EXAMPLES: &str = "\
Examples:
  chatapp serve
  chatapp serve --bind 0.0.0.0:8000 --database sqlite:///srv/chat.db
  CHATAPP_DATABASE__URL=postgres://chat:secret@db/chat chatapp serve --config /etc/chatapp.toml";

/// Run the server
///
/// Makes the database if there is none, brings its schema up to date, and serves until it is
/// told to stop (SIGTERM or Ctrl-C). SIGHUP makes it read its settings again. Logs go to stderr.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Listen on this address; port 0 takes a free one [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR:PORT")]
    bind: Option<String>,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<()> {
    let settings = context.settings(args.bind.clone())?;
    let config = &settings.config;
    let read_config = || Ok(context.settings(args.bind.clone())?.config);
    logging::init(&config.log).context("log.level cannot be used")?;
    let read_connections = u32::try_from(config.database.read_threads)?;
    let database = Database::open(&settings, read_connections, Missing::Create)?;
    for migration in database.run(|backend| backend.migrate())? {
        tracing::info!(version = migration.version, name = migration.name, "migrated");
    }
    let ready = Ready {
        database: database.url.clone(),
        schema: schema_version(&database.run(|backend| backend.list_migrations())?),
        has_admin: database.run(|backend| backend.has_admin())?,
        admin_signup: config.auth.admin_signup,
        scheme: if config.http.tls_certificate.is_empty() { "http" } else { "https" },
    };
    let bind = config.http.bind.clone();
    server::serve(config, read_config, database.backend, |address| ready.announce(address))
        .map_err(|error| sentence(&bind, error))
}

/// What the operator is told once connections are accepted.
#[derive(Clone, Debug)]
struct Ready {
    /// Without its password.
    database: String,
    schema: i32,
    has_admin: bool,
    admin_signup: AdminSignup,
    /// `http` or `https`.
    scheme: &'static str,
}

impl Ready {
    fn announce(&self, address: SocketAddr) {
        // The server runs whether somebody reads this or not.
        let _ = writeln!(io::stdout(), "{}", self.lines(address));
    }

    fn lines(&self, address: SocketAddr) -> impl fmt::Display {
        let version = env!("CARGO_PKG_VERSION");
        let host = host(address);
        let Self { database, schema, scheme, .. } = self;
        let mut lines = format!(
            "chatapp {version} listening on {scheme}://{address}\n  \
               API docs  {scheme}://{host}/docs\n  \
               database  {database} (schema {schema})"
        );
        if !self.has_admin {
            lines.push_str("\n  no admin yet: ");
            lines.push_str(match self.admin_signup {
                AdminSignup::First => {
                    "sign up with \"role\":\"admin\" from this machine, or run \
                     `chatapp create-admin`"
                }
                AdminSignup::Off => "run `chatapp create-admin`",
            });
        }
        lines
    }
}

/// The address for a browser on this machine: 0.0.0.0 is every address of it, and none that can be
/// opened.
pub(super) fn host(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("localhost:{}", address.port()),
        false => address.to_string(),
    }
}

/// What an operator can do about an address that cannot be had.
fn sentence(bind: &str, error: anyhow::Error) -> anyhow::Error {
    let remedy = match error.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::AddrInUse) => {
            "is in use: stop the other program or choose another address with --bind"
        }
        Some(io::ErrorKind::PermissionDenied) => {
            "needs rights that this process does not have: choose a port from 1024 on with --bind"
        }
        Some(io::ErrorKind::AddrNotAvailable) => {
            "is not an address of this machine: choose another with --bind"
        }
        _ => return error,
    };
    anyhow!("{bind} {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready() -> Ready {
        Ready {
            database: "sqlite:///srv/chat.db".to_owned(),
            schema: 1,
            has_admin: false,
            admin_signup: AdminSignup::First,
            scheme: "http",
        }
    }

    #[test]
    fn the_lines_name_what_an_operator_needs_next() {
        let address = "127.0.0.1:8000".parse().unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let lines = ready().lines(address).to_string();
        assert_eq!(
            lines,
            format!(
                "chatapp {version} listening on http://127.0.0.1:8000\n  \
                   API docs  http://127.0.0.1:8000/docs\n  \
                   database  sqlite:///srv/chat.db (schema 1)\n  \
                   no admin yet: sign up with \"role\":\"admin\" from this machine, \
                 or run `chatapp create-admin`"
            )
        );
        let settled = Ready { has_admin: true, ..ready() };
        assert_eq!(settled.lines(address).to_string().lines().count(), 3);
        let encrypted = Ready { scheme: "https", ..ready() }.lines(address).to_string();
        assert_eq!(encrypted.matches("https://127.0.0.1:8000").count(), 2);
        let off = Ready { admin_signup: AdminSignup::Off, ..ready() };
        assert!(
            off.lines(address).to_string().ends_with("no admin yet: run `chatapp create-admin`")
        );
    }

    #[test]
    fn every_address_is_opened_as_localhost() {
        let lines = ready().lines("0.0.0.0:81".parse().unwrap()).to_string();
        assert!(lines.contains("listening on http://0.0.0.0:81\n"));
        assert!(lines.contains("http://localhost:81/docs"));
    }
}
