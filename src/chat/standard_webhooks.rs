//! The headers of a request by the Standard Webhooks specification:
//! <https://github.com/standard-webhooks/standard-webhooks>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use sha2::Sha256;

use crate::model::Timestamp;

/// What secrets begin with where people see them.
pub(super) const SECRET_PREFIX: &str = "whsec_";

/// The headers of a request with this body, of JSON. Each key signs it: the signature is the HMAC-SHA256 of the id, the
/// time in seconds and the body, with full stops between them. `id` is the same whenever the same is told.
///
/// # Errors
/// A sentence for the operator: a key cannot be used, or the id cannot be the value of a header.
pub(super) fn headers(
    keys: &[Vec<u8>],
    id: &str,
    now: Timestamp,
    body: &[u8],
) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let seconds = now.0 / 1_000;
    let mut signatures = Vec::with_capacity(keys.len());
    for key in keys {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|error| error.to_string())?;
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        signatures.push(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    }
    let value = |text: &str| HeaderValue::try_from(text).map_err(|error| error.to_string());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("webhook-id", value(id)?);
    headers.insert("webhook-timestamp", value(&seconds.to_string())?);
    if !signatures.is_empty() {
        headers.insert("webhook-signature", value(&signatures.join(" "))?);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        let key = STANDARD.decode("plJ3nmyCDGBKInavdOK15jsl").unwrap();
        let (id, now) = ("msg_loFOjxBNrRLzqYUf", Timestamp(1_731_705_121_000));
        let body = br#"{"event_type":"ping","data":{"success":true}}"#;
        let headers = headers(&[key.clone(), key], id, now, body).unwrap();
        let signature = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=";
        assert_eq!(headers["webhook-signature"], format!("{signature} {signature}"));
        assert_eq!(headers["webhook-timestamp"], "1731705121");
    }
}
