//! `chatapp invites revoke`.

use anyhow::bail;
use serde_json::json;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::Output;
use crate::chat::{self, AdminError};
use crate::model::{InviteId, InviteScope};

const EXAMPLES: &str = "\
Examples:
  chatapp invites revoke 7";

/// Revoke an invite, so that nobody can use its link any more
///
/// Those who have used it stay.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The invite's number, as `chatapp invites list` shows it (#7 or 7)
    #[arg(value_name = "ID", value_parser = parse_id)]
    id: InviteId,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let id = args.id;
    let is_revoked = database.administer(|admin| {
        match admin.revoke_invite(id, InviteScope::Everything) {
            Ok(()) => Ok(true),
            // The rule's own text is for somebody who has followed the link.
            Err(AdminError::Rule(chat::Error::InviteNotFound)) => Ok(false),
            Err(error) => Err(error),
        }
    })?;
    if !is_revoked {
        bail!("there is no open invite #{id}");
    }
    let text = format!("invite #{id} was revoked");
    Ok(args.output.write_one(&json!({ "id": id }), &text)?)
}

fn parse_id(text: &str) -> Result<InviteId, String> {
    let number = text.strip_prefix('#').unwrap_or(text);
    number.parse().map(InviteId).map_err(|_| "give the number of an invite".to_owned())
}
