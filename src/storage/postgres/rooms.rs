//! Rooms.

use postgres::Row;

use super::super::Result;
use super::connection::Connection;
use crate::model::{NewRoom, Room, RoomId, Seq, Timestamp, UserId};

pub(super) fn create_room(db: &mut Connection, room: &NewRoom) -> Result<Room> {
    let row = db.query_one(
        "INSERT INTO rooms (name, description, created_by, created_at)
         VALUES ($1, $2, $3, $4) RETURNING id",
        &[&room.name, &room.description, &room.created_by.0, &room.created_at.0],
    )?;
    Ok(Room {
        id: RoomId(row.get(0)),
        name: room.name.clone(),
        description: room.description.clone(),
        created_by: room.created_by,
        created_at: room.created_at,
        head_seq: Seq(0),
    })
}

pub(super) fn get_room(db: &mut Connection, id: RoomId) -> Result<Option<Room>> {
    let row = db.query_opt(
        "SELECT id, name, description, created_by, created_at, head_seq FROM rooms WHERE id = $1",
        &[&id.0],
    )?;
    Ok(row.map(|row| room(&row)))
}

pub(super) fn list_rooms(db: &mut Connection) -> Result<Vec<Room>> {
    let rows = db.query(
        "SELECT id, name, description, created_by, created_at, head_seq FROM rooms ORDER BY id",
        &[],
    )?;
    Ok(rows.iter().map(room).collect())
}

pub(super) fn delete_room(db: &mut Connection, id: RoomId) -> Result<bool> {
    db.transaction(|tx| {
        // Its events go with it (ON DELETE CASCADE), and they may be many.
        tx.execute("SET LOCAL statement_timeout = 0", &[])?;
        Ok(tx.execute("DELETE FROM rooms WHERE id = $1", &[&id.0])? > 0)
    })
}

fn room(row: &Row) -> Room {
    Room {
        id: RoomId(row.get(0)),
        name: row.get(1),
        description: row.get(2),
        created_by: UserId(row.get(3)),
        created_at: Timestamp(row.get(4)),
        head_seq: Seq(row.get(5)),
    }
}
