//! `chatapp bots`: the accounts of programs and their API tokens, one file per subcommand.

mod create;
mod list;
mod revoke;
mod token;
mod tokens;

use clap::Subcommand;

use super::context::Context;
use super::database::Database;
use super::users::find;
use crate::model::Account;

const EXAMPLES: &str = "\
Examples:
  chatapp bots create deploys --scopes read,send
  chatapp bots create grafana --scopes send --room alerts
  chatapp bots token deploys --scopes read --expires 90d
  chatapp bots tokens deploys
  chatapp bots revoke deploys 8f14e45fceea167a5a36dedd4bea2543

`chatapp users` deactivates and deletes bots, as other accounts.";

/// Administer bots: accounts of programs, which sign in with API tokens
///
/// Works while a server runs; a revoked token is refused and its sockets are closed within a second.
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
    Token(token::Args),
    Tokens(tokens::Args),
    Revoke(revoke::Args),
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    match &args.command {
        Command::Create(args) => create::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Token(args) => token::run(args, context),
        Command::Tokens(args) => tokens::run(args, context),
        Command::Revoke(args) => revoke::run(args, context),
    }
}

/// The account of the bot of this name or number.
pub(super) fn find_bot(database: &Database, name: &str) -> anyhow::Result<Account> {
    let account = find(database, name)?;
    anyhow::ensure!(account.user.is_bot, "{name} is not a bot: `chatapp bots list` lists the bots");
    Ok(account)
}
