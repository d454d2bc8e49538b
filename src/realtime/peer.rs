//! A client's TCP connection, plain or encrypted. The hub writes to it without waiting, and the connection's
//! task reads from it. Before the upgrade to a WebSocket, hyper reads and writes.
//!
//! No operation here waits. After `WouldBlock`, `poll_read_ready` or `poll_write_ready` wakes the task when
//! the operation can be tried again.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::tls::Tls;

/// A client's TCP connection. Dropping it frees its place among the connections that the server allows.
#[derive(Debug)]
pub struct Peer {
    tcp: TcpStream,
    /// Boxed, so that TLS costs a plain connection only one pointer, and one branch per operation.
    tls: Option<Box<Mutex<Tls>>>,
    _slot: OwnedSemaphorePermit,
    /// What is written goes here, in a simulation.
    #[cfg(test)]
    written: Option<std::sync::Arc<Mutex<Vec<u8>>>>,
}

impl Peer {
    /// Makes a peer without TLS.
    pub fn plain(tcp: TcpStream, slot: OwnedSemaphorePermit) -> Self {
        Self {
            tcp,
            tls: None,
            _slot: slot,
            #[cfg(test)]
            written: None,
        }
    }

    /// Makes a peer that keeps what is written to it, for simulations. `tcp` is not used.
    #[cfg(test)]
    pub(crate) fn recording(
        tcp: TcpStream,
        slot: OwnedSemaphorePermit,
        written: std::sync::Arc<Mutex<Vec<u8>>>,
    ) -> Self {
        Self { tcp, tls: None, _slot: slot, written: Some(written) }
    }

    /// Returns an encrypted connection, after the TLS handshake.
    pub fn encrypted(tcp: TcpStream, tls: Tls, slot: OwnedSemaphorePermit) -> Self {
        Self {
            tcp,
            tls: Some(Box::new(Mutex::new(tls))),
            _slot: slot,
            #[cfg(test)]
            written: None,
        }
    }

    /// Reads without waiting. `Ok(0)`: the client has closed its side.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.tls {
            None => self.tcp.try_read(buffer),
            Some(tls) => lock(tls).read(&self.tcp, buffer),
        }
    }

    /// Writes without waiting. With TLS, accepted bytes may still have to be sent: see [`Peer::is_flushed`].
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(test)]
        if let Some(written) = &self.written {
            written.lock().expect("no test panics with it").extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        match &self.tls {
            None => self.tcp.try_write(bytes),
            Some(tls) => lock(tls).write(&self.tcp, bytes),
        }
    }

    /// Writes the slices in order, as [`Peer::try_write`] does with one slice.
    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        #[cfg(test)]
        if self.written.is_some() {
            return slices.iter().map(|slice| self.try_write(slice)).sum();
        }
        match &self.tls {
            None => self.tcp.try_write_vectored(slices),
            Some(tls) => lock(tls).write_vectored(&self.tcp, slices),
        }
    }

    /// Whether the system has taken all written bytes. If not, the task must poll [`Peer::poll_write_ready`],
    /// which sends the rest.
    pub fn is_flushed(&self) -> bool {
        self.tls.as_ref().is_none_or(|tls| lock(tls).is_flushed())
    }

    /// Sends the accepted bytes that have not been sent yet.
    ///
    /// # Errors
    /// `WouldBlock` if the socket does not take all of them yet.
    pub fn try_flush(&self) -> io::Result<()> {
        match &self.tls {
            None => Ok(()),
            Some(tls) => lock(tls).flush(&self.tcp),
        }
    }

    /// Ready if [`Peer::try_read`] may return data. With TLS this may be the rest of a record that has already
    /// been read from the socket. No such rest is missed: tokio reports a socket as readable until a read of it
    /// has returned `WouldBlock`, and TLS reads the socket only after the whole record has been used.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp.poll_read_ready(cx)
    }

    /// Ready if [`Peer::try_write`] may take bytes. Sends the bytes accepted before first.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.tcp.poll_write_ready(cx))?;
            match self.try_flush() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // The next write returns any other error.
                _ => return Poll::Ready(Ok(())),
            }
        }
    }

    /// Ends the server's side of the connection; with TLS, by a close alert first (RFC 8446 §6.1). Bytes that the
    /// socket does not take at once are lost.
    pub fn shutdown(&self) -> io::Result<()> {
        if let Some(tls) = &self.tls {
            lock(tls).close(&self.tcp);
        }
        socket2::SockRef::from(&self.tcp).shutdown(Shutdown::Write)
    }

    /// The TCP connection below TLS, to wait for it or to discard its input.
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

/// The lock is held during one system call and the encryption of its bytes, never across an await. The hub and
/// the task seldom wait for each other here: one writes, the other reads.
fn lock(tls: &Mutex<Tls>) -> MutexGuard<'_, Tls> {
    tls.lock().unwrap_or_else(PoisonError::into_inner)
}
