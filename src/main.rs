//! Parses the command line and runs the command. Exit codes: 0 success, 1 failure, 2 wrong usage.

use std::process::ExitCode;

use chatapp::cli::{self, Cli};
use clap::Parser;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.run(std::env::vars_os().collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::report(&error),
    }
}
