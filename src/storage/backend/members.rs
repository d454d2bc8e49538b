//! Members of rooms, and what decides who may do what in a room.

use crate::model::{
    Audience, BannedUser, Event, MemberPage, NewAuditEntry, NewMemberChange, NewRoom,
    PreferenceChange, Room, RoomId, Standing, UserId,
};
use crate::storage::{Error, Result};

/// The rooms in which it has changed who may do what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessChanges {
    /// The number of changes so far, in all rooms: the argument of the next call.
    pub version: i64,
    /// The rooms, deleted ones too, in any order.
    pub rooms: Vec<RoomId>,
}

/// The number of members of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberCount {
    /// The room.
    pub room_id: RoomId,
    /// The members, owners too.
    pub members: u64,
    /// The owners.
    pub owners: u64,
    /// The people of a direct room, who are all its members; `None` for other rooms.
    pub people: Option<u64>,
}

/// Why the members of a room were not changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum MemberError {
    /// The room does not exist, or was deleted.
    #[error("no such room")]
    RoomNotFound,
    /// One of the users does not exist, or was deleted.
    #[error("no such user")]
    UserNotFound,
    /// The people of a direct room are fixed.
    #[error("not possible in a room of this kind")]
    RoomKind,
    /// The user is not a member of the room.
    #[error("not a member of the room")]
    NotAMember,
    /// The user's role is not below the given one.
    #[error("the role of the member is too high")]
    HigherRole,
    /// The room would have no owner.
    #[error("this is the only owner of the room")]
    LastOwner,
    /// The user is banned.
    #[error("the user is banned from the room")]
    Banned,
    /// One of two people has blocked the other.
    #[error("one of the two people has blocked the other")]
    Blocked,
    /// Storage failed. Only with [`Error::InDoubt`] the change may have been stored.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// A condition on somebody's standing in a room, which a transaction checks while it holds the lock of the room: the
/// standing may have changed since it was read, perhaps on another server.
pub struct Guard<'a> {
    /// Who wants to make the change.
    pub user_id: UserId,
    /// Decides from the present standing; `None`: the room does not exist for the user. If it is false, the transaction
    /// ends with [`Error::Refused`].
    pub allows: &'a dyn Fn(Option<&Standing>) -> bool,
}

/// A selection of the members of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberSearch {
    /// Members whose username or display name contains this text; case is ignored. `None`: all members.
    pub query: Option<String>,
    /// Members with a greater id than this.
    pub after: Option<UserId>,
    /// The greatest number of members in the page.
    pub limit: u32,
}

/// Members of rooms, and bans.
pub trait Members {
    /// Everything about the user and the room that decides what the user may do there. `None`: there is no such room, or
    /// the room is private or direct and the user is not a member.
    fn get_standing(&self, room_id: RoomId, user_id: UserId) -> Result<Option<Standing>>;

    /// The rooms whose members, bans, kind or rules have changed since the change with the number `after`.
    fn list_access_changes(&self, after: i64) -> Result<AccessChanges>;

    /// Lists members of a room in order of user id. `None`: no such room.
    fn list_members(&self, room_id: RoomId, search: &MemberSearch) -> Result<Option<MemberPage>>;

    /// Counts the members of every room, in order of the room's id.
    fn count_members(&self) -> Result<Vec<MemberCount>>;
    /// Lists at most `limit` members of a room, in order of id. Empty: no such room, or nobody is a member.
    fn list_member_ids(&self, room_id: RoomId, limit: u32) -> Result<Vec<UserId>>;

    /// Lists the bans of a room in order of user id, also those that have ended. `None`: no such room.
    fn list_bans(&self, room_id: RoomId) -> Result<Option<Vec<BannedUser>>>;

    /// Changes the members of a room or its bans, and appends events to the room's log, in their order. Nothing
    /// is stored, and no event returned, if everything is already so.
    fn change_members(
        &self,
        change: &NewMemberChange,
        guard: Option<&Guard<'_>>,
        audit: Option<&NewAuditEntry>,
    ) -> Result<Vec<Event>, MemberError>;

    /// Changes a member's own view of a room. False: the user is not a member, or no such room.
    fn change_preferences(
        &self,
        room_id: RoomId,
        user_id: UserId,
        change: PreferenceChange,
    ) -> Result<bool>;

    /// Returns the direct room of exactly these people, and whether it is new. `room.direct_key` and the
    /// people are in order of id. It is no longer hidden from its creator.
    fn open_direct_room(
        &self,
        room: &NewRoom,
        people: &[UserId],
    ) -> Result<(Room, bool), MemberError>;

    /// The users who may receive frames about a room that they have not joined. `None`: no such room.
    fn get_audience(&self, room_id: RoomId) -> Result<Option<Audience>>;

    /// The same for every room, in order of id, from one snapshot.
    fn list_audiences(&self) -> Result<Vec<Audience>>;

    /// The rooms that new accounts become members of.
    fn list_auto_join_rooms(&self) -> Result<Vec<RoomId>>;
}
