//! HS256 (RFC 7518 §3.2) for jsonwebtoken, which signs with no other algorithm. Its own implementations would
//! add a second RSA and second elliptic curves to the program; `public_keys` uses those of ring.

use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use sha2::Sha256;

use super::public_keys::PublicKey;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(signer(algorithm, key)?)),
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Installs this provider for the process.
pub(super) fn install() {
    // Fails only if this provider has been installed before.
    let _ = PROVIDER.install_default();
}

struct Hs256(Hmac<Sha256>);

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Hs256> {
    Hs256::new(*algorithm, key.as_bytes())
}

/// A key of one family is never used for an algorithm of another (RFC 8725 §2.1).
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match key.family() {
        AlgorithmFamily::Hmac => Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?)),
        AlgorithmFamily::Rsa | AlgorithmFamily::Ec | AlgorithmFamily::Ed => {
            Ok(Box::new(PublicKey::new(*algorithm, key)?))
        }
    }
}

impl Hs256 {
    fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        let keyed = Hmac::new_from_slice(secret);
        Ok(Self(keyed.map_err(|InvalidLength| ErrorKind::InvalidKeyFormat)?))
    }

    fn of(&self, message: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(message)
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.of(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        // Takes the same time wherever the signatures differ.
        self.of(message).verify_slice(signature).map_err(Error::from_source)
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::crypto;

    use super::*;

    /// RFC 7515, appendix A.1.
    #[test]
    fn signatures_equal_the_example_of_the_rfc_and_other_algorithms_are_refused() {
        let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1\
                      Z9CAow==";
        let message = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4\
                       MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        install();
        let signing = EncodingKey::from_urlsafe_base64_secret(secret).unwrap();
        let verifying = DecodingKey::from_secret(signing.as_bytes());
        let sign = |algorithm| crypto::sign(message.as_bytes(), &signing, algorithm);
        let verify = |message: &str, algorithm| {
            crypto::verify(signature, message.as_bytes(), &verifying, algorithm)
        };
        assert_eq!(sign(Algorithm::HS256).unwrap(), signature);
        assert!(verify(message, Algorithm::HS256).unwrap());
        assert!(!verify("another", Algorithm::HS256).unwrap());
        for other in [Algorithm::HS384, Algorithm::HS512, Algorithm::RS256, Algorithm::EdDSA] {
            assert!(sign(other).is_err() && verify(message, other).is_err());
        }
    }
}
