//! Decisions about outgoing webhooks.

use super::{AuditTransaction, UserTransaction, rooms_text, stored_rooms};
use crate::model::{
    AuditTarget, EventKind, HookFilter, NewAuditEntry, NewOutgoingHook, OutgoingHook,
    OutgoingHookChange, OutgoingHookId, Replay, Timestamp,
};
use crate::storage::Result;
use crate::storage::backend::{HookOutcome, MAX_OUTGOING_HOOKS};

/// Writing to outgoing webhooks.
pub(in crate::storage) trait OutgoingHookTransaction: AuditTransaction {
    fn count_outgoing_hooks(&mut self) -> Result<u32>;
    /// Stores the webhook under the next id. Its positions are the ends of all logs.
    fn insert_outgoing_hook(
        &mut self,
        hook: &NewOutgoingHook,
        now: Timestamp,
    ) -> Result<OutgoingHookId>;
    fn get_outgoing_hook(&mut self, id: OutgoingHookId) -> Result<Option<OutgoingHook>>;
    fn update_outgoing_hook(
        &mut self,
        id: OutgoingHookId,
        change: &OutgoingHookChange,
        now: Timestamp,
    ) -> Result<()>;
    /// False: there is no such room.
    fn move_outgoing_hook(&mut self, id: OutgoingHookId, replay: Replay) -> Result<bool>;
    fn delete_outgoing_hook(&mut self, id: OutgoingHookId) -> Result<()>;
}

pub(in crate::storage) fn create_outgoing_hook(
    tx: &mut (impl OutgoingHookTransaction + UserTransaction),
    hook: &NewOutgoingHook,
    entry: &NewAuditEntry,
) -> Result<HookOutcome> {
    // Whoever deactivates or deletes an account, or makes another webhook, holds this lock too.
    tx.lock_accounts()?;
    match tx.get_account(hook.user_id, entry.timestamp)? {
        Some(account) if account.user.is_bot && account.user.is_active => {}
        _ => return Ok(HookOutcome::NoBot),
    }
    if tx.count_outgoing_hooks()? >= MAX_OUTGOING_HOOKS {
        return Ok(HookOutcome::TooMany);
    }
    let id = tx.insert_outgoing_hook(hook, entry.timestamp)?;
    tx.record_audit(entry, AuditTarget::User(hook.user_id))?;
    Ok(HookOutcome::Stored(OutgoingHook {
        id,
        user_id: hook.user_id,
        url: hook.url.clone(),
        filter: hook.filter.clone(),
        created_at: entry.timestamp,
        paused_at: None,
        is_gone: false,
        failing_rooms: 0,
        parked_rooms: 0,
    }))
}

pub(in crate::storage) fn change_outgoing_hook(
    tx: &mut impl OutgoingHookTransaction,
    id: OutgoingHookId,
    change: &OutgoingHookChange,
    entry: &NewAuditEntry,
) -> Result<Option<OutgoingHook>> {
    let Some(hook) = tx.get_outgoing_hook(id)? else { return Ok(None) };
    tx.update_outgoing_hook(id, change, entry.timestamp)?;
    tx.record_audit(entry, AuditTarget::User(hook.user_id))?;
    tx.get_outgoing_hook(id)
}

pub(in crate::storage) fn replay_outgoing_hook(
    tx: &mut impl OutgoingHookTransaction,
    id: OutgoingHookId,
    replay: Replay,
    entry: &NewAuditEntry,
) -> Result<bool> {
    let Some(hook) = tx.get_outgoing_hook(id)? else { return Ok(false) };
    if !tx.move_outgoing_hook(id, replay)? {
        return Ok(false);
    }
    tx.record_audit(entry, AuditTarget::User(hook.user_id))?;
    Ok(true)
}

pub(in crate::storage) fn delete_outgoing_hook(
    tx: &mut impl OutgoingHookTransaction,
    id: OutgoingHookId,
    entry: &NewAuditEntry,
) -> Result<bool> {
    let Some(hook) = tx.get_outgoing_hook(id)? else { return Ok(false) };
    tx.delete_outgoing_hook(id)?;
    tx.record_audit(entry, AuditTarget::User(hook.user_id))?;
    Ok(true)
}

/// What the columns of a webhook select. A word or a list that this program does not know selects nothing.
pub(in crate::storage) fn stored_filter(kinds: Option<&str>, room_ids: Option<&str>) -> HookFilter {
    HookFilter {
        kinds: kinds.map(|words| words.split(' ').filter_map(EventKind::from_word).collect()),
        room_ids: stored_rooms(room_ids),
    }
}

/// The texts of the columns `kinds` and `room_ids`.
pub(in crate::storage) fn filter_texts(filter: &HookFilter) -> [Option<String>; 2] {
    let words = |kinds: &Vec<EventKind>| kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>();
    let kinds = filter.kinds.as_ref().map(|kinds| words(kinds).join(" "));
    [kinds, rooms_text(filter.room_ids.as_ref())]
}
