//! Descriptions of the sessions that hold a lock, for the operator.

use postgres::Client;

/// Selects the sessions that hold an advisory lock. `pg_locks` has the two halves of its number in two
/// columns.
const OF_ADVISORY: &str = "
    SELECT DISTINCT a.pid, a.application_name, a.usename::text, a.client_addr::text, a.state
    FROM pg_locks JOIN pg_stat_activity a USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (classid::bigint << 32 | objid::bigint) = $1 AND pid <> pg_backend_pid()
    ORDER BY a.pid LIMIT 4";

/// Selects the sessions that hold a lock on a table of the schema.
const OF_TABLES: &str = "
    SELECT DISTINCT a.pid, a.application_name, a.usename::text, a.client_addr::text, a.state
    FROM pg_locks JOIN pg_stat_activity a USING (pid)
    WHERE locktype = 'relation' AND granted AND pid <> pg_backend_pid()
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND relation IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace
                       AND relkind = 'r')
    ORDER BY a.pid LIMIT 4";

/// Describes the sessions that hold an advisory lock.
pub(super) fn of_advisory(client: &mut Client, key: i64) -> String {
    describe(client.query(OF_ADVISORY, &[&key]))
}

/// Describes the sessions that hold a lock on one of the tables.
pub(super) fn of_tables(client: &mut Client) -> String {
    describe(client.query(OF_TABLES, &[]))
}

/// Returns text such as "pid 812 (chatapp, user chat, from 192.0.2.7, idle)".
fn describe(found: Result<Vec<postgres::Row>, postgres::Error>) -> String {
    let rows = found.unwrap_or_default();
    let sessions = rows.iter().map(|row| {
        let pid: i32 = row.get(0);
        let text = |column| row.get::<_, Option<String>>(column).filter(|text| !text.is_empty());
        let words = [
            text(1),
            text(2).map(|user| format!("user {user}")),
            text(3).map(|address| format!("from {}", address.trim_end_matches("/32"))),
            text(4),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        match words.is_empty() {
            true => format!("pid {pid}"),
            false => format!("pid {pid} ({})", words.join(", ")),
        }
    });
    let sessions: Vec<String> = sessions.collect();
    match sessions.is_empty() {
        true => "a session that has just ended".to_owned(),
        false => sessions.join(", "),
    }
}
