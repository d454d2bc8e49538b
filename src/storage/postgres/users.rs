//! Users as they come by themselves: registration, sign-in, a new password of one's own.

use postgres::Row;

use super::super::backend::Users;
use super::super::{Conflict, Error, Result};
use super::connection::Connection;
use super::{Postgres, audit, password_resets, sessions, user_admin};
use crate::model::{
    Credentials, NewAuditEntry, NewUser, Role, SessionId, Target, Timestamp, User, UserId,
};

impl Users for Postgres {
    fn create_user(&self, user: &NewUser, entry: Option<&NewAuditEntry>) -> Result<User> {
        self.write(|db| {
            if !user.only_if_no_admin && entry.is_none() {
                return insert_user(db, user);
            }
            db.transaction(|tx| {
                if user.only_if_no_admin {
                    // If two callers would both be the first, the second waits here, and then sees the first.
                    user_admin::lock(tx)?;
                    if has_admin(tx)? {
                        return Err(Error::Conflict(Conflict::AdminExists));
                    }
                }
                let user = insert_user(tx, user)?;
                if let Some(entry) = entry {
                    audit::record(tx, entry, Target::User(user.id))?;
                }
                Ok(user)
            })
        })
    }

    fn get_user(&self, id: UserId) -> Result<Option<User>> {
        self.read(|db| {
            db.query_opt(
                "SELECT id, username, email, role, is_active, created_at FROM users WHERE id = $1",
                &[&id.0],
            )?
            .map(|row| user(&row))
            .transpose()
        })
    }

    fn get_credentials(&self, username: &str) -> Result<Option<Credentials>> {
        self.read(|db| {
            // PostgreSQL has no text with a NUL in it, and refuses to look for one.
            if username.contains('\0') {
                return Ok(None);
            }
            db.query_opt(
                "SELECT id, username, email, role, is_active, created_at, password_hash
                 FROM users
                 WHERE lower(username COLLATE \"C\") = lower($1 COLLATE \"C\") AND deleted_at IS NULL",
                &[&username],
            )?
            .map(|row| Ok(Credentials { user: user(&row)?, password_hash: row.get(6) }))
            .transpose()
        })
    }

    fn has_email(&self, email: &str) -> Result<bool> {
        self.read(|db| {
            let row = db.query_one(
                "SELECT EXISTS (
                     SELECT 1 FROM users WHERE lower(email COLLATE \"C\") = lower($1 COLLATE \"C\"))",
                &[&email],
            )?;
            Ok(row.get(0))
        })
    }

    fn has_admin(&self) -> Result<bool> {
        self.read(has_admin)
    }

    fn list_admins(&self) -> Result<Vec<User>> {
        self.read(|db| {
            let rows = db.query(
                "SELECT id, username, email, role, is_active, created_at
                 FROM users WHERE role = 'admin' AND is_active ORDER BY id",
                &[],
            )?;
            rows.iter().map(user).collect()
        })
    }

    fn change_password(
        &self,
        id: UserId,
        from: &str,
        to: &str,
        keep: SessionId,
        now: Timestamp,
    ) -> Result<bool> {
        self.transaction(|tx| {
            // In this order, as `take_password_reset` locks: else the two could wait for each other.
            tx.query_opt(
                "SELECT hash FROM password_resets WHERE user_id = $1 FOR UPDATE",
                &[&id.0],
            )?;
            let is_from = tx.query_opt(
                "SELECT id FROM users WHERE id = $1 AND password_hash = $2 FOR NO KEY UPDATE",
                &[&id.0, &from],
            )?;
            if is_from.is_some() { set_password(tx, id, to, Some(keep), now) } else { Ok(false) }
        })
    }
}

fn insert_user(db: &mut Connection, user: &NewUser) -> Result<User> {
    let row = db.query_one(
        "INSERT INTO users (username, email, password_hash, role, created_at)
         VALUES ($1, $2, $3, $4, $5) RETURNING id",
        &[
            &user.username,
            &user.email,
            &user.password_hash,
            &user.role.as_str(),
            &user.created_at.0,
        ],
    )?;
    Ok(User {
        id: UserId(row.get(0)),
        username: user.username.clone(),
        email: user.email.clone(),
        role: user.role,
        is_active: true,
        created_at: user.created_at,
    })
}

fn has_admin(db: &mut Connection) -> Result<bool> {
    let row = db.query_one("SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin')", &[])?;
    Ok(row.get(0))
}

/// Sets the password, and revokes the access that the old one gave, except the session `keep`.
pub(super) fn set_password(
    tx: &mut Connection,
    id: UserId,
    password_hash: &str,
    keep: Option<SessionId>,
    now: Timestamp,
) -> Result<bool> {
    // First, as `take_password_reset` does: the other way round the two could wait for each other.
    password_resets::delete_of(tx, id)?;
    let found = tx.execute(
        "UPDATE users SET password_hash = $2 WHERE id = $1 AND deleted_at IS NULL",
        &[&id.0, &password_hash],
    )?;
    if found == 0 {
        return Ok(false);
    }
    sessions::revoke_all(tx, id, keep, now)?;
    Ok(true)
}

/// From the first six columns: id, username, email, role, is_active, created_at.
pub(super) fn user(row: &Row) -> Result<User> {
    let role: &str = row.try_get(3)?;
    Ok(User {
        id: UserId(row.try_get(0)?),
        username: row.try_get(1)?,
        email: row.try_get(2)?,
        role: role
            .parse::<Role>()
            .map_err(|()| Error::Internal(format!("unknown role `{role}`")))?,
        is_active: row.try_get(4)?,
        created_at: Timestamp(row.try_get(5)?),
    })
}
