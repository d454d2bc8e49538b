//! Users as administrators see and change them.

use crate::model::{
    Account, Event, NewAuditEntry, Timestamp, UserChange, UserId, UserQuery, UserUpdate,
};
use crate::storage::Result;

/// These methods treat deleted users as missing.
pub trait UserAdmin {
    /// Lists at most `query.limit` accounts, with the number of their sessions that are open at `now`.
    fn list_users(&self, query: &UserQuery, now: Timestamp) -> Result<Vec<Account>>;
    /// The account, with the number of its sessions that are open at `now`. `None`: no such user.
    fn get_account(&self, id: UserId, now: Timestamp) -> Result<Option<Account>>;
    /// Sets the role, whether the account is active, and the data of a product. A new role and deactivation revoke the user's
    /// sessions. `None`: no such user.
    ///
    /// # Errors
    /// [`Conflict::LastAdmin`](crate::storage::Conflict) if no active admin would be left. If several
    /// callers, on any number of nodes, would together remove all admins, one of them is refused.
    fn update_user(
        &self,
        id: UserId,
        change: UserChange,
        audit: &NewAuditEntry,
    ) -> Result<Option<UserUpdate>>;
    /// Sets the hash of the password, revokes the user's sessions and the password reset, and returns how
    /// many sessions were open. `None`: no such user.
    fn update_password(&self, id: UserId, hash: &str, audit: &NewAuditEntry)
    -> Result<Option<u32>>;
    /// Revokes the user's sessions and returns how many were open. `None`: no such user.
    fn revoke_sessions(&self, id: UserId, audit: &NewAuditEntry) -> Result<Option<u32>>;
    /// Empties the account: its name becomes `deleted-ID`, and email, password, role and sessions are
    /// removed. Its messages stay, and so do its direct rooms; it leaves all other rooms. Of a room whose only owner it
    /// was, the moderator who has been a member for longest becomes the owner, or else such a member. Returns the
    /// events of these rooms. `None`: no such user.
    ///
    /// # Errors
    /// [`Conflict::LastAdmin`](crate::storage::Conflict), as in [`Self::update_user`].
    fn delete_user(&self, id: UserId, audit: &NewAuditEntry) -> Result<Option<Vec<Event>>>;
}
