//! Rooms.

use poem_openapi::Object;
use poem_openapi::types::{Example, MaybeUndefined};
use serde::Serialize;

use super::member_events::PersonDto;
use super::members::{AllowedToDto, MembershipDto, RoomKindDto, RoomRulesDto, VisibleHistoryDto};
use super::metadata::MetadataDto;
use super::{EXAMPLE_TIME, given};
use crate::chat::{RoomDraft, RoomView};
use crate::http::types::{Int, Moment, Position};
use crate::model::{RoomChange, RoomKind, RoomRules};
use crate::storage::backend::{CountedRoom, RoomPage};

/// A room to be created.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct RoomRequest {
    /// 1 to 64 characters, at least one of them visible. Surrounding white space is removed;
    /// control characters, invisible characters and characters that change the direction of text
    /// are refused. Unique (ASCII case is ignored), and stored in Unicode's Normalization Form C.
    pub name: String,
    /// At most 500 characters, without control characters other than line breaks and tabs.
    #[oai(nullable)]
    pub description: Option<String>,
    /// `public` (if left out) or `private`.
    #[oai(nullable)]
    pub kind: Option<RoomKindDto>,
    /// The members who may send: `everyone` if left out.
    #[oai(nullable)]
    pub posting: Option<AllowedToDto>,
    /// The members who may add people and make invites: `moderators` if left out.
    #[oai(nullable)]
    pub inviting: Option<AllowedToDto>,
    /// The part of the log that the members of a private room see: `all` if left out.
    #[oai(nullable)]
    pub history: Option<VisibleHistoryDto>,
    /// Whether new accounts become members: false if left out. Only public rooms.
    #[oai(nullable)]
    pub auto_join: Option<bool>,
    /// Data of the caller's own, for everybody who sees the room.
    #[oai(nullable)]
    pub metadata: Option<MetadataDto>,
}

impl From<RoomRequest> for RoomDraft {
    fn from(request: RoomRequest) -> Self {
        let RoomRequest {
            name,
            description,
            kind,
            posting,
            inviting,
            history,
            auto_join,
            metadata,
        } = request;
        let usual = RoomRules::default();
        Self {
            name,
            description,
            kind: kind.map(RoomKind::from).unwrap_or_default(),
            rules: RoomRules {
                posting: posting.map_or(usual.posting, Into::into),
                inviting: inviting.map_or(usual.inviting, Into::into),
                history: history.map_or(usual.history, Into::into),
                auto_join: auto_join.unwrap_or(usual.auto_join),
            },
            metadata: metadata.map(|data| data.0),
        }
    }
}

impl Example for RoomRequest {
    fn example() -> Self {
        Self {
            name: "general".into(),
            description: Some("Everything and nothing".into()),
            kind: None,
            posting: None,
            inviting: None,
            history: None,
            auto_join: None,
            metadata: Some(MetadataDto::example()),
        }
    }
}

/// Changes of a room; fields that are left out stay as they are.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct RoomChangeRequest {
    /// As for a new room.
    #[oai(nullable)]
    pub name: Option<String>,
    /// As for a new room; null removes it.
    #[oai(nullable)]
    pub description: MaybeUndefined<String>,
    /// Whether the room is archived: then it can be read, and nothing can be sent to it.
    #[oai(nullable)]
    pub is_archived: Option<bool>,
    /// `public` or `private`. Only owners change it. A public room becomes invisible to all who are not members; in
    /// a room that becomes public every account can read the whole log.
    #[oai(nullable)]
    pub kind: Option<RoomKindDto>,
    /// The members who may send.
    #[oai(nullable)]
    pub posting: Option<AllowedToDto>,
    /// The members who may add people and make invites.
    #[oai(nullable)]
    pub inviting: Option<AllowedToDto>,
    /// The part of the log that the members of a private room see.
    #[oai(nullable)]
    pub history: Option<VisibleHistoryDto>,
    /// Whether new accounts become members. Only public rooms.
    #[oai(nullable)]
    pub auto_join: Option<bool>,
    /// As for a new room, in place of all earlier data; null removes it.
    #[oai(nullable)]
    pub metadata: MaybeUndefined<MetadataDto>,
}

impl From<RoomChangeRequest> for RoomChange {
    fn from(request: RoomChangeRequest) -> Self {
        let RoomChangeRequest {
            name,
            description,
            is_archived,
            kind,
            posting,
            inviting,
            history,
            auto_join,
            metadata,
        } = request;
        Self {
            name,
            description: given(description),
            is_archived,
            retention_days: None,
            kind: kind.map(Into::into),
            posting: posting.map(Into::into),
            inviting: inviting.map(Into::into),
            history: history.map(Into::into),
            auto_join,
            metadata: MetadataDto::change(metadata),
        }
    }
}

impl Example for RoomChangeRequest {
    fn example() -> Self {
        Self {
            name: Some("lobby".into()),
            description: MaybeUndefined::Null,
            is_archived: Some(false),
            kind: None,
            posting: None,
            inviting: None,
            history: None,
            auto_join: None,
            metadata: MaybeUndefined::Undefined,
        }
    }
}

/// What the caller has not read.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct UnreadRequest {
    /// The `seq` of the first event that is unread.
    pub seq: Position,
}

impl Example for UnreadRequest {
    fn example() -> Self {
        Self { seq: Int(1) }
    }
}

/// The caller's read position.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct ReadRequest {
    /// The `seq` of the last event that was read. A greater number than the head means the head.
    pub seq: Position,
}

impl Example for ReadRequest {
    fn example() -> Self {
        Self { seq: Int(1) }
    }
}

/// The caller's read position.
#[derive(Object, Serialize)]
#[oai(rename = "ReadPosition", example)]
pub(in crate::http) struct ReadPositionDto {
    /// A `seq`. Only marking messages as unread decreases it.
    pub read_seq: i64,
}

impl Example for ReadPositionDto {
    fn example() -> Self {
        Self { read_seq: 1 }
    }
}

/// A room.
#[derive(Object, Serialize)]
#[oai(rename = "Room", example)]
pub(in crate::http) struct RoomDto {
    pub id: i64,
    /// Empty in a direct room.
    pub name: String,
    #[oai(nullable)]
    pub description: Option<String>,
    /// Who sees the room.
    pub kind: RoomKindDto,
    #[oai(flatten)]
    #[serde(flatten)]
    pub rules: RoomRulesDto,
    /// The id of the user who created it.
    pub created_by: i64,
    pub created_at: Moment,
    /// The `seq` of the newest event; 0 in a room where nothing has happened.
    pub head_seq: i64,
    /// How many users are connected to it now.
    pub active_users: u32,
    /// The caller's read position: a `seq`, 0 at first.
    pub read_seq: i64,
    /// The number of messages of other users after the read position, up to `head_seq`, without
    /// deleted ones; 999 means 999 or more. Only the next 5,000 events are counted. For a member who has
    /// never read the room, the messages after `joined_seq` are counted. Left out if the caller is not a
    /// member and has never read the room: then the whole room is new.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<u32>,
    /// The `seq` of the first of these messages; absent if there is none.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_unread_seq: Option<i64>,
    /// The number of messages after the read position that mention the caller (`@name`, `@room`), and of such
    /// replies in followed threads that the caller has not read; 999 means 999 or more.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mentions: Option<u32>,
    /// The number of threads that the caller follows and in which other users' replies are unread.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread_threads: Option<u32>,
    /// The caller's place in the room; absent if the caller is not a member.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership: Option<MembershipDto>,
    /// The number of members.
    pub member_count: u64,
    /// All people of a direct room, the caller too; absent for other rooms.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<Vec<PersonDto>>,
    /// Increases with every change of the room, such as of its name: of two copies, the one with the
    /// smaller revision is older.
    pub revision: i64,
    /// The time since which the room is archived: it can be read, and nothing can be sent to it.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Moment>,
    /// The data of a product; absent if the room has none.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<MetadataDto>,
}

impl From<RoomView> for RoomDto {
    fn from(view: RoomView) -> Self {
        let RoomView { room, active_users, reading, membership, member_count, people } = view;
        let people = (room.kind == RoomKind::Direct)
            .then(|| people.into_iter().map(PersonDto::from).collect());
        Self {
            kind: room.kind.into(),
            rules: room.rules.into(),
            membership: membership.map(|it| MembershipDto::of(&it, room.head_seq)),
            member_count,
            people,
            id: room.id.0,
            name: room.name,
            description: room.description,
            created_by: room.created_by.0,
            created_at: Moment(room.created_at),
            head_seq: room.head_seq.0,
            active_users: u32::try_from(active_users).unwrap_or(u32::MAX),
            read_seq: reading.read_seq.0,
            unread: reading.unread.map(|unread| unread.messages),
            first_unread_seq: reading.unread.and_then(|unread| unread.first_seq).map(|seq| seq.0),
            mentions: reading.unread.map(|unread| unread.mentions),
            unread_threads: reading.unread.map(|unread| unread.threads),
            revision: room.revision,
            archived_at: room.archived_at.map(Moment),
            metadata: room.metadata.map(MetadataDto),
        }
    }
}

impl Example for RoomDto {
    fn example() -> Self {
        Self {
            id: 1,
            name: "general".into(),
            description: Some("Everything and nothing".into()),
            kind: RoomKindDto::Public,
            rules: RoomRulesDto::example(),
            membership: Some(MembershipDto::example()),
            member_count: 1,
            people: None,
            created_by: 1,
            created_at: EXAMPLE_TIME,
            head_seq: 1,
            active_users: 2,
            read_seq: 1,
            unread: Some(0),
            first_unread_seq: None,
            mentions: Some(0),
            unread_threads: Some(0),
            revision: 0,
            archived_at: None,
            metadata: Some(MetadataDto::example()),
        }
    }
}

/// A room, as an admin sees it.
#[derive(Object, Serialize)]
#[oai(rename = "AdminRoom", example)]
pub(in crate::http) struct AdminRoomDto {
    pub id: i64,
    pub name: String,
    /// Public or private.
    pub kind: RoomKindDto,
    /// The number of members.
    pub member_count: u64,
    /// The id of the user who created it; absent in a private room.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<i64>,
    pub created_at: Moment,
    /// The `seq` of the newest event; absent in a private room.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_seq: Option<i64>,
    /// The time since which the room is archived.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Moment>,
}

impl From<CountedRoom> for AdminRoomDto {
    fn from(CountedRoom { room, member_count }: CountedRoom) -> Self {
        let is_public = room.kind == RoomKind::Public;
        Self {
            id: room.id.0,
            name: room.name,
            kind: room.kind.into(),
            member_count,
            created_by: is_public.then_some(room.created_by.0),
            created_at: Moment(room.created_at),
            head_seq: is_public.then_some(room.head_seq.0),
            archived_at: room.archived_at.map(Moment),
        }
    }
}

impl Example for AdminRoomDto {
    fn example() -> Self {
        Self {
            id: 1,
            name: "general".into(),
            kind: RoomKindDto::Public,
            member_count: 1,
            created_by: Some(1),
            created_at: EXAMPLE_TIME,
            head_seq: Some(1),
            archived_at: None,
        }
    }
}

/// A page of the public and private rooms, in order of id.
#[derive(Object, Serialize)]
#[oai(rename = "AdminRoomPage", example)]
pub(in crate::http) struct AdminRoomPageDto {
    pub rooms: Vec<AdminRoomDto>,
    /// The `after` of the next page; null if this is the last page.
    #[oai(nullable)]
    pub next_after: Option<i64>,
}

impl From<RoomPage> for AdminRoomPageDto {
    fn from(RoomPage { rooms, has_more }: RoomPage) -> Self {
        let rooms: Vec<AdminRoomDto> = rooms.into_iter().map(AdminRoomDto::from).collect();
        Self { next_after: rooms.last().filter(|_| has_more).map(|last| last.id), rooms }
    }
}

impl Example for AdminRoomPageDto {
    fn example() -> Self {
        Self { rooms: vec![AdminRoomDto::example()], next_after: None }
    }
}
