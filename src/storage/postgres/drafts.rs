//! What people have written and not sent. Thread 0 is the room.

use super::super::Result;
use super::super::backend::{Drafts, MAX_DRAFTS, SavedDraft};
use super::Postgres;
use super::readable::{is_readable, visible_from};
use crate::model::{EventId, RoomId, Timestamp, UserId};

const LIST: &str = concat!(
    "SELECT drafts.room_id, drafts.thread_id, drafts.content, drafts.updated_at
    FROM drafts JOIN rooms ON rooms.id = drafts.room_id
    WHERE ",
    is_readable!(),
    " AND drafts.user_id = $1
     AND (drafts.thread_id = 0 OR EXISTS (
         SELECT FROM events
         WHERE events.id = drafts.thread_id AND events.room_id = drafts.room_id AND events.seq > ",
    visible_from!(),
    "))
     ORDER BY drafts.updated_at DESC, drafts.room_id, drafts.thread_id"
);

impl Drafts for Postgres {
    fn save_draft(&self, draft: SavedDraft) -> Result<Option<(SavedDraft, bool)>> {
        // The drafts of one user are stored one after the other, so that they are counted.
        const LOCK: &str =
            "SELECT FROM users WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE";
        const SAVE: &str = "
            INSERT INTO drafts (user_id, room_id, thread_id, content, updated_at)
            SELECT $1, rooms.id, $3, $4, $5 FROM rooms
            WHERE rooms.id = $2 AND rooms.deleted_at IS NULL
              AND (EXISTS (SELECT FROM drafts
                           WHERE user_id = $1 AND room_id = $2 AND thread_id = $3)
                   OR (SELECT count(*) FROM drafts WHERE user_id = $1) < $6)
            ON CONFLICT (user_id, room_id, thread_id) DO UPDATE
                SET content = excluded.content, updated_at = excluded.updated_at
            WHERE drafts.content <> excluded.content";
        const GET: &str = "
            SELECT updated_at FROM drafts
            WHERE user_id = $1 AND room_id = $2 AND thread_id = $3 AND content = $4";
        let (user_id, room_id) = (draft.user_id.0, draft.room_id.0);
        let thread_id = draft.thread_id.map_or(0, |id| id.0);
        self.transaction(|tx| {
            if tx.query_opt(LOCK, &[&user_id])?.is_none() {
                return Ok(None);
            }
            let (text, now, most) = (&draft.content, draft.updated_at.0, i64::from(MAX_DRAFTS));
            if tx.execute(SAVE, &[&user_id, &room_id, &thread_id, text, &now, &most])? == 1 {
                return Ok(Some((draft.clone(), true)));
            }
            let row = tx.query_opt(GET, &[&user_id, &room_id, &thread_id, text])?;
            let updated_at = row.map(|row| Timestamp(row.get(0)));
            Ok(updated_at.map(|updated_at| (SavedDraft { updated_at, ..draft.clone() }, false)))
        })
    }

    fn delete_draft(
        &self,
        user_id: UserId,
        room_id: RoomId,
        thread_id: Option<EventId>,
    ) -> Result<bool> {
        const DELETE: &str =
            "DELETE FROM drafts WHERE user_id = $1 AND room_id = $2 AND thread_id = $3";
        let thread_id = thread_id.map_or(0, |id| id.0);
        self.write(|db| Ok(db.execute(DELETE, &[&user_id.0, &room_id.0, &thread_id])? == 1))
    }

    fn list_drafts(&self, user_id: UserId, now: Timestamp) -> Result<Vec<SavedDraft>> {
        self.read(|db| {
            let draft = |row: postgres::Row| SavedDraft {
                user_id,
                room_id: RoomId(row.get(0)),
                thread_id: Some(EventId(row.get(1))).filter(|id| id.0 != 0),
                content: row.get(2),
                updated_at: Timestamp(row.get(3)),
            };
            let rows = db.query(LIST, &[&user_id.0, &now.0])?;
            Ok(rows.into_iter().map(draft).collect())
        })
    }
}
