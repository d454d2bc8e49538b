//! What a product's server does for its own people: it creates accounts, and makes tokens for them.

use serde_json::json;

use super::users::{UserPage, UserSearch};
use super::{Action, Admin, Result};
use crate::chat::external::{MAX_SUBJECT_CHARS, email_placeholder, is_subject};
use crate::chat::{
    Chat, Error, FieldError, Login, Result as RuleResult, accounts, metadata, names, passwords,
    people, permissions, text,
};
use crate::model::{
    Account, ExternalIdentity, Identity, Metadata, NewAccount, NewUser, Role, SessionId,
    SessionTerms, User, UserId,
};

/// The limits of how long a token is valid that an administrator makes for a user.
pub const MIN_TOKEN_SECONDS: u32 = 60;
pub const MAX_TOKEN_SECONDS: u32 = 24 * 60 * 60;

/// An account to be created. White space around the name and the email is ignored.
#[derive(Clone, Debug)]
pub struct AccountDraft {
    pub username: String,
    pub email: Option<String>,
    /// Without a password the account's person signs in by the product's tokens, or by tokens that an administrator
    /// makes.
    pub password: Option<String>,
    pub display_name: Option<String>,
    /// The person's id in the product.
    pub external_subject: Option<String>,
    /// The product's own data on the person.
    pub metadata: Option<Metadata>,
}

impl Admin<'_> {
    /// Creates an account with the role of a user.
    ///
    /// # Errors
    /// [`Error::UsernameTaken`], [`Error::EmailTaken`], [`Error::SubjectTaken`].
    pub fn create_account(&self, account: &NewAccount) -> Result<User> {
        accounts::check_spelling(self.backend, &account.user)?;
        let detail = json!({
            "role": account.user.role,
            "has_password": !account.user.password_hash.is_empty(),
            "is_external": account.identity.is_some(),
        });
        Ok(self.backend.create_account(account, &self.entry("user.create", detail)?)?)
    }

    /// Opens a session for a user, whose account is returned.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::AccountDeactivated`]; [`Error::BotAccount`], because a bot has API tokens, whose
    /// scopes such a session would not have.
    pub fn create_user_session(&self, id: UserId, session: &SessionTerms) -> Result<User> {
        self.check_is_person(id)?;
        let entry = self.entry("user.create_token", json!({ "expires_at": session.expires_at }))?;
        let user = self.backend.create_user_session(id, session, &entry)?;
        match user.ok_or(Error::UserNotFound)? {
            user if user.is_active => Ok(user),
            _ => Err(Error::AccountDeactivated.into()),
        }
    }

    /// The account of a person of the product, as a page with one account or none.
    pub fn list_external_users(&self, identity: &ExternalIdentity) -> Result<UserPage> {
        let id = self.backend.get_external_account(identity)?;
        let users = id.map(|id| self.get_user(id)).transpose()?.into_iter().collect();
        Ok(UserPage { users, next_after: None })
    }

    /// The accounts of bots and of a product have no password.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::BotAccount`], [`Error::ExternalAccount`].
    pub(super) fn check_may_have_password(&self, id: UserId) -> Result<()> {
        self.check_is_person(id)?;
        match self.backend.get_external_identity(id)? {
            Some(_) => Err(Error::ExternalAccount.into()),
            None => Ok(()),
        }
    }

    fn check_is_person(&self, id: UserId) -> Result<()> {
        match self.get_user(id)?.user.is_bot {
            true => Err(Error::BotAccount.into()),
            false => Ok(()),
        }
    }
}

impl Chat {
    /// Creates an account for a person, whose name and password an administrator or a product's server has chosen.
    ///
    /// # Errors
    /// [`Error::AdminRequired`], [`Error::InvalidFields`], [`Error::Busy`], and those of [`Admin::create_account`].
    pub async fn create_account(
        &self,
        caller: &Identity,
        draft: AccountDraft,
    ) -> RuleResult<Account> {
        permissions::require(caller, Action::Administer)?;
        let account = self.check_account(draft).await?;
        let chat = self.clone();
        let create = move |admin: &Admin<'_>| {
            let user = admin.create_account(&account)?;
            chat.join_automatically(admin.backend, &user);
            admin.get_user(user.id)
        };
        self.write_as(caller, create).await
    }

    /// Opens a session of `seconds` for a user, whose token a product's server hands on. The session cannot be
    /// extended.
    ///
    /// # Errors
    /// [`Error::AdminRequired`], [`Error::InvalidFields`], and those of [`Admin::create_user_session`].
    pub async fn create_user_token(
        &self,
        caller: &Identity,
        id: UserId,
        seconds: u32,
    ) -> RuleResult<Login> {
        permissions::require(caller, Action::Administer)?;
        if !(MIN_TOKEN_SECONDS..=MAX_TOKEN_SECONDS).contains(&seconds) {
            let message = format!("must be from {MIN_TOKEN_SECONDS} to {MAX_TOKEN_SECONDS}");
            return Err(Error::field("expires_in", message));
        }
        let now = self.inner.clock.now();
        let session = SessionTerms {
            id: SessionId(uuid::Uuid::new_v4().as_u128()),
            created_at: now,
            expires_at: self.inner.tokens.expiry_after(now, seconds),
            is_bounded: true,
        };
        let open = move |admin: &Admin<'_>| admin.create_user_session(id, &session);
        let user = self.write_as(caller, open).await?;
        self.sign(user, session.id, now, session.expires_at)
    }

    /// The account of a person of the product, as a page with one account or none. The search is only checked.
    ///
    /// # Errors
    /// [`Error::AdminRequired`]; [`Error::InvalidFields`] if the search is invalid.
    pub async fn list_external_users(
        &self,
        caller: &Identity,
        subject: String,
        search: UserSearch,
    ) -> RuleResult<UserPage> {
        let identity = self.external_identity(subject);
        let list = move |admin: &Admin<'_>| {
            search.check()?;
            match &identity {
                Some(identity) => admin.list_external_users(identity),
                None => Ok(UserPage { users: Vec::new(), next_after: None }),
            }
        };
        self.inspect(caller, list).await
    }

    async fn check_account(&self, draft: AccountDraft) -> RuleResult<NewAccount> {
        let AccountDraft { username, email, password, display_name, external_subject, metadata } =
            draft;
        let (username, mut errors) = (username.trim().to_owned(), Vec::new());
        names::check_username(&username, &mut errors);
        let email = email.map(|email| text::email(&email));
        if let Some(email) = &email {
            names::check_email(email, &mut errors);
        }
        if let Some(password) = &password {
            let names = accounts::names(&username, email.as_deref().unwrap_or_default());
            let min_chars = self.inner.settings.load().min_password_chars;
            passwords::check_new(min_chars, "password", password, &names, &mut errors);
        }
        let display_name = people::check_display_name(display_name, &mut errors);
        let identity = self.check_subject(external_subject, password.is_some(), &mut errors);
        let metadata = metadata::check(metadata, &mut errors);
        if !errors.is_empty() {
            return Err(Error::InvalidFields(errors));
        }
        let email = match (email, &identity) {
            (Some(email), _) => email,
            (None, Some(identity)) => email_placeholder(identity),
            (None, None) => format!("no-email-{}", uuid::Uuid::new_v4().simple()),
        };
        let password_hash = match password {
            Some(password) => self.inner.passwords.hash(password).await?,
            None => String::new(),
        };
        let user = NewUser {
            username,
            email,
            password_hash,
            is_bot: false,
            display_name,
            role: Role::User,
            created_at: self.inner.clock.now(),
            only_if_no_admin: false,
        };
        Ok(NewAccount { user, identity, metadata })
    }

    fn check_subject(
        &self,
        subject: Option<String>,
        has_password: bool,
        errors: &mut Vec<FieldError>,
    ) -> Option<ExternalIdentity> {
        let subject = subject?;
        let mut refuse = |message: String| {
            errors.push(FieldError::new("external_subject", message));
            None
        };
        if !is_subject(&subject) {
            return refuse(format!(
                "must have 1 to {MAX_SUBJECT_CHARS} characters, without control characters"
            ));
        }
        if has_password {
            return refuse(
                "must not be together with `password`: the product signs its people in".into(),
            );
        }
        match self.external_identity(subject) {
            Some(identity) => Some(identity),
            None => {
                refuse("needs a product: the operator of this server has not set [external]".into())
            }
        }
    }
}
