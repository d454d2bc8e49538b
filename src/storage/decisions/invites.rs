//! Decisions about invites.

use super::users::AccessTransaction;
use super::{MemberTransaction, change_members, create_user};
use crate::model::{
    AuditTarget, Event, FoundInvite, Invite, InviteId, InviteScope, InviteTo, MemberAct,
    NewAuditEntry, NewInvite, NewMemberChange, NewUser, Person, RoomId, RoomRole, SecretHash,
    Timestamp, User, UserId,
};
use crate::storage::backend::{AcceptedInvite, InviteError, MemberError};
use crate::storage::{Error, Result};

/// How long an invite that has ended is kept.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Writing to invites. A transaction that also writes to a room locks the room first.
pub(in crate::storage) trait InviteTransaction: MemberTransaction {
    fn insert_invite(&mut self, invite: &NewInvite) -> Result<InviteId>;
    fn count_open_invites(&mut self, scope: InviteScope, now: Timestamp) -> Result<u32>;
    /// Deletes the invites that expired or were revoked before this time.
    fn delete_ended_invites(&mut self, scope: InviteScope, before: Timestamp) -> Result<()>;
    fn find_invite(&mut self, hash: &SecretHash) -> Result<Option<FoundInvite>>;
    /// Counts one use, if the invite is open. Locks it.
    fn use_invite(&mut self, id: InviteId, now: Timestamp) -> Result<bool>;
    /// Revokes an invite that is not revoked. False: there is no such invite.
    fn set_revoked(
        &mut self,
        id: InviteId,
        scope: InviteScope,
        created_by: Option<UserId>,
        at: Timestamp,
    ) -> Result<bool>;
}

pub(in crate::storage) fn create_invite(
    tx: &mut impl InviteTransaction,
    invite: &NewInvite,
    most: u32,
    entry: Option<&NewAuditEntry>,
) -> Result<Invite, InviteError> {
    let room_id = invite.to.room_id();
    if let Some(room_id) = room_id {
        match tx.lock_room(room_id)? {
            None => return Err(InviteError::RoomNotFound),
            Some(room) if room.archived_at.is_some() => return Err(InviteError::RoomArchived),
            Some(_) => {}
        }
    }
    if tx.count_open_invites(room_id.into(), invite.created_at)? >= most {
        return Err(InviteError::TooMany);
    }
    let Some(invited_by) = tx.get_person(invite.created_by)? else {
        return Err(InviteError::UserNotFound);
    };
    tx.delete_ended_invites(room_id.into(), Timestamp(invite.created_at.0 - KEPT_MS))?;
    let id = tx.insert_invite(invite)?;
    if let Some(entry) = entry {
        tx.record_audit(entry, AuditTarget::Invite(id))?;
    }
    Ok(stored(invite, id, invited_by))
}

fn stored(invite: &NewInvite, id: InviteId, invited_by: Person) -> Invite {
    Invite {
        id,
        to: invite.to,
        invited_by,
        uses_allowed: invite.uses_allowed,
        completed: 0,
        created_at: invite.created_at,
        expires_at: invite.expires_at,
        revoked_at: None,
    }
}

pub(in crate::storage) fn revoke_invite(
    tx: &mut impl InviteTransaction,
    id: InviteId,
    scope: InviteScope,
    created_by: Option<UserId>,
    at: Timestamp,
    entry: Option<&NewAuditEntry>,
) -> Result<bool> {
    let found = tx.set_revoked(id, scope, created_by, at)?;
    if let Some(entry) = entry.filter(|_| found) {
        tx.record_audit(entry, AuditTarget::Invite(id))?;
    }
    Ok(found)
}

pub(in crate::storage) fn accept_invite(
    tx: &mut impl InviteTransaction,
    hash: &SecretHash,
    user_id: UserId,
    now: Timestamp,
) -> Result<AcceptedInvite, InviteError> {
    if tx.lock_people(&[user_id])? == 0 {
        return Err(InviteError::UserNotFound);
    }
    let Some(found) = lock_invite(tx, hash)? else { return Err(InviteError::NotFound) };
    let InviteTo::Room { id: room_id, role } = found.invite.to else {
        return Err(InviteError::NotFound);
    };
    if tx.get_membership(room_id, user_id)?.is_some() {
        return Ok(AcceptedInvite { room_id, events: Vec::new() });
    }
    if !found.is_valid(now) {
        return Err(InviteError::NotFound);
    }
    if !tx.use_invite(found.invite.id, now)? {
        return Err(InviteError::NotFound);
    }
    let events = join(tx, room_id, user_id, role, now)?;
    Ok(AcceptedInvite { room_id, events })
}

pub(in crate::storage) fn create_invited_user(
    tx: &mut (impl InviteTransaction + AccessTransaction),
    user: &NewUser,
    hash: &SecretHash,
    entry: Option<&NewAuditEntry>,
) -> Result<(User, Vec<Event>), InviteError> {
    let now = user.created_at;
    let Some(found) = lock_invite(tx, hash)? else { return Err(InviteError::NotFound) };
    if !found.is_valid(now) || !tx.use_invite(found.invite.id, now)? {
        return Err(InviteError::NotFound);
    }
    let user = create_user(tx, user, entry)?;
    let events = match found.invite.to {
        InviteTo::Server => Vec::new(),
        InviteTo::Room { id, role } => join(tx, id, user.id, role, now)?,
    };
    Ok((user, events))
}

/// Finds an invite, and locks its room if it has one, so that what decides about the invite stays as it is.
fn lock_invite(tx: &mut impl InviteTransaction, hash: &SecretHash) -> Result<Option<FoundInvite>> {
    let Some(found) = tx.find_invite(hash)? else { return Ok(None) };
    match found.invite.to {
        InviteTo::Server => Ok(Some(found)),
        InviteTo::Room { id, .. } => match tx.lock_room(id)? {
            None => Ok(None),
            Some(_) => tx.find_invite(hash),
        },
    }
}

/// Makes the user a member.
fn join(
    tx: &mut impl InviteTransaction,
    room_id: RoomId,
    user_id: UserId,
    role: RoomRole,
    timestamp: Timestamp,
) -> Result<Vec<Event>, InviteError> {
    let act = MemberAct::Join { user_ids: vec![user_id], role: role.min(RoomRole::Moderator) };
    let change =
        NewMemberChange { room_id, by: user_id, timestamp, below: None, reason: None, act };
    change_members(tx, &change, None, None).map_err(|error| match error {
        MemberError::UserNotFound => InviteError::UserNotFound,
        MemberError::Banned => InviteError::Banned,
        MemberError::Storage(error) => InviteError::Storage(error),
        error => Error::Internal(format!("an invite to room {room_id}: {error}")).into(),
    })
}
