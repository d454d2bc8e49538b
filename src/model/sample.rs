//! One event of each kind, as examples in the documentation and as input for tests.

use super::{
    Event, EventHeader, EventId, EventKind, LeaveCause, MemberDetail, MemberEvent, Message,
    MessageChange, Person, RoomChanged, RoomFace, RoomField, RoomId, RoomKind, RoomRole, RoomRules,
    Seq, Timestamp, UserId,
};

impl Event {
    /// An example of an event of this kind. Together the examples of [`EventKind::ALL`] are a log.
    pub fn sample(kind: EventKind) -> Self {
        let id = match kind {
            EventKind::Message => 1,
            EventKind::MessageEdited => 2,
            EventKind::MessageDeleted => 3,
            EventKind::RoomChanged => 4,
            EventKind::MemberJoined => 5,
            EventKind::MemberLeft => 6,
            EventKind::MemberChanged => 7,
        };
        // 2025-01-31T10:30:00Z, and a minute later for each further event.
        let timestamp = Timestamp(1_738_319_400_000 + (id - 1) * 60_000);
        let (id, seq, room_id, user_id) = (EventId(id), Seq(id), RoomId(1), UserId(1));
        let username = "ann".into();
        let display_name = Some("Ann Lee".into());
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
        };
        let members = |username, display_name, detail| {
            let ben = Person { user_id: UserId(2), username: "ben".into(), display_name: None };
            let header =
                EventHeader { id, room_id, seq, user_id, username, display_name, timestamp };
            Box::new(MemberEvent { header, members: vec![ben], detail })
        };
        match kind {
            EventKind::Message => Self::Message(Message {
                id,
                content: "Hello, everyone!".to_owned(),
                username,
                user_id,
                timestamp,
                room_id,
                seq,
                display_name,
                client_id: Some("7d1f".to_owned()),
                edited_at: None,
                deleted_at: None,
            }),
            EventKind::MessageEdited => Self::MessageEdited {
                change: change(username, display_name),
                content: "Hello, all of you!".to_owned(),
            },
            EventKind::MessageDeleted => Self::MessageDeleted(change(username, display_name)),
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
    use crate::model::{EventTarget, UnknownEvent};

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
            kind: "reaction_added".to_owned(),
            header,
            content: String::new(),
            target: Some(target),
            detail,
        }));
        assert_eq!(event.kind(), None);
        let expected = json!({
            "type": "reaction_added", "id": 4, "room_id": 1, "seq": 4, "user_id": 1,
            "username": "ann", "display_name": "Ann Lee", "timestamp": "2025-01-31T10:33:00.000Z",
            "message_id": 1, "message_seq": 1, "emoji": "👍",
        });
        assert_eq!(serde_json::to_value(&event).unwrap(), expected);
    }
}
