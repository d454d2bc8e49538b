//! Users as they come by themselves: registration, sign-in, a new password of one's own.

use rusqlite::{Connection, OptionalExtension, Row, types::Type};

use super::super::Result;
use super::super::backend::Users;
use super::super::decisions;
use super::Sqlite;
use crate::model::{Credentials, NewAuditEntry, NewUser, Role, SessionId, Timestamp, User, UserId};

impl Users for Sqlite {
    fn create_user(&self, user: &NewUser, entry: Option<&NewAuditEntry>) -> Result<User> {
        self.write(|tx| decisions::create_user(tx, user, entry))
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
        self.read(|db| Ok(db.prepare_cached(GET)?.query_row([username], credentials).optional()?))
    }

    fn get_credentials_by_email(&self, email: &str) -> Result<Option<Credentials>> {
        const GET: &str = "
            SELECT id, username, email, role, is_active, created_at, password_hash
            FROM users WHERE email = ?1 AND deleted_at IS NULL";
        self.read(|db| Ok(db.prepare_cached(GET)?.query_row([email], credentials).optional()?))
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
        self.write(|tx| decisions::change_password(tx, id, from, to, keep, now))
    }
}

pub(super) fn has_admin(db: &Connection) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin')")?
        .query_row([], |row| row.get(0))?)
}

/// From the columns of [`user`], and password_hash.
fn credentials(row: &Row<'_>) -> rusqlite::Result<Credentials> {
    Ok(Credentials { user: user(row)?, password_hash: row.get(6)? })
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
