//! Accounts.

use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};

use super::super::{Conflict, Error, Result};
use super::{accounts, audit, sessions};
use crate::model::{
    Credentials, NewAuditEntry, NewUser, Role, SessionId, Target, Timestamp, User, UserId,
};

pub(super) fn create_user(
    tx: &Connection,
    user: &NewUser,
    entry: Option<&NewAuditEntry>,
) -> Result<User> {
    if user.only_if_no_admin && has_admin(tx)? {
        return Err(Error::Conflict(Conflict::AdminExists));
    }
    let id = tx
        .prepare_cached(
            "INSERT INTO users (username, email, password_hash, role, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
        )?
        .query_row(
            params![
                user.username,
                user.email,
                user.password_hash,
                user.role.as_str(),
                user.created_at.0
            ],
            |row| Ok(UserId(row.get(0)?)),
        )?;
    if let Some(entry) = entry {
        audit::record(tx, entry, Target::User(id))?;
    }
    Ok(User {
        id,
        username: user.username.clone(),
        email: user.email.clone(),
        role: user.role,
        is_active: true,
        created_at: user.created_at,
    })
}

pub(super) fn get_user(db: &Connection, id: UserId) -> Result<Option<User>> {
    Ok(db
        .prepare_cached(
            "SELECT id, username, email, role, is_active, created_at FROM users WHERE id = ?1",
        )?
        .query_row([id.0], user)
        .optional()?)
}

pub(super) fn get_credentials(db: &Connection, username: &str) -> Result<Option<Credentials>> {
    Ok(db
        .prepare_cached(
            "SELECT id, username, email, role, is_active, created_at, password_hash
             FROM users WHERE username = ?1 AND deleted_at IS NULL",
        )?
        .query_row([username], |row| {
            Ok(Credentials { user: user(row)?, password_hash: row.get(6)? })
        })
        .optional()?)
}

pub(super) fn has_email(db: &Connection, email: &str) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM users WHERE email = ?1)")?
        .query_row([email], |row| row.get(0))?)
}

pub(super) fn has_admin(db: &Connection) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin')")?
        .query_row([], |row| row.get(0))?)
}

pub(super) fn list_admins(db: &Connection) -> Result<Vec<User>> {
    let mut statement = db.prepare_cached(
        "SELECT id, username, email, role, is_active, created_at
         FROM users WHERE role = 'admin' AND is_active = 1 ORDER BY id",
    )?;
    let admins = statement.query_map([], user)?;
    Ok(admins.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn change_password(
    tx: &Connection,
    id: UserId,
    from: &str,
    to: &str,
    keep: SessionId,
    now: Timestamp,
) -> Result<bool> {
    let is_from: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1 AND password_hash = ?2)")?
        .query_row(params![id.0, from], |row| row.get(0))?;
    if is_from { set_password(tx, id, to, Some(keep), now) } else { Ok(false) }
}

/// Sets the password, and revokes what the old one gave but for `keep`.
pub(super) fn set_password(
    tx: &Connection,
    id: UserId,
    password_hash: &str,
    keep: Option<SessionId>,
    now: Timestamp,
) -> Result<bool> {
    let found = tx
        .prepare_cached("UPDATE users SET password_hash = ?2 WHERE id = ?1 AND deleted_at IS NULL")?
        .execute(params![id.0, password_hash])?;
    if found == 0 {
        return Ok(false);
    }
    accounts::delete_password_reset(tx, id)?;
    sessions::revoke_sessions(tx, id, keep, now)?;
    Ok(true)
}

/// From the first six columns: id, username, email, role, is_active, created_at.
pub(super) fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let role: String = row.get(3)?;
    Ok(User {
        id: UserId(row.get(0)?),
        username: row.get(1)?,
        email: row.get(2)?,
        role: role.parse::<Role>().map_err(|()| {
            let error = format!("unknown role `{role}`").into();
            rusqlite::Error::FromSqlConversionFailure(3, Type::Text, error)
        })?,
        is_active: row.get(4)?,
        created_at: Timestamp(row.get(5)?),
    })
}
