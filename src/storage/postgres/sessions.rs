//! Logins, and the secret that signs their tokens.

use postgres::Row;

use super::super::{Error, Result};
use super::connection::Connection;
use super::{accounts, tickets, users};
use crate::model::{NewSession, Session, SessionId, Timestamp, UserId};

pub(super) fn get_or_create_secret(db: &mut Connection, candidate: &[u8]) -> Result<Vec<u8>> {
    // Of two who come at once, the second waits for the row, and then finds the first one's.
    let row = db.query_one(
        "UPDATE server SET token_secret = coalesce(token_secret, $1) WHERE id = 1
         RETURNING token_secret",
        &[&candidate],
    )?;
    Ok(row.get(0))
}

/// What changes the account at the same time is waited for, and then seen; or it waits, and then
/// sees the session.
pub(super) fn create_session(
    db: &mut Connection,
    session: &NewSession,
    password_hash: &str,
) -> Result<bool> {
    let created = db.execute(
        "INSERT INTO sessions (id, user_id, created_at, expires_at)
         SELECT $1, id, $3, $4 FROM users
         WHERE id = $2 AND is_active AND password_hash = $5 FOR SHARE",
        &[
            &session.id.to_string(),
            &session.user_id.0,
            &session.created_at.0,
            &session.expires_at.0,
            &password_hash,
        ],
    )?;
    Ok(created > 0)
}

pub(super) fn get_session(db: &mut Connection, id: SessionId) -> Result<Option<Session>> {
    db.query_opt(
        "SELECT users.id, username, email, role, is_active, users.created_at,
                sessions.created_at, expires_at, revoked_at, sessions.id
         FROM sessions JOIN users ON users.id = sessions.user_id
         WHERE sessions.id = $1",
        &[&id.to_string()],
    )?
    .map(|row| session(&row))
    .transpose()
}

pub(super) fn list_sessions(
    db: &mut Connection,
    user_id: Option<UserId>,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Session>> {
    let limit = i64::from(limit);
    let rows = match user_id {
        Some(id) => db.query(
            "SELECT users.id, username, email, role, is_active, users.created_at,
                    sessions.created_at, expires_at, revoked_at, sessions.id
             FROM sessions JOIN users ON users.id = sessions.user_id
             WHERE user_id = $3 AND revoked_at IS NULL AND expires_at > $1
             ORDER BY sessions.created_at DESC, sessions.id LIMIT $2",
            &[&now.0, &limit, &id.0],
        )?,
        None => db.query(
            "SELECT users.id, username, email, role, is_active, users.created_at,
                    sessions.created_at, expires_at, revoked_at, sessions.id
             FROM sessions JOIN users ON users.id = sessions.user_id
             WHERE revoked_at IS NULL AND expires_at > $1
             ORDER BY sessions.created_at DESC, sessions.id LIMIT $2",
            &[&now.0, &limit],
        )?,
    };
    rows.iter().map(session).collect()
}

pub(super) fn extend_session(
    db: &mut Connection,
    id: SessionId,
    expires_at: Timestamp,
) -> Result<bool> {
    let found = db.execute(
        "UPDATE sessions SET expires_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        &[&id.to_string(), &expires_at.0],
    )?;
    Ok(found > 0)
}

pub(super) fn revoke_session(db: &mut Connection, id: SessionId, now: Timestamp) -> Result<bool> {
    let found = db.execute(
        "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        &[&id.to_string(), &now.0],
    )?;
    Ok(found > 0)
}

/// Revokes every session of a user but `keep`.
pub(super) fn revoke_sessions(
    tx: &mut Connection,
    user_id: UserId,
    keep: Option<SessionId>,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE sessions SET revoked_at = $2
         WHERE user_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $3",
        &[&user_id.0, &now.0, &keep.map(|id| id.to_string())],
    )?;
    Ok(())
}

pub(super) fn list_revoked_sessions(
    db: &mut Connection,
    since: Timestamp,
) -> Result<Vec<SessionId>> {
    db.query("SELECT id FROM sessions WHERE revoked_at >= $1", &[&since.0])?
        .iter()
        .map(|row| session_id(row, 0))
        .collect()
}

fn session(row: &Row) -> Result<Session> {
    Ok(Session {
        id: session_id(row, 9)?,
        user: users::user(row)?,
        created_at: Timestamp(row.get(6)),
        expires_at: Timestamp(row.get(7)),
        revoked_at: row.get::<_, Option<i64>>(8).map(Timestamp),
    })
}

pub(super) fn session_id(row: &Row, column: usize) -> Result<SessionId> {
    let id: &str = row.get(column);
    id.parse().map_err(|()| Error::Internal(format!("`{id}` is no session id")))
}

pub(super) fn delete_ended_sessions(db: &mut Connection, before: Timestamp) -> Result<u64> {
    tickets::delete_expired_tickets(db, before)?;
    accounts::delete_expired_password_resets(db, before)?;
    Ok(db.execute("DELETE FROM sessions WHERE expires_at < $1 OR revoked_at < $1", &[&before.0])?)
}
