//! `chatapp users set-role`.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::super::confirm::Confirm;
use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::{Named, find, label, sessions};
use crate::model::{Role, UserChange};

const EXAMPLES: &str = "\
Examples:
  chatapp users set-role ann admin
  chatapp users set-role ann user --yes";

/// Make an account an admin, or a user again
///
/// The account's sessions end, so its owner must sign in again. The last active admin cannot lose the
/// role.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    /// The new role
    #[arg(value_name = "ROLE", value_parser = PossibleValuesParser::new(["user", "admin"])
        .map(|word| if word == "admin" { Role::Admin } else { Role::User }))]
    role: Role,

    #[command(flatten)]
    confirm: Confirm,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let account = find(&database, &args.named.user)?;
    let who = label(&account.user);
    if account.user.role == Role::Admin && args.role == Role::User {
        args.confirm.ask(&format!("{who} will no longer be an admin"))?;
    }
    let change = UserChange { role: Some(args.role), ..UserChange::default() };
    let (now, update) = database.administer(|admin| admin.update_user(account.user.id, change))?;
    let (role, ended) = (args.role.as_str(), sessions(update.ended_sessions));
    let text = match update.before.role == args.role {
        true => format!("the role of {who} is already {role}"),
        false => format!("the role of {who} is now {role}; {ended} ended"),
    };
    Ok(args.output.write_one(&now, &text)?)
}
