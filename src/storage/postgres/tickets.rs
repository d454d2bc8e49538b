//! Tickets: what opens one socket, once.

use super::super::Result;
use super::connection::Connection;
use super::sessions;
use crate::model::{NewTicket, SecretHash, SessionId, Timestamp};

pub(super) fn create_ticket(db: &mut Connection, ticket: &NewTicket) -> Result<()> {
    db.execute(
        "WITH forgotten AS (
             DELETE FROM tickets WHERE hash IN (
                 SELECT hash FROM tickets WHERE expires_at < $4
                 ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED))
         INSERT INTO tickets (hash, session_id, expires_at) VALUES ($1, $2, $3)",
        &[
            &&ticket.hash[..],
            &ticket.session_id.to_string(),
            &ticket.expires_at.0,
            &ticket.expires_at.plus_seconds(-60).0,
        ],
    )?;
    Ok(())
}

/// Of two who come at once, the second waits for the row, and then finds it gone.
pub(super) fn take_ticket(
    db: &mut Connection,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<SessionId>> {
    let taken = db.query_opt(
        "DELETE FROM tickets WHERE hash = $1 RETURNING session_id, expires_at",
        &[&&hash[..]],
    )?;
    taken
        .filter(|row| Timestamp(row.get(1)) > now)
        .map(|row| sessions::session_id(&row, 0))
        .transpose()
}

pub(super) fn delete_expired_tickets(db: &mut Connection, before: Timestamp) -> Result<()> {
    db.execute("DELETE FROM tickets WHERE expires_at < $1", &[&before.0])?;
    Ok(())
}
