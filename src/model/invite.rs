//! Invites: links that let people into a room, or let them sign up.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{
    AllowedTo, Person, Role, Room, RoomId, RoomKind, RoomRole, RoomRules, SecretHash, Timestamp,
    UserId,
};

/// An invite's id, unique in the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct InviteId(pub i64);

impl fmt::Display for InviteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an invite lets people into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteTo {
    /// The server: the invite creates an account.
    Server,
    /// A room.
    Room {
        /// The room.
        id: RoomId,
        /// The role of the new members: member or moderator.
        role: RoomRole,
    },
}

impl InviteTo {
    /// The room, if it is an invite to a room.
    pub fn room_id(self) -> Option<RoomId> {
        match self {
            Self::Server => None,
            Self::Room { id, .. } => Some(id),
        }
    }

    /// The word of the role in SQL and JSON: that of the new member, or of the new account.
    pub fn role(self) -> &'static str {
        match self {
            Self::Server => Role::User.as_str(),
            Self::Room { role, .. } => role.as_str(),
        }
    }
}

/// The invites that an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteScope {
    /// Those to the server and to every room.
    Everything,
    /// Those to the server.
    Server,
    /// Those to a room.
    Room(RoomId),
}

impl InviteScope {
    /// Whether it has every invite; otherwise the room.
    pub(crate) fn parts(self) -> (bool, Option<i64>) {
        match self {
            Self::Everything => (true, None),
            Self::Server => (false, None),
            Self::Room(id) => (false, Some(id.0)),
        }
    }
}

impl From<Option<RoomId>> for InviteScope {
    fn from(room_id: Option<RoomId>) -> Self {
        room_id.map_or(Self::Server, Self::Room)
    }
}

/// An invite. Its token is known only to those who were given the link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Invite {
    /// The invite's id.
    pub id: InviteId,
    /// What the invite lets people into.
    #[serde(flatten, serialize_with = "room_and_role")]
    pub to: InviteTo,
    /// The user who invites.
    #[serde(flatten, serialize_with = "inviter")]
    pub invited_by: Person,
    /// The number of people whom the invite lets in; `None`: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses_allowed: Option<u32>,
    /// The number of people who have used the invite.
    pub completed: u32,
    /// The time at which the invite was made.
    pub created_at: Timestamp,
    /// The time from which the invite is refused; `None`: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The time at which the invite was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl Invite {
    /// Whether the invite is not revoked, not expired and not used up.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none()
            && self.expires_at.is_none_or(|expires_at| now < expires_at)
            && self.uses_allowed.is_none_or(|allowed| self.completed < allowed)
    }
}

/// An invite to be stored.
#[derive(Clone, Debug)]
pub struct NewInvite {
    /// The hash of the token.
    pub hash: SecretHash,
    /// What the invite lets people into.
    pub to: InviteTo,
    /// The user who invites.
    pub created_by: UserId,
    /// The number of people whom the invite lets in; `None`: any number.
    pub uses_allowed: Option<u32>,
    /// The time at which the invite is made.
    pub created_at: Timestamp,
    /// The time from which the invite is refused; `None`: never.
    pub expires_at: Option<Timestamp>,
}

/// An invite, with everything that decides whether it is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundInvite {
    /// The invite.
    pub invite: Invite,
    /// Whether the account of the inviter is active.
    pub is_inviter_active: bool,
    /// The role of the inviter on the server.
    pub inviter_role: Role,
    /// The room; `None`: it was deleted, or the invite is to the server.
    pub room: Option<InviteRoom>,
}

/// The room of an invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteRoom {
    /// The room.
    pub room: Room,
    /// The number of its members.
    pub member_count: u64,
    /// The inviter's role in the room; `None`: no longer a member.
    pub inviter_role: Option<RoomRole>,
}

impl FoundInvite {
    /// Whether the invite lets people in: it is open, and its creator might still make it.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.invite.is_open(now)
            && self.is_inviter_active
            && match (self.invite.to, &self.room) {
                (InviteTo::Server, _) => self.inviter_role == Role::Admin,
                (InviteTo::Room { role, .. }, Some(InviteRoom { room, inviter_role, .. })) => {
                    room.archived_at.is_none()
                        && may_invite(room.kind, room.rules, self.inviter_role, *inviter_role, role)
                }
                (InviteTo::Room { .. }, None) => false,
            }
    }
}

/// Whether a user may invite people who get this role. In a public room an admin of the server acts as an owner.
/// `rank`: the user's role in the room.
pub fn may_invite(
    kind: RoomKind,
    rules: RoomRules,
    server_role: Role,
    rank: Option<RoomRole>,
    role: RoomRole,
) -> bool {
    let rank = match (kind, server_role) {
        (RoomKind::Direct, _) => None,
        (RoomKind::Public, Role::Admin) => Some(RoomRole::Owner),
        (RoomKind::Public | RoomKind::Private, _) => rank,
    };
    let least = match (role, rules.inviting) {
        (RoomRole::Member, AllowedTo::Everyone) => RoomRole::Member,
        (RoomRole::Member, AllowedTo::Moderators) => RoomRole::Moderator,
        (RoomRole::Moderator | RoomRole::Owner, _) => RoomRole::Owner,
    };
    rank.is_some_and(|rank| rank >= least)
}

fn room_and_role<S: Serializer>(to: &InviteTo, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Fields {
        #[serde(skip_serializing_if = "Option::is_none")]
        room_id: Option<RoomId>,
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<&'static str>,
    }
    let room_id = to.room_id();
    Fields { room_id, role: room_id.map(|_| to.role()) }.serialize(serializer)
}

fn inviter<S: Serializer>(person: &Person, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Names<'a> {
        username: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        display_name: Option<&'a str>,
    }
    #[derive(Serialize)]
    struct Fields<'a> {
        created_by: UserId,
        invited_by: Names<'a>,
    }
    let Person { user_id, username, display_name } = person;
    let invited_by = Names { username, display_name: display_name.as_deref() };
    Fields { created_by: *user_id, invited_by }.serialize(serializer)
}
