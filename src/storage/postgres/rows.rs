//! Reading and writing whole tables, for copies of the database.

use std::fmt::Write as _;
use std::io::Write as _;

use postgres::{Client, Row as PgRow};

use super::super::rows::{Column, Kind, Row, Scope, Source, TABLES, Table, Value, Visitor};
use super::super::{Error, Result};
use super::Postgres;

/// Fetches the next rows of the cursor.
const FETCH: &str = "FETCH 1000 FROM copied";

/// A copy has no time limit, and sequential scans are allowed, because whole tables are read.
const SETTINGS: &str = "
    SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;
    SET enable_seqscan = on;
    SET enable_bitmapscan = on;";

/// The last id of each table that was ever given. Sequences are not transactional, so they may be ahead
/// of the rows, which does no harm.
const COUNTERS: &str = "
    (SELECT 'audit' AS name, last_value - (NOT is_called)::int AS last_id FROM audit_id_seq
     UNION ALL SELECT 'closed_events', last_value - (NOT is_called)::int FROM closed_event_ids
     UNION ALL SELECT 'closed_rooms', last_value - (NOT is_called)::int FROM closed_room_ids
     UNION ALL SELECT 'events', last_value - (NOT is_called)::int FROM events_id_seq
     UNION ALL SELECT 'invites', last_value - (NOT is_called)::int FROM invites_id_seq
     UNION ALL SELECT 'rooms', last_value - (NOT is_called)::int FROM rooms_id_seq
     UNION ALL SELECT 'scheduled_messages', last_value - (NOT is_called)::int
               FROM scheduled_messages_id_seq
     UNION ALL SELECT 'users', last_value - (NOT is_called)::int FROM users_id_seq) AS counters";

/// The users whom the events of a room name in their `detail`.
const NAMED: &str = "
    SELECT named::bigint FROM events, jsonb_array_elements_text(detail::jsonb -> 'user_ids') AS named
    WHERE room_id = {room} AND (kind LIKE 'member%' OR kind LIKE 'reaction%')";

impl Source for Postgres {
    /// Reads everything in one transaction, so that all rows are from one moment.
    fn read_rows(&self, scope: Scope, visit: &mut Visitor<'_>) -> Result<()> {
        let mut read = || {
            let mut client = self.manager.connect_alone()?;
            client.batch_execute(SETTINGS)?;
            client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
            read_rows(&mut client, scope, visit)?;
            Ok(client.batch_execute("ROLLBACK")?)
        };
        read().map_err(|error: Error| error.of(&self.name))
    }
}

/// Reads all rows. The caller has begun a transaction.
pub(super) fn read_rows(client: &mut Client, scope: Scope, visit: &mut Visitor<'_>) -> Result<()> {
    for table in TABLES {
        let from = if table.name == "counters" { COUNTERS } else { table.name };
        let select = table.select(from, scope, NAMED, "\"C\"", expression);
        client.batch_execute(&format!("DECLARE copied NO SCROLL CURSOR FOR {select}"))?;
        loop {
            let rows = client.query(FETCH, &[])?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                if visit(table, values(row, table)?).is_break() {
                    return Ok(());
                }
            }
        }
        client.batch_execute("CLOSE copied")?;
    }
    Ok(())
}

fn expression(column: &Column) -> String {
    match column.kind {
        Kind::Int | Kind::Time => format!("{}::bigint", column.name),
        Kind::Bool => format!("{}::int::bigint", column.name),
        Kind::Text => column.name.to_owned(),
        Kind::Json => format!("{}::text", column.name),
        Kind::Bytes => format!("encode({}, 'hex')", column.name),
    }
}

fn values(row: &PgRow, table: &Table) -> Result<Row> {
    let value = |(index, column): (usize, &Column)| {
        Ok(match column.kind {
            Kind::Int | Kind::Bool | Kind::Time => {
                row.try_get::<_, Option<i64>>(index)?.map_or(Value::Null, Value::Int)
            }
            Kind::Text | Kind::Json | Kind::Bytes => {
                row.try_get::<_, Option<String>>(index)?.map_or(Value::Null, Value::Text)
            }
        })
    };
    table.columns.iter().enumerate().map(value).collect()
}

/// Adds the rows with COPY (<https://www.postgresql.org/docs/current/sql-copy.html>), which also accepts
/// given values for identity columns.
pub(super) fn write_rows(client: &mut Client, table: &Table, rows: &[Row]) -> Result<()> {
    if table.name == "counters" {
        return rows.iter().try_for_each(|row| write_counter(client, row));
    }
    let mut text = String::new();
    for row in rows {
        for (index, (value, column)) in row.iter().zip(table.columns).enumerate() {
            if index > 0 {
                text.push('\t');
            }
            if column.kind == Kind::Bytes && *value != Value::Null {
                text.push_str("\\\\x");
            }
            push(value, &mut text);
        }
        text.push('\n');
    }
    let copy = format!("COPY {} ({}) FROM STDIN", table.name, table.column_names());
    let mut writer = client.copy_in(&copy)?;
    writer
        .write_all(text.as_bytes())
        .map_err(|error| Error::Unavailable(format!("the rows cannot be sent: {error}")))?;
    writer.finish()?;
    Ok(())
}

fn write_counter(client: &mut Client, row: &Row) -> Result<()> {
    let [Value::Text(name), Value::Int(last_id)] = row.as_slice() else {
        return Err(Error::Internal("a counter must be a name and a number".to_owned()));
    };
    // A sequence cannot have the value 0: its third argument tells whether 1 was given.
    let set = match name.as_str() {
        "closed_events" => "SELECT setval('closed_event_ids', greatest($2::bigint, 1), $1 <> '')",
        "closed_rooms" => "SELECT setval('closed_room_ids', greatest($2::bigint, 1), $1 <> '')",
        _ => "SELECT setval(pg_get_serial_sequence($1, 'id'), greatest($2::bigint, 1), $2 > 0)",
    };
    client.execute(set, &[name, last_id])?;
    Ok(())
}

/// Appends the value in COPY's text format.
fn push(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("\\N"),
        Value::Int(number) => {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{number}");
        }
        Value::Text(value) => {
            for char in value.chars() {
                match char {
                    '\\' => text.push_str("\\\\"),
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    '\t' => text.push_str("\\t"),
                    char => text.push(char),
                }
            }
        }
    }
}
