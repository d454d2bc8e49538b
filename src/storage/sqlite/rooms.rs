//! Rooms.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::Result;
use crate::model::{NewRoom, Room, RoomId, Seq, Timestamp, UserId};

pub(super) fn create_room(tx: &Connection, room: &NewRoom) -> Result<Room> {
    let id = tx
        .prepare_cached(
            "INSERT INTO rooms (name, description, created_by, created_at)
             VALUES (?1, ?2, ?3, ?4) RETURNING id",
        )?
        .query_row(
            params![room.name, room.description, room.created_by.0, room.created_at.0],
            |row| row.get(0),
        )?;
    Ok(Room {
        id: RoomId(id),
        name: room.name.clone(),
        description: room.description.clone(),
        created_by: room.created_by,
        created_at: room.created_at,
        head_seq: Seq(0),
    })
}

pub(super) fn get_room(db: &Connection, id: RoomId) -> Result<Option<Room>> {
    Ok(db
        .prepare_cached(
            "SELECT id, name, description, created_by, created_at, head_seq
             FROM rooms WHERE id = ?1",
        )?
        .query_row([id.0], room)
        .optional()?)
}

pub(super) fn list_rooms(db: &Connection) -> Result<Vec<Room>> {
    let mut statement = db.prepare_cached(
        "SELECT id, name, description, created_by, created_at, head_seq FROM rooms ORDER BY id",
    )?;
    let rooms = statement.query_map([], room)?;
    Ok(rooms.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn delete_room(tx: &Connection, id: RoomId) -> Result<bool> {
    // Its events go with it: ON DELETE CASCADE.
    let found = tx.prepare_cached("DELETE FROM rooms WHERE id = ?1")?.execute([id.0])?;
    Ok(found > 0)
}

fn room(row: &Row<'_>) -> rusqlite::Result<Room> {
    Ok(Room {
        id: RoomId(row.get(0)?),
        name: row.get(1)?,
        description: row.get(2)?,
        created_by: UserId(row.get(3)?),
        created_at: Timestamp(row.get(4)?),
        head_seq: Seq(row.get(5)?),
    })
}
