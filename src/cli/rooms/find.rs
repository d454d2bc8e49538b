//! Finds the room that an operator named, by name or number.

use anyhow::{anyhow, bail};

use super::super::database::Database;
use super::super::nearest::suggest;
use crate::chat::{self, Admin, AdminError};
use crate::model::{Room, RoomId};

/// The room that a command is for.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Named {
    /// The room: its name, or its number (#7 or 7)
    #[arg(value_name = "ROOM")]
    pub room: String,
}

/// # Errors
/// If no room has this name or number (the error suggests similar names), or if the text is the name of one
/// room and the number of another.
pub(in crate::cli) fn find(database: &Database, name: &str) -> anyhow::Result<Room> {
    let number = name.strip_prefix('#').unwrap_or(name);
    let by_number = match number.parse().map(RoomId) {
        Ok(id) => found(database, |admin| admin.get_room(id))?,
        Err(_) => None,
    };
    // Unlike an account, a room can be called `#7`.
    let by_name = found(database, |admin| admin.get_room_by_name(name))?;
    match (by_name, by_number) {
        (Some(named), Some(numbered)) if named.id != numbered.id => bail!(
            "{name} is the name of #{} and the number of {}: write #{} or {}",
            named.id,
            numbered.name,
            named.id,
            numbered.name
        ),
        (Some(room), _) | (None, Some(room)) => Ok(room),
        (None, None) => Err(no_such_room(database, name)?),
    }
}

/// `general (#7)`.
pub(in crate::cli) fn label(room: &Room) -> String {
    format!("{} (#{})", room.name, room.id)
}

fn found(
    database: &Database,
    look: impl FnOnce(&Admin<'_>) -> Result<Room, AdminError>,
) -> anyhow::Result<Option<Room>> {
    database.administer(|admin| match look(admin) {
        Ok(room) => Ok(Some(room)),
        Err(AdminError::Rule(chat::Error::RoomNotFound)) => Ok(None),
        Err(error) => Err(error),
    })
}

fn no_such_room(database: &Database, name: &str) -> anyhow::Result<anyhow::Error> {
    let known = database.administer(|admin| admin.list_rooms())?;
    let names = known.iter().map(|room| room.name.as_str());
    let hint = suggest(name, names, "`chatapp rooms list` shows all rooms");
    Ok(anyhow!("there is no room {name}: {hint}"))
}
