//! Logins, and the secret that signs their tokens.

use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};

use super::super::Result;
use super::{accounts, tickets, users};
use crate::model::{NewSession, Session, SessionId, Timestamp, UserId};

pub(super) fn get_or_create_secret(tx: &Connection, candidate: &[u8]) -> Result<Vec<u8>> {
    tx.prepare_cached("UPDATE server SET token_secret = ?1 WHERE id = 1 AND token_secret IS NULL")?
        .execute([candidate])?;
    Ok(tx
        .prepare_cached("SELECT token_secret FROM server WHERE id = 1")?
        .query_row([], |row| row.get(0))?)
}

pub(super) fn create_session(
    tx: &Connection,
    session: &NewSession,
    password_hash: &str,
) -> Result<bool> {
    let created = tx
        .prepare_cached(
            "INSERT INTO sessions (id, user_id, created_at, expires_at)
             SELECT ?1, id, ?3, ?4 FROM users
             WHERE id = ?2 AND is_active = 1 AND password_hash = ?5",
        )?
        .execute(params![
            session.id.to_string(),
            session.user_id.0,
            session.created_at.0,
            session.expires_at.0,
            password_hash
        ])?;
    Ok(created > 0)
}

pub(super) fn get_session(db: &Connection, id: SessionId) -> Result<Option<Session>> {
    Ok(db
        .prepare_cached(
            "SELECT users.id, username, email, role, is_active, users.created_at,
                    sessions.created_at, expires_at, revoked_at, sessions.id
             FROM sessions JOIN users ON users.id = sessions.user_id
             WHERE sessions.id = ?1",
        )?
        .query_row([id.to_string()], session)
        .optional()?)
}

pub(super) fn list_sessions(
    db: &Connection,
    user_id: Option<UserId>,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Session>> {
    let of_one = "SELECT users.id, username, email, role, is_active, users.created_at,
                         sessions.created_at, expires_at, revoked_at, sessions.id
                  FROM sessions JOIN users ON users.id = sessions.user_id
                  WHERE revoked_at IS NULL AND expires_at > ?1 AND user_id = ?3
                  ORDER BY sessions.created_at DESC, sessions.id LIMIT ?2";
    let of_all = "SELECT users.id, username, email, role, is_active, users.created_at,
                         sessions.created_at, expires_at, revoked_at, sessions.id
                  FROM sessions JOIN users ON users.id = sessions.user_id
                  WHERE revoked_at IS NULL AND expires_at > ?1
                  ORDER BY sessions.created_at DESC, sessions.id LIMIT ?2";
    let (now, limit) = (now.0, i64::from(limit));
    let sessions = match user_id {
        Some(id) => db
            .prepare_cached(of_one)?
            .query_map([now, limit, id.0], session)?
            .collect::<rusqlite::Result<_>>()?,
        None => db
            .prepare_cached(of_all)?
            .query_map([now, limit], session)?
            .collect::<rusqlite::Result<_>>()?,
    };
    Ok(sessions)
}

pub(super) fn extend_session(
    tx: &Connection,
    id: SessionId,
    expires_at: Timestamp,
) -> Result<bool> {
    let found = tx
        .prepare_cached("UPDATE sessions SET expires_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")?
        .execute(params![id.to_string(), expires_at.0])?;
    Ok(found > 0)
}

pub(super) fn revoke_session(tx: &Connection, id: SessionId, now: Timestamp) -> Result<bool> {
    let found = tx
        .prepare_cached("UPDATE sessions SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")?
        .execute(params![id.to_string(), now.0])?;
    Ok(found > 0)
}

/// Revokes every session of a user but `keep`.
pub(super) fn revoke_sessions(
    tx: &Connection,
    user_id: UserId,
    keep: Option<SessionId>,
    now: Timestamp,
) -> Result<()> {
    tx.prepare_cached(
        "UPDATE sessions SET revoked_at = ?2
         WHERE user_id = ?1 AND revoked_at IS NULL AND id IS NOT ?3",
    )?
    .execute(params![user_id.0, now.0, keep.map(|id| id.to_string())])?;
    Ok(())
}

pub(super) fn list_revoked_sessions(db: &Connection, since: Timestamp) -> Result<Vec<SessionId>> {
    let mut statement = db.prepare_cached("SELECT id FROM sessions WHERE revoked_at >= ?1")?;
    let ids = statement.query_map([since.0], |row| session_id(row, 0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: session_id(row, 9)?,
        user: users::user(row)?,
        created_at: Timestamp(row.get(6)?),
        expires_at: Timestamp(row.get(7)?),
        revoked_at: row.get::<_, Option<i64>>(8)?.map(Timestamp),
    })
}

pub(super) fn session_id(row: &Row<'_>, column: usize) -> rusqlite::Result<SessionId> {
    let id: String = row.get(column)?;
    id.parse().map_err(|()| {
        let error = format!("`{id}` is no session id").into();
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error)
    })
}

pub(super) fn delete_ended_sessions(tx: &Connection, before: Timestamp) -> Result<u64> {
    let deleted = tx
        .prepare_cached("DELETE FROM sessions WHERE expires_at < ?1 OR revoked_at < ?1")?
        .execute([before.0])?;
    tickets::delete_expired_tickets(tx, before)?;
    accounts::delete_expired_password_resets(tx, before)?;
    Ok(deleted as u64)
}
