//! `chatapp hooks list`.

use std::collections::HashMap;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Listing, Output};
use super::super::rooms::{find, label};
use crate::model::{Hook, RoomId};

const EXAMPLES: &str = "\
Examples:
  chatapp hooks list
  chatapp hooks list --room alerts --output json";

/// List the webhooks, without their URLs
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Only webhooks of this room: its name, or its number (#7 or 7)
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,

    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let room = args.room.as_deref().map(|name| find(&database, name)).transpose()?;
    let hooks = database.administer(|admin| admin.list_hooks(room.map(|room| room.id)))?;
    let rooms = database.administer(|admin| admin.list_rooms())?;
    let rooms: HashMap<RoomId, String> = rooms.iter().map(|room| (room.id, label(room))).collect();
    Ok(args.output.write(&Listing {
        rows: &hooks,
        headers: &["id", "room", "name", "made by", "created at", "last used at"],
        cells: &|hook: &Hook| {
            vec![
                hook.id.to_string(),
                rooms.get(&hook.room_id).cloned().unwrap_or_default(),
                hook.name.clone(),
                hook.created_by.username.to_string(),
                hook.created_at.to_string(),
                hook.last_used_at.map(|at| at.to_string()).unwrap_or_default(),
            ]
        },
        empty: "there are no webhooks: `chatapp hooks create` makes one",
    })?)
}
