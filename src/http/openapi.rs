//! The OpenAPI document, and the facts about paths that come from the same table.

use std::collections::HashMap;

use poem_openapi::{
    ContactObject, ExternalDocumentObject, LicenseObject, OpenApi, OpenApiService, ServerObject,
};
use serde_json::{Value, json};

use super::watch::PLAIN_TEXT;
use super::{Api, api, problem};
use crate::chat;
use crate::config;
use crate::metrics;
use crate::model::{ErrorCode, Metadata};

const DESCRIPTION: &str = "\
A chat backend: rooms, messages that are never lost, and live delivery.\n\
\n\
Sign in with `POST /auth/login` and send the `access_token` as `Authorization: Bearer …`. \
Live delivery is on the WebSocket `/ws/{room_id}`: see its [guide](/docs/socket) and its \
[AsyncAPI document](/asyncapi.json).\n\
\n\
A slash at the end of a path does not count: `/rooms` and `/rooms/` are the same. A path with two \
slashes in a row is not found.\n\
\n\
Every error is a problem document (RFC 9457) with a stable `code`; `x-error-codes` lists them. A temporary \
error has `retry_after`, the seconds after which the client may retry, and the header `Retry-After`. Unknown fields of a body are \
refused, unknown parameters of a query are ignored; a JSON object must not have a duplicate key. Only what \
webhooks are sent (`POST /hooks/{token}`) may have both. Clients must ignore fields of an answer that \
they do not know.";

/// The document as it is published.
pub fn document() -> Value {
    let mut document: Value = serde_json::from_str(&service().spec()).unwrap_or_default();
    for (name, schema) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        if name.ends_with("Request") {
            schema["additionalProperties"] = false.into();
        }
    }
    let schemas = &mut document["components"]["schemas"];
    mend_references(schemas);
    for (schema, field, limits) in limits() {
        let property = &mut schemas[schema]["properties"][field];
        if let (Some(property), Value::Object(limits)) = (property.as_object_mut(), limits) {
            property.extend(limits);
        }
    }
    limit_parameters(&mut document["paths"]);
    let schemas = &mut document["components"]["schemas"];
    schemas["ErrorCode"] = json!({
        "type": "string",
        "title": "ErrorCode",
        "description": "Why a request was not carried out. Later versions may have more: see `x-error-codes`.",
        "enum": ErrorCode::ALL.to_vec(),
    });
    // Clients that are generated from a bare reference would break at the code of a later version.
    schemas["Problem"]["properties"]["code"] = json!({
        "description": "The stable word for programs. A later version may send another one.",
        "anyOf": [{ "$ref": "#/components/schemas/ErrorCode" }, { "type": "string" }],
    });
    let metrics = &mut document["paths"]["/metrics"]["get"]["responses"]["200"]["content"];
    metrics[PLAIN_TEXT] = metrics[metrics::CONTENT_TYPE].clone();
    document["x-error-codes"] = problem::codes();
    document
}

/// The limits of the parameters that have some in every operation, which the rules check.
fn limit_parameters(paths: &mut Value) {
    let operations = paths.as_object_mut().into_iter().flatten();
    let operations = operations.filter_map(|(_, path)| path.as_object_mut()).flatten();
    let parameters = operations.filter_map(|(_, it)| it.get_mut("parameters")?.as_array_mut());
    for parameter in parameters.flatten() {
        let limits = match parameter["name"].as_str() {
            Some("metadata_key") => json!({ "minLength": 1, "maxLength": Metadata::MAX_KEY_CHARS }),
            Some("metadata_value") => json!({ "maxLength": Metadata::MAX_FOUND_CHARS }),
            _ => continue,
        };
        if let (Some(schema), Value::Object(limits)) = (parameter["schema"].as_object_mut(), limits)
        {
            schema.extend(limits);
        }
    }
}

/// poem-openapi writes what is said beside a reference twice, as a schema of its own too, and a reference that may be
/// null in a way that allows no null.
fn mend_references(value: &mut Value) {
    if let Value::Object(schema) = value {
        let reference = match schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
            Some([reference, _]) if reference.get("$ref").is_some() => Some(reference.clone()),
            _ => None,
        };
        if let Some(reference) = reference {
            if schema.remove("nullable").is_some() {
                schema.remove("allOf");
                let nothing = json!({ "type": "string", "nullable": true, "enum": [null] });
                schema.insert("oneOf".into(), json!([reference, nothing]));
            } else {
                schema.insert("allOf".into(), json!([reference]));
            }
        }
    }
    match value {
        Value::Object(map) => map.values_mut().for_each(mend_references),
        Value::Array(list) => list.iter_mut().for_each(mend_references),
        _ => {}
    }
}

pub(super) fn service() -> OpenApiService<Api, ()> {
    OpenApiService::new(api(), env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
        .description(DESCRIPTION)
        .contact(ContactObject::new().name("The operator of this server"))
        .server(ServerObject::new("/").description("The server that this document is from"))
        .license(LicenseObject::new(env!("CARGO_PKG_LICENSE")))
        .external_document(ExternalDocumentObject::new("/docs/socket").description("The socket"))
}

/// The documented facts about a path, by the router's pattern for it.
pub(super) struct PathFacts {
    /// As the document writes it.
    pub path: String,
    /// The methods, as the header `Allow` lists them.
    pub allow: String,
}

pub(super) fn paths() -> HashMap<String, PathFacts> {
    let mut paths = HashMap::new();
    for path in Api::meta().into_iter().flat_map(|api| api.paths) {
        let mut methods: Vec<&str> =
            path.operations.iter().map(|operation| operation.method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.sort_unstable();
        let allow = methods.join(", ");
        if let Some(bare) = path.path.strip_suffix('/') {
            let facts = PathFacts { path: path.path.clone(), allow: allow.clone() };
            paths.insert(bare.to_owned(), facts);
        }
        paths.insert(pattern(&path.path), PathFacts { path: path.path, allow });
    }
    paths
}

/// The documented name of a variable of a path, to which the router's pattern gives a number.
pub(super) fn parameter_name(of_pattern: &str, numbered: &str) -> Option<String> {
    let paths = paths();
    let documented = paths.get(of_pattern)?.path.split('/');
    let (part, _) = documented
        .zip(of_pattern.split('/'))
        .find(|(_, it)| it.strip_prefix(':') == Some(numbered))?;
    Some(part.trim_matches(['{', '}']).to_owned())
}

/// The router's pattern of a path, in which poem-openapi numbers the variables.
fn pattern(path: &str) -> String {
    let mut variables = 0..;
    let parts = path.split('/').map(|part| match (part.starts_with('{'), &mut variables) {
        (true, variables) => format!(":param{}", variables.next().unwrap_or(0)),
        (false, _) => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The limits of request fields, which the rules check. Two of them are settings: the document has
/// the defaults.
fn limits() -> Vec<(&'static str, &'static str, Value)> {
    let password = json!({
        "minLength": config::Auth::default().min_password_chars,
        "maxLength": chat::MAX_PASSWORD_BYTES,
        "format": "password",
    });
    let content = json!({ "minLength": 1, "maxLength": config::Limits::default().message_chars });
    let client_id = json!({
        "minLength": 1,
        "maxLength": chat::MAX_CLIENT_ID_BYTES,
        "pattern": "^[!-~]+$",
    });
    let known_password = json!({ "maxLength": chat::MAX_PASSWORD_BYTES, "format": "password" });
    vec![
        (
            "SignupRequest",
            "username",
            json!({
                "minLength": chat::MIN_USERNAME_CHARS,
                // White space around a name is removed before its length is checked.
                "pattern": format!(
                    "^\\s*[A-Za-z0-9][A-Za-z0-9_.-]{{{},{}}}\\s*$",
                    chat::MIN_USERNAME_CHARS - 1,
                    chat::MAX_USERNAME_CHARS - 1
                ),
            }),
        ),
        (
            "SignupRequest",
            "email",
            json!({ "format": "email", "maxLength": chat::MAX_EMAIL_BYTES }),
        ),
        ("SignupRequest", "password", password.clone()),
        ("LoginRequest", "password", known_password.clone()),
        ("PasswordRequest", "current_password", known_password),
        ("PasswordRequest", "new_password", password.clone()),
        ("PasswordResetRequest", "new_password", password),
        ("RoomRequest", "name", json!({ "minLength": 1, "maxLength": chat::MAX_NAME_CHARS })),
        ("RoomRequest", "description", json!({ "maxLength": chat::MAX_DESCRIPTION_CHARS })),
        ("RoomChangeRequest", "name", json!({ "minLength": 1, "maxLength": chat::MAX_NAME_CHARS })),
        ("RoomChangeRequest", "description", json!({ "maxLength": chat::MAX_DESCRIPTION_CHARS })),
        ("MessageRequest", "content", content.clone()),
        ("MessageEditRequest", "content", content.clone()),
        ("AnnouncementRequest", "content", content),
        ("AnnouncementRequest", "client_id", client_id.clone()),
        ("MessageRequest", "client_id", client_id),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_limit() {
        let document = document();
        for (schema, field, limits) in limits() {
            let property = &document["components"]["schemas"][schema]["properties"][field];
            for (key, value) in limits.as_object().unwrap() {
                assert_eq!(&property[key], value, "{schema}.{field}.{key}");
            }
        }
    }

    #[test]
    fn every_documented_path_is_a_pattern_of_the_router() {
        let table = super::super::endpoints();
        let paths = paths();
        for pattern in table.keys() {
            assert!(paths.contains_key(pattern), "{pattern}");
        }
        assert_eq!(paths["/rooms/:param0"].allow, "DELETE, GET, HEAD, PATCH");
        assert_eq!(paths["/rooms"].path, "/rooms/");
        let name = parameter_name("/rooms/:param0/messages/:param1", "param1");
        assert_eq!(name.as_deref(), Some("message_id"));
    }
}
