//! `chatapp outgoing-hooks`: webhooks by which other programs are told what happens.

mod change;
mod create;
mod deliveries;
mod list;
mod replay;

use clap::Subcommand;

use super::context::Context;
use crate::model::OutgoingHookId;

const EXAMPLES: &str = "\
Examples:
  chatapp bots create shop --scopes read
  chatapp outgoing-hooks create shop https://shop.example.com/chat-events --kind message
  chatapp outgoing-hooks list
  chatapp outgoing-hooks deliveries 1
  chatapp outgoing-hooks replay 1";

/// Administer outgoing webhooks: URLs that are told what happens in rooms
///
/// Each belongs to a bot, whose rights decide which rooms are read. Works while a server runs. `chatapp audit list` shows
/// what was done.
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
    Deliveries(deliveries::Args),
    Replay(replay::Args),
    /// Send nothing to a webhook for now; what happens meanwhile is sent later
    Pause(change::Args),
    /// Go on sending to a webhook that is paused
    Resume(change::Args),
    /// Give a webhook another secret, and print it; requests are signed with both for a day
    RotateSecret(change::Args),
    /// Delete a webhook
    Delete(change::Args),
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    match &args.command {
        Command::Create(args) => create::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Deliveries(args) => deliveries::run(args, context),
        Command::Replay(args) => replay::run(args, context),
        Command::Pause(args) => change::pause(args, context, true),
        Command::Resume(args) => change::pause(args, context, false),
        Command::RotateSecret(args) => change::rotate_secret(args, context),
        Command::Delete(args) => change::delete(args, context),
    }
}

fn parse_id(text: &str) -> Result<OutgoingHookId, String> {
    let number = text.strip_prefix('#').unwrap_or(text);
    number.parse().map(OutgoingHookId).map_err(|_| "give the number of a webhook".to_owned())
}
