//! The state of a room, computed from its events.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::number;

#[derive(Default)]
pub struct Room {
    /// The events, in order.
    pub log: Vec<Entry>,
    /// The present messages by id, as the history shows them.
    pub messages: BTreeMap<i64, Value>,
}

/// An event without its content: a deletion removes the content also from the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub seq: i64,
    pub id: i64,
    pub kind: String,
    /// The id of the message: of the event itself, or of the message that was edited or deleted.
    pub message_id: i64,
}

impl Room {
    pub fn after(events: &[Value]) -> Self {
        let mut room = Self::default();
        for event in events {
            room.apply(event);
        }
        room
    }

    /// Applies an event, as a client does that keeps a copy of the room.
    pub fn apply(&mut self, event: &Value) {
        let (seq, id) = (number(event, "seq"), number(event, "id"));
        let kind = event["type"].as_str().expect("type").to_owned();
        let message_id = if kind == "message" { id } else { number(event, "message_id") };
        match (kind.as_str(), self.messages.get_mut(&message_id)) {
            ("message", None) => {
                let mut message = event.clone();
                message.as_object_mut().expect("an object").remove("type");
                self.messages.insert(id, message);
            }
            ("message_edited", Some(message)) => {
                message["content"] = event["content"].clone();
                message["edited_at"] = event["timestamp"].clone();
            }
            ("message_deleted", Some(message)) => {
                message["content"] = json!("");
                message["deleted_at"] = event["timestamp"].clone();
            }
            (_, message) => panic!("{event} cannot be applied to {message:?}"),
        }
        self.log.push(Entry { seq, id, kind, message_id });
    }
}
