//! A response body that is serialised in one go.
//!
//! poem-openapi's own JSON goes through a tree of values first, which costs more than everything
//! else in a page of messages, and sorts the fields. What is documented may be another type than
//! what is written; the tests hold the two together.

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
    /// Serialises `value`, into `capacity` bytes at first.
    pub fn new(value: &impl Serialize, capacity: usize) -> Result<Self, Error> {
        Self::with(capacity, |json| serde_json::to_writer(json, value))
    }

    /// What `write` appends, to `capacity` bytes at first.
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
    /// Serialises what is also what is documented.
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
    // The object goes on with the fields of the other, which has at least one.
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
