//! The audit log.

use rusqlite::{Row, params, types::Type};

use super::super::Result;
use super::super::backend::Audit;
use super::super::decisions::AuditTransaction;
use super::Sqlite;
use super::transaction::Transaction;
use crate::model::{Actor, AuditEntry, AuditId, AuditTarget, NewAuditEntry, Timestamp, Via};

impl Audit for Sqlite {
    fn list_audit(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>> {
        const LIST: &str = "
            SELECT audit.id, timestamp, coalesce(actor, username), via, action, target, detail
            FROM audit LEFT JOIN users ON users.id = actor_id
            WHERE audit.id < ?1 ORDER BY audit.id DESC LIMIT ?2";
        let before = before.map_or(i64::MAX, |id| id.0);
        self.read(|db| {
            let mut statement = db.prepare_cached(LIST)?;
            let entries = statement.query_map([before, limit.into()], entry)?;
            Ok(entries.collect::<rusqlite::Result<_>>()?)
        })
    }
}

impl AuditTransaction for Transaction<'_> {
    fn insert_audit(&mut self, entry: &NewAuditEntry, target: AuditTarget) -> Result<()> {
        let (actor_id, actor) = match &entry.actor {
            Actor::Account(id) => (Some(id.0), None),
            Actor::Operator(name) => (None, Some(name)),
        };
        self.prepare_cached(
            "INSERT INTO audit (timestamp, actor_id, actor, via, action, target, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            entry.timestamp.0,
            actor_id,
            actor,
            entry.actor.via().as_str(),
            entry.action,
            target.to_string(),
            entry.detail.to_string()
        ])?;
        Ok(())
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    let invalid =
        |column, error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error);
    let (via, detail): (String, String) = (row.get(3)?, row.get(6)?);
    Ok(AuditEntry {
        id: AuditId(row.get(0)?),
        timestamp: Timestamp(row.get(1)?),
        actor: row.get(2)?,
        via: via.parse::<Via>().map_err(|()| invalid(3, format!("unknown way `{via}`").into()))?,
        action: row.get(4)?,
        target: row.get(5)?,
        detail: serde_json::from_str(&detail).map_err(|error| invalid(6, error.into()))?,
    })
}
