//! The audit log.

use postgres::Row;

use super::super::backend::Audit;
use super::super::decisions::AuditTransaction;
use super::super::{Error, Result};
use super::Postgres;
use super::connection::Connection;
use crate::model::{Actor, AuditEntry, AuditId, AuditTarget, NewAuditEntry, Timestamp, Via};

impl Audit for Postgres {
    fn list_audit(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>> {
        self.read(|db| {
            let before = before.map_or(i64::MAX, |id| id.0);
            db.query(
                "SELECT audit.id, timestamp, coalesce(actor, username), via, action, target, detail::text
                 FROM audit LEFT JOIN users ON users.id = actor_id
                 WHERE audit.id < $1 ORDER BY audit.id DESC LIMIT $2",
                &[&before, &i64::from(limit)],
            )?
            .iter()
            .map(entry)
            .collect()
        })
    }
}

impl AuditTransaction for Connection {
    fn insert_audit(&mut self, entry: &NewAuditEntry, target: AuditTarget) -> Result<()> {
        let (actor_id, actor) = match &entry.actor {
            Actor::Account(id) => (Some(id.0), None),
            Actor::Operator(name) => (None, Some(name)),
        };
        self.execute(
            "INSERT INTO audit (timestamp, actor_id, actor, via, action, target, detail)
             VALUES ($1, $2, $3, $4, $5, $6, $7::text::json)",
            &[
                &entry.timestamp.0,
                &actor_id,
                &actor,
                &entry.actor.via().as_str(),
                &entry.action,
                &target.to_string(),
                &entry.detail.to_string(),
            ],
        )?;
        Ok(())
    }
}

fn entry(row: &Row) -> Result<AuditEntry> {
    let (via, detail): (&str, &str) = (row.try_get(3)?, row.try_get(6)?);
    let unknown = || Error::Internal(format!("unknown way `{via}`"));
    let invalid = |error| Error::Internal(format!("a detail of the audit log: {error}"));
    Ok(AuditEntry {
        id: AuditId(row.try_get(0)?),
        timestamp: Timestamp(row.try_get(1)?),
        actor: row.try_get(2)?,
        via: via.parse::<Via>().map_err(|()| unknown())?,
        action: row.try_get(4)?,
        target: row.try_get(5)?,
        detail: serde_json::from_str(detail).map_err(invalid)?,
    })
}
