//! `chatapp rooms`: administration of rooms, one file per subcommand.

mod archive;
mod create;
mod delete;
mod describe;
mod find;
mod list;
mod rename;
mod retention;
mod show;

use clap::Subcommand;

use super::context::Context;

pub(super) use find::{Named, find, label};
pub(super) use list::{Args as ListArgs, run as list};

const EXAMPLES: &str = "\
Examples:
  chatapp rooms create general --description 'Everything and nothing'
  chatapp rooms rename general lobby
  chatapp rooms archive '#7'
  chatapp rooms delete plans --dry-run

A room is given by its name or by its number: general, 7 or, in quotes for the shell, '#7'.";

/// Administer rooms: create, rename, archive, delete
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
    List(list::Args),
    Create(create::Args),
    Show(show::Args),
    Rename(rename::Args),
    Describe(describe::Args),
    Archive(archive::ArchiveArgs),
    Unarchive(archive::UnarchiveArgs),
    Retention(retention::Args),
    Delete(delete::Args),
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    match &args.command {
        Command::List(args) => list::run(args, context),
        Command::Create(args) => create::run(args, context),
        Command::Show(args) => show::run(args, context),
        Command::Rename(args) => rename::run(args, context),
        Command::Describe(args) => describe::run(args, context),
        Command::Archive(args) => archive::archive(args, context),
        Command::Unarchive(args) => archive::unarchive(args, context),
        Command::Retention(args) => retention::run(args, context),
        Command::Delete(args) => delete::run(args, context),
    }
}
