//! `chatapp rooms list`, and `chatapp list-rooms`, which is the same.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::Serialize;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Listing, Output};
use crate::model::{Room, RoomId};

const EXAMPLES: &str = "\
Examples:
  chatapp rooms list
  chatapp rooms list --output json | jq -r '.[] | select(.archived_at) | .name'";

/// List the rooms
///
/// All rooms, also private and direct ones, sorted by number. `head_seq` is the `seq` of a room's newest event.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    output: Output,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    room: Room,
    member_count: u64,
}

pub(in crate::cli) fn run(args: &Args, context: &Context) -> anyhow::Result<()> {
    let database = Database::open_current(&context.settings(None)?)?;
    let rooms = database.administer(|admin| admin.list_rooms())?;
    let mut creators = HashMap::new();
    for room in &rooms {
        if let Entry::Vacant(creator) = creators.entry(room.created_by) {
            creator.insert(creator_of(&database, room)?);
        }
    }
    let counts: HashMap<RoomId, u64> = database
        .administer(|admin| admin.count_members())?
        .into_iter()
        .map(|count| (count.room_id, count.members))
        .collect();
    let row = |room: Room| Row { member_count: counts.get(&room.id).copied().unwrap_or(0), room };
    let rows: Vec<Row> = rooms.into_iter().map(row).collect();
    Ok(args.output.write(&Listing {
        rows: &rows,
        headers: &[
            "id",
            "name",
            "kind",
            "members",
            "description",
            "head seq",
            "created by",
            "created at",
            "archived at",
        ],
        cells: &|Row { room, member_count }: &Row| {
            vec![
                room.id.to_string(),
                room.name.clone(),
                room.kind.as_str().to_owned(),
                member_count.to_string(),
                room.description.clone().unwrap_or_default(),
                room.head_seq.to_string(),
                creators[&room.created_by].clone(),
                room.created_at.to_string(),
                room.archived_at.map(|at| at.to_string()).unwrap_or_default(),
            ]
        },
        empty: "there are no rooms yet: `chatapp rooms create` creates one",
    })?)
}

/// The name of the account that created the room.
pub(super) fn creator_of(database: &Database, room: &Room) -> anyhow::Result<String> {
    let user = database.run(|backend| backend.get_user(room.created_by))?;
    // A deleted account keeps its row, so the number is only a fallback.
    Ok(user.map_or_else(|| room.created_by.to_string(), |user| user.username))
}
