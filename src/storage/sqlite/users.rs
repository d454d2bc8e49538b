//! Users as they come by themselves: registration, sign-in, a new password of one's own.

use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};

use super::super::backend::Users;
use super::super::{Conflict, Error, Result};
use super::{Sqlite, audit, password_resets, sessions};
use crate::model::{
    Credentials, NewAuditEntry, NewUser, Role, SessionId, Target, Timestamp, User, UserId,
};

impl Users for Sqlite {
    fn create_user(&self, new: &NewUser, entry: Option<&NewAuditEntry>) -> Result<User> {
        self.write(|tx| {
            if new.only_if_no_admin && has_admin(tx)? {
                return Err(Error::Conflict(Conflict::AdminExists));
            }
            let id = tx
                .prepare_cached(
                    "INSERT INTO users (username, email, password_hash, role, created_at)
                     VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
                )?
                .query_row(
                    params![
                        new.username,
                        new.email,
                        new.password_hash,
                        new.role.as_str(),
                        new.created_at.0
                    ],
                    |row| Ok(UserId(row.get(0)?)),
                )?;
            if let Some(entry) = entry {
                audit::record(tx, entry, Target::User(id))?;
            }
            Ok(User {
                id,
                username: new.username.clone(),
                email: new.email.clone(),
                role: new.role,
                is_active: true,
                created_at: new.created_at,
            })
        })
    }

    fn get_user(&self, id: UserId) -> Result<Option<User>> {
        const GET: &str =
            "SELECT id, username, email, role, is_active, created_at FROM users WHERE id = ?1";
        self.read(|db| Ok(db.prepare_cached(GET)?.query_row([id.0], user).optional()?))
    }

    fn get_credentials(&self, username: &str) -> Result<Option<Credentials>> {
        const GET: &str = "
            SELECT id, username, email, role, is_active, created_at, password_hash
            FROM users WHERE username = ?1 AND deleted_at IS NULL";
        self.read(|db| {
            let credentials = db.prepare_cached(GET)?.query_row([username], |row| {
                Ok(Credentials { user: user(row)?, password_hash: row.get(6)? })
            });
            Ok(credentials.optional()?)
        })
    }

    fn has_email(&self, email: &str) -> Result<bool> {
        const HAS: &str = "SELECT EXISTS (SELECT 1 FROM users WHERE email = ?1)";
        self.read(|db| Ok(db.prepare_cached(HAS)?.query_row([email], |row| row.get(0))?))
    }

    fn has_admin(&self) -> Result<bool> {
        self.read(has_admin)
    }

    fn list_admins(&self) -> Result<Vec<User>> {
        const LIST: &str = "
            SELECT id, username, email, role, is_active, created_at
            FROM users WHERE role = 'admin' AND is_active = 1 ORDER BY id";
        self.read(|db| {
            let mut statement = db.prepare_cached(LIST)?;
            Ok(statement.query_map([], user)?.collect::<rusqlite::Result<_>>()?)
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
        const IS_FROM: &str =
            "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1 AND password_hash = ?2)";
        self.write(|tx| {
            let is_from: bool =
                tx.prepare_cached(IS_FROM)?.query_row(params![id.0, from], |row| row.get(0))?;
            if is_from { set_password(tx, id, to, Some(keep), now) } else { Ok(false) }
        })
    }
}

fn has_admin(db: &Connection) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin')")?
        .query_row([], |row| row.get(0))?)
}

/// Sets the password, and revokes the access that the old one gave, except the session `keep`.
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
    password_resets::delete_of(tx, id)?;
    sessions::revoke_all(tx, id, keep, now)?;
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
