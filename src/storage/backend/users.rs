//! Users' own actions: registration, sign-in and change of password.

use crate::model::{Credentials, NewAuditEntry, NewUser, SessionId, Timestamp, User, UserId};
use crate::storage::Result;

/// Registration, sign-in, and changing one's own password.
pub trait Users {
    /// Creates a user.
    ///
    /// # Errors
    /// [`Conflict`](crate::storage::Conflict) if the name or the email is taken, or if the user would be
    /// the first admin and there is an admin.
    fn create_user(&self, user: &NewUser, audit: Option<&NewAuditEntry>) -> Result<User>;
    /// Deleted users are found too: their messages show their new names.
    fn get_user(&self, id: UserId) -> Result<Option<User>>;
    /// Looks up the credentials of a user by name. Deleted users have no credentials.
    fn get_credentials(&self, username: &str) -> Result<Option<Credentials>>;
    /// Looks up an account by its email; ASCII case is ignored. Deleted accounts have no
    /// credentials.
    fn get_credentials_by_email(&self, email: &str) -> Result<Option<Credentials>>;
    /// Whether there is an admin, active or not.
    fn has_admin(&self) -> Result<bool>;
    /// Lists the active admins in order of id.
    fn list_admins(&self) -> Result<Vec<User>>;
    /// Replaces the password's hash `from` by `to`. Revokes the user's sessions except `keep`, and the
    /// password reset. False: no such user, or the hash is not `from` any more.
    fn change_password(
        &self,
        id: UserId,
        from: &str,
        to: &str,
        keep: SessionId,
        now: Timestamp,
    ) -> Result<bool>;
}
