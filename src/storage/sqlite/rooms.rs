//! Rooms, without their logs.
//!
//! A deleted room keeps its row until its log has been deleted: every statement here says which rooms
//! it means.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::Result;
use super::super::backend::Rooms;
use super::super::stored_event::{NewEvent, room_changed};
use super::events::{Names, append_event};
use super::transaction::Transaction;
use super::{Sqlite, audit};
use crate::model::{
    NewAuditEntry, NewRoom, Room, RoomChange, RoomDifference, RoomHead, RoomId, Seq, Target,
    Timestamp, UpdatedRoom, UserId,
};

impl Rooms for Sqlite {
    fn create_room(&self, new: &NewRoom, entry: &NewAuditEntry) -> Result<Room> {
        const INSERT: &str = "
            INSERT INTO rooms (name, description, created_by, created_at)
            VALUES (?1, ?2, ?3, ?4) RETURNING id";
        self.write(|tx| {
            let id = tx.prepare_cached(INSERT)?.query_row(
                params![new.name, new.description, new.created_by.0, new.created_at.0],
                |row| row.get(0).map(RoomId),
            )?;
            audit::record(tx, entry, Target::Room(id))?;
            Ok(new.clone().into_room(id))
        })
    }

    fn get_room(&self, id: RoomId) -> Result<Option<Room>> {
        self.read(|db| get_room(db, id))
    }

    fn get_room_by_name(&self, name: &str) -> Result<Option<Room>> {
        const GET: &str = "
            SELECT id, name, description, created_by, created_at, head_seq, archived_at, revision,
                   oldest_seq, retention_days
            FROM rooms WHERE name = ?1 AND deleted_at IS NULL";
        self.read(|db| Ok(db.prepare_cached(GET)?.query_row([name], room).optional()?))
    }

    fn list_rooms(&self) -> Result<Vec<Room>> {
        self.read(list_rooms)
    }

    fn list_changed_rooms(
        &self,
        known: &[RoomHead],
        finds_new: bool,
    ) -> Result<Vec<RoomDifference>> {
        self.read(|db| {
            let _snapshot = Transaction::read(db)?;
            let mut changed = Vec::new();
            for &known in known {
                match get_room(db, known.id)? {
                    Some(room) if room.head_seq <= known.head_seq => {}
                    Some(room) => changed.push(RoomDifference::Longer { known, room }),
                    None => changed.push(RoomDifference::Gone(known.id)),
                }
            }
            if finds_new {
                let known: HashSet<RoomId> = known.iter().map(|known| known.id).collect();
                let rooms = list_rooms(db)?.into_iter().filter(|room| !known.contains(&room.id));
                changed.extend(rooms.map(RoomDifference::New));
            }
            Ok(changed)
        })
    }

    fn update_room(
        &self,
        id: RoomId,
        change: &RoomChange,
        entry: &NewAuditEntry,
    ) -> Result<Option<UpdatedRoom>> {
        const UPDATE: &str = "
            UPDATE rooms SET name = ?2, description = ?3, archived_at = ?4, revision = ?5,
                             retention_days = ?6
            WHERE id = ?1";
        self.write(|tx| {
            let Some(room) = get_room(tx, id)? else { return Ok(None) };
            let Some(mut changed) = change.apply_to(&room, entry.timestamp) else {
                return Ok(Some(UpdatedRoom { room, event: None }));
            };
            tx.prepare_cached(UPDATE)?.execute(params![
                id.0,
                changed.name,
                changed.description,
                changed.archived_at.map(|at| at.0),
                changed.revision,
                changed.retention_days
            ])?;
            audit::record(tx, entry, Target::Room(id))?;
            if changed.revision == room.revision {
                return Ok(Some(UpdatedRoom { room: changed, event: None }));
            }
            let new = NewEvent::room_changed(&changed, entry)?;
            let (id, seq) = append_event(tx, &new)?;
            changed.head_seq = seq;
            let username = Names::new(tx).get(new.user_id)?;
            let event = Some(room_changed(id, seq, username, &new, &changed));
            Ok(Some(UpdatedRoom { room: changed, event }))
        })
    }

    fn delete_room(&self, id: RoomId, entry: &NewAuditEntry) -> Result<bool> {
        const MARK: &str = "UPDATE rooms SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL";
        self.write(|tx| {
            let found = tx.prepare_cached(MARK)?.execute([id.0, entry.timestamp.0])?;
            if found > 0 {
                audit::record(tx, entry, Target::Room(id))?;
            }
            Ok(found > 0)
        })
    }

    fn purge_deleted_rooms(&self, limit: u32) -> Result<bool> {
        const FIND: &str = "SELECT id FROM rooms WHERE deleted_at IS NOT NULL ORDER BY id LIMIT 1";
        // A log has no gaps, so that this deletes about so many rows, and at least one if there is any.
        const DELETE_EVENTS: &str = "
            DELETE FROM events WHERE room_id = ?1
              AND seq < (SELECT min(seq) FROM events WHERE room_id = ?1) + ?2";
        const DELETE_READ_POSITIONS: &str = "
            DELETE FROM read_positions WHERE room_id = ?1 AND user_id IN
                (SELECT user_id FROM read_positions WHERE room_id = ?1 LIMIT ?2)";
        let limit = i64::from(limit);
        self.write(|tx| {
            let room_id: Option<i64> =
                tx.prepare_cached(FIND)?.query_row([], |row| row.get(0)).optional()?;
            let Some(room_id) = room_id else { return Ok(false) };
            for delete in [DELETE_EVENTS, DELETE_READ_POSITIONS] {
                if tx.prepare_cached(delete)?.execute([room_id, limit])? > 0 {
                    return Ok(true);
                }
            }
            tx.prepare_cached("DELETE FROM rooms WHERE id = ?1")?.execute([room_id])?;
            Ok(true)
        })
    }
}

fn get_room(db: &Connection, id: RoomId) -> Result<Option<Room>> {
    const GET: &str = "
        SELECT id, name, description, created_by, created_at, head_seq, archived_at, revision,
               oldest_seq, retention_days
        FROM rooms WHERE id = ?1 AND deleted_at IS NULL";
    Ok(db.prepare_cached(GET)?.query_row([id.0], room).optional()?)
}

fn list_rooms(db: &Connection) -> Result<Vec<Room>> {
    const LIST: &str = "
        SELECT id, name, description, created_by, created_at, head_seq, archived_at, revision,
               oldest_seq, retention_days
        FROM rooms WHERE deleted_at IS NULL ORDER BY id";
    let mut statement = db.prepare_cached(LIST)?;
    Ok(statement.query_map([], room)?.collect::<rusqlite::Result<_>>()?)
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
