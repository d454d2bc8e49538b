//! `chatapp list-rooms`: every room of the database.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::context::Context;
use super::database::Database;
use super::output::{Listing, Output};
use crate::model::Room;

const EXAMPLES: &str = "\
Examples:
  chatapp list-rooms
  chatapp list-rooms --output json | jq -r '.[].name'";

/// List the rooms
///
/// Works beside a running server. `head_seq` is the number of a room's newest event.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let rooms = database.run(|backend| backend.list_rooms())?;
    let mut creators = HashMap::new();
    for room in &rooms {
        if let Entry::Vacant(creator) = creators.entry(room.created_by) {
            let user = database.run(|backend| backend.get_user(room.created_by))?;
            // Accounts are never removed; should one be, its number is better than nothing.
            creator.insert(user.map_or_else(|| room.created_by.to_string(), |user| user.username));
        }
    }
    Ok(args.output.write(&Listing {
        rows: &rooms,
        headers: &["id", "name", "description", "head seq", "created by", "created at"],
        cells: &|room: &Room| {
            vec![
                room.id.to_string(),
                room.name.clone(),
                room.description.clone().unwrap_or_default(),
                room.head_seq.to_string(),
                creators[&room.created_by].clone(),
                room.created_at.to_string(),
            ]
        },
        empty: "there are no rooms yet: an admin creates them with POST /rooms/",
    })?)
}
