//! The hub's state for watchers: the head and the audience of every room, and the activity that watchers have not
//! received yet.
//!
//! While there is a watcher, the head of every room is known here: the first watcher's task reads the heads
//! after the hub has begun to follow all rooms, and before the watcher receives `watching`. An event that does
//! not continue a head is left to the next poll, which reads the log. The audience of a room is read with its head:
//! see [`Hearers`].

use std::collections::{HashMap, HashSet};

use super::frame::{ActivityMessage, ServerFrame};
use super::hearers::{Affected, Hearers};
use crate::model::{Audience, Event, EventId, Room, RoomHead, RoomId, Seq, UserId};

/// The number of messages in one `room_activity`. A client that gets `truncated` asks for the unread number.
const MAX_MESSAGES: usize = 50;

/// The number of threads in one `room_activity`.
const MAX_THREADS: usize = 20;

#[derive(Default)]
pub(super) struct Watch {
    /// The number of connections that watch or have asked to. If it is 0, the other fields are empty.
    pub count: usize,
    /// The slots of the watchers.
    pub users: HashMap<UserId, Vec<usize>>,
    /// All rooms, once they have been read.
    rooms: HashMap<RoomId, Followed>,
    /// Rooms that were created after the rooms began to be read.
    created: HashSet<RoomId>,
    /// Deleted rooms: a poll may have read a room before its deletion, and announce it afterwards.
    gone: HashSet<RoomId>,
    pub is_ready: bool,
    /// Activity that has not been sent.
    pub pending: HashMap<RoomId, Activity>,
    /// The last time that activity was sent, in seconds of the hub's clock.
    pub told_at: u32,
}

/// A room as watchers know it.
struct Followed {
    /// What watchers have received or could read.
    head: Seq,
    hearers: Hearers,
}

/// The relation of an event to the events that watchers have received.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    /// The watchers have received the event, or could read it.
    Known,
    /// The event continues the head of its room.
    New,
    /// An earlier event of the room is not known yet.
    Gap,
}

#[derive(Default)]
pub(super) struct Activity {
    head: Seq,
    messages: Vec<ActivityMessage>,
    deleted: Vec<Seq>,
    /// Threads that have new replies.
    threads: Vec<EventId>,
    is_truncated: bool,
    /// People who came to hear of the room during this activity. They get its head alone.
    pub newcomers: Vec<UserId>,
}

impl Watch {
    pub fn is_on(&self) -> bool {
        self.count > 0
    }

    /// There are watchers, and the heads of the rooms are still being read.
    pub fn is_unready(&self) -> bool {
        self.is_on() && !self.is_ready
    }

    /// The heads of all rooms. `None`: there is no watcher, or they are not known yet.
    pub fn known_rooms(&self) -> Option<Vec<RoomHead>> {
        let heads = || {
            let head = |(&id, room): (&RoomId, &Followed)| RoomHead { id, head_seq: room.head };
            self.rooms.iter().map(head).collect()
        };
        self.is_ready.then(heads)
    }

    /// The head of a room, if there are watchers and it is known.
    pub fn known_head(&self, room_id: RoomId) -> Option<Seq> {
        self.rooms.get(&room_id).map(|room| room.head).filter(|_| self.is_ready)
    }

    /// The rooms whose audience must be read, because it is not known.
    pub fn rooms_unheard(&self) -> Vec<RoomId> {
        let is_unsure = |room: &Followed| self.is_ready && !room.hearers.is_sure();
        let rooms = self.rooms.iter().filter(|(_, room)| is_unsure(room));
        rooms.map(|(&room_id, _)| room_id).collect()
    }

    /// The users who may hear of a room. `None`: the room is not known, so nobody may.
    pub fn hearers(&self, room_id: RoomId) -> Option<&Hearers> {
        self.rooms.get(&room_id).map(|room| &room.hearers)
    }

    /// Takes the rooms that were read from storage after the first watcher had asked. Events that were noted
    /// since then are newer. False: the audience of a room must be read again.
    pub fn learn(&mut self, read: Vec<Audience>) -> bool {
        if self.is_ready {
            return true;
        }
        self.is_ready = true;
        let mut noted = std::mem::take(&mut self.rooms);
        let mut are_sure = true;
        for audience in read {
            let (id, head) = (audience.room_id, audience.head_seq);
            let mut room = noted.remove(&id).unwrap_or_default();
            room.head = room.head.max(head);
            room.hearers.learn(audience);
            are_sure &= room.hearers.is_sure();
            self.rooms.insert(id, room);
        }
        // The others were made by other processes after the rooms were read: a poll will find them.
        noted.retain(|id, _| self.created.contains(id));
        self.rooms.extend(noted);
        self.created.clear();
        are_sure
    }

    pub fn note(&mut self, event: &Event) -> Noted {
        let (room_id, seq, is_ready) = (event.room_id(), event.seq(), self.is_ready);
        let Some(room) = self.room(room_id) else { return Noted::Gap };
        if seq <= room.head {
            return Noted::Known;
        }
        if is_ready && seq > room.head.next() {
            return Noted::Gap;
        }
        room.head = seq;
        let newcomers = room.hearers.note(event);
        if is_ready {
            let activity = self.pending.entry(room_id).or_default();
            activity.add(event);
            activity.newcomers.extend(newcomers);
        }
        Noted::New
    }

    /// Takes the audience of a room as it was read from storage. Returns the users who must look at the room again.
    pub fn set_audience(&mut self, audience: Audience) -> Affected {
        let room_id = audience.room_id;
        let Some(room) = self.room(room_id) else { return Affected::Nobody };
        let affected = room.hearers.learn(audience);
        if let Affected::These(users) = &affected
            && let Some(activity) = self.pending.get_mut(&room_id)
        {
            activity.newcomers.extend(users);
        }
        affected
    }

    /// Moves the head of a room on, over events that are not sent. True if watchers did not know of them.
    pub fn skip_to(&mut self, room_id: RoomId, to: Seq) -> bool {
        let is_ready = self.is_ready;
        let Some(room) = self.room(room_id).filter(|room| room.head < to) else { return false };
        room.head = to;
        room.hearers.skip_to(to);
        if is_ready {
            let activity = self.pending.entry(room_id).or_default();
            activity.head = to;
            activity.is_truncated = true;
        }
        true
    }

    /// Adds a new room. False: it is known already, from this process or from a poll, or deleted.
    pub fn create(&mut self, room: &Room, audience: Audience) -> bool {
        let is_known = self.is_ready && self.rooms.contains_key(&room.id);
        if is_known || self.gone.contains(&room.id) {
            return false;
        }
        let hearers = Hearers::of(audience);
        self.rooms.insert(room.id, Followed { head: room.head_seq, hearers });
        if !self.is_ready {
            self.created.insert(room.id);
        }
        true
    }

    /// Removes a deleted room. Returns who heard of it, if it was known.
    pub fn delete(&mut self, room_id: RoomId) -> Option<Hearers> {
        self.gone.insert(room_id);
        self.pending.remove(&room_id);
        self.rooms.remove(&room_id).map(|room| room.hearers)
    }

    /// A room. Before the rooms have been read, every room is known from its next event on.
    fn room(&mut self, room_id: RoomId) -> Option<&mut Followed> {
        match self.is_ready {
            true => self.rooms.get_mut(&room_id),
            false => Some(self.rooms.entry(room_id).or_default()),
        }
    }
}

impl Default for Followed {
    fn default() -> Self {
        Self { head: Seq(0), hearers: Hearers::default() }
    }
}

impl Activity {
    fn add(&mut self, event: &Event) {
        self.head = event.seq();
        match event {
            Event::Message(message) if message.deleted_at.is_some() => {}
            Event::Message(_) if self.messages.len() == MAX_MESSAGES => self.is_truncated = true,
            Event::Message(message) => {
                let mentions = message.mentions();
                self.messages.push(ActivityMessage {
                    seq: message.seq,
                    user_id: message.user_id,
                    username: message.username.clone(),
                    display_name: message.display_name.clone(),
                    mentions: mentions.iter().filter_map(|it| it.user_id).collect(),
                    mentions_everyone: mentions.iter().any(|it| it.everyone.is_some()),
                });
                self.add_thread(message.thread_id());
            }
            Event::Reply(message) => self.add_thread(message.thread_id()),
            // The number of messages stays the same. A changed room is reported by `room_updated`.
            Event::MessageEdited { .. }
            | Event::ReactionAdded(_)
            | Event::ReactionRemoved(_)
            | Event::MessagePinned(_)
            | Event::MessageUnpinned(_)
            | Event::RoomChanged(_)
            | Event::MemberJoined(_)
            | Event::MemberLeft(_)
            | Event::MemberChanged(_)
            | Event::Unknown(_) => {}
            // The reply may have been shown in the room too. The reader counts again.
            Event::MessageDeleted(change) if change.thread_id.is_some() => self.is_truncated = true,
            Event::MessageDeleted(change) => {
                // The deletion is sent even if the message was not: the list of rooms may have counted it.
                self.messages.retain(|message| message.seq != change.message_seq);
                match self.deleted.len() {
                    MAX_MESSAGES => self.is_truncated = true,
                    _ => self.deleted.push(change.message_seq),
                }
            }
        }
    }

    fn add_thread(&mut self, thread_id: Option<EventId>) {
        let Some(id) = thread_id.filter(|id| !self.threads.contains(id)) else { return };
        match self.threads.len() {
            MAX_THREADS => self.is_truncated = true,
            _ => self.threads.push(id),
        }
    }

    /// The frame for people who may not hear of all of the activity.
    pub fn frame_for_newcomers(&self, room_id: RoomId) -> Vec<u8> {
        let (head, is_truncated) = (self.head, true);
        Self { head, is_truncated, ..Self::default() }.frame(room_id)
    }

    pub fn frame(&self, room_id: RoomId) -> Vec<u8> {
        ServerFrame::RoomActivity {
            room_id,
            head_seq: self.head,
            messages: &self.messages,
            deleted: &self.deleted,
            threads: &self.threads,
            truncated: self.is_truncated,
        }
        .to_bytes()
    }
}
