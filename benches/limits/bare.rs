//! A server that only relays messages: one thread, one room, no accounts, no database. It implements the
//! part of the protocol that `chatapp bench fanout` and `rate` need, so that the same generator can measure
//! it and the real server, and the two can be compared.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};

use chatapp::model::{Event, EventId, Message, RoomId, Seq, Timestamp, UserId};
use chatapp::realtime::{ServerFrame, encode_event};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(0);
const ROOM: RoomId = RoomId(1);

struct Connection {
    tcp: TcpStream,
    is_socket: bool,
    /// Received bytes that are not a complete request or frame yet.
    inbox: Vec<u8>,
    /// Bytes that the socket has not accepted yet.
    outbox: Vec<u8>,
    /// The acks of this pass of the loop.
    acks: Vec<u8>,
}

/// The room, and the frames of this pass of the loop: one buffer for all connections.
#[derive(Default)]
struct Room {
    seq: i64,
    frames: Vec<u8>,
}

pub fn serve(mut listener: TcpListener) {
    let mut poll = Poll::new().unwrap();
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE).unwrap();
    let mut events = Events::with_capacity(1024);
    let mut connections: HashMap<Token, Connection> = HashMap::new();
    let mut room = Room::default();
    let mut buffer = vec![0; 64 * 1024];
    let mut next = 0;
    loop {
        poll.poll(&mut events, None).unwrap();
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut tcp, _)) = listener.accept() {
                    next += 1;
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut tcp, Token(next), interest).unwrap();
                    tcp.set_nodelay(true).unwrap();
                    connections.insert(Token(next), Connection::new(tcp));
                }
            } else if let Some(connection) = connections.get_mut(&event.token()) {
                let is_open = connection.read(&mut buffer, &mut room);
                if !(is_open && connection.flush()) {
                    connections.remove(&event.token());
                }
            }
        }
        if !room.frames.is_empty() {
            connections
                .retain(|_, connection| !connection.is_socket || connection.deliver(&room.frames));
            room.frames.clear();
        }
    }
}

impl Connection {
    fn new(tcp: TcpStream) -> Self {
        let (inbox, outbox, acks) = (Vec::new(), Vec::new(), Vec::new());
        Self { tcp, is_socket: false, inbox, outbox, acks }
    }

    /// Reads all available data. Returns false if the connection has ended.
    fn read(&mut self, buffer: &mut [u8], room: &mut Room) -> bool {
        loop {
            match self.tcp.read(buffer) {
                Ok(0) => return false,
                Ok(read) => self.inbox.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        if !self.is_socket {
            self.answer(room);
        }
        if self.is_socket {
            while let Some(length) = self.take_frame(room) {
                self.inbox.drain(..length);
            }
        }
        true
    }

    /// Answers an HTTP request, always with success.
    fn answer(&mut self, room: &mut Room) {
        let is_post = self.inbox.starts_with(b"POST");
        if !self.inbox.ends_with(if is_post { b"}" } else { b"\r\n\r\n" }) {
            return;
        }
        if is_post {
            room.seq = 0;
            self.outbox.extend(b"HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n{\"id\":1}");
        } else if self.inbox.starts_with(b"GET /ws/") {
            self.is_socket = true;
            self.outbox.extend(b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
            let head_seq = Seq(room.seq);
            let synced =
                ServerFrame::Synced { reference: None, room_id: ROOM, head_seq, epoch: "bare" };
            synced.encode(&mut self.outbox);
        } else {
            self.outbox.extend(b"HTTP/1.1 204 No Content\r\n\r\n");
        }
        self.inbox.clear();
    }

    /// Handles the first frame, if it is complete. Returns its length.
    fn take_frame(&mut self, room: &mut Room) -> Option<usize> {
        let (start, length) = match *self.inbox.get(..4)? {
            [_, length @ 0x80..0xFE, ..] => (2, usize::from(length & 0x7F)),
            [_, 0xFE, high, low] => (4, usize::from(u16::from_be_bytes([high, low]))),
            _ => panic!("a frame that the generator does not send"),
        };
        let mask: [u8; 4] = self.inbox.get(start..start + 4)?.try_into().unwrap();
        let payload = self.inbox.get_mut(start + 4..start + 4 + length)?;
        for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
        let text = std::str::from_utf8(payload).unwrap();
        let send = text.strip_prefix(r#"{"type":"send","content":""#);
        let send = send.and_then(|send| send.strip_suffix("\"}"));
        if let Some((content, reference)) = send.and_then(|it| it.rsplit_once(r#"","ref":""#)) {
            room.append(content, reference, &mut self.acks);
        }
        Some(start + 4 + length)
    }

    /// Writes the frames and the acks, after the bytes that wait. Returns false if the connection has
    /// ended.
    fn deliver(&mut self, mut frames: &[u8]) -> bool {
        if self.outbox.is_empty() && self.acks.is_empty() {
            match self.tcp.write(frames) {
                Ok(written) => frames = &frames[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return false,
            }
        }
        self.outbox.extend_from_slice(frames);
        self.outbox.append(&mut self.acks);
        self.flush()
    }

    fn flush(&mut self) -> bool {
        while !self.outbox.is_empty() {
            match self.tcp.write(&self.outbox) {
                Ok(written) => drop(self.outbox.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        true
    }
}

impl Room {
    fn append(&mut self, content: &str, reference: &str, acks: &mut Vec<u8>) {
        self.seq += 1;
        let (id, seq) = (EventId(self.seq), Seq(self.seq));
        let message = Message {
            id,
            content: content.to_owned(),
            username: "ann".into(),
            user_id: UserId(1),
            timestamp: Timestamp(1_738_319_400_000),
            room_id: ROOM,
            seq,
            display_name: None,
            client_id: None,
            edited_at: None,
            deleted_at: None,
            parts: None,
        };
        encode_event(&Event::Message(message), &mut self.frames);
        let reference = Some(reference);
        let ack = ServerFrame::Ack {
            reference,
            client_id: None,
            room_id: ROOM,
            id,
            seq,
            duplicate: false,
        };
        ack.encode(acks);
    }
}
