//! Tokens that set one new password, once.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::Result;
use super::super::backend::PasswordResets;
use super::{Sqlite, audit, user_admin, users};
use crate::model::{NewAuditEntry, NewPasswordReset, SecretHash, Target, Timestamp, User, UserId};

impl PasswordResets for Sqlite {
    fn create_password_reset(
        &self,
        reset: &NewPasswordReset,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        const INSERT: &str =
            "INSERT INTO password_resets (hash, user_id, expires_at) VALUES (?1, ?2, ?3)";
        self.write(|tx| {
            if user_admin::get_account(tx, reset.user_id, entry.timestamp)?.is_none() {
                return Ok(false);
            }
            delete_of(tx, reset.user_id)?;
            tx.prepare_cached(INSERT)?.execute(params![
                reset.hash,
                reset.user_id.0,
                reset.expires_at.0
            ])?;
            audit::record(tx, entry, Target::User(reset.user_id))?;
            Ok(true)
        })
    }

    fn get_password_reset(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<User>> {
        const GET: &str = "
            SELECT users.id, username, email, role, is_active, created_at
            FROM password_resets JOIN users ON users.id = user_id
            WHERE hash = ?1 AND expires_at > ?2";
        self.read(|db| {
            let user = db.prepare_cached(GET)?.query_row(params![hash, now.0], users::user);
            Ok(user.optional()?)
        })
    }

    fn take_password_reset(
        &self,
        hash: &SecretHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        const TAKE: &str =
            "DELETE FROM password_resets WHERE hash = ?1 AND expires_at > ?2 RETURNING user_id";
        self.write(|tx| {
            let taken: Option<i64> = tx
                .prepare_cached(TAKE)?
                .query_row(params![hash, now.0], |row| row.get(0))
                .optional()?;
            let Some(id) = taken.map(UserId) else { return Ok(None) };
            users::set_password(tx, id, password_hash, None, now)?;
            Ok(Some(id))
        })
    }
}

/// Deletes the user's token.
pub(super) fn delete_of(tx: &Connection, user_id: UserId) -> Result<()> {
    tx.prepare_cached("DELETE FROM password_resets WHERE user_id = ?1")?.execute([user_id.0])?;
    Ok(())
}
