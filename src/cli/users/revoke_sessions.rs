//! `chatapp users revoke-sessions`.

use serde_json::json;

use super::super::confirm::Confirm;
use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::{Named, find, label, sessions};

const EXAMPLES: &str = "\
Examples:
  chatapp users revoke-sessions ann
  chatapp users revoke-sessions '#7' --yes --output json";

/// Sign an account out everywhere
///
/// The account's tokens become invalid and its sockets are closed. The account can sign in again.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    confirm: Confirm,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let account = find(&database, &args.named.user)?;
    let who = label(&account.user);
    if account.sessions > 0 {
        let open = sessions(account.sessions);
        args.confirm.ask(&format!("{who} will be signed out ({open})"))?;
    }
    let revoked = database.administer(|admin| admin.revoke_sessions(account.user.id))?;
    let text = format!("{} of {who} ended", sessions(revoked));
    Ok(args.output.write_one(&json!({ "revoked": revoked }), &text)?)
}
