//! `chatapp outgoing-hooks create`.

use super::super::bots::find_bot;
use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Output, note};
use super::super::rooms::find;
use crate::chat::FilterDraft;

const EXAMPLES: &str = "\
Examples:
  chatapp outgoing-hooks create shop https://shop.example.com/chat-events
  chatapp outgoing-hooks create shop https://shop.example.com/chat-events --kind message --room support";

/// Make an outgoing webhook, and print its secret
///
/// From now on, what happens in the rooms that the bot may read is sent to the URL, signed by the Standard Webhooks
/// specification. The secret, which verifies the signatures, is shown only now.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The bot whose rights decide which rooms are read: its name or its number
    #[arg(value_name = "BOT")]
    bot: String,

    /// Where the events are sent
    #[arg(value_name = "URL")]
    url: String,

    /// A kind of event that is sent, such as message; may be repeated [default: all kinds]
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,

    /// A room whose events are sent: its name, or its number (#7 or 7); may be repeated [default: all that the bot may read]
    #[arg(long = "room", value_name = "ROOM")]
    rooms: Vec<String>,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let bot = find_bot(&database, &args.bot)?;
    let mut room_ids = Vec::new();
    for name in &args.rooms {
        room_ids.push(find(&database, name)?.id);
    }
    let filter = FilterDraft {
        kinds: (!args.kinds.is_empty()).then(|| args.kinds.clone()),
        room_ids: (!room_ids.is_empty()).then_some(room_ids),
    };
    let made =
        database.administer(|admin| admin.create_outgoing_hook(bot.user.id, &args.url, filter))?;
    note(&format!("the secret of outgoing webhook #{}; it verifies signatures:", made.hook.id));
    Ok(args.output.write_one(&made, &made.secret)?)
}
