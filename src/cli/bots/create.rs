//! `chatapp bots create`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::token::{TokenArgs, announce};
use crate::chat::BotDraft;
use crate::model::Role;

const EXAMPLES: &str = "\
Examples:
  chatapp bots create deploys --scopes read,send
  chatapp bots create grafana --display-name Grafana --scopes send --room alerts
  TOKEN=$(chatapp bots create backup --scopes read --admin)";

/// Make a bot, and print its first API token
///
/// A bot is an account of a program: it has no password, and its messages are marked. The token is shown only now.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The name, unique as that of a person
    #[arg(value_name = "NAME")]
    username: String,

    /// The name that is shown in place of NAME
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,

    /// Make the bot an admin, which the scope `admin` needs
    #[arg(long)]
    admin: bool,

    #[command(flatten)]
    token: TokenArgs,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let bot = BotDraft {
        username: args.username.clone(),
        display_name: args.display_name.clone(),
        role: if args.admin { Role::Admin } else { Role::User },
    };
    let token = args.token.draft(&database)?;
    let made = database.administer(|admin| admin.create_bot(bot, token))?;
    announce(&made.username, &made.token);
    Ok(args.output.write_one(&made, &made.token.token)?)
}
