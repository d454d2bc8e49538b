//! The command line: one file per subcommand, each with its `Args` and `run`.
//!
//! The rules of the chat are not here but in `crate::chat`. Every command except `serve` works in one
//! thread without an async runtime, because the databases' drivers block.

mod acting;
mod administer;
mod ask;
mod audit;
mod bench;
mod bots;
mod completions;
mod config;
mod confirm;
mod context;
mod create_admin;
mod data;
mod database;
mod doctor;
mod health;
mod hooks;
mod index;
mod invites;
mod man;
mod messages;
mod migrate;
mod nearest;
mod nodes;
mod openapi;
mod outgoing_hooks;
mod output;
mod password;
mod rooms;
mod search;
mod serve;
mod sessions;
mod stats;
mod tail;
mod until;
mod users;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::context::{Context, Global};
use crate::logging;

const EXAMPLES: &str = "\
Examples:
  chatapp serve                               a server on http://127.0.0.1:8000, with SQLite
  chatapp serve --bind 0.0.0.0:80             the same, reachable from other machines
  chatapp create-admin --username ann --email ann@example.com
  chatapp list-rooms --output json
  chatapp users reset-password ann
  chatapp rooms archive plans

Settings come from flags, then the environment (CHATAPP_HTTP__BIND, CHATAPP_DATABASE__URL or \
DATABASE_URL, and so on), then chatapp.toml, then the defaults. The first source that has a \
setting decides. `chatapp config show` lists all settings. Put a database URL with a password into \
the environment or the file, not into a flag: every user of the machine can see flags.";

/// A complete chat backend in one binary.
///
/// `chatapp serve` in an empty folder is a working server with an embedded SQLite database.
/// Give it a PostgreSQL URL when you outgrow one machine.
#[derive(Debug, Parser)]
#[command(name = "chatapp", version, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Migrate(migrate::Args),
    CreateAdmin(create_admin::Args),
    /// List the rooms: the same as `chatapp rooms list`
    ListRooms(rooms::ListArgs),
    Rooms(rooms::Args),
    Messages(messages::Args),
    Search(search::Args),
    Index(index::Args),
    Users(users::Args),
    Invites(invites::Args),
    Bots(bots::Args),
    Hooks(hooks::Args),
    OutgoingHooks(outgoing_hooks::Args),
    Sessions(sessions::Args),
    Audit(audit::Args),
    Backup(data::backup::Args),
    Restore(data::restore::Args),
    Export(data::export::Args),
    Import(data::import::Args),
    Copy(data::copy::Args),
    Prune(data::prune::Args),
    Tail(tail::Args),
    Nodes(nodes::Args),
    Stats(stats::Args),
    Health(health::Args),
    Doctor(doctor::Args),
    Bench(bench::Args),
    Config(config::Args),
    Openapi(openapi::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Cli {
    /// # Errors
    /// A sentence for the operator; give it to [`report`].
    pub fn run(self, environment: Vec<(OsString, OsString)>) -> anyhow::Result<()> {
        let context = Context::new(self.global, environment);
        if !matches!(self.command, Command::Serve(_)) {
            logging::init_for_command();
        }
        match self.command {
            Command::Serve(args) => serve::run(args, &context),
            Command::Migrate(args) => migrate::run(&args, &context),
            Command::CreateAdmin(args) => create_admin::run(args, &context),
            Command::ListRooms(args) => rooms::list(&args, &context),
            Command::Rooms(args) => rooms::run(&args, &context),
            Command::Messages(args) => messages::run(&args, &context),
            Command::Search(args) => search::run(&args, &context),
            Command::Index(args) => index::run(&args, &context),
            Command::Users(args) => users::run(&args, &context),
            Command::Invites(args) => invites::run(&args, &context),
            Command::Bots(args) => bots::run(&args, &context),
            Command::Hooks(args) => hooks::run(&args, &context),
            Command::OutgoingHooks(args) => outgoing_hooks::run(&args, &context),
            Command::Sessions(args) => sessions::run(&args, &context),
            Command::Audit(args) => audit::run(&args, &context),
            Command::Backup(args) => data::backup::run(&args, &context),
            Command::Restore(args) => data::restore::run(&args, &context),
            Command::Export(args) => data::export::run(&args, &context),
            Command::Import(args) => data::import::run(&args, &context),
            Command::Copy(args) => data::copy::run(&args, &context),
            Command::Prune(args) => data::prune::run(&args, &context),
            Command::Tail(args) => tail::run(&args, &context),
            Command::Nodes(args) => nodes::run(&args, &context),
            Command::Stats(args) => stats::run(&args, &context),
            Command::Health(args) => health::run(&args, &context),
            Command::Doctor(args) => doctor::run(&args, &context),
            Command::Bench(args) => bench::run(&args, &context),
            Command::Config(args) => config::run(&args, &context),
            Command::Openapi(args) => openapi::run(&args),
            Command::Completions(args) => completions::run(&args),
            Command::Man(args) => man::run(&args),
        }
    }
}

/// Writes an error to stderr, one line for each problem, and returns the exit code. If the reader of
/// stdout has ended, as in `chatapp list-rooms | head -1`, that is not an error.
pub fn report(error: &anyhow::Error) -> ExitCode {
    let reader_left = error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
    });
    if reader_left {
        return ExitCode::SUCCESS;
    }
    let mut stderr = io::stderr().lock();
    for line in format!("{error:#}").lines() {
        // If stderr is closed, the error cannot be shown.
        let _ = writeln!(stderr, "error: {line}");
    }
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_well_formed() {
        super::Cli::command().debug_assert();
    }
}
