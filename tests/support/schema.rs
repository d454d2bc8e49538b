//! The schema a server publishes for its frames, and whether a frame fits it.

use std::collections::HashMap;

use jsonschema::Validator;
use serde_json::{Value, json};

/// The frames of one server, by their `type`. A type may have several forms.
pub struct FrameSchema {
    by_type: HashMap<String, Vec<Validator>>,
}

impl FrameSchema {
    /// Reads an AsyncAPI document: every entry of `components/messages` whose payload fixes the
    /// value of `type`.
    pub fn from_asyncapi(document: &Value) -> Self {
        let messages = document["components"]["messages"]
            .as_object()
            .expect("/asyncapi.json has components/messages");
        let mut by_type: HashMap<String, Vec<Validator>> = HashMap::new();
        for (name, message) in messages {
            let Some(frame_type) = fixed_type(document, &message["payload"]) else { continue };
            // References inside the payload point into the document, so all of it goes along.
            let mut schema = document.clone();
            schema["$ref"] =
                json!(format!("#/components/messages/{}/payload", pointer_token(name)));
            let validator = jsonschema::validator_for(&schema)
                .unwrap_or_else(|error| panic!("the schema of `{name}` is not one: {error}"));
            by_type.entry(frame_type).or_default().push(validator);
        }
        assert!(!by_type.is_empty(), "/asyncapi.json names no frame with a fixed `type`");
        Self { by_type }
    }

    /// Fails the test unless the frame fits a published form of its type.
    pub fn check(&self, frame: &Value) {
        let frame_type = frame["type"].as_str().unwrap_or_else(|| panic!("no `type` in {frame}"));
        let forms = self.by_type.get(frame_type).unwrap_or_else(|| {
            panic!("/asyncapi.json does not know the type `{frame_type}` of {frame}")
        });
        if forms.iter().any(|form| form.is_valid(frame)) {
            return;
        }
        let faults: Vec<String> = forms
            .iter()
            .flat_map(|form| form.iter_errors(frame))
            .map(|fault| format!("{} at `{}`", fault, fault.instance_path()))
            .collect();
        panic!("a frame does not fit /asyncapi.json: {frame}\n  {}", faults.join("\n  "));
    }
}

/// The one value that a payload allows for `type`, if it is an object that fixes it.
fn fixed_type(document: &Value, payload: &Value) -> Option<String> {
    let property = &payload["properties"]["type"];
    if let Some(value) = property["const"].as_str().or(property["enum"][0].as_str()) {
        return Some(value.to_owned());
    }
    let reference = payload["$ref"].as_str()?.strip_prefix('#')?;
    fixed_type(document, document.pointer(reference)?)
}

/// A key as one step of a JSON pointer (RFC 6901, section 3).
fn pointer_token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
