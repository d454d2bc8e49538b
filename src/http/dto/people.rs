//! People: the directory, profiles and blocks.

use poem_openapi::types::{Example, MaybeUndefined};
use poem_openapi::{Enum, Object};
use serde::Serialize;

use super::{EXAMPLE_TIME, given};
use crate::chat::{PeoplePage, PersonView};
use crate::http::types::Moment;
use crate::model::{Presence, ProfileChange, Status, Timestamp};

/// Whether a person is connected to a server.
#[derive(Enum, Serialize)]
#[oai(rename = "Presence", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum PresenceDto {
    /// The person has a connection.
    Online,
    /// All of the person's clients have said that the person is away.
    Away,
    /// The person has no connection.
    Offline,
}

impl From<Presence> for PresenceDto {
    fn from(presence: Presence) -> Self {
        match presence {
            Presence::Online => Self::Online,
            Presence::Away => Self::Away,
            Presence::Offline => Self::Offline,
        }
    }
}

/// What a person does for a while. At least the text or the emoji is there.
#[derive(Object, Serialize)]
#[oai(rename = "Status", example)]
pub(in crate::http) struct StatusDto {
    /// 1 to 100 characters, by the rules of a display name.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// One emoji, of at most 32 bytes in UTF-8.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
    /// The time from which the status is not shown any more; absent: it stays.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

impl From<Status> for StatusDto {
    fn from(Status { text, emoji, until }: Status) -> Self {
        Self { text, emoji, until: until.map(Moment) }
    }
}

impl Example for StatusDto {
    fn example() -> Self {
        Self { text: Some("Lunch".into()), emoji: Some("🥗".into()), until: Some(EXAMPLE_TIME) }
    }
}

/// A user as the other users see the account.
#[derive(Object, Serialize)]
#[oai(rename = "UserCard", example)]
pub(in crate::http) struct UserCardDto {
    pub id: i64,
    pub username: String,
    /// The name that the person wants to be shown; absent if it is the username. Several people may have the
    /// same.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What the person does, such as the job.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A name of the IANA time zone database.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusDto>,
    pub presence: PresenceDto,
    /// The time at which the person's last connection closed; absent if it is not known.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Moment>,
    /// An account that is not active cannot sign in.
    pub is_active: bool,
    /// True: the account is a bot's.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_bot: Option<bool>,
}

impl From<PersonView> for UserCardDto {
    fn from(PersonView { card, presence }: PersonView) -> Self {
        Self {
            id: card.id.0,
            username: card.username.to_string(),
            display_name: card.profile.display_name.as_deref().map(str::to_owned),
            title: card.profile.title,
            timezone: card.profile.timezone,
            status: card.profile.status.map(StatusDto::from),
            presence: presence.into(),
            last_seen_at: card.last_seen_at.map(Moment),
            is_active: card.is_active,
            is_bot: card.is_bot.then_some(true),
        }
    }
}

impl Example for UserCardDto {
    fn example() -> Self {
        Self {
            id: 1,
            username: "ann".into(),
            display_name: Some("Ann Lee".into()),
            title: Some("Baker".into()),
            timezone: Some("Asia/Seoul".into()),
            status: Some(StatusDto::example()),
            presence: PresenceDto::Online,
            last_seen_at: Some(EXAMPLE_TIME),
            is_active: true,
            is_bot: None,
        }
    }
}

/// A page of the directory.
#[derive(Object, Serialize)]
#[oai(rename = "PeoplePage", example)]
pub(in crate::http) struct PeoplePageDto {
    pub users: Vec<UserCardDto>,
    /// The `after` of the next page; absent on the last page.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

impl From<PeoplePage> for PeoplePageDto {
    fn from(page: PeoplePage) -> Self {
        Self {
            users: page.people.into_iter().map(UserCardDto::from).collect(),
            next_after: page.next_after.map(|id| id.0),
        }
    }
}

impl Example for PeoplePageDto {
    fn example() -> Self {
        Self { users: vec![UserCardDto::example()], next_after: None }
    }
}

/// The caller's new status, with a text or an emoji. A field that is null is left out.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct StatusRequest {
    /// 1 to 100 characters, by the rules of a display name.
    #[oai(nullable)]
    pub text: Option<String>,
    /// One emoji, of at most 32 bytes in UTF-8.
    #[oai(nullable)]
    pub emoji: Option<String>,
    /// The time from which the status is not shown any more, in the future; left out: it stays.
    #[oai(nullable)]
    pub until: Option<Moment>,
}

impl Example for StatusRequest {
    fn example() -> Self {
        Self { text: Some("Lunch".into()), emoji: Some("🥗".into()), until: None }
    }
}

/// Changes of the caller's profile; fields that are left out stay as they are, and null removes one.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct ProfileRequest {
    /// 1 to 64 characters of any script, at least one of them visible. Surrounding white space is removed;
    /// control characters, invisible characters and characters that change the direction of text are refused.
    /// Stored in Unicode's Normalization Form C.
    #[oai(nullable)]
    pub display_name: MaybeUndefined<String>,
    /// 1 to 100 characters, by the rules of a display name.
    #[oai(nullable)]
    pub title: MaybeUndefined<String>,
    /// A name of the IANA time zone database, such as `Europe/Berlin`; ASCII case is ignored.
    #[oai(nullable)]
    pub timezone: MaybeUndefined<String>,
    /// Replaces the whole status. Its `until` must be in the future.
    #[oai(nullable)]
    pub status: MaybeUndefined<StatusRequest>,
}

impl From<StatusRequest> for Status {
    fn from(StatusRequest { text, emoji, until }: StatusRequest) -> Self {
        Self { text, emoji, until: until.map(|until| until.0) }
    }
}

impl From<ProfileRequest> for ProfileChange {
    fn from(request: ProfileRequest) -> Self {
        let ProfileRequest { display_name, title, timezone, status } = request;
        Self {
            display_name: given(display_name),
            title: given(title),
            timezone: given(timezone),
            status: given(status).map(|status| status.map(Status::from)),
        }
    }
}

impl Example for ProfileRequest {
    fn example() -> Self {
        Self {
            display_name: MaybeUndefined::Value("Ann Lee".into()),
            title: MaybeUndefined::Null,
            timezone: MaybeUndefined::Value("Asia/Seoul".into()),
            status: MaybeUndefined::Value(StatusRequest::example()),
        }
    }
}

/// A user whom the caller has blocked.
#[derive(Object, Serialize)]
#[oai(rename = "Block", example)]
pub(in crate::http) struct BlockDto {
    pub user: UserCardDto,
    /// The time of the block.
    pub created_at: Moment,
}

impl From<(PersonView, Timestamp)> for BlockDto {
    fn from((user, created_at): (PersonView, Timestamp)) -> Self {
        Self { user: user.into(), created_at: Moment(created_at) }
    }
}

impl Example for BlockDto {
    fn example() -> Self {
        Self { user: UserCardDto::example(), created_at: EXAMPLE_TIME }
    }
}
