//! Users as administrators see and change them. Every act records itself.

use postgres::Row;

use super::super::backend::UserAdmin;
use super::super::{Conflict, Error, Result};
use super::connection::Connection;
use super::{Postgres, audit, password_resets, sessions, users};
use crate::model::{
    Account, NewAuditEntry, Target, Timestamp, User, UserChange, UserId, UserQuery,
};

impl UserAdmin for Postgres {
    fn list_users(&self, query: &UserQuery, now: Timestamp) -> Result<Vec<Account>> {
        self.read(|db| {
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
        })
    }

    fn get_account(&self, id: UserId, now: Timestamp) -> Result<Option<Account>> {
        self.read(|db| get_account(db, id, now))
    }

    fn update_user(&self, id: UserId, change: UserChange, entry: &NewAuditEntry) -> Result<bool> {
        self.transaction(|tx| {
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
                // First, as `take_password_reset` does: the other way round they could wait for each other.
                password_resets::delete_of(tx, id)?;
            }
            tx.execute(
                "UPDATE users SET role = $2, is_active = $3 WHERE id = $1",
                &[&id.0, &new.role.as_str(), &new.is_active],
            )?;
            if ends_access {
                sessions::revoke_all(tx, id, None, entry.timestamp)?;
            }
            audit::record(tx, entry, Target::User(id))?;
            Ok(true)
        })
    }

    fn update_password(&self, id: UserId, hash: &str, entry: &NewAuditEntry) -> Result<bool> {
        self.transaction(|tx| {
            let found = users::set_password(tx, id, hash, None, entry.timestamp)?;
            if found {
                audit::record(tx, entry, Target::User(id))?;
            }
            Ok(found)
        })
    }

    fn revoke_sessions(&self, id: UserId, entry: &NewAuditEntry) -> Result<Option<u32>> {
        self.transaction(|tx| {
            lock(tx)?;
            let Some(account) = get_account(tx, id, entry.timestamp)? else { return Ok(None) };
            if account.sessions > 0 {
                sessions::revoke_all(tx, id, None, entry.timestamp)?;
                audit::record(tx, entry, Target::User(id))?;
            }
            Ok(Some(account.sessions))
        })
    }

    fn delete_user(&self, id: UserId, entry: &NewAuditEntry) -> Result<bool> {
        self.transaction(|tx| {
            lock(tx)?;
            let Some(Account { user: old, .. }) = get_account(tx, id, entry.timestamp)? else {
                return Ok(false);
            };
            check_admin_is_left(tx, &old, false)?;
            // First, as `take_password_reset` does: the other way round they could wait for each other.
            password_resets::delete_of(tx, id)?;
            // `email` is UNIQUE, so a placeholder is stored.
            tx.execute(
                "UPDATE users SET username = 'deleted-' || id, email = 'deleted-' || id,
                                      password_hash = '', role = 'user', is_active = false,
                                      deleted_at = $2
                     WHERE id = $1",
                &[&id.0, &entry.timestamp.0],
            )?;
            sessions::revoke_all(tx, id, None, entry.timestamp)?;
            audit::record(tx, entry, Target::User(id))?;
            Ok(true)
        })
    }

    fn has_deleted_users(&self, since: Timestamp) -> Result<bool> {
        self.read(|db| {
            let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE deleted_at >= $1)";
            Ok(db.query_one(sql, &[&since.0])?.get(0))
        })
    }
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

/// One transaction administers accounts at a time: if two would take away the last two admins, the
/// second waits here, and then sees the first one's change.
pub(super) fn lock(tx: &mut Connection) -> Result<()> {
    tx.query_one("SELECT id FROM server WHERE id = 1 FOR UPDATE", &[])?;
    Ok(())
}

/// Refuses to take away the last active admin.
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
