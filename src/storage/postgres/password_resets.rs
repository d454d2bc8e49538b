//! Tokens that set one new password, once.

use super::super::Result;
use super::super::backend::PasswordResets;
use super::super::decisions::{self, PasswordResetTransaction};
use super::Postgres;
use super::connection::Connection;
use super::records::{user, user_columns};
use crate::model::{NewAuditEntry, NewPasswordReset, SecretHash, Timestamp, User, UserId};

impl PasswordResets for Postgres {
    fn create_password_reset(
        &self,
        reset: &NewPasswordReset,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        self.transaction(|tx| decisions::create_password_reset(tx, reset, entry))
    }

    fn get_password_reset(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<User>> {
        self.read(|db| {
            db.query_opt(
                concat!(
                    "SELECT ",
                    user_columns!(),
                    " FROM password_resets JOIN users ON users.id = user_id
                     WHERE hash = $1 AND expires_at > $2"
                ),
                &[&&hash[..], &now.0],
            )?
            .map(|row| user(&row))
            .transpose()
        })
    }

    fn take_password_reset(
        &self,
        hash: &SecretHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        self.transaction(|tx| decisions::take_password_reset(tx, hash, password_hash, now))
    }
}

impl PasswordResetTransaction for Connection {
    fn insert_password_reset(&mut self, reset: &NewPasswordReset) -> Result<()> {
        self.execute(
            "INSERT INTO password_resets (hash, user_id, expires_at) VALUES ($1, $2, $3)",
            &[&&reset.hash[..], &reset.user_id.0, &reset.expires_at.0],
        )?;
        Ok(())
    }

    fn lock_password_reset(&mut self, user_id: UserId) -> Result<()> {
        let lock = "SELECT hash FROM password_resets WHERE user_id = $1 FOR UPDATE";
        self.query_opt(lock, &[&user_id.0])?;
        Ok(())
    }

    fn delete_password_reset(&mut self, user_id: UserId) -> Result<()> {
        self.execute("DELETE FROM password_resets WHERE user_id = $1", &[&user_id.0])?;
        Ok(())
    }

    /// If two callers take the same token, the second waits for the row, and then does not find it.
    fn take_password_reset(&mut self, hash: &SecretHash, now: Timestamp) -> Result<Option<UserId>> {
        let taken = self.query_opt(
            "DELETE FROM password_resets WHERE hash = $1 AND expires_at > $2 RETURNING user_id",
            &[&&hash[..], &now.0],
        )?;
        Ok(taken.map(|row| UserId(row.get(0))))
    }
}
