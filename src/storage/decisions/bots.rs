//! Decisions about the API tokens of bots.

use super::{AuditTransaction, SessionTransaction, UserTransaction};
use crate::model::{
    AuditTarget, Grant, NewApiToken, NewAuditEntry, RoomId, SessionId, Timestamp, UserId,
};
use crate::storage::Result;
use crate::storage::backend::{MAX_API_TOKENS, TokenOutcome};

/// Writing to API tokens.
pub(in crate::storage) trait BotTransaction {
    /// The number of tokens of the account that are not revoked and have not expired at `now`.
    fn count_api_tokens(&mut self, user_id: UserId, now: Timestamp) -> Result<u32>;
    /// Stores what the token is besides its session.
    fn insert_api_token(&mut self, token: &NewApiToken) -> Result<()>;
    /// Revokes the session of a token of this account. False: there is none, or it was revoked before.
    fn revoke_api_token(&mut self, user_id: UserId, id: SessionId, now: Timestamp) -> Result<bool>;
}

pub(in crate::storage) fn create_api_token(
    tx: &mut (impl BotTransaction + UserTransaction + SessionTransaction + AuditTransaction),
    token: &NewApiToken,
    entry: &NewAuditEntry,
) -> Result<TokenOutcome> {
    // Whoever deactivates or deletes an account holds this lock too.
    tx.lock_accounts()?;
    let (user_id, now) = (token.user_id, entry.timestamp);
    match tx.get_account(user_id, now)? {
        Some(account) if account.user.is_bot && account.user.is_active => {}
        _ => return Ok(TokenOutcome::NoBot),
    }
    if tx.count_api_tokens(user_id, now)? >= MAX_API_TOKENS {
        return Ok(TokenOutcome::TooMany);
    }
    insert_token(tx, token)?;
    tx.record_audit(entry, AuditTarget::User(user_id))?;
    Ok(TokenOutcome::Stored)
}

/// Stores a token and its session.
pub(super) fn insert_token(
    tx: &mut (impl BotTransaction + SessionTransaction),
    token: &NewApiToken,
) -> Result<()> {
    tx.insert_session(token.user_id, &token.session)?;
    tx.insert_api_token(token)
}

pub(in crate::storage) fn revoke_api_token(
    tx: &mut (impl BotTransaction + AuditTransaction),
    user_id: UserId,
    id: SessionId,
    entry: &NewAuditEntry,
) -> Result<bool> {
    let is_revoked = tx.revoke_api_token(user_id, id, entry.timestamp)?;
    if is_revoked {
        tx.record_audit(entry, AuditTarget::User(user_id))?;
    }
    Ok(is_revoked)
}

/// What the columns of a token allow. A word that this program does not know allows nothing.
pub(in crate::storage) fn stored_grant(scopes: &str, room_ids: Option<&str>) -> Grant {
    Grant { scopes: scopes.parse().unwrap_or_default(), room_ids: stored_rooms(room_ids) }
}

/// The rooms of a column `room_ids`, a JSON array. A list that this program does not know has no room.
pub(in crate::storage) fn stored_rooms(room_ids: Option<&str>) -> Option<Vec<RoomId>> {
    let ids: Vec<i64> = serde_json::from_str(room_ids?).unwrap_or_default();
    Some(ids.into_iter().map(RoomId).collect())
}

/// The text of a column `room_ids`.
pub(in crate::storage) fn rooms_text(room_ids: Option<&Vec<RoomId>>) -> Option<String> {
    let ids: Vec<String> = room_ids?.iter().map(|id| id.0.to_string()).collect();
    Some(format!("[{}]", ids.join(",")))
}
