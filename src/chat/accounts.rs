//! Accounts: signing up, logging in, the caller's own account and password.

use std::net::IpAddr;

use super::names::{check_email, check_username, find_credentials, sign_in_name};
use super::permissions::{self, Action};
use super::{Admin, Chat, Error, FieldError, Result, invites, passwords, text};
use crate::config::{self, AdminSignup, Auth, RoomCreators};
use crate::model::{
    Account, Actor, Credentials, Event, Identity, NewAuditEntry, NewUser, Role, SecretHash,
    Timestamp, User,
};
use crate::storage::backend::InviteError;
use crate::storage::{self, Backend, Conflict};

/// An account to be created. White space around the name and the email is ignored.
#[derive(Clone, Debug)]
pub struct Signup {
    /// The name, 2 to 32 characters.
    pub username: String,
    /// The email address. Nothing is sent to it.
    pub email: String,
    /// The password as plain text; only its bcrypt hash is stored.
    pub password: String,
    /// The role asked for. The caller's rights decide whether the account may have it.
    pub role: Role,
    /// The token of an invite.
    pub invite: Option<String>,
}

/// The caller that asks for an account.
#[derive(Clone, Debug)]
pub struct SignupCaller {
    /// The caller is on this machine, without a proxy in between.
    pub local: bool,
    /// The holder of the request's token, if it has one.
    pub identity: Option<Identity>,
    /// The number of new accounts is limited for each address.
    pub address: IpAddr,
}

/// A session that was opened or extended.
#[derive(Clone, Debug)]
pub struct Login {
    pub token: String,
    pub expires_in_seconds: u32,
    pub user: User,
}

/// The facts about the server that a client needs before it signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    pub needs_admin: bool,
    /// The caller may sign up as the first admin, if one is needed.
    pub allowed_here: bool,
    /// The most characters (Unicode scalar values) that a message may have.
    pub message_chars: usize,
    /// Who may create an account.
    pub signup: config::Signup,
    /// Who may create rooms.
    pub rooms_create: RoomCreators,
    /// Whether this server shows previews of links.
    pub previews: bool,
}

impl Chat {
    /// Returns whether there is an admin, and if not, whether the caller may become the first; and
    /// the limit of a message. `local`: see [`SignupCaller`].
    pub async fn setup(&self, local: bool) -> Result<Setup> {
        let needs_admin = !self.inner.store.read(|backend| backend.has_admin()).await?;
        let settings = self.inner.settings.load();
        let allowed_here = local && settings.admin_signup == AdminSignup::First;
        let message_chars = settings.limits.message_chars;
        let (signup, rooms_create) = (settings.signup, settings.room_creators);
        let previews = self.has_previews();
        Ok(Setup { needs_admin, allowed_here, message_chars, signup, rooms_create, previews })
    }

    /// Creates an account.
    ///
    /// The role `admin` is given if the caller is an admin. While there is no admin, a caller on
    /// the machine itself gets it too, unless that is switched off. If sign-up is closed, only
    /// admins create accounts with the role `user`; if it needs an invite, others need a valid one. An
    /// account with an invite to a room becomes a member of the room.
    ///
    /// # Errors
    /// [`Error::SignupClosed`], [`Error::InviteRequired`], [`Error::InviteNotFound`], [`Error::AdminSignupRefused`], [`Error::AdminRequired`] (another user's
    /// token asks for an admin), [`Error::InvalidFields`], [`Error::UsernameTaken`],
    /// [`Error::EmailTaken`], [`Error::Busy`].
    pub async fn signup(&self, signup: Signup, caller: SignupCaller) -> Result<User> {
        let only_if_no_admin = match signup.role {
            Role::User => {
                self.check_signup(caller.identity.as_ref(), signup.invite.is_some())?;
                false
            }
            Role::Admin => self.check_admin_signup(&caller).await? == MakesAdmin::TheFirst,
        };
        let signup = signup.tidied();
        check(&signup, self.inner.settings.load().min_password_chars)?;
        // Behind a proxy on this machine that the settings do not name, every client has the
        // loopback address.
        if !caller.address.is_loopback() {
            self.count_signup(caller.address).await?;
        }
        let invite = match &signup.invite {
            Some(token) => Some(self.check_invite(token).await?),
            None => None,
        };
        let user = NewUser {
            username: signup.username,
            email: signup.email,
            password_hash: self.inner.passwords.hash(signup.password).await?,
            is_bot: false,
            display_name: None,
            role: signup.role,
            created_at: self.inner.clock.now(),
            // Two callers at once may both get here; the transaction accepts one of them.
            only_if_no_admin,
        };
        // Creating an account is an administrative action if only admins may do it, and is recorded.
        let is_admins = match self.inner.settings.load().signup {
            config::Signup::Open => false,
            config::Signup::Invite => invite.is_none(),
            config::Signup::Closed => true,
        };
        let admin = caller.identity.filter(|_| user.role == Role::Admin || is_admins);
        let actor = admin.map(|admin| Actor::Account(admin.user_id));
        let chat = self.clone();
        let create = move |backend: &dyn Backend| {
            let created = match (actor, &invite) {
                (Some(actor), invite) => Admin::new(backend, actor, user.created_at)
                    .create_user(&user, invite.as_ref())
                    .map_err(Error::from),
                (None, Some(invite)) => {
                    let created = create_invited(backend, &user, invite, None);
                    invites::settled(created)?.map_err(Error::from)
                }
                (None, None) => Ok((create(backend, &user, None)?, Vec::new())),
            };
            Ok(created.map(|(user, events)| {
                chat.invite_used(events);
                chat.join_automatically(backend, &user);
                user
            }))
        };
        self.inner.store.write(create).await?
    }

    /// Opens a session for a client at this address. `name` is the account's username or email.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`], before the password is checked;
    /// [`Error::WrongCredentials`] for an unknown user, a wrong password and an account that is not
    /// active alike; [`Error::InvalidFields`] for a password that no account can have;
    /// [`Error::Busy`].
    pub async fn login(&self, name: &str, password: String, address: IpAddr) -> Result<Login> {
        let login = self.attempt_login(name, password, address).await;
        self.inner.counts.login(&login);
        login
    }

    async fn attempt_login(&self, name: &str, password: String, address: IpAddr) -> Result<Login> {
        let name = sign_in_name(name);
        // The typed name is counted and remembered. Anything that both names of an account shared would tell whose
        // an email is.
        // A password that no account can have is refused without being counted.
        passwords::check_form("password", &password)?;
        let check = self.check_login(name.clone(), password);
        self.attempt(&name, address, Purpose::SignIn, check).await
    }

    /// For a name without an account a password is checked too, so that the answer takes as long.
    async fn check_login(&self, name: String, password: String) -> Result<Login> {
        let find = move |backend: &dyn Backend| find_credentials(backend, &name);
        let credentials = self.inner.store.read(find).await?;
        let hash = credentials.as_ref().map(|known| known.password_hash.clone());
        let right = self.inner.passwords.verify("password", password, hash).await?;
        match credentials {
            Some(known) if right && known.user.is_active => self.open_session(known).await,
            _ => Err(Error::WrongCredentials),
        }
    }

    /// Returns the caller's account as it is now.
    pub async fn me(&self, caller: &Identity) -> Result<Account> {
        let (id, now) = (caller.user_id, self.inner.clock.now());
        let user = self.inner.store.read(move |backend| backend.get_account(id, now)).await?;
        // The account was deleted while its session was still cached.
        user.ok_or(Error::SessionRevoked)
    }

    /// Replaces the caller's password, ends the caller's other sessions and closes their sockets.
    /// `address` is the caller's: a wrong current password counts as a failed attempt to sign in.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`], [`Error::WrongCurrentPassword`], [`Error::InvalidFields`],
    /// [`Error::Busy`].
    pub async fn change_password(
        &self,
        caller: &Identity,
        current: String,
        new: String,
        address: IpAddr,
    ) -> Result<()> {
        let replacing = self.replace_password(caller, current, new);
        self.attempt(&caller.username, address, Purpose::ChangePassword, replacing).await
    }

    async fn replace_password(
        &self,
        caller: &Identity,
        current: String,
        new: String,
    ) -> Result<()> {
        let (id, username) = (caller.user_id, caller.username.clone());
        let find = move |backend: &dyn Backend| {
            let credentials = backend.get_credentials(&username)?;
            Ok(credentials.filter(|credentials| credentials.user.id == id))
        };
        let own = self.inner.store.read(find).await?.ok_or(Error::SessionRevoked)?;
        let Credentials { user, password_hash: hash } = own;
        let min_chars = self.inner.settings.load().min_password_chars;
        check_password(&user, "new_password", &new, min_chars)?;
        let verified =
            self.inner.passwords.verify("current_password", current, Some(hash.clone())).await?;
        if !verified {
            return Err(Error::WrongCurrentPassword);
        }
        let new_hash = self.inner.passwords.hash(new).await?;
        let (keep, now) = (caller.session_id, self.inner.clock.now());
        let changed = self
            .inner
            .store
            .write(move |backend| {
                // Hashing takes a while. If the password was changed or the session ended
                // meanwhile, the caller may not change the password any more.
                let session = backend.get_session(keep)?;
                let stands = session.is_some_and(|session| session.revoked_at.is_none());
                Ok(stands && backend.change_password(id, &hash, &new_hash, keep, now)?)
            })
            .await?;
        if !changed {
            return Err(Error::SessionRevoked);
        }
        // The ended sessions are read from the database. A failure has been logged; the next sweep
        // finds the sessions.
        self.sessions_ended().await;
        Ok(())
    }

    /// Counts `check`, which checks a password of this account, as an attempt.
    async fn attempt<T>(
        &self,
        username: &str,
        address: IpAddr,
        purpose: Purpose,
        check: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let attempt = self.begin_attempt(Some(username), address).await?;
        let result = check.await;
        match (&result, purpose) {
            (Ok(_), Purpose::SignIn) => self.take_back(attempt, Some((username, address))).await,
            // The attempt stays counted.
            (Err(Error::WrongCredentials | Error::WrongCurrentPassword), _) => drop(attempt),
            (Ok(_), Purpose::ChangePassword) | (Err(_), _) => self.take_back(attempt, None).await,
        }
        result
    }

    fn check_signup(&self, identity: Option<&Identity>, has_invite: bool) -> Result<()> {
        let is_admin =
            || identity.is_some_and(|it| permissions::require(it, Action::CreateAccount).is_ok());
        match self.inner.settings.load().signup {
            config::Signup::Open => Ok(()),
            config::Signup::Invite if has_invite || is_admin() => Ok(()),
            config::Signup::Invite => Err(Error::InviteRequired),
            config::Signup::Closed if is_admin() => Ok(()),
            config::Signup::Closed => Err(Error::SignupClosed),
        }
    }

    async fn check_admin_signup(&self, caller: &SignupCaller) -> Result<MakesAdmin> {
        if let Some(identity) = &caller.identity {
            permissions::require(identity, Action::MakeAdmin)?;
            return Ok(MakesAdmin::Another);
        }
        match self.inner.settings.load().admin_signup {
            AdminSignup::First if caller.local => {}
            AdminSignup::First | AdminSignup::Off => return Err(Error::AdminSignupRefused),
        }
        if self.inner.store.read(|backend| backend.has_admin()).await? {
            return Err(Error::AdminSignupRefused);
        }
        Ok(MakesAdmin::TheFirst)
    }
}

/// Makes an account for an operator at the command line, by the rules of a sign-up except those
/// about the caller. Blocks for as long as bcrypt takes.
///
/// # Errors
/// [`Error::InvalidFields`].
pub fn new_account(signup: Signup, auth: &Auth, now: Timestamp) -> Result<NewUser> {
    let signup = signup.tidied();
    check(&signup, auth.min_password_chars)?;
    Ok(NewUser {
        username: signup.username,
        email: signup.email,
        password_hash: hash(signup.password, auth)?,
        is_bot: false,
        display_name: None,
        role: signup.role,
        created_at: now,
        only_if_no_admin: false,
    })
}

/// Checks a new password of an account by the rules of a sign-up, and hashes it. Blocks for as long
/// as bcrypt takes.
///
/// # Errors
/// [`Error::InvalidFields`].
pub fn new_password(user: &User, password: String, auth: &Auth) -> Result<String> {
    check_password(user, "password", &password, auth.min_password_chars)?;
    hash(password, auth)
}

fn hash(password: String, auth: &Auth) -> Result<String> {
    passwords::hash(&password, auth.bcrypt_cost).map_err(|error| {
        tracing::error!(%error, "bcrypt failed");
        Error::Internal
    })
}

/// Stores an account.
///
/// # Errors
/// As [`Users::create_user`](storage::backend::Users::create_user). The email is also
/// taken if an earlier version stored it with its domain in Unicode: the unique index does not find
/// that spelling.
pub(super) fn create(
    backend: &dyn Backend,
    user: &NewUser,
    audit: Option<&NewAuditEntry>,
) -> storage::Result<User> {
    check_spelling(backend, user)?;
    backend.create_user(user, audit)
}

/// Stores an account that was invited, and uses the invite. Returns the events of its room too.
///
/// # Errors
/// As [`create`]; [`InviteError::NotFound`].
pub(super) fn create_invited(
    backend: &dyn Backend,
    user: &NewUser,
    invite: &SecretHash,
    audit: Option<&NewAuditEntry>,
) -> Result<(User, Vec<Event>), InviteError> {
    check_spelling(backend, user)?;
    backend.create_invited_user(user, invite, audit)
}

pub(super) fn check_spelling(backend: &dyn Backend, user: &NewUser) -> storage::Result<()> {
    match text::unicode_email(&user.email) {
        Some(unicode) if backend.get_credentials_by_email(&unicode)?.is_some() => {
            Err(storage::Error::Conflict(Conflict::EmailTaken))
        }
        _ => Ok(()),
    }
}

impl Signup {
    fn tidied(self) -> Self {
        let username = self.username.trim().to_owned();
        Self { username, email: text::email(&self.email), ..self }
    }
}

/// Why a password is checked.
#[derive(Clone, Copy)]
enum Purpose {
    /// The address is known as the owner's afterwards.
    SignIn,
    ChangePassword,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum MakesAdmin {
    TheFirst,
    Another,
}

/// Checks every field of a sign-up.
fn check(signup: &Signup, min_password_chars: usize) -> Result<()> {
    let mut errors = Vec::new();
    check_username(&signup.username, &mut errors);
    check_email(&signup.email, &mut errors);
    if signup.role == Role::Admin && signup.invite.is_some() {
        errors.push(FieldError::new("invite", "is for an account with the role user"));
    }
    let names = names(&signup.username, &signup.email);
    passwords::check_new(min_password_chars, "password", &signup.password, &names, &mut errors);
    if errors.is_empty() { Ok(()) } else { Err(Error::InvalidFields(errors)) }
}

/// Checks a new password of the account.
///
/// # Errors
/// [`Error::InvalidFields`].
pub(super) fn check_password(
    user: &User,
    field: &str,
    password: &str,
    min_chars: usize,
) -> Result<()> {
    let (mut errors, names) = (Vec::new(), names(&user.username, &user.email));
    passwords::check_new(min_chars, field, password, &names, &mut errors);
    if errors.is_empty() { Ok(()) } else { Err(Error::InvalidFields(errors)) }
}

/// The names of the account's owner, which the password must not be.
pub(super) fn names<'a>(username: &'a str, email: &'a str) -> [&'a str; 3] {
    let local_part = email.rsplit_once('@').map_or(email, |(local_part, _)| local_part);
    [username, email, local_part]
}
