//! Events that change who is a member of a room.

use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};
use serde::Serialize;

use super::EXAMPLE_TIME;
use super::members::RoomRoleDto;
use crate::http::types::Moment;
use crate::model::Person;

/// A person.
#[derive(Object, Serialize)]
#[oai(rename = "Person", example)]
pub(in crate::http) struct PersonDto {
    pub user_id: i64,
    /// The person's unique name.
    pub username: String,
    /// The name that the person wants to be shown; absent if it is the username.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

impl From<Person> for PersonDto {
    fn from(Person { user_id, username, display_name }: Person) -> Self {
        Self {
            user_id: user_id.0,
            username: username.to_string(),
            display_name: display_name.map(|name| name.to_string()),
        }
    }
}

impl Example for PersonDto {
    fn example() -> Self {
        Self { user_id: 2, username: "ben".into(), display_name: None }
    }
}

/// The fields of an event that changes who is a member.
#[derive(Object)]
#[oai(rename = "MemberEvent", example)]
pub(in crate::http) struct MemberEventDto {
    /// The event's own id.
    pub id: i64,
    pub room_id: i64,
    /// The event's own position in the room's log.
    pub seq: i64,
    /// The user who made the change; 0 if an operator did it at the command line, without an account.
    pub user_id: i64,
    /// That user's name; `(server)` if the user is 0.
    pub username: String,
    /// The name that the user wants to be shown; absent if it is the username.
    #[oai(skip_serializing_if_is_none)]
    pub display_name: Option<String>,
    /// The time of the change.
    pub timestamp: Moment,
    /// The people whose membership changed.
    pub members: Vec<PersonDto>,
}

impl Example for MemberEventDto {
    fn example() -> Self {
        Self {
            id: 5,
            room_id: 1,
            seq: 5,
            user_id: 1,
            username: "ann".into(),
            display_name: Some("Ann Lee".into()),
            timestamp: EXAMPLE_TIME,
            members: vec![PersonDto::example()],
        }
    }
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum MemberJoinedType {
    MemberJoined,
}

/// People became members of the room. The author of a message in a public room is a member too, without such an
/// event.
#[derive(Object)]
#[oai(rename = "MemberJoined", example)]
pub(in crate::http) struct MemberJoinedDto {
    #[oai(rename = "type")]
    pub kind: MemberJoinedType,
    #[oai(flatten)]
    pub event: MemberEventDto,
    /// Their role in the room.
    pub role: RoomRoleDto,
}

impl Example for MemberJoinedDto {
    fn example() -> Self {
        let (kind, event) = (MemberJoinedType::MemberJoined, MemberEventDto::example());
        Self { kind, event, role: RoomRoleDto::Member }
    }
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum MemberLeftType {
    MemberLeft,
}

/// Why people are no longer members: they left, were removed or banned, or their account was deleted.
#[derive(Enum)]
#[oai(rename = "LeaveCause", rename_all = "lowercase")]
pub(in crate::http) enum LeaveCauseDto {
    Left,
    Removed,
    Banned,
    Deleted,
}

/// People are no longer members of the room. Somebody who is banned need not have been a member.
#[derive(Object)]
#[oai(rename = "MemberLeft", example)]
pub(in crate::http) struct MemberLeftDto {
    #[oai(rename = "type")]
    pub kind: MemberLeftType,
    #[oai(flatten)]
    pub event: MemberEventDto,
    pub cause: LeaveCauseDto,
    /// What the moderator has written about it.
    #[oai(skip_serializing_if_is_none)]
    pub reason: Option<String>,
    /// The time at which the ban ends; absent: never.
    #[oai(skip_serializing_if_is_none)]
    pub until: Option<Moment>,
}

impl Example for MemberLeftDto {
    fn example() -> Self {
        Self {
            kind: MemberLeftType::MemberLeft,
            event: MemberEventDto::example(),
            cause: LeaveCauseDto::Banned,
            reason: Some("Advertising".into()),
            until: Some(EXAMPLE_TIME),
        }
    }
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::http) enum MemberChangedType {
    MemberChanged,
}

/// A member's role changed, or a member was muted or is no longer muted; or somebody who is not a member was banned, or is
/// no longer banned.
#[derive(Object)]
#[oai(rename = "MemberChanged", example)]
pub(in crate::http) struct MemberChangedDto {
    #[oai(rename = "type")]
    pub kind: MemberChangedType,
    #[oai(flatten)]
    pub event: MemberEventDto,
    /// The new role; absent if it did not change.
    #[oai(skip_serializing_if_is_none)]
    pub role: Option<RoomRoleDto>,
    /// The time until which the people cannot send. A time that is not after the event lifts it.
    #[oai(skip_serializing_if_is_none)]
    pub muted_until: Option<Moment>,
    /// True: people who are not members were banned. False: the ban was lifted.
    #[oai(skip_serializing_if_is_none)]
    pub is_banned: Option<bool>,
    /// What the moderator has written about it.
    #[oai(skip_serializing_if_is_none)]
    pub reason: Option<String>,
    /// The time at which the ban ends; absent: never.
    #[oai(skip_serializing_if_is_none)]
    pub until: Option<Moment>,
}

impl Example for MemberChangedDto {
    fn example() -> Self {
        Self {
            kind: MemberChangedType::MemberChanged,
            event: MemberEventDto::example(),
            role: None,
            muted_until: None,
            is_banned: Some(false),
            reason: None,
            until: None,
        }
    }
}
