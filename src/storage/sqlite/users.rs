//! Users' own actions: registration, sign-in and change of password.

use rusqlite::{Connection, OptionalExtension, Row};

use super::super::Result;
use super::super::backend::Users;
use super::super::decisions;
use super::Sqlite;
use super::records::{USER_COLUMNS, user, user_columns};
use crate::model::{Credentials, NewAuditEntry, NewUser, SessionId, Timestamp, User, UserId};

impl Users for Sqlite {
    fn create_user(&self, user: &NewUser, entry: Option<&NewAuditEntry>) -> Result<User> {
        self.write(|tx| decisions::create_user(tx, user, entry))
    }

    fn get_user(&self, id: UserId) -> Result<Option<User>> {
        const GET: &str = concat!("SELECT ", user_columns!(), " FROM users WHERE id = ?1");
        self.read(|db| Ok(db.prepare_cached(GET)?.query_row([id.0], user).optional()?))
    }

    fn get_credentials(&self, username: &str) -> Result<Option<Credentials>> {
        const GET: &str = concat!(
            "SELECT ",
            user_columns!(),
            ", password_hash
             FROM users WHERE username = ?1 AND deleted_at IS NULL"
        );
        self.read(|db| Ok(db.prepare_cached(GET)?.query_row([username], credentials).optional()?))
    }

    fn get_credentials_by_email(&self, email: &str) -> Result<Option<Credentials>> {
        const GET: &str = concat!(
            "SELECT ",
            user_columns!(),
            ", password_hash
             FROM users WHERE email = ?1 AND deleted_at IS NULL"
        );
        self.read(|db| Ok(db.prepare_cached(GET)?.query_row([email], credentials).optional()?))
    }

    fn has_admin(&self) -> Result<bool> {
        self.read(has_admin)
    }

    fn list_admins(&self) -> Result<Vec<User>> {
        const LIST: &str = concat!(
            "SELECT ",
            user_columns!(),
            " FROM users WHERE role = 'admin' AND is_active = 1 ORDER BY id"
        );
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

/// Reads the columns of [`user`], followed by `password_hash`.
fn credentials(row: &Row<'_>) -> rusqlite::Result<Credentials> {
    Ok(Credentials { user: user(row)?, password_hash: row.get(USER_COLUMNS)? })
}
