//! `chatapp bots tokens`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Listing, Output};
use super::find_bot;
use crate::model::{ApiToken, RoomId};

/// List the API tokens of a bot
///
/// Newest first, without the tokens themselves. Those that were revoked or have expired are left out.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The bot: its name or its number
    #[arg(value_name = "BOT")]
    bot: String,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let bot = find_bot(&database, &args.bot)?;
    let tokens = database.administer(|admin| admin.list_api_tokens(bot.user.id))?;
    Ok(args.output.write(&Listing {
        rows: &tokens,
        headers: &["id", "name", "scopes", "rooms", "created at", "expires at", "last used at"],
        cells: &|token: &ApiToken| {
            let time = |at: Option<crate::model::Timestamp>| at.map(|at| at.to_string());
            vec![
                token.id.to_string(),
                token.name.clone(),
                token.scopes.to_string(),
                token.room_ids.as_deref().map(rooms).unwrap_or_else(|| "all".to_owned()),
                token.created_at.to_string(),
                time(token.expires_at).unwrap_or_default(),
                time(token.last_used_at).unwrap_or_default(),
            ]
        },
        empty: "this bot has no API tokens: `chatapp bots token` makes one",
    })?)
}

fn rooms(ids: &[RoomId]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("#{id}")).collect();
    ids.join(" ")
}
