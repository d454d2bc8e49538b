//! Kinds, rules and roles of rooms.

use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};
use serde::Serialize;

use crate::model::{AllowedTo, Notify, RoomKind, RoomRole, RoomRules, VisibleHistory};

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
