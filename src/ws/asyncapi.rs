//! The socket's document, AsyncAPI 3, made from the types that are parsed and sent, and the page
//! that shows the same to people.

use std::fmt::Write as _;

use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::command;
use crate::model::{EventId, Message, MessageChange, RoomId, Seq, Timestamp, UserId};
use crate::realtime::frame::{ActiveUser, PresenceChange, RoomCard, ServerFrame};
use crate::realtime::{ActivityMessage, CloseCode};

/// The document served at `/asyncapi.json`.
pub fn document() -> Value {
    let (mut sent_schemas, mut received_schemas) =
        (schemas(Contract::Serialize), schemas(Contract::Deserialize));
    let (sent, received) =
        (server_messages(&mut sent_schemas), client_messages(&mut received_schemas));
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
                "title": "What the server accepts",
                "channel": channel_of,
                "messages": references(channel, &received),
            }),
        );
        operations.insert(
            format!("{channel}Send"),
            json!({
                "action": "send",
                "title": "What the server sends",
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
        "asyncapi": "3.0.0",
        "info": {
            "title": "chatapp socket",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
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
                "description": "Subscribed to the room from the start; frames may leave out its \
                    `room_id`; closed with 4404 when the room is deleted.",
                "parameters": { "room_id": { "description": "The room's id." } },
                "messages": of_channel,
                "bindings": { "ws": { "query": query(true) } },
            },
            "rooms": {
                "address": "/ws",
                "title": "Many rooms",
                "description": "Subscribed to nothing at first: see `subscribe`.",
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

const DESCRIPTION: &str = "\
A room is a log: every message, and every change of one, has a `seq`, 1, 2, 3, … without gaps, and \
is in the database before anybody sees it. Of a `type` that it does not know a client keeps the `seq`, \
if there is one, and passes over the rest. A connection is a cursor in that log. A client that remembers the last `seq` it \
has, and the `epoch` from `synced`, reconnects with `since` and misses nothing.\n\n\
The token may be given as the header `Authorization: Bearer …`; as the subprotocols \
`chatapp.v1, bearer.<token>`, for browsers; or as `?token=`. A URL may be written down on the way: \
`?ticket=`, from `POST /auth/ws-ticket`, is worth nothing once it is used. A browser's Origin must be the \
server's own or one that the operator allowed.\n\n\
On joining a room come `active_users`, what was missed, `synced`; the others get `user_joined`, \
once per person. Every frame of a client may carry a `ref`, which comes back in the answer.\n\n\
After `watch` a connection hears of everything that concerns its user, in rooms that it has not joined \
too: of rooms that come (`room_created`), change (`room_updated`) and go (`room_deleted`), of what happens in \
rooms that it has not joined (`room_activity`), and of what the user reads on other connections (`read`).\n\n\
The rule of a client that watches: **say `watch`, and after `watching` read `GET /rooms/` once.** The list has \
everything that was missed, with `unread` and `mentions` counted up to each room's `head_seq`. What arrives \
meanwhile and later says how things are, so that nothing depends on the order of the two. Of a room, keep what \
has the greater `revision`. Count a message once, if its `seq` is beyond the `head_seq` of the list and beyond \
the read position. A read position never moves back. A room that was deleted does not come back, and a room that \
was created is not missing because an older list does not have it.\n\n\
`GET /rooms/{room_id}` has the number of unread messages when it is no longer certain: after a frame with \
`truncated`, or when one of the messages that the server counted is deleted or read and others are not. A \
`watching` without a `ref` means that the client took nothing for a while and missed something: read `GET /rooms/` \
again. A room is joined with `since`, the last `head_seq` that is known of it; nothing is lost on the way. Whom \
an edited message mentions is seen when the room is read again. With several servers on one database, `read` is \
told on the server that it was said to.\n\n\
A connection lives as long as its token. Before that dies comes `auth.expiring`: get a new token \
with `POST /auth/refresh` and give it with `auth.refresh`, and the connection goes on.";

fn query(of_one_room: bool) -> Value {
    let mut properties = json!({
        "ticket": {
            "type": "string",
            "description": "From `POST /auth/ws-ticket`: opens one socket, once, within 30 seconds.",
        },
        "token": {
            "type": "string",
            "description": "The token of a login. The server may be told to take none from a URL.",
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
            "description": "Without `since`: the newest so many messages are sent first.",
        });
    }
    json!({ "type": "object", "properties": properties })
}

/// Every kind of [`ServerFrame`], by the name of its `type`.
fn server_messages(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let schema = ServerFrame::json_schema(schemas).to_value();
    let forms = schema["oneOf"].as_array().cloned().unwrap_or_default();
    let samples: Vec<Value> =
        samples().iter().filter_map(|it| serde_json::to_value(it).ok()).collect();
    forms
        .into_iter()
        .filter_map(|form| {
            let kind = form["properties"]["type"]["const"].as_str()?.to_owned();
            let sample = samples.iter().find(|sample| sample["type"] == *kind)?;
            let message = message(&kind, &form, sample);
            Some((kind, message))
        })
        .collect()
}

/// Every [`command::Command`]. Clients may add fields: what is not known is ignored.
fn client_messages(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let plain = json!({ "content": "Hello, everyone!" });
    let verbs = [
        (
            "send",
            command::Send::json_schema(schemas).to_value(),
            json!({
                "type": "send", "room_id": 1, "content": "Hello, everyone!",
                "client_id": "550e8400-e29b-41d4-a716-446655440000", "ref": "7",
            }),
        ),
        (
            "subscribe",
            command::Subscribe::json_schema(schemas).to_value(),
            json!({
                "type": "subscribe", "room_id": 1, "since": 41, "epoch": SAMPLE_EPOCH, "ref": "1",
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
            "auth.refresh",
            command::Refresh::json_schema(schemas).to_value(),
            json!({
                "type": "auth.refresh", "token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c2ln",
                "ref": "4",
            }),
        ),
        (
            "watch",
            json!({
                "type": "object",
                "description": "Asks to hear of everything that concerns the user, in rooms that are \
                    not joined too. Answered with `watching`; saying it again does no harm.",
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
            "The short form of `send`, on `/ws/{room_id}`. Without `ref` and `client_id` it is \
             answered by nothing but its message."
        );
        message("plain_send", &schema, &plain)
    });
    for (verb, mut schema, sample) in verbs {
        schema["properties"]["type"] = json!({ "type": "string", "const": verb });
        schema["properties"]["ref"] =
            json!({ "type": "string", "description": "Comes back in the answer." });
        let mut required = schema["required"].as_array().cloned().unwrap_or_default();
        required.push(json!("type"));
        schema["required"] = Value::Array(required);
        // A verb's own name may be that of a frame as well.
        messages.insert(format!("client_{verb}"), message(verb, &schema, &sample));
    }
    messages
}

fn message(name: &str, schema: &Value, sample: &Value) -> Value {
    json!({
        "name": name,
        "summary": schema["description"],
        "payload": schema,
        "examples": [{ "payload": sample }],
    })
}

const SAMPLE_EPOCH: &str = "9f86d081884c7d659a2feaa0c55ad015";

/// One of each frame.
fn samples() -> Vec<ServerFrame<'static>> {
    static MESSAGE: std::sync::LazyLock<Message> = std::sync::LazyLock::new(|| Message {
        id: EventId(1),
        content: "Hello, everyone!".to_owned(),
        username: "admin".into(),
        user_id: UserId(1),
        timestamp: Timestamp(1_738_319_400_000),
        room_id: RoomId(1),
        seq: Seq(1),
        client_id: None,
        edited_at: None,
        deleted_at: None,
    });
    static CHANGE: std::sync::LazyLock<MessageChange> =
        std::sync::LazyLock::new(|| MessageChange {
            id: EventId(2),
            room_id: RoomId(1),
            seq: Seq(2),
            user_id: UserId(1),
            username: "admin".into(),
            timestamp: Timestamp(1_738_319_460_000),
            message_id: EventId(1),
            message_seq: Seq(1),
        });
    static ACTIVITY: std::sync::LazyLock<[ActivityMessage; 1]> = std::sync::LazyLock::new(|| {
        [ActivityMessage {
            seq: Seq(43),
            user_id: UserId(1),
            username: "admin".into(),
            mentions: vec!["bo".to_owned()],
        }]
    });
    let room_id = RoomId(1);
    let bo = PresenceChange {
        room_id,
        user_id: UserId(2),
        username: "bo".into(),
        timestamp: MESSAGE.timestamp,
    };
    let admin = ActiveUser { user_id: UserId(1), username: "admin".into() };
    vec![
        ServerFrame::Message(&MESSAGE),
        ServerFrame::MessageEdited { change: &CHANGE, content: "Hello, all of you!" },
        ServerFrame::MessageDeleted(&CHANGE),
        ServerFrame::UserJoined(bo.clone()),
        ServerFrame::UserLeft(bo),
        ServerFrame::ActiveUsers { room_id, users: vec![admin], count: 1 },
        ServerFrame::Ack {
            reference: Some("7"),
            client_id: None,
            room_id,
            id: EventId(1),
            seq: Seq(1),
            duplicate: false,
        },
        ServerFrame::Synced { reference: None, room_id, head_seq: Seq(1), epoch: SAMPLE_EPOCH },
        ServerFrame::Unsubscribed { reference: Some("2"), room_id },
        ServerFrame::Watching { reference: Some("6"), epoch: SAMPLE_EPOCH },
        ServerFrame::RoomCreated {
            room: RoomCard {
                id: room_id,
                name: "general",
                description: Some("Everything and nothing"),
                created_by: UserId(1),
                created_at: MESSAGE.timestamp,
                head_seq: Seq(0),
                active_users: 0,
                archived_at: None,
                revision: 0,
            },
        },
        ServerFrame::RoomActivity {
            room_id,
            head_seq: Seq(44),
            messages: &*ACTIVITY,
            deleted: &[Seq(40)],
            truncated: false,
        },
        ServerFrame::RoomUpdated {
            room_id,
            name: "lobby",
            description: Some("Everything and nothing"),
            revision: 1,
            archived_at: None,
        },
        ServerFrame::Read { reference: Some("5"), room_id, seq: Seq(42) },
        ServerFrame::RoomDeleted { room_id },
        ServerFrame::Typing { room_id, user_id: UserId(2), username: "bo".into() },
        ServerFrame::Pong { reference: Some("3") },
        ServerFrame::AuthRefreshed { reference: Some("4"), expires_at: MESSAGE.timestamp },
        ServerFrame::AuthExpiring { expires_at: MESSAGE.timestamp },
        ServerFrame::Error {
            code: "unknown_type",
            detail: "there is no message of type \"dance\"".to_owned(),
            reference: Some("7"),
            room_id: None,
            retry_after: None,
        },
    ]
}

/// The page at `/docs/socket`: the same document for people, without script.
pub fn page() -> String {
    let document = document();
    let mut page = String::from(PAGE_HEAD);
    for paragraph in DESCRIPTION.split("\n\n") {
        paragraph_to_html(&mut page, paragraph);
    }
    let messages = document["components"]["messages"].as_object().cloned().unwrap_or_default();
    let is_of_client = |name: &str| name == "plain_send" || name.starts_with("client_");
    for (title, of_client) in [("Client to server", true), ("Server to client", false)] {
        let _ = write!(page, "<h2>{title}</h2>");
        for message in
            messages.iter().filter(|(name, _)| is_of_client(name) == of_client).map(|(_, it)| it)
        {
            let name = message["name"].as_str().unwrap_or_default();
            let _ = write!(page, "<h3><code>{}</code></h3>", escape(name));
            paragraph_to_html(&mut page, message["summary"].as_str().unwrap_or_default());
            let sample = message["examples"][0]["payload"].to_string();
            let _ = write!(page, "<pre><code>{}</code></pre>", escape(&sample));
            fields_to_html(&mut page, &document, &message["payload"]);
        }
    }
    page.push_str("<h2>Close codes</h2><table><thead><tr><th>Code<th>Meaning<th>What to do<tbody>");
    for code in CloseCode::ALL {
        let _ = write!(
            page,
            "<tr><td>{}<td>{}<td>{}",
            code.number(),
            escape(code.reason()),
            escape(code.advice())
        );
    }
    page.push_str("</table></main></html>");
    page
}

const PAGE_HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
<meta name=viewport content=\"width=device-width\"><title>chatapp socket</title><style>\
body{font:16px/1.5 system-ui,sans-serif;margin:2rem;color-scheme:light dark}main{max-width:46rem;\
margin:auto}pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:.6rem;background:#8882;border-radius:4px}\
td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}td p{margin:0}</style><main>\
<h1>The socket</h1><p>The same as a document for programs: <a href=/asyncapi.json>asyncapi.json</a>. \
The HTTP API: <a href=/docs>docs</a>.</p>";

/// Adds a table of the fields that have something to be said about them.
fn fields_to_html(page: &mut String, document: &Value, payload: &Value) {
    let referred =
        payload["$ref"].as_str().and_then(|path| document.pointer(path.strip_prefix('#')?));
    let described: Vec<(&String, &str)> = [Some(payload), referred]
        .into_iter()
        .flatten()
        .filter_map(|schema| schema["properties"].as_object())
        .flatten()
        .filter_map(|(name, field)| Some((name, field["description"].as_str()?)))
        .collect();
    if described.is_empty() {
        return;
    }
    page.push_str("<table>");
    for (name, description) in described {
        let _ = write!(page, "<tr><td><code>{}</code><td>", escape(name));
        paragraph_to_html(page, description);
    }
    page.push_str("</table>");
}

/// Adds a paragraph in which `…` marks code.
fn paragraph_to_html(page: &mut String, text: &str) {
    page.push_str("<p>");
    for (i, part) in text.split('`').enumerate() {
        let part = escape(part);
        let _ =
            if i % 2 == 0 { write!(page, "{part}") } else { write!(page, "<code>{part}</code>") };
    }
    page.push_str("</p>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ws::command::ClientFrame;

    #[test]
    fn every_frame_is_described_with_a_sample() {
        let document = document();
        let described: BTreeSet<&str> = document["components"]["messages"]
            .as_object()
            .unwrap()
            .values()
            .filter_map(|message| message["payload"]["properties"]["type"]["const"].as_str())
            .collect();
        let forms =
            schemars::schema_for!(ServerFrame).to_value()["oneOf"].as_array().unwrap().len();
        assert_eq!(samples().len(), forms, "a frame without a sample is left out of the document");
        for sample in samples() {
            let sample = serde_json::to_value(&sample).unwrap();
            assert!(described.contains(sample["type"].as_str().unwrap()), "{sample}");
        }
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
