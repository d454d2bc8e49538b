//! The tokens of a product: JWTs (RFC 7519) that were signed elsewhere, checked by the rules of RFC 8725.

use std::fmt;

use jsonwebtoken::{Header, Validation};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::keys::Key;
use crate::chat::{Error, Result};
use crate::model::Timestamp;
use crate::model::json_keys::Keys;

/// The longest token. Those of products have one or two thousand bytes.
const MAX_BYTES: usize = 8 * 1024;

/// How far the clocks of the product and of this server may differ, in seconds.
pub(super) const LEEWAY_SECONDS: i64 = 60;

/// The claims of a token. A claim that occurs twice is an error: two programs might read different values.
#[derive(Debug)]
pub(super) struct Claims(Map<String, Value>);

/// The header of a token, which is not trusted: it only says which keys may fit.
///
/// # Errors
/// [`Error::ExternalToken`].
pub(super) fn header(token: &str) -> Result<Header> {
    if token.len() > MAX_BYTES {
        return Err(fault(format!("it has more than {MAX_BYTES} bytes")));
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| {
        fault("it is not a JWT that is signed by RS256, ES256, EdDSA or HS256".to_owned())
    })?;
    // RFC 7515 §4.1.11: nothing that must be understood is understood here.
    match header.crit {
        None => Ok(header),
        Some(_) => Err(fault("its header has `crit`, which is not supported".to_owned())),
    }
}

/// The claims, if one of these keys has signed the token.
///
/// # Errors
/// [`Error::ExternalToken`].
pub(super) fn verify(token: &str, header: &Header, keys: &[Key]) -> Result<Claims> {
    let fitting = || keys.iter().filter(|key| key.fits(header));
    if fitting().next().is_none() {
        let detail = "no key of the product fits the `alg` and the `kid` of its header";
        return Err(fault(detail.to_owned()));
    }
    let decode = |key: &Key| {
        let mut validation = Validation::new(key.algorithm);
        // The library would use the machine's clock, and an audience is optional for it: see `check`.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation).ok()
    };
    let detail =
        "its signature is not the product's, or its claims are not JSON without duplicates";
    let decoded = fitting().find_map(decode).ok_or_else(|| fault(detail.to_owned()))?;
    Ok(decoded.claims)
}

/// The issuer that a token names, which nobody has checked.
pub(super) fn claimed_issuer(token: &str) -> Option<String> {
    let claims: Claims = jsonwebtoken::dangerous::insecure_decode_claims(token).ok()?;
    claims.text("iss").map(str::to_owned)
}

impl Claims {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Checks for whom the token was made, and when it is valid. Returns when it expires.
    ///
    /// # Errors
    /// [`Error::ExternalToken`], [`Error::TokenExpired`].
    pub fn check(&self, issuer: &str, audience: &str, now: Timestamp) -> Result<Timestamp> {
        if self.text("iss") != Some(issuer) {
            return Err(fault("its `iss` is not the issuer that this server is set up for".into()));
        }
        let is_for_us = match self.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(several)) => several.iter().any(|it| it.as_str() == Some(audience)),
            _ => false,
        };
        if !is_for_us {
            return Err(fault(
                "its `aud` does not name the audience that this server is set up for".into(),
            ));
        }
        let now = now.as_seconds();
        for name in ["nbf", "iat"] {
            let time = self.seconds(name)?;
            if time.is_some_and(|time| time > now.saturating_add(LEEWAY_SECONDS)) {
                return Err(fault(format!("its `{name}` is in the future")));
            }
        }
        let expires_at =
            self.seconds("exp")?.ok_or_else(|| fault("it has no `exp`: it must expire".into()))?;
        if expires_at.saturating_add(LEEWAY_SECONDS) <= now {
            return Err(Error::TokenExpired);
        }
        Ok(Timestamp(expires_at.saturating_mul(1000)))
    }

    /// A time in seconds since 1970, which may have a fraction (RFC 7519 §2).
    fn seconds(&self, name: &str) -> Result<Option<i64>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        // A number that is too large for i64 becomes the largest one.
        let seconds = value.as_i64().or_else(|| value.as_f64().map(|it| it.floor() as i64));
        match seconds {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(fault(format!("its `{name}` is not a number of seconds since 1970"))),
        }
    }
}

/// A sentence's end for the developer of the product. It is said to everybody who sends the token, and tells nothing
/// that is secret.
pub(super) fn fault(detail: String) -> Error {
    Error::ExternalToken(detail)
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ClaimsVisitor)
    }
}

struct ClaimsVisitor;

impl<'de> Visitor<'de> for ClaimsVisitor {
    type Value = Claims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims, A::Error> {
        let (mut keys, mut claims) = (Keys::default(), Map::new());
        while let Some(name) = keys.next(&mut map)? {
            claims.insert(name.into_owned(), map.next_value()?);
        }
        Ok(Claims(claims))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp(1_738_319_400_000);

    fn check(change: Value) -> Result<Timestamp> {
        let now = NOW.as_seconds();
        let mut claims = json!({ "iss": "shop", "aud": "chat", "iat": now, "exp": now + 100 });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        serde_json::from_value::<Claims>(claims).unwrap().check("shop", "chat", NOW)
    }

    #[test]
    fn a_token_is_for_one_issuer_and_one_audience_and_a_time() {
        let now = NOW.as_seconds();
        let until = |seconds: i64| Ok(Timestamp((now + seconds) * 1000));
        assert_eq!(check(json!({})), until(100));
        for good in [
            json!({ "aud": ["other", "chat"] }),
            json!({ "nbf": now + 60, "iat": now + 60 }),
            json!({ "nbf": null, "iat": null }),
            json!({ "exp": (now + 100) as f64 + 0.9 }),
        ] {
            assert_eq!(check(good.clone()), until(100), "{good}");
        }
        assert_eq!(check(json!({ "exp": now - 59 })), until(-59));
        assert_eq!(check(json!({ "exp": now - 60 })), Err(Error::TokenExpired));
        assert_eq!(check(json!({ "exp": -1e300 })), Err(Error::TokenExpired));
        assert_eq!(check(json!({ "exp": 1e300 })), Ok(Timestamp(i64::MAX)));
        assert_eq!(check(json!({ "exp": u64::MAX })), Ok(Timestamp(i64::MAX)));
        for bad in [
            json!({ "iss": "shop/" }),
            json!({ "iss": ["shop"] }),
            json!({ "iss": null }),
            json!({ "aud": "chats" }),
            json!({ "aud": [] }),
            json!({ "aud": [["chat"]] }),
            json!({ "aud": { "chat": 1 } }),
            json!({ "aud": null }),
            json!({ "nbf": now + 61 }),
            json!({ "iat": now + 61 }),
            json!({ "iat": "now" }),
            json!({ "exp": null }),
            json!({ "exp": "9999999999" }),
        ] {
            assert!(matches!(check(bad.clone()), Err(Error::ExternalToken(_))), "{bad}");
        }
    }

    #[test]
    fn a_claim_twice_is_no_claim() {
        let parse = |json: &str| serde_json::from_str::<Claims>(json);
        assert!(parse(r#"{"sub":"a","x":{"sub":"b"}}"#).is_ok());
        for bad in [r#"{"sub":"a","sub":"a"}"#, r#"{"sub":"a","\u0073ub":"b"}"#, "[]", "1"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
