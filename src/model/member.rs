//! Members of rooms: their roles, bans, and what decides who may do what in a room.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::words;
use super::{EventHeader, Room, RoomId, Seq, Timestamp, User, UserId};

/// Who sees a room, and who can enter it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// Every account sees the room and can enter it.
    #[default]
    Public,
    /// Only its members see the room.
    Private,
    /// A conversation of two to eight people, who are fixed. Only they see the room.
    Direct,
}

words!(RoomKind { Public = "public", Private = "private", Direct = "direct" });

impl RoomKind {
    /// Whether only the members see the room.
    pub fn is_closed(self) -> bool {
        self != Self::Public
    }
}

/// The members who may do something in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AllowedTo {
    /// Every member.
    #[default]
    Everyone,
    /// Moderators and owners.
    Moderators,
}

words!(AllowedTo { Everyone = "everyone", Moderators = "moderators" });

/// The part of a private room's log that a member sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VisibleHistory {
    /// The whole log.
    #[default]
    All,
    /// The events after the member's `joined_seq`.
    Joined,
}

words!(VisibleHistory { All = "all", Joined = "joined" });

/// The rules that the owners of a room set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RoomRules {
    /// The members who may send.
    pub posting: AllowedTo,
    /// The members who may add other people and make invites.
    pub inviting: AllowedTo,
    /// The part of the log that the members of a private room see.
    pub history: VisibleHistory,
    /// Whether new accounts become members. Only public rooms.
    pub auto_join: bool,
}

impl Default for RoomRules {
    fn default() -> Self {
        Self {
            posting: AllowedTo::Everyone,
            inviting: AllowedTo::Moderators,
            history: VisibleHistory::All,
            auto_join: false,
        }
    }
}

/// A member's role in a room. A later role may do more.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum RoomRole {
    /// Reads and writes.
    #[default]
    Member,
    /// Also removes, mutes and bans members, and deletes their messages.
    Moderator,
    /// Also sets the roles and the rules.
    Owner,
}

words!(RoomRole { Member = "member", Moderator = "moderator", Owner = "owner" });

/// The messages of a room that notify a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// Every message.
    #[default]
    All,
    /// Messages that mention the member.
    Mentions,
    /// No message.
    None,
}

words!(Notify { All = "all", Mentions = "mentions", None = "none" });

/// One user's place in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The role in the room.
    pub role: RoomRole,
    /// The time at which the user became a member.
    pub joined_at: Timestamp,
    /// The `seq` of the room's newest event before the user became a member.
    pub joined_seq: Seq,
    /// The time until which the member cannot send. It may be over.
    pub muted_until: Option<Timestamp>,
    /// The messages that notify the member.
    pub notify: Notify,
    /// Whether the member wants to see the room first.
    pub is_starred: bool,
    /// The member does not want to see the room until there is an event after this one.
    pub hidden_seq: Option<Seq>,
}

/// A user who may not enter a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// The user who banned.
    pub banned_by: UserId,
    /// What the moderator has written about it.
    pub reason: Option<String>,
    /// The time of the ban.
    pub created_at: Timestamp,
    /// The time at which the ban ends; `None`: never.
    pub until: Option<Timestamp>,
}

impl Ban {
    /// Whether the ban has not ended.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Everything about one user and one room that decides what the user may do there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The room.
    pub room_id: RoomId,
    /// The kind of the room.
    pub kind: RoomKind,
    /// The rules of the room.
    pub rules: RoomRules,
    /// The user's membership; `None`: not a member.
    pub membership: Option<Membership>,
    /// The user's ban, which may have ended.
    pub ban: Option<Ban>,
    /// In a direct room: whether one of the other people has blocked the user, or the user one of them.
    pub is_blocked: bool,
    /// The time until which the user may not write in the room, whether a member or not.
    pub muted_until: Option<Timestamp>,
}

impl Standing {
    /// The user sees the events after this one.
    pub fn visible_from(&self) -> Seq {
        visible_from(self.kind, self.rules, self.membership.as_ref())
    }
}

pub(super) fn visible_from(
    kind: RoomKind,
    rules: RoomRules,
    membership: Option<&Membership>,
) -> Seq {
    match (kind, rules.history, membership) {
        (RoomKind::Private, VisibleHistory::Joined, Some(membership)) => membership.joined_seq,
        _ => Seq(0),
    }
}

/// A person as events and frames name them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// The person's id.
    pub user_id: UserId,
    /// The person's unique name.
    pub username: Arc<str>,
    /// The name that the person wants to be shown; absent if it is the username.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Arc<str>>,
}

/// Why people are no longer members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LeaveCause {
    /// They left.
    Left,
    /// A moderator removed them.
    Removed,
    /// A moderator banned them. They need not have been members.
    Banned,
    /// Their account was deleted.
    Deleted,
}

words!(LeaveCause { Left = "left", Removed = "removed", Banned = "banned", Deleted = "deleted" });

/// A change of a room's members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MemberEvent {
    /// The fields that every event has. The user is the one who made the change.
    #[serde(flatten)]
    pub header: EventHeader,
    /// The people whose membership changed.
    pub members: Vec<Person>,
    /// The change.
    #[serde(flatten)]
    pub detail: MemberDetail,
}

/// The fields of a [`MemberEvent`]. Each kind of event has some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberDetail {
    /// The role in the room; absent if it did not change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoomRole>,
    /// Why the people are no longer members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<LeaveCause>,
    /// What the moderator has written about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The time at which the ban ends; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The time until which the people cannot send. A time that is not after the event lifts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// True: people who are not members were banned. False: the ban was lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_banned: Option<bool>,
}

/// A member of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user: User,
    /// The name that the user wants to be shown; `None`: the username.
    pub display_name: Option<String>,
    /// The user's place in the room.
    pub membership: Membership,
}

/// A page of the members of a room, in order of user id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPage {
    /// The members.
    pub members: Vec<Member>,
    /// There are members with greater ids.
    pub has_more: bool,
    /// The number of all members of the room.
    pub total: u64,
}

/// A change of the members of a room, or of its bans, to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMemberChange {
    /// The room.
    pub room_id: RoomId,
    /// The user who makes the change.
    pub by: UserId,
    /// The time of the change.
    pub timestamp: Timestamp,
    /// Only people with a lower role may be changed. `None`: everybody may.
    pub below: Option<RoomRole>,
    /// What the moderator has written about it.
    pub reason: Option<String>,
    /// The change.
    pub act: MemberAct,
}

/// A kind of change of the members of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberAct {
    /// Makes users members. Those who are members stay as they are.
    Join {
        /// The users.
        user_ids: Vec<UserId>,
        /// Their role.
        role: RoomRole,
    },
    /// Ends a membership.
    Leave {
        /// The member.
        user_id: UserId,
        /// Why it ends.
        cause: LeaveCause,
    },
    /// Bans a user, who need not be a member, and ends the membership. Replaces an earlier ban.
    Ban {
        /// The user.
        user_id: UserId,
        /// The time at which the ban ends; `None`: never.
        until: Option<Timestamp>,
    },
    /// Lifts a ban.
    Unban {
        /// The user.
        user_id: UserId,
    },
    /// Gives a member another role. A room keeps at least one owner.
    SetRole {
        /// The member.
        user_id: UserId,
        /// The new role.
        role: RoomRole,
    },
    /// Makes a user the only owner; the other owners become moderators. The user becomes a member if necessary.
    Transfer {
        /// The new owner.
        user_id: UserId,
    },
    /// Mutes a member until a time. A time that is not later than the change lifts the mute.
    Mute {
        /// The member.
        user_id: UserId,
        /// The end.
        until: Timestamp,
    },
}

/// A change of a member's own view of a room. `None` leaves a field as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PreferenceChange {
    /// The messages that notify the member.
    pub notify: Option<Notify>,
    /// Whether the member wants to see the room first.
    pub is_starred: Option<bool>,
    /// Whether the room is hidden until its next event.
    pub is_hidden: Option<bool>,
}

/// A user who may not enter a room, and the ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BannedUser {
    /// The user.
    pub user: User,
    /// The name that the user wants to be shown; `None`: the username.
    pub display_name: Option<String>,
    /// The ban, which may have ended.
    pub ban: Ban,
}

/// The users who may receive frames about a room that they have not joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// The room.
    pub room_id: RoomId,
    /// The `seq` of the room's newest event, read in the same snapshot.
    pub head_seq: Seq,
    /// The members of a private or direct room; `None`: everybody, because the room is public.
    pub members: Option<Vec<UserId>>,
}

impl Audience {
    /// The audience of a new room, whose members are `people`.
    pub fn of_new(room: &Room, people: &[UserId]) -> Self {
        let members = room.kind.is_closed().then(|| people.to_vec());
        Self { room_id: room.id, head_seq: room.head_seq, members }
    }
}
