//! `chatapp hooks`: webhooks by which other programs send to rooms, one file per subcommand.

mod create;
mod delete;
mod list;

use clap::Subcommand;

use super::context::Context;

const EXAMPLES: &str = "\
Examples:
  chatapp hooks create alerts Grafana --url https://chat.example.com
  chatapp hooks list --room alerts
  chatapp hooks delete 9";

/// Administer webhooks: URLs by which other programs send to a room
///
/// They take what programs send to Slack's incoming webhooks. Works while a server runs. `chatapp audit list` shows what
/// was done.
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
    Delete(delete::Args),
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    match &args.command {
        Command::Create(args) => create::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Delete(args) => delete::run(args, context),
    }
}
