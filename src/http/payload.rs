//! Response bodies that are serialised directly.
//!
//! poem-openapi's own JSON first makes a tree of values, which costs more than everything else in a
//! page of messages, and sorts the fields. The documented type may differ from the type that is
//! written; the tests compare the two.

use std::marker::PhantomData;

use poem::{IntoResponse, Response};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde::Serialize;

use crate::chat::Error;

/// JSON of the shape of `D`.
pub(super) struct Written<D> {
    json: Vec<u8>,
    documented_as: PhantomData<fn() -> D>,
}

impl<D: Type> Written<D> {
    /// Serialises `value`; `capacity` bytes are allocated at first.
    pub fn new(value: &impl Serialize, capacity: usize) -> Result<Self, Error> {
        Self::with(capacity, |json| serde_json::to_writer(json, value))
    }

    /// The bytes that `write` appends; `capacity` bytes are allocated at first.
    pub fn with(
        capacity: usize,
        write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
    ) -> Result<Self, Error> {
        let mut json = Vec::with_capacity(capacity);
        write(&mut json).map_err(|error| {
            tracing::error!(%error, "cannot serialise an answer");
            Error::Internal
        })?;
        Ok(Self { json, documented_as: PhantomData })
    }
}

impl<D: Type + Serialize> Written<D> {
    /// Serialises a value of the documented type.
    pub fn of(value: &D) -> Result<Self, Error> {
        Self::new(value, 256)
    }
}

impl<D: Type> Payload for Written<D> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn schema_ref() -> MetaSchemaRef {
        D::schema_ref()
    }

    fn register(registry: &mut Registry) {
        D::register(registry);
    }
}

impl<D: Type> IntoResponse for Written<D> {
    fn into_response(self) -> Response {
        Response::builder().content_type(Self::CONTENT_TYPE).body(self.json)
    }
}

/// Appends an object: `key` with the entries, each as `write` writes it, then the fields of `rest`.
pub(super) fn write_page<T>(
    out: &mut Vec<u8>,
    key: &str,
    entries: &[T],
    write: impl Fn(&mut Vec<u8>, &T) -> serde_json::Result<()>,
    rest: &impl Serialize,
) -> serde_json::Result<()> {
    out.push(b'{');
    serde_json::to_writer(&mut *out, key)?;
    out.extend_from_slice(b":[");
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, entry)?;
    }
    out.push(b']');
    // The object continues with the fields of `rest`, which has at least one.
    let end = out.len();
    serde_json::to_writer(&mut *out, rest)?;
    out[end] = b',';
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_one_object() {
        #[derive(Serialize)]
        struct Rest {
            a: bool,
            b: Option<i64>,
        }
        let page = |entries: &[i64]| {
            let mut out = Vec::new();
            let rest = Rest { a: true, b: None };
            write_page(
                &mut out,
                "all",
                entries,
                |out, entry| serde_json::to_writer(out, entry),
                &rest,
            )
            .unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(page(&[]), r#"{"all":[],"a":true,"b":null}"#);
        assert_eq!(page(&[1, 2]), r#"{"all":[1,2],"a":true,"b":null}"#);
    }
}
