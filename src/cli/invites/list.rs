//! `chatapp invites list`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Listing, Output};
use super::super::rooms::{find, label};
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
    let mut rooms = HashMap::new();
    for id in invites.iter().filter_map(|invite| invite.to.room_id()) {
        if let Entry::Vacant(entry) = rooms.entry(id)
            && let Some(room) = database.run(|backend| backend.get_room(id))?
        {
            entry.insert(label(&room));
        }
    }
    Ok(args.output.write(&Listing {
        rows: &invites,
        headers: &["id", "to", "role", "made by", "used", "created at", "expires at"],
        cells: &|invite: &Invite| {
            let to = match invite.to.room_id() {
                Some(id) => rooms.get(&id).cloned().unwrap_or_else(|| format!("#{id}")),
                None => "server".to_owned(),
            };
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
