//! Secrets that cannot be guessed: 256 bits from the system's generator (RFC 4086).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{Error, Result, StartError};
use crate::model::SecretHash;

/// The length of a token: 256 bits in base64url (RFC 4648 §5), without padding.
pub(super) const TOKEN_CHARS: usize = 43;

/// # Errors
/// [`Error::Internal`] if the system's generator fails.
pub fn random_bytes() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no random numbers");
        Error::Internal
    })?;
    Ok(bytes)
}

/// Makes a token for one person. Only its [`hash`] is stored.
///
/// # Errors
/// As for [`random_bytes`].
pub(super) fn token() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes()?))
}

/// The hash under which a token is stored. It needs no salt and no slow function, because a token
/// cannot be guessed.
pub(super) fn hash(token: &str) -> SecretHash {
    Sha256::digest(token).into()
}

/// Tells whether two servers have the same secret, and nothing else of it: the first 16 hex digits of an HMAC. No
/// token has this text, so that it is no signature of one.
///
/// # Errors
/// [`StartError::SecretTooShort`] if the secret cannot be a key.
pub(super) fn fingerprint(secret: &[u8]) -> std::result::Result<String, StartError> {
    let keyed = Hmac::<Sha256>::new_from_slice(secret);
    let hmac = keyed.map_err(|InvalidLength| StartError::SecretTooShort(secret.len()))?;
    let code = hmac.chain_update("chatapp: the secret of this server").finalize().into_bytes();
    Ok(code[..8].iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_new_each_time_and_fits_a_url() {
        let (one, other) = (token().unwrap(), token().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), TOKEN_CHARS);
        assert!(one.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    }

    #[test]
    fn a_fingerprint_is_the_same_for_the_same_secret_only() {
        let of = |secret: &str| fingerprint(secret.as_bytes()).unwrap();
        assert_eq!(of("one"), of("one"));
        assert_ne!(of("one"), of("other"));
        assert!(of("one").len() == 16 && of("one").bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
