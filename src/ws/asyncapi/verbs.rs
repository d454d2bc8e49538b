//! The frames that a client sends, in the document.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::message;
use super::samples::EPOCH;
use crate::ws::command;

/// Every [`command::Command`]. Unknown fields are ignored.
pub(super) fn messages(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let plain = json!({ "content": "Hello, everyone!" });
    let verbs = [
        (
            "send",
            command::Send::json_schema(schemas).to_value(),
            json!({
                "type": "send", "room_id": 1, "content": "Hello, everyone!",
                "client_id": "550e8400-e29b-41d4-a716-446655440000", "metadata": { "order_id": 42 }, "ref": "7",
            }),
        ),
        (
            "subscribe",
            command::Subscribe::json_schema(schemas).to_value(),
            json!({
                "type": "subscribe", "room_id": 1, "since": 41, "epoch": EPOCH, "ref": "1",
            }),
        ),
        (
            "unsubscribe",
            command::Unsubscribe::json_schema(schemas).to_value(),
            json!({
                "type": "unsubscribe", "room_id": 1, "ref": "2",
            }),
        ),
        (
            "typing",
            command::Typing::json_schema(schemas).to_value(),
            json!({
                "type": "typing", "room_id": 1,
            }),
        ),
        (
            "read",
            command::Read::json_schema(schemas).to_value(),
            json!({
                "type": "read", "room_id": 1, "seq": 42, "ref": "5",
            }),
        ),
        (
            "react",
            command::React::json_schema(schemas).to_value(),
            json!({
                "type": "react", "room_id": 1, "message_id": 41, "emoji": "👍", "ref": "8",
            }),
        ),
        (
            "auth.refresh",
            command::Refresh::json_schema(schemas).to_value(),
            json!({
                "type": "auth.refresh", "token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c2ln",
                "ref": "4",
            }),
        ),
        (
            "presence",
            command::Presence::json_schema(schemas).to_value(),
            json!({ "type": "presence", "state": "away" }),
        ),
        (
            "watch",
            json!({
                "type": "object",
                "description": "Requests frames about everything that concerns the user, also for rooms \
                    that are not joined. The answer is `watching`. Repeating it does no harm.",
            }),
            json!({ "type": "watch", "ref": "6" }),
        ),
        (
            "ping",
            json!({ "type": "object", "description": "Asks for a `pong`." }),
            json!({
                "type": "ping", "ref": "3",
            }),
        ),
    ];
    let mut messages = Map::new();
    messages.insert("plain_send".to_owned(), {
        let mut schema = command::Send::json_schema(schemas).to_value();
        schema["description"] = json!(
            "The short form of `send`, on `/ws/{room_id}`. Without `ref` and `client_id` there \
             is no `ack`: the message itself is the answer."
        );
        message("plain_send", &schema, &plain)
    });
    for (verb, mut schema, sample) in verbs {
        schema["properties"]["type"] = json!({ "type": "string", "const": verb });
        schema["properties"]["ref"] =
            json!({ "type": "string", "description": "Repeated in the answer." });
        let mut required = schema["required"].as_array().cloned().unwrap_or_default();
        required.push(json!("type"));
        schema["required"] = Value::Array(required);
        // A verb may have the name of a frame of the server.
        messages.insert(format!("client_{verb}"), message(verb, &schema, &sample));
    }
    messages
}
