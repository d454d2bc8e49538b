//! A product's own data on users, rooms and messages, and finding them by it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

/// A product's own data: a JSON object that is not empty. The server keeps it and does not look at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend(
    "maxProperties" = Self::MAX_KEYS,
    "examples" = [{ "order_id": 42, "plan": "pro" }],
    "propertyNames" = { "minLength": 1, "maxLength": Self::MAX_KEY_CHARS }
))]
pub struct Metadata(pub Map<String, Value>);

impl Metadata {
    /// The most keys.
    pub const MAX_KEYS: usize = 32;
    /// The most characters of a key.
    pub const MAX_KEY_CHARS: usize = 64;
    /// The most bytes of the data as compact JSON.
    pub const MAX_BYTES: usize = 4 * 1024;
    /// The most levels of objects and arrays, with the data itself. Parsers of JSON have such limits too.
    pub const MAX_DEPTH: usize = 32;
    /// Texts with more characters are kept, and cannot be searched for: the index of a database takes no longer ones.
    pub const MAX_FOUND_CHARS: usize = 256;

    /// Reads the text of a database. `None`: there is no data.
    pub(crate) fn from_stored(text: Option<&str>) -> Option<Self> {
        let data: Self = serde_json::from_str(text?).ok()?;
        (!data.0.is_empty()).then_some(data)
    }

    /// The text that a database stores: compact JSON.
    pub(crate) fn to_stored(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// The keys, and what each of them is found by besides its name: a text, a number or a truth value, as text.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&str, Option<String>)> {
        self.0.iter().map(|(key, value)| (key.as_str(), found_by(value)))
    }
}

fn found_by(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.chars().count() <= Metadata::MAX_FOUND_CHARS => {
            Some(text.clone())
        }
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What is looked for in metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataQuery {
    /// The key that must be there.
    pub key: String,
    /// The key's value, as text; `None`: any value.
    pub value: Option<String>,
}

/// Serialises a change of metadata as `true`. An entry of the audit log can never be erased, so it says only that the
/// metadata was changed.
pub(super) fn only_that_it_changed<S: Serializer>(
    _: &Option<Option<Metadata>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata(value: Value) -> Metadata {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn only_plain_values_are_found() {
        let data = metadata(json!({
            "text": "a b", "int": 42, "float": 1.5, "bool": true, "null": null, "list": [1], "object": {},
            "long": "x".repeat(257), "longest": "ä".repeat(256),
        }));
        let found: Vec<_> = data.keys().collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            found[..4],
            [
                ("text", text("a b")),
                ("int", text("42")),
                ("float", text("1.5")),
                ("bool", text("true")),
            ]
        );
        assert!(found[4..8].iter().all(|(_, value)| value.is_none()), "{found:?}");
        assert_eq!(found[8].1, Some("ä".repeat(256)));
    }

    #[test]
    fn what_is_stored_reads_back_in_its_order() {
        let data = metadata(json!({ "b": [1, { "x": null }], "a": "\"ü\"" }));
        let stored = data.to_stored();
        assert_eq!(stored, r#"{"b":[1,{"x":null}],"a":"\"ü\""}"#);
        assert_eq!(Metadata::from_stored(Some(&stored)), Some(data));
        for none in [None, Some("{}"), Some("[]"), Some("null"), Some("nonsense")] {
            assert_eq!(Metadata::from_stored(none), None);
        }
    }
}
