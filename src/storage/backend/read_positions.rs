//! Positions up to which users have read, and what is unread after them.

use crate::model::{ListedRoom, ReadPosition, Reader, RoomSelection, Seq};
use crate::storage::Result;

/// At most this many rooms with some metadata are looked up one by one, also if the reader does not see them. With more, the
/// rooms that the reader sees are looked through, so that the time does not tell how many others there are.
pub(in crate::storage) const FEW_ROOMS: usize = 500;

/// Positions of readers in the logs of rooms.
pub trait ReadPositions {
    /// Advances positions in one transaction, each to the room's head at most, and never back. The result
    /// has one entry per position, in the same order: the stored position, and whether it has moved.
    /// `None`: no such room.
    fn advance_read_positions(
        &self,
        positions: &[ReadPosition],
    ) -> Result<Vec<Option<(Seq, bool)>>>;
    /// Moves positions back in one transaction, each to `seq` at least, and never on. The result is like that of
    /// [`Self::advance_read_positions`].
    fn move_back_read_positions(
        &self,
        positions: &[ReadPosition],
    ) -> Result<Vec<Option<(Seq, bool)>>>;
    /// Lists the selected rooms that the reader may see (public rooms, and rooms that the reader is a member of),
    /// in order of id. The result is from one snapshot: unread messages are counted up to the room's `head_seq`.
    fn list_rooms_read(
        &self,
        reader: Reader<'_>,
        selection: &RoomSelection,
    ) -> Result<Vec<ListedRoom>>;
}
