//! Outgoing webhooks.

use poem_openapi::Object;
use poem_openapi::types::{Example, MaybeUndefined};
use serde::Serialize;

use super::{EXAMPLE_TIME, given};
use crate::chat::{Error, FieldError, FilterDraft, MadeOutgoingHook, OutgoingHookDraft};
use crate::http::types::{Moment, Number, Position};
use crate::model::{Delivery, EventKind, FailingRoom, OutgoingHook, Replay, RoomId, Seq, UserId};

/// An outgoing webhook to be made.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct OutgoingHookRequest {
    /// The id of the bot whose rights decide which rooms are read. What the bot does itself is not sent.
    pub user_id: Number,
    /// Where the events are sent: `https://` or `http://`.
    pub url: String,
    /// The kinds of events that are sent, such as `message`. Without it: all.
    #[oai(nullable)]
    pub kinds: Option<Vec<String>>,
    /// The only rooms whose events are sent, at most 100. Without it: all that the bot may read.
    #[oai(nullable)]
    pub room_ids: Option<Vec<Number>>,
}

impl OutgoingHookRequest {
    pub fn into_parts(self) -> (UserId, String, FilterDraft) {
        let filter =
            FilterDraft { kinds: self.kinds, room_ids: self.room_ids.map(|ids| rooms(&ids)) };
        (UserId(self.user_id.0), self.url, filter)
    }
}

impl Example for OutgoingHookRequest {
    fn example() -> Self {
        Self {
            user_id: crate::http::types::Int(7),
            url: "https://shop.example.com/chat-events".into(),
            kinds: Some(vec![EventKind::Message.as_str().into()]),
            room_ids: None,
        }
    }
}

/// A change of an outgoing webhook. Fields that are left out stay as they are.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct OutgoingHookChangeRequest {
    #[oai(nullable)]
    pub url: Option<String>,
    /// The kinds of events that are sent; null: all.
    #[oai(nullable)]
    pub kinds: MaybeUndefined<Vec<String>>,
    /// The only rooms whose events are sent; null: all that the bot may read.
    #[oai(nullable)]
    pub room_ids: MaybeUndefined<Vec<Number>>,
    /// Whether nothing is sent for now. What happens meanwhile is sent later.
    #[oai(nullable)]
    pub is_paused: Option<bool>,
}

impl From<OutgoingHookChangeRequest> for OutgoingHookDraft {
    fn from(request: OutgoingHookChangeRequest) -> Self {
        Self {
            url: request.url,
            kinds: given(request.kinds),
            room_ids: given(request.room_ids).map(|ids| ids.map(|ids| rooms(&ids))),
            is_paused: request.is_paused,
        }
    }
}

impl Example for OutgoingHookChangeRequest {
    fn example() -> Self {
        Self {
            url: Some("https://shop.example.com/chat-events".into()),
            kinds: MaybeUndefined::Value(vec![EventKind::Message.as_str().into()]),
            room_ids: MaybeUndefined::Undefined,
            is_paused: Some(false),
        }
    }
}

/// Where an outgoing webhook goes on.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(in crate::http) struct ReplayRequest {
    /// The room. Without it: all rooms in which the next event could not be delivered.
    #[oai(nullable)]
    pub room_id: Option<Number>,
    /// The events of the room after this position are delivered next. Without it: those that could not be delivered.
    #[oai(nullable)]
    pub after_seq: Option<Position>,
}

impl TryFrom<ReplayRequest> for Replay {
    type Error = Error;

    fn try_from(request: ReplayRequest) -> Result<Self, Error> {
        match (request.room_id, request.after_seq) {
            (None, None) => Ok(Self::Failed),
            (Some(room_id), None) => Ok(Self::FailedOf(RoomId(room_id.0))),
            (Some(room_id), Some(seq)) => Ok(Self::After(RoomId(room_id.0), Seq(seq.0))),
            (None, Some(_)) => {
                let error = FieldError::new("room_id", "is needed with after_seq");
                Err(Error::InvalidFields(vec![error]))
            }
        }
    }
}

impl Example for ReplayRequest {
    fn example() -> Self {
        Self {
            room_id: Some(crate::http::types::Int(1)),
            after_seq: Some(crate::http::types::Int(40)),
        }
    }
}

/// An outgoing webhook.
#[derive(Object, Serialize)]
#[oai(rename = "OutgoingHook", example)]
pub(in crate::http) struct OutgoingHookDto {
    pub id: i64,
    /// The id of the bot whose rights decide which rooms are read.
    pub user_id: i64,
    pub url: String,
    /// The kinds of events that are sent; null: all.
    #[oai(nullable)]
    pub kinds: Option<Vec<String>>,
    /// The only rooms whose events are sent; null: all that the bot may read.
    #[oai(nullable)]
    pub room_ids: Option<Vec<i64>>,
    pub created_at: Moment,
    /// The time since which nothing is sent; absent if it is not paused.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<Moment>,
    /// Whether it was paused because the URL answered with 410.
    pub is_gone: bool,
    /// The number of rooms whose next event could not be delivered so far.
    pub failing_rooms: u32,
    /// The number of those in which it is not tried again by itself.
    pub parked_rooms: u32,
}

impl From<OutgoingHook> for OutgoingHookDto {
    fn from(hook: OutgoingHook) -> Self {
        let words = |kinds: Vec<EventKind>| kinds.iter().map(|it| it.as_str().to_owned()).collect();
        Self {
            id: hook.id.0,
            user_id: hook.user_id.0,
            url: hook.url,
            kinds: hook.filter.kinds.map(words),
            room_ids: hook.filter.room_ids.map(|ids| ids.iter().map(|id| id.0).collect()),
            created_at: Moment(hook.created_at),
            paused_at: hook.paused_at.map(Moment),
            is_gone: hook.is_gone,
            failing_rooms: hook.failing_rooms,
            parked_rooms: hook.parked_rooms,
        }
    }
}

impl Example for OutgoingHookDto {
    fn example() -> Self {
        Self {
            id: 3,
            user_id: 7,
            url: "https://shop.example.com/chat-events".into(),
            kinds: Some(vec![EventKind::Message.as_str().into()]),
            room_ids: None,
            created_at: EXAMPLE_TIME,
            paused_at: None,
            is_gone: false,
            failing_rooms: 0,
            parked_rooms: 0,
        }
    }
}

/// An outgoing webhook and its secret.
#[derive(Object, Serialize)]
#[oai(rename = "OutgoingHookSecret", example)]
pub(in crate::http) struct OutgoingHookSecretDto {
    pub hook: OutgoingHookDto,
    /// Verifies the signatures of the requests. It is shown only now.
    pub secret: String,
}

impl From<MadeOutgoingHook> for OutgoingHookSecretDto {
    fn from(made: MadeOutgoingHook) -> Self {
        Self { hook: made.hook.into(), secret: made.secret }
    }
}

impl Example for OutgoingHookSecretDto {
    fn example() -> Self {
        Self {
            hook: OutgoingHookDto::example(),
            secret: "whsec_bm90IGEgcmVhbCBzZWNyZXQsIGp1c3QgYW4gZXhhbXA=".into(),
        }
    }
}

/// A room whose next event could not be delivered so far.
#[derive(Object, Serialize)]
#[oai(rename = "FailingRoom", example)]
pub(in crate::http) struct FailingRoomDto {
    pub room_id: i64,
    /// The position of the last event that was delivered or left out.
    pub seq: i64,
    /// How often the next event could not be delivered.
    pub failures: u32,
    /// When it is tried again; absent if it is not tried again by itself.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Moment>,
}

impl From<FailingRoom> for FailingRoomDto {
    fn from(room: FailingRoom) -> Self {
        Self {
            room_id: room.room_id.0,
            seq: room.seq.0,
            failures: room.failures,
            retry_at: room.retry_at.map(Moment),
        }
    }
}

impl Example for FailingRoomDto {
    fn example() -> Self {
        Self { room_id: 1, seq: 40, failures: 2, retry_at: Some(EXAMPLE_TIME) }
    }
}

/// An attempt to deliver an event.
#[derive(Object, Serialize)]
#[oai(rename = "Delivery", example)]
pub(in crate::http) struct DeliveryDto {
    /// Greater than those of earlier attempts.
    pub id: i64,
    pub room_id: i64,
    /// The event's position in the room's log.
    pub seq: i64,
    pub event_id: i64,
    /// The kind of the event.
    pub kind: String,
    pub attempted_at: Moment,
    /// The time to the end of the answer, in milliseconds.
    pub duration_ms: u32,
    /// The status of the answer; absent if there was none.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why the event was not delivered; absent if it was.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl From<Delivery> for DeliveryDto {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            room_id: delivery.room_id.0,
            seq: delivery.seq.0,
            event_id: delivery.event_id.0,
            kind: delivery.kind,
            attempted_at: Moment(delivery.attempted_at),
            duration_ms: delivery.duration_ms,
            status: delivery.status,
            failure: delivery.failure,
        }
    }
}

impl Example for DeliveryDto {
    fn example() -> Self {
        Self {
            id: 90,
            room_id: 1,
            seq: 41,
            event_id: 512,
            kind: EventKind::Message.as_str().into(),
            attempted_at: EXAMPLE_TIME,
            duration_ms: 84,
            status: Some(500),
            failure: Some("the answer is 500".into()),
        }
    }
}

fn rooms(ids: &[Number]) -> Vec<RoomId> {
    ids.iter().map(|id| RoomId(id.0)).collect()
}
