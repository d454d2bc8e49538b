//! The accounts of a product that signs its own people in: its tokens (JWTs) open sessions here.
//!
//! A valid token finds the account of its person, or creates it, and brings it in step with what the product says. It
//! never finds an account that was not made for this person: names and emails decide nothing.

mod keys;
mod person;
mod remote;
mod token;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use ipnet::IpNet;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{Chat, Error, Login, Result, StartError, hs256};
use crate::config;
use crate::model::{
    ExternalIdentity, ExternalSignIn, ExternalSignedIn, Identity, SessionId, SessionTerms,
    Timestamp, User,
};
use crate::storage::{self, Backend, Conflict};

use keys::Key;
use person::Person;
pub(super) use person::{MAX_SUBJECT_CHARS, email_placeholder, is_subject};
use remote::Remote;

/// For the promises about arbitrary input.
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzed {
    use super::{keys, person, token};
    use crate::config;
    use crate::model::Timestamp;

    /// The names and the email of the person, if the token is signed by one of the keys of the set.
    pub fn read(set: &[u8], token: &str) -> Option<(Vec<String>, Option<String>)> {
        crate::chat::hs256::install();
        let _ = token::claimed_issuer(token);
        let settings = config::External { issuer: "shop".into(), ..config::External::default() };
        let keys = keys::parse_set(set).unwrap_or_default();
        let header = token::header(token).ok()?;
        let claims = token::verify(token, &header, &keys).ok()?;
        claims.check("shop", "chat", Timestamp(0)).ok()?;
        let person = person::Person::of(&claims, &settings).ok()?;
        Some((person.usernames, person.email))
    }

    /// As [`read`], for claims that are signed.
    pub fn read_claims(claims: &[u8]) -> Option<(Vec<String>, Option<String>)> {
        let claims: token::Claims = serde_json::from_slice(claims).ok()?;
        let _ = claims.check("shop", "chat", Timestamp(0));
        let settings = config::External { issuer: "shop".into(), ..config::External::default() };
        let person = person::Person::of(&claims, &settings).ok()?;
        Some((person.usernames, person.email))
    }
}

/// A socket takes a product's token only if it expires within a day. A session that has ended is kept for a day, so
/// that its token stays refused for as long as it would be valid.
const MAX_SECONDS_ON_SOCKET: i64 = 24 * 60 * 60;

/// How often a sign-in is tried if another account takes its name at the same moment.
const ATTEMPTS: u32 = 5;

/// The product, its keys, and what its tokens look like.
pub struct External {
    settings: config::External,
    keys: Keys,
}

enum Keys {
    Fixed(Vec<Key>),
    Remote(Remote),
}

/// What a valid token says.
struct Verified {
    person: Person,
    expires_at: Timestamp,
}

impl External {
    /// Reads the file of the key, if the settings name one. `None`: there is no product. `allowed`: networks in which
    /// its keys may be fetched, besides the public internet.
    ///
    /// # Errors
    /// [`StartError::ExternalKey`].
    pub fn of(
        settings: &config::External,
        allowed: Vec<IpNet>,
    ) -> std::result::Result<Option<Self>, StartError> {
        let config::External { jwks_url, public_key, secret, .. } = settings;
        hs256::install();
        let keys = if !secret.is_empty() {
            Keys::Fixed(vec![Key::of_secret(secret.as_bytes())])
        } else if !public_key.is_empty() {
            Keys::Fixed(vec![read_key(Path::new(public_key))?])
        } else if !jwks_url.is_empty() {
            let url = Url::parse(jwks_url).map_err(|error| {
                StartError::ExternalKey(format!("external.jwks_url cannot be used: {error}"))
            })?;
            Keys::Remote(Remote::new(url, allowed))
        } else {
            return Ok(None);
        };
        Ok(Some(Self { settings: settings.clone(), keys }))
    }

    /// # Errors
    /// [`Error::ExternalToken`], [`Error::TokenExpired`]; [`Error::KeysUnavailable`] if the token may be valid, but its
    /// key cannot be fetched now.
    async fn verify(&self, token: &str, now: Timestamp) -> Result<Verified> {
        let header = token::header(token)?;
        let claims = match &self.keys {
            Keys::Fixed(keys) => token::verify(token, &header, keys)?,
            Keys::Remote(remote) => {
                let keys = remote.keys_for(&header).await.ok_or(Error::KeysUnavailable)?;
                token::verify(token, &header, &keys)?
            }
        };
        let config::External { issuer, audience, .. } = &self.settings;
        let expires_at = claims.check(issuer, audience, now)?;
        Ok(Verified { person: Person::of(&claims, &self.settings)?, expires_at })
    }
}

fn read_key(path: &Path) -> std::result::Result<Key, StartError> {
    let fault = |why: String| {
        StartError::ExternalKey(format!("the file {} of external.public_key {why}", path.display()))
    };
    let pem = std::fs::read(path).map_err(|error| fault(format!("cannot be read: {error}")))?;
    Key::of_pem(&pem).map_err(fault)
}

impl Chat {
    /// Opens a session for the person whom a product's token names. A person who has no account yet gets one.
    ///
    /// # Errors
    /// [`Error::ExchangeOff`]; [`Error::ExternalToken`], which counts as a failed attempt to sign in from this address;
    /// [`Error::TokenExpired`], [`Error::KeysUnavailable`], [`Error::AccountDeactivated`];
    /// [`Error::TooManyRequests`] for a bad token after too many failed attempts.
    pub async fn exchange(&self, token: &str, address: IpAddr) -> Result<Login> {
        let external = self.inner.external.as_ref().ok_or(Error::ExchangeOff)?;
        let login = self.try_exchange(external, token, address).await;
        self.inner.counts.login(&login);
        login
    }

    async fn try_exchange(
        &self,
        external: &External,
        token: &str,
        address: IpAddr,
    ) -> Result<Login> {
        let now = self.inner.clock.now();
        let Verified { person, .. } = self.verify_external(external, token, Some(address)).await?;
        let session = SessionTerms {
            id: SessionId(uuid::Uuid::new_v4().as_u128()),
            created_at: now,
            expires_at: self.inner.tokens.expiry(now),
            is_bounded: false,
        };
        let user = self.sign_in_external(person, session).await?;
        self.sign(user, session.id, now, session.expires_at)
    }

    /// The identity of the holder of a token, which may be a product's. Such a token has one session, however many
    /// sockets it opens. `address`: where the token comes from, if that is to be counted.
    ///
    /// # Errors
    /// Those of [`Chat::authenticate`] and of [`Chat::exchange`].
    pub async fn authenticate_any(&self, token: &str, address: Option<IpAddr>) -> Result<Identity> {
        let own = self.authenticate(token).await;
        let (Err(Error::TokenInvalid), Some(external)) = (&own, &self.inner.external) else {
            return own;
        };
        // Any other token is one of this server's that has become invalid.
        if token::claimed_issuer(token).is_none_or(|issuer| issuer != external.settings.issuer) {
            return own;
        }
        let now = self.inner.clock.now();
        let Verified { person, expires_at } =
            self.verify_external(external, token, address).await?;
        if expires_at > now.plus_seconds(MAX_SECONDS_ON_SOCKET) {
            return Err(token::fault(
                "it is valid for longer than a day: exchange it by POST /auth/exchange".to_owned(),
            ));
        }
        let id = session_of(token);
        match self.find_session(id, now).await {
            Err(Error::SessionRevoked) => {}
            decided => return decided,
        }
        let known = self.inner.store.read(move |backend| backend.get_session(id)).await?;
        if known.is_some() {
            return Err(Error::SessionRevoked);
        }
        let expires_at = expires_at.plus_seconds(token::LEEWAY_SECONDS);
        let session = SessionTerms { id, created_at: now, expires_at, is_bounded: true };
        self.sign_in_external(person, session).await?;
        self.find_session(id, now).await
    }

    /// Counts a bad token as a failed attempt to sign in. A good one is accepted also after too many of them, because
    /// no token can be guessed.
    async fn verify_external(
        &self,
        external: &External,
        token: &str,
        address: Option<IpAddr>,
    ) -> Result<Verified> {
        let verified = external.verify(token, self.inner.clock.now()).await;
        if let (Err(Error::ExternalToken(_)), Some(address)) = (&verified, address) {
            drop(self.begin_attempt(None, address).await?);
        }
        verified
    }

    async fn sign_in_external(&self, person: Person, session: SessionTerms) -> Result<User> {
        let Person { identity, usernames, email, display_name, is_disabled } = person;
        let sign_in = Arc::new(ExternalSignIn {
            email_placeholder: email_placeholder(&identity),
            identity,
            usernames,
            email,
            display_name: display_name.map(Arc::from),
            is_disabled,
            session,
        });
        let mut attempts = ATTEMPTS;
        let signed_in = loop {
            let (chat, sign_in) = (self.clone(), sign_in.clone());
            let open = move |backend: &dyn Backend| {
                let signed_in = backend.sign_in_external(&sign_in)?;
                if let ExternalSignedIn::Open { user, is_new: true, .. } = &signed_in {
                    chat.join_automatically(backend, user);
                }
                Ok(signed_in)
            };
            attempts -= 1;
            match self.inner.store.write(open).await {
                Err(storage::Error::Conflict(Conflict::UsernameTaken | Conflict::EmailTaken))
                    if attempts > 0 => {}
                result => break result?,
            }
        };
        match signed_in {
            ExternalSignedIn::Open { user, is_renamed, .. } => {
                if is_renamed {
                    self.inner.sessions.forget_user(user.id);
                    self.sessions_ended().await;
                }
                Ok(user)
            }
            ExternalSignedIn::Deactivated => {
                self.sessions_ended().await;
                Err(Error::AccountDeactivated)
            }
        }
    }

    /// The person of the product that the settings name. `None`: they name none.
    pub(super) fn external_identity(&self, subject: String) -> Option<ExternalIdentity> {
        let external = self.inner.external.as_ref()?;
        Some(ExternalIdentity { issuer: external.settings.issuer.clone(), subject })
    }

    /// Fetches the keys of the product from time to time, if they are at a URL. Does not end.
    pub async fn follow_external_keys(&self) {
        match self.inner.external.as_ref().map(|external| &external.keys) {
            Some(Keys::Remote(remote)) => remote.follow().await,
            Some(Keys::Fixed(_)) | None => std::future::pending().await,
        }
    }
}

/// The session of a token, by what is signed: the same claims have other signatures too.
fn session_of(token: &str) -> SessionId {
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    let hash = Sha256::digest(format!("chatapp: a product's token\0{signed}"));
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    SessionId(u128::from_be_bytes(id))
}
