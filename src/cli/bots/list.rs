//! `chatapp bots list`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Listing, Output};
use crate::model::Account;

/// List the bots
///
/// Sorted by number, with the number of API tokens that can be used.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let bots = database.administer(|admin| admin.list_bots())?;
    Ok(args.output.write(&Listing {
        rows: &bots,
        headers: &["id", "username", "role", "active", "tokens", "created at", "name"],
        cells: &|Account { user, display_name, sessions, .. }: &Account| {
            vec![
                user.id.to_string(),
                user.username.clone(),
                user.role.as_str().to_owned(),
                if user.is_active { "yes" } else { "no" }.to_owned(),
                sessions.to_string(),
                user.created_at.to_string(),
                display_name.clone().unwrap_or_default(),
            ]
        },
        empty: "there are no bots yet: `chatapp bots create` makes the first",
    })?)
}
