//! `chatapp users activate` and `chatapp users deactivate`.

use super::super::confirm::Confirm;
use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::{Named, find, label, sessions};
use crate::model::UserChange;

const ACTIVATE_EXAMPLES: &str = "\
Examples:
  chatapp users activate ann";

const DEACTIVATE_EXAMPLES: &str = "\
Examples:
  chatapp users deactivate ann
  chatapp users deactivate '#7' --yes --output json";

/// Let an account sign in again
#[derive(Debug, clap::Args)]
#[command(after_help = ACTIVATE_EXAMPLES)]
pub(super) struct ActivateArgs {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    output: Output,
}

/// Keep an account from signing in
///
/// Its sessions end and its sockets are closed. Nothing of it is lost. The last active admin stays
/// active.
#[derive(Debug, clap::Args)]
#[command(after_help = DEACTIVATE_EXAMPLES)]
pub(super) struct DeactivateArgs {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    confirm: Confirm,

    #[command(flatten)]
    output: Output,
}

pub(super) fn activate(args: &ActivateArgs, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let account = find(&database, &args.named.user)?;
    let change = UserChange { is_active: Some(true), ..UserChange::default() };
    let (now, update) = database.administer(|admin| admin.update_user(account.user.id, change))?;
    let already = if update.before.is_active { "already" } else { "again" };
    let text = format!("{} is active {already}", label(&account.user));
    Ok(args.output.write_one(&now, &text)?)
}

pub(super) fn deactivate(args: &DeactivateArgs, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let account = find(&database, &args.named.user)?;
    let who = label(&account.user);
    if account.user.is_active {
        let open = sessions(account.sessions);
        args.confirm.ask(&format!("{who} will be signed out ({open}) and kept out"))?;
    }
    let change = UserChange { is_active: Some(false), ..UserChange::default() };
    let (now, update) = database.administer(|admin| admin.update_user(account.user.id, change))?;
    let ended = sessions(update.ended_sessions);
    let text = match update.before.is_active {
        true => format!("{who} is not active any more; {ended} ended"),
        false => format!("{who} is not active already"),
    };
    Ok(args.output.write_one(&now, &text)?)
}
