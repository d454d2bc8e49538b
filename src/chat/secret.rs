//! Secrets that cannot be guessed: 256 bits from the system's generator (RFC 4086).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{Error, Result};
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
}
