//! The TLS certificate: it is read at the start, and again when its files change.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, Error as TlsError, RootCertStore, ServerConfig};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config;
use crate::model::Timestamp;

/// How often the files are checked for changes.
const LOOK: Duration = Duration::from_secs(1);

/// The current certificate, and the files it comes from.
pub(super) struct Certificate {
    files: Files,
    stamp: Stamp,
    current: watch::Sender<Arc<ServerConfig>>,
}

#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// Inode, modification time and size of the two files. At least one of these changes if a file is
/// overwritten or replaced, or if a link gets another target.
type Stamp = [Option<(u64, i64, i64, u64)>; 2];

impl Certificate {
    /// Reads the certificate. `None` if the settings do not name one.
    ///
    /// # Errors
    /// A sentence for the operator: the files cannot be read, or cannot be used.
    pub(super) fn of(config: &config::Http) -> anyhow::Result<Option<Self>> {
        if config.tls_certificate.is_empty() {
            return Ok(None);
        }
        let files = Files {
            certificate: PathBuf::from(&config.tls_certificate),
            key: PathBuf::from(&config.tls_key),
        };
        // The stamp is taken first, so that a change during the read is noticed later.
        let stamp = files.stamp();
        let (current, _) = watch::channel(files.read()?);
        Ok(Some(Self { files, stamp, current }))
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Arc<ServerConfig>> {
        self.current.subscribe()
    }

    /// Loads changed files until `stop`. If they cannot be used, that is logged once, and the old
    /// certificate stays in use.
    pub(super) async fn renew(mut self, stop: CancellationToken) {
        let mut seen = self.stamp;
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                _ = look.tick() => {}
                () = stop.cancelled() => return,
            }
            let files = self.files.clone();
            let (known, before) = (self.stamp, seen);
            // File access may block.
            let looked = tokio::task::spawn_blocking(move || {
                let stamp = files.stamp();
                // The two files are not replaced at the same moment, so wait until both are stable.
                let is_settled = stamp == before;
                (stamp, (is_settled && stamp != known).then(|| files.read()))
            });
            let Ok((stamp, read)) = looked.await else { continue };
            seen = stamp;
            match read {
                None => continue,
                Some(Ok(config)) => {
                    self.current.send_replace(config);
                    tracing::info!("the certificate was renewed");
                }
                Some(Err(error)) => {
                    tracing::error!(%error, "the certificate was not renewed; the old one stays");
                }
            }
            self.stamp = stamp;
        }
    }
}

impl Files {
    fn stamp(&self) -> Stamp {
        let stamp = |file: Metadata| (file.ino(), file.mtime(), file.mtime_nsec(), file.len());
        [&self.certificate, &self.key].map(|path| fs::metadata(path).ok().map(stamp))
    }

    fn read(&self) -> anyhow::Result<Arc<ServerConfig>> {
        let Self { certificate, key } = self;
        let chain = read(certificate, "http.tls_certificate", "certificate", |text| {
            let chain = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>()?;
            if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) }
        })?;
        let secret = read(key, "http.tls_key", "private key", PrivateKeyDer::from_pem_slice)?;
        let (certificate, key) = (certificate.display(), key.display());
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(|error| match error {
                TlsError::InconsistentKeys(_) => anyhow!(
                    "the private key in {key} does not match the certificate in {certificate}: \
                     set http.tls_key to the key that belongs to the certificate"
                ),
                TlsError::InvalidCertificate(_) => anyhow!(
                    "the certificate in {certificate} cannot be used ({error}): \
                     set http.tls_certificate to one for a server, in PEM"
                ),
                _ => anyhow!(
                    "the private key in {key} cannot be used ({error}): \
                     set http.tls_key to an RSA, ECDSA or Ed25519 key, in PEM"
                ),
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Session tickets let a thousand clients reconnect without a signature for each (RFC 8446
        // §2.2), and without state on the server.
        config.ticketer = ring::Ticketer::new()?;
        Ok(Arc::new(config))
    }
}

/// Checks that the certificate of these settings, if there is one, can be used.
///
/// # Errors
/// A sentence for the operator.
pub fn check_certificate(config: &config::Http) -> anyhow::Result<()> {
    Certificate::of(config).map(drop)
}

/// Whether the certificate of these settings is valid at this time. Its issuer and its names are not
/// checked, because clients decide which they accept.
///
/// # Errors
/// A sentence for the operator: the certificate cannot be read.
pub fn is_certificate_valid(config: &config::Http, at: Timestamp) -> anyhow::Result<bool> {
    let certificate = read_certificate(config)?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build()?;
    let at = UnixTime::since_unix_epoch(Duration::from_millis(at.0.unsigned_abs()));
    // The verifier checks the time first, so other errors mean that the time is valid.
    let verified = verifier.verify_server_cert(
        &certificate,
        &[],
        &ServerName::try_from("localhost")?,
        &[],
        at,
    );
    Ok(!matches!(
        verified,
        Err(TlsError::InvalidCertificate(
            CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. }
        ))
    ))
}

/// Reads the certificate that a server with these settings shows.
///
/// # Errors
/// A sentence for the operator: the certificate cannot be read.
pub fn read_certificate(config: &config::Http) -> anyhow::Result<CertificateDer<'static>> {
    let path = Path::new(&config.tls_certificate);
    read(path, "http.tls_certificate", "certificate", CertificateDer::from_pem_slice)
}

/// Reads a PEM file and parses it with `parse`. The errors never repeat the file's content.
fn read<T>(
    path: &Path,
    setting: &str,
    what: &str,
    parse: impl FnOnce(&[u8]) -> Result<T, pem::Error>,
) -> anyhow::Result<T> {
    let name = path.display();
    let text = fs::read(path).map_err(|error| {
        anyhow!(
            "{name} cannot be read ({error}): set {setting} to a file with the {what} in PEM \
             that this process may read"
        )
    })?;
    // A byte order mark before the first line would hide the first certificate.
    parse(text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text)).map_err(|_| {
        anyhow!(
            "{name} contains no complete {what}: set {setting} to a file with the {what} in PEM"
        )
    })
}
