//! Reading and writing whole tables, for copies of the database.

use std::ops::ControlFlow;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql, params_from_iter};

use super::super::rows::{Column, Kind, Row, Scope, Source, TABLES, Table, Value, Visitor};
use super::super::{Error, Result};
use super::Sqlite;

/// The last id of each table that was ever given, as one table.
const COUNTERS: &str = "
    (SELECT name, coalesce((SELECT seq FROM sqlite_sequence AS given WHERE given.name = known.name),
                           0) AS last_id
     FROM (SELECT 'audit' AS name UNION ALL SELECT 'invites'
           UNION ALL SELECT 'scheduled_messages' UNION ALL SELECT 'users') AS known
     UNION ALL SELECT 'closed_events', last_closed_event_id FROM server
     UNION ALL SELECT 'closed_rooms', last_closed_room_id FROM server
     UNION ALL SELECT 'events', last_event_id FROM server
     UNION ALL SELECT 'rooms', last_room_id FROM server)";

/// The users whom the events of a room name in their `detail`.
const NAMED: &str = "
    SELECT named.value FROM events, json_each(detail, '$.user_ids') AS named
    WHERE room_id = {room} AND (kind LIKE 'member%' OR kind LIKE 'reaction%')";

impl Source for Sqlite {
    fn read_rows(&self, scope: Scope, visit: &mut Visitor<'_>) -> Result<()> {
        self.read(|db| read_rows(db, scope, visit))
    }
}

/// Reads everything in one transaction, so that all rows are from one moment.
pub(super) fn read_rows(db: &Connection, scope: Scope, visit: &mut Visitor<'_>) -> Result<()> {
    let snapshot = db.unchecked_transaction()?;
    for table in TABLES {
        let from = if table.name == "counters" { COUNTERS } else { table.name };
        let mut statement = db.prepare(&table.select(from, scope, NAMED, "BINARY", expression))?;
        if read_table(&mut statement, table, visit)?.is_break() {
            break;
        }
    }
    Ok(snapshot.rollback()?)
}

fn expression(column: &Column) -> String {
    match column.kind {
        Kind::Bytes => format!("lower(hex({}))", column.name),
        Kind::Int | Kind::Bool | Kind::Time | Kind::Text | Kind::Json => column.name.to_owned(),
    }
}

fn read_table(
    statement: &mut Statement<'_>,
    table: &'static Table,
    visit: &mut Visitor<'_>,
) -> Result<ControlFlow<()>> {
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut values = Row::with_capacity(table.columns.len());
        for (index, column) in table.columns.iter().enumerate() {
            values.push(value(row, index, column)?);
        }
        if visit(table, values).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn value(row: &rusqlite::Row<'_>, index: usize, column: &Column) -> rusqlite::Result<Value> {
    if row.get_ref(index)? == ValueRef::Null {
        return Ok(Value::Null);
    }
    Ok(match column.kind {
        Kind::Int | Kind::Bool | Kind::Time => Value::Int(row.get(index)?),
        Kind::Text | Kind::Json | Kind::Bytes => Value::Text(row.get(index)?),
    })
}

/// Adds the rows. The caller has begun a transaction.
pub(super) fn write_rows(tx: &Connection, table: &Table, rows: &[Row]) -> Result<()> {
    if table.name == "counters" {
        return rows.iter().try_for_each(|row| write_counter(tx, row));
    }
    let place = |column: &Column| if column.kind == Kind::Bytes { "unhex(?)" } else { "?" };
    let places = table.columns.iter().map(place).collect::<Vec<_>>().join(", ");
    let mut insert = tx.prepare_cached(&format!(
        "INSERT INTO {} ({}) VALUES ({places})",
        table.name,
        table.column_names()
    ))?;
    for row in rows {
        insert.execute(params_from_iter(row))?;
    }
    Ok(())
}

fn write_counter(tx: &Connection, row: &Row) -> Result<()> {
    let [Value::Text(name), last_id] = row.as_slice() else {
        return Err(Error::Internal("a counter must be a name and a number".to_owned()));
    };
    let update = match name.as_str() {
        "events" => Some("UPDATE server SET last_event_id = ?1"),
        "rooms" => Some("UPDATE server SET last_room_id = ?1"),
        "closed_events" => Some("UPDATE server SET last_closed_event_id = ?1"),
        "closed_rooms" => Some("UPDATE server SET last_closed_room_id = ?1"),
        _ => None,
    };
    if let Some(update) = update {
        tx.prepare_cached(update)?.execute([last_id])?;
        return Ok(());
    }
    tx.prepare_cached("DELETE FROM sqlite_sequence WHERE name = ?1")?.execute([&row[0]])?;
    tx.prepare_cached("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)")?
        .execute(params_from_iter(row))?;
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Int(number) => (*number).into(),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}
