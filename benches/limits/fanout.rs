//! One buffer of frames written to many loopback sockets, one after the other, by one thread;
//! another thread takes what arrives.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use chatapp::model::{EventId, Message, RoomId, Seq, Timestamp, UserId};
use chatapp::realtime::frame::ServerFrame;
use mio::{Events, Interest, Poll, Token};

const SOCKETS: usize = 200;
const TIME: Duration = Duration::from_secs(3);

pub fn run() {
    for frames in [1, 32] {
        measure(frames);
    }
}

fn measure(frames: u64) {
    let (mut servers, clients) = connect();
    let reader = thread::spawn(move || drain(clients));
    let batch = encode(frames);
    let mut writes = 0;
    let watch = super::Watch::start();
    let until = Instant::now() + TIME;
    while Instant::now() < until {
        for socket in &mut servers {
            socket.write_all(&batch).unwrap();
        }
        writes += SOCKETS as u64;
    }
    watch.report(&format!("deliveries to {SOCKETS} sockets, {frames} a write"), writes * frames);
    drop(servers);
    assert_eq!(reader.join().unwrap(), writes * batch.len() as u64);
}

fn connect() -> (Vec<TcpStream>, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let pair = |_| {
        let client = TcpStream::connect(address).unwrap();
        let (server, _) = listener.accept().unwrap();
        server.set_nodelay(true).unwrap();
        client.set_nonblocking(true).unwrap();
        (server, client)
    };
    (0..SOCKETS).map(pair).unzip()
}

/// The server's own frames, with 128 bytes of text each.
fn encode(frames: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for seq in 1_000_000..1_000_000 + frames as i64 {
        let message = Message {
            id: EventId(seq),
            content: "x".repeat(128),
            username: "ann".into(),
            user_id: UserId(1),
            timestamp: Timestamp(1_738_319_400_000),
            room_id: RoomId(1),
            seq: Seq(seq),
            client_id: None,
            edited_at: None,
            deleted_at: None,
        };
        ServerFrame::Message(&message).encode(&mut bytes);
    }
    bytes
}

/// Reads until every socket is closed; the bytes that came.
fn drain(clients: Vec<TcpStream>) -> u64 {
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(SOCKETS);
    let mut sockets: Vec<_> = clients.into_iter().map(mio::net::TcpStream::from_std).collect();
    for (index, socket) in sockets.iter_mut().enumerate() {
        poll.registry().register(socket, Token(index), Interest::READABLE).unwrap();
    }
    let mut buffer = vec![0; 512 * 1024];
    let (mut bytes, mut open) = (0, sockets.len());
    while open > 0 {
        poll.poll(&mut events, None).unwrap();
        for event in &events {
            while let Ok(read) = sockets[event.token().0].read(&mut buffer) {
                bytes += read as u64;
                if read == 0 {
                    open -= 1;
                    break;
                }
            }
        }
    }
    bytes
}
