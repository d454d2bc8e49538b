//! `chatapp rooms archive` and `chatapp rooms unarchive`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::{Named, find, label};
use crate::model::RoomChange;

const ARCHIVE_EXAMPLES: &str = "\
Examples:
  chatapp rooms archive plans";

const UNARCHIVE_EXAMPLES: &str = "\
Examples:
  chatapp rooms unarchive plans";

/// Make a room read-only: no messages can be sent to it
#[derive(Debug, clap::Args)]
#[command(after_help = ARCHIVE_EXAMPLES)]
pub(super) struct ArchiveArgs {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    output: Output,
}

/// Let messages be sent to an archived room again
#[derive(Debug, clap::Args)]
#[command(after_help = UNARCHIVE_EXAMPLES)]
pub(super) struct UnarchiveArgs {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    output: Output,
}

pub(super) fn archive(args: &ArchiveArgs, context: &Context) -> anyhow::Result<()> {
    set(&args.named, true, "is archived", &args.output, context)
}

pub(super) fn unarchive(args: &UnarchiveArgs, context: &Context) -> anyhow::Result<()> {
    set(&args.named, false, "is not archived", &args.output, context)
}

fn set(
    named: &Named,
    is_archived: bool,
    state: &str,
    output: &Output,
    context: &Context,
) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &named.room)?;
    let change = RoomChange { is_archived: Some(is_archived), ..RoomChange::default() };
    let now = database.administer(|admin| admin.update_room(room.id, change))?.room;
    let when = if room.archived_at.is_some() == is_archived { "already" } else { "now" };
    Ok(output.write_one(&now, &format!("{} {state} {when}", label(&now)))?)
}
