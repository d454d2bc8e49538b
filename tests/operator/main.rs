//! What an operator sees of a server: its figures, its health, its room's logs at the terminal, and
//! what the doctor says.

#[path = "../support/mod.rs"]
mod support;

mod doctor;
mod figures;
mod health;
mod moved;
mod openmetrics;
mod signals;
mod tail;

use std::process::{Command, Output};

use serde_json::Value;
use support::Server;

/// A command that has ended.
#[derive(Debug)]
struct Done {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Done {
    /// Runs it to its end.
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

/// A command beside this server, with settings that say where it listens.
fn beside(server: &Server, arguments: &[&str]) -> Command {
    let mut command = server.command(arguments);
    command.env("CHATAPP_HTTP__BIND", server.own_address().to_string());
    command
}
