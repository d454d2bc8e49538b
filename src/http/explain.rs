//! Finds what is wrong with a body or a parameter, from the schema that is published.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::chat::{Error, FieldError};
use crate::model::Timestamp;

/// Every field of a body that does not fit the schema of `T`: missing, unknown or of another
/// type.
pub(super) fn faults<T: Type>(body: &Value) -> Vec<FieldError> {
    let mut registry = Registry::new();
    let schema = registry.create_fake_schema::<T>();
    match body {
        Value::Object(body) => faults_of_object("", body, &schema, &registry),
        _ => vec![FieldError::new("body", "must be a JSON object")],
    }
}

/// The same of an object, whose fields are named after `prefix`.
fn faults_of_object(
    prefix: &str,
    body: &Map<String, Value>,
    schema: &MetaSchema,
    registry: &Registry,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (name, property) in &schema.properties {
        let path = format!("{prefix}{name}");
        match body.get(*name) {
            None | Some(Value::Null) if schema.required.contains(name) => {
                errors.push(FieldError::new(&path, "is required"));
            }
            None | Some(Value::Null) => {}
            Some(value) => match (value, resolve(property, registry)) {
                (Value::Object(body), Some(schema)) if !schema.properties.is_empty() => {
                    errors.extend(faults_of_object(&format!("{path}."), body, schema, registry));
                }
                (value, schema) => {
                    errors.extend(fault(value, schema).map(|text| FieldError::new(&path, text)));
                }
            },
        }
    }
    let known: Vec<&str> = schema.properties.iter().map(|(name, _)| *name).collect();
    for name in body.keys().filter(|name| !known.contains(&name.as_str())) {
        let message = format!("is not a field here; those are {}", known.join(", "));
        errors.push(FieldError::new(&format!("{prefix}{name}"), message));
    }
    errors
}

/// Whether a field may have been parsed wrongly: poem-openapi accepts a number or a boolean as a
/// string.
pub(super) fn is_doubtful(body: &Value) -> bool {
    match body {
        Value::Object(fields) => fields.values().any(is_doubtful),
        Value::Number(_) | Value::Bool(_) => true,
        Value::Null | Value::String(_) | Value::Array(_) => false,
    }
}

/// A parameter that is missing or of another type than `T`.
pub(super) fn parameter<T: Type>(name: &str) -> Problem {
    let mut registry = Registry::new();
    T::register(&mut registry);
    let message = match resolve(&T::schema_ref(), &registry) {
        Some(schema) if !schema.enum_items.is_empty() => one_of(schema),
        Some(schema) if schema.ty == "integer" => "must be an integer".to_owned(),
        Some(schema) if schema.ty == "boolean" => "must be true or false".to_owned(),
        Some(schema) if schema.format == Some("date-time") => A_TIME.to_owned(),
        _ => "must be given".to_owned(),
    };
    Error::field(name, message).into()
}

const A_TIME: &str = "must be a time with its zone, such as 2026-01-31T10:30:00Z";

fn one_of(schema: &MetaSchema) -> String {
    let words: Vec<String> = schema.enum_items.iter().map(Value::to_string).collect();
    format!("must be one of {}", words.join(", "))
}

fn fault(value: &Value, schema: Option<&MetaSchema>) -> Option<String> {
    let schema = schema?;
    if !schema.enum_items.is_empty() {
        return (!schema.enum_items.contains(value)).then(|| one_of(schema));
    }
    if schema.format == Some("date-time") {
        let is_time = serde_json::from_value::<Timestamp>(value.clone()).is_ok();
        return (!is_time).then(|| A_TIME.to_owned());
    }
    let (fits, kind) = match schema.ty {
        "string" => (value.is_string(), "a string"),
        "integer" => (value.is_i64() || value.is_u64(), "an integer"),
        "number" => (value.is_number(), "a number"),
        "boolean" => (value.is_boolean(), "true or false"),
        "array" => (value.is_array(), "an array"),
        "object" => (value.is_object(), "an object"),
        _ => return None,
    };
    (!fits).then(|| format!("must be {kind}"))
}

/// The schema behind a reference, or behind a reference with a description.
fn resolve<'a>(schema: &'a MetaSchemaRef, registry: &'a Registry) -> Option<&'a MetaSchema> {
    match schema {
        MetaSchemaRef::Reference(name) => registry.schemas.get(name),
        MetaSchemaRef::Inline(inline) => match inline.all_of.first() {
            Some(first) => resolve(first, registry),
            None => Some(inline),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::dto::SignupRequest;
    use super::*;

    fn found(body: Value) -> Vec<(String, String)> {
        faults::<SignupRequest>(&body).into_iter().map(|e| (e.field, e.message)).collect()
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let errors = found(json!({
            "username": 7, "email": null, "role": "root", "admin": true, "password": "x",
        }));
        let fields: Vec<&str> = errors.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["username", "email", "role", "admin"]);
        assert_eq!(errors[0].1, "must be a string");
        assert_eq!(errors[1].1, "is required");
        assert_eq!(errors[2].1, r#"must be one of "user", "admin""#);
        assert!(errors[3].1.starts_with("is not a field here"));
    }

    #[test]
    fn a_body_that_is_not_an_object_is_reported_as_such() {
        for body in [json!([]), json!("x"), json!(null), json!(1)] {
            assert_eq!(found(body)[0].0, "body");
        }
    }
}
