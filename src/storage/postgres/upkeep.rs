//! The work of operators: status, checks and backups.

use std::path::Path;

use super::super::backend::Upkeep;
use super::super::{DatabaseStatus, Progress, Result};
use super::{Postgres, exposure};
use crate::model::Timestamp;

/// `usename IS NOT NULL` excludes PostgreSQL's own processes.
const GET_STATUS: &str = "
    SELECT current_setting('server_version'),
           pg_database_size(current_database()),
           (SELECT count(*) FROM users WHERE deleted_at IS NULL),
           count(*),
           coalesce(sum(head_seq), 0)::bigint,
           (SELECT count(*) FROM pg_stat_activity WHERE usename IS NOT NULL),
           current_setting('max_connections')::bigint
               - current_setting('superuser_reserved_connections')::bigint,
           (extract(epoch FROM clock_timestamp()) * 1000)::bigint
    FROM rooms WHERE deleted_at IS NULL";

impl Upkeep for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn describe_protection(&self) -> Option<String> {
        exposure::describe(&self.target)
    }

    fn get_status(&self) -> Result<DatabaseStatus> {
        self.read(|db| {
            let row = db.query_one(GET_STATUS, &[])?;
            let version: &str = row.get(0);
            let number = |column| row.get::<_, i64>(column).unsigned_abs();
            Ok(DatabaseStatus {
                version: format!("PostgreSQL {version}"),
                size_bytes: number(1),
                wal_bytes: None,
                checkpoints: None,
                users: number(2),
                rooms: number(3),
                events: number(4),
                connections: Some((number(5), number(6))),
                now: Some(Timestamp(row.get(7))),
            })
        })
    }

    fn check_write(&self) -> Result<()> {
        self.write(|db| {
            db.execute("UPDATE server SET epoch = epoch WHERE id = 1", &[])?;
            Ok(())
        })
    }

    /// Compares the rooms with their logs. With `deep` reads every event, so that PostgreSQL verifies the
    /// checksum of every page of the log.
    fn check_integrity(&self, deep: bool) -> Result<Vec<String>> {
        self.read(|db| {
            let rooms = db.query(
                "SELECT id FROM rooms
                 WHERE head_seq < (SELECT coalesce(max(seq), 0) FROM events WHERE room_id = rooms.id)
                 LIMIT 10",
                &[],
            )?;
            let beyond = |row: &postgres::Row| {
                let id: i64 = row.get(0);
                format!("the log of room {id} goes on beyond its head")
            };
            let mut found: Vec<String> = rooms.iter().map(beyond).collect();
            if deep {
                db.query_one("SELECT coalesce(sum(length(content)), 0)::bigint FROM events", &[])?;
                let orphans = db.query(
                    "SELECT room_id, seq FROM events
                     WHERE NOT EXISTS (SELECT FROM rooms WHERE id = room_id)
                        OR NOT EXISTS (SELECT FROM users WHERE id = user_id)
                     LIMIT 10",
                    &[],
                )?;
                found.extend(orphans.iter().map(|row| {
                    let (room_id, seq): (i64, i64) = (row.get(0), row.get(1));
                    format!(
                        "event {seq} of room {room_id} refers to a room or a user that does not exist"
                    )
                }));
            }
            Ok(found)
        })
    }

    fn back_up(&self, _: &Path, _: &mut Progress<'_>) -> Result<bool> {
        Ok(false)
    }

    fn get_data_version(&self) -> Result<Option<i64>> {
        Ok(None)
    }
}
