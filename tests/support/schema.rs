//! The schema a server publishes for its frames, and whether a frame fits it.

use std::collections::HashMap;

use jsonschema::Validator;
use serde_json::{Value, json};

/// The frames that one server may send, by their `type`.
pub struct FrameSchema {
    by_type: HashMap<String, Validator>,
}

impl FrameSchema {
    /// Reads an AsyncAPI 3 document: the messages of every operation by which the server sends.
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

    /// Fails the test unless the frame fits the published form of its type.
    pub fn check(&self, frame: &Value) {
        let frame_type = frame["type"].as_str().unwrap_or_else(|| panic!("no `type` in {frame}"));
        // Events of kinds that tests invent, as a newer server would.
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

/// A check against one schema of the document, by its pointer. References in it point into the
/// document, so all of it goes along. Fields that it does not describe are faults: a reader of the
/// document must not meet any.
fn validator(document: &Value, pointer: &str) -> Validator {
    let mut schema = document.clone();
    schema["$ref"] = json!(pointer);
    schema["unevaluatedProperties"] = json!(false);
    jsonschema::validator_for(&schema)
        .unwrap_or_else(|error| panic!("{pointer} is not a schema: {error}"))
}

/// Follows references to references, and returns the pointer of what is meant in the end.
fn resolve(document: &Value, reference: &Value) -> String {
    let pointer = reference["$ref"].as_str().expect("a reference");
    match resolve_value(document, pointer) {
        value if value["$ref"].is_string() => resolve(document, value),
        _ => pointer.to_owned(),
    }
}

/// What a pointer of the form `#/a/b` (RFC 6901) points at.
fn resolve_value<'a>(document: &'a Value, pointer: &str) -> &'a Value {
    let path = pointer.strip_prefix('#');
    path.and_then(|path| document.pointer(path))
        .unwrap_or_else(|| panic!("/asyncapi.json has nothing at {pointer}"))
}
