//! Converts a row to a line of JSON, and back.

use std::io::Write as _;

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Map, Value as Json};

use crate::model::Timestamp;
use crate::storage::rows::{Column, Given, Kind, Row, TABLES, Table, Value};

/// Appends the row as `{"type":…}` with a line end. NULL values are left out.
pub(super) fn write(table: &Table, row: &Row, out: &mut Vec<u8>) -> anyhow::Result<()> {
    write!(out, "{{\"type\":\"{}\"", table.record)?;
    for (column, value) in table.columns.iter().zip(row) {
        if *value == Value::Null {
            continue;
        }
        write!(out, ",\"{}\":", column.name)?;
        write_value(column, value, out).with_context(|| {
            let key = &row[..table.key];
            format!("{}.{} of the row {key:?} cannot be written", table.name, column.name)
        })?;
    }
    out.extend_from_slice(b"}\n");
    Ok(())
}

fn write_value(column: &Column, value: &Value, out: &mut Vec<u8>) -> anyhow::Result<()> {
    match (column.kind, value) {
        (Kind::Int, Value::Int(number)) => write!(out, "{number}")?,
        (Kind::Bool, Value::Int(number)) => write!(out, "{}", *number != 0)?,
        (Kind::Time, Value::Int(ms)) => serde_json::to_writer(out, &Timestamp(*ms))?,
        (Kind::Text | Kind::Bytes, Value::Text(text)) => serde_json::to_writer(out, text)?,
        (Kind::Json, Value::Text(text)) => {
            serde_json::to_writer(out, &serde_json::from_str::<Json>(text)?)?;
        }
        (_, value) => bail!("{value:?} has the wrong type"),
    }
    Ok(())
}

/// # Errors
/// The first part of the object that is not understood.
pub(super) fn read(mut object: Map<String, Json>) -> anyhow::Result<(&'static Table, Row)> {
    let record = object.remove("type");
    let Some(Json::String(record)) = record else { bail!("it has no \"type\"") };
    let table = TABLES.iter().find(|table| table.record == record);
    let table = table.with_context(|| format!("there is no type {record:?}"))?;
    let value = |column: &Column| -> anyhow::Result<Value> {
        match object.remove(column.name) {
            Some(json) => read_value(column, json),
            None if column.nullable => Ok(Value::Null),
            None => match column.default {
                Some(Given::Int(number)) => Ok(Value::Int(number)),
                Some(Given::Text(text)) => Ok(Value::Text(text.to_owned())),
                None => bail!("{record} has no {:?}", column.name),
            },
        }
    };
    let row = table.columns.iter().map(value).collect::<anyhow::Result<Row>>()?;
    match object.keys().next() {
        Some(unknown) => Err(anyhow!("{record} has no field {unknown:?} in this version")),
        None => Ok((table, row)),
    }
}

fn read_value(column: &Column, json: Json) -> anyhow::Result<Value> {
    let wanted = |what| anyhow!("{:?} must be {what}", column.name);
    Ok(match column.kind {
        Kind::Int => Value::Int(json.as_i64().ok_or_else(|| wanted("a whole number"))?),
        Kind::Bool => Value::Int(json.as_bool().ok_or_else(|| wanted("true or false"))?.into()),
        Kind::Time => {
            let time = serde_json::from_value::<Timestamp>(json);
            Value::Int(time.map_err(|_| wanted("a time in the format of RFC 3339"))?.0)
        }
        Kind::Text => match json {
            // PostgreSQL cannot store NUL in a text, and the API rejects it.
            Json::String(text) if text.contains('\0') => return Err(wanted("a text without NUL")),
            Json::String(text) => Value::Text(text),
            _ => return Err(wanted("a text")),
        },
        Kind::Json => Value::Text(json.to_string()),
        Kind::Bytes => match json {
            Json::String(text) if is_hex(&text) => Value::Text(text),
            _ => return Err(wanted("a text of hexadecimal digits")),
        },
    })
}

fn is_hex(text: &str) -> bool {
    text.len().is_multiple_of(2)
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
