//! `chatapp serve`: prepares the server, runs it, and prints the lines that announce it.

use std::fmt;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::{Context as _, anyhow};

use super::context::Context;
use super::database::{Database, Missing, known_version, schema_version};
use crate::config::{AdminSignup, Loaded};
use crate::storage::Shortcoming;
use crate::{logging, server};

const EXAMPLES: &str = "\
Examples:
  chatapp serve
  chatapp serve --bind 0.0.0.0:8000 --database sqlite:///srv/chat.db
  CHATAPP_DATABASE__URL=postgres://chat:secret@db/chat chatapp serve --config /etc/chatapp.toml";

/// Run the server
///
/// Creates the database if it does not exist, brings its schema up to date, and serves until SIGTERM,
/// SIGQUIT or Ctrl-C. On SIGHUP the server reads its settings again. Logs are written to stderr.
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
    let read_config = || {
        let settings = context.settings(args.bind.clone())?;
        warn(&settings);
        Ok(settings.config)
    };
    logging::init(&config.log).context("log.level cannot be used")?;
    warn(&settings);
    // The server listens before it opens the database, so that a server that cannot listen creates no
    // database.
    let entrance =
        server::Entrance::open(config).map_err(|error| sentence(&config.http.bind, error))?;
    let read_connections = u32::try_from(config.database.read_threads)?;
    let database = Database::open(&settings, read_connections, Missing::Create)?;
    for migration in database.run(|backend| backend.migrate())? {
        tracing::info!(version = migration.version, name = migration.name, "migrated");
    }
    let migrations = database.run(|backend| backend.list_migrations())?;
    let (schema, known) = (schema_version(&migrations), known_version(&migrations));
    let ready = Ready {
        database: database.url.clone(),
        schema,
        has_admin: database.run(|backend| backend.has_admin())?,
        admin_signup: config.auth.admin_signup,
        scheme: if config.http.tls_certificate.is_empty() { "http" } else { "https" },
    };
    // Logged when the server is ready. If the start fails before that, only the error is shown.
    let shortcomings = database.run(|backend| backend.list_shortcomings())?;
    server::serve(entrance, config, read_config, database.backend, |address| {
        for Shortcoming { detail, advice, .. } in &shortcomings {
            tracing::warn!("{detail}: {advice}");
        }
        if schema > known {
            tracing::warn!(
                "a newer chatapp has extended the database to schema {schema}, and this one knows only up \
                 to {known}: it serves what it knows; replace it by the newer one"
            );
        }
        ready.announce(address)
    })
}

fn warn(settings: &Loaded) {
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
}

/// The facts that are printed when the server accepts connections.
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
        // The server runs on even if stdout is closed.
        let _ = writeln!(io::stdout(), "{}", self.lines(address));
    }

    fn lines(&self, address: SocketAddr) -> impl fmt::Display {
        let version = env!("CARGO_PKG_VERSION");
        let Self { database, schema, scheme, .. } = self;
        let page = page(scheme, address);
        let mut lines = format!(
            "chatapp {version}: open {page} in a browser\n  \
               API docs      {page}/docs\n  \
               listening on  {scheme}://{address}\n  \
               database      {database} (schema {schema})"
        );
        if !self.has_admin {
            lines.push_str("\n  no admin yet: ");
            lines.push_str(match self.admin_signup {
                AdminSignup::First => {
                    "create the first one on the page, on this machine, or with `chatapp create-admin`"
                }
                AdminSignup::Off => "run `chatapp create-admin`",
            });
        }
        lines
    }
}

/// The URL at which a browser on this machine opens the page. A browser cannot open the unspecified
/// address (`0.0.0.0`), so that becomes `localhost`; the default port of the scheme is left out.
pub(super) fn page(scheme: &str, address: SocketAddr) -> String {
    let ip = address.ip().to_canonical();
    let is_localhost = ip.is_unspecified()
        || ip == IpAddr::from(Ipv4Addr::LOCALHOST)
        || ip == IpAddr::from(Ipv6Addr::LOCALHOST);
    let host = match ip {
        _ if is_localhost => "localhost".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    match (scheme, address.port()) {
        ("http", 80) | ("https", 443) => format!("{scheme}://{host}"),
        (_, port) => format!("{scheme}://{host}:{port}"),
    }
}

/// An error to listen at the address, as a sentence that says what to do.
fn sentence(bind: &str, error: anyhow::Error) -> anyhow::Error {
    let remedy = match error.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::AddrInUse) => {
            "is in use: stop the other program or choose another address with --bind"
        }
        Some(io::ErrorKind::PermissionDenied) => {
            "needs privileges that this process does not have: choose a port from 1024 on with --bind"
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
    fn the_announcement_shows_the_page_the_database_and_how_to_create_an_admin() {
        let address = "127.0.0.1:8000".parse().unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let lines = ready().lines(address).to_string();
        assert_eq!(
            lines,
            format!(
                "chatapp {version}: open http://localhost:8000 in a browser\n  \
                   API docs      http://localhost:8000/docs\n  \
                   listening on  http://127.0.0.1:8000\n  \
                   database      sqlite:///srv/chat.db (schema 1)\n  \
                   no admin yet: create the first one on the page, on this machine, or with \
                 `chatapp create-admin`"
            )
        );
        let settled = Ready { has_admin: true, ..ready() };
        assert_eq!(settled.lines(address).to_string().lines().count(), 4);
        let encrypted = Ready { scheme: "https", ..ready() }.lines(address).to_string();
        assert!(!encrypted.contains("http://"), "{encrypted}");
        let off = Ready { admin_signup: AdminSignup::Off, ..ready() };
        assert!(
            off.lines(address).to_string().ends_with("no admin yet: run `chatapp create-admin`")
        );
    }

    #[test]
    fn the_page_has_an_address_that_a_browser_on_this_machine_can_open() {
        for (scheme, address, expected) in [
            ("http", "127.0.0.1:8000", "http://localhost:8000"),
            ("http", "0.0.0.0:81", "http://localhost:81"),
            ("http", "[::]:81", "http://localhost:81"),
            ("http", "[::1]:81", "http://localhost:81"),
            ("http", "0.0.0.0:80", "http://localhost"),
            ("https", "0.0.0.0:443", "https://localhost"),
            ("https", "127.0.0.1:80", "https://localhost:80"),
            // The server does not listen at localhost then.
            ("http", "127.0.0.2:81", "http://127.0.0.2:81"),
            ("https", "10.0.0.7:8443", "https://10.0.0.7:8443"),
            ("http", "[2001:db8::7]:81", "http://[2001:db8::7]:81"),
        ] {
            assert_eq!(page(scheme, address.parse().unwrap()), expected);
        }
    }
}
