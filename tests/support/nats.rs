//! A NATS server for tests: the real program, at an address of its own.
#![allow(dead_code, reason = "not every test binary uses it")]

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::DEADLINE;
use super::postgres::own_address;

/// A running NATS server that wants a password. Dropping this value ends it.
pub struct Nats {
    address: SocketAddr,
    child: Child,
}

impl Nats {
    pub fn start() -> Self {
        let address = own_address();
        Self { address, child: run(address) }
    }

    /// The URL with user and password; the password has an @.
    pub fn url(&self) -> String {
        format!("nats://chat:p%40ss@{}", self.address)
    }

    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again at the same address.
    pub fn restart(&mut self) {
        self.stop();
        self.child = run(self.address);
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(address: SocketAddr) -> Child {
    // Debian installs it where PATH may not look.
    let program = ["/usr/sbin/nats-server", "/usr/bin/nats-server"];
    let program = program.into_iter().find(|file| Path::new(file).exists());
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let child = Command::new(program.unwrap_or("nats-server"))
        .args(["--addr", &ip, "--port", &port, "--user", "chat", "--pass", "p@ss"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nats-server can be run: install it (apt-get install nats-server)");
    let began = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(began.elapsed() < DEADLINE, "nats-server does not listen");
        std::thread::yield_now();
    }
    child
}
