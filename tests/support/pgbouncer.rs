//! PgBouncer in front of a PostgreSQL server of the tests: the real program, on a free port.
#![allow(dead_code, reason = "not every test binary uses it")]

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::postgres::{free_port, user_id};

/// A running PgBouncer. Dropping this value ends it.
pub struct PgBouncer {
    port: u16,
    server: String,
    child: Child,
    folder: TempDir,
}

impl PgBouncer {
    /// Starts PgBouncer in front of the server of this URL, with these lines in the section `[pgbouncer]`.
    pub fn start(database_url: &str, settings: &str) -> Self {
        let server = database_url.split('@').nth(1).and_then(|rest| rest.split('/').next());
        let server = server.expect("a server").to_owned();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let child = run(folder.path(), port, &server, settings);
        Self { port, server, child, folder }
    }

    /// Ends PgBouncer and starts it on the same port with other settings.
    pub fn restart(&mut self, settings: &str) {
        let _ = self.child.kill();
        self.child.wait().expect("reap");
        self.child = run(self.folder.path(), self.port, &self.server, settings);
    }

    /// Returns the URL of the same database through PgBouncer.
    pub fn url(&self, database_url: &str) -> String {
        let (_, name) = database_url.rsplit_once('/').expect("a database");
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(folder: &Path, port: u16, server: &str, settings: &str) -> Child {
    let file = folder.join("pgbouncer.ini");
    let (host, server_port) = server.split_once(':').expect("a port");
    let text = format!(
        "[databases]\n* = host={host} port={server_port} user=postgres\n\
         [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
         auth_type = any\n{settings}\n"
    );
    fs::write(&file, text).expect("the file can be written");
    let mut command = Command::new(program());
    // PgBouncer refuses to run as root, like PostgreSQL.
    if let Some(user) = user_id() {
        chown(folder, Some(user), None).expect("root may give a folder away");
        command.uid(user);
    }
    let child = command
        .arg(&file)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("pgbouncer can be run");
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(started.elapsed() < Duration::from_secs(10), "pgbouncer does not listen");
        thread::sleep(Duration::from_millis(10));
    }
    child
}

/// Finds the program on the PATH, or in the folder where Debian installs it.
fn program() -> PathBuf {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&on_path)
        .chain([Path::new("/usr/sbin").to_owned()])
        .map(|folder| folder.join("pgbouncer"))
        .find(|file| file.is_file())
        .expect("`pgbouncer` was not found: install it (apt-get install pgbouncer)")
}
