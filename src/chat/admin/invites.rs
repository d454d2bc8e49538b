//! Administration of invites: those to the server, and at the command line also those to rooms.

use serde_json::json;

use super::{Admin, Result};
use crate::chat::Error;
use crate::chat::invites::{
    InviteDraft, MAX_OPEN_IN_ROOM, MAX_OPEN_TO_SERVER, MadeInvite, new_invite,
};
use crate::model::{Invite, InviteId, InviteScope, RoomId, RoomKind, RoomRole, User, may_invite};
use crate::storage::backend::InviteError;

impl Admin<'_> {
    /// Makes an invite to the server, or to a room. It is valid as long as this admin might make it.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::RoomArchived`], [`Error::RoomKind`]; [`Error::ModeratorRequired`] or
    /// [`Error::OwnerRequired`] if the admin may not invite into the room; [`Error::InvalidFields`], [`Error::TooManyInvites`].
    pub fn create_invite(
        &self,
        room_id: Option<RoomId>,
        draft: InviteDraft,
        by: &User,
    ) -> Result<MadeInvite> {
        if let Some(id) = room_id {
            let room = self.get_room(id)?;
            // `None`: the room does not exist for the admin, whom the operator names.
            let standing = self.backend.get_standing(id, by.id)?;
            let rank = standing.and_then(|standing| standing.membership).map(|place| place.role);
            if !may_invite(room.kind, room.rules, by.role, rank, draft.role) {
                let refusal = match (room.kind, draft.role) {
                    (RoomKind::Direct, _) => Error::RoomKind,
                    (_, RoomRole::Member) => Error::ModeratorRequired,
                    (_, RoomRole::Moderator | RoomRole::Owner) => Error::OwnerRequired,
                };
                return Err(refusal.into());
            }
        }
        let (new, token) = new_invite(room_id, draft, by.id, self.now)?;
        let detail = json!({
            "room_id": room_id, "role": new.to.role(), "uses_allowed": new.uses_allowed,
            "expires_at": new.expires_at,
        });
        let entry = self.entry("invite.create", detail)?;
        let most = room_id.map_or(MAX_OPEN_TO_SERVER, |_| MAX_OPEN_IN_ROOM);
        let invite = self.backend.create_invite(&new, most, Some(&entry))?;
        Ok(MadeInvite { token, invite })
    }

    /// The open invites of the scope, newest first.
    pub fn list_invites(&self, scope: InviteScope) -> Result<Vec<Invite>> {
        Ok(self.backend.list_invites(scope, self.now)?)
    }

    /// Revokes an invite of the scope.
    ///
    /// # Errors
    /// [`Error::InviteNotFound`].
    pub fn revoke_invite(&self, id: InviteId, scope: InviteScope) -> Result<()> {
        let entry = self.entry("invite.revoke", json!({}))?;
        match self.backend.revoke_invite(id, scope, None, self.now, Some(&entry))? {
            true => Ok(()),
            false => Err(Error::InviteNotFound.into()),
        }
    }
}

impl From<InviteError> for super::Error {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::Storage(error) => error.into(),
            refusal => Self::Rule(refusal.into()),
        }
    }
}
