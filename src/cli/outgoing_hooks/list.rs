//! `chatapp outgoing-hooks list`.

use super::super::bots::find_bot;
use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Listing, Output};
use crate::model::OutgoingHook;

/// List the outgoing webhooks, and which of them fail
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only webhooks of this bot: its name or its number
    #[arg(long, value_name = "BOT")]
    bot: Option<String>,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let bot = args.bot.as_deref().map(|name| find_bot(&database, name)).transpose()?;
    let bot = bot.map(|bot| bot.user.id);
    let hooks = database.administer(|admin| admin.list_outgoing_hooks(bot))?;
    Ok(args.output.write(&Listing {
        rows: &hooks,
        headers: &["id", "bot", "url", "state", "failing rooms", "parked rooms", "created at"],
        cells: &|hook: &OutgoingHook| {
            vec![
                hook.id.to_string(),
                format!("#{}", hook.user_id),
                hook.url.clone(),
                state(hook).to_owned(),
                hook.failing_rooms.to_string(),
                hook.parked_rooms.to_string(),
                hook.created_at.to_string(),
            ]
        },
        empty: "there are no outgoing webhooks: `chatapp outgoing-hooks create` makes one",
    })?)
}

fn state(hook: &OutgoingHook) -> &'static str {
    match (hook.paused_at, hook.is_gone) {
        (Some(_), true) => "gone (410)",
        (Some(_), false) => "paused",
        (None, _) if hook.failing_rooms > 0 => "failing",
        (None, _) => "active",
    }
}
