//! Certificates made for a test, and clients that speak TLS.
#![allow(dead_code, reason = "each test file is a crate that uses its own part")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// The names of the files in the server's folder.
pub const CERTIFICATE: &str = "certificate.pem";
pub const KEY: &str = "key.pem";

/// A self-signed certificate for localhost, and its key.
#[derive(Clone)]
pub struct Identity(Arc<CertifiedKey<KeyPair>>);

impl Identity {
    pub fn new() -> Self {
        let names = vec!["localhost".to_owned()];
        Self(Arc::new(generate_simple_self_signed(names).expect("a certificate")))
    }

    pub fn certificate(&self) -> &CertificateDer<'static> {
        self.0.cert.der()
    }

    pub fn write(&self, folder: &Path) {
        std::fs::write(folder.join(CERTIFICATE), self.0.cert.pem()).expect("write a certificate");
        std::fs::write(folder.join(KEY), self.0.signing_key.serialize_pem()).expect("write a key");
    }

    pub fn server_config(&self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::Pkcs8(self.0.signing_key.serialize_der().into());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate().clone()], key);
        Arc::new(config.expect("a certificate and its key"))
    }
}

/// A client that trusts only this certificate and speaks only these versions of TLS. An empty list
/// means all versions.
pub fn connector(
    identity: &Identity,
    versions: &[&'static SupportedProtocolVersion],
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(identity.certificate().clone()).expect("a certificate");
    let versions = if versions.is_empty() { rustls::ALL_VERSIONS } else { versions };
    let mut config = ClientConfig::builder_with_protocol_versions(versions)
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsConnector::from(Arc::new(config))
}

pub fn server_name() -> ServerName<'static> {
    ServerName::try_from("localhost").expect("a name")
}

/// The size of the tunnel's buffer for each direction of each connection. The system's own choice grows with the
/// traffic up to many MB, and the tunnel would take for a client what the client does not read.
const BUFFER: u32 = 128 * 1024;

fn narrow_socket() -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(BUFFER).expect("a small buffer");
    socket.set_send_buffer_size(BUFFER).expect("a small buffer");
    socket
}

/// Opens a port and passes on its connections to `server`, encrypted. Dropping the returned set closes
/// the port.
pub async fn tunnel(server: SocketAddr, identity: &Identity) -> (SocketAddr, JoinSet<()>) {
    let connector = connector(identity, &[]);
    // The connections that it accepts have the sizes of its buffers.
    let listener = narrow_socket();
    listener.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    let listener = listener.listen(1024).expect("a port");
    let address = listener.local_addr().expect("a port");
    let mut tunnel = JoinSet::new();
    tunnel.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (client, _) = listener.accept().await.expect("accept");
            connections.spawn(forward(client, server, connector.clone()));
            while connections.try_join_next().is_some() {}
        }
    });
    (address, tunnel)
}

/// Passes bytes in both directions. If one side ends, the other side is ended too.
async fn forward(mut client: TcpStream, server: SocketAddr, connector: TlsConnector) {
    let Ok(tcp) = narrow_socket().connect(server).await else { return };
    let _ = (tcp.set_nodelay(true), client.set_nodelay(true));
    if let Ok(mut tls) = connector.connect(server_name(), tcp).await {
        let _ = tokio::io::copy_bidirectional(&mut client, &mut tls).await;
    }
}
