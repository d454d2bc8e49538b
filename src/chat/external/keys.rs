//! The keys of a product's tokens, each for one algorithm: from a secret, a PEM file, or a set in JSON (RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::Value;

/// The most keys of a set that are used. Products have two or three.
const MAX_KEYS: usize = 64;
const MAX_ID_BYTES: usize = 255;

/// The sizes of an RSA modulus that ring accepts (RFC 7518 §3.3 asks for at least 2048 bits).
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

pub(super) const ACCEPTED: &str = "RSA of at least 2048 bits, P-256, or Ed25519";

/// A key, and the only algorithm that it is used for (RFC 8725 §3.1).
pub(super) struct Key {
    id: Option<String>,
    pub algorithm: Algorithm,
    pub decoding: DecodingKey,
}

impl Key {
    pub fn of_secret(secret: &[u8]) -> Self {
        let decoding = DecodingKey::from_secret(secret);
        Self { id: None, algorithm: Algorithm::HS256, decoding }
    }

    /// # Errors
    /// A part of a sentence for the operator.
    pub fn of_pem(pem: &[u8]) -> Result<Self, String> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| {
            "has no public key in PEM (\"BEGIN PUBLIC KEY\"); `openssl pkey -pubin` and `openssl x509 -pubkey` \
             make one"
                .to_owned()
        })?;
        of_public_key_info(&der).ok_or(format!("has another key than {ACCEPTED}"))
    }

    /// Whether the token may be signed with this key. A key or a token without an id fits every id.
    pub fn fits(&self, header: &Header) -> bool {
        let is_same = match (&self.id, &header.kid) {
            (Some(one), Some(other)) => one == other,
            (None, _) | (_, None) => true,
        };
        is_same && self.algorithm == header.alg
    }
}

/// Reads a set of keys. Keys that cannot be used are left out.
///
/// # Errors
/// A part of a sentence for the operator.
pub(super) fn parse_set(json: &[u8]) -> Result<Vec<Key>, String> {
    let set: Set = serde_json::from_slice(json).map_err(|_| "is not a set of keys (RFC 7517)")?;
    let keys = set.keys.into_iter().filter_map(|key| of_jwk(serde_json::from_value(key).ok()?));
    let keys: Vec<Key> = keys.take(MAX_KEYS).collect();
    match keys.is_empty() {
        true => Err(format!("has no key for signatures: {ACCEPTED}")),
        false => Ok(keys),
    }
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

/// RFC 7517 §4 and RFC 7518 §6. Other members are ignored.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// A symmetric key is never used: the set is public.
fn of_jwk(jwk: Jwk) -> Option<Key> {
    let is_for_signatures = jwk.purpose.as_deref().is_none_or(|it| it == "sig")
        && jwk.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|it| it == "verify"));
    if !is_for_signatures || jwk.kid.as_ref().is_some_and(|id| id.len() > MAX_ID_BYTES) {
        return None;
    }
    let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
    let (algorithm, names, decoding) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", None) => {
            let (n, e) = (bytes(&jwk.n)?, bytes(&jwk.e)?);
            let (n, e) = (without_zeros(&n), without_zeros(&e));
            let key = DecodingKey::from_rsa_raw_components(n, e);
            (Algorithm::RS256, ["RS256", "RS256"], RSA_BYTES.contains(&n.len()).then_some(key)?)
        }
        ("EC", Some("P-256")) => {
            let point = [&[4][..], &bytes(&jwk.x)?, &bytes(&jwk.y)?].concat();
            let key = (point.len() == 65).then(|| DecodingKey::from_ec_der(&point))?;
            (Algorithm::ES256, ["ES256", "ES256"], key)
        }
        ("OKP", Some("Ed25519")) => {
            let key = bytes(&jwk.x).filter(|key| key.len() == 32)?;
            // RFC 9864 gives EdDSA with this curve a name of its own.
            (Algorithm::EdDSA, ["EdDSA", "Ed25519"], DecodingKey::from_ed_der(&key))
        }
        _ => return None,
    };
    let is_for_it = jwk.alg.as_deref().is_none_or(|alg| names.contains(&alg));
    is_for_it.then_some(Key { id: jwk.kid, algorithm, decoding })
}

/// Reads `SubjectPublicKeyInfo` (RFC 5280 §4.1; RFC 3279 §2.3, RFC 5480 §2, RFC 8410 §4).
fn of_public_key_info(der: &[u8]) -> Option<Key> {
    /// rsaEncryption, NULL.
    const RSA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    /// id-ecPublicKey, prime256v1.
    const P256: &[u8] =
        &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    /// id-Ed25519.
    const ED25519: &[u8] = &[6, 3, 0x2b, 0x65, 0x70];
    let (info, []) = element(SEQUENCE, der)? else { return None };
    let (algorithm, rest) = element(SEQUENCE, info)?;
    let (bits, []) = element(BIT_STRING, rest)? else { return None };
    let key = bits.strip_prefix(&[0])?;
    let (algorithm, decoding) = match algorithm {
        RSA => {
            let (modulus, _) = element(INTEGER, element(SEQUENCE, key)?.0)?;
            let is_long = RSA_BYTES.contains(&without_zeros(modulus).len());
            (Algorithm::RS256, is_long.then(|| DecodingKey::from_rsa_der(key))?)
        }
        P256 if key.len() == 65 && key[0] == 4 => (Algorithm::ES256, DecodingKey::from_ec_der(key)),
        ED25519 if key.len() == 32 => (Algorithm::EdDSA, DecodingKey::from_ed_der(key)),
        _ => return None,
    };
    Some(Key { id: None, algorithm, decoding })
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// Splits DER after its first element, which must have this tag. Returns the content and the rest.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match der {
        [found, ..] if *found != tag => return None,
        [_, length @ ..=0x7f, rest @ ..] => (usize::from(*length), rest),
        [_, 0x81, length, rest @ ..] => (usize::from(*length), rest),
        [_, 0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    /// RFC 8037, appendix A.2.
    const ED25519: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    /// RFC 7515, appendix A.3.
    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    fn algorithms(keys: Value) -> Vec<Algorithm> {
        let set = serde_json::to_vec(&json!({ "keys": keys })).unwrap();
        parse_set(&set).map_or(Vec::new(), |keys| keys.iter().map(|key| key.algorithm).collect())
    }

    #[test]
    fn only_keys_for_signatures_by_known_algorithms_are_used() {
        let ed25519 = json!({ "kty": "OKP", "crv": "Ed25519", "x": ED25519, "kid": "a" });
        let p256 = json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y, "alg": "ES256" });
        let rsa = |bytes: usize| {
            let n = URL_SAFE_NO_PAD.encode(vec![0xff; bytes]);
            json!({ "kty": "RSA", "n": n, "e": "AQAB", "use": "sig", "more": [1] })
        };
        let all = json!([ed25519, p256, rsa(256), 5, null, { "kty": "new" }]);
        let expected = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];
        assert_eq!(algorithms(all), expected);
        let with = |key: &Value, member: &str, value: Value| {
            let mut key = key.clone();
            key[member] = value;
            algorithms(json!([key]))
        };
        assert_eq!(with(&ed25519, "alg", json!("Ed25519")).len(), 1);
        assert_eq!(with(&ed25519, "key_ops", json!(["verify"])).len(), 1);
        for unusable in [
            with(&ed25519, "use", json!("enc")),
            with(&ed25519, "key_ops", json!(["sign"])),
            with(&ed25519, "alg", json!("HS256")),
            with(&ed25519, "crv", json!("Ed448")),
            with(&ed25519, "x", json!("AAAA")),
            with(&ed25519, "x", json!("+")),
            with(&ed25519, "kid", json!("x".repeat(256))),
            with(&p256, "alg", json!("RS256")),
            with(&p256, "crv", json!("P-384")),
            with(&p256, "y", json!("")),
            algorithms(json!([rsa(255)])),
            algorithms(json!([rsa(1025)])),
            algorithms(json!([{ "kty": "oct", "k": "c2VjcmV0" }])),
            algorithms(json!([])),
            algorithms(json!("x")),
        ] {
            assert!(unusable.is_empty(), "{unusable:?}");
        }
        assert_eq!(algorithms(vec![p256; 100].into()).len(), MAX_KEYS);
    }

    #[test]
    fn a_pem_file_has_one_public_key() {
        let pem = |der: &[u8]| {
            let text = STANDARD.encode(der);
            format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n").into_bytes()
        };
        let ed25519 = [
            &[0x30, 42, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 33, 0][..],
            &URL_SAFE_NO_PAD.decode(ED25519).unwrap(),
        ]
        .concat();
        assert_eq!(Key::of_pem(&pem(&ed25519)).map(|key| key.algorithm), Ok(Algorithm::EdDSA));
        for length in 0..ed25519.len() {
            assert!(of_public_key_info(&ed25519[..length]).is_none());
        }
        assert!(of_public_key_info(&[&ed25519[..], &[0]].concat()).is_none());
        for bad in [&b""[..], b"x", &pem(b"x"), b"-----BEGIN PUBLIC KEY-----"] {
            assert!(Key::of_pem(bad).is_err());
        }
    }

    #[test]
    fn a_key_fits_tokens_of_its_algorithm_and_its_id() {
        let key = |id: Option<&str>| Key { id: id.map(str::to_owned), ..Key::of_secret(&[0; 32]) };
        let header = |id: Option<&str>| Header {
            kid: id.map(str::to_owned),
            ..Header::new(Algorithm::HS256)
        };
        assert!(key(Some("a")).fits(&header(Some("a"))));
        assert!(!key(Some("a")).fits(&header(Some("b"))));
        assert!(key(None).fits(&header(Some("b"))) && key(Some("a")).fits(&header(None)));
        assert!(!key(None).fits(&Header::new(Algorithm::RS256)));
    }
}
