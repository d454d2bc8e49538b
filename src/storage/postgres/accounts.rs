//! Administration of accounts. Every act records itself.

use postgres::Row;

use super::super::{Conflict, Error, Result};
use super::connection::Connection;
use super::{audit, sessions, users};
use crate::model::{
    Account, NewAuditEntry, NewPasswordReset, SecretHash, Target, Timestamp, User, UserChange,
    UserId, UserQuery,
};

pub(super) fn list_users(
    db: &mut Connection,
    query: &UserQuery,
    now: Timestamp,
) -> Result<Vec<Account>> {
    let text = query.text.as_deref().unwrap_or_default();
    // PostgreSQL has no text with a NUL in it, and refuses to look for one.
    if text.contains('\0') {
        return Ok(Vec::new());
    }
    let after = query.after.map_or(0, |id| id.0);
    db.query(
        "SELECT id, username, email, role, is_active, created_at,
                (SELECT count(*) FROM sessions
                 WHERE user_id = users.id AND revoked_at IS NULL AND expires_at > $4)
         FROM users
         WHERE id > $1 AND deleted_at IS NULL
           AND (strpos(lower(username COLLATE \"C\"), lower($2 COLLATE \"C\")) > 0
                OR strpos(lower(email COLLATE \"C\"), lower($2 COLLATE \"C\")) > 0)
         ORDER BY id LIMIT $3",
        &[&after, &text, &i64::from(query.limit), &now.0],
    )?
    .iter()
    .map(account)
    .collect()
}

pub(super) fn get_account(
    db: &mut Connection,
    id: UserId,
    now: Timestamp,
) -> Result<Option<Account>> {
    db.query_opt(
        "SELECT id, username, email, role, is_active, created_at,
                (SELECT count(*) FROM sessions
                 WHERE user_id = users.id AND revoked_at IS NULL AND expires_at > $2)
         FROM users WHERE id = $1 AND deleted_at IS NULL",
        &[&id.0, &now.0],
    )?
    .map(|row| account(&row))
    .transpose()
}

pub(super) fn update_user(
    db: &mut Connection,
    id: UserId,
    change: UserChange,
    entry: &NewAuditEntry,
) -> Result<bool> {
    db.transaction(|tx| {
        lock(tx)?;
        let Some(Account { user: old, .. }) = get_account(tx, id, entry.timestamp)? else {
            return Ok(false);
        };
        let new = change.apply(&old);
        if new == old {
            return Ok(true);
        }
        check_admin_is_left(tx, &old, new.is_active_admin())?;
        let ends_access = new.role != old.role || !new.is_active;
        if ends_access {
            // First, as whoever takes it does: the other way round they could wait for each other.
            delete_password_reset(tx, id)?;
        }
        tx.execute(
            "UPDATE users SET role = $2, is_active = $3 WHERE id = $1",
            &[&id.0, &new.role.as_str(), &new.is_active],
        )?;
        if ends_access {
            sessions::revoke_sessions(tx, id, None, entry.timestamp)?;
        }
        audit::record(tx, entry, Target::User(id))?;
        Ok(true)
    })
}

pub(super) fn delete_user(db: &mut Connection, id: UserId, entry: &NewAuditEntry) -> Result<bool> {
    db.transaction(|tx| {
        lock(tx)?;
        let Some(Account { user: old, .. }) = get_account(tx, id, entry.timestamp)? else {
            return Ok(false);
        };
        check_admin_is_left(tx, &old, false)?;
        // First, as whoever takes it does: the other way round they could wait for each other.
        delete_password_reset(tx, id)?;
        // The email must be unique, and is none.
        tx.execute(
            "UPDATE users SET username = 'deleted-' || id, email = 'deleted-' || id,
                              password_hash = '', role = 'user', is_active = false,
                              deleted_at = $2
             WHERE id = $1",
            &[&id.0, &entry.timestamp.0],
        )?;
        sessions::revoke_sessions(tx, id, None, entry.timestamp)?;
        audit::record(tx, entry, Target::User(id))?;
        Ok(true)
    })
}

pub(super) fn has_deleted_users(db: &mut Connection, since: Timestamp) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE deleted_at >= $1)";
    Ok(db.query_one(sql, &[&since.0])?.get(0))
}

pub(super) fn revoke_sessions(
    db: &mut Connection,
    id: UserId,
    entry: &NewAuditEntry,
) -> Result<Option<u32>> {
    db.transaction(|tx| {
        lock(tx)?;
        let Some(account) = get_account(tx, id, entry.timestamp)? else { return Ok(None) };
        if account.sessions > 0 {
            sessions::revoke_sessions(tx, id, None, entry.timestamp)?;
            audit::record(tx, entry, Target::User(id))?;
        }
        Ok(Some(account.sessions))
    })
}

pub(super) fn update_password(
    db: &mut Connection,
    id: UserId,
    hash: &str,
    entry: &NewAuditEntry,
) -> Result<bool> {
    db.transaction(|tx| {
        let found = users::set_password(tx, id, hash, None, entry.timestamp)?;
        if found {
            audit::record(tx, entry, Target::User(id))?;
        }
        Ok(found)
    })
}

pub(super) fn create_password_reset(
    db: &mut Connection,
    reset: &NewPasswordReset,
    entry: &NewAuditEntry,
) -> Result<bool> {
    db.transaction(|tx| {
        lock(tx)?;
        if get_account(tx, reset.user_id, entry.timestamp)?.is_none() {
            return Ok(false);
        }
        delete_password_reset(tx, reset.user_id)?;
        tx.execute(
            "INSERT INTO password_resets (hash, user_id, expires_at) VALUES ($1, $2, $3)",
            &[&&reset.hash[..], &reset.user_id.0, &reset.expires_at.0],
        )?;
        audit::record(tx, entry, Target::User(reset.user_id))?;
        Ok(true)
    })
}

pub(super) fn get_password_reset(
    db: &mut Connection,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<User>> {
    db.query_opt(
        "SELECT users.id, username, email, role, is_active, created_at
         FROM password_resets JOIN users ON users.id = user_id
         WHERE hash = $1 AND expires_at > $2",
        &[&&hash[..], &now.0],
    )?
    .map(|row| users::user(&row))
    .transpose()
}

/// Of two who come at once, the second waits for the row, and then finds it gone.
pub(super) fn take_password_reset(
    db: &mut Connection,
    hash: &SecretHash,
    password_hash: &str,
    now: Timestamp,
) -> Result<Option<UserId>> {
    db.transaction(|tx| {
        let taken = tx.query_opt(
            "DELETE FROM password_resets WHERE hash = $1 AND expires_at > $2 RETURNING user_id",
            &[&&hash[..], &now.0],
        )?;
        let Some(id) = taken.map(|row| UserId(row.get(0))) else { return Ok(None) };
        users::set_password(tx, id, password_hash, None, now)?;
        Ok(Some(id))
    })
}

pub(super) fn delete_password_reset(tx: &mut Connection, user_id: UserId) -> Result<()> {
    tx.execute("DELETE FROM password_resets WHERE user_id = $1", &[&user_id.0])?;
    Ok(())
}

pub(super) fn delete_expired_password_resets(db: &mut Connection, before: Timestamp) -> Result<()> {
    db.execute("DELETE FROM password_resets WHERE expires_at < $1", &[&before.0])?;
    Ok(())
}

/// One administers accounts at a time: of two who would take away the last two admins, the second
/// waits here, and then sees what the first has done.
pub(super) fn lock(tx: &mut Connection) -> Result<()> {
    tx.query_one("SELECT id FROM server WHERE id = 1 FOR UPDATE", &[])?;
    Ok(())
}

/// Refuses what would take away the last active admin.
fn check_admin_is_left(tx: &mut Connection, user: &User, stays: bool) -> Result<()> {
    if !user.is_active_admin() || stays {
        return Ok(());
    }
    let row = tx.query_one(
        "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND is_active AND id <> $1)",
        &[&user.id.0],
    )?;
    if row.get(0) { Ok(()) } else { Err(Error::Conflict(Conflict::LastAdmin)) }
}

fn account(row: &Row) -> Result<Account> {
    let sessions: i64 = row.try_get(6)?;
    let sessions = u32::try_from(sessions).unwrap_or(u32::MAX);
    Ok(Account { user: users::user(row)?, sessions })
}
