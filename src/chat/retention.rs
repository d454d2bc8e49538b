//! Retention: deletes events that are too old from the beginning of each log, a few at a time.

use tokio::time::Instant;

use super::rooms::PURGE_PAUSES;
use super::{Chat, Result};
use crate::model::{Room, RoomId, Timestamp};
use crate::storage::Backend;

/// The most events that one transaction deletes. It keeps the writer busy for a few milliseconds.
pub(super) const PRUNED_AT_ONCE: u32 = 200;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// The time this number of days before `now`.
pub fn days_before(now: Timestamp, days: u32) -> Timestamp {
    now.plus_seconds(-DAY_SECONDS * i64::from(days))
}

/// The time before which a room's events are to be deleted; `None` if they are kept for ever.
/// `days` applies to rooms without a rule of their own.
pub fn expires_before(room: &Room, days: u32, now: Timestamp) -> Option<Timestamp> {
    match room.retention_days.unwrap_or(days) {
        0 => None,
        days => Some(days_before(now, days)),
    }
}

impl Chat {
    /// Deletes the events that are too old, in small transactions with pauses between them.
    ///
    /// # Errors
    /// Those of a database that cannot be written. The next call continues from there.
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
            // Not recorded in the audit log: the change of the retention was recorded.
            let prune = move |backend: &dyn Backend| {
                backend.prune_events(room_id, before, PRUNED_AT_ONCE, None)
            };
            match self.inner.store.maintain(prune).await? {
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
