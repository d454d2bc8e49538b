//! Standings: what decides what a user may do in a room, kept in memory.
//!
//! A standing is read from the database when it is first needed. It stays in memory until it has changed who may do
//! what in the room: this process drops it when it makes such a change itself, and [`Chat::follow_access`] asks the
//! database for the changes of others. While the database cannot be asked, nothing in memory counts.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::permissions::{self, RoomAction};
use super::{Admin, AdminError, Chat, Error, Result};
use crate::model::{Identity, RoomId, Standing, UserId};
use crate::storage::Backend;
use crate::storage::backend::Guard;

/// How long standings count after the database was last asked for changes. It is asked at least once a second.
const FRESH_FOR: Duration = Duration::from_millis(2_500);

/// The most standings in memory, at about 200 bytes each. If there are more, all are dropped.
const MAX_KNOWN: usize = 200_000;

#[derive(Default)]
pub(super) struct Standings(Mutex<Known>);

#[derive(Default)]
struct Known {
    rooms: HashMap<RoomId, HashMap<UserId, Arc<Standing>>>,
    count: usize,
    /// When the database was last asked for changes. `None`: never.
    asked_at: Option<Instant>,
    /// The number of the last change that is known.
    version: Option<i64>,
    /// Grows whenever standings are dropped: what was read before may be what was dropped.
    drops: u64,
}

impl Chat {
    /// Returns what `show` makes of the caller's standing, if it is in memory and allows this. Otherwise
    /// [`Chat::check`] decides: before something is refused, the database is asked, because it may have been allowed a
    /// moment ago on another server.
    pub(super) fn check_known<T>(
        &self,
        caller: &Identity,
        room_id: RoomId,
        action: RoomAction,
        show: impl FnOnce(&Arc<Standing>) -> T,
    ) -> Option<T> {
        let now = self.inner.clock.now();
        let known = self.inner.standings.lock();
        let standing = known.get(room_id, caller.user_id)?;
        permissions::may(caller, action, standing, now).ok()?;
        Some(show(standing))
    }

    /// Returns the caller's standing in the room if the caller may do this there.
    ///
    /// # Errors
    /// Those of [`permissions::may`], and of a database that cannot be read.
    pub(super) async fn check(
        &self,
        caller: &Identity,
        room_id: RoomId,
        action: RoomAction,
    ) -> Result<Arc<Standing>> {
        if let Some(standing) = self.check_known(caller, room_id, action, Arc::clone) {
            return Ok(standing);
        }
        let drops = self.inner.standings.drops();
        let user_id = caller.user_id;
        let read = move |backend: &dyn Backend| backend.get_standing(room_id, user_id);
        let standing = self.inner.store.read(read).await?;
        // Rooms that do not exist are not kept: a client could name any number of them.
        let standing = Arc::new(standing.ok_or(Error::RoomNotFound)?);
        self.inner.standings.insert(room_id, user_id, standing.clone(), drops);
        permissions::may(caller, action, &standing, self.inner.clock.now())?;
        Ok(standing)
    }

    /// Runs `act` on the writer thread, for a caller who may do all of `actions` in the room. [`Chat::check`] has decided
    /// that before; the transaction of `act` decides it again from the present rows.
    ///
    /// # Errors
    /// Those of [`permissions::may`], and the errors of `act`.
    pub(super) async fn write_in<T: Send + 'static>(
        &self,
        caller: &Identity,
        room_id: RoomId,
        actions: Vec<RoomAction>,
        act: impl FnOnce(&Admin<'_>) -> Result<T, AdminError> + Send + 'static,
    ) -> Result<T> {
        let (chat, identity, now) = (self.clone(), caller.clone(), self.inner.clock.now());
        let guarded = move |admin: &Admin<'_>| {
            let refusal = Cell::new(None);
            let allows = |standing: Option<&Standing>| {
                let standing = standing.ok_or(Error::RoomNotFound);
                let allowed = standing.and_then(|standing| {
                    let may = |&action| permissions::may(&identity, action, standing, now);
                    actions.iter().try_for_each(may)
                });
                let is_allowed = allowed.is_ok();
                refusal.set(allowed.err());
                is_allowed
            };
            let guard = Guard { user_id: identity.user_id, allows: &allows };
            let done = act(&admin.guarded(&guard));
            match refusal.take() {
                Some(error) => {
                    // What is in memory has allowed it.
                    chat.access_changed(room_id);
                    Err(error.into())
                }
                None => done,
            }
        };
        self.write_as(caller, guarded).await
    }

    /// Drops what is in memory about the room. To be called after each change that this process makes.
    pub(super) fn access_changed(&self, room_id: RoomId) {
        self.inner.standings.drop_rooms(&[room_id]);
    }

    /// Follows the changes that other processes make, for ever.
    pub async fn follow_access(&self) {
        loop {
            // An error is logged where it occurs. Until the next success, standings are read from the database.
            let _ = self.ask_for_changes().await;
            self.inner.fleet.access_may_have_changed().await;
        }
    }

    /// Takes the changes that have been stored since the last call, whoever has made them.
    pub(super) async fn ask_for_changes(&self) -> Result<()> {
        let (asked_at, known) = (Instant::now(), self.inner.standings.lock().version);
        // Before the first answer nothing is in memory, so that nothing has to be dropped.
        let after = known.unwrap_or(i64::MAX);
        let changes =
            self.inner.store.read(move |backend| backend.list_access_changes(after)).await?;
        if Some(changes.version) != known {
            self.inner.standings.drop_rooms(&changes.rooms);
        }
        {
            let mut known = self.inner.standings.lock();
            known.version = Some(changes.version);
            known.asked_at = Some(asked_at);
        }
        Ok(())
    }
}

impl Known {
    fn get(&self, room_id: RoomId, user_id: UserId) -> Option<&Arc<Standing>> {
        let is_fresh = self.asked_at.is_some_and(|asked_at| asked_at.elapsed() < FRESH_FOR);
        self.rooms.get(&room_id)?.get(&user_id).filter(|_| is_fresh)
    }
}

impl Standings {
    /// To be called before a standing is read that is to be kept. `None`: changes are not followed yet.
    fn drops(&self) -> Option<u64> {
        let known = self.lock();
        known.version.map(|_| known.drops)
    }

    /// Keeps a standing that was read, unless others were dropped since then.
    fn insert(
        &self,
        room_id: RoomId,
        user_id: UserId,
        standing: Arc<Standing>,
        drops: Option<u64>,
    ) {
        let mut known = self.lock();
        if drops != Some(known.drops) {
            return;
        }
        if known.count >= MAX_KNOWN {
            known.rooms.clear();
            known.count = 0;
        }
        if known.rooms.entry(room_id).or_default().insert(user_id, standing).is_none() {
            known.count += 1;
        }
    }

    pub(super) fn drop_rooms(&self, rooms: &[RoomId]) {
        let mut known = self.lock();
        known.drops += 1;
        for room_id in rooms {
            let dropped = known.rooms.remove(room_id).map_or(0, |users| users.len());
            known.count -= dropped;
        }
    }

    /// Drops what is known of one user in one room.
    pub(super) fn drop_one(&self, room_id: RoomId, user_id: UserId) {
        let mut known = self.lock();
        known.drops += 1;
        let dropped = known.rooms.get_mut(&room_id).and_then(|users| users.remove(&user_id));
        known.count -= usize::from(dropped.is_some());
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Every change is complete before anything can panic, so a poisoned lock is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
