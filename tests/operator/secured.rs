//! A PostgreSQL server with TLS for the tests, and the expected outcomes of connecting to it.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::{Done, command_on};
use crate::support::authority::Authority;
use crate::support::postgres::{PgCluster, PgDatabase, free_port, local};

const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// An expected outcome: a connection without TLS, one with TLS, or a refusal that contains this text.
pub const PLAIN: &str = "plain";
pub const TLS: &str = "TLS";

/// Admits the role of the tests with and without TLS.
pub const BOTH: &str = "host all ann all trust";

/// A PostgreSQL server with TLS, whose log has a line for each connection.
pub struct Secured {
    pub authority: Authority,
    pub database: PgDatabase,
    pub cluster: PgCluster,
    pub port: u16,
    /// The home of the user who runs the commands.
    pub home: TempDir,
    cases: AtomicU32,
}

impl Secured {
    /// The server has a certificate for `localhost`.
    pub fn start(settings: &str) -> Self {
        let authority = Authority::new();
        authority.issue("good", &["localhost"]);
        authority.issue("server", &["localhost"]);
        let file = |name: &str| authority.path(name).to_str().unwrap().to_owned();
        let port = free_port();
        let settings = format!(
            "ssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'\nssl_ca_file = '{}'\n\
             log_connections = on\n{settings}",
            file("server.pem"),
            file("server.key"),
            file("ca.pem")
        );
        let cluster = PgCluster::private_with(local(port), &settings);
        let database = cluster.database();
        let role = "CREATE ROLE ann SUPERUSER LOGIN PASSWORD 'open'";
        database.client().batch_execute(role).unwrap();
        let home = tempfile::tempdir().unwrap();
        let secured = Self { authority, database, cluster, port, home, cases: AtomicU32::new(0) };
        let done = secured.run(&secured.url("sslmode=disable"), &["migrate"], &[]);
        assert_eq!(done.code, 0, "{done:?}");
        secured
    }

    pub fn file(&self, name: &str) -> String {
        self.authority.path(name).to_str().unwrap().to_owned()
    }

    pub fn url(&self, query: &str) -> String {
        self.url_of("ann", "localhost", query)
    }

    pub fn url_of(&self, user: &str, host: &str, query: &str) -> String {
        let name = self.database.url().rsplit_once('/').unwrap().1;
        format!("postgres://{user}@{host}:{}/{name}?{query}", self.port)
    }

    /// The server shows this certificate from now on, and admits the role of the tests by these lines.
    pub fn shows(&self, certificate: &str, admits: &str) {
        self.authority.install(certificate, "server");
        self.cluster.admit(&format!("host all postgres all trust\n{admits}\n"));
    }

    pub fn command(&self, url: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = command_on(url, arguments);
        command.env("HOME", self.home.path()).envs(environment.iter().copied());
        command
    }

    pub fn run(&self, url: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Done {
        Done::from(self.command(url, arguments, environment).output().expect("the program runs"))
    }

    /// Runs a command and compares what happens with the expected outcome.
    #[track_caller]
    pub fn expect(&self, query: &str, expected: &str) {
        self.expect_at(&self.url(query), &[], expected);
    }

    #[track_caller]
    pub fn expect_at(&self, url: &str, environment: &[(&str, &str)], expected: &str) {
        // The server logs this name after the authentication.
        let case = format!("case{}.", self.cases.fetch_add(1, Ordering::Relaxed));
        let done =
            self.run(&format!("{url}&application_name={case}"), &["list-rooms"], environment);
        let log = self.cluster.log();
        let connections: Vec<&str> =
            log.lines().filter(|line| line.contains(&format!("application_name={case}"))).collect();
        let encrypted = connections.iter().filter(|line| line.contains("SSL enabled")).count();
        match expected {
            PLAIN | TLS => {
                assert_eq!(done.code, 0, "{url}: {done:?}");
                assert!(!connections.is_empty(), "{url}: no connection in {log}");
                let wanted = if expected == TLS { connections.len() } else { 0 };
                assert_eq!(encrypted, wanted, "{url}, expected {expected}: {connections:?}");
            }
            part => {
                assert_eq!(done.code, 1, "{url}, expected {part:?}: {done:?}");
                assert!(done.stderr.contains(part), "{url}, expected {part:?}: {done:?}");
                assert!(connections.is_empty(), "{url}: {connections:?}");
            }
        }
    }

    /// Compares the outcomes of the six modes. The modes that verify also have these parameters.
    #[track_caller]
    pub fn expect_all(&self, verifying: &str, expected: [&str; 6]) {
        for (mode, expected) in MODES.into_iter().zip(expected) {
            let more = if mode.starts_with("verify") { verifying } else { "" };
            self.expect(&format!("sslmode={mode}{more}"), expected);
        }
    }
}
