//! The servers of a database URL, and connecting to them: the same rules for the blocking and the
//! asynchronous client.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use postgres::Client;
use tokio_postgres::config::{Host, LoadBalanceHosts, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Config, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::errors;
use super::session::ConnectError;
use super::tls::{self, Protection};
use super::tls_options::{Mode, TlsOptions};

/// A database on one server, or on several of which one is used.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// One for each host. Their `ssl_mode` is set when connecting.
    servers: Arc<[Config]>,
    tls: Arc<TlsOptions>,
    /// The protection of the newest connection.
    protection: Arc<Mutex<Option<Protection>>>,
}

/// The part of an asynchronous client that performs the communication.
type Driver =
    tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

impl Target {
    pub fn new(servers: Vec<Config>, tls: TlsOptions) -> Self {
        Self { servers: servers.into(), tls: tls.into(), protection: Arc::default() }
    }

    #[cfg(test)]
    pub fn servers(&self) -> &[Config] {
        &self.servers
    }

    pub fn mode(&self) -> Mode {
        self.tls.mode
    }

    /// Returns the protection of the newest connection. `None`: there was none yet.
    pub fn protection(&self) -> Option<Protection> {
        *self.protection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the name of the database in the log: its servers and its name.
    pub fn describe(&self) -> String {
        let hosts: Vec<String> = self.servers.iter().map(address).collect();
        let first = &self.servers[0];
        let database = first.get_dbname().or(first.get_user());
        let named = database.map_or(String::new(), |name| format!(", database {name}"));
        format!("PostgreSQL at {}{named}", hosts.join(", "))
    }

    /// Whether all servers are on this machine.
    pub fn is_local(&self) -> bool {
        self.servers.iter().all(|server| match server.get_hostaddrs().first() {
            Some(address) => address.to_canonical().is_loopback(),
            None => server.get_hosts().iter().all(|host| match host {
                Host::Tcp(name) => {
                    name == "localhost"
                        || name
                            .parse::<std::net::IpAddr>()
                            .is_ok_and(|ip| ip.to_canonical().is_loopback())
                }
                Host::Unix(_) => true,
            }),
        })
    }

    /// Connects a blocking client.
    pub fn connect(&self) -> Result<Client, ConnectError> {
        let mut attempts = self.attempts()?;
        while let Some((config, tls)) = attempts.next() {
            match postgres::Config::from(config).connect(tls) {
                Ok(client) => {
                    attempts.succeeded();
                    return Ok(client);
                }
                Err(error) => attempts.failed(&error),
            }
        }
        Err(attempts.into_error())
    }

    /// Connects an asynchronous client.
    pub async fn connect_async(&self) -> Result<(tokio_postgres::Client, Driver), ConnectError> {
        let mut attempts = self.attempts()?;
        while let Some((config, tls)) = attempts.next() {
            match config.connect(tls).await {
                Ok(connected) => {
                    attempts.succeeded();
                    return Ok(connected);
                }
                Err(error) => attempts.failed(&error),
            }
        }
        Err(attempts.into_error())
    }

    /// Returns what has to be tried, in order: each server without or with TLS, or with both in turn.
    fn attempts(&self) -> Result<Attempts<'_>, ConnectError> {
        let mut order: Vec<usize> = (0..self.servers.len()).collect();
        if self.servers[0].get_load_balance_hosts() == LoadBalanceHosts::Random {
            order.sort_by_cached_key(|_| getrandom::u64().unwrap_or_default());
        }
        let mut queue = VecDeque::new();
        for server in order {
            // As in libpq, there is no TLS over a socket of this machine.
            let is_socket =
                self.servers[server].get_hosts().iter().any(|host| matches!(host, Host::Unix(_)));
            let ways: &[bool] = match self.tls.mode {
                _ if is_socket => &[false],
                Mode::Disable => &[false],
                Mode::Allow => &[false, true],
                Mode::Prefer => &[true, false],
                Mode::Require | Mode::VerifyCa | Mode::VerifyFull => &[true],
            };
            queue.extend(ways.iter().map(|with_tls| Attempt { server, with_tls: *with_tls }));
        }
        let needs_tls = queue.iter().any(|attempt| attempt.with_tls);
        let (tls, protection) = match needs_tls {
            true => tls::connector(&self.tls),
            false => tls::unused(),
        }
        .map_err(ConnectError::Failed)?;
        Ok(Attempts { target: self, tls, protection, queue, current: None, failures: Vec::new() })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Attempt {
    server: usize,
    with_tls: bool,
}

/// The progress of connecting.
struct Attempts<'a> {
    target: &'a Target,
    tls: MakeRustlsConnect,
    /// The protection with TLS.
    protection: Protection,
    queue: VecDeque<Attempt>,
    current: Option<Attempt>,
    failures: Vec<(Attempt, String)>,
}

impl Attempts<'_> {
    fn next(&mut self) -> Option<(Config, MakeRustlsConnect)> {
        self.current = self.queue.pop_front();
        let Attempt { server, with_tls } = self.current?;
        let mut config = self.target.servers[server].clone();
        config.ssl_mode(if with_tls { SslMode::Require } else { SslMode::Disable });
        Some((config, self.tls.clone()))
    }

    fn succeeded(&self) {
        let with_tls = self.current.is_some_and(|attempt| attempt.with_tls);
        let protection = if with_tls { self.protection } else { Protection::Plain };
        *self.target.protection.lock().unwrap_or_else(PoisonError::into_inner) = Some(protection);
    }

    /// Notes an error. The other way to connect to the same server is tried only if the server refused
    /// this one, as in libpq: a server that does not answer would not answer then either.
    fn failed(&mut self, error: &postgres::Error) {
        let Some(failed) = self.current else { return };
        if error.as_db_error().is_none() && !errors::is_of_tls(error) {
            self.queue.retain(|attempt| attempt.server != failed.server);
        }
        // That a server has no TLS is no failure if there is another way.
        if !errors::is_without_tls(error) || self.target.mode() != Mode::Prefer {
            self.failures.push((failed, errors::explain_connecting(error)));
        }
    }

    /// Joins the errors. Each is told once, and only what was tried in several ways is named.
    fn into_error(self) -> ConnectError {
        let mut failures = self.failures;
        let all = failures.clone();
        failures.dedup_by(|later, earlier| later.1 == earlier.1);
        if let [(_, only)] = &failures[..] {
            return ConnectError::Failed(only.clone());
        }
        let texts = failures.iter().map(|(attempt, text)| {
            let tried_both = all.iter().filter(|(it, _)| it.server == attempt.server).count() > 1;
            let way = match (tried_both, attempt.with_tls) {
                (false, _) => "",
                (true, true) => "with TLS: ",
                (true, false) => "without TLS: ",
            };
            match self.target.servers.len() {
                1 => format!("{way}{text}"),
                _ => format!("{}: {way}{text}", address(&self.target.servers[attempt.server])),
            }
        });
        ConnectError::Failed(texts.collect::<Vec<_>>().join("; "))
    }
}

/// Returns the host or address of one server, with its port.
fn address(server: &Config) -> String {
    let port = server.get_ports().first().copied().unwrap_or(5432);
    match server.get_hosts().first() {
        Some(Host::Tcp(name)) => format!("{name}:{port}"),
        Some(Host::Unix(path)) => format!("{}:{port}", path.display()),
        None => format!("port {port}"),
    }
}
