//! Deleting the beginnings of logs.

use rusqlite::{OptionalExtension, params};

use super::super::Result;
use super::super::backend::Retention;
use super::{Sqlite, audit};
use crate::model::{NewAuditEntry, RoomId, Target, Timestamp};

impl Retention for Sqlite {
    fn prune_events(
        &self,
        id: RoomId,
        before: Timestamp,
        limit: u32,
        entry: Option<&NewAuditEntry>,
    ) -> Result<u64> {
        // The log has no gaps: all events before a seq are deleted.
        const FIND: &str = "
            SELECT coalesce(min(seq) FILTER (WHERE created_at >= ?2), max(seq) + 1)
            FROM (SELECT seq, created_at FROM events WHERE room_id = ?1 ORDER BY seq LIMIT ?3)";
        self.write(|tx| {
            let oldest_seq: Option<i64> = tx
                .prepare_cached(FIND)?
                .query_row(params![id.0, before.0, limit], |row| row.get(0))?;
            let Some(oldest_seq) = oldest_seq else { return Ok(0) };
            let deleted = tx
                .prepare_cached("DELETE FROM events WHERE room_id = ?1 AND seq < ?2")?
                .execute([id.0, oldest_seq])?;
            if deleted > 0 {
                tx.prepare_cached("UPDATE rooms SET oldest_seq = ?2 WHERE id = ?1")?
                    .execute([id.0, oldest_seq])?;
                if let Some(entry) = entry {
                    audit::record(tx, entry, Target::Room(id))?;
                }
            }
            Ok(deleted as u64)
        })
    }

    fn count_prunable(&self, id: RoomId, before: Timestamp) -> Result<u64> {
        const COUNT: &str = "
            SELECT coalesce((SELECT seq FROM events WHERE room_id = ?1 AND created_at >= ?2
                             ORDER BY seq LIMIT 1),
                            head_seq + 1) - oldest_seq
            FROM rooms WHERE id = ?1";
        self.read(|db| {
            let count: Option<i64> = db
                .prepare_cached(COUNT)?
                .query_row([id.0, before.0], |row| row.get(0))
                .optional()?;
            Ok(count.map_or(0, |count| u64::try_from(count).unwrap_or(0)))
        })
    }
}
