//! Tokens that set one new password, once.

use rusqlite::{OptionalExtension, params};

use super::super::Result;
use super::super::backend::PasswordResets;
use super::super::decisions::{self, PasswordResetTransaction};
use super::Sqlite;
use super::records::{user, user_columns};
use super::transaction::Transaction;
use crate::model::{NewAuditEntry, NewPasswordReset, SecretHash, Timestamp, User, UserId};

impl PasswordResets for Sqlite {
    fn create_password_reset(
        &self,
        reset: &NewPasswordReset,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        self.write(|tx| decisions::create_password_reset(tx, reset, entry))
    }

    fn get_password_reset(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<User>> {
        const GET: &str = concat!(
            "SELECT ",
            user_columns!(),
            " FROM password_resets JOIN users ON users.id = user_id
             WHERE hash = ?1 AND expires_at > ?2"
        );
        self.read(|db| {
            let user = db.prepare_cached(GET)?.query_row(params![hash, now.0], user);
            Ok(user.optional()?)
        })
    }

    fn take_password_reset(
        &self,
        hash: &SecretHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        self.write(|tx| decisions::take_password_reset(tx, hash, password_hash, now))
    }
}

impl PasswordResetTransaction for Transaction<'_> {
    fn insert_password_reset(&mut self, reset: &NewPasswordReset) -> Result<()> {
        const INSERT: &str =
            "INSERT INTO password_resets (hash, user_id, expires_at) VALUES (?1, ?2, ?3)";
        self.prepare_cached(INSERT)?.execute(params![
            reset.hash,
            reset.user_id.0,
            reset.expires_at.0
        ])?;
        Ok(())
    }

    fn lock_password_reset(&mut self, _: UserId) -> Result<()> {
        Ok(())
    }

    fn delete_password_reset(&mut self, user_id: UserId) -> Result<()> {
        const DELETE: &str = "DELETE FROM password_resets WHERE user_id = ?1";
        self.prepare_cached(DELETE)?.execute([user_id.0])?;
        Ok(())
    }

    fn take_password_reset(&mut self, hash: &SecretHash, now: Timestamp) -> Result<Option<UserId>> {
        const TAKE: &str =
            "DELETE FROM password_resets WHERE hash = ?1 AND expires_at > ?2 RETURNING user_id";
        let taken = self
            .prepare_cached(TAKE)?
            .query_row(params![hash, now.0], |row| row.get(0).map(UserId));
        Ok(taken.optional()?)
    }
}
