//! Watchers: connections that hear of everything that concerns their user, in rooms that they have not
//! joined too. Which rooms there are, what happens in them, and what the user reads elsewhere.
//!
//! Frames say how things are. A watcher that misses one, because it is blocked or left a room too early,
//! is told to read the list of rooms again, so nothing is kept for it. What happens in a room is told in order and once, so that a
//! `head_seq` that a watcher was told is also a position to join the room from.
//!
//! While somebody watches, the head of every room is known here: the first watcher's task reads them after
//! the hub has begun to note what happens, and before the watcher is told that it watches. What does
//! not continue a head is left to the doorbell, which reads the log.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::oneshot;

use super::ConnectionId;
use super::delivery::Client;
use super::frame::{RoomCard, ServerFrame};
use super::state::State;
use crate::model::{Event, Room, RoomId, RoomState, Seq, UserId, mentioned_names};

/// Messages that one `room_activity` names. A client that is told of more reads how many there are.
const MAX_MESSAGES: usize = 50;

/// Names that a message may mention before the frame is said to be truncated.
const MAX_MENTIONS: usize = 20;

/// Whether a connection watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Watching {
    #[default]
    No,
    /// It asked, and the heads of the rooms are still being read.
    Asked,
    Live,
}

#[derive(Default)]
pub(super) struct Watch {
    /// Connections that watch or have asked to. 0: nothing below is kept.
    count: usize,
    /// Those that watch, by their slots.
    users: HashMap<UserId, Vec<usize>>,
    /// Every room, once the heads have been read.
    rooms: HashMap<RoomId, Known>,
    /// Rooms that are gone: the doorbell may have read of one before it was deleted, and tell of it later.
    gone: HashSet<RoomId>,
    is_ready: bool,
    /// What happened and has not been told.
    pending: HashMap<RoomId, Activity>,
    /// When activity was told the last time, in seconds of the hub's clock.
    told_at: u32,
}

/// What the watchers were told of a room, or could read.
#[derive(Clone, Copy)]
struct Known {
    head: Seq,
    revision: i64,
}

#[derive(Default)]
struct Activity {
    head: Seq,
    messages: Vec<ActivityMessage>,
    deleted: Vec<Seq>,
    is_truncated: bool,
}

/// A message, for those who only count it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ActivityMessage {
    pub seq: Seq,
    /// The sender.
    pub user_id: UserId,
    /// The sender's name.
    pub username: Arc<str>,
    /// The names that it mentions (`@name`), in lower case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
}

/// Whether a user may hear of a room: every room is public.
fn may_hear_of(_room_id: RoomId, _user_id: UserId) -> bool {
    true
}

impl Watch {
    pub fn is_on(&self) -> bool {
        self.count > 0
    }

    /// Rooms may have changed before their heads are known.
    pub fn is_unready(&self) -> bool {
        self.is_on() && !self.is_ready
    }

    /// What is known of every room. `None`: nobody watches, or it is not known yet.
    pub fn known_rooms(&self) -> Option<Vec<RoomState>> {
        let state = |(&id, known): (&RoomId, &Known)| RoomState {
            id,
            head_seq: known.head,
            revision: known.revision,
        };
        self.is_ready.then(|| self.rooms.iter().map(state).collect())
    }

    /// Takes what was read from storage after the first watcher had asked. What happened since then is
    /// ahead of it.
    fn learn(&mut self, read: Vec<RoomState>) {
        if self.is_ready {
            return;
        }
        self.is_ready = true;
        let noted = std::mem::take(&mut self.rooms);
        for RoomState { id, head_seq, revision } in read {
            self.rooms.insert(id, Known { head: head_seq, revision });
        }
        for (id, noted) in noted {
            match self.rooms.get_mut(&id) {
                Some(known) => {
                    known.head = known.head.max(noted.head);
                    known.revision = known.revision.max(noted.revision);
                }
                None if noted.revision >= 0 => drop(self.rooms.insert(id, noted)),
                // It is another process's, and younger than what was read: the doorbell finds it.
                None => {}
            }
        }
    }

    /// The room as it is known; before the heads are known, as far as it was heard of.
    fn known(&mut self, room_id: RoomId) -> Option<&mut Known> {
        match self.is_ready {
            true => self.rooms.get_mut(&room_id),
            false => {
                Some(self.rooms.entry(room_id).or_insert(Known { head: Seq(0), revision: -1 }))
            }
        }
    }

    /// False: something that came before it has not been heard of.
    fn note(&mut self, event: &Event) -> bool {
        let (room_id, seq, is_ready) = (event.room_id(), event.seq(), self.is_ready);
        let Some(known) = self.known(room_id) else { return false };
        if seq <= known.head {
            return true;
        }
        if is_ready && seq > known.head.next() {
            return false;
        }
        known.head = seq;
        if is_ready {
            self.pending.entry(room_id).or_default().add(event);
        }
        true
    }
}

impl Activity {
    fn add(&mut self, event: &Event) {
        self.head = event.seq();
        match event {
            Event::Message(message) if message.deleted_at.is_some() => {}
            Event::Message(_) if self.messages.len() == MAX_MESSAGES => self.is_truncated = true,
            Event::Message(message) => {
                let mentions = mentioned_names(&message.content, MAX_MENTIONS);
                self.is_truncated |= mentions.is_err();
                self.messages.push(ActivityMessage {
                    seq: message.seq,
                    user_id: message.user_id,
                    username: message.username.clone(),
                    mentions: mentions.unwrap_or_else(|first| first),
                });
            }
            // Neither the number of messages changes with it nor what was said of them.
            Event::MessageEdited { .. } => {}
            Event::MessageDeleted(change) => {
                // Also one that has not been told: the list of rooms may have counted it meanwhile.
                self.messages.retain(|message| message.seq != change.message_seq);
                match self.deleted.len() {
                    MAX_MESSAGES => self.is_truncated = true,
                    _ => self.deleted.push(change.message_seq),
                }
            }
        }
    }

    fn frame(&self, room_id: RoomId) -> Vec<u8> {
        ServerFrame::RoomActivity {
            room_id,
            head_seq: self.head,
            messages: &self.messages,
            deleted: &self.deleted,
            truncated: self.is_truncated,
        }
        .to_bytes()
    }
}

impl Client {
    /// Something was not told to it, and will not be. If it watches, it is told to read the list again.
    pub(super) fn miss(&mut self) {
        self.has_missed |= self.watching == Watching::Live;
    }

    /// Gives it a frame for watchers, unless it is blocked.
    fn hear_of(&mut self, slot: usize, frame: &[u8], touched: &mut Vec<usize>) {
        if self.blocked_at.is_some() {
            self.miss();
        } else {
            self.out.extend_from_slice(frame);
            self.touch(slot, touched);
        }
    }
}

impl State {
    /// The connection wants to watch. The answer is whether the heads of the rooms are known; if not,
    /// they are to be read now.
    pub(super) fn ask_to_watch(&mut self, id: ConnectionId, reply: oneshot::Sender<bool>) {
        if let Some(slot) = self.slot(id) {
            let client = &mut self.clients[slot];
            if client.closing_at.is_none() && client.watching == Watching::No {
                client.watching = Watching::Asked;
                self.watch.count += 1;
            }
        }
        // The task may have gone away.
        let _ = reply.send(self.watch.is_ready);
    }

    /// From here on the connection is told.
    pub(super) fn start_watching(
        &mut self,
        id: ConnectionId,
        reference: Option<&str>,
        rooms: Option<Vec<RoomState>>,
    ) {
        let Some(slot) = self.slot(id) else { return };
        match self.clients[slot].watching {
            Watching::No => return,
            Watching::Asked => {
                self.watch.learn(rooms.unwrap_or_default());
                let user_id = self.clients[slot].connection.identity().user_id;
                self.watch.users.entry(user_id).or_default().push(slot);
                self.clients[slot].watching = Watching::Live;
            }
            Watching::Live => {}
        }
        self.push_watching(slot, reference);
    }

    fn push_watching(&mut self, slot: usize, reference: Option<&str>) {
        let epoch = self.config.epoch.clone();
        self.push(slot, &ServerFrame::Watching { reference, epoch: &epoch }.to_bytes());
    }

    /// The connection is closed or gone.
    pub(super) fn unwatch(&mut self, slot: usize) {
        let client = &mut self.clients[slot];
        match std::mem::take(&mut client.watching) {
            Watching::No => return,
            Watching::Asked => {}
            Watching::Live => {
                let user_id = client.connection.identity().user_id;
                if let Some(slots) = self.watch.users.get_mut(&user_id) {
                    slots.retain(|&other| other != slot);
                    if slots.is_empty() {
                        self.watch.users.remove(&user_id);
                    }
                }
            }
        }
        self.watch.count -= 1;
        if self.watch.count == 0 {
            self.watch = Watch::default();
        }
    }

    /// Something is in a room's log. Costs nothing while nobody watches.
    pub(super) fn note(&mut self, event: &Event) {
        if self.watch.is_on() && !self.watch.note(event) {
            self.has_missed.store(true, Ordering::Relaxed);
        }
    }

    /// More has happened in a room than was read of it.
    pub(super) fn skip_to(&mut self, room_id: RoomId, head: Seq) {
        if !self.watch.is_on() {
            return;
        }
        let is_ready = self.watch.is_ready;
        let Some(known) = self.watch.known(room_id).filter(|known| known.head < head) else {
            return;
        };
        known.head = head;
        if is_ready {
            let activity = self.watch.pending.entry(room_id).or_default();
            activity.head = head;
            activity.is_truncated = true;
        }
    }

    /// Told once, whether this process or the doorbell says it first.
    pub(super) fn create_room(&mut self, room: &Room) {
        let watch = &self.watch;
        let is_told = watch.is_ready && watch.rooms.contains_key(&room.id);
        if !watch.is_on() || is_told || watch.gone.contains(&room.id) {
            return;
        }
        let known = Known { head: room.head_seq, revision: room.revision };
        self.watch.rooms.insert(room.id, known);
        let active_users = self.rooms.get(&room.id).map_or(0, |room| room.presence.count());
        let frame = ServerFrame::RoomCreated { room: RoomCard::of(room, active_users) };
        self.tell_watchers(room.id, &frame.to_bytes(), false);
    }

    /// Tells those who watch of a room's update, but not again those who are in the room, if they have
    /// been told.
    pub(super) fn tell_watchers_of_update(
        &mut self,
        room: &Room,
        frame: &[u8],
        members_know: bool,
    ) {
        if !self.watch.is_on() {
            return;
        }
        let Some(known) = self.watch.known(room.id) else { return };
        if known.revision < room.revision {
            known.revision = room.revision;
            self.tell_watchers(room.id, frame, members_know);
        }
    }

    /// Tells those who watch and are not in the room that it is gone.
    pub(super) fn tell_watchers_of_end(&mut self, room_id: RoomId) {
        if !self.watch.is_on() {
            return;
        }
        self.watch.gone.insert(room_id);
        self.watch.pending.remove(&room_id);
        if self.watch.rooms.remove(&room_id).is_some() {
            self.tell_watchers(room_id, &ServerFrame::RoomDeleted { room_id }.to_bytes(), true);
        }
    }

    /// Tells the user's connections that watch and are not in the room up to where it is read.
    pub(super) fn tell_watchers_of_read(
        &mut self,
        user_id: UserId,
        room_id: RoomId,
        seq: Seq,
        except: &[usize],
    ) {
        let Some(slots) = self.watch.users.get(&user_id) else { return };
        let members = self.rooms.get(&room_id).map(|room| &room.members);
        let frame = ServerFrame::Read { reference: None, room_id, seq }.to_bytes();
        for &slot in slots {
            let is_member = members.is_some_and(|members| members.contains_key(&slot));
            if !is_member && !except.contains(&slot) {
                self.clients[slot].hear_of(slot, &frame, &mut self.touched);
            }
        }
    }

    /// At the end of a turn: at once if nothing has been told in this second, else in the next one.
    pub(super) fn tell_activity(&mut self) {
        if self.watch.pending.is_empty() || self.now <= self.watch.told_at {
            return;
        }
        self.watch.told_at = self.now;
        for (room_id, activity) in std::mem::take(&mut self.watch.pending) {
            self.tell_watchers(room_id, &activity.frame(room_id), true);
        }
    }

    /// Once a second: those that were blocked and no longer are, and that therefore missed something.
    pub(super) fn remind(&mut self, slot: usize) {
        let client = &mut self.clients[slot];
        if client.has_missed && client.blocked_at.is_none() {
            client.has_missed = false;
            self.push_watching(slot, None);
        }
    }

    fn tell_watchers(&mut self, room_id: RoomId, frame: &[u8], skips_members: bool) {
        let room = self.rooms.get(&room_id).filter(|_| skips_members);
        for (&user_id, slots) in &self.watch.users {
            if !may_hear_of(room_id, user_id) {
                continue;
            }
            for &slot in slots {
                if room.is_none_or(|room| !room.members.contains_key(&slot)) {
                    self.clients[slot].hear_of(slot, frame, &mut self.touched);
                }
            }
        }
    }
}
