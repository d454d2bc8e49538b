//! Kinds and rules of rooms, their members and their bans.

use poem_openapi::types::{Example, MaybeUndefined};
use poem_openapi::{Enum, Object};
use serde::Serialize;

use super::EXAMPLE_TIME;
use super::member_events::PersonDto;
use crate::http::types::{Int, Moment, Number};
use crate::model::{
    AllowedTo, BannedUser, Belonging, Event, Member, MemberPage, Membership, Notify,
    PreferenceChange, RoomKind, RoomRole, RoomRules, Seq, VisibleHistory,
};

/// Gives a documented enum the conversions to and from its type in `model`.
macro_rules! mirrors {
    ($dto:ident = $model:ident { $($variant:ident),+ }) => {
        impl From<$model> for $dto {
            fn from(value: $model) -> Self {
                match value {
                    $($model::$variant => Self::$variant),+
                }
            }
        }

        impl From<$dto> for $model {
            fn from(value: $dto) -> Self {
                match value {
                    $($dto::$variant => Self::$variant),+
                }
            }
        }
    };
}

/// Who sees a room: every account, only its members, or the fixed people of a conversation.
#[derive(Clone, Copy, Enum, Serialize)]
#[oai(rename = "RoomKind", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum RoomKindDto {
    Public,
    Private,
    Direct,
}

mirrors!(RoomKindDto = RoomKind { Public, Private, Direct });

/// The members who may do something in a room.
#[derive(Clone, Copy, Enum, Serialize)]
#[oai(rename = "AllowedTo", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum AllowedToDto {
    Everyone,
    Moderators,
}

mirrors!(AllowedToDto = AllowedTo { Everyone, Moderators });

/// The part of a private room's log that a member sees: the whole log, or the events after the time of joining.
#[derive(Clone, Copy, Enum, Serialize)]
#[oai(rename = "VisibleHistory", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum VisibleHistoryDto {
    All,
    Joined,
}

mirrors!(VisibleHistoryDto = VisibleHistory { All, Joined });

/// A member's role in a room.
#[derive(Clone, Copy, Enum, Serialize)]
#[oai(rename = "RoomRole", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum RoomRoleDto {
    Member,
    Moderator,
    Owner,
}

mirrors!(RoomRoleDto = RoomRole { Member, Moderator, Owner });

/// The messages of a room that notify a member.
#[derive(Clone, Copy, Enum, Serialize)]
#[oai(rename = "Notify", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum NotifyDto {
    All,
    Mentions,
    None,
}

mirrors!(NotifyDto = Notify { All, Mentions, None });

/// The rules that the owners of a room set.
#[derive(Clone, Object, Serialize)]
#[oai(rename = "RoomRules", example)]
pub(in crate::http) struct RoomRulesDto {
    /// The members who may send.
    pub posting: AllowedToDto,
    /// The members who may add people and make invites.
    pub inviting: AllowedToDto,
    /// The part of the log that the members of a private room see.
    pub history: VisibleHistoryDto,
    /// Whether new accounts become members. Only public rooms.
    pub auto_join: bool,
}

impl From<RoomRules> for RoomRulesDto {
    fn from(RoomRules { posting, inviting, history, auto_join }: RoomRules) -> Self {
        Self {
            posting: posting.into(),
            inviting: inviting.into(),
            history: history.into(),
            auto_join,
        }
    }
}

impl Example for RoomRulesDto {
    fn example() -> Self {
        RoomRules::default().into()
    }
}

/// Whether the caller is a member.
#[derive(Clone, Copy, Enum)]
#[oai(rename = "Belonging", rename_all = "lowercase")]
pub(in crate::http) enum BelongingDto {
    Joined,
    None,
}

mirrors!(BelongingDto = Belonging { Joined, None });

/// The caller's place in a room.
#[derive(Object, Serialize)]
#[oai(rename = "Membership", example)]
pub(in crate::http) struct MembershipDto {
    pub role: RoomRoleDto,
    pub joined_at: Moment,
    /// The `seq` of the room's newest event when the caller became a member.
    pub joined_seq: i64,
    /// The time until which the caller cannot send. It may be over.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Moment>,
    pub notify: NotifyDto,
    /// Whether the caller wants to see the room first.
    pub is_starred: bool,
    /// Whether the room is hidden until its next event.
    pub is_hidden: bool,
}

impl MembershipDto {
    pub fn of(membership: &Membership, head_seq: Seq) -> Self {
        Self {
            role: membership.role.into(),
            joined_at: Moment(membership.joined_at),
            joined_seq: membership.joined_seq.0,
            muted_until: membership.muted_until.map(Moment),
            notify: membership.notify.into(),
            is_starred: membership.is_starred,
            is_hidden: membership.hidden_seq.is_some_and(|hidden_seq| hidden_seq >= head_seq),
        }
    }
}

impl Example for MembershipDto {
    fn example() -> Self {
        Self {
            role: RoomRoleDto::Owner,
            joined_at: EXAMPLE_TIME,
            joined_seq: 0,
            muted_until: None,
            notify: NotifyDto::All,
            is_starred: false,
            is_hidden: false,
        }
    }
}

/// A member of a room.
#[derive(Object, Serialize)]
#[oai(rename = "Member", example)]
pub(in crate::http) struct MemberDto {
    pub user_id: i64,
    /// The member's unique name.
    pub username: String,
    /// The name that the member wants to be shown; absent if it is the username.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    pub role: RoomRoleDto,
    pub joined_at: Moment,
    /// The time until which the member cannot send. It may be over.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Moment>,
}

impl From<Member> for MemberDto {
    fn from(Member { user, display_name, membership }: Member) -> Self {
        Self {
            user_id: user.id.0,
            username: user.username,
            display_name,
            role: membership.role.into(),
            joined_at: Moment(membership.joined_at),
            muted_until: membership.muted_until.map(Moment),
        }
    }
}

impl Example for MemberDto {
    fn example() -> Self {
        Self {
            user_id: 1,
            username: "ann".into(),
            display_name: None,
            role: RoomRoleDto::Owner,
            joined_at: EXAMPLE_TIME,
            muted_until: None,
        }
    }
}

/// A page of the members of a room, in order of id.
#[derive(Object, Serialize)]
#[oai(rename = "MemberPage", example)]
pub(in crate::http) struct MemberPageDto {
    pub members: Vec<MemberDto>,
    /// The `after` of the next page; null if this is the last page.
    #[oai(nullable)]
    pub next_after: Option<i64>,
    /// The number of all members of the room.
    pub total: i64,
}

impl From<MemberPage> for MemberPageDto {
    fn from(MemberPage { members, has_more, total }: MemberPage) -> Self {
        let members: Vec<MemberDto> = members.into_iter().map(MemberDto::from).collect();
        Self {
            next_after: members.last().filter(|_| has_more).map(|last| last.user_id),
            total: i64::try_from(total).unwrap_or(i64::MAX),
            members,
        }
    }
}

impl Example for MemberPageDto {
    fn example() -> Self {
        Self { members: vec![MemberDto::example()], next_after: None, total: 1 }
    }
}

/// People who become members of a room.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct MembersRequest {
    /// The ids of 1 to 100 accounts.
    pub user_ids: Vec<Number>,
    /// Their role: `member` if left out. Only owners give another one.
    #[oai(nullable)]
    pub role: Option<RoomRoleDto>,
}

impl Example for MembersRequest {
    fn example() -> Self {
        Self { user_ids: vec![Int(2)], role: None }
    }
}

/// The people who have become members.
#[derive(Object, Serialize)]
#[oai(rename = "AddedMembers", example)]
pub(in crate::http) struct AddedMembersDto {
    /// Without those who were members already.
    pub added: Vec<PersonDto>,
}

impl From<Vec<Event>> for AddedMembersDto {
    fn from(events: Vec<Event>) -> Self {
        let people = events.into_iter().flat_map(|event| match event {
            Event::MemberJoined(event) => event.members,
            _ => Vec::new(),
        });
        Self { added: people.map(PersonDto::from).collect() }
    }
}

impl Example for AddedMembersDto {
    fn example() -> Self {
        Self { added: vec![PersonDto::example()] }
    }
}

/// A change of a member: exactly one of the two.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct MemberChangeRequest {
    /// The new role. Only owners set roles.
    #[oai(nullable)]
    pub role: Option<RoomRoleDto>,
    /// The time until which the member cannot send; null lifts the mute.
    #[oai(nullable)]
    pub muted_until: MaybeUndefined<Moment>,
}

impl Example for MemberChangeRequest {
    fn example() -> Self {
        Self { role: Some(RoomRoleDto::Moderator), muted_until: MaybeUndefined::Undefined }
    }
}

/// Changes of how the caller sees a room; fields that are left out stay as they are.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct PreferenceRequest {
    #[oai(nullable)]
    pub notify: Option<NotifyDto>,
    /// Whether the caller wants to see the room first.
    #[oai(nullable)]
    pub is_starred: Option<bool>,
    /// Whether the room is hidden until its next event.
    #[oai(nullable)]
    pub is_hidden: Option<bool>,
}

impl From<PreferenceRequest> for PreferenceChange {
    fn from(PreferenceRequest { notify, is_starred, is_hidden }: PreferenceRequest) -> Self {
        Self { notify: notify.map(Notify::from), is_starred, is_hidden }
    }
}

impl Example for PreferenceRequest {
    fn example() -> Self {
        Self { notify: Some(NotifyDto::Mentions), is_starred: Some(true), is_hidden: None }
    }
}

/// The new owner of a room.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct OwnerRequest {
    pub user_id: Number,
}

impl Example for OwnerRequest {
    fn example() -> Self {
        Self { user_id: Int(2) }
    }
}

/// A ban.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct BanRequest {
    /// What the members are told about it; at most 500 characters.
    #[oai(nullable)]
    pub reason: Option<String>,
    /// The time at which the ban ends; null or left out: never.
    #[oai(nullable)]
    pub until: Option<Moment>,
}

impl Example for BanRequest {
    fn example() -> Self {
        Self { reason: Some("Advertising".into()), until: None }
    }
}

/// A user who may not enter a room.
#[derive(Object, Serialize)]
#[oai(rename = "Ban", example)]
pub(in crate::http) struct BanDto {
    pub user_id: i64,
    pub username: String,
    /// The name that the user wants to be shown; absent if it is the username.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The id of the user who banned.
    pub banned_by: i64,
    /// The time of the ban.
    pub created_at: Moment,
    #[oai(nullable)]
    pub reason: Option<String>,
    /// The time at which the ban ends, or has ended; null: never.
    #[oai(nullable)]
    pub until: Option<Moment>,
}

impl From<BannedUser> for BanDto {
    fn from(BannedUser { user, display_name, ban }: BannedUser) -> Self {
        Self {
            user_id: user.id.0,
            username: user.username,
            display_name,
            banned_by: ban.banned_by.0,
            created_at: Moment(ban.created_at),
            reason: ban.reason,
            until: ban.until.map(Moment),
        }
    }
}

impl Example for BanDto {
    fn example() -> Self {
        Self {
            user_id: 2,
            username: "ben".into(),
            display_name: None,
            banned_by: 1,
            created_at: EXAMPLE_TIME,
            reason: Some("Advertising".into()),
            until: None,
        }
    }
}

/// The people of a direct room.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct DirectRoomRequest {
    /// The ids of 1 to 7 other people. The caller is in the room too.
    pub user_ids: Vec<Number>,
}

impl Example for DirectRoomRequest {
    fn example() -> Self {
        Self { user_ids: vec![Int(2)] }
    }
}
