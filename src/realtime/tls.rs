//! The server's side of TLS on a non-blocking socket.
//!
//! rustls turns bytes into encrypted records, and records into bytes. As long as some encrypted bytes have not
//! been sent, a write is not accepted and returns `WouldBlock`, as on a plain socket. So a client that does not
//! read costs the server one bounded buffer.

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};
use tokio::net::TcpStream;

/// The number of bytes accepted at once: one record of the largest size (RFC 8446 §5.1). A client that does not
/// read keeps about this much in memory.
const WRITE_LIMIT: usize = 16 * 1024;

/// The maximum number of reads of the socket for one read of plaintext. A client may send empty records faster
/// than they are decrypted. After this many reads other tasks run; the socket is still reported as
/// readable.
const READS: usize = 4;

/// The TLS session of one connection, over a socket that does not block.
#[derive(Debug)]
pub struct Tls {
    session: ServerConnection,
}

/// The socket as an implementation of `Read` and `Write`, which rustls needs.
struct Raw<'a>(&'a TcpStream);

impl Tls {
    /// Completes a handshake. No memory is allocated for TLS before the client has sent something.
    ///
    /// # Errors
    /// If the connection ended, or if the client does not speak an accepted version of TLS. Then the client
    /// receives an alert, if possible.
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

    /// Returns the rest of the last record before it reads the socket. `WouldBlock` means that there is no data, or
    /// that [`READS`] was reached.
    pub(super) fn read(&mut self, tcp: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        for _ in 0..READS {
            match self.session.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            self.receive(tcp)?;
            // Sends the answer to a key update. If the socket is full, the answer is sent before the next written
            // bytes, which RFC 8446 §4.6.3 allows.
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

    /// Sends the close alert, if the socket takes it.
    pub(super) fn close(&mut self, tcp: &TcpStream) {
        self.session.send_close_notify();
        let _ = self.flush(tcp);
    }

    /// Sends the accepted bytes, as far as the socket takes them.
    fn sent(&mut self, tcp: &TcpStream, accepted: usize) -> io::Result<usize> {
        match self.flush(tcp) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(accepted),
        }
    }

    /// Reads the socket once and decrypts the records. A client that violates the protocol receives an alert.
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
