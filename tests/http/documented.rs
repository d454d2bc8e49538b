//! Checks answers against the published OpenAPI document.

use serde_json::{Value, json};

use crate::support::{Answer, Client};

/// The document of one server.
pub struct Document(Value);

impl Document {
    pub async fn of(client: &Client) -> Self {
        Self(client.get("/openapi.json").await.expect(200))
    }

    /// Every operation: its method and its path as the document writes it.
    pub fn operations(&self) -> Vec<(String, String)> {
        let paths = self.0["paths"].as_object().expect("paths");
        paths
            .iter()
            .flat_map(|(path, operations)| {
                let operations = operations.as_object().expect("operations");
                operations.keys().map(|method| (method.to_uppercase(), path.clone()))
            })
            .collect()
    }

    /// Fails the test unless the document lists the answer for the operation, and its body has every
    /// required field and no undocumented one.
    pub fn check(&self, method: &str, path: &str, answer: &Answer) {
        let operation = &self.0["paths"][path][method.to_lowercase()];
        assert!(operation.is_object(), "{method} {path} is not documented");
        let response = &operation["responses"][answer.status.to_string()];
        assert!(response.is_object(), "{method} {path} does not document {}", answer.status);
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            assert!(header["required"] != true || !answer.header(name).is_empty(), "{name}");
        }
        let Some((content_type, media)) =
            response["content"].as_object().and_then(|content| content.iter().next())
        else {
            assert_eq!(answer.body, Value::Null, "{method} {path} documents no body");
            return;
        };
        assert_eq!(answer.header("content-type"), content_type, "{method} {path}");
        let mut schema = json!({
            "allOf": [media["schema"]],
            "components": self.0["components"],
        });
        make_strict(&mut schema);
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let faults: Vec<String> =
            validator.iter_errors(&answer.body).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{method} {path}: {faults:?} in {}", answer.body);
    }
}

/// Converts an OpenAPI 3.0 schema to JSON Schema: `nullable` becomes a type, and undocumented fields
/// are refused.
fn make_strict(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.remove("nullable") == Some(Value::Bool(true))
                && let Some(kind) = fields.get_mut("type")
            {
                *kind = json!([kind.take(), "null"]);
            }
            if fields.contains_key("properties") {
                fields.insert("additionalProperties".into(), false.into());
            }
            fields.values_mut().for_each(make_strict);
        }
        Value::Array(items) => items.iter_mut().for_each(make_strict),
        _ => {}
    }
}
