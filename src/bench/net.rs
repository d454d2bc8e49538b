//! Many sockets on one thread: connects, sends, and hands every frame that arrives to the caller.
//!
//! Edge-triggered polling and one read buffer for all connections: a wake-up of a connection is one
//! `read`, and an idle connection has no buffer at all.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

use super::api::Server;
use super::wire::{self, Frame};

/// Bytes of the read buffer. More than a socket's receive buffer usually holds: one read empties it.
const BUFFER: usize = 512 * 1024;

/// Wake-ups taken from the system at once.
const EVENTS: usize = 1024;

/// Sixteen bytes in base64 (RFC 6455 §4.1).
const KEY: &str = "Y2hhdGFwcC1iZW5jaC1rZQ==";

/// One room's socket to be opened.
#[derive(Clone, Copy, Debug)]
pub struct Join<'a> {
    pub room_id: i64,
    pub token: &'a str,
    /// Everything after this seq is asked for.
    pub since: Option<i64>,
    /// Given back with every frame of the connection.
    pub tag: usize,
}

/// A frame that has arrived.
pub struct Heard<'a> {
    pub tag: usize,
    pub frame: Frame<'a>,
    /// When it was read.
    pub at: Instant,
    /// Frames to be sent on this connection.
    pub out: &'a mut Vec<u8>,
}

/// Names a connection until it is closed.
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
    /// The beginning of a frame, or of the answer to the handshake, that is not complete yet.
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

    /// Begins to connect; the `synced` frame tells when the connection is live.
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

    /// Drops the connection, without a word, as a lost network does.
    pub fn close(&mut self, slot: Slot) {
        self.peers.try_remove(slot);
    }

    /// Sends what `write` appends.
    pub fn send(&mut self, slot: Slot, write: impl FnOnce(&mut Vec<u8>)) -> anyhow::Result<()> {
        let peer = self.peers.get_mut(slot).context("the connection is closed")?;
        write(&mut peer.out);
        peer.flush()
    }

    /// A second handle to write to the connection with, while this one goes on reading.
    pub fn writer(&self, slot: Slot) -> anyhow::Result<std::net::TcpStream> {
        use std::os::fd::AsFd;
        let peer = self.peers.get(slot).context("the connection is closed")?;
        Ok(peer.tcp.as_fd().try_clone_to_owned()?.into())
    }

    /// Waits for something to arrive, at most `timeout`, and hands it all to `hear`. A connection
    /// that ends is reported as [`Frame::Closed`], with code 1006 if the server did not say so.
    ///
    /// # Errors
    /// Those of `hear`, a refused handshake, bytes that are no frame.
    pub fn turn(
        &mut self,
        timeout: Duration,
        hear: &mut impl FnMut(Heard<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
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
    /// Reads what is there; true if nothing more will come.
    fn read(
        &mut self,
        buffer: &mut [u8],
        to_the_end: bool,
        hear: &mut impl FnMut(Heard<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        loop {
            // A frame larger than the buffer would never be complete; the server has none.
            let carried = self.carry.len();
            buffer[..carried].copy_from_slice(&self.carry);
            let read = match self.tcp.read(&mut buffer[carried..]) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if !self.is_open => {
                    return Err(error).context("the server did not take a connection");
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
            // Less than was asked for: the socket is empty, and the next byte wakes us again.
            if read < buffer.len() - carried && !to_the_end {
                return Ok(false);
            }
        }
    }

    /// Hands on what is complete and says how many bytes that was; `None` after a close.
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
            let next = wire::next_frame(&bytes[used..]).map_err(|what| {
                anyhow::anyhow!("the server sent what is not understood here: {what}")
            })?;
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

    /// Writes as much of `out` as the socket takes; the poll tells when it takes more.
    fn flush(&mut self) -> anyhow::Result<()> {
        let mut written = 0;
        while written < self.out.len() {
            match self.tcp.write(&self.out[written..]) {
                Ok(more) => written += more,
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected => break,
                    // Reading finds out how the connection ended.
                    io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
                        written = self.out.len();
                    }
                    _ => return Err(error).context("cannot write to a socket"),
                },
            }
        }
        self.out.drain(..written);
        if self.out.is_empty() && !self.is_open {
            // The request is out: what follows is small, and an idle connection keeps nothing.
            self.out = Vec::new();
            self.tcp.set_nodelay(true).context("cannot set TCP_NODELAY")?;
        }
        Ok(())
    }
}
