//! Sends a GET request to a running server, over HTTP or HTTPS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::config::{self, Loaded};
use crate::server;

/// The largest body that is read, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// A request to a server.
pub(super) struct Question<'a> {
    pub url: Url,
    pub path: &'a str,
    pub timeout: Duration,
    /// Sent as a bearer token, if it is not empty.
    pub token: &'a str,
    /// The certificate that the server must show. `None` accepts any certificate; use it only if
    /// neither the request nor the answer holds a secret.
    pub certificate: Option<CertificateDer<'static>>,
}

pub(super) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// No server listens at the URL, or it does not answer in time.
#[derive(Debug, thiserror::Error)]
#[error("no server answers at {url} ({reason}): check that it is running, or name it with --url")]
pub(super) struct NoAnswer {
    pub url: String,
    reason: String,
}

/// The URL as text, without a trailing slash.
pub(super) fn shown(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

/// The URL in `named`, or else the URL at which this machine reaches the server of these settings.
///
/// # Errors
/// If the URL cannot be used.
pub(super) fn server_url(settings: &Loaded, named: Option<&str>) -> anyhow::Result<Url> {
    let http = &settings.config.http;
    let url = match named {
        Some(named) => {
            let url = Url::parse(named).with_context(|| format!("--url {named} is not a URL"))?;
            let is_usable = matches!(url.scheme(), "http" | "https") && url.has_host();
            ensure!(is_usable, "--url {named} cannot be used: write http://host:port");
            url
        }
        None => {
            let scheme = if http.tls_certificate.is_empty() { "http" } else { "https" };
            Url::parse(&format!("{scheme}://{}", local(&http.bind)?))?
        }
    };
    Ok(url)
}

/// The address at which this machine reaches a server that listens on `bind`.
fn local(bind: &str) -> anyhow::Result<String> {
    let Ok(address) = bind.parse::<SocketAddr>() else { return Ok(bind.to_owned()) };
    if address.port() == 0 {
        bail!(
            "http.bind has port 0, so the real port is unknown: name the server with --url http://host:port"
        );
    }
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(SocketAddr::new(ip, address.port()).to_string())
}

/// The certificate that the server of these settings shows. `None` if it does not use TLS.
pub(super) fn own_certificate(
    http: &config::Http,
) -> anyhow::Result<Option<CertificateDer<'static>>> {
    if http.tls_certificate.is_empty() {
        return Ok(None);
    }
    Ok(Some(server::read_certificate(http)?))
}

/// # Errors
/// [`NoAnswer`], or a sentence about an answer that cannot be understood.
pub(super) fn ask(question: &Question<'_>) -> anyhow::Result<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let answer = tokio::time::timeout(question.timeout, question.send()).await;
        let waited = || format!("no answer within {} ms", question.timeout.as_millis());
        answer.unwrap_or_else(|_| Err(question.no_answer(waited())))
    })
}

impl Question<'_> {
    async fn send(&self) -> anyhow::Result<Answer> {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or(80);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let tcp = TcpStream::connect((bare, port)).await;
        let tcp = tcp.map_err(|error| self.no_answer(error.to_string()))?;
        let answer = match self.url.scheme() {
            "https" => self.encrypt(bare, tcp).await,
            _ => self.exchange(TokioIo::new(tcp)).await,
        };
        let remedy = "check that it is chatapp, with these settings";
        answer.map_err(|error| {
            anyhow!("the answer of {} is not understood ({error}): {remedy}", shown(&self.url))
        })
    }

    async fn encrypt(&self, host: &str, tcp: TcpStream) -> anyhow::Result<Answer> {
        let name = ServerName::try_from(host.to_owned())?;
        let tls = TlsConnector::from(Arc::new(self.tls()?)).connect(name, tcp).await?;
        self.exchange(TokioIo::new(tls)).await
    }

    fn no_answer(&self, reason: String) -> anyhow::Error {
        NoAnswer { url: shown(&self.url).to_owned(), reason }.into()
    }

    async fn exchange<S>(&self, stream: S) -> anyhow::Result<Answer>
    where
        S: Read + Write + Unpin + Send + 'static,
    {
        let (mut sender, connection) = http1::handshake(stream).await?;
        let host = match self.url.port() {
            Some(port) => format!("{}:{port}", self.url.host_str().unwrap_or_default()),
            None => self.url.host_str().unwrap_or_default().to_owned(),
        };
        let mut request = Request::get(self.path).header(header::HOST, host);
        if !self.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        }
        let request = request.body(Empty::<Bytes>::new())?;
        // The connection ends when this future drops the sender.
        let answer = async move {
            let response = sender.send_request(request).await?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
            let body = body.map_err(|error| anyhow!("{error}"))?.to_bytes().to_vec();
            anyhow::Ok(Answer { status, body })
        };
        let (answer, _) = tokio::join!(answer, connection);
        answer
    }

    fn tls(&self) -> anyhow::Result<ClientConfig> {
        let provider = Arc::new(ring::default_provider());
        let known = Known { certificate: self.certificate.clone(), provider: provider.clone() };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(known))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// Accepts exactly the given certificate. The names in it are not checked, because the server is
/// reached by its address. The handshake proves, as always, that the server has the private key.
#[derive(Debug)]
struct Known {
    certificate: Option<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.certificate {
            Some(known) if known != shown => Err(rustls::Error::General(
                "it shows another certificate than the one in http.tls_certificate".to_owned(),
            )),
            Some(_) | None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_asked_where_its_own_machine_reaches_it() {
        for (bind, reached) in [
            ("127.0.0.1:8000", "127.0.0.1:8000"),
            ("0.0.0.0:81", "127.0.0.1:81"),
            ("[::]:81", "[::1]:81"),
            ("10.0.0.7:81", "10.0.0.7:81"),
            ("localhost:81", "localhost:81"),
        ] {
            assert_eq!(local(bind).unwrap(), reached);
        }
        assert!(local("127.0.0.1:0").unwrap_err().to_string().contains("--url"));
    }
}
