//! Administration of accounts. Every act records itself.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{Conflict, Error, Result};
use super::{audit, sessions, users};
use crate::model::{
    Account, NewAuditEntry, NewPasswordReset, SecretHash, Target, Timestamp, User, UserChange,
    UserId, UserQuery,
};

pub(super) fn list_users(
    db: &Connection,
    query: &UserQuery,
    now: Timestamp,
) -> Result<Vec<Account>> {
    let text = query.text.as_deref().unwrap_or_default();
    let after = query.after.map_or(0, |id| id.0);
    let mut statement = db.prepare_cached(
        "SELECT id, username, email, role, is_active, created_at,
                (SELECT count(*) FROM sessions
                 WHERE user_id = users.id AND revoked_at IS NULL AND expires_at > ?4)
         FROM users
         WHERE id > ?1 AND deleted_at IS NULL
           AND (instr(lower(username), lower(?2)) > 0 OR instr(lower(email), lower(?2)) > 0)
         ORDER BY id LIMIT ?3",
    )?;
    let accounts = statement.query_map(params![after, text, query.limit, now.0], account)?;
    Ok(accounts.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn get_account(db: &Connection, id: UserId, now: Timestamp) -> Result<Option<Account>> {
    Ok(db
        .prepare_cached(
            "SELECT id, username, email, role, is_active, created_at,
                    (SELECT count(*) FROM sessions
                     WHERE user_id = users.id AND revoked_at IS NULL AND expires_at > ?2)
             FROM users WHERE id = ?1 AND deleted_at IS NULL",
        )?
        .query_row([id.0, now.0], account)
        .optional()?)
}

pub(super) fn update_user(
    tx: &Connection,
    id: UserId,
    change: UserChange,
    entry: &NewAuditEntry,
) -> Result<bool> {
    let Some(Account { user: old, .. }) = get_account(tx, id, entry.timestamp)? else {
        return Ok(false);
    };
    let new = change.apply(&old);
    if new == old {
        return Ok(true);
    }
    check_admin_is_left(tx, &old, new.is_active_admin())?;
    tx.prepare_cached("UPDATE users SET role = ?2, is_active = ?3 WHERE id = ?1")?
        .execute(params![id.0, new.role.as_str(), new.is_active])?;
    if new.role != old.role || !new.is_active {
        delete_password_reset(tx, id)?;
        sessions::revoke_sessions(tx, id, None, entry.timestamp)?;
    }
    audit::record(tx, entry, Target::User(id))?;
    Ok(true)
}

pub(super) fn delete_user(tx: &Connection, id: UserId, entry: &NewAuditEntry) -> Result<bool> {
    let Some(Account { user: old, .. }) = get_account(tx, id, entry.timestamp)? else {
        return Ok(false);
    };
    check_admin_is_left(tx, &old, false)?;
    // The email must be unique, and is none.
    tx.prepare_cached(
        "UPDATE users SET username = 'deleted-' || id, email = 'deleted-' || id,
                          password_hash = '', role = 'user', is_active = 0, deleted_at = ?2
         WHERE id = ?1",
    )?
    .execute([id.0, entry.timestamp.0])?;
    delete_password_reset(tx, id)?;
    sessions::revoke_sessions(tx, id, None, entry.timestamp)?;
    audit::record(tx, entry, Target::User(id))?;
    Ok(true)
}

pub(super) fn has_deleted_users(db: &Connection, since: Timestamp) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM users WHERE deleted_at >= ?1)")?
        .query_row([since.0], |row| row.get(0))?)
}

pub(super) fn revoke_sessions(
    tx: &Connection,
    id: UserId,
    entry: &NewAuditEntry,
) -> Result<Option<u32>> {
    let Some(account) = get_account(tx, id, entry.timestamp)? else { return Ok(None) };
    if account.sessions > 0 {
        sessions::revoke_sessions(tx, id, None, entry.timestamp)?;
        audit::record(tx, entry, Target::User(id))?;
    }
    Ok(Some(account.sessions))
}

pub(super) fn update_password(
    tx: &Connection,
    id: UserId,
    hash: &str,
    entry: &NewAuditEntry,
) -> Result<bool> {
    let found = users::set_password(tx, id, hash, None, entry.timestamp)?;
    if found {
        audit::record(tx, entry, Target::User(id))?;
    }
    Ok(found)
}

pub(super) fn create_password_reset(
    tx: &Connection,
    reset: &NewPasswordReset,
    entry: &NewAuditEntry,
) -> Result<bool> {
    if get_account(tx, reset.user_id, entry.timestamp)?.is_none() {
        return Ok(false);
    }
    delete_password_reset(tx, reset.user_id)?;
    tx.prepare_cached(
        "INSERT INTO password_resets (hash, user_id, expires_at) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![reset.hash, reset.user_id.0, reset.expires_at.0])?;
    audit::record(tx, entry, Target::User(reset.user_id))?;
    Ok(true)
}

pub(super) fn get_password_reset(
    db: &Connection,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<User>> {
    Ok(db
        .prepare_cached(
            "SELECT users.id, username, email, role, is_active, created_at
             FROM password_resets JOIN users ON users.id = user_id
             WHERE hash = ?1 AND expires_at > ?2",
        )?
        .query_row(params![hash, now.0], users::user)
        .optional()?)
}

pub(super) fn take_password_reset(
    tx: &Connection,
    hash: &SecretHash,
    password_hash: &str,
    now: Timestamp,
) -> Result<Option<UserId>> {
    let taken: Option<i64> = tx
        .prepare_cached(
            "DELETE FROM password_resets WHERE hash = ?1 AND expires_at > ?2 RETURNING user_id",
        )?
        .query_row(params![hash, now.0], |row| row.get(0))
        .optional()?;
    let Some(id) = taken.map(UserId) else { return Ok(None) };
    users::set_password(tx, id, password_hash, None, now)?;
    Ok(Some(id))
}

pub(super) fn delete_password_reset(tx: &Connection, user_id: UserId) -> Result<()> {
    tx.prepare_cached("DELETE FROM password_resets WHERE user_id = ?1")?.execute([user_id.0])?;
    Ok(())
}

pub(super) fn delete_expired_password_resets(tx: &Connection, before: Timestamp) -> Result<()> {
    tx.prepare_cached("DELETE FROM password_resets WHERE expires_at < ?1")?.execute([before.0])?;
    Ok(())
}

/// Refuses what would take away the last active admin. The write lock is held: nobody else can
/// take away another one meanwhile.
fn check_admin_is_left(tx: &Connection, user: &User, stays: bool) -> Result<()> {
    if !user.is_active_admin() || stays {
        return Ok(());
    }
    let is_another: bool = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM users
                            WHERE role = 'admin' AND is_active = 1 AND id <> ?1)",
        )?
        .query_row([user.id.0], |row| row.get(0))?;
    if is_another { Ok(()) } else { Err(Error::Conflict(Conflict::LastAdmin)) }
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account { user: users::user(row)?, sessions: row.get(6)? })
}
