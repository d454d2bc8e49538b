//! Accepts connections and serves HTTP/1.1 on them, with or without TLS. hyper reads the requests and calls
//! poem's endpoint.
//!
//! poem's own server is not used: it sets no time limit on a request's head, does not wait for upgraded
//! connections at shutdown, spins when file descriptors run out, and leaves Nagle's algorithm on.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint as _};
use rustls::ServerConfig;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::reload::Endpoint;
use crate::config;
use crate::realtime::{Peer, Tls};
use crate::ws::{SharedStream, UpgradeSlot};

/// The largest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Connections that may wait to be accepted (the system may allow fewer). After a restart a thousand
/// clients reconnect at once; a client that finds the queue full tries again a second later.
const BACKLOG: i32 = 4096;

/// How long to wait before the next accept when the system has no file descriptor left.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(200);

/// Listens on the first address of the name that is available. Connections wait until they are accepted.
pub fn listen(address: &str) -> io::Result<std::net::TcpListener> {
    let mut result = Err(io::ErrorKind::AddrNotAvailable.into());
    for address in address.to_socket_addrs()? {
        result = listen_at(address);
        if result.is_ok() {
            break;
        }
    }
    result
}

fn listen_at(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Lets a restarted server use the port while old connections are in TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Shared by all connections.
struct Front {
    endpoint: Arc<Endpoint>,
    http: http1::Builder,
    /// The time within which a TLS handshake must be complete.
    handshake_timeout: Duration,
    stop: CancellationToken,
}

/// Accepts connections until `stop`. Every connection is one of `tasks`; after `stop` it ends when its
/// running request is answered. With `tls`, a new connection is encrypted with the newest certificate. Each
/// connection holds one of `slots`; one more slot is held for the next connection.
pub async fn accept(
    listener: TcpListener,
    endpoint: Arc<Endpoint>,
    config: config::Http,
    tls: Option<watch::Receiver<Arc<ServerConfig>>>,
    slots: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    let head = Duration::from_millis(config.header_timeout_ms);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(MAX_HEAD_BYTES);
    let front = Arc::new(Front { endpoint, http, handshake_timeout: head, stop: stop.clone() });
    loop {
        let accepted = tokio::select! {
            accepted = async {
                // The semaphore is never closed.
                let slot = slots.clone().acquire_owned().await.ok()?;
                Some((listener.accept().await, slot))
            } => accepted,
            () = stop.cancelled() => break,
        };
        let Some((accepted, slot)) = accepted else { break };
        let (stream, remote) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if !is_of_one_connection(&error) {
                    tracing::error!(%error, "cannot accept connections");
                    tokio::time::sleep(ACCEPT_BACKOFF).await;
                }
                continue;
            }
        };
        // Turns off Nagle's algorithm: frames are small and must not wait for each other. If this
        // fails the socket is broken, and its first use returns an error.
        let _ = stream.set_nodelay(true);
        let Ok(local) = stream.local_addr() else { continue };
        let (front, addresses) = (front.clone(), (local, remote));
        match &tls {
            None => {
                tasks.spawn(serve(front, Peer::plain(stream, slot), Scheme::HTTP, addresses));
            }
            Some(tls) => {
                let tls = tls.borrow().clone();
                tasks.spawn(async move {
                    if let Some(tls) = Box::pin(handshake(&front, &stream, tls)).await {
                        let peer = Peer::encrypted(stream, tls, slot);
                        serve(front, peer, Scheme::HTTPS, addresses).await;
                    }
                });
            }
        }
    }
}

/// Performs the TLS handshake. `None` if it failed, took too long, or the server is stopping.
async fn handshake(front: &Front, stream: &TcpStream, config: Arc<ServerConfig>) -> Option<Tls> {
    let accepted = tokio::select! {
        accepted = timeout(front.handshake_timeout, Tls::accept(stream, config)) => accepted,
        () = front.stop.cancelled() => return None,
    };
    match accepted {
        Ok(Ok(tls)) => return Some(tls),
        // Scanners, plain HTTP and outdated clients are common, so this is not a warning.
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
    None
}

/// Serves HTTP on a connection until it ends or becomes a WebSocket.
fn serve(
    front: Arc<Front>,
    peer: Peer,
    scheme: Scheme,
    (local, remote): (SocketAddr, SocketAddr),
) -> impl Future<Output = ()> + Send + 'static {
    let peer = Arc::new(peer);
    let io = TokioIo::new(SharedStream(peer.clone()));
    let stop = front.stop.clone();
    let http = front.http.clone();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let front = front.clone();
        if let Some(on_upgrade) = request.extensions_mut().remove::<hyper::upgrade::OnUpgrade>() {
            let on_upgrade = Arc::new(Mutex::new(Some(on_upgrade)));
            request.extensions_mut().insert(UpgradeSlot { peer: peer.clone(), on_upgrade });
        }
        let local = LocalAddr(Addr::SocketAddr(local));
        let remote = RemoteAddr(Addr::SocketAddr(remote));
        let request = poem::Request::from((request, local, remote, scheme.clone()));
        async move {
            let response = front.endpoint.load_full().get_response(request).await;
            Ok::<_, Infallible>(hyper::Response::from(response))
        }
    });
    let connection = http.serve_connection(io, service).with_upgrades();
    async move {
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop.cancelled() => {
                // The running request is finished, and no further request is read.
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            // Clients that disconnect, or do not speak HTTP, are common, so this is not a warning.
            tracing::debug!(%error, "a connection ended");
        }
    }
}

/// Whether only one connection failed before it was accepted, so that accepting can continue at once.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
