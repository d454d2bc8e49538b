//! Deleting the beginnings of logs.

use super::super::Result;
use super::super::backend::Retention;
use super::{Postgres, audit};
use crate::model::{NewAuditEntry, RoomId, Target, Timestamp};

impl Retention for Postgres {
    /// Locks the room first, as every transaction does that then writes to its events.
    fn prune_events(
        &self,
        id: RoomId,
        before: Timestamp,
        limit: u32,
        entry: Option<&NewAuditEntry>,
    ) -> Result<u64> {
        // The log has no gaps: all events before a seq are deleted.
        const FIND: &str = "
            SELECT coalesce(min(seq) FILTER (WHERE created_at >= $2), max(seq) + 1)
            FROM (SELECT seq, created_at FROM events WHERE room_id = $1 ORDER BY seq LIMIT $3) AS oldest";
        self.transaction(|tx| {
            tx.execute("SELECT id FROM rooms WHERE id = $1 FOR NO KEY UPDATE", &[&id.0])?;
            let row = tx.query_one(FIND, &[&id.0, &before.0, &i64::from(limit)])?;
            let Some(oldest_seq) = row.get::<_, Option<i64>>(0) else { return Ok(0) };
            let delete = "DELETE FROM events WHERE room_id = $1 AND seq < $2";
            let deleted = tx.execute(delete, &[&id.0, &oldest_seq])?;
            if deleted > 0 {
                let update = "UPDATE rooms SET oldest_seq = $2 WHERE id = $1";
                tx.execute(update, &[&id.0, &oldest_seq])?;
                if let Some(entry) = entry {
                    audit::record(tx, entry, Target::Room(id))?;
                }
            }
            Ok(deleted)
        })
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
