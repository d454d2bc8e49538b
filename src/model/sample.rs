//! One event of each kind, as examples in the documentation and as input for tests.

use std::sync::Arc;

use super::{
    Event, EventHeader, EventId, EventKind, EventTarget, LeaveCause, MemberDetail, MemberEvent,
    Mention, Message, MessageChange, MessageDetail, Person, ReactionBy, ReactionEvent, RoomChanged,
    RoomFace, RoomField, RoomId, RoomKind, RoomRole, RoomRules, Seq, Timestamp, UserId,
};

impl Event {
    /// An example of an event of this kind. Together the examples of [`EventKind::ALL`] are a log.
    pub fn sample(kind: EventKind) -> Self {
        let id = kind as i64 + 1;
        // 2025-01-31T10:30:00Z, and a minute later for each further event.
        let timestamp = Timestamp(1_738_319_400_000 + (id - 1) * 60_000);
        let (id, seq, room_id, user_id) = (EventId(id), Seq(id), RoomId(1), UserId(1));
        let username = "ann".into();
        let display_name = Some("Ann Lee".into());
        let ben = || Person { user_id: UserId(2), username: "ben".into(), display_name: None };
        let change = |username, display_name| MessageChange {
            id,
            room_id,
            seq,
            user_id,
            username,
            display_name,
            timestamp,
            message_id: EventId(1),
            message_seq: Seq(1),
            thread_id: None,
        };
        let members = |username, display_name, detail| {
            let header =
                EventHeader { id, room_id, seq, user_id, username, display_name, timestamp };
            Box::new(MemberEvent { header, members: vec![ben()], detail })
        };
        let reaction = |username: Arc<str>, display_name: Option<Arc<str>>| {
            let person =
                Person { user_id, username: username.clone(), display_name: display_name.clone() };
            let header =
                EventHeader { id, room_id, seq, user_id, username, display_name, timestamp };
            let target = EventTarget { message_id: EventId(1), message_seq: Seq(1) };
            let reactions = vec![ReactionBy { emoji: "👍".to_owned(), person }];
            Box::new(ReactionEvent { header, target, reactions })
        };
        let message = |username, display_name, content: &str, client_id: &str, parts| Message {
            id,
            content: content.to_owned(),
            username,
            user_id,
            timestamp,
            room_id,
            seq,
            display_name,
            client_id: Some(client_id.to_owned()),
            edited_at: None,
            deleted_at: None,
            parts,
        };
        match kind {
            EventKind::Message => {
                Self::Message(message(username, display_name, "Hello, everyone!", "7d1f", None))
            }
            EventKind::Reply => {
                let detail = MessageDetail {
                    thread_id: Some(EventId(1)),
                    quote_of: Some(EventId(1)),
                    mentions: vec![Mention {
                        user_id: Some(UserId(2)),
                        everyone: None,
                        start: 0,
                        end: 4,
                    }],
                    ..MessageDetail::default()
                };
                let parts = detail.into_parts();
                Self::Reply(message(username, display_name, "@ben welcome", "7d20", parts))
            }
            EventKind::MessageEdited => Self::MessageEdited {
                change: change(username, display_name),
                content: "Hello, all of you!".to_owned(),
                mentions: Vec::new(),
            },
            EventKind::MessageDeleted => Self::MessageDeleted(change(username, display_name)),
            EventKind::ReactionAdded => Self::ReactionAdded(reaction(username, display_name)),
            EventKind::ReactionRemoved => Self::ReactionRemoved(reaction(username, display_name)),
            EventKind::MessagePinned => Self::MessagePinned(change(username, display_name)),
            EventKind::MessageUnpinned => Self::MessageUnpinned(change(username, display_name)),
            EventKind::RoomChanged => Self::RoomChanged(RoomChanged {
                header: EventHeader {
                    id,
                    room_id,
                    seq,
                    user_id,
                    username,
                    display_name,
                    timestamp,
                },
                room: RoomFace {
                    name: "lobby".to_owned(),
                    description: Some("Come in".to_owned()),
                    archived_at: None,
                    revision: 1,
                    kind: RoomKind::Public,
                    rules: RoomRules::default(),
                    metadata: None,
                },
                changed: vec![RoomField::Name],
            }),
            EventKind::MemberJoined => Self::MemberJoined(members(
                username,
                display_name,
                MemberDetail { role: Some(RoomRole::Member), ..MemberDetail::default() },
            )),
            EventKind::MemberLeft => Self::MemberLeft(members(
                username,
                display_name,
                MemberDetail {
                    cause: Some(LeaveCause::Banned),
                    reason: Some("Advertising".to_owned()),
                    until: Some(Timestamp(timestamp.0 + 86_400_000)),
                    ..MemberDetail::default()
                },
            )),
            EventKind::MemberChanged => Self::MemberChanged(members(
                username,
                display_name,
                MemberDetail { is_banned: Some(false), ..MemberDetail::default() },
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::UnknownEvent;

    #[test]
    fn every_kind_has_its_word_as_the_type_of_its_json() {
        for kind in EventKind::ALL {
            let event = Event::sample(kind);
            assert_eq!(event.kind(), Some(kind));
            assert_eq!(EventKind::from_word(kind.as_str()), Some(kind));
            let json = serde_json::to_value(&event).unwrap();
            assert_eq!(json["type"], kind.as_str());
            assert_eq!(json["seq"], event.seq().0);
        }
        assert_eq!(EventKind::from_word("Message"), None);
    }

    #[test]
    fn an_event_of_an_unknown_kind_keeps_all_its_fields() {
        let Value::Object(detail) = json!({ "emoji": "👍" }) else { unreachable!() };
        let Event::RoomChanged(RoomChanged { header, .. }) = Event::sample(EventKind::RoomChanged)
        else {
            unreachable!()
        };
        let target = EventTarget { message_id: EventId(1), message_seq: Seq(1) };
        let event = Event::Unknown(Box::new(UnknownEvent {
            kind: "poll_opened".to_owned(),
            header,
            content: String::new(),
            target: Some(target),
            detail,
        }));
        assert_eq!(event.kind(), None);
        let expected = json!({
            "type": "poll_opened", "id": 9, "room_id": 1, "seq": 9, "user_id": 1,
            "username": "ann", "display_name": "Ann Lee", "timestamp": "2025-01-31T10:38:00.000Z",
            "message_id": 1, "message_seq": 1, "emoji": "👍",
        });
        assert_eq!(serde_json::to_value(&event).unwrap(), expected);
    }
}
