//! JSON from clients: the check for duplicate keys, before it is parsed.
//!
//! RFC 8259 §4 does not define what an object with a duplicate key means, so two programs may read
//! different values. Such an object is refused, at any depth.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Any JSON value without duplicate keys in its objects. The value is parsed and dropped.
pub struct UniqueKeys;

/// The keys of an object that were read so far, to find duplicates.
#[derive(Default)]
pub struct Keys<'de>(HashSet<Cow<'de, str>>);

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Removes the byte order mark that some programs put first: RFC 8259 §8.1.
pub fn without_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json)
}

impl<'de> Keys<'de> {
    /// Reads the next key of the object.
    ///
    /// # Errors
    /// If the object has had the key before.
    pub fn next<A: MapAccess<'de>>(
        &mut self,
        map: &mut A,
    ) -> Result<Option<Cow<'de, str>>, A::Error> {
        let Some(Key(key)) = map.next_key()? else { return Ok(None) };
        match self.0.insert(key.clone()) {
            true => Ok(Some(key)),
            false => Err(de::Error::custom(format_args!("duplicate field `{key}`"))),
        }
    }
}

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut keys = Keys::default();
        while keys.next(&mut map)?.is_some() {
            map.next_value::<Self>()?;
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn check(json: &str) -> Result<(), String> {
        serde_json::from_str::<UniqueKeys>(json).map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_twice_is_found_at_any_depth_and_however_it_is_written() {
        for good in
            [r#"{"a":1,"b":{"a":1}}"#, r#"[{"a":1},{"a":1}]"#, "[]", "null", "-1.5e3", r#""\n""#]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in
            [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"b":[{"c":{"a":1,"a":null}}]}"#]
        {
            assert!(check(bad).unwrap_err().starts_with("duplicate field `a` at line 1"), "{bad}");
        }
        assert_eq!(without_mark("\u{feff}{}".as_bytes()), b"{}");
        assert_eq!(without_mark("{}\u{feff}".as_bytes()), "{}\u{feff}".as_bytes());
    }

    proptest! {
        /// Text that is refused for another reason than a duplicate key is not JSON.
        #[test]
        fn it_reads_what_serde_json_reads(json in "[\\[\\]{}:,\"a\\\\u0-9.e -]{0,24}|\\PC{0,24}") {
            let is_json = serde_json::from_str::<Value>(&json).is_ok();
            let is_fine = check(&json).map_or_else(|error| error.starts_with("duplicate"), |()| true);
            prop_assert_eq!(is_json, is_fine);
        }
    }
}
