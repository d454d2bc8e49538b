//! `chatapp outgoing-hooks replay`.

use serde_json::json;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::super::rooms::find;
use super::parse_id;
use crate::model::{OutgoingHookId, Replay, Seq};

const EXAMPLES: &str = "\
Examples:
  chatapp outgoing-hooks replay 1                          # try again what failed, at once
  chatapp outgoing-hooks replay 1 --room support --after 0   # deliver everything of the room again
  chatapp outgoing-hooks replay 1 --room support --after 41  # go on after event 41";

/// Try again what could not be delivered, or deliver events of a room again
///
/// Also tries again where it was given up after three days of failures.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The webhook's number, as `chatapp outgoing-hooks list` shows it
    #[arg(value_name = "ID", value_parser = parse_id)]
    id: OutgoingHookId,

    /// Only in this room: its name, or its number (#7 or 7)
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,

    /// The events of the room after this position are delivered next
    #[arg(long, value_name = "SEQ", requires = "room")]
    after: Option<i64>,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = args.room.as_deref().map(|name| find(&database, name)).transpose()?;
    let replay = match (room, args.after) {
        (None, _) => Replay::Failed,
        (Some(room), None) => Replay::FailedOf(room.id),
        (Some(room), Some(seq)) => Replay::After(room.id, Seq(seq)),
    };
    database.administer(|admin| admin.replay_outgoing_hook(args.id, replay))?;
    let id = args.id;
    let text = format!("outgoing webhook #{id} goes on within a few seconds");
    Ok(args.output.write_one(&json!({ "id": id }), &text)?)
}
