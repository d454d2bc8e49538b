//! Rooms, without their logs.

use super::Guard;
use crate::model::{
    NewAuditEntry, NewRoom, Room, RoomChange, RoomDifference, RoomHead, RoomId, RoomKind,
    UpdatedRoom,
};
use crate::storage::Result;

/// A selection of the public and private rooms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomSearch {
    /// Rooms whose name contains this text; ASCII case is ignored. `None`: all rooms.
    pub query: Option<String>,
    /// Rooms of this kind. `None`: of both kinds.
    pub kind: Option<RoomKind>,
    /// Rooms with a greater id than this.
    pub after: Option<RoomId>,
    /// The greatest number of rooms in the page.
    pub limit: u32,
}

/// A room and the number of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedRoom {
    /// The room.
    pub room: Room,
    /// The number of its members.
    pub member_count: u64,
}

/// A page of rooms, in order of id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomPage {
    /// The rooms of the page.
    pub rooms: Vec<CountedRoom>,
    /// Whether there are further rooms.
    pub has_more: bool,
}

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
    /// Lists public and private rooms in order of id. Direct rooms, which have no names, are never found.
    fn search_rooms(&self, search: &RoomSearch) -> Result<RoomPage>;
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
