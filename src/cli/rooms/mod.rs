//! `chatapp rooms`: administration of rooms, one file per subcommand.

mod add;
mod announce;
mod archive;
mod ban;
mod change;
mod create;
mod delete;
mod describe;
mod find;
mod kind;
mod list;
mod members;
mod mute;
mod remove;
mod rename;
mod retention;
mod role;
mod rules;
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
  chatapp rooms owner plans ann
  chatapp rooms delete plans --dry-run

A room is given by its name or by its number: general, 7 or, in quotes for the shell, '#7'. A name finds \
the public room, or else the only private one that has it. Direct rooms have numbers only.";

/// The roles of members.
const ROLES: [&str; 3] = ["member", "moderator", "owner"];

/// Administer rooms and their members: create, rename, add, ban, delete
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
    Kind(kind::Args),
    Rules(rules::Args),
    Members(members::Args),
    Add(add::Args),
    Remove(remove::Args),
    Role(role::RoleArgs),
    Owner(role::OwnerArgs),
    Mute(mute::MuteArgs),
    Unmute(mute::UnmuteArgs),
    Ban(ban::BanArgs),
    Unban(ban::UnbanArgs),
    Bans(ban::BansArgs),
    Announce(announce::Args),
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
        Command::Kind(args) => kind::run(args, context),
        Command::Rules(args) => rules::run(args, context),
        Command::Members(args) => members::run(args, context),
        Command::Add(args) => add::run(args, context),
        Command::Remove(args) => remove::run(args, context),
        Command::Role(args) => role::set_role(args, context),
        Command::Owner(args) => role::set_owner(args, context),
        Command::Mute(args) => mute::mute(args, context),
        Command::Unmute(args) => mute::unmute(args, context),
        Command::Ban(args) => ban::ban(args, context),
        Command::Unban(args) => ban::unban(args, context),
        Command::Bans(args) => ban::list(args, context),
        Command::Announce(args) => announce::run(args, context),
        Command::Delete(args) => delete::run(args, context),
    }
}
