//! Connections that join a room and never read.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use socket2::{Domain, Socket, Type};

use super::super::api::Server;
use super::super::net::{Join, handshake};
use super::{Figures, wait};

/// The least there is. The server's send buffer is bound by the segment: the kernel begins with room
/// for ten of them and adds more as they are taken, which on loopback, with segments of 64 KB, would
/// be a minute of conversation before the server felt anything.
const RECEIVE_BUFFER: usize = 2048;
const SEGMENT: u32 = 536;

/// How long the answer to a handshake may take, when it is looked at last.
const PATIENCE: Duration = Duration::from_secs(5);

/// A tenth of those that read, and at least one.
pub fn count(receivers: usize) -> usize {
    receivers.div_ceil(10).max(1)
}

pub fn join(
    server: &Server,
    room_id: i64,
    tokens: &[String],
    count: usize,
    is_over: &AtomicBool,
) -> anyhow::Result<Figures> {
    let mut stalled = Vec::with_capacity(count);
    for token in tokens.iter().cycle().take(count) {
        let join = Join { room_id, token, since: None, tag: 0 };
        stalled.push(connect(server, join).context("a stalled reader cannot connect")?);
    }
    wait(is_over);
    for mut tcp in stalled {
        let mut answer = [0; 12];
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.read_exact(&mut answer)?;
        ensure!(&answer == b"HTTP/1.1 101", "the server refused a stalled reader's socket");
    }
    Ok(vec![("stalled_readers", count as f64, "")])
}

fn connect(server: &Server, join: Join<'_>) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(server.address), Type::STREAM, None)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_tcp_mss(SEGMENT)?;
    socket.connect(&server.address.into())?;
    let mut tcp = TcpStream::from(socket);
    tcp.write_all(handshake(server, join).as_bytes())?;
    Ok(tcp)
}
