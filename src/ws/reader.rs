//! The reading half of a socket, and its end.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::consume_budget;
use tokio::time::timeout;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error as WsError, Message as WsMessage};

use crate::realtime::Peer;

/// How long a client may take to answer the server's close. RFC 6455 §7.1.1 lets the server close first.
const LINGER: Duration = Duration::from_secs(2);

/// Reads from one socket before the task yields: a frame may come in any number of pieces, and faster than it
/// is parsed.
const READS_AT_ONCE: u32 = 64;

/// Bytes read at once. Small, because every open connection keeps such a buffer.
const READ_BUFFER: usize = 512;

/// Reads frames. tungstenite writes pongs by itself; these are kept for the hub.
pub(super) struct Reader(WebSocket<Io>);

struct Io {
    peer: Arc<Peer>,
    /// When this is 0, a read reports `WouldBlock` even if there are bytes.
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

impl Reader {
    /// `already_read` are bytes that came with the handshake; a frame may have `frame_bytes` at most.
    pub fn new(peer: &Arc<Peer>, already_read: Vec<u8>, frame_bytes: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(frame_bytes))
            .max_frame_size(Some(frame_bytes));
        let io = Io { peer: peer.clone(), reads_left: READS_AT_ONCE, replies: Vec::new() };
        Self(WebSocket::from_partially_read(io, already_read, Role::Server, Some(config)))
    }

    /// The next frame. An error `WouldBlock` means that there is no whole frame yet, or that the budget is spent.
    pub fn read(&mut self) -> Result<WsMessage, WsError> {
        self.0.read()
    }

    /// Allows this reader the number of reads after which other sockets are served.
    pub fn renew_budget(&mut self) {
        self.0.get_mut().reads_left = READS_AT_ONCE;
    }

    pub fn is_budget_spent(&self) -> bool {
        self.0.get_ref().reads_left == 0
    }

    /// The answers to pings. tungstenite writes them when it is next asked to write.
    pub fn take_replies(&mut self) -> Vec<u8> {
        // Writing to a Vec never fails and never blocks.
        let _ = self.0.flush();
        std::mem::take(&mut self.0.get_mut().replies)
    }

    /// Waits until the client closes too, for a limited time.
    pub async fn linger(&mut self, may_read_frames: bool) {
        let _ = timeout(LINGER, self.drain(may_read_frames)).await;
    }

    /// Reads until the client closes too: frames, as long as they can be read, then bytes. Closing a socket with
    /// unread bytes would make the system reset the connection, and the client might never see the close frame.
    ///
    /// A client that sends faster than this reads must not keep the thread. Nothing here waits then, so the
    /// task's budget is consumed explicitly.
    async fn drain(&mut self, may_read_frames: bool) {
        let peer = self.0.get_ref().peer.clone();
        if may_read_frames && self.drain_frames(&peer).await {
            return;
        }
        drain_bytes(&peer).await;
    }

    /// Returns true if the client has closed, false if no more frames can be read.
    async fn drain_frames(&mut self, peer: &Peer) -> bool {
        loop {
            self.renew_budget();
            match self.read() {
                Ok(WsMessage::Close(_)) => return true,
                Ok(_) => {}
                Err(WsError::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    if poll_fn(|cx| peer.poll_read_ready(cx)).await.is_err() {
                        return true;
                    }
                }
                Err(_) => return false,
            }
            consume_budget().await;
        }
    }
}

/// Ends the server's side of the connection, and reads bytes until the client closes too.
async fn drain_bytes(peer: &Peer) {
    if peer.shutdown().is_err() {
        return;
    }
    // With TLS these are encrypted bytes: their content does not matter any more.
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
