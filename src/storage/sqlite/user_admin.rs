//! Users as administrators see and change them. Every act records itself.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::backend::UserAdmin;
use super::super::{Conflict, Error, Result};
use super::{Sqlite, audit, password_resets, sessions, users};
use crate::model::{
    Account, NewAuditEntry, Target, Timestamp, User, UserChange, UserId, UserQuery,
};

impl UserAdmin for Sqlite {
    fn list_users(&self, query: &UserQuery, now: Timestamp) -> Result<Vec<Account>> {
        const LIST: &str = "
            SELECT id, username, email, role, is_active, created_at,
                   (SELECT count(*) FROM sessions
                    WHERE user_id = users.id AND revoked_at IS NULL AND expires_at > ?4)
            FROM users
            WHERE id > ?1 AND deleted_at IS NULL
              AND (instr(lower(username), lower(?2)) > 0 OR instr(lower(email), lower(?2)) > 0)
            ORDER BY id LIMIT ?3";
        let text = query.text.as_deref().unwrap_or_default();
        let after = query.after.map_or(0, |id| id.0);
        self.read(|db| {
            let mut statement = db.prepare_cached(LIST)?;
            let accounts =
                statement.query_map(params![after, text, query.limit, now.0], account)?;
            Ok(accounts.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn get_account(&self, id: UserId, now: Timestamp) -> Result<Option<Account>> {
        self.read(|db| get_account(db, id, now))
    }

    fn update_user(&self, id: UserId, change: UserChange, entry: &NewAuditEntry) -> Result<bool> {
        self.write(|tx| {
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
                password_resets::delete_of(tx, id)?;
                sessions::revoke_all(tx, id, None, entry.timestamp)?;
            }
            audit::record(tx, entry, Target::User(id))?;
            Ok(true)
        })
    }

    fn update_password(&self, id: UserId, hash: &str, entry: &NewAuditEntry) -> Result<bool> {
        self.write(|tx| {
            let found = users::set_password(tx, id, hash, None, entry.timestamp)?;
            if found {
                audit::record(tx, entry, Target::User(id))?;
            }
            Ok(found)
        })
    }

    fn revoke_sessions(&self, id: UserId, entry: &NewAuditEntry) -> Result<Option<u32>> {
        self.write(|tx| {
            let Some(account) = get_account(tx, id, entry.timestamp)? else { return Ok(None) };
            if account.sessions > 0 {
                sessions::revoke_all(tx, id, None, entry.timestamp)?;
                audit::record(tx, entry, Target::User(id))?;
            }
            Ok(Some(account.sessions))
        })
    }

    fn delete_user(&self, id: UserId, entry: &NewAuditEntry) -> Result<bool> {
        // `email` is UNIQUE, so a placeholder is stored.
        const EMPTY: &str = "
            UPDATE users SET username = 'deleted-' || id, email = 'deleted-' || id,
                             password_hash = '', role = 'user', is_active = 0, deleted_at = ?2
            WHERE id = ?1";
        self.write(|tx| {
            let Some(Account { user: old, .. }) = get_account(tx, id, entry.timestamp)? else {
                return Ok(false);
            };
            check_admin_is_left(tx, &old, false)?;
            tx.prepare_cached(EMPTY)?.execute([id.0, entry.timestamp.0])?;
            password_resets::delete_of(tx, id)?;
            sessions::revoke_all(tx, id, None, entry.timestamp)?;
            audit::record(tx, entry, Target::User(id))?;
            Ok(true)
        })
    }

    fn has_deleted_users(&self, since: Timestamp) -> Result<bool> {
        const HAS: &str = "SELECT EXISTS (SELECT 1 FROM users WHERE deleted_at >= ?1)";
        self.read(|db| Ok(db.prepare_cached(HAS)?.query_row([since.0], |row| row.get(0))?))
    }
}

pub(super) fn get_account(db: &Connection, id: UserId, now: Timestamp) -> Result<Option<Account>> {
    const GET: &str = "
        SELECT id, username, email, role, is_active, created_at,
               (SELECT count(*) FROM sessions
                WHERE user_id = users.id AND revoked_at IS NULL AND expires_at > ?2)
        FROM users WHERE id = ?1 AND deleted_at IS NULL";
    Ok(db.prepare_cached(GET)?.query_row([id.0, now.0], account).optional()?)
}

/// Refuses to take away the last active admin. The write lock is held, so that nobody else can take
/// away another one meanwhile.
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
