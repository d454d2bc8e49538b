//! A client's TCP connection, plain or encrypted, with two users: the hub writes to it without
//! waiting, the connection's task reads from it. While it still speaks HTTP, hyper does both.
//!
//! All I/O is of the kind that never waits. `WouldBlock` means that the system said so, and that
//! `poll_read_ready` or `poll_write_ready` will wake whoever waits.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::tls::Tls;

/// Its place among the connections that the server allows is given back when it is dropped.
#[derive(Debug)]
pub struct Peer {
    tcp: TcpStream,
    /// Boxed: a plain connection pays for it with one pointer, and one branch an operation.
    tls: Option<Box<Mutex<Tls>>>,
    _slot: OwnedSemaphorePermit,
}

impl Peer {
    pub fn plain(tcp: TcpStream, slot: OwnedSemaphorePermit) -> Self {
        Self { tcp, tls: None, _slot: slot }
    }

    /// After the handshake.
    pub fn encrypted(tcp: TcpStream, tls: Tls, slot: OwnedSemaphorePermit) -> Self {
        Self { tcp, tls: Some(Box::new(Mutex::new(tls))), _slot: slot }
    }

    /// `Ok(0)`: the client has ended its side.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.tls {
            None => self.tcp.try_read(buffer),
            Some(tls) => lock(tls).read(&self.tcp, buffer),
        }
    }

    /// Bytes that were written may wait here to be encrypted and sent: see [`Peer::is_flushed`].
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.tls {
            None => self.tcp.try_write(bytes),
            Some(tls) => lock(tls).write(&self.tcp, bytes),
        }
    }

    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match &self.tls {
            None => self.tcp.try_write_vectored(slices),
            Some(tls) => lock(tls).write_vectored(&self.tcp, slices),
        }
    }

    /// Whether the system has taken everything that was written. If not, somebody must poll for
    /// [`Peer::poll_write_ready`], which sends the rest.
    pub fn is_flushed(&self) -> bool {
        self.tls.as_ref().is_none_or(|tls| lock(tls).is_flushed())
    }

    /// # Errors
    /// `WouldBlock` if the socket does not take everything yet.
    pub fn try_flush(&self) -> io::Result<()> {
        match &self.tls {
            None => Ok(()),
            Some(tls) => lock(tls).flush(&self.tcp),
        }
    }

    /// Ready if [`Peer::try_read`] may give something. With TLS that can be the rest of a record
    /// that has left the socket already; but tokio takes a socket for readable until a read of it
    /// would have blocked, and TLS reads the socket only when nothing is left.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.poll_read_ready(cx)
    }

    /// Ready if [`Peer::try_write`] may take something: what it took before is sent first.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.tcp.poll_write_ready(cx))?;
            match self.try_flush() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Any other error is for whoever writes to find.
                _ => return Poll::Ready(Ok(())),
            }
        }
    }

    /// Tells the client that nothing more comes (with TLS, first in its own words: RFC 8446 §6.1).
    /// What the socket does not take at once is lost.
    pub fn shutdown(&self) -> io::Result<()> {
        if let Some(tls) = &self.tls {
            lock(tls).close(&self.tcp);
        }
        socket2::SockRef::from(&self.tcp).shutdown(Shutdown::Write)
    }

    /// The connection itself, past TLS: to wait for it, or to read what will not be looked at.
    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some(tls) = &self.tls {
            lock(tls).close(&self.tcp);
        }
    }
}

/// Held for what one call of the system and the encryption of its bytes take, never across an
/// await. The hub and the task seldom meet here: one writes, the other reads.
fn lock(tls: &Mutex<Tls>) -> MutexGuard<'_, Tls> {
    tls.lock().unwrap_or_else(PoisonError::into_inner)
}
