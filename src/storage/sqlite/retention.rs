//! Deleting the beginnings of logs.

use rusqlite::OptionalExtension;

use super::super::Result;
use super::super::backend::Retention;
use super::super::decisions;
use super::Sqlite;
use crate::model::{NewAuditEntry, RoomId, Timestamp};

impl Retention for Sqlite {
    fn prune_events(
        &self,
        id: RoomId,
        before: Timestamp,
        limit: u32,
        entry: Option<&NewAuditEntry>,
    ) -> Result<u64> {
        self.write(|tx| decisions::prune_events(tx, id, before, limit, entry))
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
