//! `chatapp rooms mute` and `chatapp rooms unmute`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::super::{until, users};
use super::change::{change, report};
use super::{Named, find, label};
use crate::model::{MemberAct, Timestamp};

const MUTE_EXAMPLES: &str = "\
Examples:
  chatapp rooms mute general bo --until 12h
  chatapp rooms mute general bo --until 2030-01-31T10:30:00Z --reason 'shouting'";

const UNMUTE_EXAMPLES: &str = "\
Examples:
  chatapp rooms unmute general bo";

/// Let a member of a room read but not send
#[derive(Debug, clap::Args)]
#[command(after_help = MUTE_EXAMPLES)]
pub(super) struct MuteArgs {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    user: users::Named,

    /// The end: 30m, 12h, 7d, or a time
    #[arg(long, value_name = "TIME", value_parser = until::parse)]
    until: Timestamp,

    /// The reason, which the members of the room can read
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    output: Output,
}

/// Let a muted member send again
#[derive(Debug, clap::Args)]
#[command(after_help = UNMUTE_EXAMPLES)]
pub(super) struct UnmuteArgs {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    user: users::Named,

    #[command(flatten)]
    output: Output,
}

pub(super) fn mute(args: &MuteArgs, context: &Context) -> anyhow::Result<()> {
    let state = format!("cannot send until {}", args.until);
    set(&args.named, &args.user, (args.until, args.reason.as_ref()), &state, &args.output, context)
}

pub(super) fn unmute(args: &UnmuteArgs, context: &Context) -> anyhow::Result<()> {
    set(&args.named, &args.user, (Timestamp(0), None), "can send again", &args.output, context)
}

fn set(
    named: &Named,
    who: &users::Named,
    (until, reason): (Timestamp, Option<&String>),
    state: &str,
    output: &Output,
    context: &Context,
) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &named.room)?;
    let user = users::find(&database, &who.user)?.user;
    let events = change(&database, &room, reason, MemberAct::Mute { user_id: user.id, until })?;
    let done = format!("{} {state} in {}", users::label(&user), label(&room));
    report(output, &events, &done, &done)
}
