//! Deleting the beginnings of logs.

use crate::model::{NewAuditEntry, RoomId, Timestamp};
use crate::storage::Result;

/// Pruning the logs of rooms.
pub trait Retention {
    /// Deletes the oldest events of the room's log, up to the first that is not older than
    /// `before`, and at most `limit`; returns how many. Their `seq` is not given again. `audit` is
    /// recorded if there were any.
    fn prune_events(
        &self,
        id: RoomId,
        before: Timestamp,
        limit: u32,
        audit: Option<&NewAuditEntry>,
    ) -> Result<u64>;
    /// How many events [`Self::prune_events`] would delete in the end.
    fn count_prunable(&self, id: RoomId, before: Timestamp) -> Result<u64>;
}
