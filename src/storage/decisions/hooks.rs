//! Decisions about incoming webhooks.

use super::bots::insert_token;
use super::members::{apply, require};
use super::{BotTransaction, MemberTransaction, SessionTransaction, UserTransaction};
use crate::model::{
    ApiToken, AuditTarget, Event, Grant, LeaveCause, MemberAct, NewApiToken, NewAuditEntry,
    NewHook, NewMemberChange, Role, RoomId, RoomKind, RoomRole, Scope, SessionTerms, Timestamp,
    UserId,
};
use crate::storage::Result;
use crate::storage::backend::{Guard, HookError, MAX_HOOKS, MemberError};

/// Writing to webhooks.
pub(in crate::storage) trait HookTransaction: MemberTransaction {
    fn insert_hook(&mut self, id: UserId, hook: &NewHook) -> Result<()>;
    /// The webhooks of a room, in order of id, and whether each of them is deleted.
    fn list_hooks(&mut self, room_id: RoomId) -> Result<Vec<(UserId, bool)>>;
    fn mark_hook_deleted(&mut self, id: UserId, at: Timestamp) -> Result<()>;
}

pub(in crate::storage) fn create_hook(
    tx: &mut (impl HookTransaction + BotTransaction + UserTransaction + SessionTransaction),
    hook: &NewHook,
    guard: Option<&Guard<'_>>,
    entry: &NewAuditEntry,
) -> Result<(UserId, Vec<Event>), HookError> {
    let room_id = hook.room_id;
    let Some(room) = tx.lock_room(room_id)? else {
        return Err(MemberError::RoomNotFound.into());
    };
    require(tx, room_id, guard)?;
    if room.kind == RoomKind::Direct {
        return Err(MemberError::RoomKind.into());
    }
    if room.archived_at.is_some() {
        return Err(HookError::RoomArchived);
    }
    if live(tx, room_id)?.len() >= MAX_HOOKS as usize {
        return Err(HookError::TooMany);
    }
    let user_id = tx.insert_user(&hook.bot)?;
    tx.insert_hook(user_id, hook)?;
    insert_token(tx, &token(hook, user_id))?;
    tx.record_audit(entry, AuditTarget::User(user_id))?;
    let act = MemberAct::Join { user_ids: vec![user_id], role: RoomRole::Member };
    let (by, timestamp) = (hook.created_by, entry.timestamp);
    let change = NewMemberChange { room_id, by, timestamp, below: None, reason: None, act };
    let events = apply(tx, &room, &change)?;
    tx.note_access_change(room_id)?;
    Ok((user_id, events))
}

fn token(hook: &NewHook, user_id: UserId) -> NewApiToken {
    let session = SessionTerms {
        id: hook.token_id,
        created_at: hook.bot.created_at,
        expires_at: ApiToken::NEVER,
        is_bounded: false,
    };
    let scopes = [Scope::Send].into_iter().collect();
    let grant = Grant { scopes, room_ids: Some(vec![hook.room_id]) };
    NewApiToken { user_id, session, name: hook.bot.display_name.clone().unwrap_or_default(), grant }
}

pub(in crate::storage) fn delete_hook(
    tx: &mut (impl HookTransaction + UserTransaction + SessionTransaction),
    room_id: RoomId,
    id: UserId,
    guard: Option<&Guard<'_>>,
    entry: &NewAuditEntry,
) -> Result<Vec<Event>, HookError> {
    // Accounts are locked before rooms.
    tx.lock_leaver(id)?;
    let Some(room) = tx.lock_room(room_id)? else {
        return Err(MemberError::RoomNotFound.into());
    };
    require(tx, room_id, guard)?;
    if !live(tx, room_id)?.contains(&id) {
        return Err(HookError::NotFound);
    }
    tx.mark_hook_deleted(id, entry.timestamp)?;
    tx.set_role(id, Role::User, false)?;
    tx.revoke_sessions(id, None, entry.timestamp)?;
    tx.record_audit(entry, AuditTarget::User(id))?;
    if tx.get_membership(room_id, id)?.is_none() {
        return Ok(Vec::new());
    }
    let act = MemberAct::Leave { user_id: id, cause: LeaveCause::Removed };
    let (by, timestamp) = (entry.actor.author(), entry.timestamp);
    let change = NewMemberChange { room_id, by, timestamp, below: None, reason: None, act };
    let events = apply(tx, &room, &change)?;
    tx.note_access_change(room_id)?;
    Ok(events)
}

/// Locks the bots of a room's webhooks. To be called before the room is locked, as their accounts are to be changed.
pub(super) fn lock_hooks(tx: &mut impl HookTransaction, room_id: RoomId) -> Result<()> {
    tx.list_hooks(room_id)?.into_iter().try_for_each(|(id, _)| tx.lock_leaver(id))
}

/// Deletes the accounts of the webhooks of a room that is deleted, as their messages are deleted too.
pub(super) fn end_hooks(
    tx: &mut (impl HookTransaction + UserTransaction + SessionTransaction),
    room_id: RoomId,
    now: Timestamp,
) -> Result<()> {
    for (id, _) in tx.list_hooks(room_id)? {
        tx.empty_user(id, now)?;
        tx.revoke_sessions(id, None, now)?;
    }
    Ok(())
}

fn live(tx: &mut impl HookTransaction, room_id: RoomId) -> Result<Vec<UserId>> {
    let hooks = tx.list_hooks(room_id)?.into_iter();
    Ok(hooks.filter(|(_, is_deleted)| !is_deleted).map(|(id, _)| id).collect())
}
