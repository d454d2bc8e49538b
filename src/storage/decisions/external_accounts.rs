//! Decisions about the accounts of a product.

use std::sync::Arc;

use super::PeopleTransaction;
use super::users::AccessTransaction;
use crate::model::{
    Account, AuditTarget, ExternalIdentity, ExternalSignIn, ExternalSignedIn, NewAccount,
    NewAuditEntry, NewUser, ProfileChange, Role, SessionTerms, Timestamp, User, UserId,
};
use crate::storage::{Conflict, Error, Result};

/// The account of a person, and whether the product has deactivated it.
pub(in crate::storage) type Known = (UserId, bool);

/// Writing to the accounts of a product. These methods treat deleted users as missing.
pub(in crate::storage) trait ExternalTransaction {
    fn get_external_account(&mut self, identity: &ExternalIdentity) -> Result<Option<Known>>;
    /// The same; the user is locked too.
    fn lock_external_account(&mut self, identity: &ExternalIdentity) -> Result<Option<Known>>;
    fn insert_external_account(&mut self, identity: &ExternalIdentity, id: UserId) -> Result<()>;
    fn set_external_disabled(&mut self, id: UserId, is_disabled: bool) -> Result<()>;
    /// Whether an account has the username; ASCII case is ignored.
    fn has_username(&mut self, username: &str) -> Result<bool>;
    /// Whether an account has the email; ASCII case is ignored.
    fn has_email(&mut self, email: &str) -> Result<bool>;
    fn set_email(&mut self, id: UserId, email: &str) -> Result<()>;
}

pub(in crate::storage) fn sign_in_external(
    tx: &mut (impl AccessTransaction + PeopleTransaction + ExternalTransaction),
    sign_in: &ExternalSignIn,
) -> Result<ExternalSignedIn> {
    let identity = &sign_in.identity;
    let seen = tx.get_external_account(identity)?;
    // The row of a user is locked after the lock of all accounts, as everywhere.
    let needs_lock = seen.is_none_or(|(_, was)| sign_in.is_disabled.is_some_and(|is| is || was));
    if needs_lock {
        tx.lock_accounts()?;
    }
    let known = tx.lock_external_account(identity)?;
    if known != seen && !needs_lock {
        return Err(Error::Busy("another sign-in is changing this account".to_owned()));
    }
    match known {
        Some((id, was_disabled)) => update(tx, sign_in, id, was_disabled),
        None => create(tx, sign_in),
    }
}

fn create(
    tx: &mut (impl AccessTransaction + ExternalTransaction),
    sign_in: &ExternalSignIn,
) -> Result<ExternalSignedIn> {
    // A person who may not sign in gets no account.
    if sign_in.is_disabled == Some(true) {
        return Ok(ExternalSignedIn::Deactivated);
    }
    let email = match &sign_in.email {
        Some(email) if !tx.has_email(email)? => email,
        _ => &sign_in.email_placeholder,
    };
    let user = NewUser {
        username: free_username(tx, &sign_in.usernames)?,
        email: email.clone(),
        password_hash: String::new(),
        is_bot: false,
        display_name: sign_in.display_name.as_deref().map(str::to_owned),
        role: Role::User,
        created_at: sign_in.session.created_at,
        only_if_no_admin: false,
    };
    let user = insert(tx, &user, Some(&sign_in.identity))?;
    tx.insert_session(user.id, &sign_in.session)?;
    Ok(ExternalSignedIn::Open { user, is_new: true, is_renamed: false })
}

fn free_username(tx: &mut impl ExternalTransaction, usernames: &[String]) -> Result<String> {
    for username in usernames {
        if !tx.has_username(username)? {
            return Ok(username.clone());
        }
    }
    Err(Error::Conflict(Conflict::UsernameTaken))
}

fn update(
    tx: &mut (impl AccessTransaction + PeopleTransaction + ExternalTransaction),
    sign_in: &ExternalSignIn,
    id: UserId,
    was_disabled: bool,
) -> Result<ExternalSignedIn> {
    let now = sign_in.session.created_at;
    let Some(Account { mut user, .. }) = tx.get_account(id, now)? else {
        return Err(Error::Busy("this account is just being deleted".to_owned()));
    };
    if let Some(is_disabled) = sign_in.is_disabled {
        user.is_active = set_disabled(tx, &user, was_disabled, is_disabled)?;
    }
    if !user.is_active || sign_in.is_disabled == Some(true) {
        tx.revoke_sessions(id, None, now)?;
        return Ok(ExternalSignedIn::Deactivated);
    }
    if let Some(email) = sign_in.email.as_ref().filter(|it| **it != user.email) {
        let is_same = email.eq_ignore_ascii_case(&user.email);
        if is_same || !tx.has_email(email)? {
            tx.set_email(id, email)?;
            user.email.clone_from(email);
        }
    }
    let is_renamed = match &sign_in.display_name {
        Some(name) => set_display_name(tx, id, name, now)?,
        None => false,
    };
    tx.insert_session(id, &sign_in.session)?;
    Ok(ExternalSignedIn::Open { user, is_new: false, is_renamed })
}

/// Deactivates the account because the product says so, or activates it again if the product had deactivated it.
/// Returns whether it is active. An account that an administrator has deactivated stays so, and the last active admin
/// stays active.
fn set_disabled(
    tx: &mut (impl AccessTransaction + ExternalTransaction),
    user: &User,
    was_disabled: bool,
    is_disabled: bool,
) -> Result<bool> {
    let is_last_admin = user.is_active_admin() && !tx.has_other_admin(user.id)?;
    let changes = match is_disabled {
        true => user.is_active && !is_last_admin,
        false => was_disabled,
    };
    if changes {
        tracing::info!(user_id = %user.id, is_disabled, "a product has changed its account");
        tx.delete_password_reset(user.id)?;
        tx.set_external_disabled(user.id, is_disabled)?;
        tx.set_role(user.id, user.role, !is_disabled)?;
        return Ok(!is_disabled);
    }
    Ok(user.is_active)
}

pub(in crate::storage) fn create_account(
    tx: &mut (impl AccessTransaction + ExternalTransaction),
    account: &NewAccount,
    entry: &NewAuditEntry,
) -> Result<User> {
    if let Some(identity) = &account.identity {
        tx.lock_accounts()?;
        if tx.get_external_account(identity)?.is_some() {
            return Err(Error::Conflict(Conflict::SubjectTaken));
        }
    }
    let user = insert(tx, &account.user, account.identity.as_ref())?;
    if let Some(metadata) = &account.metadata {
        tx.set_user_metadata(user.id, Some(metadata))?;
    }
    tx.record_audit(entry, AuditTarget::User(user.id))?;
    Ok(user)
}

pub(in crate::storage) fn create_user_session(
    tx: &mut (impl AccessTransaction + ExternalTransaction),
    user_id: UserId,
    session: &SessionTerms,
    entry: &NewAuditEntry,
) -> Result<Option<User>> {
    // Whoever deactivates or deletes the account waits for this transaction, and then finds the session.
    tx.lock_accounts()?;
    let Some(Account { user, .. }) = tx.get_account(user_id, session.created_at)? else {
        return Ok(None);
    };
    if user.is_active {
        tx.insert_session(user_id, session)?;
        tx.record_audit(entry, AuditTarget::User(user_id))?;
    }
    Ok(Some(user))
}

fn insert(
    tx: &mut (impl AccessTransaction + ExternalTransaction),
    user: &NewUser,
    identity: Option<&ExternalIdentity>,
) -> Result<User> {
    let user = super::create_user(tx, user, None)?;
    if let Some(identity) = identity {
        tx.insert_external_account(identity, user.id)?;
    }
    Ok(user)
}

/// Returns whether the name was another one.
fn set_display_name(
    tx: &mut impl PeopleTransaction,
    id: UserId,
    name: &Arc<str>,
    now: Timestamp,
) -> Result<bool> {
    let Some(card) = tx.lock_card(id)? else { return Ok(false) };
    if card.profile.display_name.as_ref() == Some(name) {
        return Ok(false);
    }
    let change =
        ProfileChange { display_name: Some(Some(name.to_string())), ..ProfileChange::default() };
    tx.set_profile(id, &change.apply_to(&card.profile))?;
    tx.set_renamed_at(id, now)?;
    Ok(true)
}
