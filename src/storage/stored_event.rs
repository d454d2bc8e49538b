//! Converts rows of `events` to events: the one place that maps a kind of event to the columns.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Error, Result};
use crate::model::{
    Event, EventHeader, EventId, EventKind, EventTarget, MemberDetail, MemberEvent, Message,
    MessageChange, Person, RoomChanged, RoomFace, RoomField, RoomId, Seq, Timestamp, UnknownEvent,
    UserId,
};

/// The author of events that no account causes. The migrations insert its row.
pub const SERVER_USER: (UserId, &str) = (UserId::SERVER, "(server)");

/// The columns of a row of `events`.
#[derive(Debug)]
pub(super) struct StoredEvent<'a> {
    pub kind: &'a str,
    pub header: EventHeader,
    pub content: String,
    pub client_id: Option<String>,
    pub edited_at: Option<Timestamp>,
    pub deleted_at: Option<Timestamp>,
    pub target: Option<EventTarget>,
    /// A JSON object.
    pub detail: Option<String>,
    /// The people whose membership the event changes; see [`member_ids`].
    pub members: Vec<Person>,
}

impl StoredEvent<'_> {
    /// Converts the row to an event.
    ///
    /// # Errors
    /// [`Error::Internal`] if the row lacks a value that its kind needs.
    pub fn into_event(self) -> Result<Event> {
        let Self { kind: word, header, content, target, detail, members, .. } = self;
        let (room_id, seq) = (header.room_id, header.seq);
        let damaged = |column: &str| {
            let text = format!("event {seq} of room {room_id}, `{word}`, has no valid {column}");
            Error::Internal(text)
        };
        let change = |header| match target {
            Some(target) => Ok(change_of(header, target)),
            None => Err(damaged("target")),
        };
        let Some(kind) = EventKind::from_word(word) else {
            let (kind, detail) = (word.to_owned(), detail_of_unknown(detail.as_deref()));
            let event = UnknownEvent { kind, header, content, target, detail };
            return Ok(Event::Unknown(Box::new(event)));
        };
        Ok(match kind {
            EventKind::Message => {
                let EventHeader { id, room_id, seq, user_id, username, display_name, timestamp } =
                    header;
                Event::Message(Message {
                    id,
                    content,
                    username,
                    user_id,
                    timestamp,
                    room_id,
                    seq,
                    display_name,
                    client_id: self.client_id,
                    edited_at: self.edited_at,
                    deleted_at: self.deleted_at,
                })
            }
            EventKind::MessageEdited => Event::MessageEdited { change: change(header)?, content },
            EventKind::MessageDeleted => Event::MessageDeleted(change(header)?),
            EventKind::RoomChanged => {
                let detail: Option<RoomChangedDetail> =
                    detail.and_then(|text| serde_json::from_str(&text).ok());
                let RoomChangedDetail { room, changed } =
                    detail.ok_or_else(|| damaged("detail"))?;
                // A field that this program does not know is left out: a newer program has written it.
                let known = changed.iter().filter_map(|name| name.parse().ok());
                let changed = known.collect();
                Event::RoomChanged(RoomChanged { header, room, changed })
            }
            EventKind::MemberJoined | EventKind::MemberLeft | EventKind::MemberChanged => {
                let detail: Option<MemberDetail> =
                    detail.and_then(|text| serde_json::from_str(&text).ok());
                let detail =
                    detail.filter(|_| !members.is_empty()).ok_or_else(|| damaged("detail"))?;
                let event = Box::new(MemberEvent { header, members, detail });
                match kind {
                    EventKind::MemberJoined => Event::MemberJoined(event),
                    EventKind::MemberLeft => Event::MemberLeft(event),
                    _ => Event::MemberChanged(event),
                }
            }
        })
    }
}

/// The ids in the detail of an event that changes who is a member; empty for other kinds. Names are looked up
/// when the event is read: a name in the log could never be erased.
pub fn member_ids(kind: &str, detail: Option<&str>) -> Vec<UserId> {
    #[derive(Deserialize)]
    struct Listed {
        user_ids: Vec<UserId>,
    }
    match EventKind::from_word(kind) {
        Some(EventKind::MemberJoined | EventKind::MemberLeft | EventKind::MemberChanged) => {
            let listed = detail.and_then(|text| serde_json::from_str::<Listed>(text).ok());
            listed.map(|listed| listed.user_ids).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// The detail of `room_changed`, as it is stored.
#[derive(Serialize, Deserialize)]
struct RoomChangedDetail {
    #[serde(flatten)]
    room: RoomFace,
    /// The words of [`RoomField`]s; events of earlier versions have none.
    #[serde(default)]
    changed: Vec<String>,
}

/// The detail of a `room_changed` event, as it is stored.
pub(super) fn room_changed_detail(room: &RoomFace, changed: &[RoomField]) -> Result<String> {
    let changed = changed.iter().map(|field| field.as_str().to_owned()).collect();
    let stored = RoomChangedDetail { room: room.clone(), changed };
    serde_json::to_string(&stored).map_err(|error| Error::Internal(error.to_string()))
}

/// The detail of an event that changes who is a member, as it is stored.
pub(super) fn member_detail(user_ids: &[UserId], detail: &MemberDetail) -> Result<String> {
    #[derive(Serialize)]
    struct Stored<'a> {
        user_ids: &'a [UserId],
        #[serde(flatten)]
        detail: &'a MemberDetail,
    }
    let stored = Stored { user_ids, detail };
    serde_json::to_string(&stored).map_err(|error| Error::Internal(error.to_string()))
}

/// The further fields of an event of an unknown kind. They never replace the fields that every event has, and a
/// detail that is not an object is left out: a reader of the log must not fail because of a newer program.
fn detail_of_unknown(detail: Option<&str>) -> Map<String, Value> {
    let mut fields: Map<String, Value> =
        detail.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    fields.retain(|name, _| !UnknownEvent::FIELDS.contains(&name.as_str()));
    fields
}

/// Checks that a row of `events` has the values that its kind needs.
///
/// # Errors
/// [`Error::Internal`], whose text names the missing value.
pub fn check_row(
    room_id: RoomId,
    seq: Seq,
    kind: &str,
    has_target: bool,
    detail: Option<&str>,
) -> Result<()> {
    let (user_id, username, display_name) = (SERVER_USER.0, SERVER_USER.1.into(), None);
    let header = EventHeader {
        id: EventId(0),
        room_id,
        seq,
        user_id,
        username,
        display_name,
        timestamp: Timestamp(0),
    };
    let target = has_target.then_some(EventTarget { message_id: EventId(0), message_seq: Seq(0) });
    let (client_id, edited_at, deleted_at) = (None, None, None);
    let (content, detail) = (String::new(), detail.map(str::to_owned));
    let person = |user_id| Person { user_id, username: "".into(), display_name: None };
    let members = member_ids(kind, detail.as_deref()).into_iter().map(person).collect();
    StoredEvent { kind, header, content, client_id, edited_at, deleted_at, target, detail, members }
        .into_event()
        .map(drop)
}

fn change_of(header: EventHeader, target: EventTarget) -> MessageChange {
    let EventHeader { id, room_id, seq, user_id, username, display_name, timestamp } = header;
    let EventTarget { message_id, message_seq } = target;
    MessageChange {
        id,
        room_id,
        seq,
        user_id,
        username,
        display_name,
        timestamp,
        message_id,
        message_seq,
    }
}
