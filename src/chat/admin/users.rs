//! Administration of accounts and their sessions.

use serde::Serialize;
use serde_json::json;

use super::{Admin, Result, check_page};
use crate::chat::{Chat, Error, accounts, metadata, names, secret};
use crate::model::{
    Account, Event, Identity, MetadataQuery, NewPasswordReset, NewUser, SecretHash, Session,
    Timestamp, User, UserCard, UserChange, UserId, UserQuery, UserUpdate,
};
use crate::realtime::News;

/// The default number of accounts of a page.
pub const DEFAULT_USERS_PAGE: u32 = 100;
pub const MAX_USERS_PAGE: u32 = 1000;

/// The most sessions that are listed at once; the newest are listed.
pub const MAX_LISTED_SESSIONS: u32 = 1000;

/// Which accounts to list.
#[derive(Clone, Debug)]
pub struct UserSearch {
    /// A part of the username or the email.
    pub query: Option<String>,
    pub metadata: Option<MetadataQuery>,
    pub after: Option<UserId>,
    pub limit: u32,
}

impl UserSearch {
    /// # Errors
    /// [`Error::InvalidFields`].
    pub(super) fn check(&self) -> Result<()> {
        check_page(("after", self.after.map(|id| id.0)), self.limit, MAX_USERS_PAGE)?;
        Ok(metadata::check_query(self.metadata.as_ref())?)
    }
}

/// A page of accounts, in order of id.
#[derive(Clone, Debug, Serialize)]
pub struct UserPage {
    pub users: Vec<Account>,
    /// The `after` of the next page; `None` if this is the last page.
    pub next_after: Option<UserId>,
}

/// A token that sets one new password, once.
#[derive(Clone, Debug, Serialize)]
pub struct PasswordReset {
    pub token: String,
    pub expires_at: Timestamp,
}

impl Admin<'_> {
    /// # Errors
    /// [`Error::InvalidFields`] if `limit` is not from 1 to [`MAX_USERS_PAGE`], or `after` is
    /// negative.
    pub fn list_users(&self, search: UserSearch) -> Result<UserPage> {
        search.check()?;
        let UserSearch { query, metadata, after, limit } = search;
        let text = query.map(|query| query.trim().to_owned());
        let query = UserQuery { text, metadata, after, limit: limit + 1 };
        let mut users = self.backend.list_users(&query, self.now)?;
        let has_more = users.len() > limit as usize;
        users.truncate(limit as usize);
        let next_after = users.last().filter(|_| has_more).map(|account| account.user.id);
        Ok(UserPage { users, next_after })
    }

    /// The first `most` accounts, page by page.
    pub fn list_all_users(&self, query: Option<&str>, most: usize) -> Result<Vec<Account>> {
        let (mut users, mut after) = (Vec::new(), None);
        loop {
            let query = query.map(ToOwned::to_owned);
            let (metadata, limit) = (None, MAX_USERS_PAGE);
            let page = self.list_users(UserSearch { query, metadata, after, limit })?;
            users.extend(page.users);
            after = page.next_after;
            if after.is_none() || users.len() >= most {
                users.truncate(most);
                return Ok(users);
            }
        }
    }

    /// # Errors
    /// [`Error::UserNotFound`]; deleted accounts are not found.
    pub fn get_user(&self, id: UserId) -> Result<Account> {
        let account = self.backend.get_account(id, self.now)?;
        Ok(account.ok_or(Error::UserNotFound)?)
    }

    /// What the people of these accounts show, in order of id. Deleted accounts are left out.
    pub fn list_cards(&self, ids: &[UserId]) -> Result<Vec<UserCard>> {
        Ok(self.backend.list_cards(ids)?)
    }

    /// Looks up an account by its username or its email, as for a sign-in.
    ///
    /// # Errors
    /// [`Error::UserNotFound`].
    pub fn get_user_by_name(&self, name: &str) -> Result<Account> {
        let credentials = names::find_credentials(self.backend, &names::sign_in_name(name))?;
        self.get_user(credentials.ok_or(Error::UserNotFound)?.user.id)
    }

    /// Stores an account. An account with an invite to a room becomes a member of the room, whose events are returned.
    ///
    /// # Errors
    /// [`Error::UsernameTaken`], [`Error::EmailTaken`]; [`Error::InviteNotFound`].
    pub fn create_user(
        &self,
        user: &NewUser,
        invite: Option<&SecretHash>,
    ) -> Result<(User, Vec<Event>)> {
        let entry = self.entry("user.create", json!({ "role": user.role }))?;
        match invite {
            Some(invite) => Ok(accounts::create_invited(self.backend, user, invite, Some(&entry))?),
            None => Ok((accounts::create(self.backend, user, Some(&entry))?, Vec::new())),
        }
    }

    /// Changes role, activity and metadata, and returns the account and what the change did. Another role, and
    /// deactivation, end the account's sessions, and delete a token that was made to set its password.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::LastAdmin`], [`Error::InvalidFields`].
    pub fn update_user(&self, id: UserId, change: UserChange) -> Result<(Account, UserUpdate)> {
        let metadata = change.metadata.map(metadata::checked).transpose()?;
        let change = UserChange { metadata, ..change };
        let entry = self.entry("user.update", &change)?;
        let update = self.backend.update_user(id, change, &entry)?;
        Ok((self.get_user(id)?, update.ok_or(Error::UserNotFound)?))
    }

    /// Checks whether the account could be deleted now. Another caller may change that until it is.
    ///
    /// # Errors
    /// [`Error::LastAdmin`].
    pub fn check_delete_user(&self, user: &User) -> Result<()> {
        if !user.is_active_admin() {
            return Ok(());
        }
        match self.backend.list_admins()?.iter().any(|admin| admin.id != user.id) {
            true => Ok(()),
            false => Err(Error::LastAdmin.into()),
        }
    }

    /// Empties the account for good and ends its sessions and its memberships. Its messages stay, under the
    /// name `deleted-ID`. Returns the events of the rooms that it leaves.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::LastAdmin`].
    pub fn delete_user(&self, id: UserId) -> Result<Vec<Event>> {
        let entry = self.entry("user.delete", json!({}))?;
        Ok(self.backend.delete_user(id, &entry)?.ok_or(Error::UserNotFound)?)
    }

    /// Ends every session of the account and returns how many were open.
    ///
    /// # Errors
    /// [`Error::UserNotFound`].
    pub fn revoke_sessions(&self, id: UserId) -> Result<u32> {
        let entry = self.entry("user.revoke_sessions", json!({}))?;
        Ok(self.backend.revoke_sessions(id, &entry)?.ok_or(Error::UserNotFound)?)
    }

    /// The newest [`MAX_LISTED_SESSIONS`] open sessions, of one account or of all.
    ///
    /// # Errors
    /// [`Error::UserNotFound`].
    pub fn list_sessions(&self, user_id: Option<UserId>) -> Result<Vec<Session>> {
        if let Some(id) = user_id {
            self.get_user(id)?;
        }
        Ok(self.backend.list_sessions(user_id, self.now, MAX_LISTED_SESSIONS)?)
    }

    /// Sets the password that [`new_password`](crate::chat::new_password) hashed, ends every session of
    /// the account, and returns the account and how many sessions were open.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::BotAccount`], [`Error::ExternalAccount`].
    pub fn set_password(&self, id: UserId, hash: &str) -> Result<(Account, u32)> {
        self.check_may_have_password(id)?;
        let entry = self.entry("user.reset_password", json!({}))?;
        let ended = self.backend.update_password(id, hash, &entry)?;
        Ok((self.get_user(id)?, ended.ok_or(Error::UserNotFound)?))
    }

    /// Makes a token that sets a new password of the account, once, within `seconds`. An earlier
    /// token of the account is deleted.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::BotAccount`], [`Error::ExternalAccount`].
    pub fn create_password_reset(&self, id: UserId, seconds: u32) -> Result<PasswordReset> {
        self.check_may_have_password(id)?;
        let token = secret::token()?;
        let expires_at = self.now.plus_seconds(seconds.into());
        let reset = NewPasswordReset { hash: secret::hash(&token), user_id: id, expires_at };
        let entry = self.entry("user.create_password_reset", json!({}))?;
        if !self.backend.create_password_reset(&reset, &entry)? {
            return Err(Error::UserNotFound.into());
        }
        Ok(PasswordReset { token, expires_at })
    }
}

impl Chat {
    /// Deletes an account, and notifies the members of the rooms that it leaves.
    ///
    /// # Errors
    /// [`Error::AdminRequired`], and those of [`Admin::delete_user`].
    pub async fn delete_user(&self, caller: &Identity, id: UserId) -> Result<(), Error> {
        let chat = self.clone();
        let delete = move |admin: &Admin<'_>| {
            let events = admin.delete_user(id)?;
            events.iter().for_each(|event| chat.access_changed(event.room_id()));
            if !events.is_empty() {
                // From the writer thread, like commits.
                chat.inner.fleet.blocking_publish(vec![News::Events(events)]);
            }
            Ok(())
        };
        self.administer(caller, delete).await
    }
}
