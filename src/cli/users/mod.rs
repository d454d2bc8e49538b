//! `chatapp users`: administration of accounts, one file per subcommand.

mod active;
mod delete;
mod find;
pub(super) mod link;
mod list;
mod reset_password;
mod revoke_sessions;
mod set_role;
mod show;

use clap::Subcommand;

use super::context::Context;
use super::output::counted;

pub(super) use find::{Named, find, label};

const EXAMPLES: &str = "\
Examples:
  chatapp users list --query example.com
  chatapp users set-role ann admin
  chatapp users reset-password ann --link --url https://chat.example.com
  chatapp users delete '#7' --dry-run

An account is given by its name, its email or its number: ann, ann@example.com, 7 or, in quotes for \
the shell, '#7'.";

/// Administer accounts: list, promote, deactivate, reset, delete
///
/// Works while a server runs; it closes the sockets of ended sessions within a second. `chatapp audit
/// list` shows what was done.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    SetRole(set_role::Args),
    Activate(active::ActivateArgs),
    Deactivate(active::DeactivateArgs),
    ResetPassword(reset_password::Args),
    RevokeSessions(revoke_sessions::Args),
    Delete(delete::Args),
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    match &args.command {
        Command::List(args) => list::run(args, context),
        Command::Show(args) => show::run(args, context),
        Command::SetRole(args) => set_role::run(args, context),
        Command::Activate(args) => active::activate(args, context),
        Command::Deactivate(args) => active::deactivate(args, context),
        Command::ResetPassword(args) => reset_password::run(args, context),
        Command::RevokeSessions(args) => revoke_sessions::run(args, context),
        Command::Delete(args) => delete::run(args, context),
    }
}

/// `1 session`, `2 sessions`.
fn sessions(count: u32) -> String {
    counted(count, "session")
}
