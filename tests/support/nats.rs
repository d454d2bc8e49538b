//! A NATS server for tests: the real program, on a free port.
#![allow(dead_code, reason = "not every test binary uses it")]

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::DEADLINE;
use super::postgres::free_port;

/// A running NATS server that wants a password. Dropping this value ends it.
pub struct Nats {
    port: u16,
    child: Child,
}

impl Nats {
    pub fn start() -> Self {
        let port = free_port();
        Self { port, child: run(port) }
    }

    /// The URL with user and password; the password has an @.
    pub fn url(&self) -> String {
        format!("nats://chat:p%40ss@127.0.0.1:{}", self.port)
    }

    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on the same port.
    pub fn restart(&mut self) {
        self.stop();
        self.child = run(self.port);
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(port: u16) -> Child {
    // Debian installs it where PATH may not look.
    let program = ["/usr/sbin/nats-server", "/usr/bin/nats-server"];
    let program = program.into_iter().find(|file| Path::new(file).exists());
    let port_text = port.to_string();
    let child = Command::new(program.unwrap_or("nats-server"))
        .args(["--addr", "127.0.0.1", "--port", &port_text, "--user", "chat", "--pass", "p@ss"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nats-server can be run: install it (apt-get install nats-server)");
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < DEADLINE, "nats-server does not listen");
        std::thread::yield_now();
    }
    child
}
