//! The server's frames: tungstenite must be able to read their bytes, and the JSON that is written by hand
//! must equal serde_json's.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, json};

use super::texts;
use crate::model::{
    ErrorCode, Event, EventHeader, EventId, EventKind, EventTarget, MemberDetail, MemberEvent,
    Message, MessageChange, MessageDetail, MessageParts, Metadata, OwnChange, OwnSubject, Person,
    Reaction, ReactionBy, ReactionEvent, RoomChanged, RoomFace, RoomField, RoomId, RoomKind,
    RoomRole, RoomRules, Seq, Timestamp, UnknownEvent, UserId, possible_mentions,
};
use crate::realtime::encode::encode_event;
use crate::realtime::frame::{ActivityMessage, LeftCause, PresenceChange, RoomCard, ServerFrame};

/// Input: three numbers of 8 bytes; a byte with the position at which the text is cut in two; a byte that,
/// if it is 255, lengthens the second part to about 64 KiB, where the header changes its form; the text.
pub fn frame(input: &[u8]) {
    let Some((head, rest)) = input.split_at_checked(26) else { return };
    let number = |at: usize| head[at..].first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes));
    let (first, second, third) = (number(0), number(8), number(16));
    let text = String::from_utf8_lossy(rest);
    let (left, right) = text.split_at(text.floor_char_boundary(usize::from(head[24])));
    let right: String = match head[25] {
        255 => text.chars().cycle().take(65_280 + usize::from(head[24])).collect(),
        _ => right.to_owned(),
    };
    let optional = |bit: i64| third & bit != 0;

    let (room_id, user_id, username) = (RoomId(second), UserId(first), Arc::<str>::from(left));
    let display_name = optional(1).then(|| Arc::<str>::from(right.as_str()));
    let header = EventHeader {
        id: EventId(first),
        room_id,
        seq: Seq(third),
        user_id,
        username: username.clone(),
        display_name: display_name.clone(),
        timestamp: Timestamp(third),
    };
    let parts = MessageParts {
        detail: MessageDetail {
            is_bot: true,
            thread_id: optional(16).then_some(EventId(first)),
            also_to_room: optional(32),
            quote_of: optional(1).then_some(EventId(second)),
            mentions: Vec::new(),
            forwarded: None,
            metadata: optional(64).then(|| metadata(left, &right)),
        },
        // An empty list is a part that is absent.
        reactions: vec![Reaction {
            emoji: right.clone(),
            count: 1,
            mine: optional(2),
            people: Vec::new(),
        }],
        thread: None,
        is_pinned: optional(4),
    };
    let message = Message {
        id: EventId(first),
        content: right.clone(),
        username: username.clone(),
        user_id,
        timestamp: Timestamp(third),
        room_id,
        seq: Seq(third),
        display_name: display_name.clone(),
        client_id: optional(1).then(|| right.clone()),
        edited_at: optional(2).then_some(Timestamp(first)),
        deleted_at: optional(4).then_some(Timestamp(second)),
        parts: optional(8).then(|| Box::new(parts.clone())),
    };
    let change = MessageChange {
        id: EventId(third),
        room_id,
        seq: Seq(second),
        user_id,
        username: username.clone(),
        display_name: display_name.clone(),
        timestamp: Timestamp(first),
        message_id: EventId(first),
        message_seq: Seq(third),
        thread_id: optional(2).then_some(EventId(second)),
    };
    let room = RoomFace {
        name: left.to_owned(),
        description: optional(1).then(|| right.clone()),
        revision: first,
        archived_at: optional(2).then_some(Timestamp(first)),
        kind: RoomKind::default(),
        rules: RoomRules::default(),
        metadata: optional(4).then(|| metadata(&right, left)),
    };
    let members = Box::new(MemberEvent {
        header: header.clone(),
        members: vec![Person {
            user_id,
            username: username.clone(),
            display_name: display_name.clone(),
        }],
        detail: MemberDetail {
            role: optional(2).then_some(RoomRole::Owner),
            reason: optional(4).then(|| right.clone()),
            muted_until: optional(8).then_some(Timestamp(first)),
            ..MemberDetail::default()
        },
    });
    let reactions = Box::new(ReactionEvent {
        header: header.clone(),
        target: EventTarget { message_id: EventId(first), message_seq: Seq(second) },
        reactions: vec![ReactionBy {
            emoji: right.clone(),
            person: Person {
                user_id,
                username: username.clone(),
                display_name: display_name.clone(),
            },
        }],
    });
    let unknown = UnknownEvent {
        kind: format!("x_{left}"),
        header: header.clone(),
        content: right.clone(),
        target: optional(4)
            .then_some(EventTarget { message_id: EventId(first), message_seq: Seq(second) }),
        detail: Map::from_iter([("detail".to_owned(), json!(left))]),
    };
    is_written(&message, |out| message.write_json(out));
    let of_kind = |kind| match kind {
        EventKind::Message => Event::Message(message.clone()),
        EventKind::MessageEdited => {
            let mentions = Vec::new();
            Event::MessageEdited { change: change.clone(), content: right.clone(), mentions }
        }
        EventKind::MessageDeleted => Event::MessageDeleted(change.clone()),
        EventKind::MessagePinned => Event::MessagePinned(change.clone()),
        EventKind::MessageUnpinned => Event::MessageUnpinned(change.clone()),
        EventKind::Reply => Event::Reply(message.clone()),
        EventKind::ReactionAdded => Event::ReactionAdded(reactions.clone()),
        EventKind::ReactionRemoved => Event::ReactionRemoved(reactions.clone()),
        EventKind::RoomChanged => {
            let changed = RoomField::ALL[usize::from(head[24]) % RoomField::ALL.len()..].to_vec();
            Event::RoomChanged(RoomChanged { header: header.clone(), room: room.clone(), changed })
        }
        EventKind::MemberJoined => Event::MemberJoined(members.clone()),
        EventKind::MemberLeft => Event::MemberLeft(members.clone()),
        EventKind::MemberChanged => Event::MemberChanged(members.clone()),
    };
    let mut events: Vec<Event> = EventKind::ALL.map(of_kind).into();
    events.push(Event::Unknown(Box::new(unknown)));
    let (mut bytes, mut written) = (Vec::new(), Vec::new());
    for event in &events {
        is_written(event, |out| event.write_json(out));
        encode_event(event, &mut bytes);
        written.push(serde_json::to_string(event).unwrap());
    }
    if let Ok(read) = serde_json::from_slice::<Message>(&serde_json::to_vec(&message).unwrap()) {
        assert_eq!(read, message);
    }

    let reference = optional(8).then_some(left);
    let timestamp = Timestamp(first);
    let person = PresenceChange {
        room_id,
        user_id,
        username: username.clone(),
        display_name: display_name.clone(),
        timestamp,
    };
    let places = possible_mentions(&right, 20);
    for place in &places {
        let text: String = right.chars().skip(place.start as usize).collect();
        let word = text.strip_prefix('@');
        assert!(word.is_some_and(|word| word.starts_with(place.word)), "{right}");
    }
    assert!(places.is_sorted_by_key(|place| place.start), "{right}");
    let activity = [ActivityMessage {
        seq: Seq(second),
        user_id,
        username: username.clone(),
        display_name: display_name.clone(),
        mentions: places.iter().map(|place| UserId(place.start.into())).collect(),
        mentions_everyone: optional(64),
    }];
    let somebody =
        Person { user_id, username: username.clone(), display_name: display_name.clone() };
    let frames = [
        ServerFrame::UserJoined(person.clone()),
        ServerFrame::UserLeft(person),
        ServerFrame::ActiveUsers { room_id, users: vec![somebody; 3], count: 3 },
        ServerFrame::Ack {
            reference,
            client_id: optional(16).then_some(left),
            room_id,
            id: EventId(second),
            seq: Seq(first),
            duplicate: optional(32),
        },
        ServerFrame::Synced { reference, room_id, head_seq: Seq(first), epoch: left },
        ServerFrame::Unsubscribed { reference, room_id },
        ServerFrame::Watching { reference, epoch: left },
        ServerFrame::RoomCreated {
            room: RoomCard {
                id: room_id,
                name: left,
                description: reference,
                created_by: user_id,
                created_at: timestamp,
                head_seq: Seq(first),
                active_users: 3,
                archived_at: optional(16).then_some(timestamp),
                revision: third,
                kind: room.kind,
                rules: room.rules,
                metadata: room.metadata.as_ref(),
            },
        },
        ServerFrame::RoomActivity {
            room_id,
            head_seq: Seq(first),
            messages: &activity,
            deleted: &[Seq(second), Seq(third)],
            threads: &[EventId(third)],
            truncated: optional(32),
        },
        ServerFrame::RoomUpdated { room_id, room: &room },
        ServerFrame::Read { reference, room_id, seq: Seq(second), marked_unread: optional(32) },
        ServerFrame::Membership { room_id },
        ServerFrame::OwnChanged(OwnChange {
            subject: OwnSubject::Scheduled,
            room_id,
            thread_id: optional(32).then_some(EventId(second)),
        }),
        ServerFrame::RoomLeft { room_id, cause: LeftCause::Banned },
        ServerFrame::RoomDeleted { room_id },
        ServerFrame::Typing { room_id, user_id, username, display_name },
        ServerFrame::Reacted { reference, room_id },
        ServerFrame::Pong { reference },
        ServerFrame::AuthRefreshed { reference, expires_at: timestamp },
        ServerFrame::AuthExpiring { expires_at: timestamp },
        ServerFrame::Error {
            code: ErrorCode::ALL[usize::from(head[24]) % ErrorCode::ALL.len()],
            detail: right.clone(),
            reference,
            room_id: optional(64).then_some(room_id),
            retry_after: optional(128).then_some(7),
        },
    ];
    // The hub writes several frames into one buffer, too.
    frames.iter().for_each(|frame| frame.encode(&mut bytes));
    written.extend(frames.iter().map(|frame| serde_json::to_string(frame).unwrap()));
    assert_eq!(texts(&bytes), written);
}

fn is_written(value: &impl Serialize, write: impl Fn(&mut Vec<u8>) -> serde_json::Result<()>) {
    let mut written = Vec::new();
    write(&mut written).unwrap();
    assert_eq!(written, serde_json::to_vec(value).unwrap());
}

/// A product's data with this key, and this text in several places.
fn metadata(key: &str, text: &str) -> Metadata {
    Metadata(Map::from_iter([(key.to_owned(), json!([text, { text: null, "n": 1.5 }]))]))
}
