//! TLS to PostgreSQL: which certificate of the server is accepted, and which one chatapp shows.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, UnixTime,
};
use rustls::server::ParsedCertificate;
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore,
    SignatureScheme,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls_advice;
use super::tls_options::{Mode, Roots, TlsOptions, Version};

/// What is known about the server at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// The connection is not encrypted.
    Plain,
    /// The connection is encrypted, to an unknown server.
    Encrypted,
    /// The server's certificate was issued by a trusted authority.
    VerifiedIssuer,
    /// The server's certificate was also issued for the host of the URL.
    VerifiedName,
}

/// Makes the client's side of TLS. The files are read for each connection, as libpq does, so that
/// renewed certificates are used without a restart.
///
/// # Errors
/// A sentence for the operator, if a file cannot be used.
pub(super) fn connector(options: &TlsOptions) -> Result<(MakeRustlsConnect, Protection), String> {
    let provider = Arc::new(ring::default_provider());
    let roots = roots(options)?;
    let protection = match (options.mode, &roots) {
        (Mode::VerifyFull, _) => Protection::VerifiedName,
        (_, Some(_)) => Protection::VerifiedIssuer,
        (_, None) => Protection::Encrypted,
    };
    let verifier = Verifier::new(options, roots, provider.clone())?;
    let versions: &[_] = match (options.oldest, options.newest) {
        (Version::Tls12, Version::Tls12) => &[&TLS12],
        (Version::Tls13, _) => &[&TLS13],
        (Version::Tls12, Version::Tls13) => &[&TLS13, &TLS12],
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match identity(options)? {
        None => builder.with_no_client_auth(),
        Some((file, chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|error| {
            format!(
                "the client certificate in {} cannot be used with its key ({error}): let sslcert and \
                 sslkey of the database URL name a certificate and the key that belongs to it",
                file.display()
            )
        })?,
    };
    // PostgreSQL 17 and newer expect this name from a client that negotiates TLS directly.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    config.enable_sni = options.sends_name;
    Ok((MakeRustlsConnect::new(config), protection))
}

/// Returns the client's side for connections without TLS, which is never used.
pub(super) fn unused() -> Result<(MakeRustlsConnect, Protection), String> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok((MakeRustlsConnect::new(config), Protection::Plain))
}

/// The folder in which libpq looks for files that the URL does not name.
fn default_file(name: &str) -> Option<PathBuf> {
    std::env::home_dir().map(|home| home.join(".postgresql").join(name))
}

fn existing_default(name: &str) -> Option<PathBuf> {
    default_file(name).filter(|file| file.exists())
}

/// Reads a file and gives its contents to `parse`. `of` names the file's purpose and its parameter.
fn read<T>(
    file: &Path,
    of: &str,
    parse: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<T, String> {
    let shown = file.display();
    let bytes =
        fs::read(file).map_err(|error| format!("{of}: {shown} cannot be read ({error})"))?;
    parse(&bytes).map_err(|error| format!("{of}: {shown} cannot be used ({error})"))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(read) if read.is_empty() => Err("it has no certificate in PEM".to_owned()),
        Ok(read) => Ok(read),
        Err(error) => Err(error.to_string()),
    }
}

/// Returns the certificates of the trusted authorities. With any mode they are used if there are some, as
/// in libpq: `require` then verifies as much as `verify-ca`.
fn roots(options: &TlsOptions) -> Result<Option<Vec<CertificateDer<'static>>>, String> {
    let file = match &options.roots {
        Some(Roots::System) => {
            let found = rustls_native_certs::load_native_certs().certs;
            return match found.is_empty() {
                true => Err("sslrootcert=system of the database URL: this system has no \
                             certificates of authorities: install the package ca-certificates"
                    .to_owned()),
                false => Ok(Some(found)),
            };
        }
        Some(Roots::File(file)) => file.clone(),
        None => match existing_default("root.crt") {
            Some(file) => file,
            None if options.mode < Mode::VerifyCa => return Ok(None),
            None => {
                let file = default_file("root.crt").unwrap_or("~/.postgresql/root.crt".into());
                return Err(format!(
                    "there is nothing to verify the certificate of PostgreSQL with: {} does not exist. \
                     Write sslrootcert=FILE into the database URL, with the certificate of the \
                     authority that issued the server's (a hoster offers it for download), or \
                     sslrootcert=system if it was issued by a public authority",
                    file.display()
                ));
            }
        },
    };
    read(&file, "sslrootcert of the database URL", certificates).map(Some)
}

type Identity = (PathBuf, Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Reads the certificate that is shown to a server that asks for one.
fn identity(options: &TlsOptions) -> Result<Option<Identity>, String> {
    let named = || options.certificate.clone().or_else(|| existing_default("postgresql.crt"));
    let Some(file) = named().filter(|_| options.shows_certificate) else { return Ok(None) };
    let chain = read(&file, "sslcert of the database URL", certificates)?;
    let of = "sslkey of the database URL";
    let key = options.key.clone().or_else(|| default_file("postgresql.key"));
    let key = key.ok_or_else(|| format!("{of} is missing: sslcert needs the key"))?;
    if let Ok(found) = fs::metadata(&key) {
        // As in libpq: root may let a group read a key for its members.
        let others = if found.uid() == 0 { 0o037 } else { 0o077 };
        if found.is_file() && found.mode() & others != 0 {
            return Err(format!(
                "{of}: other users of this machine may read {0}: run `chmod 600 {0}` (or 640, if \
                 root owns it)",
                key.display()
            ));
        }
    }
    let secret = read(&key, of, |pem| {
        PrivateKeyDer::from_pem_slice(pem).map_err(|error| {
            match pem.windows(9).any(|word| word == b"ENCRYPTED") {
                true => {
                    "it is encrypted: decrypt it with `openssl pkey -in KEY -out NEW`".to_owned()
                }
                false => format!("it has no private key in PEM: {error}"),
            }
        })
    })?;
    Ok(Some((file, chain, secret)))
}

/// Verifies the certificate of the server as far as the mode asks for.
#[derive(Debug)]
struct Verifier {
    /// `None`: every certificate is accepted.
    chain: Option<Arc<WebPkiServerVerifier>>,
    checks_name: bool,
    /// Trusted certificates that a server may use as its own, although they are of authorities. Empty if
    /// there is a list of revoked certificates, which is not compared with them.
    pinned: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(
        options: &TlsOptions,
        roots: Option<Vec<CertificateDer<'static>>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let checks_name = options.mode == Mode::VerifyFull;
        let Some(roots) = roots else {
            return Ok(Self { chain: None, checks_name, pinned: Vec::new(), provider });
        };
        let of = "sslcrl of the database URL";
        let revoked = options.revoked.clone().or_else(|| existing_default("root.crl"));
        let mut store = RootCertStore::empty();
        let (usable, _) = store.add_parsable_certificates(roots.iter().cloned());
        if usable == 0 {
            return Err(
                "sslrootcert of the database URL: no certificate in it can be used".to_owned()
            );
        }
        let mut builder =
            WebPkiServerVerifier::builder_with_provider(store.into(), provider.clone());
        if let Some(file) = &revoked {
            let lists = read(file, of, |pem| {
                let read: Result<Vec<_>, _> =
                    CertificateRevocationListDer::pem_slice_iter(pem).collect();
                match read {
                    Ok(read) if read.is_empty() => Err("it has no list in PEM".to_owned()),
                    Ok(read) => Ok(read),
                    Err(error) => Err(error.to_string()),
                }
            })?;
            builder = builder.with_crls(lists).enforce_revocation_expiration();
        }
        let is_pinning = revoked.is_none() && !matches!(options.roots, Some(Roots::System));
        let chain = builder.build().map_err(|error| format!("{of}: {error}"))?;
        let pinned = if is_pinning { roots } else { Vec::new() };
        Ok(Self { chain: Some(chain), checks_name, pinned, provider })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(shown, intermediates, name, ocsp, now) {
            // The name is checked last, so everything else is right.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.checks_name => Ok(ServerCertVerified::assertion()),
            // `openssl req -x509` makes such certificates. The dates were checked before this error.
            Err(error) if tls_advice::is_of_an_authority(&error) && self.pinned.contains(shown) => {
                if self.checks_name {
                    verify_server_name(&ParsedCertificate::try_from(shown)?, name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, shown, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let known = &self.provider.signature_verification_algorithms;
        match verify_tls13_signature(message, shown, signature, known) {
            // `openssl x509 -req` makes such certificates. That the server has the key is still checked:
            // channel binding relies on it.
            Err(error) if tls_advice::is_of_version_1(&error) && self.chain.is_none() => {
                let Ok(anchor) = webpki::anchor_from_trusted_cert(shown) else { return Err(error) };
                let key = webpki::spki_for_anchor(&anchor);
                verify_tls13_signature_with_raw_key(message, &key, signature, known)
            }
            result => result,
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
