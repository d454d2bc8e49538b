//! Users as they come by themselves: registration, sign-in, a new password of one's own.

use crate::model::{Credentials, NewAuditEntry, NewUser, SessionId, Timestamp, User, UserId};
use crate::storage::Result;

/// Registration, sign-in, and changing one's own password.
pub trait Users {
    /// # Errors
    /// [`Conflict`](crate::storage::Conflict) if the name, the email or the place of the first admin
    /// is taken.
    fn create_user(&self, user: &NewUser, audit: Option<&NewAuditEntry>) -> Result<User>;
    /// Deleted users are found too: their messages bear their new names.
    fn get_user(&self, id: UserId) -> Result<Option<User>>;
    /// Looks up a user by name. Deleted users have no credentials.
    fn get_credentials(&self, username: &str) -> Result<Option<Credentials>>;
    /// Looks up an account by its email; ASCII case is ignored. Deleted accounts have none.
    fn get_credentials_by_email(&self, email: &str) -> Result<Option<Credentials>>;
    /// Whether there is an admin, active or not.
    fn has_admin(&self) -> Result<bool>;
    /// The active admins, in order of id.
    fn list_admins(&self) -> Result<Vec<User>>;
    /// Replaces the password by its hash, `from` by `to`. Revokes the user's sessions except `keep`,
    /// and the token that would set another password. False: no such user, or the password is not
    /// `from` any more.
    fn change_password(
        &self,
        id: UserId,
        from: &str,
        to: &str,
        keep: SessionId,
        now: Timestamp,
    ) -> Result<bool>;
}
