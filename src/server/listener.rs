//! Accepts connections and speaks HTTP/1.1 on them, encrypted or not, with hyper beneath poem's
//! endpoint.
//!
//! poem's own server sets no time limit on a request's head, does not wait for upgraded
//! connections at shutdown, spins when descriptors run out and leaves Nagle's algorithm on.

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

/// The most bytes of a request's head.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Connections that may wait to be accepted (the system may allow fewer). Of the thousand clients
/// that come back at once after a restart, those that find no place try again a second later.
const BACKLOG: i32 = 4096;

/// How long to wait before accepting again when the system has no descriptor left.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(200);

/// Listens on the first of the name's addresses that can be had. Connections wait until they are
/// accepted.
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
    // A restarted server takes over the port while old connections linger (TIME_WAIT).
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// What every connection is served with.
struct Front {
    endpoint: Arc<Endpoint>,
    http: http1::Builder,
    /// A handshake must be complete in this time.
    handshake_timeout: Duration,
    stop: CancellationToken,
}

/// Accepts until `stop`. Every connection is one of `tasks`, and ends after `stop` when the request
/// under way is answered. With `tls`, each is encrypted as its newest value says. Each has one of
/// `slots`, and so has the next one to come.
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
        // Chat frames are small and must not wait for each other. A socket on which this fails
        // is broken and will say so when it is used.
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

/// `None`: the client said nothing sensible, or nothing in time, or the server is stopping.
async fn handshake(front: &Front, stream: &TcpStream, config: Arc<ServerConfig>) -> Option<Tls> {
    let accepted = tokio::select! {
        accepted = timeout(front.handshake_timeout, Tls::accept(stream, config)) => accepted,
        () = front.stop.cancelled() => return None,
    };
    match accepted {
        Ok(Ok(tls)) => return Some(tls),
        // Scanners, plain HTTP, clients of another age: everyday events too.
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
    None
}

/// Speaks HTTP on a connection until it ends, or is a WebSocket.
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
                // The request under way is finished; no further one is read.
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            // Clients that go away, or do not speak HTTP, are everyday events.
            tracing::debug!(%error, "a connection ended");
        }
    }
}

/// Errors of a connection that failed before it was accepted: the next one may be fine.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
