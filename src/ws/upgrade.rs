//! From a request to a connection: the handshake of RFC 6455 §4, the caller's origin and token.
//!
//! A handshake that is not valid, or comes from a page of another site, is refused over HTTP. Later
//! errors are close codes, because a browser shows a page nothing else.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::task::{Context, Poll, ready};

use hyper_util::rt::TokioIo;
use poem::http::header::{self, HeaderValue};
use poem::http::{HeaderMap, StatusCode};
use poem::{Request, Response, handler, web::Data};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::task::TaskTracker;
use tungstenite::handshake::derive_accept_key;

use super::command::Subscribe;
use super::socket;
use crate::chat::{Chat, Error, SocketPermit};
use crate::http::problem::Problem;
use crate::http::{AllowedOrigins, ClientAddress};
use crate::model::{ErrorCode, Identity, RoomId, Seq};
use crate::realtime::{Hub, Peer};

/// The subprotocol that a browser offers together with `bearer.<token>`.
const SUBPROTOCOL: &str = "chatapp.v1";
const SUBPROTOCOL_TOKEN: &str = "bearer.";

/// The parts of the server that sockets use.
#[derive(Clone)]
pub struct Sockets {
    pub chat: Chat,
    pub hub: Hub,
    /// Every connection's task, so that shutdown can wait for them.
    pub tasks: TaskTracker,
}

/// A connection in the form that hyper needs, while it still speaks HTTP.
#[derive(Debug)]
pub struct SharedStream(pub Arc<Peer>);

/// The connection behind a request, for the time after the upgrade. The listener puts it into the
/// request's extensions.
#[derive(Clone)]
pub struct UpgradeSlot {
    pub peer: Arc<Peer>,
    pub on_upgrade: Arc<Mutex<Option<hyper::upgrade::OnUpgrade>>>,
}

/// The query of a socket's URL.
#[derive(Debug, Default, Deserialize)]
pub struct ConnectQuery {
    pub token: Option<String>,
    pub ticket: Option<String>,
    pub since: Option<i64>,
    pub epoch: Option<String>,
    pub history: Option<u32>,
}

/// `/ws`: many rooms.
#[handler]
pub async fn connect(
    request: &Request,
    sockets: Data<&Sockets>,
    address: ClientAddress,
    origins: AllowedOrigins,
) -> poem::Result<Response> {
    handshake(request, sockets.0, address.0, &origins, None).await
}

/// `/ws/{room_id}`: one room.
#[handler]
pub async fn connect_room(
    request: &Request,
    sockets: Data<&Sockets>,
    address: ClientAddress,
    origins: AllowedOrigins,
) -> poem::Result<Response> {
    let room_id =
        request.path_params::<i64>().map_err(|_| Problem::of_status(StatusCode::NOT_FOUND))?;
    handshake(request, sockets.0, address.0, &origins, Some(RoomId(room_id))).await
}

async fn handshake(
    request: &Request,
    sockets: &Sockets,
    address: IpAddr,
    origins: &AllowedOrigins,
    room_id: Option<RoomId>,
) -> poem::Result<Response> {
    let headers = request.headers();
    let key = check_handshake(headers)?;
    origins.check(headers)?;
    let query: ConnectQuery = request.params().map_err(|error| {
        let detail = format!("the query of the URL cannot be read: {error}");
        Problem::new(ErrorCode::InvalidField, detail)
    })?;
    let slot = request.extensions().get::<UpgradeSlot>();
    let upgrade = slot.and_then(|slot| {
        let on_upgrade = slot.on_upgrade.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some((slot.peer.clone(), on_upgrade))
    });
    let Some((peer, on_upgrade)) = upgrade else {
        return Err(upgrade_required().into());
    };

    let caller = authenticate(&sockets.chat, headers, &query, address).await;
    let caller = caller.and_then(|identity| {
        let permit = sockets.chat.admit_socket(&identity, address)?;
        Ok((identity, permit))
    });
    let subscribe = room_id.map(|room_id| Subscribe {
        room_id,
        since: query.since.map(Seq),
        epoch: query.epoch,
        history: query.history,
    });
    let upgrade = end_of_http(on_upgrade);
    sockets.tasks.spawn(socket::run(sockets.clone(), peer, upgrade, caller, subscribe));

    let mut response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()));
    if offered_protocols(headers).any(|protocol| protocol == SUBPROTOCOL) {
        response = response.header(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);
    }
    Ok(response.finish())
}

/// Waits for the end of HTTP on the connection, and returns the bytes after it that were read
/// already. `None`: the client disconnected before it got the answer. HTTP's buffer is freed.
async fn end_of_http(on_upgrade: hyper::upgrade::OnUpgrade) -> Option<Vec<u8>> {
    let upgraded = on_upgrade.await.ok()?;
    match upgraded.downcast::<TokioIo<SharedStream>>() {
        Ok(parts) => Some(parts.read_buf.to_vec()),
        Err(_) => {
            tracing::error!("a connection was upgraded that the listener did not make");
            None
        }
    }
}

/// Checks the requirements of RFC 6455 §4.2.1 and returns the request's key.
fn check_handshake(headers: &HeaderMap) -> poem::Result<&str> {
    let is_upgrade = has_word(headers, header::CONNECTION, "upgrade")
        && has_word(headers, header::UPGRADE, "websocket");
    if !is_upgrade && headers.contains_key(header::SEC_WEBSOCKET_KEY) {
        log_lost_upgrade();
        return Err(lost_upgrade().into());
    }
    if !is_upgrade {
        return Err(upgrade_required().into());
    }
    let version = headers.get(header::SEC_WEBSOCKET_VERSION).map(|value| value.as_bytes());
    if version != Some(b"13") {
        let detail = "only version 13 of the WebSocket protocol is spoken here";
        let problem = Problem::new(ErrorCode::UpgradeRequired, detail)
            .with_header(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return Err(problem.into());
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok());
    let detail = "Sec-WebSocket-Key must be 16 bytes in base64";
    key.filter(|key| key.len() == 24)
        .ok_or_else(|| Problem::new(ErrorCode::BadHandshake, detail).into())
}

fn upgrade_required() -> Problem {
    upgrade_problem("this is a WebSocket: connect with a WebSocket client; see /docs/socket")
}

/// Upgrade and Connection are for the next hop (RFC 9110 §7.6.1): a proxy that is not configured
/// for WebSockets forwards the handshake without them.
fn lost_upgrade() -> Problem {
    upgrade_problem(LOST_UPGRADE)
}

const LOST_UPGRADE: &str = "this handshake of a WebSocket has no Upgrade: a proxy in front of the server \
    must pass it on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
    proxy_set_header Connection \"upgrade\";)";

fn upgrade_problem(detail: &'static str) -> Problem {
    Problem::new(ErrorCode::UpgradeRequired, detail)
        .with_header(header::UPGRADE, HeaderValue::from_static("websocket"))
}

/// Logs once: a page tries again and again.
fn log_lost_upgrade() {
    static SAID: Once = Once::new();
    SAID.call_once(|| tracing::warn!("{LOST_UPGRADE}"));
}

/// Returns the identity of the first credential that is there: header, subprotocol, ticket, query.
async fn authenticate(
    chat: &Chat,
    headers: &HeaderMap,
    query: &ConnectQuery,
    address: IpAddr,
) -> Result<Identity, Error> {
    if let Some(token) = token(headers) {
        return chat.authenticate_any(&token, Some(address)).await;
    }
    if let Some(ticket) = &query.ticket {
        return chat.authenticate_by_ticket(ticket).await;
    }
    match &query.token {
        Some(token) if chat.takes_query_token() => {
            chat.authenticate_any(token, Some(address)).await
        }
        _ => Err(Error::TokenMissing),
    }
}

fn token(headers: &HeaderMap) -> Option<String> {
    let of_header = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().to_owned());
    let of_protocol = || {
        offered_protocols(headers)
            .find_map(|protocol| protocol.strip_prefix(SUBPROTOCOL_TOKEN).map(str::to_owned))
    };
    of_header.or_else(of_protocol)
}

fn offered_protocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn has_word(headers: &HeaderMap, name: header::HeaderName, word: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case(word))
}

/// The identity of an accepted connection, or why it is refused.
pub type Caller = Result<(Identity, SocketPermit), Error>;

impl AsyncRead for SharedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            match self.0.try_read(buffer.initialize_unfilled()) {
                Ok(read) => {
                    buffer.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for SharedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write(bytes) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write_vectored(slices) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.0.try_flush() {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                self.0.poll_write_ready(cx)
            }
            done => Poll::Ready(done),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(self.0.shutdown())
    }
}
