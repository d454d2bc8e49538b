//! Invites: links that let people into a room, or let them sign up.

use crate::model::{
    Event, FoundInvite, Invite, InviteId, InviteScope, NewAuditEntry, NewInvite, NewUser, RoomId,
    SecretHash, Timestamp, User, UserId,
};
use crate::storage::{Error, Result};

/// Why an invite was not made or not used. Nothing was stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum InviteError {
    /// There is no such invite, or it is not valid any more.
    #[error("no such invite")]
    NotFound,
    /// The room of a new invite does not exist, or was deleted.
    #[error("no such room")]
    RoomNotFound,
    /// The room of a new invite is archived.
    #[error("the room is archived")]
    RoomArchived,
    /// The room, or the server, has too many open invites.
    #[error("too many open invites")]
    TooMany,
    /// The user who uses the invite was deleted.
    #[error("no such user")]
    UserNotFound,
    /// The user who uses the invite is banned from the room.
    #[error("the user is banned from the room")]
    Banned,
    /// Storage failed. Only with [`Error::InDoubt`] the change may have been stored.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// The effect of an invite on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedInvite {
    /// The room.
    pub room_id: RoomId,
    /// The events that were added to the room's log; none if the account was a member before.
    pub events: Vec<Event>,
}

/// Invites.
pub trait Invites {
    /// Stores an invite if its room, or the server, has less than `most` open ones. Deletes invites that ended long
    /// ago.
    fn create_invite(
        &self,
        invite: &NewInvite,
        most: u32,
        audit: Option<&NewAuditEntry>,
    ) -> Result<Invite, InviteError>;

    /// Lists the open invites of the scope, newest first.
    fn list_invites(&self, scope: InviteScope, now: Timestamp) -> Result<Vec<Invite>>;

    /// Revokes an invite of the scope. False: there is no such invite, it was revoked before, or `created_by` is given
    /// and another user made it.
    fn revoke_invite(
        &self,
        id: InviteId,
        scope: InviteScope,
        created_by: Option<UserId>,
        at: Timestamp,
        audit: Option<&NewAuditEntry>,
    ) -> Result<bool>;

    /// Looks up an invite, valid or not.
    fn find_invite(&self, hash: &SecretHash) -> Result<Option<FoundInvite>>;

    /// Makes the user a member of the invite's room, which uses the invite once. For a member of the room nothing
    /// changes.
    fn accept_invite(
        &self,
        hash: &SecretHash,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<AcceptedInvite, InviteError>;

    /// Creates a user, who becomes a member of the invite's room if it has one. Uses the invite once.
    ///
    /// # Errors
    /// Also those of [`Users::create_user`](super::Users::create_user).
    fn create_invited_user(
        &self,
        user: &NewUser,
        hash: &SecretHash,
        audit: Option<&NewAuditEntry>,
    ) -> Result<(User, Vec<Event>), InviteError>;
}
