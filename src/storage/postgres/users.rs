//! Users' own actions: registration, sign-in and change of password.

use super::super::Result;
use super::super::backend::Users;
use super::super::decisions;
use super::Postgres;
use super::connection::Connection;
use super::records::{USER_COLUMNS, user, user_columns};
use crate::model::{Credentials, NewAuditEntry, NewUser, SessionId, Timestamp, User, UserId};

impl Users for Postgres {
    fn create_user(&self, user: &NewUser, entry: Option<&NewAuditEntry>) -> Result<User> {
        self.write(|db| match user.only_if_no_admin || entry.is_some() {
            true => db.transaction(|tx| decisions::create_user(tx, user, entry)),
            // One statement does not need an explicit transaction.
            false => decisions::create_user(db, user, entry),
        })
    }

    fn get_user(&self, id: UserId) -> Result<Option<User>> {
        self.read(|db| {
            db.query_opt(
                concat!("SELECT ", user_columns!(), " FROM users WHERE id = $1"),
                &[&id.0],
            )?
            .map(|row| user(&row))
            .transpose()
        })
    }

    fn get_credentials(&self, username: &str) -> Result<Option<Credentials>> {
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            ", password_hash
             FROM users
             WHERE lower(username COLLATE \"C\") = lower($1 COLLATE \"C\")
               AND deleted_at IS NULL"
        );
        self.read(|db| find_credentials(db, sql, username))
    }

    fn get_credentials_by_email(&self, email: &str) -> Result<Option<Credentials>> {
        let sql = concat!(
            "SELECT ",
            user_columns!(),
            ", password_hash
             FROM users
             WHERE lower(email COLLATE \"C\") = lower($1 COLLATE \"C\") AND deleted_at IS NULL"
        );
        self.read(|db| find_credentials(db, sql, email))
    }

    fn has_admin(&self) -> Result<bool> {
        self.read(has_admin)
    }

    fn list_admins(&self) -> Result<Vec<User>> {
        self.read(|db| {
            let rows = db.query(
                concat!(
                    "SELECT ",
                    user_columns!(),
                    " FROM users WHERE role = 'admin' AND is_active ORDER BY id"
                ),
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
        self.transaction(|tx| decisions::change_password(tx, id, from, to, keep, now))
    }
}

fn find_credentials(
    db: &mut Connection,
    sql: &'static str,
    name: &str,
) -> Result<Option<Credentials>> {
    // PostgreSQL cannot store text with a NUL, and refuses it in a query.
    if name.contains('\0') {
        return Ok(None);
    }
    db.query_opt(sql, &[&name])?
        .map(|row| Ok(Credentials { user: user(&row)?, password_hash: row.get(USER_COLUMNS) }))
        .transpose()
}

pub(super) fn has_admin(db: &mut Connection) -> Result<bool> {
    let row = db.query_one("SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin')", &[])?;
    Ok(row.get(0))
}
