//! Positions up to which users have read, and what is unread after them.

use crate::model::{ReadPosition, Reader, Reading, Room, RoomId, Seq};
use crate::storage::Result;

/// Positions of readers in the logs of rooms.
pub trait ReadPositions {
    /// Moves positions on, each to the room's head at most and never back, as one transaction.
    /// The result has one entry per position, in the same order: where it is now, and whether it
    /// has moved. `None`: no such room.
    fn advance_read_positions(
        &self,
        positions: &[ReadPosition],
    ) -> Result<Vec<Option<(Seq, bool)>>>;
    /// Every room, or this one alone, in order of id, with how far the reader is in it. All of it is of
    /// one snapshot: unread messages are counted up to the room's `head_seq`.
    fn list_rooms_read(
        &self,
        reader: Reader<'_>,
        only: Option<RoomId>,
    ) -> Result<Vec<(Room, Reading)>>;
}
