//! `chatapp rooms rename`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::{Named, find, label};
use crate::model::RoomChange;

const EXAMPLES: &str = "\
Examples:
  chatapp rooms rename general lobby
  chatapp rooms rename '#7' plans";

/// Give a room another name
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    /// The new name: 1 to 64 characters, unique among the public rooms, or among the private ones of the
    /// creator; case is ignored
    #[arg(value_name = "NAME")]
    name: String,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let change = RoomChange { name: Some(args.name.clone()), ..RoomChange::default() };
    let now = database.administer(|admin| admin.update_room(room.id, change))?.room;
    let text = match now.name == room.name {
        true => format!("{} already has this name", label(&room)),
        false => format!("{} is now called {}", label(&room), now.name),
    };
    Ok(args.output.write_one(&now, &text)?)
}
