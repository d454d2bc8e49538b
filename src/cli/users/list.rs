//! `chatapp users list`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Listing, Output};
use crate::model::Account;

const EXAMPLES: &str = "\
Examples:
  chatapp users list
  chatapp users list --query @example.com
  chatapp users list --output json | jq -r '.[] | select(.role == \"admin\") | .username'";

/// List the accounts
///
/// Sorted by number, without deleted accounts.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Only accounts with this text in a name or the email; case is ignored
    #[arg(long, value_name = "TEXT")]
    query: Option<String>,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let query = args.query.as_deref();
    let accounts = database.administer(|admin| admin.list_all_users(query, usize::MAX))?;
    let empty = match query {
        Some(text) => format!("there is no account with {text} in a name or email"),
        None => "there are no accounts yet: `chatapp create-admin` creates the first".to_owned(),
    };
    Ok(args.output.write(&Listing {
        rows: &accounts,
        headers: &["id", "username", "email", "role", "active", "sessions", "created at", "name"],
        cells: &|Account { user, display_name, sessions, .. }: &Account| {
            vec![
                user.id.to_string(),
                user.username.clone(),
                user.email.clone(),
                user.role.as_str().to_owned(),
                if user.is_active { "yes" } else { "no" }.to_owned(),
                sessions.to_string(),
                user.created_at.to_string(),
                display_name.clone().unwrap_or_default(),
            ]
        },
        empty: &empty,
    })?)
}
