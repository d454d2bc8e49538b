//! `chatapp index`: the index of messages, which searches use.

use clap::Subcommand;

use super::confirm::Confirm;
use super::context::Context;
use super::database::Database;
use super::output::{Output, counted};
use crate::model::IndexStatus;

const EXAMPLES: &str = "\
Examples:
  chatapp index status
  chatapp index rebuild";

/// The index of messages: its state, and making it again
///
/// A running server brings new messages into the index about a second after they were sent. All of these commands work
/// while servers run.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Status(StatusArgs),
    Rebuild(RebuildArgs),
}

/// Show how far the index is behind the logs
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct StatusArgs {
    #[command(flatten)]
    output: Output,
}

/// Empty the index, so that the running server makes it again
///
/// Searches find fewer messages until that is done, and say so: about a minute for a million messages, longer on a busy
/// server. Nothing else changes. It is needed only if the index is damaged, or to remove the words of deleted messages
/// from the files.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct RebuildArgs {
    #[command(flatten)]
    confirm: Confirm,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    match &args.command {
        Command::Status(args) => status(args, context),
        Command::Rebuild(args) => rebuild(args, context),
    }
}

fn status(args: &StatusArgs, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let status = database.run(|backend| backend.get_index_status())?;
    Ok(args.output.write_one(&status, &shown(&status))?)
}

fn rebuild(args: &RebuildArgs, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let status = database.run(|backend| backend.get_index_status())?;
    args.confirm.ask(&format!(
        "the index has {}; it will be made again, and searches find less meanwhile",
        counted(status.messages, "message")
    ))?;
    database.run(|backend| backend.clear_index())?;
    let status = database.run(|backend| backend.get_index_status())?;
    let text = "the index is empty; the running server, or the next one, makes it again: see \
                `chatapp index status`";
    Ok(args.output.write_one(&status, text)?)
}

/// One line for each figure.
fn shown(status: &IndexStatus) -> String {
    let IndexStatus { messages, rooms_behind, events_behind, size_bytes } = status;
    format!(
        "messages       {messages}\nsize           {} KiB\nrooms behind   {rooms_behind}\n\
         events behind  {events_behind}",
        size_bytes / 1024
    )
}
