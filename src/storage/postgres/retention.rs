//! Deleting the beginnings of logs.

use super::super::Result;
use super::super::backend::Retention;
use super::super::decisions;
use super::Postgres;
use crate::model::{NewAuditEntry, RoomId, Timestamp};

impl Retention for Postgres {
    fn prune_events(
        &self,
        id: RoomId,
        before: Timestamp,
        limit: u32,
        entry: Option<&NewAuditEntry>,
    ) -> Result<u64> {
        self.transaction(|tx| decisions::prune_events(tx, id, before, limit, entry))
    }

    fn count_prunable(&self, id: RoomId, before: Timestamp) -> Result<u64> {
        self.read(|db| {
            let row = db.query_opt(
                "SELECT coalesce((SELECT seq FROM events WHERE room_id = $1 AND created_at >= $2
                                  ORDER BY seq LIMIT 1),
                                 head_seq + 1) - oldest_seq
                 FROM rooms WHERE id = $1",
                &[&id.0, &before.0],
            )?;
            Ok(row.map_or(0, |row| u64::try_from(row.get::<_, i64>(0)).unwrap_or(0)))
        })
    }
}
