//! `chatapp bots revoke`.

use serde_json::json;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::find_bot;
use crate::model::SessionId;

/// Revoke an API token of a bot
///
/// Within a second a running server refuses the token and closes its sockets.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The bot: its name or its number
    #[arg(value_name = "BOT")]
    bot: String,

    /// The token's id, from `chatapp bots tokens`
    #[arg(value_name = "ID", value_parser = parse_id)]
    id: SessionId,

    #[command(flatten)]
    output: Output,
}

fn parse_id(text: &str) -> Result<SessionId, &'static str> {
    text.parse().map_err(|()| "it takes 32 hexadecimal digits: see `chatapp bots tokens`")
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let bot = find_bot(&database, &args.bot)?;
    database.administer(|admin| admin.revoke_api_token(bot.user.id, args.id))?;
    let text = format!("the API token {} of {} was revoked", args.id, bot.user.username);
    Ok(args.output.write_one(&json!({ "id": args.id.to_string() }), &text)?)
}
