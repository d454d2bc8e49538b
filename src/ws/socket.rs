//! A connection's task: reads frames, gives them to the protocol session, and does what the session says. The
//! hub writes to the socket. This task's own frames are sent through the hub too, which orders all bytes.
//!
//! Rare waits are boxed: an open connection costs little more than its task, and a task is as large as the largest
//! future that it may ever wait for.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;

use tungstenite::protocol::frame::coding::CloseCode as WsCloseCode;
use tungstenite::{Error as WsError, Message as WsMessage};

use super::action::Input;
use super::command::Subscribe;
use super::error::close_code;
use super::reader::Reader;
use super::session::Session;
use super::upgrade::{Caller, Sockets};
use crate::chat::SocketPermit;
use crate::realtime::encode::close_frame;
use crate::realtime::{CloseCode, Connection, ConnectionId, MAX_IN_FLIGHT, Mail, Peer};

/// Frames that are read from one socket before the task yields.
const FRAMES_AT_ONCE: usize = 32;

/// Serves one connection, after the upgrade, until it ends.
pub fn run(
    sockets: Sockets,
    peer: Arc<Peer>,
    upgrade: impl Future<Output = Option<Vec<u8>>> + Send + 'static,
    caller: Caller,
    subscribe: Option<Subscribe>,
) -> impl Future<Output = ()> + Send + 'static {
    // Boxed here: the arguments of an async block or function stay in its future to the end.
    let opening = Box::pin(Socket::open(sockets, peer, upgrade, caller, subscribe));
    async {
        if let Some(mut socket) = opening.await {
            socket.serve().await;
            Box::pin(socket.sockets.hub.disconnect(socket.id)).await;
        }
    }
}

pub(super) struct Socket {
    pub(super) sockets: Sockets,
    _permit: SocketPermit,
    pub(super) connection: Arc<Connection>,
    pub(super) id: ConnectionId,
    pub(super) session: Session,
    reader: Reader,
    /// The reader may have frames in its buffer while the socket is not readable.
    has_unread: bool,
    /// The client takes no more bytes: nothing is read from it either, so that no answers pile up.
    is_blocked: bool,
    /// The client closed, or sent a frame that cannot be read: nothing more is read, and only the hub's mail
    /// matters.
    is_closing: bool,
}

/// Whether the connection goes on.
enum Next {
    Continue,
    End,
}

impl Socket {
    /// Registers the connection with the hub. `None`: the connection was refused, and closed with a code that
    /// says why.
    async fn open(
        sockets: Sockets,
        peer: Arc<Peer>,
        upgrade: impl Future<Output = Option<Vec<u8>>>,
        caller: Caller,
        subscribe: Option<Subscribe>,
    ) -> Option<Self> {
        let already_read = upgrade.await?;
        let limits = sockets.chat.limits();
        let max_rooms = limits.rooms_per_socket;
        let mut reader = Reader::new(&peer, already_read, limits.frame_bytes);
        let (identity, permit) = match caller {
            Ok(admitted) => admitted,
            Err(error) => {
                let code = close_code(&error);
                sockets.hub.counts().closed(code);
                // A new socket accepts a small frame. If it does not, the client sees the connection end.
                let _ = peer.try_write(&close_frame(code));
                reader.linger(true).await;
                return None;
            }
        };
        let only_room = subscribe.as_ref().map(|subscribe| subscribe.room_id);
        let connection = Arc::new(Connection::new(peer, identity, only_room));
        let id = sockets.hub.connect(connection.clone()).await?;
        let epoch = sockets.chat.epoch().clone();
        // The answer to the handshake may not be written yet.
        let is_blocked = !connection.peer.is_flushed();
        let (session, actions) = match subscribe {
            Some(subscribe) => Session::with_room(subscribe, max_rooms, epoch),
            None => (Session::new(max_rooms, epoch), vec![]),
        };
        let mut socket = Self {
            sockets,
            _permit: permit,
            connection,
            id,
            session,
            reader,
            has_unread: true,
            is_blocked,
            is_closing: false,
        };
        if let Some(rest) = socket.perform(actions) {
            rest.await;
        }
        Some(socket)
    }

    async fn serve(&mut self) {
        let mut next = Next::Continue;
        while let Next::Continue = next {
            let mail = self.connection.take_mail();
            if mail.broken {
                return;
            }
            if mail.closing {
                let may_read_frames = !self.is_closing;
                Box::pin(self.reader.linger(may_read_frames)).await;
                return;
            }
            self.is_blocked |= mail.blocked;
            let actions = inputs(mail).flat_map(|input| self.session.on(input)).collect();
            if let Some(rest) = self.perform(actions) {
                rest.await;
            }
            next = self.wait().await;
        }
    }

    /// Waits for mail or for the socket, and reads frames.
    async fn wait(&mut self) -> Next {
        let may_read = !self.is_closing && self.connection.in_flight() < MAX_IN_FLIGHT;
        if may_read && self.has_unread && !self.is_blocked {
            return self.read_frames().await;
        }
        let peer = &self.connection.peer;
        let is_blocked = self.is_blocked;
        // Polled, not `ready().await`: this replaces the waker that the HTTP connection left in the stream,
        // which would keep that task in memory.
        let readiness = poll_fn(|cx| match is_blocked {
            true => peer.poll_write_ready(cx),
            false => peer.poll_read_ready(cx),
        });
        tokio::select! {
            // The hub's mail first: the client's frame may be the answer to it.
            biased;
            () = self.connection.wake.notified() => Next::Continue,
            ready = readiness, if is_blocked || may_read => match ready {
                Err(_) => Next::End,
                Ok(()) if is_blocked => {
                    self.is_blocked = false;
                    Box::pin(self.sockets.hub.writable(self.id)).await;
                    Next::Continue
                }
                Ok(()) => self.read_frames().await,
            }
        }
    }

    async fn read_frames(&mut self) -> Next {
        self.has_unread = true;
        self.reader.renew_budget();
        for _ in 0..FRAMES_AT_ONCE {
            if self.connection.in_flight() >= MAX_IN_FLIGHT {
                return Next::Continue;
            }
            let input = match self.reader.read() {
                Ok(WsMessage::Text(text)) => Input::Text(text.as_str().to_owned()),
                Ok(WsMessage::Binary(_)) => Input::Binary,
                Ok(WsMessage::Ping(_) | WsMessage::Pong(_)) => {
                    self.connection.hear();
                    self.send_replies().await;
                    continue;
                }
                Ok(WsMessage::Close(close)) => {
                    // tungstenite replaces a code that may not be sent (RFC 6455 §7.4) by this one.
                    let is_broken = close.is_some_and(|close| close.code == WsCloseCode::Protocol);
                    let code = if is_broken { CloseCode::ProtocolError } else { CloseCode::Normal };
                    return self.close(code).await;
                }
                Ok(WsMessage::Frame(_)) => continue,
                Err(WsError::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.reader.is_budget_spent() {
                        break;
                    }
                    self.has_unread = false;
                    return Next::Continue;
                }
                Err(error) => return self.on_error(&error).await,
            };
            self.connection.hear();
            // While the previous frame was handled, a room may have been deleted, and this frame may be the
            // answer to that.
            let gone = self.connection.take_gone().into_iter().map(Input::RoomGone);
            let actions = gone.chain([input]).flat_map(|input| self.session.on(input)).collect();
            if let Some(rest) = self.perform(actions) {
                rest.await;
            }
        }
        // There may be more frames: other tasks run first.
        tokio::task::yield_now().await;
        Next::Continue
    }

    /// tungstenite answers pings when it is next asked to write.
    async fn send_replies(&mut self) {
        let replies = self.reader.take_replies();
        if !replies.is_empty() {
            Box::pin(self.sockets.hub.send_frame(self.id, replies)).await;
        }
    }

    async fn on_error(&mut self, error: &WsError) -> Next {
        let code = match error {
            WsError::Capacity(_) => CloseCode::TooBig,
            WsError::Utf8(_) => CloseCode::InvalidText,
            WsError::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)
            | WsError::ConnectionClosed
            | WsError::AlreadyClosed
            | WsError::Io(_) => return Next::End,
            _ => CloseCode::ProtocolError,
        };
        self.close(code).await
    }

    /// Reads no more frames, and waits until the hub has written the close frame.
    async fn close(&mut self, code: CloseCode) -> Next {
        self.is_closing = true;
        Box::pin(self.sockets.hub.close(self.id, code)).await;
        Next::Continue
    }
}

/// The hub's mail as input of the session.
fn inputs(mail: Mail) -> impl Iterator<Item = Input> {
    let gone = mail.gone.into_iter().map(Input::RoomGone);
    let failed = mail
        .failed
        .into_iter()
        .map(|(reference, error)| Input::SendFailed { reference, error: error.into() });
    let recheck =
        mail.recheck.into_iter().map(|(room_id, cause)| Input::Recheck { room_id, cause });
    let behind = mail.behind.into_iter().map(|(room_id, cursor)| Input::Behind { room_id, cursor });
    gone.chain(failed).chain(recheck).chain(behind)
}
