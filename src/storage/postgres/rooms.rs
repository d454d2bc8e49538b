//! Rooms, without their logs.
//!
//! A deleted room keeps its row until its log has been deleted, so every statement here must select or
//! exclude deleted rooms.

use postgres::Row;

use super::super::Result;
use super::super::backend::{CountedRoom, Guard, RoomPage, RoomSearch, Rooms};
use super::super::decisions::{self, NewEvent, RoomTransaction};
use super::Postgres;
use super::committed::CommittedEvent;
use super::connection::Connection;
use super::records::{ROOM_COLUMNS, optional_text, room, room_columns, text};
use crate::model::{
    EventId, Metadata, NewAuditEntry, NewRoom, Person, Room, RoomChange, RoomDifference, RoomHead,
    RoomId, RoomKind, Seq, Timestamp, UpdatedRoom, UserId,
};

impl Rooms for Postgres {
    fn create_room(&self, room: &NewRoom, entry: &NewAuditEntry) -> Result<Room> {
        self.transaction(|tx| decisions::create_room(tx, room, entry))
    }

    fn get_room(&self, id: RoomId) -> Result<Option<Room>> {
        self.read(|db| {
            let row = db.query_opt(
                concat!(
                    "SELECT ",
                    room_columns!(),
                    " FROM rooms WHERE id = $1 AND deleted_at IS NULL"
                ),
                &[&id.0],
            )?;
            Ok(row.map(|row| room(&row)))
        })
    }

    fn get_room_by_name(&self, name: &str) -> Result<Option<Room>> {
        self.read(|db| {
            let row = db.query_opt(
                concat!(
                    "SELECT ",
                    room_columns!(),
                    " FROM rooms
                     WHERE lower(name COLLATE \"C\") = lower($1 COLLATE \"C\") AND deleted_at IS NULL
                       AND kind = 'public'"
                ),
                &[&name],
            )?;
            Ok(row.map(|row| room(&row)))
        })
    }

    fn list_public_names(&self) -> Result<Vec<(RoomId, String)>> {
        self.read(|db| {
            let rows = db.query(
                "SELECT id, name FROM rooms WHERE deleted_at IS NULL AND kind = 'public'",
                &[],
            )?;
            Ok(rows.iter().map(|row| (RoomId(row.get(0)), row.get(1))).collect())
        })
    }

    fn list_rooms(&self) -> Result<Vec<Room>> {
        self.read(|db| {
            let rows = db.query(
                concat!(
                    "SELECT ",
                    room_columns!(),
                    " FROM rooms WHERE deleted_at IS NULL ORDER BY id"
                ),
                &[],
            )?;
            Ok(rows.iter().map(room).collect())
        })
    }

    fn search_rooms(&self, search: &RoomSearch) -> Result<RoomPage> {
        const LIST: &str = concat!(
            "SELECT ",
            room_columns!(),
            ", member_count FROM rooms
              WHERE id > $1 AND deleted_at IS NULL AND kind <> 'direct' AND kind = coalesce($2, kind)
                AND ($3::text IS NULL
                     OR strpos(lower(name COLLATE \"C\"), lower($3 COLLATE \"C\")) > 0)
              ORDER BY id LIMIT $4"
        );
        let RoomSearch { query, kind, after, limit } = search;
        let after = after.map_or(i64::MIN, |id| id.0);
        self.read(|db| {
            let kind = kind.map(RoomKind::as_str);
            let rows = db.query(LIST, &[&after, &kind, query, &(i64::from(*limit) + 1)])?;
            let counted = |row: &Row| CountedRoom {
                room: room(row),
                member_count: row.get::<_, i64>(ROOM_COLUMNS).unsigned_abs(),
            };
            let has_more = rows.len() > *limit as usize;
            let rooms = rows.iter().take(*limit as usize).map(counted).collect();
            Ok(RoomPage { rooms, has_more })
        })
    }

    /// The database compares the heads, so that unchanged rooms are not sent.
    fn list_changed_rooms(
        &self,
        known: &[RoomHead],
        finds_new: bool,
    ) -> Result<Vec<RoomDifference>> {
        const LIST: &str = concat!(
            "SELECT ",
            room_columns!(),
            ", known.id, known.head_seq
             FROM unnest($1::bigint[], $2::bigint[]) AS known (id, head_seq)
             LEFT JOIN rooms ON rooms.id = known.id AND deleted_at IS NULL
             WHERE rooms.id IS NULL OR rooms.head_seq > known.head_seq"
        );
        const LIST_WITH_NEW: &str = concat!(
            "SELECT ",
            room_columns!(),
            ", known.id, known.head_seq
             FROM unnest($1::bigint[], $2::bigint[]) AS known (id, head_seq)
             FULL JOIN (SELECT * FROM rooms WHERE deleted_at IS NULL) AS rooms ON rooms.id = known.id
             WHERE rooms.id IS NULL OR known.id IS NULL OR rooms.head_seq > known.head_seq"
        );
        self.read(|db| {
            let ids: Vec<i64> = known.iter().map(|known| known.id.0).collect();
            let heads: Vec<i64> = known.iter().map(|known| known.head_seq.0).collect();
            let list = if finds_new { LIST_WITH_NEW } else { LIST };
            let rows = db.query(list, &[&ids, &heads])?;
            let difference = |row: &Row| {
                let is_there = row.get::<_, Option<i64>>(0).is_some();
                let Some(id) = row.get::<_, Option<i64>>(ROOM_COLUMNS).map(RoomId) else {
                    return RoomDifference::New(room(row));
                };
                let known = RoomHead { id, head_seq: Seq(row.get(ROOM_COLUMNS + 1)) };
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
        guard: Option<&Guard<'_>>,
        entry: &NewAuditEntry,
    ) -> Result<Option<UpdatedRoom>> {
        self.transaction(|tx| decisions::update_room(tx, id, change, guard, entry))
    }

    fn delete_room(
        &self,
        id: RoomId,
        guard: Option<&Guard<'_>>,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        self.transaction(|tx| decisions::delete_room(tx, id, guard, entry))
    }

    fn purge_deleted_rooms(&self, limit: u32) -> Result<bool> {
        self.transaction(|tx| decisions::purge_deleted_rooms(tx, limit))
    }
}

impl RoomTransaction for Connection {
    fn insert_room(&mut self, room: &NewRoom) -> Result<RoomId> {
        let row = self.query_one(
            "INSERT INTO rooms (id, name, description, created_by, created_at,
                                kind, posting, inviting, history, auto_join, direct_key, metadata)
             OVERRIDING SYSTEM VALUE
             VALUES (CASE WHEN $5 = 'public' THEN nextval('rooms_id_seq')
                          ELSE nextval('closed_room_ids') END,
                     $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             RETURNING id",
            &[
                &room.name,
                &room.description,
                &room.created_by.0,
                &room.created_at.0,
                &room.kind.as_str(),
                &room.rules.posting.as_str(),
                &room.rules.inviting.as_str(),
                &room.rules.history.as_str(),
                &room.rules.auto_join,
                &room.direct_key,
                &room.metadata.as_ref().map(Metadata::to_stored),
            ],
        )?;
        Ok(RoomId(row.get(0)))
    }

    fn lock_room(&mut self, id: RoomId) -> Result<Option<Room>> {
        const LOCK: &str = concat!(
            "SELECT ",
            room_columns!(),
            " FROM rooms WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE"
        );
        Ok(self.query_opt(LOCK, &[&id.0])?.as_ref().map(room))
    }

    fn set_room(&mut self, room: &Room) -> Result<()> {
        const UPDATE: &str = "
            UPDATE rooms SET name = $2, description = $3, archived_at = $4, revision = $5,
                             retention_days = $6, kind = $7, posting = $8, inviting = $9,
                             history = $10, auto_join = $11, metadata = $12
            WHERE id = $1";
        self.execute(
            UPDATE,
            &[
                &room.id.0,
                &room.name,
                &room.description,
                &room.archived_at.map(|at| at.0),
                &room.revision,
                &room.retention_days.and_then(|days| i32::try_from(days).ok()),
                &room.kind.as_str(),
                &room.rules.posting.as_str(),
                &room.rules.inviting.as_str(),
                &room.rules.history.as_str(),
                &room.rules.auto_join,
                &room.metadata.as_ref().map(Metadata::to_stored),
            ],
        )?;
        Ok(())
    }

    fn set_room_keys(&mut self, id: RoomId, metadata: Option<&Metadata>) -> Result<()> {
        const ADD: &str = "
            INSERT INTO room_metadata (room_id, key, value)
            SELECT $1, key, value FROM unnest($2::text[], $3::text[]) AS input (key, value)";
        self.execute("DELETE FROM room_metadata WHERE room_id = $1", &[&id.0])?;
        if let Some(metadata) = metadata {
            let (keys, values): (Vec<&str>, Vec<Option<String>>) = metadata.keys().unzip();
            self.execute(ADD, &[&id.0, &keys, &values])?;
        }
        Ok(())
    }

    fn mark_room_deleted(&mut self, id: RoomId, at: Timestamp) -> Result<bool> {
        const MARK: &str = "UPDATE rooms SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL";
        Ok(self.execute(MARK, &[&id.0, &at.0])? > 0)
    }

    fn append_event(&mut self, event: &NewEvent<'_>) -> Result<(EventId, Seq)> {
        const APPEND: &str = "
            WITH bumped AS (
                UPDATE rooms SET head_seq = head_seq + 1 WHERE id = $1 RETURNING head_seq, kind
            )
            INSERT INTO events
                (id, room_id, seq, kind, user_id, created_at, content, target_id, target_seq, detail,
                 client_id, thread_id)
            OVERRIDING SYSTEM VALUE
            SELECT CASE kind WHEN 'public' THEN nextval('events_id_seq')
                             ELSE nextval('closed_event_ids') END,
                   $1, head_seq, $2, $3, $4, $5, $6, $7, $8, $9, $10
            FROM bumped
            RETURNING id, seq";
        let row = self.query_one(
            APPEND,
            &[
                &event.room_id.0,
                &event.kind.as_str(),
                &event.user_id.0,
                &event.timestamp.0,
                &event.content,
                &event.target.map(|target| target.message_id.0),
                &event.target.map(|target| target.message_seq.0),
                &event.detail,
                &event.client_id,
                &event.thread_id.map(|id| id.0),
            ],
        )?;
        let (id, seq) = (EventId(row.get(0)), Seq(row.get(1)));
        let (room_id, created_at) = (event.room_id, event.timestamp);
        self.wrote(CommittedEvent { room_id, seq, id, created_at });
        Ok((id, seq))
    }

    fn get_author(&mut self, user_id: UserId) -> Result<Person> {
        const GET: &str = "SELECT username, display_name FROM users WHERE id = $1";
        let row = self.query_one(GET, &[&user_id.0])?;
        Ok(Person { user_id, username: text(&row, 0), display_name: optional_text(&row, 1) })
    }

    fn find_oldest_kept(
        &mut self,
        id: RoomId,
        before: Timestamp,
        limit: u32,
    ) -> Result<Option<Seq>> {
        const FIND: &str = "
            SELECT coalesce(min(seq) FILTER (WHERE created_at >= $2), max(seq) + 1)
            FROM (SELECT seq, created_at FROM events WHERE room_id = $1 ORDER BY seq LIMIT $3)
                 AS oldest";
        let row = self.query_one(FIND, &[&id.0, &before.0, &i64::from(limit)])?;
        Ok(row.get::<_, Option<i64>>(0).map(Seq))
    }

    fn delete_events_before(&mut self, id: RoomId, seq: Seq) -> Result<u64> {
        const DELETE: &str = "
            WITH deleted AS (DELETE FROM events WHERE room_id = $1 AND seq < $2 RETURNING id),
            unindexed AS (DELETE FROM search_index USING deleted WHERE search_index.id = deleted.id)
            SELECT count(*) FROM deleted";
        // Drafts do not refer to events, because thread 0 is the room.
        const FORGET_DRAFTS: &str = "
            DELETE FROM drafts WHERE room_id = $1 AND thread_id <> 0
              AND NOT EXISTS (SELECT FROM events WHERE events.id = drafts.thread_id)";
        let deleted = self.query_one(DELETE, &[&id.0, &seq.0])?.get::<_, i64>(0).unsigned_abs();
        self.execute(FORGET_DRAFTS, &[&id.0])?;
        Ok(deleted)
    }

    fn set_oldest_seq(&mut self, id: RoomId, seq: Seq) -> Result<()> {
        self.execute("UPDATE rooms SET oldest_seq = $2 WHERE id = $1", &[&id.0, &seq.0])?;
        Ok(())
    }

    fn lock_deleted_room(&mut self) -> Result<Option<RoomId>> {
        const LOCK: &str = "
            SELECT id FROM rooms WHERE deleted_at IS NOT NULL
            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED";
        Ok(self.query_opt(LOCK, &[])?.map(|row| RoomId(row.get(0))))
    }

    fn delete_parts_of_oldest_events(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETES: [&str; 5] = [
            "DELETE FROM reactions WHERE (message_id, emoji, user_id) IN (
                 SELECT message_id, emoji, user_id FROM reactions WHERE message_id IN (
                     SELECT id FROM events WHERE room_id = $1
                       AND seq < (SELECT min(seq) FROM events WHERE room_id = $1) + $2)
                 LIMIT $2)",
            "DELETE FROM mentions WHERE (user_id, room_id, seq) IN (
                 SELECT user_id, room_id, seq FROM mentions WHERE message_id IN (
                     SELECT id FROM events WHERE room_id = $1
                       AND seq < (SELECT min(seq) FROM events WHERE room_id = $1) + $2)
                 LIMIT $2)",
            "DELETE FROM thread_follows WHERE (thread_id, user_id) IN (
                 SELECT thread_id, user_id FROM thread_follows WHERE thread_id IN (
                     SELECT id FROM events WHERE room_id = $1
                       AND seq < (SELECT min(seq) FROM events WHERE room_id = $1) + $2)
                 LIMIT $2)",
            "DELETE FROM pins WHERE (room_id, message_id) IN (
                 SELECT room_id, message_id FROM pins WHERE message_id IN (
                     SELECT id FROM events WHERE room_id = $1
                       AND seq < (SELECT min(seq) FROM events WHERE room_id = $1) + $2)
                 LIMIT $2)",
            "DELETE FROM message_metadata WHERE (message_id, key) IN (
                 SELECT message_id, key FROM message_metadata WHERE message_id IN (
                     SELECT id FROM events WHERE room_id = $1
                       AND seq < (SELECT min(seq) FROM events WHERE room_id = $1) + $2)
                 LIMIT $2)",
        ];
        let mut deleted = 0;
        for delete in DELETES {
            deleted += self.execute(delete, &[&id.0, &i64::from(limit)])?;
        }
        Ok(deleted)
    }

    /// A log has no gaps, so this deletes about `limit` rows, and at least one if there are any.
    fn delete_oldest_events(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETE: &str = "
            WITH deleted AS (
                DELETE FROM events WHERE room_id = $1
                  AND seq < (SELECT min(seq) FROM events WHERE room_id = $1) + $2 RETURNING id),
            unindexed AS (DELETE FROM search_index USING deleted WHERE search_index.id = deleted.id)
            SELECT count(*) FROM deleted";
        let row = self.query_one(DELETE, &[&id.0, &i64::from(limit)])?;
        Ok(row.get::<_, i64>(0).unsigned_abs())
    }

    fn delete_read_positions(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETE: &str = "
            DELETE FROM read_positions WHERE room_id = $1 AND user_id IN
                (SELECT user_id FROM read_positions WHERE room_id = $1 LIMIT $2)";
        Ok(self.execute(DELETE, &[&id.0, &i64::from(limit)])?)
    }

    fn delete_members(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETE: &str = "
            DELETE FROM members WHERE room_id = $1 AND user_id IN
                (SELECT user_id FROM members WHERE room_id = $1 LIMIT $2)";
        Ok(self.execute(DELETE, &[&id.0, &i64::from(limit)])?)
    }

    fn delete_bans(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETE: &str = "
            DELETE FROM bans WHERE room_id = $1 AND user_id IN
                (SELECT user_id FROM bans WHERE room_id = $1 LIMIT $2)";
        Ok(self.execute(DELETE, &[&id.0, &i64::from(limit)])?)
    }

    fn delete_invites(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETE: &str = "
            DELETE FROM invites WHERE room_id = $1 AND id IN
                (SELECT id FROM invites WHERE room_id = $1 LIMIT $2)";
        Ok(self.execute(DELETE, &[&id.0, &i64::from(limit)])?)
    }

    fn delete_drafts(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETE: &str = "
            DELETE FROM drafts WHERE (user_id, room_id, thread_id) IN
                (SELECT user_id, room_id, thread_id FROM drafts WHERE room_id = $1 LIMIT $2)";
        Ok(self.execute(DELETE, &[&id.0, &i64::from(limit)])?)
    }

    fn delete_scheduled_messages(&mut self, id: RoomId, limit: u32) -> Result<u64> {
        const DELETE: &str = "
            DELETE FROM scheduled_messages WHERE id IN
                (SELECT id FROM scheduled_messages WHERE room_id = $1 LIMIT $2)";
        Ok(self.execute(DELETE, &[&id.0, &i64::from(limit)])?)
    }

    fn delete_room_row(&mut self, id: RoomId) -> Result<()> {
        self.execute("DELETE FROM rooms WHERE id = $1", &[&id.0])?;
        Ok(())
    }
}
