//! Outgoing webhooks: URLs that are told what happens in the rooms that a bot may read.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{EventId, EventKind, RoomId, Seq, Timestamp, UserId};

/// The id of an outgoing webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct OutgoingHookId(pub i64);

impl fmt::Display for OutgoingHookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is delivered to an outgoing webhook, of that which its bot may read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HookFilter {
    /// `None`: events of all kinds.
    #[serde(serialize_with = "words")]
    pub kinds: Option<Vec<EventKind>>,
    /// `None`: events of all rooms.
    pub room_ids: Option<Vec<RoomId>>,
}

fn words<S: Serializer>(kinds: &Option<Vec<EventKind>>, to: S) -> Result<S::Ok, S::Error> {
    let words = |kinds: &Vec<EventKind>| kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>();
    kinds.as_ref().map(words).serialize(to)
}

/// An outgoing webhook, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutgoingHook {
    /// The webhook's id.
    pub id: OutgoingHookId,
    /// The bot by whose rights it is decided which rooms are read.
    pub user_id: UserId,
    /// Where the events are sent.
    pub url: String,
    /// What is sent.
    #[serde(flatten)]
    pub filter: HookFilter,
    /// The time at which it was made.
    pub created_at: Timestamp,
    /// The time since which nothing is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<Timestamp>,
    /// Whether it was paused because the URL answered with 410.
    pub is_gone: bool,
    /// The rooms whose next event could not be delivered so far.
    pub failing_rooms: u32,
    /// Those of them in which it is not tried again by itself.
    pub parked_rooms: u32,
}

/// The secrets that sign the requests of a webhook, in base64.
#[derive(Clone, PartialEq, Eq)]
pub struct HookSecrets {
    /// The present secret.
    pub secret: String,
    /// The one before it, which signs too until this time.
    pub old: Option<(String, Timestamp)>,
}

/// An outgoing webhook to be stored.
#[derive(Clone)]
pub struct NewOutgoingHook {
    /// Its bot.
    pub user_id: UserId,
    /// Where the events are sent.
    pub url: String,
    /// What is sent.
    pub filter: HookFilter,
    /// Signs the requests, in base64.
    pub secret: String,
}

/// A change of an outgoing webhook. `None`: as it is.
#[derive(Clone, Default)]
pub struct OutgoingHookChange {
    /// Where the events are sent.
    pub url: Option<String>,
    /// What is sent.
    pub filter: Option<HookFilter>,
    /// Whether nothing is sent for now.
    pub is_paused: Option<bool>,
    /// Another secret. The present one signs too, until this time.
    pub secret: Option<(String, Timestamp)>,
}

/// Where a webhook goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// What could not be delivered is tried again at once, also in rooms that were parked.
    Failed,
    /// The same in one room.
    FailedOf(RoomId),
    /// The events of one room after this position are delivered next, again or without those before.
    After(RoomId, Seq),
}

/// How far a webhook has come in a room where the next event could not be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingRoom {
    /// The room.
    pub room_id: RoomId,
    /// The position of the last event that was delivered or passed over.
    pub seq: Seq,
    /// How often the next event could not be delivered.
    pub failures: u32,
    /// When it is tried again. `None`: it is not tried again by itself.
    pub retry_at: Option<Timestamp>,
}

/// An attempt to deliver an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Greater than those of earlier attempts; 0 if it is not stored yet.
    pub id: i64,
    /// The room of the event.
    pub room_id: RoomId,
    /// The event's position in the room's log.
    pub seq: Seq,
    /// The event.
    pub event_id: EventId,
    /// The word for the event's kind.
    pub kind: String,
    /// When the request began.
    pub attempted_at: Timestamp,
    /// The time to the end of the answer, in milliseconds.
    pub duration_ms: u32,
    /// The status of the answer. `None`: there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it is not delivered. `None`: it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}
