//! The socket's document, AsyncAPI 3, made from the types that are parsed and sent.

mod description;
mod page;
mod samples;
mod verbs;

use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use self::description::DESCRIPTION;
pub use self::page::page;
use crate::http::problem::codes;
use crate::model::Event;
use crate::realtime::CloseCode;
use crate::realtime::frame::ServerFrame;

/// The document served at `/asyncapi.json`.
pub fn document() -> Value {
    let (mut sent_schemas, mut received_schemas) =
        (schemas(Contract::Serialize), schemas(Contract::Deserialize));
    let (sent, received) =
        (server_messages(&mut sent_schemas), verbs::messages(&mut received_schemas));
    let mut schemas = sent_schemas.take_definitions(true);
    schemas.extend(received_schemas.take_definitions(true));
    let references = |channel: &str, messages: &Map<String, Value>| -> Vec<Value> {
        messages
            .keys()
            .map(|name| json!({ "$ref": format!("#/channels/{channel}/messages/{name}") }))
            .collect()
    };
    let mut operations = Map::new();
    for channel in ["room", "rooms"] {
        let channel_of = json!({ "$ref": format!("#/channels/{channel}") });
        operations.insert(
            format!("{channel}Receive"),
            json!({
                "action": "receive",
                "title": "Frames that the server accepts",
                "description": "A client sends each of these frames as one text message.",
                "channel": channel_of,
                "messages": references(channel, &received),
            }),
        );
        operations.insert(
            format!("{channel}Send"),
            json!({
                "action": "send",
                "title": "Frames that the server sends",
                "description": "A client passes over a frame with a `type` that it does not know.",
                "channel": channel_of,
                "messages": references(channel, &sent),
            }),
        );
    }
    let mut messages = sent;
    messages.extend(received);
    let of_channel: Map<String, Value> = messages
        .keys()
        .map(|name| (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") })))
        .collect();
    json!({
        "asyncapi": "3.1.0",
        "info": {
            "title": "chatapp socket",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "contact": { "name": "The operator of this server" },
            "license": { "name": env!("CARGO_PKG_LICENSE") },
            "tags": [{ "name": "socket", "description": "Live delivery and sending over one connection." }],
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "localhost:8000",
                "protocol": "ws",
                "security": [{ "$ref": "#/components/securitySchemes/bearer" }],
            },
        },
        "channels": {
            "room": {
                "address": "/ws/{room_id}",
                "title": "One room",
                "description": "The connection joins the room at once, and its frames may leave out \
                    `room_id`. It is closed with 4404 when the room is deleted.",
                "parameters": { "room_id": { "description": "The room's id." } },
                "messages": of_channel,
                "bindings": { "ws": { "query": query(true) } },
            },
            "rooms": {
                "address": "/ws",
                "title": "Many rooms",
                "description": "The connection has joined no room at first: see `subscribe`.",
                "messages": of_channel,
                "bindings": { "ws": { "query": query(false) } },
            },
        },
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            },
        },
        "x-error-codes": codes(),
        "x-close-codes": CloseCode::ALL.map(|code| json!({
            "code": code.number(),
            "name": code,
            "reason": code.reason(),
            "advice": code.advice(),
        })),
    })
}

fn schemas(contract: Contract) -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
            settings.contract = contract;
        })
        .into_generator()
}

fn query(of_one_room: bool) -> Value {
    let mut properties = json!({
        "ticket": {
            "type": "string",
            "description": "From `POST /auth/ws-ticket`: opens one socket, once, within 30 seconds.",
        },
        "token": {
            "type": "string",
            "description": "The token of a login. A server may be configured to refuse tokens in URLs.",
        },
    });
    if of_one_room {
        properties["since"] = json!({
            "type": "integer", "minimum": 0,
            "description": "Everything after this seq is sent first.",
        });
        properties["epoch"] = json!({
            "type": "string",
            "description": "The epoch that `since` belongs to, from `synced`.",
        });
        properties["history"] = json!({
            "type": "integer", "minimum": 0, "maximum": 200, "default": 0,
            "description": "Without `since`: the newest messages, this number of them, are sent first with the events among them.",
        });
    }
    json!({ "type": "object", "properties": properties })
}

/// Every kind of [`Event`] and of [`ServerFrame`], by the name of its `type`.
fn server_messages(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let samples = samples::sent();
    forms(schemas)
        .into_iter()
        .filter_map(|form| {
            let kind = form["properties"]["type"]["const"].as_str()?.to_owned();
            let sample = samples.iter().find(|sample| sample["type"] == *kind)?;
            let message = message(&kind, &form, sample);
            Some((kind, message))
        })
        .collect()
}

/// The schemas of the frames that the server sends. An enum with an untagged variant becomes an `anyOf`.
fn forms(schemas: &mut SchemaGenerator) -> Vec<Value> {
    [Event::json_schema(schemas), ServerFrame::json_schema(schemas)]
        .iter()
        .flat_map(|schema| ["oneOf", "anyOf"].map(|form| schema.get(form)))
        .filter_map(|forms| forms?.as_array())
        .flatten()
        .cloned()
        .collect()
}

fn message(name: &str, schema: &Value, sample: &Value) -> Value {
    json!({
        "name": name,
        "summary": schema["description"],
        "payload": schema,
        "examples": [{ "payload": sample }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EventKind;
    use crate::ws::command::ClientFrame;

    #[test]
    fn every_frame_is_described_with_a_sample() {
        let document = document();
        let messages = document["components"]["messages"].as_object().unwrap();
        let samples = samples::sent();
        for sample in &samples {
            let kind = sample["type"].as_str().unwrap();
            assert_eq!(messages[kind]["examples"][0]["payload"], *sample);
        }
        let forms = forms(&mut schemas(Contract::Serialize));
        assert_eq!(samples.len(), forms.len(), "a frame without a sample is not in the document");
        let kinds = EventKind::ALL.map(EventKind::as_str);
        assert!(kinds.iter().all(|kind| messages.contains_key(*kind)), "{kinds:?}");
    }

    #[test]
    fn the_samples_of_commands_are_understood() {
        let document = document();
        for (name, message) in document["components"]["messages"].as_object().unwrap() {
            if name == "plain_send" || name.starts_with("client_") {
                let sample = message["examples"][0]["payload"].to_string();
                ClientFrame::parse(&sample).unwrap_or_else(|error| panic!("{sample}: {error:?}"));
            }
        }
    }
}
