//! Decisions about users, and about the access that they have.

use super::AuditTransaction;
use super::members::{MemberTransaction, end_memberships};
use crate::model::{
    Account, AuditTarget, Event, Metadata, NewAuditEntry, NewPasswordReset, NewUser, Role,
    SecretHash, SessionId, SessionTerms, Timestamp, User, UserChange, UserId, UserUpdate,
};
use crate::storage::{Conflict, Error, Result};

/// Writing to users. These methods treat deleted users as missing.
pub(in crate::storage) trait UserTransaction {
    /// Lets only one transaction at a time change who is an admin: if two transactions would remove the
    /// last two admins, the second waits here, and then sees the first one's change.
    fn lock_accounts(&mut self) -> Result<()>;
    fn get_account(&mut self, id: UserId, now: Timestamp) -> Result<Option<Account>>;
    fn has_admin(&mut self) -> Result<bool>;
    /// Whether a user other than `id` is an active admin.
    fn has_other_admin(&mut self, id: UserId) -> Result<bool>;
    fn insert_user(&mut self, user: &NewUser) -> Result<UserId>;
    fn set_role(&mut self, id: UserId, role: Role, is_active: bool) -> Result<()>;
    /// Replaces the data of a product on the user, and the keys by which the user is found.
    fn set_user_metadata(&mut self, id: UserId, metadata: Option<&Metadata>) -> Result<()>;
    /// Locks the user if this is the password's hash. False: no such user, or another password.
    fn lock_password(&mut self, id: UserId, hash: &str) -> Result<bool>;
    /// Sets the hash of the password. False: no such user.
    fn set_password(&mut self, id: UserId, hash: &str) -> Result<bool>;
    /// Replaces all personal data of the user.
    fn empty_user(&mut self, id: UserId, deleted_at: Timestamp) -> Result<()>;
}

pub(in crate::storage) trait SessionTransaction {
    /// Stores a session, unless there is one with this id.
    fn insert_session(&mut self, user_id: UserId, session: &SessionTerms) -> Result<()>;
    /// Revokes every session of the user except `keep`, and returns how many of them were open.
    fn revoke_sessions(
        &mut self,
        user_id: UserId,
        keep: Option<SessionId>,
        now: Timestamp,
    ) -> Result<u32>;
}

/// Writing to password resets. A transaction that also writes to the user calls these first, as
/// [`take_password_reset`] has to: in another order two transactions could wait for each other.
pub(in crate::storage) trait PasswordResetTransaction {
    fn insert_password_reset(&mut self, reset: &NewPasswordReset) -> Result<()>;
    fn lock_password_reset(&mut self, user_id: UserId) -> Result<()>;
    fn delete_password_reset(&mut self, user_id: UserId) -> Result<()>;
    /// Deletes the token and returns its user. `None`: there is no such token, or it expired at or
    /// before `now`.
    fn take_password_reset(&mut self, hash: &SecretHash, now: Timestamp) -> Result<Option<UserId>>;
}

pub(in crate::storage) trait AccessTransaction:
    UserTransaction + SessionTransaction + PasswordResetTransaction + AuditTransaction
{
}

impl<T> AccessTransaction for T where
    T: UserTransaction + SessionTransaction + PasswordResetTransaction + AuditTransaction
{
}

pub(in crate::storage) fn create_user(
    tx: &mut impl AccessTransaction,
    user: &NewUser,
    entry: Option<&NewAuditEntry>,
) -> Result<User> {
    if user.only_if_no_admin {
        tx.lock_accounts()?;
        if tx.has_admin()? {
            return Err(Error::Conflict(Conflict::AdminExists));
        }
    }
    let id = tx.insert_user(user)?;
    if let Some(entry) = entry {
        tx.record_audit(entry, AuditTarget::User(id))?;
    }
    Ok(User {
        id,
        username: user.username.clone(),
        email: user.email.clone(),
        role: user.role,
        is_active: true,
        is_bot: user.is_bot,
        created_at: user.created_at,
    })
}

pub(in crate::storage) fn update_user(
    tx: &mut impl AccessTransaction,
    id: UserId,
    change: UserChange,
    entry: &NewAuditEntry,
) -> Result<Option<UserUpdate>> {
    tx.lock_accounts()?;
    let Some(Account { user: old, metadata: known, .. }) = tx.get_account(id, entry.timestamp)?
    else {
        return Ok(None);
    };
    let new = change.apply(&old);
    let metadata = change.metadata.filter(|metadata| *metadata != known);
    if new == old && metadata.is_none() {
        return Ok(Some(UserUpdate { before: old, ended_sessions: 0 }));
    }
    if let Some(metadata) = metadata {
        tx.set_user_metadata(id, metadata.as_ref())?;
    }
    if new == old {
        tx.record_audit(entry, AuditTarget::User(id))?;
        return Ok(Some(UserUpdate { before: old, ended_sessions: 0 }));
    }
    check_admin_is_left(tx, &old, new.is_active_admin())?;
    let ends_access = new.role != old.role || !new.is_active;
    if ends_access {
        tx.delete_password_reset(id)?;
    }
    tx.set_role(id, new.role, new.is_active)?;
    let ended_sessions = match ends_access {
        true => tx.revoke_sessions(id, None, entry.timestamp)?,
        false => 0,
    };
    tx.record_audit(entry, AuditTarget::User(id))?;
    Ok(Some(UserUpdate { before: old, ended_sessions }))
}

pub(in crate::storage) fn delete_user(
    tx: &mut (impl AccessTransaction + MemberTransaction),
    id: UserId,
    entry: &NewAuditEntry,
) -> Result<Option<Vec<Event>>> {
    tx.lock_accounts()?;
    let Some(Account { user: old, .. }) = tx.get_account(id, entry.timestamp)? else {
        return Ok(None);
    };
    check_admin_is_left(tx, &old, false)?;
    tx.delete_password_reset(id)?;
    tx.lock_leaver(id)?;
    let (rooms, events) = end_memberships(tx, id, entry)?;
    tx.empty_user(id, entry.timestamp)?;
    tx.revoke_sessions(id, None, entry.timestamp)?;
    tx.record_audit(entry, AuditTarget::User(id))?;
    for room_id in rooms {
        tx.note_access_change(room_id)?;
    }
    Ok(Some(events))
}

pub(in crate::storage) fn revoke_sessions(
    tx: &mut impl AccessTransaction,
    id: UserId,
    entry: &NewAuditEntry,
) -> Result<Option<u32>> {
    tx.lock_accounts()?;
    if tx.get_account(id, entry.timestamp)?.is_none() {
        return Ok(None);
    }
    let ended = tx.revoke_sessions(id, None, entry.timestamp)?;
    if ended > 0 {
        tx.record_audit(entry, AuditTarget::User(id))?;
    }
    Ok(Some(ended))
}

pub(in crate::storage) fn change_password(
    tx: &mut impl AccessTransaction,
    id: UserId,
    from: &str,
    to: &str,
    keep: SessionId,
    now: Timestamp,
) -> Result<bool> {
    tx.lock_password_reset(id)?;
    Ok(tx.lock_password(id, from)? && set_password(tx, id, to, Some(keep), now)?.is_some())
}

pub(in crate::storage) fn update_password(
    tx: &mut impl AccessTransaction,
    id: UserId,
    hash: &str,
    entry: &NewAuditEntry,
) -> Result<Option<u32>> {
    let ended = set_password(tx, id, hash, None, entry.timestamp)?;
    if ended.is_some() {
        tx.record_audit(entry, AuditTarget::User(id))?;
    }
    Ok(ended)
}

pub(in crate::storage) fn create_password_reset(
    tx: &mut impl AccessTransaction,
    reset: &NewPasswordReset,
    entry: &NewAuditEntry,
) -> Result<bool> {
    tx.lock_accounts()?;
    if tx.get_account(reset.user_id, entry.timestamp)?.is_none() {
        return Ok(false);
    }
    tx.delete_password_reset(reset.user_id)?;
    tx.insert_password_reset(reset)?;
    tx.record_audit(entry, AuditTarget::User(reset.user_id))?;
    Ok(true)
}

pub(in crate::storage) fn take_password_reset(
    tx: &mut impl AccessTransaction,
    hash: &SecretHash,
    password_hash: &str,
    now: Timestamp,
) -> Result<Option<UserId>> {
    let Some(id) = tx.take_password_reset(hash, now)? else { return Ok(None) };
    set_password(tx, id, password_hash, None, now)?;
    Ok(Some(id))
}

/// Sets the password, revokes the access that the old password gave, except the session `keep`, and
/// returns how many sessions were open. `None`: there is no such user.
fn set_password(
    tx: &mut impl AccessTransaction,
    id: UserId,
    hash: &str,
    keep: Option<SessionId>,
    now: Timestamp,
) -> Result<Option<u32>> {
    tx.delete_password_reset(id)?;
    match tx.set_password(id, hash)? {
        true => tx.revoke_sessions(id, keep, now).map(Some),
        false => Ok(None),
    }
}

/// Refuses a change that removes the last active admin.
fn check_admin_is_left(tx: &mut impl AccessTransaction, user: &User, stays: bool) -> Result<()> {
    if !user.is_active_admin() || stays || tx.has_other_admin(user.id)? {
        return Ok(());
    }
    Err(Error::Conflict(Conflict::LastAdmin))
}
