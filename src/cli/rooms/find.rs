//! Finds the room that an operator named, by name or number.

use anyhow::{anyhow, bail};

use super::super::database::Database;
use super::super::nearest::suggest;
use crate::chat::{self, Admin, AdminError};
use crate::model::{Room, RoomId, RoomKind};

/// The room that a command is for.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Named {
    /// The room: its name, or its number (#7 or 7). A name finds the public room, or else the only
    /// private one
    #[arg(value_name = "ROOM")]
    pub room: String,
}

/// # Errors
/// If no room has this name or number (the error suggests similar names), if several private rooms have the
/// name, or if the text is the name of a public room and the number of another.
pub(in crate::cli) fn find(database: &Database, name: &str) -> anyhow::Result<Room> {
    let number = name.strip_prefix('#').unwrap_or(name);
    let by_number = match number.parse().map(RoomId) {
        Ok(id) => found(database, |admin| admin.get_room(id))?,
        Err(_) => None,
    };
    // Unlike an account, a room can be called `#7`.
    let mut named = database.administer(|admin| admin.list_rooms_by_name(name))?;
    if by_number.is_some() {
        // Every user can call a private room `7`.
        named.retain(|room| room.kind == RoomKind::Public);
    }
    if named.len() > 1 {
        let numbers: Vec<String> = named.iter().map(|room| format!("#{}", room.id)).collect();
        bail!(
            "{} private rooms are called {name}: write the number of one of them, {}",
            named.len(),
            numbers.join(" or ")
        );
    }
    match (named.pop(), by_number) {
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
    match room.kind {
        RoomKind::Direct => format!("the direct room #{}", room.id),
        RoomKind::Public | RoomKind::Private => format!("{} (#{})", room.name, room.id),
    }
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
    // Direct rooms have no names.
    let names = known.iter().map(|room| room.name.as_str()).filter(|name| !name.is_empty());
    let hint = suggest(name, names, "`chatapp rooms list` shows all rooms");
    Ok(anyhow!("there is no room {name}: {hint}"))
}
