//! What people have written and not sent. Thread 0 is the room.

use rusqlite::{OptionalExtension, Row, params};

use super::super::Result;
use super::super::backend::{Drafts, MAX_DRAFTS, SavedDraft};
use super::Sqlite;
use super::readable::{is_readable, visible_from};
use crate::model::{EventId, RoomId, Timestamp, UserId};

const LIST: &str = concat!(
    "SELECT drafts.room_id, drafts.thread_id, drafts.content, drafts.updated_at
    FROM drafts JOIN rooms ON rooms.id = drafts.room_id
    WHERE ",
    is_readable!(),
    " AND drafts.user_id = ?1
     AND (drafts.thread_id = 0 OR EXISTS (
         SELECT 1 FROM events
         WHERE events.id = drafts.thread_id AND events.room_id = drafts.room_id AND events.seq > ",
    visible_from!(),
    "))
     ORDER BY drafts.updated_at DESC, drafts.room_id, drafts.thread_id"
);

impl Drafts for Sqlite {
    fn save_draft(&self, draft: SavedDraft) -> Result<Option<(SavedDraft, bool)>> {
        const SAVE: &str = "
            INSERT INTO drafts (user_id, room_id, thread_id, content, updated_at)
            SELECT users.id, rooms.id, ?3, ?4, ?5 FROM users JOIN rooms ON rooms.id = ?2
            WHERE users.id = ?1 AND users.deleted_at IS NULL AND rooms.deleted_at IS NULL
              AND (EXISTS (SELECT 1 FROM drafts
                           WHERE user_id = ?1 AND room_id = ?2 AND thread_id = ?3)
                   OR (SELECT count(*) FROM drafts WHERE user_id = ?1) < ?6)
            ON CONFLICT DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at
            WHERE content <> excluded.content";
        const GET: &str = "
            SELECT updated_at FROM drafts
            WHERE user_id = ?1 AND room_id = ?2 AND thread_id = ?3 AND content = ?4";
        let (user_id, room_id) = (draft.user_id.0, draft.room_id.0);
        let thread_id = draft.thread_id.map_or(0, |id| id.0);
        self.write(|tx| {
            let (text, now) = (&draft.content, draft.updated_at.0);
            let row = params![user_id, room_id, thread_id, text, now, MAX_DRAFTS];
            if tx.prepare_cached(SAVE)?.execute(row)? == 1 {
                return Ok(Some((draft, true)));
            }
            let mut get = tx.prepare_cached(GET)?;
            let row = params![user_id, room_id, thread_id, text];
            let updated_at = get.query_row(row, |row| row.get(0)).optional()?.map(Timestamp);
            Ok(updated_at.map(|updated_at| (SavedDraft { updated_at, ..draft }, false)))
        })
    }

    fn delete_draft(
        &self,
        user_id: UserId,
        room_id: RoomId,
        thread_id: Option<EventId>,
    ) -> Result<bool> {
        const DELETE: &str =
            "DELETE FROM drafts WHERE user_id = ?1 AND room_id = ?2 AND thread_id = ?3";
        let thread_id = thread_id.map_or(0, |id| id.0);
        self.write(|tx| {
            let mut delete = tx.prepare_cached(DELETE)?;
            Ok(delete.execute([user_id.0, room_id.0, thread_id])? == 1)
        })
    }

    fn list_drafts(&self, user_id: UserId, now: Timestamp) -> Result<Vec<SavedDraft>> {
        self.read(|db| {
            let mut list = db.prepare_cached(LIST)?;
            let draft = |row: &Row<'_>| {
                Ok(SavedDraft {
                    user_id,
                    room_id: RoomId(row.get(0)?),
                    thread_id: Some(EventId(row.get(1)?)).filter(|id| id.0 != 0),
                    content: row.get(2)?,
                    updated_at: Timestamp(row.get(3)?),
                })
            };
            let rows = list.query_map([user_id.0, now.0], draft)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}
