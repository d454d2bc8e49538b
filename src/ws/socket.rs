//! A connection's task: reads frames, tells the session, does what the session says. The hub
//! writes; what this task must say goes through it too, so that one place orders the bytes.
//!
//! What is awaited seldom is awaited in a box: an open connection costs little more than its task,
//! and a task is as large as the largest thing it may ever wait for.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::consume_budget;
use tokio::time::timeout;
use tungstenite::protocol::frame::coding::CloseCode as WsCloseCode;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error as WsError, Message as WsMessage};

use super::command::Subscribe;
use super::session::{Action, Input, Session, close_code};
use super::upgrade::{Caller, Sockets};
use crate::chat::{Draft, Error, SocketPermit};
use crate::model::{RoomId, Seq, Timestamp};
use crate::realtime::frame::close_frame;
use crate::realtime::{
    CloseCode, Connection, ConnectionId, MAX_IN_FLIGHT, Mail, Peer, ReadAsker, ReplyTo,
};

/// How long a closed client may take to close too. RFC 6455 §7.1.1 lets the server close first.
const LINGER: Duration = Duration::from_secs(2);

/// Frames taken from one socket before others get their turn.
const FRAMES_A_TURN: usize = 32;

/// Reads from one socket before others get their turn: a frame may be in any number of pieces, and
/// come faster than it is taken apart.
const READS_A_TURN: u32 = 64;

/// Events of one page of what a client missed.
const PAGE: u32 = 100;

/// Bytes read at once. Small, for every open connection keeps such a buffer.
const READ_BUFFER: usize = 512;

/// Serves one connection, once it speaks WebSocket, until it ends.
pub fn run(
    sockets: Sockets,
    peer: Arc<Peer>,
    upgrade: impl Future<Output = Option<Vec<u8>>> + Send + 'static,
    caller: Caller,
    subscribe: Option<Subscribe>,
) -> impl Future<Output = ()> + Send + 'static {
    // Boxed here: what an async block or function is given has its place in it to the end.
    let opening = Box::pin(Socket::open(sockets, peer, upgrade, caller, subscribe));
    async {
        if let Some(mut socket) = opening.await {
            socket.serve().await;
            Box::pin(socket.sockets.hub.disconnect(socket.id)).await;
        }
    }
}

/// The reading half, as tungstenite wants it. What it writes by itself, pongs, is kept for the hub.
struct Io {
    peer: Arc<Peer>,
    /// Reads until this says that there is nothing to read, whether there is or not.
    reads_left: u32,
    replies: Vec<u8>,
}

impl Read for Io {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.reads_left == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.reads_left -= 1;
        self.peer.try_read(buffer)
    }
}

impl Write for Io {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.replies.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Socket {
    sockets: Sockets,
    _permit: SocketPermit,
    connection: Arc<Connection>,
    id: ConnectionId,
    session: Session,
    reader: WebSocket<Io>,
    /// The reader may have frames that it can give without the socket being readable.
    has_unread: bool,
    /// The client takes no more bytes: nothing is read from it either, so that nothing piles up.
    is_blocked: bool,
    /// The client closed, or sent what cannot be read: the reader is at its end, and only the hub's
    /// mail matters.
    is_closing: bool,
}

/// Whether to go on.
enum Next {
    Continue,
    End,
}

impl Socket {
    /// Makes the connection known to the hub. `None`: it may not begin, and has been told why.
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
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(limits.frame_bytes))
            .max_frame_size(Some(limits.frame_bytes));
        let io = Io { peer: peer.clone(), reads_left: READS_A_TURN, replies: Vec::new() };
        let reader = WebSocket::from_partially_read(io, already_read, Role::Server, Some(config));
        let (identity, permit) = match caller {
            Ok(admitted) => admitted,
            Err(error) => {
                let code = close_code(&error);
                sockets.hub.counts().closed(code);
                refuse(reader, &peer, code).await;
                return None;
            }
        };
        let only_room = subscribe.as_ref().map(|subscribe| subscribe.room_id);
        let connection = Arc::new(Connection::new(peer, identity, only_room));
        let id = sockets.hub.connect(connection.clone()).await?;
        let epoch = sockets.chat.epoch().clone();
        // The answer to the handshake may not be out yet.
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
                let reader = if self.is_closing { None } else { Some(&mut self.reader) };
                let end = drain(reader, &self.connection.peer);
                let _ = Box::pin(timeout(LINGER, end)).await;
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

    /// Waits for mail or for the socket, and reads what came.
    async fn wait(&mut self) -> Next {
        let may_read = !self.is_closing && self.connection.in_flight() < MAX_IN_FLIGHT;
        if may_read && self.has_unread && !self.is_blocked {
            return self.read_frames().await;
        }
        let peer = &self.connection.peer;
        let is_blocked = self.is_blocked;
        // Polled, not `ready().await`: this takes the place of the waker that the HTTP connection left
        // in the stream, which kept the whole of its task in memory.
        let readiness = poll_fn(|cx| match is_blocked {
            true => peer.poll_write_ready(cx),
            false => peer.poll_read_ready(cx),
        });
        tokio::select! {
            // The hub's mail first: what the client sent may be the answer to it.
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
        self.reader.get_mut().reads_left = READS_A_TURN;
        for _ in 0..FRAMES_A_TURN {
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
                    // In the place of a code that may not be sent (RFC 6455 §7.4) there is this one.
                    let is_broken = close.is_some_and(|close| close.code == WsCloseCode::Protocol);
                    let code = if is_broken { CloseCode::ProtocolError } else { CloseCode::Normal };
                    return self.close(code).await;
                }
                Ok(WsMessage::Frame(_)) => continue,
                Err(WsError::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.reader.get_ref().reads_left == 0 {
                        break;
                    }
                    self.has_unread = false;
                    return Next::Continue;
                }
                Err(error) => return self.on_error(&error).await,
            };
            self.connection.hear();
            // While the frame before was seen to, a room may have gone, and this be the answer to it.
            let gone = self.connection.take_gone().into_iter().map(Input::RoomGone);
            let actions = gone.chain([input]).flat_map(|input| self.session.on(input)).collect();
            if let Some(rest) = self.perform(actions) {
                rest.await;
            }
        }
        // There may be more: let the others have their turn first.
        tokio::task::yield_now().await;
        Next::Continue
    }

    /// tungstenite answers pings when it is next asked to write.
    async fn send_replies(&mut self) {
        // Writing to a Vec neither fails nor blocks.
        let _ = self.reader.flush();
        let replies = std::mem::take(&mut self.reader.get_mut().replies);
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

    /// Reads no more, and waits for the hub's word that the close frame is out.
    async fn close(&mut self, code: CloseCode) -> Next {
        self.is_closing = true;
        Box::pin(self.sockets.hub.close(self.id, code)).await;
        Next::Continue
    }

    /// Does what the session says, and what it says to the results: at once as long as nothing is to be
    /// waited for, as with messages; then as a future, if there is a rest.
    fn perform(&mut self, actions: Vec<Action>) -> Option<Pin<Box<impl Future<Output = ()>>>> {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            let Action::Post { draft, reference, wants_ack } = action else {
                actions.push_front(action);
                return Some(Box::pin(self.perform_rest(actions)));
            };
            if let Some(input) = self.post(draft, reference, wants_ack) {
                actions.extend(self.session.on(input));
            }
        }
        None
    }

    async fn perform_rest(&mut self, mut actions: VecDeque<Action>) {
        while let Some(action) = actions.pop_front() {
            if let Some(input) = self.act(action).await {
                actions.extend(self.session.on(input));
            }
        }
    }

    /// Queues a message. What is waited for is only its outcome, which the hub tells.
    fn post(&self, draft: Draft, reference: Option<String>, wants_ack: bool) -> Option<Input> {
        let reply = ReplyTo::Connection { id: self.id, reference: reference.clone(), wants_ack };
        self.connection.add_in_flight();
        match self.sockets.chat.post(&self.connection.identity(), draft, reply) {
            Ok(()) => None,
            Err(error) => {
                self.connection.sub_in_flight();
                Some(Input::SendFailed { reference, error })
            }
        }
    }

    /// Queues a read position, as a message.
    fn post_read(&self, room_id: RoomId, seq: Seq, reference: Option<String>) -> Option<Input> {
        let asker = ReadAsker::Connection { id: self.id, reference: reference.clone(), seq };
        self.connection.add_in_flight();
        match self.sockets.chat.post_read(&self.connection.identity(), room_id, seq, asker) {
            Ok(()) => None,
            Err(error) => {
                self.connection.sub_in_flight();
                Some(Input::SendFailed { reference, error })
            }
        }
    }

    /// Lives by another token of the same user from now on; gives its end.
    async fn refresh(&self, token: &str) -> Result<Timestamp, Error> {
        let identity = self.sockets.chat.authenticate(token).await?;
        let expires_at = identity.expires_at;
        if self.connection.renew(identity) { Ok(expires_at) } else { Err(Error::OtherUser) }
    }

    async fn act(&self, action: Action) -> Option<Input> {
        let Sockets { chat, hub, .. } = &self.sockets;
        let identity = &self.connection.identity();
        match action {
            Action::OpenRoom { subscribe, reference } => {
                let room_id = subscribe.room_id;
                return Some(match chat.enter_room(identity, room_id).await {
                    Ok(room) => {
                        let (head, oldest) = (room.head_seq, room.oldest_seq);
                        Input::RoomOpened { subscribe, reference, head, oldest }
                    }
                    Err(error) => Input::RoomRefused { room_id, reference, error },
                });
            }
            Action::ReadEvents { room_id, after } => {
                return Some(match chat.list_events(identity, room_id, after, PAGE).await {
                    // All of it was pruned after the room was entered.
                    Ok(page) if page.events.is_empty() && page.head_seq > after => {
                        Input::ReadFailed { room_id, error: Error::HistoryPruned }
                    }
                    Ok(page) => Input::Events { room_id, events: page.events },
                    Err(error) => Input::ReadFailed { room_id, error },
                });
            }
            Action::ReadRoom { room_id } => {
                return Some(match chat.open_room(identity, room_id).await {
                    Ok(room) => Input::RoomRead(room.state()),
                    Err(error) => Input::ReadFailed { room_id, error },
                });
            }
            Action::Post { draft, reference, wants_ack } => {
                return self.post(draft, reference, wants_ack);
            }
            Action::PostRead { room_id, seq, reference } => {
                return self.post_read(room_id, seq, reference);
            }
            Action::Refresh { token, reference } => {
                return Some(match self.refresh(&token).await {
                    Ok(expires_at) => Input::Refreshed { reference, expires_at },
                    Err(error) => Input::RefreshFailed { reference, error },
                });
            }
            Action::Join { room_id, after, reference } => {
                hub.join(self.id, room_id, after, reference).await;
            }
            Action::Leave { room_id, farewell } => hub.leave(self.id, room_id, farewell).await,
            Action::SendPage { room_id, events } => {
                hub.send_page(self.id, room_id, &events).await;
            }
            Action::TellRoom(room) => hub.tell_room(self.id, room).await,
            Action::Typing { room_id, reference } => match chat.check_typing(identity) {
                Ok(()) => hub.typing(self.id, room_id).await,
                Err(error) => return Some(Input::SendFailed { reference, error }),
            },
            Action::Watch { reference } => {
                let rooms = match hub.ask_to_watch(self.id).await {
                    true => None,
                    false => match chat.list_room_states(identity).await {
                        Ok(rooms) => Some(rooms),
                        Err(error) => return Some(Input::SendFailed { reference, error }),
                    },
                };
                hub.start_watching(self.id, reference, rooms).await;
            }
            Action::Reply(frame) => hub.send_frame(self.id, frame).await,
            Action::Close(code) => hub.close(self.id, code).await,
        }
        None
    }
}

/// What the hub's mail is to the session.
fn inputs(mail: Mail) -> impl Iterator<Item = Input> {
    let gone = mail.gone.into_iter().map(Input::RoomGone);
    let failed = mail
        .failed
        .into_iter()
        .map(|(reference, error)| Input::SendFailed { reference, error: error.into() });
    let behind = mail.behind.into_iter().map(|(room_id, cursor)| Input::Behind { room_id, cursor });
    gone.chain(failed).chain(behind)
}

/// Ends a connection that may not begin.
async fn refuse(mut reader: WebSocket<Io>, peer: &Peer, code: CloseCode) {
    // A socket that has just been made takes a small frame; if not, its client sees it end.
    let _ = peer.try_write(&close_frame(code));
    let _ = timeout(LINGER, drain(Some(&mut reader), peer)).await;
}

/// Reads until the client closes too: frames, as long as there is a reader for them, then bytes. To
/// close a socket with unread bytes would make the system reset the connection, and the client
/// might never see the close frame.
///
/// A client that sends faster than this reads must not keep the thread: nothing here waits then,
/// so the budget of the task is spent by hand.
async fn drain(reader: Option<&mut WebSocket<Io>>, peer: &Peer) {
    if let Some(reader) = reader {
        loop {
            reader.get_mut().reads_left = READS_A_TURN;
            match reader.read() {
                Ok(WsMessage::Close(_)) => return,
                Ok(_) => {}
                Err(WsError::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    if poll_fn(|cx| peer.poll_read_ready(cx)).await.is_err() {
                        return;
                    }
                }
                Err(_) => break,
            }
            consume_budget().await;
        }
    }
    // No more frames can be read: tell the client that nothing more comes, and read bytes.
    if peer.shutdown().is_err() {
        return;
    }
    // Of TLS too: what they say is of no interest any more.
    let stream = peer.tcp();
    let mut buffer = [0; 1024];
    while stream.readable().await.is_ok() {
        match stream.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
        consume_budget().await;
    }
}
