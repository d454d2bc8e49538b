//! `chatapp rooms show`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::list::creator_of;
use super::{Named, find};

const EXAMPLES: &str = "\
Examples:
  chatapp rooms show general
  chatapp rooms show '#7' --output json";

/// Show a room
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let archived_at = room.archived_at.map(|at| at.to_string());
    let text = format!(
        "id           {}\nname         {}\ndescription  {}\nhead seq     {}\ncreated by   {}\n\
         created at   {}\narchived at  {}",
        room.id,
        room.name,
        one_line(room.description.as_deref()),
        room.head_seq,
        creator_of(&database, &room)?,
        room.created_at,
        archived_at.as_deref().unwrap_or("-")
    );
    Ok(args.output.write_one(&room, &text)?)
}

fn one_line(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty()).unwrap_or("-").replace('\n', " ")
}
