//! `chatapp rooms list`, and `chatapp list-rooms`, which is the same.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::super::context::Context;
use super::super::database::Database;
use super::super::output::{Listing, Output};
use super::members::names;
use crate::model::{Person, Room, RoomId, RoomKind, UserId};

const EXAMPLES: &str = "\
Examples:
  chatapp rooms list
  chatapp rooms list --output json | jq -r '.[] | select(.archived_at) | .name'";

/// List the rooms
///
/// All rooms, also private and direct ones, sorted by number; a direct room is shown by its people. `head_seq` is the
/// `seq` of a room's newest event.
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
    /// All members of a direct room.
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<Vec<Person>>,
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
    let mut people = people_of_direct_rooms(&database, &rooms)?;
    let row = |room: Room| Row {
        member_count: counts.get(&room.id).copied().unwrap_or(0),
        people: people.remove(&room.id),
        room,
    };
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
        cells: &|Row { room, member_count, people }: &Row| {
            vec![
                room.id.to_string(),
                people.as_deref().map_or_else(|| room.name.clone(), names),
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

/// The people of every direct room, which has no name.
fn people_of_direct_rooms(
    database: &Database,
    rooms: &[Room],
) -> anyhow::Result<HashMap<RoomId, Vec<Person>>> {
    let direct: HashSet<RoomId> =
        rooms.iter().filter(|room| room.kind == RoomKind::Direct).map(|room| room.id).collect();
    if direct.is_empty() {
        return Ok(HashMap::new());
    }
    let audiences = database.run(|backend| backend.list_audiences())?;
    let members: Vec<(RoomId, Vec<UserId>)> = audiences
        .into_iter()
        .filter(|audience| direct.contains(&audience.room_id))
        .map(|audience| (audience.room_id, audience.members.unwrap_or_default()))
        .collect();
    let ids: BTreeSet<UserId> = members.iter().flat_map(|(_, ids)| ids).copied().collect();
    let ids: Vec<UserId> = ids.into_iter().collect();
    let cards = database.run(|backend| backend.list_cards(&ids))?;
    let known: HashMap<UserId, Person> = cards
        .into_iter()
        .map(|card| {
            let (username, display_name) = (card.username, card.profile.display_name);
            (card.id, Person { user_id: card.id, username, display_name })
        })
        .collect();
    let people = |ids: Vec<UserId>| ids.iter().filter_map(|id| known.get(id).cloned()).collect();
    Ok(members.into_iter().map(|(room_id, ids)| (room_id, people(ids))).collect())
}

/// The name of the account that created the room.
pub(super) fn creator_of(database: &Database, room: &Room) -> anyhow::Result<String> {
    let user = database.run(|backend| backend.get_user(room.created_by))?;
    // A deleted account keeps its row, so the number is only a fallback.
    Ok(user.map_or_else(|| room.created_by.to_string(), |user| user.username))
}
