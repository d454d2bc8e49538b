//! The rules of a product's own data on users, rooms and messages.

use serde_json::{Map, Value};

use super::{Error, FieldError, Result};
use crate::model::{Metadata, MetadataQuery};

/// Checks data to be stored. An empty object is no data.
pub(super) fn check(data: Option<Metadata>, errors: &mut Vec<FieldError>) -> Option<Metadata> {
    let data = data.filter(|data| !data.0.is_empty())?;
    if let Some(fault) = fault(&data) {
        errors.push(FieldError::new("metadata", fault));
    }
    Some(data)
}

/// The same for one field alone.
///
/// # Errors
/// [`Error::InvalidFields`].
pub(super) fn checked(data: Option<Metadata>) -> Result<Option<Metadata>> {
    let mut errors = Vec::new();
    let data = check(data, &mut errors);
    if errors.is_empty() { Ok(data) } else { Err(Error::InvalidFields(errors)) }
}

/// Checks what is looked for: the parameters `metadata_key` and `metadata_value`.
///
/// # Errors
/// [`Error::InvalidFields`].
pub(super) fn check_query(query: Option<&MetadataQuery>) -> Result<()> {
    let Some(MetadataQuery { key, value }) = query else { return Ok(()) };
    let mut errors = Vec::new();
    errors.extend(fault_of_key(key).map(|fault| FieldError::new("metadata_key", fault)));
    if let Some(value) = value {
        if value.chars().count() > Metadata::MAX_FOUND_CHARS {
            let message = format!("must have at most {} characters", Metadata::MAX_FOUND_CHARS);
            errors.push(FieldError::new("metadata_value", message));
        } else if value.contains('\0') {
            errors.push(FieldError::new("metadata_value", NO_NUL));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::InvalidFields(errors)) }
}

const NO_NUL: &str = "must not contain the character NUL";

fn fault(Metadata(map): &Metadata) -> Option<String> {
    if map.len() > Metadata::MAX_KEYS {
        return Some(format!("must have at most {} keys", Metadata::MAX_KEYS));
    }
    if let Some(fault) = map.keys().find_map(|key| fault_of_key(key)) {
        return Some(format!("has a key that is not acceptable: it {fault}"));
    }
    // Before anything else walks through the levels.
    if depth(map) > Metadata::MAX_DEPTH {
        return Some(format!("must have at most {} levels", Metadata::MAX_DEPTH));
    }
    if map.iter().any(|(key, value)| key.contains('\0') || has_nul(value)) {
        return Some(NO_NUL.to_owned());
    }
    let bytes = serde_json::to_string(map).map_or(usize::MAX, |text| text.len());
    (bytes > Metadata::MAX_BYTES)
        .then(|| format!("must have at most {} bytes as compact JSON", Metadata::MAX_BYTES))
}

fn fault_of_key(key: &str) -> Option<String> {
    let chars = key.chars().count();
    if !(1..=Metadata::MAX_KEY_CHARS).contains(&chars) {
        return Some(format!("must have 1 to {} characters", Metadata::MAX_KEY_CHARS));
    }
    key.contains('\0').then(|| NO_NUL.to_owned())
}

/// The number of levels. The parser of requests allows no more than 128.
fn depth(map: &Map<String, Value>) -> usize {
    1 + map.values().map(depth_of).max().unwrap_or(0)
}

fn depth_of(value: &Value) -> usize {
    match value {
        Value::Object(map) => depth(map),
        Value::Array(list) => 1 + list.iter().map(depth_of).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// PostgreSQL cannot read such a text as JSON.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => list.iter().any(has_nul),
        Value::Object(map) => map.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(value: &Value) -> usize {
        let mut errors = Vec::new();
        check(serde_json::from_value(value.clone()).unwrap(), &mut errors);
        errors.len()
    }

    #[test]
    fn the_limits_of_metadata() {
        let keys = |count: usize| -> Value {
            Value::Object((0..count).map(|i| (format!("k{i}"), json!(i))).collect())
        };
        let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        // `{"k":""}` has eight bytes.
        for good in [
            json!({}),
            json!({ "order_id": 42, "tags": ["a", null, { "": 1.5 }] }),
            keys(32),
            json!({ "ä".repeat(64): 1 }),
            json!({ "k": "x".repeat(4_088) }),
            json!({ "k": nested(31) }),
        ] {
            assert_eq!(faults(&good), 0, "{good}");
        }
        for bad in [
            keys(33),
            json!({ "": 1 }),
            json!({ "ä".repeat(65): 1 }),
            json!({ "a\0": 1 }),
            json!({ "k": [{ "x": "\0" }] }),
            json!({ "k": { "\0": 1 } }),
            json!({ "k": "x".repeat(4_089) }),
            json!({ "k": nested(32) }),
            json!({ "k": nested(100) }),
        ] {
            assert_eq!(faults(&bad), 1, "{bad}");
        }
    }

    #[test]
    fn the_limits_of_what_is_looked_for() {
        let query = |key: &str, value: Option<&str>| MetadataQuery {
            key: key.to_owned(),
            value: value.map(str::to_owned),
        };
        let longest = "ä".repeat(256);
        for good in [query("k", None), query(&"k".repeat(64), Some("")), query("k", Some(&longest))]
        {
            assert_eq!(check_query(Some(&good)), Ok(()), "{good:?}");
        }
        let too_long = "x".repeat(257);
        for bad in [
            query("", None),
            query(&"k".repeat(65), None),
            query("\0", None),
            query("k", Some("\0")),
            query("k", Some(&too_long)),
        ] {
            assert!(check_query(Some(&bad)).is_err(), "{bad:?}");
        }
    }
}
