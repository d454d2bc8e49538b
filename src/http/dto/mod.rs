//! The JSON of requests and responses as it is published, with an example of each.

mod admin;
mod auth;
mod bots;
mod drafts;
mod events;
mod external;
mod hooks;
mod invites;
mod member_events;
mod members;
mod message_events;
mod message_parts;
mod messages;
mod metadata;
mod nodes;
mod outgoing_hooks;
mod people;
mod previews;
mod rooms;
mod scheduled;
mod search;
mod stats;

use poem_openapi::Object;
use poem_openapi::types::{Example, MaybeUndefined};
use serde::Serialize;

use super::types::Moment;
use crate::model::Timestamp;

pub(super) use admin::{
    AccountDto, AccountPageDto, AuditPageDto, PasswordResetDto, RevokedDto, SessionDto,
    UserChangeRequest,
};
pub(super) use auth::{
    LoginDto, LoginRequest, PasswordRequest, PasswordResetRequest, SetupDto, SignupRequest,
    TicketDto, UserDto,
};
pub(super) use bots::{
    ApiTokenDto, ApiTokenRequest, BotRequest, CursorDto, CursorRequest, MadeBotDto, MadeTokenDto,
    OwnBotDto, ScopeDto,
};
pub(super) use drafts::{DraftDto, DraftRequest};
pub(super) use events::EventPageDto;
pub(super) use external::{AccountRequest, ExchangeRequest, UserTokenRequest};
pub(super) use hooks::{HookDto, HookFormDto, HookPayloadDto, HookRequest};
pub(super) use invites::{
    InviteDto, InvitePreviewDto, InviteRequest, InviteTokenRequest, ServerInviteRequest,
};
pub(super) use member_events::PersonDto;
pub(super) use members::{
    AddedMembersDto, BanDto, BanRequest, BelongingDto, DirectRoomRequest, MemberChangeRequest,
    MemberPageDto, MembersRequest, OwnerRequest, PreferenceRequest, RoomKindDto,
};
pub(super) use message_parts::{
    FollowedThreadDto, ForwardRequest, InboxEntryDto, PinDto, ThreadFollowDto, ThreadPageDto,
    ThreadReadRequest,
};
pub(super) use messages::{
    AnnouncedDto, AnnouncementRequest, MessageDto, MessageEditRequest, MessagePageDto,
    MessageRequest,
};
pub(super) use metadata::{MetadataDto, metadata_query};
pub(super) use nodes::NodeDto;
pub(super) use outgoing_hooks::{
    DeliveryDto, FailingRoomDto, OutgoingHookChangeRequest, OutgoingHookDto, OutgoingHookRequest,
    OutgoingHookSecretDto, ReplayRequest,
};
pub(super) use people::{BlockDto, PeoplePageDto, ProfileRequest, UserCardDto};
pub(super) use previews::PreviewDto;
pub(super) use rooms::{
    AdminRoomPageDto, ReadPositionDto, ReadRequest, RoomChangeRequest, RoomDto, RoomRequest,
    UnreadRequest,
};
pub(super) use scheduled::{ScheduleRequest, ScheduledChangeRequest, ScheduledDto};
pub(super) use search::{SearchOrderDto, SearchPageDto};
pub(super) use stats::StatsDto;

/// What a field of a change means: `None` leaves it as it is, `Some(None)` removes it.
fn given<T>(field: MaybeUndefined<T>) -> Option<Option<T>> {
    match field {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// 2025-01-31T10:30:00Z: the time of all examples.
const EXAMPLE_TIME: Moment = Moment(Timestamp(1_738_319_400_000));

/// 256 bits in base64url.
const EXAMPLE_TOKEN: &str = "dGhpcyBpcyBub3QgYSByYW5kb20gdG9rZW4gYXQgYWw";

/// The server's state.
#[derive(Object, Serialize)]
#[oai(rename = "Health", example)]
pub(super) struct HealthDto {
    /// `ok`.
    pub status: String,
    pub version: String,
}

impl Example for HealthDto {
    fn example() -> Self {
        Self { status: "ok".into(), version: "1.0.0".into() }
    }
}

/// A field that is not acceptable, and the rule that it breaks.
#[derive(Object)]
#[oai(rename = "FieldError")]
pub(super) struct FieldErrorDto {
    pub field: String,
    pub message: String,
}

/// An error: RFC 9457.
#[derive(Object)]
#[oai(rename = "Problem", example)]
pub(super) struct ProblemDto {
    /// `about:blank`: the status and `code` identify the problem.
    #[oai(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What happened and what to do, for people.
    pub detail: String,
    /// The stable word for programs: one of `x-error-codes`, or of a later version.
    pub code: String,
    /// Finds the request in the server's log.
    pub request_id: String,
    /// The error is temporary: seconds after which to retry, as in the header `Retry-After`.
    #[oai(skip_serializing_if_is_none)]
    pub retry_after: Option<u32>,
    /// The fields that are not acceptable.
    #[oai(skip_serializing_if_is_none)]
    pub errors: Option<Vec<FieldErrorDto>>,
}

impl Example for ProblemDto {
    fn example() -> Self {
        Self {
            kind: "about:blank".into(),
            title: "Unprocessable Entity".into(),
            status: 422,
            detail: "content: must not be blank".into(),
            code: "invalid_field".into(),
            request_id: "6f2b9c9e0d6a4b2f8a57d0d8c1f1b0a3".into(),
            retry_after: None,
            errors: Some(vec![FieldErrorDto {
                field: "content".into(),
                message: "must not be blank".into(),
            }]),
        }
    }
}
