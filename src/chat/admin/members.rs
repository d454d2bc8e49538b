//! Changes of the members of rooms, for members over HTTP and for operators at the command line.

use serde_json::{Value, json};

use super::{Admin, Result};
use crate::chat::Error;
use crate::chat::members::check_reason;
use crate::model::{
    BannedUser, Event, LeaveCause, MemberAct, MemberPage, NewMemberChange, NewRoom,
    PreferenceChange, Room, RoomId, RoomKind, RoomRole, Timestamp, UserId,
};
use crate::storage::backend::{MemberCount, MemberSearch};

/// A change of the members of a room, before it is known who makes it and when.
#[derive(Clone, Debug)]
pub struct MemberChange {
    pub room_id: RoomId,
    /// Only people with a lower role may be changed. `None`: everybody may.
    pub below: Option<RoomRole>,
    /// What is written about it.
    pub reason: Option<String>,
    pub act: MemberAct,
    /// Whether the audit log records it: then it is an act of administration, not of a member of the room.
    pub is_audited: bool,
}

impl Admin<'_> {
    /// Changes the members of a room, and returns the events that it has appended to the room's log.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::UserNotFound`], [`Error::RoomKind`], [`Error::NotAMember`],
    /// [`Error::HigherRole`], [`Error::LastOwner`], [`Error::Banned`], [`Error::InvalidFields`].
    pub fn change_members(&self, change: MemberChange) -> Result<Vec<Event>> {
        let MemberChange { room_id, below, reason, act, is_audited } = change;
        let reason = check_reason(reason)?;
        let by = self.actor.author();
        let entry = match is_audited {
            true => Some(self.entry(action(&act), detail(&act, reason.as_deref()))?),
            false => None,
        };
        let change = NewMemberChange { room_id, by, timestamp: self.now, below, reason, act };
        Ok(self.backend.change_members(&change, self.guard, entry.as_ref())?)
    }

    /// Opens the direct room of these people, which are sorted, and returns it and whether it is new.
    ///
    /// # Errors
    /// [`Error::Blocked`], [`Error::UserNotFound`].
    pub fn open_direct_room(&self, created_by: UserId, people: &[UserId]) -> Result<(Room, bool)> {
        let ids: Vec<String> = people.iter().map(UserId::to_string).collect();
        let room = NewRoom {
            kind: RoomKind::Direct,
            direct_key: Some(ids.join(",")),
            ..NewRoom::public("", created_by, self.now)
        };
        Ok(self.backend.open_direct_room(&room, people)?)
    }

    /// Changes a member's own view of a room. False: not a member any more.
    pub fn change_preferences(
        &self,
        room_id: RoomId,
        user_id: UserId,
        change: PreferenceChange,
    ) -> Result<bool> {
        Ok(self.backend.change_preferences(room_id, user_id, change)?)
    }

    /// # Errors
    /// [`Error::RoomNotFound`].
    pub fn list_members(&self, room_id: RoomId, search: &MemberSearch) -> Result<MemberPage> {
        Ok(self.backend.list_members(room_id, search)?.ok_or(Error::RoomNotFound)?)
    }

    /// The number of members of every room, in order of the room's id.
    pub fn count_members(&self) -> Result<Vec<MemberCount>> {
        Ok(self.backend.count_members()?)
    }

    /// # Errors
    /// [`Error::RoomNotFound`].
    pub fn list_bans(&self, room_id: RoomId) -> Result<Vec<BannedUser>> {
        Ok(self.backend.list_bans(room_id)?.ok_or(Error::RoomNotFound)?)
    }
}

/// The word for the act in the audit log.
fn action(act: &MemberAct) -> &'static str {
    match act {
        MemberAct::Join { .. } => "room.members.add",
        MemberAct::Leave { cause: LeaveCause::Left, .. } => "room.members.leave",
        MemberAct::Leave { .. } => "room.members.remove",
        MemberAct::Ban { .. } => "room.members.ban",
        MemberAct::Unban { .. } => "room.members.unban",
        MemberAct::SetRole { .. } => "room.members.role",
        MemberAct::Transfer { .. } => "room.owner",
        MemberAct::Mute { until: Timestamp(0), .. } => "room.members.unmute",
        MemberAct::Mute { .. } => "room.members.mute",
    }
}

/// People are in the audit log by number.
fn detail(act: &MemberAct, reason: Option<&str>) -> Value {
    let mut detail = match act {
        MemberAct::Join { user_ids, role } => json!({ "user_ids": user_ids, "role": role }),
        MemberAct::Leave { user_id, .. }
        | MemberAct::Unban { user_id }
        | MemberAct::Transfer { user_id } => json!({ "user_id": user_id }),
        MemberAct::Mute { user_id, until: Timestamp(0) } => json!({ "user_id": user_id }),
        MemberAct::Ban { user_id, until } => json!({ "user_id": user_id, "until": until }),
        MemberAct::Mute { user_id, until } => json!({ "user_id": user_id, "until": until }),
        MemberAct::SetRole { user_id, role } => json!({ "user_id": user_id, "role": role }),
    };
    if let Some(reason) = reason {
        detail["reason"] = reason.into();
    }
    detail
}
