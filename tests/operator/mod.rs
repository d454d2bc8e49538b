//! Commands with which an operator observes a server (`stats`, `health`, `tail`, `doctor`), and the errors for
//! a database that cannot be used.

mod doctor;
mod figures;
mod health;
mod moved;
mod openmetrics;
mod pooler;
mod postgres_tls;
mod secured;
mod signals;
mod tail;
mod unfit;

use std::process::{Command, Output};

use crate::support::Server;
use serde_json::Value;

/// A command that has ended.
#[derive(Debug)]
struct Done {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Done {
    /// Runs a command to its end.
    async fn of(mut command: Command) -> Self {
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
        Self::from(output.expect("the program runs"))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("no signal ended it"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// Runs a command in the target's folder for temporary files. Its environment contains only the database and an
/// address.
fn on(url: &str, arguments: &[&str]) -> Done {
    Done::from(command_on(url, arguments).output().expect("the program runs"))
}

fn command_on(url: &str, arguments: &[&str]) -> Command {
    // A command that does not end fails the test instead of blocking it. In the foreground, `timeout` passes a signal on
    // once; otherwise twice, and the second one ends a server at once.
    let mut command = Command::new("timeout");
    command.args(["--foreground", "60", env!("CARGO_BIN_EXE_chatapp")]).args(arguments);
    command.current_dir(env!("CARGO_TARGET_TMPDIR")).env_clear();
    command.env("DATABASE_URL", url).env("CHATAPP_HTTP__BIND", "127.0.0.1:0");
    command
}

/// Returns a command with this server's settings, and the address on which the server listens.
fn beside(server: &Server, arguments: &[&str]) -> Command {
    let mut command = server.command(arguments);
    command.env("CHATAPP_HTTP__BIND", server.own_address().to_string());
    command
}
