//! `chatapp rooms remove`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::super::users;
use super::change::{change, report};
use super::{Named, find, label};
use crate::model::{LeaveCause, MemberAct};

const EXAMPLES: &str = "\
Examples:
  chatapp rooms remove plans bo
  chatapp rooms remove plans bo --reason 'has left the company'";

/// End an account's membership of a room
///
/// The account can become a member again: `chatapp rooms ban` prevents that.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    user: users::Named,

    /// The reason, which the members of the room can read
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &args.named.room)?;
    let user = users::find(&database, &args.user.user)?.user;
    let act = MemberAct::Leave { user_id: user.id, cause: LeaveCause::Removed };
    let events = change(&database, &room, args.reason.as_ref(), act)?;
    let done = format!("{} is no longer a member of {}", users::label(&user), label(&room));
    report(&args.output, &events, &done, &done)
}
