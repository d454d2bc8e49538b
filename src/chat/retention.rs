//! How long the log is kept: what is older goes from its beginning, a little at a time.

use tokio::time::Instant;

use super::rooms::PURGE_PAUSES;
use super::{Chat, Result};
use crate::model::{Room, RoomId, Timestamp};
use crate::storage::Backend;

/// Events that are deleted in one transaction: the writer is kept from messages for a few
/// milliseconds.
pub(super) const PRUNED_AT_ONCE: u32 = 200;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// So many days before `now`.
pub fn days_before(now: Timestamp, days: u32) -> Timestamp {
    now.plus_seconds(-DAY_SECONDS * i64::from(days))
}

/// The moment before which a room's events are to go; `None` if they are kept for ever. `days` is
/// for rooms that have no rule of their own.
pub fn expires_before(room: &Room, days: u32, now: Timestamp) -> Option<Timestamp> {
    match room.retention_days.unwrap_or(days) {
        0 => None,
        days => Some(days_before(now, days)),
    }
}

impl Chat {
    /// Deletes what has been kept for long enough, in small transactions with pauses between them.
    ///
    /// # Errors
    /// Those of a database that cannot be written; the next time goes on from there.
    pub async fn prune(&self, days: u32) -> Result<()> {
        let now = self.clock().now();
        for room in self.inner.store.read(|backend| backend.list_rooms()).await? {
            if let Some(before) = expires_before(&room, days, now) {
                self.prune_room(room.id, before).await?;
            }
        }
        Ok(())
    }

    async fn prune_room(&self, room_id: RoomId, before: Timestamp) -> Result<()> {
        let mut events = 0;
        loop {
            let started = Instant::now();
            // Not on record: an admin decided it when the rule was set.
            let prune = move |backend: &dyn Backend| {
                backend.prune_events(room_id, before, PRUNED_AT_ONCE, None)
            };
            match self.inner.store.write(prune).await? {
                0 => break,
                pruned => events += pruned,
            }
            tokio::time::sleep(PURGE_PAUSES * started.elapsed()).await;
        }
        if events > 0 {
            tracing::info!(room_id = room_id.0, events, "events were kept for long enough");
        }
        Ok(())
    }
}
