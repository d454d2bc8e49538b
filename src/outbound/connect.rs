//! Connections to checked addresses.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ipnet::IpNet;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Url};

use super::Error;
use super::address::is_acceptable;

/// How long the connection to one address may take.
const CONNECT: Duration = Duration::from_secs(2);

/// How many addresses of a host are tried.
const MAX_ADDRESSES: usize = 4;

/// Connects to the host of the URL, at an address that is acceptable.
pub(super) async fn tcp(
    url: &Url,
    allowed: &[IpNet],
    slot: Arc<OwnedSemaphorePermit>,
) -> Result<TcpStream, Error> {
    let port = url.port_or_known_default().ok_or(Error::Url)?;
    let found = match url.host().ok_or(Error::Url)? {
        Host::Ipv4(ip) => vec![SocketAddr::new(ip.into(), port)],
        Host::Ipv6(ip) => vec![SocketAddr::new(ip.into(), port)],
        Host::Domain(name) => look_up(name.to_owned(), port, slot).await?,
    };
    if found.is_empty() {
        return Err(Error::UnknownHost);
    }
    let mut last = Error::Refused;
    let acceptable = found.into_iter().filter(|address| is_acceptable(*address, allowed));
    for address in acceptable.take(MAX_ADDRESSES) {
        match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(error)) => last = Error::Unreachable(error.to_string()),
            Err(_) => last = Error::Unreachable("it takes too long".to_owned()),
        }
    }
    Err(last)
}

/// The addresses of a name. The system's resolver blocks, and may take longer than a request or a server that stops
/// would wait for it. So each lookup has a thread of its own, which keeps the slot of its request until it ends.
async fn look_up(
    name: String,
    port: u16,
    slot: Arc<OwnedSemaphorePermit>,
) -> Result<Vec<SocketAddr>, Error> {
    let (found, answer) = oneshot::channel();
    let look = move || {
        let addresses = (name.as_str(), port).to_socket_addrs();
        let _ = found.send(addresses.map(Iterator::collect).unwrap_or_default());
        drop(slot);
    };
    let started = thread::Builder::new().name("chatapp-lookup".to_owned()).spawn(look);
    started.map_err(|error| Error::Unreachable(error.to_string()))?;
    answer.await.map_err(|_| Error::UnknownHost)
}

/// Encrypts a connection, and checks that the host of the URL is at the other end.
pub(super) async fn tls(
    url: &Url,
    config: Option<Arc<ClientConfig>>,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>, Error> {
    let no_authority = || Error::Tls("this machine trusts no authority".to_owned());
    let name = match url.host().ok_or(Error::Url)? {
        Host::Ipv4(ip) => ServerName::from(IpAddr::from(ip)),
        Host::Ipv6(ip) => ServerName::from(IpAddr::from(ip)),
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name).to_owned();
            ServerName::try_from(name).map_err(|error| Error::Tls(error.to_string()))?
        }
    };
    let connector = TlsConnector::from(config.ok_or_else(no_authority)?);
    connector.connect(name, tcp).await.map_err(|error| Error::Tls(error.to_string()))
}

/// The client's side of TLS, with the authorities that this machine trusts. `None` if there are none.
pub(super) fn trusted() -> Option<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        tracing::warn!("no certificate of an authority was found: requests to https fail");
        return None;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions();
    let mut config = config.ok()?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(Arc::new(config))
}
