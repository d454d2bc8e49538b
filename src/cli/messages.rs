//! `chatapp messages`: administering messages.

use clap::Subcommand;

use super::acting::Acting;
use super::confirm::Confirm;
use super::context::Context;
use super::database::Database;
use super::output::Output;
use super::rooms::{Named, find, label};
use crate::model::{Clock, EventId, NewMessageChange};

const EXAMPLES: &str = "\
Examples:
  chatapp messages delete general 4711
  chatapp messages delete '#7' 4711 --as ann --yes";

/// Administer messages: delete
///
/// Works while a server runs; it notifies the room's sockets within a second. `chatapp audit list`
/// shows what was done.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Delete(DeleteArgs),
}

/// Delete a message for good
///
/// The message keeps its place, without its text. The room's log names the admin who deleted it, given
/// with --as.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct DeleteArgs {
    #[command(flatten)]
    named: Named,

    /// The message's number, `id` in the API
    #[arg(value_name = "MESSAGE_ID")]
    message_id: i64,

    #[command(flatten)]
    acting: Acting,

    #[command(flatten)]
    confirm: Confirm,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    match &args.command {
        Command::Delete(args) => delete(args, context),
    }
}

fn delete(args: &DeleteArgs, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let id = EventId(args.message_id);
    let message = database.administer(|admin| admin.get_message(room.id, id))?;
    let what = format!(
        "message {id} of {} in {}, sent {}",
        message.username,
        label(&room),
        message.timestamp
    );
    if message.deleted_at.is_some() {
        return Ok(args.output.write_one(&message, &format!("{what}, is deleted already"))?);
    }
    let by = args.acting.find(&database)?;
    args.confirm.ask(&format!("{what}, will be deleted for good"))?;
    let change = NewMessageChange {
        room_id: room.id,
        message_id: id,
        user_id: by.id,
        username: by.username.into(),
        // The servers look it up when they read the event.
        display_name: None,
        timestamp: Clock::System.now(),
    };
    let changed = database.administer(|admin| admin.delete_message(change))?;
    Ok(args.output.write_one(&changed.message, &format!("{what}, is deleted"))?)
}
