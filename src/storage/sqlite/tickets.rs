//! Tickets: what opens one socket, once.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::Result;
use super::sessions;
use crate::model::{NewTicket, SecretHash, SessionId, Timestamp};

pub(super) fn create_ticket(tx: &Connection, ticket: &NewTicket) -> Result<()> {
    const FORGET: &str = "
        DELETE FROM tickets WHERE hash IN
            (SELECT hash FROM tickets WHERE expires_at < ?1 ORDER BY expires_at LIMIT 100)";
    tx.prepare_cached(FORGET)?.execute([ticket.expires_at.plus_seconds(-60).0])?;
    tx.prepare_cached("INSERT INTO tickets (hash, session_id, expires_at) VALUES (?1, ?2, ?3)")?
        .execute(params![ticket.hash, ticket.session_id.to_string(), ticket.expires_at.0])?;
    Ok(())
}

pub(super) fn take_ticket(
    tx: &Connection,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<SessionId>> {
    let taken = tx
        .prepare_cached("DELETE FROM tickets WHERE hash = ?1 RETURNING session_id, expires_at")?
        .query_row(params![hash], |row| Ok((sessions::session_id(row, 0)?, Timestamp(row.get(1)?))))
        .optional()?;
    Ok(taken.filter(|(_, expires_at)| *expires_at > now).map(|(session_id, _)| session_id))
}

pub(super) fn delete_expired_tickets(tx: &Connection, before: Timestamp) -> Result<()> {
    tx.prepare_cached("DELETE FROM tickets WHERE expires_at < ?1")?.execute([before.0])?;
    Ok(())
}
