//! SQLite alone: inserts rows of the server's schema on one connection, with transactions of several sizes.

use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

/// How long each size is measured.
const TIME: Duration = Duration::from_millis(1500);

const ROWS_MAX: i64 = 400_000;

const INSERT: &str = "
    INSERT INTO events (room_id, seq, id, user_id, created_at, content, client_id)
    VALUES (1, ?1, ?1, 1, ?2, ?3, NULL)
    ON CONFLICT (room_id, user_id, client_id) WHERE client_id IS NOT NULL DO NOTHING";

pub fn run() {
    for synchronous in ["FULL", "NORMAL"] {
        for batch in [1, 16, 64, 256] {
            measure(synchronous, batch);
        }
    }
}

/// Creates a database with the schema, a user and a room.
pub fn open(folder: &tempfile::TempDir, synchronous: &str) -> Connection {
    let connection = Connection::open(folder.path().join("limit.db")).unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};
             PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384;"
        ))
        .unwrap();
    connection.execute_batch(include_str!("../../sql/sqlite/V1__core.sql")).unwrap();
    connection
        .execute_batch(
            "INSERT INTO users (username, email, password_hash, role, created_at)
             VALUES ('ann', 'ann@example.com', '', 'user', 0);
             INSERT INTO rooms (name, created_by, created_at) VALUES ('general', 1, 0);",
        )
        .unwrap();
    connection
}

/// Adds rows `from + 1` to `from + batch` in one transaction.
pub fn append(connection: &mut Connection, from: i64, batch: i64, content: &str) {
    let transaction = connection.transaction().unwrap();
    {
        let mut insert = transaction.prepare_cached(INSERT).unwrap();
        for seq in from + 1..=from + batch {
            insert.execute(params![seq, 1_738_319_400_000_i64 + seq, content]).unwrap();
        }
        let last = from + batch;
        let execute = |sql: &str| transaction.prepare_cached(sql).unwrap().execute([last]).unwrap();
        execute("UPDATE rooms SET head_seq = ?1 WHERE id = 1");
        execute("UPDATE server SET last_event_id = ?1 WHERE id = 1");
    }
    transaction.commit().unwrap();
}

fn measure(synchronous: &str, batch: i64) {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = open(&folder, synchronous);
    let content = "x".repeat(128);
    let mut rows = 0;
    let watch = super::Watch::start();
    let until = Instant::now() + TIME;
    while Instant::now() < until && rows < ROWS_MAX {
        append(&mut connection, rows, batch, &content);
        rows += batch;
    }
    watch.report(&format!("SQLite rows, {synchronous}, {batch} a transaction"), rows as u64);
}
