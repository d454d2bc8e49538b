//! Access tokens: JWTs (RFC 7519) signed with HS256 and nothing else.
//!
//! RFC 8725 says what is checked, and why. The header is not trusted: the algorithm is fixed, and
//! the secrets are tried in turn, whatever `kid` says.
//!
//! A token only names a session; `sessions` decides whether that session is still open.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::{Error, Result, StartError, hs256};
use crate::model::{Role, SessionId, Timestamp, User, UserId};

/// RFC 7518 §3.2: the key is at least as long as the hash.
pub(super) const MIN_SECRET_BYTES: usize = 32;

/// How far in the future, in seconds, a token's time of issue may be: the clocks of two nodes
/// differ.
const LEEWAY_SECONDS: i64 = 60;

pub(super) struct Tokens {
    encoding: EncodingKey,
    /// The secret that signs, then the previous one.
    decoding: Vec<DecodingKey>,
    validation: Validation,
    /// How long a token is valid, in seconds.
    pub seconds: u32,
}

/// The claims of a valid token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub user_id: UserId,
    pub session_id: SessionId,
    pub expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    /// The user's id as a string: RFC 7519 §4.1.2.
    sub: String,
    username: String,
    role: Role,
    sid: String,
    /// Seconds since 1970, like `exp`.
    iat: i64,
    exp: i64,
    // Never issued here. A token with one of them was made for, or by, another service that has the
    // secret (RFC 8725 §3.8 and §3.9), or is not valid yet.
    #[serde(skip_serializing)]
    iss: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    aud: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    nbf: Option<IgnoredAny>,
}

impl Tokens {
    /// `secret` signs and verifies; `previous` verifies, if it is not empty.
    pub fn new(
        secret: &[u8],
        previous: &[u8],
        seconds: u32,
    ) -> std::result::Result<Self, StartError> {
        let secrets = [secret, previous];
        let secrets = &secrets[..if previous.is_empty() { 1 } else { 2 }];
        if let Some(short) = secrets.iter().find(|secret| secret.len() < MIN_SECRET_BYTES) {
            return Err(StartError::SecretTooShort(short.len()));
        }
        hs256::install();
        // `new` fixes the algorithm: a header that names another one, or `none`, is refused.
        let mut validation = Validation::new(Algorithm::HS256);
        // The library would use the machine's clock; `verify` uses its caller's, without leeway.
        validation.validate_exp = false;
        // Checked below, with the other claims that must be absent.
        validation.validate_aud = false;
        Ok(Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: secrets.iter().map(|secret| DecodingKey::from_secret(secret)).collect(),
            validation,
            seconds,
        })
    }

    /// The time at which a token issued now expires: a whole second, like its claim.
    pub fn expiry(&self, now: Timestamp) -> Timestamp {
        self.expiry_after(now, self.seconds)
    }

    /// The same for a token that is valid for another time.
    pub fn expiry_after(&self, now: Timestamp, seconds: u32) -> Timestamp {
        Timestamp(now.as_seconds().saturating_mul(1000)).plus_seconds(seconds.into())
    }

    pub fn issue(
        &self,
        user: &User,
        session: SessionId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<String> {
        let claims = Claims {
            sub: user.id.to_string(),
            username: user.username.clone(),
            role: user.role,
            sid: session.to_string(),
            iat: now.as_seconds(),
            exp: expires_at.as_seconds(),
            iss: None,
            aud: None,
            nbf: None,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(
            |error| {
                tracing::error!(%error, "cannot sign a token");
                Error::Internal
            },
        )
    }

    /// # Errors
    /// [`Error::TokenExpired`] if the token was valid once, [`Error::TokenInvalid`] for
    /// every other fault.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Proof> {
        let decode = |key| jsonwebtoken::decode::<Claims>(token, key, &self.validation).ok();
        let claims = self.decoding.iter().find_map(decode).ok_or(Error::TokenInvalid)?.claims;
        let is_foreign = claims.iss.is_some() || claims.aud.is_some() || claims.nbf.is_some();
        if is_foreign || claims.iat > now.as_seconds().saturating_add(LEEWAY_SECONDS) {
            return Err(Error::TokenInvalid);
        }
        let user_id = claims.sub.parse().map(UserId).map_err(|_| Error::TokenInvalid)?;
        let session_id = claims.sid.parse().map_err(|()| Error::TokenInvalid)?;
        let expires_at = Timestamp(claims.exp.saturating_mul(1000));
        if expires_at <= now {
            return Err(Error::TokenExpired);
        }
        Ok(Proof { user_id, session_id, expires_at })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";
    const NOW: Timestamp = Timestamp(1_738_319_400_500);

    fn tokens() -> Tokens {
        Tokens::new(SECRET, b"", 60).unwrap()
    }

    fn user() -> User {
        User {
            id: UserId(7),
            username: "ann".into(),
            email: "ann@example.com".into(),
            role: Role::User,
            is_active: true,
            is_bot: false,
            created_at: NOW,
        }
    }

    fn claims() -> Value {
        json!({
            "sub": "7", "username": "ann", "role": "user", "sid": SessionId(9).to_string(),
            "iat": NOW.as_seconds(), "exp": NOW.as_seconds() + 60,
        })
    }

    fn signed(claims: &Value, secret: &[u8]) -> String {
        let key = EncodingKey::from_secret(secret);
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
    }

    #[test]
    fn a_token_proves_its_session_until_it_expires() {
        let tokens = tokens();
        let expires_at = tokens.expiry(NOW);
        let token = tokens.issue(&user(), SessionId(9), NOW, expires_at).unwrap();
        let proof = Proof { user_id: UserId(7), session_id: SessionId(9), expires_at };
        assert_eq!(tokens.verify(&token, NOW), Ok(proof));
        assert_eq!(tokens.verify(&token, Timestamp(expires_at.0 - 1)), Ok(proof));
        assert_eq!(tokens.verify(&token, expires_at), Err(Error::TokenExpired));
    }

    #[test]
    fn a_token_with_another_secret_or_a_missing_claim_is_refused() {
        let tokens = tokens();
        let verify = |token: &str| tokens.verify(token, NOW);
        assert!(verify(&signed(&claims(), SECRET)).is_ok());
        let another = b"another secret of thirty-two byte";
        assert_eq!(verify(&signed(&claims(), another)), Err(Error::TokenInvalid));
        for claim in ["sub", "sid", "exp", "iat", "role", "username"] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(claim);
            let token = signed(&claims, SECRET);
            assert_eq!(verify(&token), Err(Error::TokenInvalid), "without {claim}");
        }
    }

    #[test]
    fn claims_of_the_wrong_type_are_refused_without_a_panic() {
        let tokens = tokens();
        let with = |claim: &str, value: Value| {
            let mut claims = claims();
            claims[claim] = value;
            tokens.verify(&signed(&claims, SECRET), NOW)
        };
        assert_eq!(with("sub", json!("seven")), Err(Error::TokenInvalid));
        assert_eq!(with("sid", json!("9")), Err(Error::TokenInvalid));
        assert_eq!(with("role", json!("root")), Err(Error::TokenInvalid));
        assert_eq!(with("exp", json!("never")), Err(Error::TokenInvalid));
        assert_eq!(with("exp", json!(0)), Err(Error::TokenExpired));
        assert!(with("exp", json!(i64::MIN)).is_err());
        assert!(with("exp", json!(i64::MAX)).is_ok());
        for rubbish in ["", ".", "..", "a.b.c", "é.é.é", "eyJhbGciOiJub25lIn0.e30."] {
            assert_eq!(tokens.verify(rubbish, NOW), Err(Error::TokenInvalid));
        }
    }

    #[test]
    fn a_short_secret_is_refused() {
        for (secret, previous) in [(&SECRET[..31], &b""[..]), (SECRET, &SECRET[..31])] {
            let refused = Tokens::new(secret, previous, 60);
            assert!(matches!(refused, Err(StartError::SecretTooShort(31))));
        }
    }
}
