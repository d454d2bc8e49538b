//! `chatapp rooms delete`.

use std::thread;
use std::time::Instant;

use serde_json::json;

use super::super::confirm::Confirm;
use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Output, counted, note};
use super::{Named, find, label};
use crate::chat::PURGE_PAUSES;

const EXAMPLES: &str = "\
Examples:
  chatapp rooms delete plans --dry-run
  chatapp rooms delete '#7' --yes --output json";

/// From this number of messages on, the deletion takes so long that the operator is informed.
const MANY: u64 = 10_000;

/// Delete a room and its messages for good
///
/// All users lose the room at once. Its messages are then deleted in small steps, so that a running server
/// is not delayed. If the command is interrupted, a server completes the deletion. To make a room
/// read-only instead, use `chatapp rooms archive`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    /// Show what would be deleted; change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    confirm: Confirm,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let count = || database.run(|backend| backend.count_messages(room.id));
    let what = |count| format!("{} and its {}", label(&room), counted(count, "message"));
    let result = |count: u64| json!({ "id": room.id, "name": room.name, "messages": count });
    let expected = count()?;
    if args.dry_run {
        let text = format!("{} would be deleted", what(expected));
        return Ok(args.output.write_one(&result(expected), &text)?);
    }
    args.confirm.ask(&format!("{} will be deleted for good", what(expected)))?;
    // Messages may have come while the question was open.
    let count = count()?;
    database.administer(|admin| admin.delete_room(room.id))?;
    if count >= MANY {
        note("the room is gone; its messages are being deleted, which takes a while");
    }
    if let Err(error) = purge(&database) {
        note(&format!("{error}: the next server that runs will delete the remaining messages"));
    }
    Ok(args.output.write_one(&result(count), &format!("{} are deleted", what(count)))?)
}

/// Deletes the room's messages with the same pauses as a server makes, because a server may be running.
fn purge(database: &Database) -> anyhow::Result<()> {
    loop {
        let started = Instant::now();
        if !database.administer(|admin| admin.purge_deleted_rooms())? {
            return Ok(());
        }
        thread::sleep(PURGE_PAUSES * started.elapsed());
    }
}
