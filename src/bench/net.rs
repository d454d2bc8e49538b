//! Many sockets on one thread: connects, sends, and passes every frame to the caller.
//!
//! Polling is edge-triggered, and all connections share one read buffer. So a wake-up of a connection
//! costs one `read`, and an idle connection has no buffer.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

use super::api::Server;
use super::interrupt;
use super::wire::{self, Frame};

/// Size of the read buffer in bytes. It is larger than the usual receive buffer of a socket, so that one
/// read empties the socket.
const BUFFER: usize = 512 * 1024;

/// Events taken from the system at once.
const EVENTS: usize = 1024;

/// The handshake's key: sixteen bytes in base64 (RFC 6455 §4.1).
const KEY: &str = "Y2hhdGFwcC1iZW5jaC1rZQ==";

/// A socket to open, in one room.
#[derive(Clone, Copy, Debug)]
pub struct Join<'a> {
    pub room_id: i64,
    pub token: &'a str,
    /// Resume after this seq.
    pub since: Option<i64>,
    /// The scenario's number for the connection, returned with every frame.
    pub tag: usize,
}

/// A frame that has arrived.
pub struct Heard<'a> {
    pub tag: usize,
    pub frame: Frame<'a>,
    /// When it was read.
    pub at: Instant,
    /// Frames to send on this connection.
    pub out: &'a mut Vec<u8>,
}

/// Identifies a connection until it is closed.
pub type Slot = usize;

pub struct Net {
    server: Server,
    poll: Poll,
    events: Events,
    peers: Slab<Peer>,
    buffer: Vec<u8>,
}

struct Peer {
    tcp: TcpStream,
    tag: usize,
    is_open: bool,
    /// The first part of an incomplete frame, or of the incomplete answer to the handshake.
    carry: Vec<u8>,
    out: Vec<u8>,
}

/// The request that opens a room's socket.
pub fn handshake(server: &Server, join: Join<'_>) -> String {
    let since = join.since.map_or(String::new(), |since| format!("?since={since}"));
    format!(
        "GET /ws/{}{since} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {KEY}\r\n\r\n",
        join.room_id, server.authority, join.token
    )
}

impl Net {
    pub fn new(server: &Server) -> io::Result<Self> {
        Ok(Self {
            server: server.clone(),
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
            peers: Slab::new(),
            buffer: vec![0; BUFFER],
        })
    }

    /// Opens the next connections to this server.
    pub fn turn_to(&mut self, server: &Server) {
        self.server = server.clone();
    }

    /// Begins to connect. The connection is live when its `synced` frame arrives.
    pub fn connect(&mut self, join: Join<'_>) -> anyhow::Result<Slot> {
        let mut tcp = TcpStream::connect(self.server.address)
            .with_context(|| format!("cannot connect to {}", self.server.authority))?;
        let request = handshake(&self.server, join);
        let entry = self.peers.vacant_entry();
        let slot = entry.key();
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut tcp, Token(slot), interest)?;
        let (carry, out) = (Vec::new(), request.into_bytes());
        entry.insert(Peer { tcp, tag: join.tag, is_open: false, carry, out });
        Ok(slot)
    }

    /// Drops the connection without a close frame, like a network failure.
    pub fn close(&mut self, slot: Slot) {
        self.peers.try_remove(slot);
    }

    /// Sends the bytes that `write` appends.
    pub fn send(&mut self, slot: Slot, write: impl FnOnce(&mut Vec<u8>)) -> anyhow::Result<()> {
        let peer = self.peers.get_mut(slot).context("the connection is closed")?;
        write(&mut peer.out);
        peer.flush()
    }

    /// A second handle of the connection, to write from another thread.
    pub fn writer(&self, slot: Slot) -> anyhow::Result<std::net::TcpStream> {
        use std::os::fd::AsFd;
        let peer = self.peers.get(slot).context("the connection is closed")?;
        Ok(peer.tcp.as_fd().try_clone_to_owned()?.into())
    }

    /// Waits at most `timeout` for data, and passes all frames to `hear`. A connection that ends is
    /// reported as [`Frame::Closed`], with code 1006 if there was no close frame.
    ///
    /// # Errors
    /// An error of `hear`, a refused handshake, bytes that are not a frame, or a signal that interrupts the run.
    pub fn poll(
        &mut self,
        timeout: Duration,
        hear: &mut impl FnMut(Heard<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        interrupt::check()?;
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        for event in &self.events {
            let slot = event.token().0;
            let Some(peer) = self.peers.get_mut(slot) else { continue };
            let mut has_ended = false;
            if event.is_readable() || event.is_read_closed() || event.is_error() {
                has_ended = peer.read(&mut self.buffer, event.is_read_closed(), hear)?;
            }
            if has_ended {
                self.peers.remove(slot);
            } else {
                peer.flush()?;
            }
        }
        Ok(())
    }
}

impl Peer {
    /// Reads all available data. Returns true if the connection has ended.
    fn read(
        &mut self,
        buffer: &mut [u8],
        to_the_end: bool,
        hear: &mut impl FnMut(Heard<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        loop {
            // A frame larger than the buffer would never be complete; the server sends no such frame.
            let carried = self.carry.len();
            buffer[..carried].copy_from_slice(&self.carry);
            let read = match self.tcp.read(&mut buffer[carried..]) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if !self.is_open => {
                    return Err(error).context("the server did not accept a connection");
                }
                Err(_) => 0,
            };
            let at = Instant::now();
            if read == 0 {
                if !self.is_open {
                    bail!("the server closed a connection during its handshake");
                }
                let frame = Frame::Closed { code: 1006, reason: "without a close frame" };
                hear(Heard { tag: self.tag, frame, at, out: &mut self.out })?;
                return Ok(true);
            }
            let bytes = &buffer[..carried + read];
            let Some(used) = self.take(bytes, at, hear)? else { return Ok(true) };
            self.carry.clear();
            self.carry.extend_from_slice(&bytes[used..]);
            if self.carry.len() == buffer.len() {
                bail!("the server sent a frame of more than {BUFFER} bytes");
            }
            // A short read means that the socket is empty. The next data causes a new event.
            if read < buffer.len() - carried && !to_the_end {
                return Ok(false);
            }
        }
    }

    /// Passes on all complete frames. Returns the number of bytes used; `None` after a close.
    fn take(
        &mut self,
        bytes: &[u8],
        at: Instant,
        hear: &mut impl FnMut(Heard<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Option<usize>> {
        let mut used = 0;
        if !self.is_open {
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
                return Ok(Some(0));
            };
            if !bytes.starts_with(b"HTTP/1.1 101 ") {
                let answer = String::from_utf8_lossy(bytes);
                bail!("the server refused a socket: {}", answer.lines().next().unwrap_or_default());
            }
            self.is_open = true;
            used = end + 4;
        }
        loop {
            let next = wire::next_frame(&bytes[used..])
                .map_err(|what| anyhow::anyhow!("the server sent something unexpected: {what}"))?;
            let Some((frame, length)) = next else { return Ok(Some(used)) };
            used += length;
            if let Frame::Ping(payload) = frame {
                wire::write_pong(&mut self.out, payload);
                continue;
            }
            hear(Heard { tag: self.tag, frame, at, out: &mut self.out })?;
            if let Frame::Closed { .. } = frame {
                return Ok(None);
            }
        }
    }

    /// Writes as much of `out` as the socket accepts. The poll reports when it accepts more.
    fn flush(&mut self) -> anyhow::Result<()> {
        let mut written = 0;
        while written < self.out.len() {
            match self.tcp.write(&self.out[written..]) {
                Ok(more) => written += more,
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected => break,
                    // The next read reports the end of the connection.
                    io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
                        written = self.out.len();
                    }
                    _ => return Err(error).context("cannot write to a socket"),
                },
            }
        }
        self.out.drain(..written);
        if self.out.is_empty() && !self.is_open {
            // The request has been sent. Frees its buffer: later frames are small, and an idle connection
            // keeps no buffer.
            self.out = Vec::new();
            self.tcp.set_nodelay(true).context("cannot set TCP_NODELAY")?;
        }
        Ok(())
    }
}
