//! `chatapp rooms describe`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::{Named, find, label};
use crate::model::RoomChange;

const EXAMPLES: &str = "\
Examples:
  chatapp rooms describe general 'Everything and nothing'
  chatapp rooms describe general --none";

/// Change the description of a room
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    /// The description: at most 500 characters
    #[arg(value_name = "TEXT", required_unless_present = "none")]
    description: Option<String>,

    /// Remove the description
    #[arg(long, conflicts_with = "description")]
    none: bool,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let change =
        RoomChange { description: Some(args.description.clone()), ..RoomChange::default() };
    let now = database.administer(|admin| admin.update_room(room.id, change))?.room;
    let text = match &now.description {
        Some(description) => format!("{} is described as: {description}", label(&now)),
        None => format!("{} has no description now", label(&now)),
    };
    Ok(args.output.write_one(&now, &text)?)
}
