//! Rooms, without their logs.
//!
//! A deleted room keeps its row until its log has been deleted, so every statement here must select or
//! exclude deleted rooms.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::super::Result;
use super::super::backend::{CountedRoom, Guard, RoomPage, RoomSearch, Rooms};
use super::super::decisions::{self, NewEvent, RoomTransaction};
use super::Sqlite;
use super::records::{Names, ROOM_COLUMNS, room, room_columns, word};
use super::transaction::Transaction;
use crate::model::{
    EventId, Metadata, NewAuditEntry, NewRoom, Person, Room, RoomChange, RoomDifference, RoomHead,
    RoomId, RoomKind, Seq, Timestamp, UpdatedRoom, UserId,
};

impl Rooms for Sqlite {
    fn create_room(&self, room: &NewRoom, entry: &NewAuditEntry) -> Result<Room> {
        self.write(|tx| decisions::create_room(tx, room, entry))
    }

    fn get_room(&self, id: RoomId) -> Result<Option<Room>> {
        self.read(|db| get_room(db, id))
    }

    fn get_room_by_name(&self, name: &str) -> Result<Option<Room>> {
        const GET: &str = concat!(
            "SELECT ",
            room_columns!(),
            " FROM rooms WHERE name = ?1 AND deleted_at IS NULL AND kind = 'public'"
        );
        self.read(|db| Ok(db.prepare_cached(GET)?.query_row([name], room).optional()?))
    }

    fn list_public_names(&self) -> Result<Vec<(RoomId, String)>> {
        const LIST: &str =
            "SELECT id, name FROM rooms WHERE deleted_at IS NULL AND kind = 'public'";
        self.read(|db| {
            let mut statement = db.prepare_cached(LIST)?;
            let rows = statement.query_map([], |row| Ok((RoomId(row.get(0)?), row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn list_rooms(&self) -> Result<Vec<Room>> {
        self.read(list_rooms)
    }

    fn search_rooms(&self, search: &RoomSearch) -> Result<RoomPage> {
        const LIST: &str = concat!(
            "SELECT ",
            room_columns!(),
            ", member_count FROM rooms
              WHERE id > ?1 AND deleted_at IS NULL AND kind <> 'direct' AND kind = coalesce(?2, kind)
                AND (?3 IS NULL OR instr(lower(name), lower(?3)) > 0)
              ORDER BY id LIMIT ?4"
        );
        let RoomSearch { query, kind, after, limit } = search;
        let after = after.map_or(i64::MIN, |id| id.0);
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let rows = list.query_map(
                params![after, kind.map(RoomKind::as_str), query, i64::from(*limit) + 1],
                |row| {
                    let member_count = row.get::<_, i64>(ROOM_COLUMNS)?.unsigned_abs();
                    Ok(CountedRoom { room: room(row)?, member_count })
                },
            )?;
            let mut rooms: Vec<CountedRoom> = rows.collect::<rusqlite::Result<_>>()?;
            let has_more = rooms.len() > *limit as usize;
            rooms.truncate(*limit as usize);
            Ok(RoomPage { rooms, has_more })
        })
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
        guard: Option<&Guard<'_>>,
        entry: &NewAuditEntry,
    ) -> Result<Option<UpdatedRoom>> {
        self.write(|tx| decisions::update_room(tx, id, change, guard, entry))
    }

    fn delete_room(
        &self,
        id: RoomId,
        guard: Option<&Guard<'_>>,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        self.write(|tx| decisions::delete_room(tx, id, guard, entry))
    }

    fn purge_deleted_rooms(&self, limit: u32) -> Result<bool> {
        self.write(|tx| decisions::purge_deleted_rooms(tx, limit))
    }
}

impl RoomTransaction for Transaction<'_> {
    fn insert_room(&mut self, room: &NewRoom) -> Result<RoomId> {
        const NEXT_PUBLIC_ID: &str = "
            UPDATE server SET last_room_id = last_room_id + 1 WHERE id = 1 RETURNING last_room_id";
        const NEXT_CLOSED_ID: &str = "
            UPDATE server SET last_closed_room_id = last_closed_room_id + 1 WHERE id = 1
            RETURNING last_closed_room_id";
        const INSERT: &str = "
            INSERT INTO rooms (id, name, description, created_by, created_at,
                               kind, posting, inviting, history, auto_join, direct_key, metadata)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        let next = if room.kind.is_closed() { NEXT_CLOSED_ID } else { NEXT_PUBLIC_ID };
        let id = self.prepare_cached(next)?.query_row([], |row| row.get(0).map(RoomId))?;
        self.prepare_cached(INSERT)?.execute(params![
            id.0,
            room.name,
            room.description,
            room.created_by.0,
            room.created_at.0,
            room.kind.as_str(),
            room.rules.posting.as_str(),
            room.rules.inviting.as_str(),
            room.rules.history.as_str(),
            room.rules.auto_join,
            room.direct_key,
            room.metadata.as_ref().map(Metadata::to_stored)
        ])?;
        Ok(id)
    }

    fn lock_room(&mut self, id: RoomId) -> Result<Option<Room>> {
        get_room(self, id)
    }

    fn set_room(&mut self, room: &Room) -> Result<()> {
        const UPDATE: &str = "
            UPDATE rooms SET name = ?2, description = ?3, archived_at = ?4, revision = ?5,
                             retention_days = ?6, kind = ?7, posting = ?8, inviting = ?9,
                             history = ?10, auto_join = ?11, metadata = ?12
            WHERE id = ?1";
        self.prepare_cached(UPDATE)?.execute(params![
            room.id.0,
            room.name,
            room.description,
            room.archived_at.map(|at| at.0),
            room.revision,
            room.retention_days,
            room.kind.as_str(),
            room.rules.posting.as_str(),
            room.rules.inviting.as_str(),
            room.rules.history.as_str(),
            room.rules.auto_join,
            room.metadata.as_ref().map(Metadata::to_stored)
        ])?;
        Ok(())
    }

    fn set_room_keys(&mut self, id: RoomId, metadata: Option<&Metadata>) -> Result<()> {
        const ADD: &str = "INSERT INTO room_metadata (room_id, key, value) VALUES (?1, ?2, ?3)";
        self.prepare_cached("DELETE FROM room_metadata WHERE room_id = ?1")?.execute([id.0])?;
        for (key, value) in metadata.into_iter().flat_map(Metadata::keys) {
            self.prepare_cached(ADD)?.execute(params![id.0, key, value])?;
        }
        Ok(())
    }

    fn mark_room_deleted(&mut self, id: RoomId, at: Timestamp) -> Result<bool> {
        const MARK: &str = "UPDATE rooms SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL";
        Ok(self.prepare_cached(MARK)?.execute([id.0, at.0])? > 0)
    }

    fn append_event(&mut self, event: &NewEvent<'_>) -> Result<(EventId, Seq)> {
        const NEXT_SEQ: &str =
            "UPDATE rooms SET head_seq = head_seq + 1 WHERE id = ?1 RETURNING head_seq, kind";
        const NEXT_PUBLIC_ID: &str = "
            UPDATE server SET last_event_id = last_event_id + 1 WHERE id = 1
            RETURNING last_event_id";
        const NEXT_CLOSED_ID: &str = "
            UPDATE server SET last_closed_event_id = last_closed_event_id + 1 WHERE id = 1
            RETURNING last_closed_event_id";
        const APPEND: &str = "
            INSERT INTO events
                (room_id, seq, id, kind, user_id, created_at, content, target_id, target_seq, detail,
                 client_id, thread_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        let room_id = event.room_id.0;
        let (seq, kind) = self
            .prepare_cached(NEXT_SEQ)?
            .query_row([room_id], |row| Ok((Seq(row.get(0)?), word::<RoomKind>(row, 1)?)))?;
        let next = if kind.is_closed() { NEXT_CLOSED_ID } else { NEXT_PUBLIC_ID };
        let id = self.prepare_cached(next)?.query_row([], |row| row.get(0).map(EventId))?;
        self.prepare_cached(APPEND)?.execute(params![
            room_id,
            seq.0,
            id.0,
            event.kind.as_str(),
            event.user_id.0,
            event.timestamp.0,
            event.content,
            event.target.map(|target| target.message_id.0),
            event.target.map(|target| target.message_seq.0),
            event.detail,
            event.client_id,
            event.thread_id.map(|id| id.0)
        ])?;
        Ok((id, seq))
    }

    fn get_author(&mut self, id: UserId) -> Result<Person> {
        Ok(Names::new(self).get(id)?)
    }

    fn find_oldest_kept(
        &mut self,
        id: RoomId,
        before: Timestamp,
        limit: u32,
    ) -> Result<Option<Seq>> {
        const FIND: &str = "
            SELECT coalesce(min(seq) FILTER (WHERE created_at >= ?2), max(seq) + 1)
            FROM (SELECT seq, created_at FROM events WHERE room_id = ?1 ORDER BY seq LIMIT ?3)";
        let seq: Option<i64> = self
            .prepare_cached(FIND)?
            .query_row(params![id.0, before.0, limit], |row| row.get(0))?;
        Ok(seq.map(Seq))
    }

    fn delete_events_before(&mut self, id: RoomId, seq: Seq) -> Result<u64> {
        const UNINDEX: &str = "
            DELETE FROM search_index
            WHERE rowid IN (SELECT id FROM events WHERE room_id = ?1 AND seq < ?2)";
        const DELETE: &str = "DELETE FROM events WHERE room_id = ?1 AND seq < ?2";
        // Drafts do not refer to events, because thread 0 is the room.
        const FORGET_DRAFTS: &str = "
            DELETE FROM drafts WHERE room_id = ?1 AND thread_id <> 0
              AND NOT EXISTS (SELECT 1 FROM events WHERE events.id = drafts.thread_id)";
        self.prepare_cached(UNINDEX)?.execute([id.0, seq.0])?;
        let deleted = self.prepare_cached(DELETE)?.execute([id.0, seq.0])? as u64;
        self.prepare_cached(FORGET_DRAFTS)?.execute([id.0])?;
        Ok(deleted)
    }

    fn set_oldest_seq(&mut self, id: RoomId, seq: Seq) -> Result<()> {
        const UPDATE: &str = "UPDATE rooms SET oldest_seq = ?2 WHERE id = ?1";
        self.prepare_cached(UPDATE)?.execute([id.0, seq.0])?;
        Ok(())
    }

    fn lock_deleted_room(&mut self) -> Result<Option<RoomId>> {
        const FIND: &str = "SELECT id FROM rooms WHERE deleted_at IS NOT NULL ORDER BY id LIMIT 1";
        let room = self.prepare_cached(FIND)?.query_row([], |row| row.get(0).map(RoomId));
        Ok(room.optional()?)
    }

    fn delete_parts_of_oldest_events(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETES: [&str; 5] = [
            "DELETE FROM reactions WHERE (message_id, emoji, user_id) IN (
                 SELECT message_id, emoji, user_id FROM reactions WHERE message_id IN (
                     SELECT id FROM events WHERE room_id = ?1
                       AND seq < (SELECT min(seq) FROM events WHERE room_id = ?1) + ?2)
                 LIMIT ?2)",
            "DELETE FROM mentions WHERE (user_id, room_id, seq) IN (
                 SELECT user_id, room_id, seq FROM mentions WHERE message_id IN (
                     SELECT id FROM events WHERE room_id = ?1
                       AND seq < (SELECT min(seq) FROM events WHERE room_id = ?1) + ?2)
                 LIMIT ?2)",
            "DELETE FROM thread_follows WHERE (thread_id, user_id) IN (
                 SELECT thread_id, user_id FROM thread_follows WHERE thread_id IN (
                     SELECT id FROM events WHERE room_id = ?1
                       AND seq < (SELECT min(seq) FROM events WHERE room_id = ?1) + ?2)
                 LIMIT ?2)",
            "DELETE FROM pins WHERE (room_id, message_id) IN (
                 SELECT room_id, message_id FROM pins WHERE message_id IN (
                     SELECT id FROM events WHERE room_id = ?1
                       AND seq < (SELECT min(seq) FROM events WHERE room_id = ?1) + ?2)
                 LIMIT ?2)",
            "DELETE FROM message_metadata WHERE (message_id, key) IN (
                 SELECT message_id, key FROM message_metadata WHERE message_id IN (
                     SELECT id FROM events WHERE room_id = ?1
                       AND seq < (SELECT min(seq) FROM events WHERE room_id = ?1) + ?2)
                 LIMIT ?2)",
        ];
        let mut deleted = 0;
        for delete in DELETES {
            deleted += self.prepare_cached(delete)?.execute([id.0, limit.into()])? as u64;
        }
        Ok(deleted)
    }

    /// A log has no gaps, so this deletes about `limit` rows, and at least one if there are any.
    fn delete_oldest_events(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const UNINDEX: &str = "
            DELETE FROM search_index WHERE rowid IN (
                SELECT id FROM events WHERE room_id = ?1
                  AND seq < (SELECT min(seq) FROM events WHERE room_id = ?1) + ?2)";
        const DELETE: &str = "
            DELETE FROM events WHERE room_id = ?1
              AND seq < (SELECT min(seq) FROM events WHERE room_id = ?1) + ?2";
        self.prepare_cached(UNINDEX)?.execute([id.0, limit.into()])?;
        Ok(self.prepare_cached(DELETE)?.execute([id.0, limit.into()])? as u64)
    }

    fn delete_read_positions(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETE: &str = "
            DELETE FROM read_positions WHERE room_id = ?1 AND user_id IN
                (SELECT user_id FROM read_positions WHERE room_id = ?1 LIMIT ?2)";
        Ok(self.prepare_cached(DELETE)?.execute([id.0, limit.into()])? as u64)
    }

    fn delete_members(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETE: &str = "
            DELETE FROM members WHERE room_id = ?1 AND user_id IN
                (SELECT user_id FROM members WHERE room_id = ?1 LIMIT ?2)";
        Ok(self.prepare_cached(DELETE)?.execute([id.0, limit.into()])? as u64)
    }

    fn delete_bans(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETE: &str = "
            DELETE FROM bans WHERE room_id = ?1 AND user_id IN
                (SELECT user_id FROM bans WHERE room_id = ?1 LIMIT ?2)";
        Ok(self.prepare_cached(DELETE)?.execute([id.0, limit.into()])? as u64)
    }

    fn delete_invites(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETE: &str = "
            DELETE FROM invites WHERE room_id = ?1 AND id IN
                (SELECT id FROM invites WHERE room_id = ?1 LIMIT ?2)";
        Ok(self.prepare_cached(DELETE)?.execute([id.0, limit.into()])? as u64)
    }

    fn delete_drafts(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETE: &str = "
            DELETE FROM drafts WHERE (user_id, room_id, thread_id) IN
                (SELECT user_id, room_id, thread_id FROM drafts WHERE room_id = ?1 LIMIT ?2)";
        Ok(self.prepare_cached(DELETE)?.execute([id.0, limit.into()])? as u64)
    }

    fn delete_scheduled_messages(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETE: &str = "
            DELETE FROM scheduled_messages WHERE id IN
                (SELECT id FROM scheduled_messages WHERE room_id = ?1 LIMIT ?2)";
        Ok(self.prepare_cached(DELETE)?.execute([id.0, limit.into()])? as u64)
    }

    fn delete_room_row(&mut self, id: RoomId) -> Result<()> {
        self.prepare_cached("DELETE FROM rooms WHERE id = ?1")?.execute([id.0])?;
        Ok(())
    }
}

fn get_room(db: &Connection, id: RoomId) -> Result<Option<Room>> {
    const GET: &str =
        concat!("SELECT ", room_columns!(), " FROM rooms WHERE id = ?1 AND deleted_at IS NULL");
    Ok(db.prepare_cached(GET)?.query_row([id.0], room).optional()?)
}

fn list_rooms(db: &Connection) -> Result<Vec<Room>> {
    const LIST: &str =
        concat!("SELECT ", room_columns!(), " FROM rooms WHERE deleted_at IS NULL ORDER BY id");
    let mut statement = db.prepare_cached(LIST)?;
    Ok(statement.query_map([], room)?.collect::<rusqlite::Result<_>>()?)
}
