//! `chatapp rooms role` and `chatapp rooms owner`.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::super::users;
use super::change::{change, report};
use super::{Named, ROLES, find, label};
use crate::model::{MemberAct, RoomRole};

const ROLE_EXAMPLES: &str = "\
Examples:
  chatapp rooms role plans bo moderator
  chatapp rooms role plans bo member";

const OWNER_EXAMPLES: &str = "\
Examples:
  chatapp rooms owner general ann";

/// Give a member of a room another role in it
///
/// A room keeps at least one owner. `chatapp rooms owner` makes somebody the only owner.
#[derive(Debug, clap::Args)]
#[command(after_help = ROLE_EXAMPLES)]
pub(super) struct RoleArgs {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    user: users::Named,

    /// The new role
    #[arg(value_name = "ROLE", value_parser = PossibleValuesParser::new(ROLES)
        .map(|word| word.parse::<RoomRole>().unwrap_or_default()))]
    role: RoomRole,

    #[command(flatten)]
    output: Output,
}

/// Make an account the only owner of a room
///
/// Other owners become moderators. The account becomes a member if it is none. Rooms that an earlier version
/// has created have no owner until one is appointed.
#[derive(Debug, clap::Args)]
#[command(after_help = OWNER_EXAMPLES)]
pub(super) struct OwnerArgs {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    user: users::Named,

    #[command(flatten)]
    output: Output,
}

pub(super) fn set_role(args: &RoleArgs, context: &Context) -> anyhow::Result<()> {
    let role = args.role;
    let state = format!("the role {}", role.as_str());
    let act = |user_id| MemberAct::SetRole { user_id, role };
    run(&args.named, &args.user, &args.output, context, (act, &state))
}

pub(super) fn set_owner(args: &OwnerArgs, context: &Context) -> anyhow::Result<()> {
    let act = |user_id| MemberAct::Transfer { user_id };
    run(&args.named, &args.user, &args.output, context, (act, "the role owner, alone,"))
}

fn run(
    named: &Named,
    who: &users::Named,
    output: &Output,
    context: &Context,
    (act, state): (impl FnOnce(crate::model::UserId) -> MemberAct, &str),
) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = find(&database, &named.room)?;
    let user = users::find(&database, &who.user)?.user;
    let events = change(&database, &room, None, act(user.id))?;
    let text = |when| format!("{} has {state} in {} {when}", users::label(&user), label(&room));
    report(output, &events, &text("now"), &text("already"))
}
