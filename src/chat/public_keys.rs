//! The signatures RS256, ES256 and EdDSA (RFC 7518 §3, RFC 8037) for jsonwebtoken, checked by ring, which is in the
//! program for TLS. They are only checked here, for the tokens of a product; no token is signed by them.

use jsonwebtoken::crypto::JwtVerifier;
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};

/// Checks signatures by one public key.
pub(super) struct PublicKey {
    algorithm: Algorithm,
    key: Key,
}

enum Key {
    Components(RsaPublicKeyComponents<Vec<u8>>),
    Encoded(UnparsedPublicKey<Vec<u8>>),
}

impl PublicKey {
    /// # Errors
    /// Another algorithm, or a key that is for another one.
    pub fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<Self> {
        let encoded = |key: &[u8]| match algorithm {
            Algorithm::RS256 => {
                Some(UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.to_vec()))
            }
            Algorithm::ES256 => {
                Some(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.to_vec()))
            }
            Algorithm::EdDSA => Some(UnparsedPublicKey::new(&ED25519, key.to_vec())),
            _ => None,
        };
        let key = match (algorithm, key.family(), key.kind()) {
            (
                Algorithm::RS256,
                AlgorithmFamily::Rsa,
                DecodingKeyKind::RsaModulusExponent { n, e },
            ) => Some(Key::Components(RsaPublicKeyComponents { n: n.clone(), e: e.clone() })),
            (Algorithm::RS256, AlgorithmFamily::Rsa, DecodingKeyKind::SecretOrDer(key))
            | (Algorithm::ES256, AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(key))
            | (Algorithm::EdDSA, AlgorithmFamily::Ed, DecodingKeyKind::SecretOrDer(key)) => {
                encoded(key).map(Key::Encoded)
            }
            _ => None,
        };
        let key = key.ok_or(ErrorKind::InvalidAlgorithm)?;
        Ok(Self { algorithm, key })
    }
}

impl Verifier<Vec<u8>> for PublicKey {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let verified = match &self.key {
            Key::Components(key) => key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
            Key::Encoded(key) => key.verify(message, signature),
        };
        verified.map_err(|_| Error::new())
    }
}

impl JwtVerifier for PublicKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
