//! Converts rows of `events` to events: the one place that maps a kind of event to the columns.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Error, Result};
use crate::model::{
    Event, EventHeader, EventId, EventKind, EventTarget, MemberDetail, MemberEvent, Mention,
    Message, MessageChange, MessageDetail, MessageParts, Person, ReactionBy, ReactionEvent,
    RoomChanged, RoomFace, RoomField, RoomId, Seq, Timestamp, UnknownEvent, UserId,
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
    /// The people whom the event is about; see [`people_ids`].
    pub people: Vec<Person>,
}

impl StoredEvent<'_> {
    /// Converts the row to an event.
    ///
    /// # Errors
    /// [`Error::Internal`] if the row lacks a value that its kind needs.
    pub fn into_event(self) -> Result<Event> {
        let Self { kind: word, header, content, target, detail, people, .. } = self;
        let (room_id, seq) = (header.room_id, header.seq);
        let damaged = |column: &str| {
            let text = format!("event {seq} of room {room_id}, `{word}`, has no valid {column}");
            Error::Internal(text)
        };
        let target_of = || target.ok_or_else(|| damaged("target"));
        let change = |header, detail: Option<&str>| {
            Ok::<_, Error>(change_of(header, target_of()?, change_detail(detail)))
        };
        let Some(kind) = EventKind::from_word(word) else {
            let (kind, detail) = (word.to_owned(), detail_of_unknown(detail.as_deref()));
            let event = UnknownEvent { kind, header, content, target, detail };
            return Ok(Event::Unknown(Box::new(event)));
        };
        Ok(match kind {
            EventKind::Message | EventKind::Reply => {
                let parts = message_parts(detail.as_deref());
                let EventHeader { id, room_id, seq, user_id, username, display_name, timestamp } =
                    header;
                let message = Message {
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
                    parts,
                };
                match kind {
                    EventKind::Reply => Event::Reply(message),
                    _ => Event::Message(message),
                }
            }
            EventKind::MessageEdited => {
                let mentions = change_detail(detail.as_deref()).mentions;
                Event::MessageEdited {
                    change: change(header, detail.as_deref())?,
                    content,
                    mentions,
                }
            }
            EventKind::MessageDeleted => Event::MessageDeleted(change(header, detail.as_deref())?),
            EventKind::MessagePinned => Event::MessagePinned(change(header, detail.as_deref())?),
            EventKind::MessageUnpinned => {
                Event::MessageUnpinned(change(header, detail.as_deref())?)
            }
            EventKind::ReactionAdded | EventKind::ReactionRemoved => {
                let stored: Option<ReactionDetail> =
                    detail.and_then(|text| serde_json::from_str(&text).ok());
                let stored =
                    stored.filter(|_| !people.is_empty()).ok_or_else(|| damaged("detail"))?;
                let by = |(emoji, person)| ReactionBy { emoji, person };
                let reactions = stored.emojis.into_iter().zip(people).map(by).collect();
                let event = Box::new(ReactionEvent { header, target: target_of()?, reactions });
                match kind {
                    EventKind::ReactionAdded => Event::ReactionAdded(event),
                    _ => Event::ReactionRemoved(event),
                }
            }
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
                    detail.filter(|_| !people.is_empty()).ok_or_else(|| damaged("detail"))?;
                let event = Box::new(MemberEvent { header, members: people, detail });
                match kind {
                    EventKind::MemberJoined => Event::MemberJoined(event),
                    EventKind::MemberLeft => Event::MemberLeft(event),
                    _ => Event::MemberChanged(event),
                }
            }
        })
    }
}

/// The ids of the people whom an event names in its detail: those whose membership it changes, or who react. Empty for
/// other kinds. Names are looked up when the event is read: a name in the log could never be erased.
pub fn people_ids(kind: &str, detail: Option<&str>) -> Vec<UserId> {
    #[derive(Deserialize)]
    struct Listed {
        user_ids: Vec<UserId>,
    }
    match EventKind::from_word(kind) {
        Some(
            EventKind::MemberJoined
            | EventKind::MemberLeft
            | EventKind::MemberChanged
            | EventKind::ReactionAdded
            | EventKind::ReactionRemoved,
        ) => {
            let listed = detail.and_then(|text| serde_json::from_str::<Listed>(text).ok());
            listed.map(|listed| listed.user_ids).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// The detail of `reaction_added` and `reaction_removed`, as it is stored: the emoji of each of the `user_ids`.
#[derive(Serialize, Deserialize)]
struct ReactionDetail {
    user_ids: Vec<UserId>,
    emojis: Vec<String>,
}

/// The detail of an event about reactions, as it is stored.
pub(super) fn reaction_detail(reactions: &[ReactionBy]) -> Result<String> {
    let user_ids = reactions.iter().map(|it| it.person.user_id).collect();
    let emojis = reactions.iter().map(|it| it.emoji.clone()).collect();
    to_json(&ReactionDetail { user_ids, emojis })
}

/// The detail of a change of a message, as it is stored.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct ChangeDetail {
    /// The thread in which the message is a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<EventId>,
    /// The mentions in the new text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
}

impl ChangeDetail {
    /// The text that is stored; `None`: the detail is empty.
    pub fn to_stored(&self) -> Result<Option<String>> {
        if self.thread_id.is_none() && self.mentions.is_empty() {
            return Ok(None);
        }
        to_json(self).map(Some)
    }
}

/// A detail that this program cannot read is one of a newer program: it is left out.
fn change_detail(detail: Option<&str>) -> ChangeDetail {
    detail.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// The parts of a message that are stored with it. `None`: it has no such part.
pub(super) fn message_parts(detail: Option<&str>) -> Option<Box<MessageParts>> {
    let detail = detail.and_then(|text| serde_json::from_str::<MessageDetail>(text).ok());
    detail.and_then(MessageDetail::into_parts)
}

/// The detail of a message, as it is stored; `None`: it is empty. The names of the author of a forwarded message are
/// looked up when it is read, as those of [`people_ids`].
pub(super) fn message_detail(detail: &MessageDetail) -> Result<Option<String>> {
    if *detail == MessageDetail::default() {
        return Ok(None);
    }
    let mut stored =
        serde_json::to_value(detail).map_err(|error| Error::Internal(error.to_string()))?;
    if let Some(forwarded) = stored.get_mut("forwarded").and_then(Value::as_object_mut) {
        forwarded.remove("username");
        forwarded.remove("display_name");
    }
    to_json(&stored).map(Some)
}

fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))
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
    to_json(&RoomChangedDetail { room: room.clone(), changed })
}

/// The detail of an event that changes who is a member, as it is stored.
pub(super) fn member_detail(user_ids: &[UserId], detail: &MemberDetail) -> Result<String> {
    #[derive(Serialize)]
    struct Stored<'a> {
        user_ids: &'a [UserId],
        #[serde(flatten)]
        detail: &'a MemberDetail,
    }
    to_json(&Stored { user_ids, detail })
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
    let people = people_ids(kind, detail.as_deref()).into_iter().map(person).collect();
    StoredEvent { kind, header, content, client_id, edited_at, deleted_at, target, detail, people }
        .into_event()
        .map(drop)
}

fn change_of(header: EventHeader, target: EventTarget, detail: ChangeDetail) -> MessageChange {
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
        thread_id: detail.thread_id,
    }
}
