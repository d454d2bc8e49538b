//! A WebSocket client that can break the protocol: it writes any bytes and reads frames.
#![allow(dead_code, reason = "each test file is a crate that uses its own part")]

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::{Client, DEADLINE, Server};

/// First bytes of frames (RFC 6455 §5.2): of whole frames, and of the fragments of a text.
pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8A;
pub const FIRST_FRAGMENT: u8 = 0x01;
pub const MIDDLE_FRAGMENT: u8 = 0x00;
pub const LAST_FRAGMENT: u8 = 0x80;

pub struct Raw {
    pub reader: Reader,
    pub writer: OwnedWriteHalf,
}

pub struct Reader {
    tcp: OwnedReadHalf,
    client: Client,
    buffer: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    pub first: u8,
    pub payload: Vec<u8>,
}

impl Raw {
    /// Opens a socket by path and query.
    pub async fn open(server: &Server, client: &Client, path: &str) -> Self {
        let tcp = TcpStream::connect(server.address()).await.expect("connect");
        Self::open_with(tcp, client, path, &[]).await
    }

    /// Opens a socket with a receive buffer of a few KiB: if the client does not read, the server soon
    /// cannot write.
    pub async fn open_narrow(server: &Server, client: &Client, path: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4 * 1024).expect("a small buffer");
        let tcp = socket.connect(server.address()).await.expect("connect");
        Self::open_with(tcp, client, path, &[]).await
    }

    /// Sends the handshake and `together` in one write, and reads the answer's head.
    pub async fn open_with(tcp: TcpStream, client: &Client, path: &str, together: &[u8]) -> Self {
        let mut raw = Self::over(tcp, client);
        raw.write(&[handshake(path).as_bytes(), together].concat()).await;
        raw.reader.expect_upgrade().await;
        raw
    }

    /// A client on a connection that has carried no bytes yet.
    pub fn over(tcp: TcpStream, client: &Client) -> Self {
        let (reader, writer) = tcp.into_split();
        Self { reader: Reader { tcp: reader, client: client.clone(), buffer: Vec::new() }, writer }
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        timeout(DEADLINE, self.writer.write_all(bytes))
            .await
            .expect("the server reads")
            .expect("the connection is up");
    }

    pub async fn recv(&mut self) -> Frame {
        self.reader.recv().await
    }

    /// The next text frame, as JSON.
    pub async fn recv_json(&mut self) -> Value {
        self.reader.recv_json().await.unwrap_or_else(|end| panic!("waited for text, got {end:?}"))
    }

    pub async fn recv_type(&mut self, frame_type: &str) -> Value {
        loop {
            let frame = self.recv_json().await;
            if frame["type"] == frame_type {
                return frame;
            }
        }
    }

    /// The close code of the next frame that is not text.
    pub async fn recv_close(&mut self) -> u16 {
        loop {
            let frame = self.recv().await;
            match frame.first {
                TEXT => {}
                CLOSE => return close_code(&frame.payload),
                _ => panic!("waited for a close, got {frame:?}"),
            }
        }
    }

    /// Waits until the server has ended the connection; discards the bytes that still come.
    pub async fn ends(&mut self) {
        let ended = async { while self.reader.read_more().await {} };
        timeout(DEADLINE, ended).await.expect("the server ends the connection");
    }
}

impl Reader {
    /// Reads the head of the answer to a handshake.
    pub async fn expect_upgrade(&mut self) {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            let more = timeout(DEADLINE, self.read_more()).await.expect("an answer");
            assert!(more, "ended in the handshake: {}", String::from_utf8_lossy(&self.buffer));
        };
        let head: Vec<u8> = self.buffer.drain(..end).collect();
        let head = String::from_utf8(head).expect("a head in ASCII");
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    }

    /// The next frame; panics if the server has closed.
    pub async fn recv(&mut self) -> Frame {
        let frame = timeout(DEADLINE, self.try_recv()).await.expect("a frame");
        frame.expect("the connection is up")
    }

    /// The next frame as JSON if it is text; otherwise the other frame, or `None` at the end.
    pub async fn recv_json(&mut self) -> Result<Value, Option<Frame>> {
        match timeout(DEADLINE, self.try_recv()).await.expect("a frame or the end") {
            Some(Frame { first: TEXT, payload }) => {
                let frame = serde_json::from_slice(&payload).expect("JSON");
                self.client.check_frame(&frame).await;
                Ok(frame)
            }
            other => Err(other),
        }
    }

    /// The next frame; `None` at the end of the connection. A server's frames have no mask.
    pub async fn try_recv(&mut self) -> Option<Frame> {
        loop {
            if let Some((header, length)) = self.header()
                && self.buffer.len() >= header + length
            {
                let first = self.buffer[0];
                let payload = self.buffer[header..header + length].to_vec();
                self.buffer.drain(..header + length);
                return Some(Frame { first, payload });
            }
            if !self.read_more().await {
                return None;
            }
        }
    }

    /// The lengths of the first frame's header and payload, if the whole header was received.
    fn header(&self) -> Option<(usize, usize)> {
        let number = |bytes: &[u8]| bytes.iter().fold(0, |n, &byte| n << 8 | usize::from(byte));
        match *self.buffer.get(1)? {
            126 => Some((4, number(self.buffer.get(2..4)?))),
            127 => Some((10, number(self.buffer.get(2..10)?))),
            short => Some((2, usize::from(short))),
        }
    }

    /// Reads more bytes; returns false at the end of the connection.
    async fn read_more(&mut self) -> bool {
        matches!(self.tcp.read_buf(&mut self.buffer).await, Ok(read) if read > 0)
    }
}

/// A minimal handshake (RFC 6455 §4.1).
pub fn handshake(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: chat\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// A client's frame: with a mask.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [1, 20, 30, 200];
    let mut frame = header(first, payload.len() as u64);
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The header of a client's frame, up to its mask.
pub fn header(first: u8, length: u64) -> Vec<u8> {
    let mut header = vec![first];
    match length {
        0..126 => header.push(0x80 | length as u8),
        126..=0xFFFF => {
            header.push(0x80 | 126);
            header.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            header.push(0x80 | 127);
            header.extend_from_slice(&length.to_be_bytes());
        }
    }
    header
}

pub fn text(value: &Value) -> Vec<u8> {
    frame(TEXT, value.to_string().as_bytes())
}

pub fn close(code: u16) -> Vec<u8> {
    frame(CLOSE, &code.to_be_bytes())
}

pub fn close_code(payload: &[u8]) -> u16 {
    u16::from_be_bytes([payload[0], payload[1]])
}
