//! Reads pages of 50 messages at random depths of a room of 200,000 from SQLite, and writes them as JSON,
//! without a server.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use serde::Serialize;

use super::commit;

const ROWS: i64 = 200_000;
const TIME: Duration = Duration::from_secs(2);

const PAGE: &str = "
    SELECT events.id, content, username, user_id, events.created_at, room_id, seq, client_id
    FROM events JOIN users ON users.id = events.user_id
    WHERE room_id = ?1 AND seq < ?2 AND kind = 'message'
    ORDER BY seq DESC LIMIT ?3";

#[derive(Serialize)]
struct Row {
    id: i64,
    content: String,
    username: String,
    user_id: i64,
    timestamp: i64,
    room_id: i64,
    seq: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
}

pub fn run() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = commit::open(&folder, "OFF");
    let content = "x".repeat(128);
    for from in (0..ROWS).step_by(1000) {
        commit::append(&mut connection, from, 1000, &content);
    }
    // Without this, SQLite as built by rusqlite compiles the statement again for every page, because new
    // parameters could need another plan (https://sqlite.org/queryplanner-ng.html#qpstab).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
    let mut bytes = 0;
    let mut pages = 0;
    let mut random = 1_u64;
    let watch = super::Watch::start();
    let until = Instant::now() + TIME;
    while Instant::now() < until {
        // Knuth's MMIX generator: its high bits are random enough to choose pages.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let before = 51 + (random >> 33) as i64 % (ROWS - 50);
        bytes += read(&connection, before).len();
        pages += 1;
    }
    watch.report("pages of 50 of 200,000, SQLite to JSON", pages);
    println!("{:<60} {} bytes a page", "", bytes as u64 / pages);
}

fn read(connection: &Connection, before: i64) -> Vec<u8> {
    let mut statement = connection.prepare_cached(PAGE).unwrap();
    let rows = statement.query_map([1, before, 50], |row| {
        Ok(Row {
            id: row.get(0)?,
            content: row.get(1)?,
            username: row.get(2)?,
            user_id: row.get(3)?,
            timestamp: row.get(4)?,
            room_id: row.get(5)?,
            seq: row.get(6)?,
            client_id: row.get(7)?,
        })
    });
    let mut rows: Vec<Row> = rows.unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 50);
    rows.reverse();
    serde_json::to_vec(&rows).unwrap()
}
