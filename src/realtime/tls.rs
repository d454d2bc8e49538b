//! The server's end of TLS on a socket that is never waited for.
//!
//! rustls turns bytes into records and back; what it has for the socket is its *ciphertext*. As
//! long as some of that is left, no more is accepted to be written: a client that does not read
//! costs the server one bounded buffer, and `WouldBlock` says what it says of a plain socket.

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};
use tokio::net::TcpStream;

/// Bytes accepted at once. One record of the largest size (RFC 8446 §5.1), so that is also about
/// what a client that takes nothing keeps in memory.
const WRITE_LIMIT: usize = 16 * 1024;

/// Reads of a socket for one read of plaintext. Records may be empty and come faster than they are
/// taken apart: after these the others get their turn, for the socket is still said to be readable.
const READS: usize = 4;

#[derive(Debug)]
pub struct Tls {
    session: ServerConnection,
}

/// The socket, as rustls wants it.
struct Raw<'a>(&'a TcpStream);

impl Tls {
    /// Completes a handshake. Nothing is made before the client has sent something.
    ///
    /// # Errors
    /// The connection ended, or the client does not speak this TLS; it has been told, if possible.
    pub async fn accept(tcp: &TcpStream, config: Arc<ServerConfig>) -> io::Result<Self> {
        tcp.readable().await?;
        let session = ServerConnection::new(config).map_err(io::Error::other)?;
        let mut tls = Self { session };
        tls.session.set_buffer_limit(Some(WRITE_LIMIT));
        while tls.session.is_handshaking() {
            match tls.receive(tcp) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => tcp.readable().await?,
                Err(error) => return Err(error),
            }
            while let Err(error) = tls.flush(tcp) {
                match error.kind() {
                    io::ErrorKind::WouldBlock => tcp.writable().await?,
                    _ => return Err(error),
                }
            }
        }
        Ok(tls)
    }

    /// What is left of the last record comes before the socket is asked: `WouldBlock` means that
    /// both have nothing, or that it is somebody else's turn.
    pub(super) fn read(&mut self, tcp: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        for _ in 0..READS {
            match self.session.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            self.receive(tcp)?;
            // An answer to a key update; if the socket is full, it goes before the next bytes
            // written, which is soon enough (RFC 8446 §4.6.3).
            let _ = self.flush(tcp);
        }
        self.session.reader().read(buffer)
    }

    pub(super) fn write(&mut self, tcp: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        self.flush(tcp)?;
        let accepted = self.session.writer().write(bytes)?;
        self.sent(tcp, accepted)
    }

    pub(super) fn write_vectored(
        &mut self,
        tcp: &TcpStream,
        slices: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        self.flush(tcp)?;
        let accepted = self.session.writer().write_vectored(slices)?;
        self.sent(tcp, accepted)
    }

    pub(super) fn is_flushed(&self) -> bool {
        !self.session.wants_write()
    }

    pub(super) fn flush(&mut self, tcp: &TcpStream) -> io::Result<()> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut Raw(tcp)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Says that nothing more comes, if the socket takes it.
    pub(super) fn close(&mut self, tcp: &TcpStream) {
        self.session.send_close_notify();
        let _ = self.flush(tcp);
    }

    /// Sends what was accepted, as far as the socket takes it.
    fn sent(&mut self, tcp: &TcpStream, accepted: usize) -> io::Result<usize> {
        match self.flush(tcp) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(accepted),
        }
    }

    /// One read of the socket, taken apart. A client that breaks the rules is told which.
    fn receive(&mut self, tcp: &TcpStream) -> io::Result<usize> {
        let received = self.session.read_tls(&mut Raw(tcp))?;
        if let Err(error) = self.session.process_new_packets() {
            let _ = self.flush(tcp);
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        Ok(received)
    }
}

impl Read for Raw<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Raw<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
