//! Searching messages, and the index for it.

use crate::model::{Found, IndexStatus, NewAuditEntry, RoomId, Search as Query, UserId};
use crate::storage::Result;

/// The index follows the logs: it has the messages of each room up to `rooms.indexed_seq`. A message that is deleted or
/// edited leaves it in the same transaction, and an edited one comes back when the index has reached the edit.
pub trait Search {
    /// Finds messages. Only those are read that the reader may read now.
    fn search_messages(&self, search: &Query) -> Result<Found>;

    /// Records that an operator searches with the rights of a user.
    fn record_search(&self, user_id: UserId, entry: &NewAuditEntry) -> Result<()>;

    /// Lists at most `limit` rooms whose log goes on after what is in the index: first those where little is missing.
    fn list_unindexed_rooms(&self, limit: u32) -> Result<Vec<RoomId>>;

    /// Brings the next events of these rooms into the index, at most `limit`, and returns how many it was. Repeating it
    /// does no harm.
    fn index_events(&self, rooms: &[RoomId], limit: u32) -> Result<u64>;

    /// Empties the index, so that it is made again.
    fn clear_index(&self) -> Result<()>;

    /// Reads the state of the index.
    fn get_index_status(&self) -> Result<IndexStatus>;
}
