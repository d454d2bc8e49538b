//! `chatapp rooms retention`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::{Named, find, label};
use crate::model::RoomChange;

const EXAMPLES: &str = "\
Examples:
  chatapp rooms retention general 30
  chatapp rooms retention archive forever
  chatapp rooms retention general default      uses retention.days";

/// Set how long a room's messages are kept
///
/// The server deletes older messages within the hour; `chatapp prune` deletes them at once.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    /// A number of days, `forever`, or `default`
    #[arg(value_name = "DAYS", value_parser = days)]
    days: Days,

    #[command(flatten)]
    output: Output,
}

/// `None`: the setting `retention.days` applies.
#[derive(Clone, Copy, Debug)]
struct Days(Option<u32>);

const MOST_DAYS: u32 = 36_500;

fn days(text: &str) -> Result<Days, String> {
    match text {
        "default" => Ok(Days(None)),
        "forever" => Ok(Days(Some(0))),
        text => match text.parse() {
            Ok(days @ 1..=MOST_DAYS) => Ok(Days(Some(days))),
            _ => Err(format!("give 1 to {MOST_DAYS}, `forever` or `default`")),
        },
    }
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let change = RoomChange { retention_days: Some(args.days.0), ..RoomChange::default() };
    let now = database.administer(|admin| admin.update_room(room.id, change))?.room;
    let text = match now.retention_days {
        Some(0) => format!("messages of {} are kept for ever", label(&now)),
        Some(days) => format!("messages of {} are kept for {days} days", label(&now)),
        None => format!("messages of {} are kept according to retention.days", label(&now)),
    };
    Ok(args.output.write_one(&now, &text)?)
}
