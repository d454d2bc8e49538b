//! Rooms, without their logs.
//!
//! A deleted room keeps its row until its log has been deleted: every statement here says which rooms
//! it means.

use std::sync::Arc;

use postgres::Row;

use super::super::Result;
use super::super::backend::Rooms;
use super::super::stored_event::{NewEvent, room_changed};
use super::append::append_event;
use super::{Postgres, audit};
use crate::model::{
    NewAuditEntry, NewRoom, Room, RoomChange, RoomDifference, RoomHead, RoomId, Seq, Target,
    Timestamp, UpdatedRoom, UserId,
};

impl Rooms for Postgres {
    fn create_room(&self, room: &NewRoom, entry: &NewAuditEntry) -> Result<Room> {
        self.transaction(|tx| {
            let row = tx.query_one(
                "INSERT INTO rooms (name, description, created_by, created_at)
                     VALUES ($1, $2, $3, $4) RETURNING id",
                &[&room.name, &room.description, &room.created_by.0, &room.created_at.0],
            )?;
            let id = RoomId(row.get(0));
            audit::record(tx, entry, Target::Room(id))?;
            Ok(room.clone().into_room(id))
        })
    }

    fn get_room(&self, id: RoomId) -> Result<Option<Room>> {
        self.read(|db| {
            let row = db.query_opt(
                "SELECT id, name, description, created_by, created_at, head_seq, archived_at, revision,
                        oldest_seq, retention_days
                 FROM rooms WHERE id = $1 AND deleted_at IS NULL",
                &[&id.0],
            )?;
            Ok(row.map(|row| room(&row)))
        })
    }

    fn get_room_by_name(&self, name: &str) -> Result<Option<Room>> {
        self.read(|db| {
            let row = db.query_opt(
                "SELECT id, name, description, created_by, created_at, head_seq, archived_at, revision,
                        oldest_seq, retention_days
                 FROM rooms WHERE lower(name COLLATE \"C\") = lower($1 COLLATE \"C\") AND deleted_at IS NULL",
                &[&name],
            )?;
            Ok(row.map(|row| room(&row)))
        })
    }

    fn list_rooms(&self) -> Result<Vec<Room>> {
        self.read(|db| {
            let rows = db.query(
                "SELECT id, name, description, created_by, created_at, head_seq, archived_at, revision,
                        oldest_seq, retention_days
                 FROM rooms WHERE deleted_at IS NULL ORDER BY id",
                &[],
            )?;
            Ok(rows.iter().map(room).collect())
        })
    }

    /// The database compares: rooms that have not changed are not sent.
    fn list_changed_rooms(
        &self,
        known: &[RoomHead],
        finds_new: bool,
    ) -> Result<Vec<RoomDifference>> {
        const LIST: &str = "
            SELECT rooms.id, name, description, created_by, created_at, rooms.head_seq, archived_at,
                   revision, oldest_seq, retention_days, known.id, known.head_seq
            FROM unnest($1::bigint[], $2::bigint[]) AS known (id, head_seq)
            LEFT JOIN rooms ON rooms.id = known.id AND deleted_at IS NULL
            WHERE rooms.id IS NULL OR rooms.head_seq > known.head_seq";
        const LIST_WITH_NEW: &str = "
            SELECT rooms.id, name, description, created_by, created_at, rooms.head_seq, archived_at,
                   revision, oldest_seq, retention_days, known.id, known.head_seq
            FROM unnest($1::bigint[], $2::bigint[]) AS known (id, head_seq)
            FULL JOIN (SELECT * FROM rooms WHERE deleted_at IS NULL) AS rooms ON rooms.id = known.id
            WHERE rooms.id IS NULL OR known.id IS NULL OR rooms.head_seq > known.head_seq";
        self.read(|db| {
            let ids: Vec<i64> = known.iter().map(|known| known.id.0).collect();
            let heads: Vec<i64> = known.iter().map(|known| known.head_seq.0).collect();
            let list = if finds_new { LIST_WITH_NEW } else { LIST };
            let rows = db.query(list, &[&ids, &heads])?;
            let difference = |row: &Row| {
                let is_there = row.get::<_, Option<i64>>(0).is_some();
                let Some(id) = row.get::<_, Option<i64>>(10).map(RoomId) else {
                    return RoomDifference::New(room(row));
                };
                let known = RoomHead { id, head_seq: Seq(row.get(11)) };
                match is_there {
                    true => RoomDifference::Longer { known, room: room(row) },
                    false => RoomDifference::Gone(id),
                }
            };
            Ok(rows.iter().map(difference).collect())
        })
    }

    fn update_room(
        &self,
        id: RoomId,
        change: &RoomChange,
        entry: &NewAuditEntry,
    ) -> Result<Option<UpdatedRoom>> {
        self.transaction(|tx| {
            let row = tx.query_opt(
                "SELECT id, name, description, created_by, created_at, head_seq, archived_at, revision,
                    oldest_seq, retention_days
                 FROM rooms WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE",
                &[&id.0],
            )?;
            let Some(row) = row else { return Ok(None) };
            let room = room(&row);
            let Some(mut changed) = change.apply_to(&room, entry.timestamp) else {
                return Ok(Some(UpdatedRoom { room, event: None }));
            };
            tx.execute(
                "UPDATE rooms SET name = $2, description = $3, archived_at = $4, revision = $5,
                        retention_days = $6
                 WHERE id = $1",
                &[
                    &id.0,
                    &changed.name,
                    &changed.description,
                    &changed.archived_at.map(|at| at.0),
                    &changed.revision,
                    &changed.retention_days.and_then(|days| i32::try_from(days).ok()),
                ],
            )?;
            audit::record(tx, entry, Target::Room(id))?;
            if changed.revision == room.revision {
                return Ok(Some(UpdatedRoom { room: changed, event: None }));
            }
            let new = NewEvent::room_changed(&changed, entry)?;
            let (id, seq) = append_event(tx, &new)?;
            changed.head_seq = seq;
            let row =
                tx.query_one("SELECT username FROM users WHERE id = $1", &[&new.user_id.0])?;
            let username = Arc::from(row.get::<_, &str>(0));
            let event = Some(room_changed(id, seq, username, &new, &changed));
            Ok(Some(UpdatedRoom { room: changed, event }))
        })
    }

    fn delete_room(&self, id: RoomId, entry: &NewAuditEntry) -> Result<bool> {
        self.transaction(|tx| {
            let found = tx.execute(
                "UPDATE rooms SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL",
                &[&id.0, &entry.timestamp.0],
            )?;
            if found > 0 {
                audit::record(tx, entry, Target::Room(id))?;
            }
            Ok(found > 0)
        })
    }

    /// A room that another node works on is skipped.
    fn purge_deleted_rooms(&self, limit: u32) -> Result<bool> {
        const FIND: &str = "
            SELECT id FROM rooms WHERE deleted_at IS NOT NULL
            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED";
        // A log has no gaps, so that this deletes about so many rows, and at least one if there is any.
        const DELETE_EVENTS: &str = "
            DELETE FROM events WHERE room_id = $1
              AND seq < (SELECT min(seq) FROM events WHERE room_id = $1) + $2";
        const DELETE_READ_POSITIONS: &str = "
            DELETE FROM read_positions WHERE room_id = $1 AND user_id IN
                (SELECT user_id FROM read_positions WHERE room_id = $1 LIMIT $2)";
        let limit = i64::from(limit);
        self.transaction(|tx| {
            let row = tx.query_opt(FIND, &[])?;
            let Some(room_id) = row.map(|row| row.get::<_, i64>(0)) else { return Ok(false) };
            for delete in [DELETE_EVENTS, DELETE_READ_POSITIONS] {
                if tx.execute(delete, &[&room_id, &limit])? > 0 {
                    return Ok(true);
                }
            }
            tx.execute("DELETE FROM rooms WHERE id = $1", &[&room_id])?;
            Ok(true)
        })
    }
}

/// From the first ten columns, in the order of the statements above.
pub(super) fn room(row: &Row) -> Room {
    Room {
        id: RoomId(row.get(0)),
        name: row.get(1),
        description: row.get(2),
        created_by: UserId(row.get(3)),
        created_at: Timestamp(row.get(4)),
        head_seq: Seq(row.get(5)),
        archived_at: row.get::<_, Option<i64>>(6).map(Timestamp),
        revision: row.get(7),
        oldest_seq: Seq(row.get(8)),
        // The column takes no negative numbers.
        retention_days: row.get::<_, Option<i32>>(9).and_then(|days| u32::try_from(days).ok()),
    }
}
