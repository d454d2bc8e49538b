//! A product's own data.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{
    Example, MaybeUndefined, ParseError, ParseFromJSON, ParseResult, ToJSON, Type,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::given;
use crate::chat::{Error, FieldError};
use crate::model::{Metadata, MetadataQuery};

const DESCRIPTION: &str = "A product's own data: a JSON object with at most 32 keys of 1 to 64 characters, at most \
                           4,096 bytes as compact JSON and at most 32 levels, without NUL. An empty object is none.";

/// A product's own data.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(in crate::http) struct MetadataDto(pub Metadata);

impl MetadataDto {
    /// What a field of a change means: `Some(None)` removes the data.
    pub fn change(field: MaybeUndefined<Self>) -> Option<Option<Metadata>> {
        given(field).map(|data| data.map(|Self(data)| data))
    }
}

/// The parameters `metadata_key` and `metadata_value`.
///
/// # Errors
/// If a value is given without a key.
pub(in crate::http) fn metadata_query(
    key: Option<String>,
    value: Option<String>,
) -> Result<Option<MetadataQuery>, Error> {
    match (key, value) {
        (Some(key), value) => Ok(Some(MetadataQuery { key, value })),
        (None, None) => Ok(None),
        (None, Some(_)) => {
            let message = "needs `metadata_key`, the key that has this value";
            Err(Error::InvalidFields(vec![FieldError::new("metadata_value", message)]))
        }
    }
}

impl Type for MetadataDto {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "Metadata".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference("Metadata".to_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>("Metadata".to_owned(), |_| MetaSchema {
            description: Some(DESCRIPTION),
            max_properties: Some(Metadata::MAX_KEYS),
            additional_properties: Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::ANY)))),
            example: Self::example().to_json(),
            ..MetaSchema::new("object")
        });
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for MetadataDto {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::Object(map)) => Ok(Self(Metadata(map))),
            _ => Err(ParseError::custom("must be an object")),
        }
    }
}

impl ToJSON for MetadataDto {
    fn to_json(&self) -> Option<Value> {
        Some(Value::Object(self.0.0.clone()))
    }
}

impl Example for MetadataDto {
    fn example() -> Self {
        let data = [("order_id".to_owned(), json!(42)), ("plan".to_owned(), json!("pro"))];
        Self(Metadata(Map::from_iter(data)))
    }
}
