//! `chatapp invites`: links that let people sign up or enter a room, one file per subcommand.

mod create;
mod list;
mod revoke;

use clap::Subcommand;

use super::context::Context;

const EXAMPLES: &str = "\
Examples:
  chatapp invites create --uses 1
  chatapp invites create --room general --expires 30d
  chatapp invites list
  chatapp invites revoke 7";

/// Administer invites: links that let people sign up, or enter a room
///
/// With `auth.signup = "invite"` people need such a link to sign up. `chatapp audit list` shows what was
/// done.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::Args),
    List(list::Args),
    Revoke(revoke::Args),
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    match &args.command {
        Command::Create(args) => create::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Revoke(args) => revoke::run(args, context),
    }
}
