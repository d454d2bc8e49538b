//! A product that signs its own people in: its keys, its tokens, and the page with its public keys.
#![allow(dead_code, reason = "each test file is a crate that uses its own part")]

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chatapp::model::Clock;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519};
use serde_json::{Value, json};

use super::{Database, Server, ServerBuilder, Site};

pub const ISSUER: &str = "https://shop.example";
pub const AUDIENCE: &str = "chat";
pub const SECRET: &str = "a secret of the product, longer than thirty-two bytes";

/// A key of the product.
pub struct Key {
    pub id: Option<String>,
    pub algorithm: Algorithm,
    pub signing: EncodingKey,
    /// The public key, as a member of a set. `Null`: the key is a secret.
    pub jwk: Value,
    /// The public key in PEM.
    pub pem: String,
}

impl Key {
    pub fn secret() -> Self {
        let signing = EncodingKey::from_secret(SECRET.as_bytes());
        Self {
            id: None,
            algorithm: Algorithm::HS256,
            signing,
            jwk: Value::Null,
            pem: String::new(),
        }
    }

    /// Making an RSA key takes long, so it is always the same one.
    pub fn rs256(id: &str) -> Self {
        let pem = include_str!("../http/keys/rsa.pem");
        let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let signing = EncodingKey::from_rsa_der(&STANDARD.decode(text).expect("base64"));
        let jwk = Jwk::from_encoding_key(&signing, Algorithm::RS256).expect("a public key");
        let jwk = serde_json::to_value(jwk).expect("JSON");
        let jwk = json!({ "kty": "RSA", "kid": id, "n": jwk["n"], "e": jwk["e"] });
        let pem = include_str!("../http/keys/rsa.pub.pem").to_owned();
        Self { id: Some(id.to_owned()), algorithm: Algorithm::RS256, signing, jwk, pem }
    }

    pub fn es256(id: &str) -> Self {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
        let (x, y) = pair.public_key_raw()[1..].split_at(32);
        let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
        let jwk = json!({ "kty": "EC", "crv": "P-256", "kid": id, "x": x, "y": y, "use": "sig" });
        let (signing, pem) =
            (EncodingKey::from_ec_der(&pair.serialize_der()), pair.public_key_pem());
        Self { id: Some(id.to_owned()), algorithm: Algorithm::ES256, signing, jwk, pem }
    }

    pub fn eddsa(id: &str) -> Self {
        let pair = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
        let x = URL_SAFE_NO_PAD.encode(pair.public_key_raw());
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": x, "alg": "EdDSA" });
        let (signing, pem) =
            (EncodingKey::from_ed_der(&pair.serialize_der()), pair.public_key_pem());
        Self { id: Some(id.to_owned()), algorithm: Algorithm::EdDSA, signing, jwk, pem }
    }

    /// A token for a person: valid claims, changed by `claims`. `null` removes a claim.
    pub fn token(&self, claims: Value) -> String {
        let header = Header { kid: self.id.clone(), ..Header::new(self.algorithm) };
        self.token_with(&header, claims)
    }

    pub fn token_with(&self, header: &Header, claims: Value) -> String {
        let mut all = valid_claims();
        for (name, value) in claims.as_object().expect("an object") {
            match value {
                Value::Null => drop(all.as_object_mut().unwrap().remove(name)),
                value => all[name] = value.clone(),
            }
        }
        jsonwebtoken::encode(header, &all, &self.signing).expect("sign")
    }

    /// A token whose header and claims are these texts.
    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        let [header, claims] = [header, claims].map(|text| URL_SAFE_NO_PAD.encode(text));
        let message = format!("{header}.{claims}");
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &self.signing, self.algorithm);
        format!("{message}.{}", signature.expect("sign"))
    }
}

pub fn now() -> i64 {
    Clock::System.now().as_seconds()
}

fn valid_claims() -> Value {
    let now = now();
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "42", "iat": now, "exp": now + 600 })
}

/// A server that accepts tokens of the product.
pub fn server(database: Database) -> ServerBuilder {
    Server::with(database)
        .env("CHATAPP_EXTERNAL__ISSUER", ISSUER)
        .env("CHATAPP_EXTERNAL__AUDIENCE", AUDIENCE)
        .env("CHATAPP_EXTERNAL__CLAIM_DISABLED", "blocked")
}

/// The same, which knows the key [`Key::secret`].
pub fn server_with_secret(database: Database) -> ServerBuilder {
    server(database).env("CHATAPP_EXTERNAL__SECRET", SECRET)
}

/// The page with the product's public keys.
pub struct KeysPage {
    site: Site,
    path: String,
}

/// What each page answers, by its path. A path that is missing is an outage.
static PAGES: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);

impl KeysPage {
    pub async fn start(keys: &[&Key]) -> Self {
        let site = Site::start(|path| match PAGES.lock().expect("the pages").get(path) {
            Some(body) => {
                let length = body.len();
                format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
            }
            None => b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n".to_vec(),
        })
        .await;
        let page = Self { path: format!("/keys/{}", site.port()), site };
        page.has(keys);
        page
    }

    /// A server that accepts tokens which one of the keys on this page has signed.
    pub fn server(&self, database: Database) -> ServerBuilder {
        server(database)
            .env("CHATAPP_EXTERNAL__JWKS_URL", &self.site.url(&self.path))
            .env("CHATAPP_OUTBOUND__ALLOW", "127.0.0.1/32")
    }

    /// Replaces the keys.
    pub fn has(&self, keys: &[&Key]) {
        let keys: Vec<&Value> = keys.iter().map(|key| &key.jwk).collect();
        self.answers(&json!({ "keys": keys }).to_string());
    }

    /// Replaces the whole answer.
    pub fn answers(&self, body: &str) {
        PAGES.lock().expect("the pages").insert(self.path.clone(), body.to_owned());
    }

    /// From now on there is no answer with keys.
    pub fn fails(&self) {
        PAGES.lock().expect("the pages").remove(&self.path);
    }

    /// How often the keys were asked for.
    pub fn hits(&self) -> usize {
        self.site.hits().len()
    }
}
