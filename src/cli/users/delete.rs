//! `chatapp users delete`.

use serde_json::json;

use super::super::confirm::Confirm;
use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::{Named, find, label, sessions};

const EXAMPLES: &str = "\
Examples:
  chatapp users delete ann --dry-run
  chatapp users delete '#7' --yes --output json";

/// Delete an account for good
///
/// The name becomes deleted-NUMBER, the email and the password are erased, and the sessions end. The
/// messages stay, under the new name. The last active admin cannot be deleted. A deleted account cannot
/// be brought back; `chatapp users deactivate` can be undone.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    /// Show what would be deleted; change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    confirm: Confirm,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let account = find(&database, &args.named.user)?;
    let (user, open) = (&account.user, sessions(account.sessions));
    let who = label(user);
    if args.dry_run {
        database.administer(|admin| admin.check_delete_user(user))?;
        let text = format!(
            "{who} would be deleted: the name becomes deleted-{}, {} and the password are erased, \
             {open} end, the messages stay",
            user.id, user.email
        );
        return Ok(args.output.write_one(&account, &text)?);
    }
    args.confirm.ask(&format!("{who}, {}, will be deleted for good", user.email))?;
    database.administer(|admin| admin.delete_user(user.id))?;
    let name = format!("deleted-{}", user.id);
    let text = format!("{who} is deleted; its messages are shown under the name {name}");
    Ok(args.output.write_one(&json!({ "id": user.id, "username": name }), &text)?)
}
