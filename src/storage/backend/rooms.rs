//! Rooms, without their logs.

use super::Guard;
use crate::model::{
    NewAuditEntry, NewRoom, Room, RoomChange, RoomDifference, RoomHead, RoomId, UpdatedRoom,
};
use crate::storage::Result;

/// Rooms, without their logs. To these methods a deleted room does not exist.
pub trait Rooms {
    /// # Errors
    /// [`Conflict::RoomNameTaken`](crate::storage::Conflict).
    fn create_room(&self, room: &NewRoom, audit: &NewAuditEntry) -> Result<Room>;
    /// `None`: no such room.
    fn get_room(&self, id: RoomId) -> Result<Option<Room>>;
    /// Looks up a public room by name; ASCII case is ignored. `None`: no such room.
    fn get_room_by_name(&self, name: &str) -> Result<Option<Room>>;
    /// The public rooms with their names, in any order.
    fn list_public_names(&self) -> Result<Vec<(RoomId, String)>>;
    /// Every room, in order of id.
    fn list_rooms(&self) -> Result<Vec<Room>>;
    /// Lists rooms of `known` that have longer logs or were deleted, and, if `finds_new`, all rooms that are
    /// not in `known`. In any order.
    fn list_changed_rooms(
        &self,
        known: &[RoomHead],
        finds_new: bool,
    ) -> Result<Vec<RoomDifference>>;
    /// Applies a change, and appends a `room_changed` event to the room's log if clients can see the
    /// difference. `None`: no such room.
    ///
    /// # Errors
    /// [`Conflict::RoomNameTaken`](crate::storage::Conflict).
    fn update_room(
        &self,
        id: RoomId,
        change: &RoomChange,
        guard: Option<&Guard<'_>>,
        audit: &NewAuditEntry,
    ) -> Result<Option<UpdatedRoom>>;
    /// Hides the room from every other method immediately, independent of its size:
    /// [`Self::purge_deleted_rooms`] deletes its rows. False: no such room.
    fn delete_room(
        &self,
        id: RoomId,
        guard: Option<&Guard<'_>>,
        audit: &NewAuditEntry,
    ) -> Result<bool>;
    /// Deletes up to `limit` of the rows that deleted rooms have left behind. False: no row is left, or
    /// another process deletes them.
    fn purge_deleted_rooms(&self, limit: u32) -> Result<bool>;
}
