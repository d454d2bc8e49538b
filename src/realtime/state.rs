//! The hub's state, and the effect of each command on it. Runs on the hub's thread alone, so nothing here is
//! locked; and nothing here waits, so no socket delays another.
//!
//! A member of a room is a cursor. A *live* member is sent the room's tail from its cursor on. A member that
//! falls behind the tail is *reading*: its task reads storage and hands over pages, until the cursor is
//! within the tail again. A socket that takes no more bytes is *blocked*: nothing is written to it, and
//! nothing except a few short frames is queued for it, until its task reports that it takes bytes again; its
//! cursors say where to go on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Instant;

use slab::Slab;
use tokio::sync::{Notify, oneshot};

use super::client::Client;
use super::command::Command;
use super::config::HubConfig;
use super::connected::Connected;
use super::counts::Tally;
use super::delivery::write;
use super::encode::{PING_FRAME, close_frame};
use super::frame::ServerFrame;
use super::pacing::Pacing;
use super::presence_log::PresenceLog;
use super::room::{Member, Room};
use super::watch::Watch;
use super::{CloseCode, Connection, ConnectionId, HubCounts};
use crate::model::{Appended, Event, RoomId, SessionId};
use crate::storage::AppendError;

/// A socket that has not taken its close frame after this time is dropped.
const CLOSE_SECONDS: u32 = 3;

pub struct State {
    pub(super) config: HubConfig,
    pub(super) clients: Slab<Client>,
    pub(super) rooms: HashMap<RoomId, Room>,
    /// Clients with something to be written at the end of this pass.
    pub(super) touched: Vec<usize>,
    /// An empty buffer, lent to one client after the other for its write.
    pub(super) spare: Vec<u8>,
    /// The events that this pass's commits appended, in the order of commit.
    pub(super) committed: HashMap<RoomId, Vec<Event>>,
    /// Answers to tasks, sent after the pass's writes.
    pub(super) replies: Vec<(oneshot::Sender<Answer>, Answer)>,
    pub(super) next_serial: u64,
    /// The server is stopping: a new connection is closed at once.
    pub(super) is_stopping: bool,
    /// Seconds since the hub started.
    pub(super) now: u32,
    pub(super) counts: Arc<HubCounts>,
    pub(super) pacing: Arc<Pacing>,
    pub(super) tally: Tally,
    pub(super) watch: Watch,
    pub(super) presence_log: Option<PresenceLog>,
    pub(super) connected: Connected,
    /// See [`super::Hub::take_missed`].
    pub(super) has_missed: Arc<AtomicBool>,
    /// Counts the pauses of members: see [`super::AccessMark`].
    pub(super) access_marks: Arc<AtomicU64>,
}

pub(super) type Answer = Result<Appended, AppendError>;

impl State {
    pub(super) fn new(
        config: HubConfig,
        counts: Arc<HubCounts>,
        pacing: Arc<Pacing>,
        has_missed: Arc<AtomicBool>,
        presence_changed: Arc<Notify>,
        access_marks: Arc<AtomicU64>,
    ) -> Self {
        Self {
            presence_log: config.is_shared.then(|| PresenceLog::new(presence_changed)),
            config,
            clients: Slab::new(),
            rooms: HashMap::new(),
            touched: Vec::new(),
            spare: Vec::new(),
            committed: HashMap::new(),
            replies: Vec::new(),
            next_serial: 0,
            is_stopping: false,
            now: 0,
            counts,
            pacing,
            tally: Tally::default(),
            watch: Watch::default(),
            connected: Connected::default(),
            has_missed,
            access_marks,
        }
    }

    pub(super) fn apply(&mut self, command: Command) {
        match command {
            Command::Committed(outcomes) => self.publish(outcomes),
            Command::News(news) => news.into_iter().for_each(|news| self.spread(news)),
            Command::Connect { connection, reply } => self.connect(connection, reply),
            Command::Disconnect(id) => self.disconnect(id),
            Command::Join { id, room_id, after, reference, mark } => {
                self.join(id, room_id, after, reference, mark);
            }
            Command::Resume { id, room_id, mark, visible_from, updated } => {
                self.resume(id, room_id, mark, visible_from, &updated);
            }
            Command::Leave { id, room_id, farewell } => {
                if let Some(slot) = self.slot(id) {
                    self.leave(slot, room_id);
                    self.push(slot, &farewell.unwrap_or_default());
                }
            }
            Command::Learn { id, room } => self.learn(id, room),
            Command::Page { id, room_id, chunk } => self.write_page(id, room_id, &chunk),
            Command::Writable(id) => self.unblock(id),
            Command::Send { id, frame } => {
                if let Some(slot) = self.slot(id) {
                    self.push(slot, &frame);
                }
            }
            Command::Typing { id, room_id } => self.typing(id, room_id),
            Command::AskToWatch { id, reply } => self.ask_to_watch(id, reply),
            Command::StartWatching { id, reference, rooms } => {
                self.start_watching(id, reference.as_deref(), rooms);
            }
            Command::Close(id, code) => {
                if let Some(slot) = self.slot(id) {
                    self.close(slot, code);
                }
            }
            Command::CloseSessions(sessions) => self.close_sessions(&sessions),
            Command::ForgetTails => {
                self.rooms.values_mut().for_each(|room| room.tail.clear());
            }
            Command::Rename(people) => self.rename(&people),
            Command::CloseAll => {
                self.is_stopping = true;
                for slot in self.slots() {
                    self.close(slot, CloseCode::Restart);
                }
            }
            Command::CountActive { rooms, reply } => {
                // The asking task may have ended.
                let _ = reply.send(rooms.iter().map(|id| self.count_active(*id)).collect());
            }
            Command::Away { id, is_away } => {
                if let Some(slot) = self.slot(id) {
                    self.set_away(slot, is_away);
                }
            }
            Command::ListPresence { users, reply } => {
                let _ = reply.send(self.list_presence(&users));
            }
            Command::TakeGone { reply } => {
                let _ = reply.send(self.take_gone());
            }
            Command::TakePresence { all, reply } => {
                let _ = reply.send(self.take_presence(all));
            }
            Command::ListLive { among, reply } => {
                let _ = reply.send(self.live_rooms(among.as_deref()));
            }
            Command::ListKnown { reply } => {
                let _ = reply.send(self.known_rooms());
            }
            Command::ListBehind { rung, reply } => {
                let _ = reply.send(self.rooms_behind(&rung));
            }
        }
    }

    /// Ends a pass: writes to the sockets, then answers the tasks that wait.
    pub(super) fn flush(&mut self) {
        self.extend_tails();
        self.tell_activity();
        // No other client is added during the writes: pages and closes come as commands.
        let mut touched = std::mem::take(&mut self.touched);
        let (begun_at, writes) = (Instant::now(), touched.len());
        for (written, slot) in touched.drain(..).enumerate() {
            self.pacing.set_left(writes - written);
            if let Some(client) = self.clients.get_mut(slot) {
                client.is_touched = false;
                let (rooms, spare, tally) = (&mut self.rooms, &mut self.spare, &mut self.tally);
                write(client, slot, rooms, spare, &self.config, self.now, tally);
                // TLS may still have bytes to send that are no longer in `out`.
                let is_out = client.out.is_empty() && client.blocked_at.is_none();
                if client.closing_at.is_some() && is_out {
                    client.connection.post(|mail| mail.closing = true);
                }
            }
        }
        self.pacing.end(writes, begun_at.elapsed());
        self.touched = touched;
        self.publish_tally();
        for (reply, answer) in self.replies.drain(..) {
            let _ = reply.send(answer);
        }
    }

    /// Once a second: closes silent, stalled and expired connections, warns those whose token expires soon,
    /// sends pings and the presence of big rooms, bounds the tails, and measures.
    pub(super) fn tick(&mut self) {
        self.now += 1;
        let wall = self.config.clock.now();
        let notice = i64::from(self.config.expiry_notice_seconds);
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
            let expires_at = client.connection.expires_at();
            let is_expiring = wall >= expires_at.plus_seconds(-notice);
            if wall >= expires_at {
                self.close(slot, CloseCode::SignInAgain);
                continue;
            }
            if is_expiring && !client.is_expiry_told {
                self.push(slot, &ServerFrame::AuthExpiring { expires_at }.to_bytes());
            }
            self.remind(slot);
            let client = &mut self.clients[slot];
            // For a newer token, the client is warned again.
            client.is_expiry_told = is_expiring;
            if stalled || silent >= 2 * self.config.ping_seconds {
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
        self.look_at_readers();
    }

    fn connect(&mut self, connection: Arc<Connection>, reply: oneshot::Sender<ConnectionId>) {
        self.next_serial += 1;
        let serial = self.next_serial;
        let slot = self.clients.insert(Client::new(serial, connection, self.now));
        if reply.send(ConnectionId { slot, serial }).is_err() {
            self.clients.remove(slot);
            return;
        }
        self.counts.opened();
        self.count_in(slot);
        if self.is_stopping {
            self.close(slot, CloseCode::Restart);
        }
    }

    fn disconnect(&mut self, id: ConnectionId) {
        let Some(slot) = self.slot(id) else { return };
        self.leave_all(slot);
        self.unwatch(slot);
        self.count_out(slot);
        self.clients.remove(slot);
    }

    pub(super) fn close(&mut self, slot: usize, code: CloseCode) {
        if self.clients[slot].closing_at.is_some() {
            return;
        }
        self.counts.closed(code);
        self.leave_all(slot);
        self.unwatch(slot);
        self.count_out(slot);
        self.push(slot, &close_frame(code));
        self.clients[slot].closing_at = Some(self.now);
    }

    fn close_sessions(&mut self, sessions: &[SessionId]) {
        let sessions: HashSet<SessionId> = sessions.iter().copied().collect();
        for slot in self.slots() {
            if sessions.contains(&self.clients[slot].connection.session_id()) {
                self.close(slot, CloseCode::SignInAgain);
            }
        }
    }

    /// Adds whole frames for one client, to be written at the end of the pass.
    pub(super) fn push(&mut self, slot: usize, frames: &[u8]) {
        self.clients[slot].push(slot, frames, &mut self.touched);
    }

    pub(super) fn touch(&mut self, slot: usize) {
        self.clients[slot].touch(slot, &mut self.touched);
    }

    pub(super) fn slot(&self, id: ConnectionId) -> Option<usize> {
        self.clients.get(id.slot).filter(|client| client.serial == id.serial).map(|_| id.slot)
    }

    pub(super) fn slots(&self) -> Vec<usize> {
        self.clients.iter().map(|(slot, _)| slot).collect()
    }

    pub(super) fn member(&mut self, slot: usize, room_id: RoomId) -> Option<&mut Member> {
        self.rooms.get_mut(&room_id)?.members.get_mut(&slot)
    }
}
