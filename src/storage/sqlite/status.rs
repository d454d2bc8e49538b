//! For operators: how the file is, and whether it is sound.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::super::{DatabaseStatus, Result};
use super::claim::beside;

/// The sizes are those of the files: what is in the log may be in the database too.
pub(super) fn get_status(db: &Connection, path: &Path) -> Result<DatabaseStatus> {
    let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let counts: [i64; 3] = db
        .prepare_cached(
            "SELECT (SELECT count(*) FROM users WHERE deleted_at IS NULL),
                    count(*), coalesce(sum(head_seq), 0)
             FROM rooms WHERE deleted_at IS NULL",
        )?
        .query_row([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
    let [users, rooms, events] = counts.map(i64::unsigned_abs);
    Ok(DatabaseStatus {
        version: format!("SQLite {}", rusqlite::version()),
        size_bytes: size(path),
        wal_bytes: Some(size(&beside(path, "-wal"))),
        users,
        rooms,
        events,
        ..DatabaseStatus::default()
    })
}

/// There and back: SQLite writes no page for a value that is what it was.
pub(super) fn check_write(tx: &Connection) -> Result<()> {
    for sql in [
        "UPDATE server SET last_event_id = last_event_id + 1 WHERE id = 1",
        "UPDATE server SET last_event_id = last_event_id - 1 WHERE id = 1",
    ] {
        tx.prepare_cached(sql)?.execute([])?;
    }
    Ok(())
}

/// What SQLite finds (<https://sqlite.org/pragma.html#pragma_integrity_check>), and rows that
/// name others which are not there. Without `deep`, indexes are not held against their tables.
pub(super) fn check_integrity(db: &Connection, deep: bool) -> Result<Vec<String>> {
    let sql = if deep { "PRAGMA integrity_check(10)" } else { "PRAGMA quick_check(10)" };
    let mut found: Vec<String> =
        db.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    found.retain(|line| line != "ok");
    if !found.is_empty() {
        return Ok(found);
    }
    let beyond = "
        SELECT id FROM rooms
        WHERE head_seq < (SELECT coalesce(max(seq), 0) FROM events WHERE room_id = rooms.id)
        LIMIT 10";
    let mut statement = db.prepare(beyond)?;
    let rooms = statement.query_map([], |row| row.get::<_, i64>(0))?;
    for room in rooms {
        found.push(format!("the log of room {} goes on beyond its head", room?));
    }
    if deep {
        let mut statement = db.prepare("PRAGMA foreign_key_check")?;
        let tables = statement.query_map([], |row| row.get::<_, String>(0))?;
        for table in tables.take(10) {
            found.push(format!("a row of {} names another that is not there", table?));
        }
    }
    Ok(found)
}
