//! Tokens that set one new password, once.

use super::super::Result;
use super::super::backend::PasswordResets;
use super::connection::Connection;
use super::{Postgres, audit, user_admin, users};
use crate::model::{NewAuditEntry, NewPasswordReset, SecretHash, Target, Timestamp, User, UserId};

impl PasswordResets for Postgres {
    fn create_password_reset(
        &self,
        reset: &NewPasswordReset,
        entry: &NewAuditEntry,
    ) -> Result<bool> {
        self.transaction(|tx| {
            user_admin::lock(tx)?;
            if user_admin::get_account(tx, reset.user_id, entry.timestamp)?.is_none() {
                return Ok(false);
            }
            delete_of(tx, reset.user_id)?;
            tx.execute(
                "INSERT INTO password_resets (hash, user_id, expires_at) VALUES ($1, $2, $3)",
                &[&&reset.hash[..], &reset.user_id.0, &reset.expires_at.0],
            )?;
            audit::record(tx, entry, Target::User(reset.user_id))?;
            Ok(true)
        })
    }

    fn get_password_reset(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<User>> {
        self.read(|db| {
            db.query_opt(
                "SELECT users.id, username, email, role, is_active, created_at
                 FROM password_resets JOIN users ON users.id = user_id
                 WHERE hash = $1 AND expires_at > $2",
                &[&&hash[..], &now.0],
            )?
            .map(|row| users::user(&row))
            .transpose()
        })
    }

    /// If two callers come at once, the second waits for the row, and then does not find it.
    fn take_password_reset(
        &self,
        hash: &SecretHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        self.transaction(|tx| {
            let taken = tx.query_opt(
                "DELETE FROM password_resets WHERE hash = $1 AND expires_at > $2 RETURNING user_id",
                &[&&hash[..], &now.0],
            )?;
            let Some(id) = taken.map(|row| UserId(row.get(0))) else { return Ok(None) };
            users::set_password(tx, id, password_hash, None, now)?;
            Ok(Some(id))
        })
    }
}

/// Deletes the user's token.
pub(super) fn delete_of(tx: &mut Connection, user_id: UserId) -> Result<()> {
    tx.execute("DELETE FROM password_resets WHERE user_id = $1", &[&user_id.0])?;
    Ok(())
}
