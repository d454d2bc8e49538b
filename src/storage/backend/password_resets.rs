//! Tokens that set one new password, once.

use crate::model::{NewAuditEntry, NewPasswordReset, SecretHash, Timestamp, User, UserId};
use crate::storage::Result;

/// Tokens that set a new password.
pub trait PasswordResets {
    /// Replaces an earlier token of the same user. False: no such user, or a deleted one.
    fn create_password_reset(
        &self,
        reset: &NewPasswordReset,
        audit: &NewAuditEntry,
    ) -> Result<bool>;
    /// The user whose password the token would set. `None`: there is no such token, or it expired at
    /// or before `now`.
    fn get_password_reset(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<User>>;
    /// Deletes the token and sets the password as
    /// [`update_password`](super::UserAdmin::update_password) does, for one caller only. `None`: there
    /// is no such token, or it expired at or before `now`; nothing is changed.
    fn take_password_reset(
        &self,
        hash: &SecretHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<UserId>>;
}
