//! `chatapp rooms announce`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::{Named, find, label};
use crate::chat::Draft;

const EXAMPLES: &str = "\
Examples:
  chatapp rooms announce general 'The server restarts at noon.'
  chatapp rooms announce '#7' 'Order 42 was sent.' --client-id order-42-sent";

/// Send a message of the server itself
///
/// The author of the message is user 0, (server). Nothing can be sent to an archived room or to a direct room.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    /// The text, in markdown. People whose usernames are in it are mentioned
    #[arg(value_name = "TEXT")]
    text: String,

    /// A name for the message, 1 to 64 visible ASCII characters: a message with the same name is stored once
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let settings = context.settings(None)?;
    let database = Database::open_current(&settings)?;
    let room = find(&database, &args.named.room)?;
    let (content, client_id) = (args.text.clone(), args.client_id.clone());
    let draft = Draft { room_id: room.id, content, client_id, extras: None };
    let max_chars = settings.config.limits.message_chars;
    let sent = database.administer(|admin| admin.announce(&draft, max_chars))?;
    let text = match sent.duplicate {
        true => format!("{} has this message already", label(&room)),
        false => format!("the message was sent to {}", label(&room)),
    };
    Ok(args.output.write_one(&sent.message, &text)?)
}
