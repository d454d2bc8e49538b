//! `chatapp users show`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use super::{Named, find};
use crate::model::Account;

const EXAMPLES: &str = "\
Examples:
  chatapp users show ann
  chatapp users show '#7' --output json";

/// Show an account
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let account = find(&database, &args.named.user)?;
    let Account { user, sessions } = &account;
    let text = format!(
        "id          {}\nusername    {}\nemail       {}\nrole        {}\nactive      {}\n\
         sessions    {sessions}\ncreated at  {}",
        user.id,
        user.username,
        user.email,
        user.role.as_str(),
        if user.is_active { "yes" } else { "no" },
        user.created_at
    );
    Ok(args.output.write_one(&account, &text)?)
}
