//! The documents of the two APIs are equal to the reviewed files in `docs`. This command writes the files again;
//! the difference is then reviewed: `UPDATE_SNAPSHOTS=1 cargo test --test api openapi::`

use std::path::Path;

use serde_json::Value;

fn document() -> Value {
    chatapp::http::openapi_document()
}

#[test]
fn the_openapi_document_is_the_reviewed_one() {
    expect_reviewed(document(), "docs/openapi.json");
}

/// The frame types of the web page are generated from this document.
#[test]
fn the_asyncapi_document_is_the_reviewed_one() {
    expect_reviewed(chatapp::ws::asyncapi_document(), "docs/asyncapi.json");
}

fn expect_reviewed(mut document: Value, file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    // A release changes the version and nothing else.
    document["info"]["version"] = "0.0.0".into();
    let current = serde_json::to_string_pretty(&document).unwrap() + "\n";
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        current == reviewed,
        "the server's document differs from {file}: review the difference after \
         UPDATE_SNAPSHOTS=1 cargo test --test api openapi::, and run `npm run shapes` in tests/browser"
    );
}

#[test]
fn the_page_about_exports_names_every_kind_of_event() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/EXPORT.md");
    let page = std::fs::read_to_string(path).unwrap();
    for kind in chatapp::model::EventKind::ALL {
        assert!(page.contains(&format!("`{}`", kind.as_str())), "{kind:?}");
    }
}

#[test]
fn every_operation_is_described() {
    let document = document();
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = format!("{method} {path}");
            for member in ["summary", "operationId"] {
                assert!(operation[member].as_str().is_some_and(|s| !s.is_empty()), "{name}");
            }
            assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{name}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["description"].is_string(), "{name} {parameter}");
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(!response["description"].as_str().unwrap().is_empty(), "{name} {status}");
                let is_error = status.as_str() >= "400";
                assert_eq!(
                    response["content"].get("application/problem+json").is_some(),
                    is_error,
                    "{name} {status}"
                );
            }
            assert!(operation["responses"].get("500").is_some(), "{name}");
        }
    }
}

#[test]
fn every_schema_of_a_body_has_an_example_that_fits_it() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        // For a union each of its forms has an example.
        let is_union = schema.get("oneOf").is_some();
        if schema["type"] != "object" || is_union || name == "FieldError" {
            continue;
        }
        let example = schema["example"].as_object().unwrap_or_else(|| panic!("{name}"));
        if schema["additionalProperties"].is_object() {
            assert!(!example.is_empty(), "{name}: its keys are not known");
            continue;
        }
        for field in example.keys() {
            assert!(schema["properties"].get(field).is_some(), "{name}.{field}");
        }
        for field in schema["required"].as_array().into_iter().flatten() {
            assert!(example.contains_key(field.as_str().unwrap()), "{name}.{field}");
        }
    }
}
