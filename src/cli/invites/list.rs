//! `chatapp invites list`.

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Listing, Output};
use super::super::rooms::find;
use crate::model::{Invite, InviteScope};

const EXAMPLES: &str = "\
Examples:
  chatapp invites list
  chatapp invites list --room general --output json";

/// List the open invites
///
/// Those to the server and to every room, newest first, without their links.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Only invites to this room: its name, or its number (#7 or 7)
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let scope = match &args.room {
        Some(name) => InviteScope::Room(find(&database, name)?.id),
        None => InviteScope::Everything,
    };
    let invites = database.administer(|admin| admin.list_invites(scope))?;
    Ok(args.output.write(&Listing {
        rows: &invites,
        headers: &["id", "to", "role", "made by", "used", "created at", "expires at"],
        cells: &|invite: &Invite| {
            let to = invite.to.room_id().map_or("server".to_owned(), |id| format!("room #{id}"));
            let used = match invite.uses_allowed {
                Some(allowed) => format!("{} of {allowed}", invite.completed),
                None => invite.completed.to_string(),
            };
            vec![
                invite.id.to_string(),
                to,
                invite.to.role().to_owned(),
                invite.invited_by.username.to_string(),
                used,
                invite.created_at.to_string(),
                invite.expires_at.map(|at| at.to_string()).unwrap_or_default(),
            ]
        },
        empty: "there are no open invites: `chatapp invites create` makes one",
    })?)
}
