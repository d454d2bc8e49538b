//! The frames that clients send.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};

use crate::chat::Error;
use crate::model::json_keys::{Keys, UniqueKeys};
use crate::model::{EventId, Metadata, RoomId, Seq};

/// A frame from a client, and the `ref` of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientFrame {
    /// The `ref` that the answer repeats; `None`: the frame has no `ref`.
    pub reference: Option<String>,
    /// The frame without its `ref`.
    pub command: Command,
}

/// The frames from clients, by their `type`. A frame without `type` is a [`Send`].
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Send { send: Send, has_type: bool },
    Subscribe(Subscribe),
    Unsubscribe(Unsubscribe),
    Typing(Typing),
    Read(Read),
    React(React),
    Refresh(Refresh),
    Presence(Presence),
    Watch,
    Ping,
}

/// Sends a message to a room.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Send {
    /// The room; may be left out on `/ws/{room_id}`.
    pub room_id: Option<RoomId>,
    pub content: String,
    /// The sender's own id of the message, unique per room and sender for ever. A message that is
    /// sent again with the same id is not stored again: the answer is that of the original, with
    /// `duplicate`.
    pub client_id: Option<String>,
    /// The id of a message: this one is a reply in its thread, and is shown only there.
    pub thread_id: Option<EventId>,
    /// Whether a reply is shown in the room too.
    #[serde(default)]
    pub also_to_room: bool,
    /// The id of a message of the room that this one quotes.
    pub quote_of: Option<EventId>,
    /// The sender's own data on the message, at most 4 KiB as compact JSON.
    pub metadata: Option<Metadata>,
}

/// Adds a reaction to a message, or takes it back, like `PUT` and `DELETE` of
/// `/rooms/{room_id}/messages/{message_id}/reactions/{emoji}`. It is answered by `reacted` if it has a `ref`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct React {
    /// The room; may be left out on `/ws/{room_id}`.
    pub room_id: Option<RoomId>,
    /// The message.
    pub message_id: EventId,
    /// An emoji of Unicode, or its short name such as `:tada:`.
    pub emoji: String,
    /// Whether the reaction is taken back.
    #[serde(default)]
    pub remove: bool,
}

/// Joins a room. The answer is `active_users`, the missed events and `synced`; then come new
/// events.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Subscribe {
    /// The room to join.
    pub room_id: RoomId,
    /// Everything after this seq is sent first.
    pub since: Option<Seq>,
    /// The epoch that `since` belongs to, from `synced`.
    pub epoch: Option<String>,
    /// Without `since`: the newest messages, this number of them, are sent first with the events among them; 0 if left
    /// out.
    pub history: Option<u32>,
}

/// Leaves a room.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Unsubscribe {
    pub room_id: RoomId,
}

/// Notifies the other members of the room that the user is typing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Typing {
    /// The room; may be left out on `/ws/{room_id}`.
    pub room_id: Option<RoomId>,
}

/// Stores that the user has read a room up to a position, like `PUT /rooms/{room_id}/read`. It is
/// answered if it has a `ref`. The user's other connections in the room get a `read` frame.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Read {
    /// The room; may be left out on `/ws/{room_id}`.
    pub room_id: Option<RoomId>,
    /// The `seq` of the last event that was read.
    pub seq: Seq,
}

/// Replaces the connection's token by a new token of the same user, from `POST /auth/refresh` or a
/// new login, so that the connection outlives the token that it began with.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Refresh {
    pub token: String,
}

/// Says whether the user is at the client. A user whose clients are all away is shown as `away`. There is no
/// answer; a new connection is not away.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Presence {
    pub state: PresenceState,
}

/// A frame without fields of its own.
#[derive(Deserialize)]
struct Nothing {}

/// Whether the user is at the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PresenceState {
    Online,
    Away,
}

/// The fields that every frame may have. A frame with a duplicate key is refused.
#[derive(Default)]
struct Envelope {
    kind: Option<String>,
    reference: Option<String>,
}

struct EnvelopeVisitor;

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
        let (mut envelope, mut keys) = (Envelope::default(), Keys::default());
        while let Some(key) = keys.next(&mut map)? {
            match &*key {
                "type" => envelope.kind = map.next_value()?,
                "ref" => envelope.reference = map.next_value()?,
                _ => {
                    map.next_value::<UniqueKeys>()?;
                }
            }
        }
        Ok(envelope)
    }
}

impl ClientFrame {
    /// Parses a text frame.
    ///
    /// # Errors
    /// The error, and the `ref` of the frame if it could be read.
    pub fn parse(text: &str) -> Result<Self, (Option<String>, Error)> {
        // RFC 8259 §8.1: a byte order mark may be ignored.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // serde would accept an array as the fields in their order.
        if text.trim_ascii_start().starts_with('[') {
            return Err((None, Error::MalformedJson("a frame is an object, not a list".into())));
        }
        let Envelope { kind, reference } =
            serde_json::from_str(text).map_err(|error| (None, malformed(&error)))?;
        let command = match kind.as_deref() {
            // The original contract ignores other fields.
            None => plain(text).map(|send| Command::Send { send, has_type: false }),
            Some("send") => body(text).map(|send| Command::Send { send, has_type: true }),
            Some("subscribe") => body(text).map(Command::Subscribe),
            Some("unsubscribe") => body(text).map(Command::Unsubscribe),
            Some("typing") => body(text).map(Command::Typing),
            Some("read") => body(text).map(Command::Read),
            Some("react") => body(text).map(Command::React),
            Some("auth.refresh") => body(text).map(Command::Refresh),
            Some("presence") => body(text).map(Command::Presence),
            Some("watch") => body(text).map(|Nothing {}| Command::Watch),
            Some("ping") => body(text).map(|Nothing {}| Command::Ping),
            Some(other) => Err(Error::UnknownType(other.chars().take(40).collect())),
        };
        match command {
            Ok(command) => Ok(Self { reference, command }),
            Err(error) => Err((reference, error)),
        }
    }
}

fn plain<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| malformed(&error))
}

/// Refuses a field that `T` does not have: a message with a misspelt `thread_id` would be shown to the whole room.
fn body<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let mut unknown = None;
    let mut note = |path: serde_ignored::Path<'_>| {
        let name = path.to_string();
        if !matches!(name.as_str(), "type" | "ref") {
            unknown.get_or_insert(name);
        }
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let body =
        serde_ignored::deserialize(&mut json, &mut note).map_err(|error| malformed(&error))?;
    match unknown {
        Some(name) => {
            let name: String = name.chars().take(40).collect();
            Err(Error::field(&name, "is not a field of this frame: see /asyncapi.json"))
        }
        None => Ok(body),
    }
}

fn malformed(error: &serde_json::Error) -> Error {
    Error::MalformedJson(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ErrorCode;

    #[test]
    fn the_plain_form_is_a_send() {
        let frame = ClientFrame::parse(r#"{"content":"Hello, everyone!"}"#).unwrap();
        assert_eq!(frame.reference, None);
        let Command::Send { send, has_type: false } = frame.command else { panic!() };
        assert_eq!(send.content, "Hello, everyone!");
    }

    #[test]
    fn an_error_of_the_parser_has_the_ref() {
        let error = |text| ClientFrame::parse(text).unwrap_err();
        assert_eq!(error("nonsense").0, None);
        assert_eq!(error("nonsense").1.code(), ErrorCode::MalformedJson);
        assert_eq!(error(r#" ["ping","7"]"#), (None, error("[]").1));
        assert!(error("[]").1.to_string().contains("not a list"));
        let (reference, unknown) = error(r#"{"type":"dance","ref":"7"}"#);
        assert_eq!((reference.as_deref(), unknown.code()), (Some("7"), ErrorCode::UnknownType));
        let (reference, missing) = error(r#"{"type":"send","ref":"8"}"#);
        assert_eq!(reference.as_deref(), Some("8"));
        assert!(missing.to_string().contains("missing field `content`"), "{missing}");
        for misspelt in [
            r#"{"type":"send","ref":"9","content":"x","threadId":1}"#,
            r#"{"type":"ping","ref":"9","threadId":1}"#,
        ] {
            let (reference, unknown) = error(misspelt);
            let Error::InvalidFields(fields) = unknown else { panic!("{unknown}") };
            assert_eq!((reference.as_deref(), fields[0].field.as_str()), (Some("9"), "threadId"));
        }
        ClientFrame::parse(r#"{"content":"x","room":"general"}"#).unwrap();
        for twice in [
            r#"{"content":"a","content":"b"}"#,
            r#"{"content":"a","x":{"y":1,"y":1}}"#,
            r#"{"type":"ping","type":"ping"}"#,
        ] {
            assert!(error(twice).1.to_string().contains("duplicate field"), "{twice}");
        }
    }
}
