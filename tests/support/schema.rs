//! The schema that a server publishes for its frames, and the check that a frame fits it.

use std::collections::HashMap;

use jsonschema::Validator;
use serde_json::{Value, json};

/// The schemas of the frames that one server may send, by their `type`.
pub struct FrameSchema {
    by_type: HashMap<String, Validator>,
}

impl FrameSchema {
    /// Reads an AsyncAPI 3 document: the messages of every operation with the action `send`.
    pub fn from_asyncapi(document: &Value) -> Self {
        let operations = document["operations"].as_object().expect("/asyncapi.json has operations");
        let sends = operations.values().filter(|operation| operation["action"] == "send");
        let messages = sends.flat_map(|send| send["messages"].as_array().expect("messages"));
        let mut by_type = HashMap::new();
        for message in messages {
            let payload = format!("{}/payload", resolve(document, message));
            let frame_type = resolve_value(document, &payload)["properties"]["type"]["const"]
                .as_str()
                .unwrap_or_else(|| panic!("{payload} does not fix its `type`"));
            by_type.entry(frame_type.to_owned()).or_insert_with(|| validator(document, &payload));
        }
        assert!(!by_type.is_empty(), "/asyncapi.json names no frame that the server sends");
        Self { by_type }
    }

    /// Fails the test unless the frame fits the published schema of its type.
    pub fn check(&self, frame: &Value) {
        let frame_type = frame["type"].as_str().unwrap_or_else(|| panic!("no `type` in {frame}"));
        // Tests invent kinds of event with this prefix, to stand for the kinds of a newer server.
        if frame_type.starts_with("x_") {
            return;
        }
        let form = self.by_type.get(frame_type).unwrap_or_else(|| {
            panic!("/asyncapi.json does not say that the server sends {frame}");
        });
        let faults: Vec<String> = form
            .iter_errors(frame)
            .map(|fault| format!("\n  at `{}`: {fault}", fault.instance_path()))
            .collect();
        assert!(
            faults.is_empty(),
            "a frame does not fit /asyncapi.json: {frame}{}",
            faults.concat()
        );
    }
}

/// Returns a check against the schema at this pointer in the document. References in the schema point
/// into the document, so the check has a copy of the whole document. A field that the schema does not
/// describe is a fault: the document must describe every field that a client receives.
fn validator(document: &Value, pointer: &str) -> Validator {
    let mut schema = document.clone();
    schema["$ref"] = json!(pointer);
    schema["unevaluatedProperties"] = json!(false);
    jsonschema::validator_for(&schema)
        .unwrap_or_else(|error| panic!("{pointer} is not a schema: {error}"))
}

/// Follows references to references, and returns the last pointer.
fn resolve(document: &Value, reference: &Value) -> String {
    let pointer = reference["$ref"].as_str().expect("a reference");
    match resolve_value(document, pointer) {
        value if value["$ref"].is_string() => resolve(document, value),
        _ => pointer.to_owned(),
    }
}

/// Returns the value at a pointer of the form `#/a/b` (RFC 6901).
fn resolve_value<'a>(document: &'a Value, pointer: &str) -> &'a Value {
    let path = pointer.strip_prefix('#');
    path.and_then(|path| document.pointer(path))
        .unwrap_or_else(|| panic!("/asyncapi.json has nothing at {pointer}"))
}
