//! What the hub knows, and what each command does to it. Runs on the hub's thread alone, so
//! nothing here is locked; and nothing here waits, so nobody is held up by anybody's socket.
//!
//! A member of a room is a cursor. A *live* member is sent the room's tail from its cursor on; one
//! that falls behind the tail is *reading*: its task reads storage and hands over pages, until
//! the cursor is within the tail again. A socket that takes no more is *blocked*: it is left
//! alone, without a queue, until its task reports that it takes bytes again; its cursors say where
//! to go on.

use std::collections::{HashMap, HashSet};
use std::io::{self, IoSlice};
use std::sync::Arc;

use slab::Slab;
use tokio::sync::oneshot;

use super::frame::{PING_FRAME, PresenceChange, ServerFrame, close_frame};
use super::hub::{Command, HubConfig, ReplyTo};
use super::presence::Presence;
use super::tail::{Chunk, Tail};
use super::{CloseCode, Connection, ConnectionId};
use crate::model::{Appended, Event, Message, RoomId, Seq, SessionId};
use crate::storage::{AppendError, Outcome};

/// The most bytes kept of one room's log. A reader who falls off the end reads the database.
const ROOM_TAIL_BYTES: usize = 256 * 1024;

/// The most bytes kept of all rooms' logs together.
const ALL_TAILS_BYTES: usize = 64 * 1024 * 1024;

/// How long a socket may take to take its close frame.
const CLOSE_SECONDS: u32 = 3;

/// The most slices given to one write (the system's limit is 1,024).
const WRITE_SLICES: usize = 64;

pub struct State {
    config: HubConfig,
    clients: Slab<Client>,
    rooms: HashMap<RoomId, Room>,
    /// Clients with something to be written at the end of this turn.
    touched: Vec<usize>,
    /// Answers to tasks, given after the turn's writes.
    replies: Vec<(oneshot::Sender<Answer>, Answer)>,
    next_serial: u64,
    /// The server is stopping: whoever comes now is told so at once.
    is_stopping: bool,
    /// Seconds since the hub started.
    now: u32,
}

type Answer = Result<Appended, AppendError>;

/// A connection, as the hub sees it.
struct Client {
    serial: u64,
    connection: Arc<Connection>,
    rooms: Vec<RoomId>,
    /// Rooms to be brought up to date by the next write.
    behind: Vec<RoomId>,
    /// Whole frames, after the rest of one that was cut by a full socket: written first.
    out: Vec<u8>,
    /// Since when the socket has taken nothing.
    blocked_at: Option<u32>,
    /// When the client was last heard of.
    heard_at: u32,
    is_touched: bool,
    is_pinged: bool,
    /// Since when a close frame is on its way out.
    closing_at: Option<u32>,
}

#[derive(Default)]
struct Room {
    /// The newest seq known. `None` until the log was read or written for the first time.
    head: Option<Seq>,
    tail: Tail,
    members: HashMap<usize, Member>,
    presence: Presence,
}

struct Member {
    cursor: Cursor,
    /// Owed a `synced` frame, with this `ref`, when it reaches the head.
    sync: Option<Option<String>>,
}

enum Cursor {
    /// Wants everything after this, and waits for the head to be known.
    Starting(Seq),
    /// Sent everything up to here by its task's reading of storage, which goes on.
    Reading(Seq),
    /// Sent everything up to here; the tail has, or will have, the rest.
    Live(Seq),
}

impl State {
    pub fn new(config: HubConfig) -> Self {
        Self {
            config,
            clients: Slab::new(),
            rooms: HashMap::new(),
            touched: Vec::new(),
            replies: Vec::new(),
            next_serial: 0,
            is_stopping: false,
            now: 0,
        }
    }

    pub fn apply(&mut self, command: Command) {
        match command {
            Command::Committed(outcomes) => self.publish(outcomes),
            Command::Connect { connection, reply } => self.connect(connection, reply),
            Command::Disconnect(id) => self.disconnect(id),
            Command::Join { id, room_id, after, reference } => {
                self.join(id, room_id, after, reference);
            }
            Command::Leave { id, room_id, farewell } => {
                if let Some(slot) = self.slot(id) {
                    self.leave(slot, room_id);
                    self.push(slot, &farewell.unwrap_or_default());
                }
            }
            Command::Head { id, room_id, head } => self.learn_head(id, room_id, head),
            Command::Page { id, room_id, chunk } => self.write_page(id, room_id, &chunk),
            Command::Writable(id) => self.unblock(id),
            Command::Send { id, frame } => {
                if let Some(slot) = self.slot(id) {
                    self.push(slot, &frame);
                }
            }
            Command::Typing { id, room_id } => self.typing(id, room_id),
            Command::Close(id, code) => {
                if let Some(slot) = self.slot(id) {
                    self.close(slot, code);
                }
            }
            Command::CloseRoom(room_id) => self.close_room(room_id),
            Command::CloseSessions(sessions) => self.close_sessions(&sessions),
            Command::CloseAll => {
                self.is_stopping = true;
                for slot in self.slots() {
                    self.close(slot, CloseCode::Restart);
                }
            }
            Command::CountActive { rooms, reply } => {
                let count = |id| self.rooms.get(id).map_or(0, |room| room.presence.count());
                // Whoever asked may have gone away.
                let _ = reply.send(rooms.iter().map(count).collect());
            }
        }
    }

    /// Writes what this turn's commands left to be written, then answers the tasks that wait.
    pub fn flush(&mut self) {
        // Writing can touch further clients only by a page or a close, which come as commands.
        for slot in std::mem::take(&mut self.touched) {
            if let Some(client) = self.clients.get_mut(slot) {
                client.is_touched = false;
                write(client, slot, &mut self.rooms, &self.config, self.now);
                if client.closing_at.is_some() && client.out.is_empty() {
                    client.connection.post(|mail| mail.closing = true);
                }
            }
        }
        for (reply, answer) in self.replies.drain(..) {
            let _ = reply.send(answer);
        }
    }

    /// Once a second: pings, the silent, the stalled, the expired; big rooms' presence; memory.
    pub fn tick(&mut self) {
        self.now += 1;
        let wall = self.config.clock.now();
        for slot in self.slots() {
            let client = &mut self.clients[slot];
            if let Some(since) = client.closing_at {
                if self.now - since >= CLOSE_SECONDS {
                    client.connection.post(|mail| mail.broken = true);
                }
                continue;
            }
            if client.connection.take_heard() {
                client.heard_at = self.now;
            }
            let silent = self.now - client.heard_at;
            let stalled = client
                .blocked_at
                .is_some_and(|since| self.now - since >= self.config.stall_seconds);
            if wall >= client.connection.identity.expires_at {
                self.close(slot, CloseCode::SignInAgain);
            } else if stalled || silent >= 2 * self.config.ping_seconds {
                self.close(slot, CloseCode::Stalled);
            } else if silent < self.config.ping_seconds {
                client.is_pinged = false;
            } else if !client.is_pinged {
                client.is_pinged = true;
                self.push(slot, &PING_FRAME);
            }
        }
        self.tell_presence();
        self.bound_tails();
    }

    fn connect(&mut self, connection: Arc<Connection>, reply: oneshot::Sender<ConnectionId>) {
        self.next_serial += 1;
        let serial = self.next_serial;
        let slot = self.clients.insert(Client {
            serial,
            connection,
            rooms: Vec::new(),
            behind: Vec::new(),
            out: Vec::new(),
            blocked_at: None,
            heard_at: self.now,
            is_touched: false,
            is_pinged: false,
            closing_at: None,
        });
        if reply.send(ConnectionId { slot, serial }).is_err() {
            self.clients.remove(slot);
        } else if self.is_stopping {
            self.close(slot, CloseCode::Restart);
        }
    }

    fn disconnect(&mut self, id: ConnectionId) {
        let Some(slot) = self.slot(id) else { return };
        self.leave_all(slot);
        self.clients.remove(slot);
    }

    fn join(&mut self, id: ConnectionId, room_id: RoomId, after: Seq, reference: Option<String>) {
        let Some(slot) = self.slot(id) else { return };
        let client = &mut self.clients[slot];
        if client.closing_at.is_some() || client.rooms.contains(&room_id) {
            return;
        }
        client.rooms.push(room_id);
        let connection = client.connection.clone();
        let room = self.rooms.entry(room_id).or_default();
        let is_new_person = room.presence.enter(&connection.identity);
        let presence = room.presence.frame(room_id);
        let member = Member { cursor: Cursor::Starting(after), sync: Some(reference) };
        room.members.insert(slot, member);
        if is_new_person {
            self.tell_change(room_id, &connection, slot, ServerFrame::UserJoined);
        }
        self.push(slot, &presence);
        match self.rooms.get(&room_id).and_then(|room| room.head) {
            Some(_) => self.start(slot, room_id),
            None => connection.post(|mail| mail.behind.push((room_id, None))),
        }
    }

    /// Takes the task's word for the head of a room, unless an event has told it meanwhile.
    fn learn_head(&mut self, id: ConnectionId, room_id: RoomId, head: Seq) {
        let (Some(slot), Some(room)) = (self.slot(id), self.rooms.get_mut(&room_id)) else {
            return;
        };
        room.head.get_or_insert(head);
        self.start(slot, room_id);
    }

    fn start(&mut self, slot: usize, room_id: RoomId) {
        let Some(member) = self.member(slot, room_id) else { return };
        if let Cursor::Starting(after) = member.cursor {
            member.cursor = Cursor::Live(after);
            self.fall_behind(slot, room_id);
        }
    }

    /// A member's room has something for it: written at the end of the turn.
    fn fall_behind(&mut self, slot: usize, room_id: RoomId) {
        if self.clients[slot].blocked_at.is_none() {
            self.clients[slot].behind.push(room_id);
            self.touch(slot);
        }
    }

    fn publish(&mut self, outcomes: Vec<Outcome<ReplyTo>>) {
        let mut events: HashMap<RoomId, Vec<Event>> = HashMap::new();
        let mut publish = |message: Message| {
            events.entry(message.room_id).or_default().push(Event::Message(message));
        };
        for Outcome { tag, result } in outcomes {
            match tag {
                ReplyTo::Task(reply) => {
                    if let Ok(Appended { message, duplicate: false }) = &result {
                        publish(message.clone());
                    }
                    self.replies.push((reply, result));
                }
                ReplyTo::Connection { id, reference, wants_ack } => {
                    let appended = self.answer(id, reference, wants_ack, result);
                    if let Some(Appended { message, duplicate: false }) = appended {
                        publish(message);
                    }
                }
            }
        }
        for (room_id, events) in events {
            let (Some(room), Some(chunk)) = (self.rooms.get_mut(&room_id), Chunk::encode(&events))
            else {
                continue;
            };
            // A head read from storage may be ahead of what has been published: those who joined
            // at that head have been sent, or do not want, what is before it.
            room.head = room.head.max(Some(chunk.last()));
            room.tail.push(chunk, ROOM_TAIL_BYTES);
            for (&slot, member) in &room.members {
                let client = &mut self.clients[slot];
                // One that is blocked looks into all its rooms when it no longer is.
                if matches!(member.cursor, Cursor::Live(_)) && client.blocked_at.is_none() {
                    client.behind.push(room_id);
                    if !client.is_touched {
                        client.is_touched = true;
                        self.touched.push(slot);
                    }
                }
            }
        }
    }

    /// Answers a send of a connection, and gives back what was appended.
    fn answer(
        &mut self,
        id: ConnectionId,
        reference: Option<String>,
        wants_ack: bool,
        result: Answer,
    ) -> Option<Appended> {
        let slot = self.slot(id);
        if let Some(slot) = slot {
            self.clients[slot].connection.sub_in_flight();
        }
        match (slot, result) {
            (Some(slot), Ok(appended)) => {
                if wants_ack && self.clients[slot].closing_at.is_none() {
                    let message = &appended.message;
                    let ack = ServerFrame::Ack {
                        reference: reference.as_deref(),
                        client_id: message.client_id.as_deref(),
                        room_id: message.room_id,
                        id: message.id,
                        seq: message.seq,
                        duplicate: appended.duplicate,
                    };
                    ack.encode(&mut self.clients[slot].out);
                    self.touch(slot);
                }
                Some(appended)
            }
            (Some(slot), Err(error)) => {
                let connection = &self.clients[slot].connection;
                connection.post(|mail| mail.failed.push((reference, error)));
                None
            }
            (None, result) => result.ok(),
        }
    }

    /// A page from storage for a reading member. Written at once, for it is nobody else's.
    fn write_page(&mut self, id: ConnectionId, room_id: RoomId, chunk: &Chunk) {
        let Some(slot) = self.slot(id) else { return };
        let Some(member) = self.member(slot, room_id) else { return };
        let Cursor::Reading(cursor) = member.cursor else { return };
        let client = &mut self.clients[slot];
        // A page that was read for an earlier subscription to the room may be anywhere; the one
        // that belongs to this cursor comes too.
        let continues = chunk.first() <= cursor.next() && chunk.last() > cursor;
        if client.closing_at.is_some() || !continues {
            return;
        }
        let mut spans =
            vec![Span { room_id, chunk: chunk.clone(), offset: chunk.offset_after(cursor) }];
        let cursors = write_spans(client, &mut spans, self.now);
        if let (Some((_, cursor)), Some(member)) = (cursors.last(), self.member(slot, room_id)) {
            member.cursor = Cursor::Live(*cursor);
        } else if let Some(member) = self.member(slot, room_id) {
            member.cursor = Cursor::Live(cursor);
        }
        self.fall_behind(slot, room_id);
    }

    fn unblock(&mut self, id: ConnectionId) {
        let Some(slot) = self.slot(id) else { return };
        let client = &mut self.clients[slot];
        client.blocked_at = None;
        client.behind = client.rooms.clone();
        self.touch(slot);
    }

    fn typing(&mut self, id: ConnectionId, room_id: RoomId) {
        let Some(slot) = self.slot(id) else { return };
        if self.member(slot, room_id).is_none() {
            return;
        }
        let identity = &self.clients[slot].connection.identity;
        let frame = ServerFrame::Typing {
            room_id,
            user_id: identity.user_id,
            username: identity.username.clone(),
        };
        self.broadcast(room_id, Some(slot), &frame.to_bytes());
    }

    fn close(&mut self, slot: usize, code: CloseCode) {
        if self.clients[slot].closing_at.is_some() {
            return;
        }
        self.leave_all(slot);
        self.push(slot, &close_frame(code));
        self.clients[slot].closing_at = Some(self.now);
    }

    fn close_room(&mut self, room_id: RoomId) {
        // Taken out first: nobody is told of each leaving a room that is no more.
        let Some(room) = self.rooms.remove(&room_id) else { return };
        let frame = ServerFrame::RoomDeleted { room_id }.to_bytes();
        for slot in room.members.into_keys() {
            self.push(slot, &frame);
            if self.clients[slot].connection.only_room == Some(room_id) {
                self.close(slot, CloseCode::RoomGone);
            } else {
                self.leave(slot, room_id);
                self.clients[slot].connection.post(|mail| mail.gone.push(room_id));
            }
        }
    }

    fn close_sessions(&mut self, sessions: &[SessionId]) {
        let sessions: HashSet<SessionId> = sessions.iter().copied().collect();
        for slot in self.slots() {
            if sessions.contains(&self.clients[slot].connection.identity.session_id) {
                self.close(slot, CloseCode::SignInAgain);
            }
        }
    }

    fn leave_all(&mut self, slot: usize) {
        for room_id in std::mem::take(&mut self.clients[slot].rooms) {
            self.leave_room(slot, room_id);
        }
    }

    fn leave(&mut self, slot: usize, room_id: RoomId) {
        self.clients[slot].rooms.retain(|&id| id != room_id);
        self.leave_room(slot, room_id);
    }

    fn leave_room(&mut self, slot: usize, room_id: RoomId) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        if room.members.remove(&slot).is_none() {
            return;
        }
        let connection = self.clients[slot].connection.clone();
        let was_last_connection = room.presence.exit(connection.identity.user_id);
        if room.members.is_empty() {
            self.rooms.remove(&room_id);
        } else if was_last_connection {
            self.tell_change(room_id, &connection, slot, ServerFrame::UserLeft);
        }
    }

    /// Tells the others in a small room of one coming or going; in a big one, notes it.
    fn tell_change(
        &mut self,
        room_id: RoomId,
        connection: &Connection,
        except: usize,
        frame: fn(PresenceChange) -> ServerFrame<'static>,
    ) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        if !room.presence.is_small() {
            room.presence.changed = true;
            return;
        }
        let change = PresenceChange {
            room_id,
            user_id: connection.identity.user_id,
            username: connection.identity.username.clone(),
            timestamp: self.config.clock.now(),
        };
        self.broadcast(room_id, Some(except), &frame(change).to_bytes());
    }

    fn tell_presence(&mut self) {
        let due: Vec<RoomId> = self
            .rooms
            .iter()
            .filter(|(_, room)| {
                let presence = &room.presence;
                presence.changed && self.now >= presence.told_at + presence.interval_seconds()
            })
            .map(|(&room_id, _)| room_id)
            .collect();
        for room_id in due {
            if let Some(room) = self.rooms.get_mut(&room_id) {
                room.presence.changed = false;
                room.presence.told_at = self.now;
                let frame = room.presence.frame(room_id);
                self.broadcast(room_id, None, &frame);
            }
        }
    }

    /// Sends something that is not in the log to a room. A blocked client does without.
    fn broadcast(&mut self, room_id: RoomId, except: Option<usize>, frame: &[u8]) {
        let Some(room) = self.rooms.get(&room_id) else { return };
        for &slot in room.members.keys() {
            let client = &mut self.clients[slot];
            if Some(slot) != except && client.blocked_at.is_none() {
                client.out.extend_from_slice(frame);
                if !client.is_touched {
                    client.is_touched = true;
                    self.touched.push(slot);
                }
            }
        }
    }

    /// Whoever is up to date does not need the tails; whoever is not reads the database.
    fn bound_tails(&mut self) {
        let mut total: usize = self.rooms.values().map(|room| room.tail.len_bytes()).sum();
        for room in self.rooms.values_mut() {
            if total <= ALL_TAILS_BYTES {
                return;
            }
            total -= room.tail.len_bytes();
            room.tail.clear();
        }
    }

    /// Adds whole frames for one client, to be written at the end of the turn.
    fn push(&mut self, slot: usize, frames: &[u8]) {
        let client = &mut self.clients[slot];
        if client.closing_at.is_none() && !frames.is_empty() {
            client.out.extend_from_slice(frames);
            self.touch(slot);
        }
    }

    fn touch(&mut self, slot: usize) {
        let client = &mut self.clients[slot];
        if !client.is_touched {
            client.is_touched = true;
            self.touched.push(slot);
        }
    }

    fn slot(&self, id: ConnectionId) -> Option<usize> {
        self.clients.get(id.slot).filter(|client| client.serial == id.serial).map(|_| id.slot)
    }

    fn slots(&self) -> Vec<usize> {
        self.clients.iter().map(|(slot, _)| slot).collect()
    }

    fn member(&mut self, slot: usize, room_id: RoomId) -> Option<&mut Member> {
        self.rooms.get_mut(&room_id)?.members.get_mut(&slot)
    }
}

/// Part of a room's tail to be written: `chunk` from `offset` on.
struct Span {
    room_id: RoomId,
    chunk: Chunk,
    offset: usize,
}

/// Brings one client up to date: its own frames, then the tails of the rooms it is behind in.
fn write(
    client: &mut Client,
    slot: usize,
    rooms: &mut HashMap<RoomId, Room>,
    config: &HubConfig,
    now: u32,
) {
    if client.blocked_at.is_some() {
        return;
    }
    loop {
        let mut spans = Vec::new();
        // Twice in the list would be sent twice.
        let mut behind = std::mem::take(&mut client.behind);
        behind.sort_unstable();
        behind.dedup();
        for room_id in behind {
            let Some(room) = rooms.get_mut(&room_id) else { continue };
            let Some(member) = room.members.get_mut(&slot) else { continue };
            let (Cursor::Live(cursor), Some(head)) = (&member.cursor, room.head) else { continue };
            let cursor = *cursor;
            if cursor >= head {
                if let Some(reference) = member.sync.take() {
                    let reference = reference.as_deref();
                    let epoch = &config.epoch;
                    ServerFrame::Synced { reference, room_id, head_seq: cursor, epoch }
                        .encode(&mut client.out);
                }
            } else if room.tail.covers(cursor) {
                spans.extend(room.tail.after(cursor).map(|chunk| Span {
                    room_id,
                    chunk: chunk.clone(),
                    offset: chunk.offset_after(cursor),
                }));
            } else {
                member.cursor = Cursor::Reading(cursor);
                client.connection.post(|mail| mail.behind.push((room_id, Some(cursor))));
            }
        }
        if client.out.is_empty() && spans.is_empty() {
            return;
        }
        for (room_id, cursor) in write_spans(client, &mut spans, now) {
            let member = rooms.get_mut(&room_id).and_then(|room| room.members.get_mut(&slot));
            if let Some(member) = member {
                member.cursor = Cursor::Live(cursor);
                if member.sync.is_some() {
                    client.behind.push(room_id);
                }
            }
        }
        if client.blocked_at.is_some() || client.behind.is_empty() {
            return;
        }
    }
}

/// Writes `out`, then the spans, as far as the socket takes them, and returns how far each room
/// got. If the socket takes no more, the rest of a frame that was cut stays in `out`, and the
/// client is blocked; if it is broken, its task will find that out by itself.
fn write_spans(client: &mut Client, spans: &mut [Span], now: u32) -> Vec<(RoomId, Seq)> {
    let mut cursors = Vec::with_capacity(spans.len());
    let mut written_out = 0;
    let mut next = 0;
    let mut is_full = false;
    while written_out < client.out.len() || next < spans.len() {
        let mut slices = Vec::with_capacity(WRITE_SLICES.min(1 + spans.len() - next));
        if written_out < client.out.len() {
            slices.push(IoSlice::new(&client.out[written_out..]));
        }
        let room_left = WRITE_SLICES - slices.len();
        slices.extend(
            spans[next..]
                .iter()
                .take(room_left)
                .map(|span| IoSlice::new(span.chunk.bytes_from(span.offset))),
        );
        let mut written = match client.connection.peer.tcp.try_write_vectored(&slices) {
            Ok(written) if written > 0 => written,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                is_full = true;
                break;
            }
            Ok(_) | Err(_) => {
                client.connection.post(|mail| mail.broken = true);
                is_full = true;
                break;
            }
        };
        let of_out = written.min(client.out.len() - written_out);
        written_out += of_out;
        written -= of_out;
        while written > 0 {
            let span = &mut spans[next];
            let of_span = written.min(span.chunk.len_bytes() - span.offset);
            span.offset += of_span;
            written -= of_span;
            if span.offset == span.chunk.len_bytes() {
                cursors.push((span.room_id, span.chunk.last()));
                next += 1;
            }
        }
    }
    client.out.drain(..written_out);
    if client.out.is_empty() && client.out.capacity() > 1024 {
        client.out = Vec::new();
    }
    if is_full {
        client.blocked_at.get_or_insert(now);
        if let Some(span) = spans.get(next)
            && client.out.is_empty()
        {
            let (cursor, rest) = span.chunk.cut_at(span.offset);
            client.out.extend_from_slice(rest);
            cursors.push((span.room_id, cursor));
        }
        client.connection.post(|mail| mail.blocked = true);
    }
    cursors
}
