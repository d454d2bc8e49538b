//! A room as it is after what happened in it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::number;

#[derive(Default)]
pub struct Room {
    /// What happened, in order.
    pub log: Vec<Entry>,
    /// The messages as they stand, by id: as the history shows them.
    pub messages: BTreeMap<i64, Value>,
}

/// An event, but for what it says: a deletion takes that out of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub seq: i64,
    pub id: i64,
    pub kind: String,
    /// The message that it is, or is about.
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

    /// As a client does that keeps a copy.
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
            (_, message) => panic!("{event} cannot follow upon {message:?}"),
        }
        self.log.push(Entry { seq, id, kind, message_id });
    }
}
