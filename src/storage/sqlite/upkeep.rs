//! The work of operators: status, checks and backups.

use std::fs;
use std::path::Path;
use std::sync::TryLockError;

use super::super::backend::Upkeep;
use super::super::{DatabaseStatus, Progress, Result};
use super::paths::beside;
use super::{Sqlite, backup};

impl Upkeep for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    /// The sizes are those of the files. A page may be in the WAL and in the database.
    fn describe_protection(&self) -> Option<String> {
        None
    }

    fn get_status(&self) -> Result<DatabaseStatus> {
        const COUNT: &str = "
            SELECT (SELECT count(*) FROM users WHERE deleted_at IS NULL),
                   count(*), coalesce(sum(head_seq), 0)
            FROM rooms WHERE deleted_at IS NULL";
        let counts: [i64; 3] = self.read(|db| {
            let counts = db
                .prepare_cached(COUNT)?
                .query_row([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]));
            Ok(counts?)
        })?;
        let [users, rooms, events] = counts.map(i64::unsigned_abs);
        let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
        Ok(DatabaseStatus {
            version: format!("SQLite {}", rusqlite::version()),
            size_bytes: size(&self.path),
            wal_bytes: Some(size(&beside(&self.path, "-wal"))),
            checkpoints: Some(self.checkpointer.count()),
            users,
            rooms,
            events,
            ..DatabaseStatus::default()
        })
    }

    /// Changes a value and changes it back, because SQLite writes no page for an unchanged value.
    fn check_write(&self) -> Result<()> {
        self.write(|tx| {
            for sql in [
                "UPDATE server SET last_event_id = last_event_id + 1 WHERE id = 1",
                "UPDATE server SET last_event_id = last_event_id - 1 WHERE id = 1",
            ] {
                tx.prepare_cached(sql)?.execute([])?;
            }
            Ok(())
        })
    }

    /// Lists SQLite's findings (<https://sqlite.org/pragma.html#pragma_integrity_check>). Only with `deep`
    /// are indexes compared with their tables, and references to missing rows reported.
    fn check_integrity(&self, deep: bool) -> Result<Vec<String>> {
        const BEYOND: &str = "
            SELECT id FROM rooms
            WHERE head_seq < (SELECT coalesce(max(seq), 0) FROM events WHERE room_id = rooms.id)
            LIMIT 10";
        let check = if deep { "PRAGMA integrity_check(10)" } else { "PRAGMA quick_check(10)" };
        self.read(|db| {
            let mut found: Vec<String> = db
                .prepare(check)?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            found.retain(|line| line != "ok");
            if !found.is_empty() {
                return Ok(found);
            }
            let mut statement = db.prepare(BEYOND)?;
            let rooms = statement.query_map([], |row| row.get::<_, i64>(0))?;
            for room in rooms {
                found.push(format!("the log of room {} goes on beyond its head", room?));
            }
            if deep {
                let mut statement = db.prepare("PRAGMA foreign_key_check")?;
                let tables = statement.query_map([], |row| row.get::<_, String>(0))?;
                for table in tables.take(10) {
                    found.push(format!("a row of {} refers to a row that does not exist", table?));
                }
            }
            Ok(found)
        })
    }

    fn back_up(&self, file: &Path, progress: &mut Progress<'_>) -> Result<bool> {
        backup::back_up(&self.path, file, progress)?;
        Ok(true)
    }

    /// Reads it on the writer's connection, because that connection's own commits do not change it
    /// (<https://sqlite.org/pragma.html#pragma_data_version>).
    fn get_data_version(&self) -> Result<Option<i64>> {
        let writer = match self.writer.try_lock() {
            Ok(writer) => writer,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        let mut statement = writer.prepare_cached("PRAGMA data_version")?;
        Ok(Some(statement.query_row([], |row| row.get(0))?))
    }
}
