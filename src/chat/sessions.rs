//! Sessions: from a token to a caller, and the ways in which a login ends.
//!
//! A session is read from the database at most once a second; in between it is cached. A session
//! that this process ends is removed from the cache at once; [`Chat::sweep_revoked`] finds those
//! that other processes end.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::rooms::PURGE_PAUSES;
use super::{Chat, Error, Login, Result, api_tokens};
use crate::model::{
    Credentials, Grant, Identity, NewSession, Role, Session, SessionId, Timestamp, User, UserId,
};
use crate::storage::Backend;

/// How long a cached session is used, in milliseconds: a revoked token is promised to be refused
/// within a second.
const REMEMBERED_MS: i64 = 1000;

/// The most sessions in the cache, at about 150 bytes each. Further sessions are read from the
/// database each time.
const MAX_REMEMBERED: usize = 32_768;

/// How far back, in milliseconds, each sweep reads again: longer than a transaction needs from
/// reading the clock to its commit, and longer than the clocks of two nodes may differ.
const SWEEP_OVERLAP_MS: i64 = 60_000;

/// The most ended sessions that one transaction deletes.
const DELETED_AT_ONCE: u32 = 500;

impl Chat {
    /// Returns the identity of the token's holder: of the token of a login, or of an API token.
    ///
    /// # Errors
    /// [`Error::TokenInvalid`], [`Error::TokenExpired`], [`Error::SessionRevoked`], or those of a
    /// database that cannot be read.
    pub async fn authenticate(&self, token: &str) -> Result<Identity> {
        let now = self.inner.clock.now();
        if let Some(id) = api_tokens::session_of(token) {
            return self.find_session(id, now).await;
        }
        let proof = self.inner.tokens.verify(token, now)?;
        let identity = self.find_session(proof.session_id, now).await?;
        if identity.user_id != proof.user_id {
            return Err(Error::TokenInvalid);
        }
        Ok(Identity { expires_at: proof.expires_at, ..identity })
    }

    /// Returns the identity of the session's user, and until when it is valid.
    ///
    /// # Errors
    /// [`Error::SessionRevoked`], [`Error::TokenExpired`], or those of a database that cannot be
    /// read.
    pub(super) async fn find_session(&self, id: SessionId, now: Timestamp) -> Result<Identity> {
        let known = match self.inner.sessions.get(id, now) {
            Ok(known) => known,
            Err(missing) => {
                let found = self.inner.store.read(move |backend| backend.get_session(id)).await?;
                // A session that is not found ended long ago and was deleted.
                let found = found.ok_or(Error::SessionRevoked)?;
                self.note_use(&found, now).await;
                let known = Known::check(found, now)?;
                self.inner.sessions.insert(id, known.clone(), missing);
                known
            }
        };
        if known.expires_at <= now {
            return Err(Error::TokenExpired);
        }
        Ok(Identity {
            user_id: known.user_id,
            username: known.username,
            display_name: known.display_name,
            role: known.role,
            is_bot: known.is_bot,
            grant: known.grant,
            session_id: id,
            expires_at: known.expires_at,
        })
    }

    /// Ends the caller's session and closes its sockets. Ending a session twice is not an error.
    pub async fn logout(&self, caller: &Identity) -> Result<()> {
        let (id, now) = (caller.session_id, self.inner.clock.now());
        self.inner.store.write(move |backend| backend.revoke_session(id, now)).await?;
        self.end_sessions_here(vec![id]).await;
        self.inner.fleet.tell_revoked();
        Ok(())
    }

    /// Makes a new token for the caller's session and moves the session's end.
    ///
    /// # Errors
    /// [`Error::SessionRevoked`] if it was ended in the meantime.
    pub async fn refresh(&self, caller: &Identity) -> Result<Login> {
        let now = self.inner.clock.now();
        let expires_at = self.inner.tokens.expiry(now);
        let id = caller.session_id;
        let session = self
            .inner
            .store
            .write(move |backend| {
                if !backend.extend_session(id, expires_at)? {
                    return Ok(None);
                }
                backend.get_session(id)
            })
            .await?
            .ok_or(Error::SessionRevoked)?;
        self.inner.sessions.remove(&[id]);
        // A bounded session keeps its end.
        self.sign(session.user, id, now, session.expires_at)
    }

    /// To be called after a change that may have ended any sessions: closes their sockets on every node.
    pub(super) async fn sessions_ended(&self) {
        self.inner.fleet.tell_revoked();
        // An error is logged where it occurs, and the next sweep finds the sessions.
        let _ = self.sweep_revoked().await;
    }

    /// Finds the sessions that were ended lately, by any process, removes them from the cache and
    /// closes their sockets. To be called about once a second, and when another node has ended sessions.
    ///
    /// Each sweep handles the revocations of the last minute again, so that it finds a socket
    /// that was accepted just before its session ended. In the same way the tails of the rooms are
    /// dropped after an account was deleted: its name is in their frames, and may be in messages
    /// that are just being stored.
    ///
    /// # Errors
    /// Those of a database that cannot be read. The next sweep then covers this period
    /// too.
    pub async fn sweep_revoked(&self) -> Result<()> {
        let now = self.inner.clock.now();
        let since = Timestamp(self.inner.swept_until.load(Ordering::Relaxed) - SWEEP_OVERLAP_MS);
        let look = move |backend: &dyn Backend| backend.list_revoked(since);
        let revoked = self.inner.store.read(look).await?;
        if !revoked.sessions.is_empty() {
            self.end_sessions_here(revoked.sessions).await;
        }
        if revoked.has_deleted_users {
            self.inner.hub.forget_tails().await;
        }
        if !revoked.renamed.is_empty() {
            self.inner.hub.rename(revoked.renamed).await;
        }
        // Not the later of the two: after a clock was set back, the sweeps would find nothing until
        // it has caught up.
        self.inner.swept_until.store(now.0, Ordering::Relaxed);
        Ok(())
    }

    /// Deletes the sessions that ended more than a day ago, tickets of that age, and counters of attempts that do not
    /// count any more.
    ///
    /// # Errors
    /// Those of a database that cannot be written.
    pub async fn forget_ended_sessions(&self) -> Result<()> {
        let before = self.inner.clock.now().plus_seconds(-24 * 60 * 60);
        loop {
            let started = Instant::now();
            let delete =
                move |backend: &dyn Backend| backend.delete_ended_sessions(before, DELETED_AT_ONCE);
            let deleted = self.inner.store.maintain(delete).await?;
            if deleted < u64::from(DELETED_AT_ONCE) {
                break;
            }
            tokio::time::sleep(PURGE_PAUSES * started.elapsed()).await;
        }
        self.forget_attempts().await
    }

    /// Stores a session for a user whose password has been checked.
    pub(super) async fn open_session(&self, proven: Credentials) -> Result<Login> {
        let now = self.inner.clock.now();
        let expires_at = self.inner.tokens.expiry(now);
        let id = SessionId(uuid::Uuid::new_v4().as_u128());
        let session = NewSession { id, user_id: proven.user.id, created_at: now, expires_at };
        let Credentials { user, password_hash } = proven;
        // Checking a password takes a while. If the password was changed or the account deactivated
        // meanwhile, its sessions were ended, and this one must not be opened after that.
        let opened = self
            .inner
            .store
            .write(move |backend| backend.create_session(&session, &password_hash))
            .await?;
        if !opened {
            return Err(Error::WrongCredentials);
        }
        self.sign(user, id, now, expires_at)
    }

    pub(super) fn sign(
        &self,
        user: User,
        id: SessionId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Login> {
        let token = self.inner.tokens.issue(&user, id, now, expires_at)?;
        let seconds = (expires_at.as_seconds() - now.as_seconds()).max(0);
        Ok(Login { token, expires_in_seconds: u32::try_from(seconds).unwrap_or(u32::MAX), user })
    }

    async fn end_sessions_here(&self, ids: Vec<SessionId>) {
        self.inner.sessions.remove(&ids);
        self.inner.hub.close_sessions(ids).await;
    }
}

/// A cached session.
#[derive(Clone, Debug)]
struct Known {
    user_id: UserId,
    username: Arc<str>,
    display_name: Option<Arc<str>>,
    role: Role,
    is_bot: bool,
    grant: Option<Arc<Grant>>,
    expires_at: Timestamp,
    /// When it was read from the database.
    at: Timestamp,
}

impl Known {
    fn check(session: Session, now: Timestamp) -> Result<Self> {
        if session.revoked_at.is_some() || !session.user.is_active {
            return Err(Error::SessionRevoked);
        }
        Ok(Self {
            user_id: session.user.id,
            username: session.user.username.into(),
            display_name: session.display_name,
            role: session.user.role,
            is_bot: session.user.is_bot,
            grant: session.grant.map(Arc::new),
            expires_at: session.expires_at,
            at: now,
        })
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        // A clock that was set back does not make the entry fresh again.
        (0..REMEMBERED_MS).contains(&(now.0 - self.at.0))
    }
}

/// Sessions that were read from the database less than a second ago.
#[derive(Default)]
pub(super) struct Cache {
    // A std mutex: held for one look-up or insert, never across an await.
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    known: HashMap<SessionId, Known>,
    /// The number of removals: a session that was read before a removal must not be inserted after
    /// it.
    removals: u64,
}

/// The state of the cache when a session was not in it.
struct Missing {
    removals: u64,
}

impl Cache {
    fn get(&self, id: SessionId, now: Timestamp) -> Result<Known, Missing> {
        let entries = self.lock();
        match entries.known.get(&id) {
            // Another node may have extended a session that expired: it is read again.
            Some(known) if known.is_fresh(now) && known.expires_at > now => Ok(known.clone()),
            _ => Err(Missing { removals: entries.removals }),
        }
    }

    fn insert(&self, id: SessionId, known: Known, missing: Missing) {
        let mut entries = self.lock();
        if entries.removals != missing.removals {
            return;
        }
        if entries.known.len() >= MAX_REMEMBERED {
            let now = known.at;
            entries.known.retain(|_, old| old.is_fresh(now));
            if entries.known.len() >= MAX_REMEMBERED {
                return;
            }
        }
        entries.known.insert(id, known);
    }

    fn remove(&self, ids: &[SessionId]) {
        let mut entries = self.lock();
        entries.removals += 1;
        for id in ids {
            entries.known.remove(id);
        }
    }

    /// Removes the sessions of a user, so that they are read again.
    pub(super) fn forget_user(&self, user_id: UserId) {
        let mut entries = self.lock();
        entries.removals += 1;
        entries.known.retain(|_, known| known.user_id != user_id);
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Every change is complete before anything can panic, so a poisoned lock is still good.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: SessionId = SessionId(1);

    fn known(at: i64) -> Known {
        Known {
            user_id: UserId(1),
            username: "ann".into(),
            display_name: None,
            role: Role::User,
            is_bot: false,
            grant: None,
            expires_at: Timestamp(i64::MAX),
            at: Timestamp(at),
        }
    }

    fn missing(cache: &Cache, at: i64) -> Missing {
        cache.get(ID, Timestamp(at)).err().unwrap()
    }

    #[test]
    fn a_cached_session_is_used_for_a_second() {
        let cache = Cache::default();
        cache.insert(ID, known(5_000), missing(&cache, 5_000));
        assert!(cache.get(ID, Timestamp(5_999)).is_ok());
        assert!(cache.get(ID, Timestamp(6_000)).is_err());
        assert!(cache.get(ID, Timestamp(4_999)).is_err(), "the clock was set back");
    }

    #[test]
    fn a_session_read_before_a_removal_is_not_cached_after_it() {
        let cache = Cache::default();
        let before = missing(&cache, 0);
        cache.remove(&[ID]);
        cache.insert(ID, known(0), before);
        assert!(cache.get(ID, Timestamp(0)).is_err());
        cache.insert(ID, known(0), missing(&cache, 0));
        assert!(cache.get(ID, Timestamp(0)).is_ok());
    }

    #[test]
    fn the_cache_is_bounded_and_removes_stale_sessions_first() {
        let cache = Cache::default();
        let fill = |at: i64, first: u128| {
            for n in 0..MAX_REMEMBERED as u128 + 10 {
                let none = Missing { removals: 0 };
                cache.insert(SessionId(first + n), known(at), none);
            }
        };
        fill(0, 0);
        assert_eq!(cache.lock().known.len(), MAX_REMEMBERED);
        fill(2_000, 1 << 64);
        assert_eq!(cache.lock().known.len(), MAX_REMEMBERED);
        assert!(cache.get(SessionId(1 << 64), Timestamp(2_000)).is_ok());
    }
}
