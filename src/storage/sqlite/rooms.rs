//! Rooms.
//!
//! A deleted room keeps its row until its log has gone: every statement here says which rooms it
//! means.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::Result;
use super::audit;
use super::transaction::Transaction;
use crate::model::{
    NewAuditEntry, NewRoom, Room, RoomChange, RoomDifference, RoomId, RoomState, Seq, Target,
    Timestamp, UserId,
};

const GET: &str = "
    SELECT id, name, description, created_by, created_at, head_seq, archived_at, revision,
           oldest_seq, retention_days
    FROM rooms WHERE id = ?1 AND deleted_at IS NULL";

const GET_BY_NAME: &str = "
    SELECT id, name, description, created_by, created_at, head_seq, archived_at, revision,
           oldest_seq, retention_days
    FROM rooms WHERE name = ?1 AND deleted_at IS NULL";

const LIST: &str = "
    SELECT id, name, description, created_by, created_at, head_seq, archived_at, revision,
           oldest_seq, retention_days
    FROM rooms WHERE deleted_at IS NULL ORDER BY id";

pub(super) fn create_room(tx: &Connection, room: &NewRoom, entry: &NewAuditEntry) -> Result<Room> {
    let id = tx
        .prepare_cached(
            "INSERT INTO rooms (name, description, created_by, created_at)
             VALUES (?1, ?2, ?3, ?4) RETURNING id",
        )?
        .query_row(
            params![room.name, room.description, room.created_by.0, room.created_at.0],
            |row| row.get(0).map(RoomId),
        )?;
    audit::record(tx, entry, Target::Room(id))?;
    Ok(room.clone().into_room(id))
}

pub(super) fn get_room(db: &Connection, id: RoomId) -> Result<Option<Room>> {
    Ok(db.prepare_cached(GET)?.query_row([id.0], room).optional()?)
}

pub(super) fn get_room_by_name(db: &Connection, name: &str) -> Result<Option<Room>> {
    Ok(db.prepare_cached(GET_BY_NAME)?.query_row([name], room).optional()?)
}

pub(super) fn list_rooms(db: &Connection) -> Result<Vec<Room>> {
    let mut statement = db.prepare_cached(LIST)?;
    let rooms = statement.query_map([], room)?;
    Ok(rooms.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn update_room(
    tx: &Connection,
    id: RoomId,
    change: &RoomChange,
    entry: &NewAuditEntry,
) -> Result<Option<Room>> {
    let Some(room) = get_room(tx, id)? else { return Ok(None) };
    let Some(changed) = change.apply_to(&room, entry.timestamp) else { return Ok(Some(room)) };
    tx.prepare_cached(
        "UPDATE rooms SET name = ?2, description = ?3, archived_at = ?4, revision = ?5,
                retention_days = ?6
         WHERE id = ?1",
    )?
    .execute(params![
        id.0,
        changed.name,
        changed.description,
        changed.archived_at.map(|at| at.0),
        changed.revision,
        changed.retention_days
    ])?;
    audit::record(tx, entry, Target::Room(id))?;
    Ok(Some(changed))
}

pub(super) fn delete_room(tx: &Connection, id: RoomId, entry: &NewAuditEntry) -> Result<bool> {
    let found = tx
        .prepare_cached("UPDATE rooms SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL")?
        .execute([id.0, entry.timestamp.0])?;
    if found > 0 {
        audit::record(tx, entry, Target::Room(id))?;
    }
    Ok(found > 0)
}

pub(super) fn purge_deleted_rooms(tx: &Connection, limit: u32) -> Result<bool> {
    // Numbers without gaps, so that this is about so many rows, and at least one if there is any.
    const DELETE_EVENTS: &str = "
        DELETE FROM events WHERE room_id = ?1
          AND seq < (SELECT min(seq) FROM events WHERE room_id = ?1) + ?2";
    const DELETE_READ_POSITIONS: &str = "
        DELETE FROM read_positions WHERE room_id = ?1 AND user_id IN
            (SELECT user_id FROM read_positions WHERE room_id = ?1 LIMIT ?2)";
    let room_id: Option<i64> = tx
        .prepare_cached("SELECT id FROM rooms WHERE deleted_at IS NOT NULL ORDER BY id LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(room_id) = room_id else { return Ok(false) };
    let limit = i64::from(limit);
    for delete in [DELETE_EVENTS, DELETE_READ_POSITIONS] {
        if tx.prepare_cached(delete)?.execute([room_id, limit])? > 0 {
            return Ok(true);
        }
    }
    tx.prepare_cached("DELETE FROM rooms WHERE id = ?1")?.execute([room_id])?;
    Ok(true)
}

pub(super) fn list_changed_rooms(
    db: &Connection,
    known: &[RoomState],
    finds_new: bool,
) -> Result<Vec<RoomDifference>> {
    let _snapshot = Transaction::read(db)?;
    let mut changed = Vec::new();
    for &known in known {
        match get_room(db, known.id)? {
            Some(room) if !known.is_behind(&room) => {}
            Some(room) => changed.push(RoomDifference::Changed { known, room }),
            None => changed.push(RoomDifference::Gone(known.id)),
        }
    }
    if finds_new {
        let known: HashSet<RoomId> = known.iter().map(|known| known.id).collect();
        let rooms = list_rooms(db)?.into_iter().filter(|room| !known.contains(&room.id));
        changed.extend(rooms.map(RoomDifference::New));
    }
    Ok(changed)
}

/// From the first ten columns, in the order of the statements above.
pub(super) fn room(row: &Row<'_>) -> rusqlite::Result<Room> {
    Ok(Room {
        id: RoomId(row.get(0)?),
        name: row.get(1)?,
        description: row.get(2)?,
        created_by: UserId(row.get(3)?),
        created_at: Timestamp(row.get(4)?),
        head_seq: Seq(row.get(5)?),
        archived_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
        revision: row.get(7)?,
        oldest_seq: Seq(row.get(8)?),
        retention_days: row.get(9)?,
    })
}
