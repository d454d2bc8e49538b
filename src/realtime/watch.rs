//! The hub's state for watchers: the heads of all rooms, and the activity that watchers have not received yet.
//!
//! While there is a watcher, the head of every room is known here: the first watcher's task reads the heads
//! after the hub has begun to follow all rooms, and before the watcher receives `watching`. An event that does
//! not continue a head is left to the next poll, which reads the log.

use std::collections::{HashMap, HashSet};

use super::frame::{ActivityMessage, ServerFrame};
use crate::model::{Event, Room, RoomHead, RoomId, Seq, UserId, mentioned_names};

/// The number of messages in one `room_activity`. A client that gets `truncated` asks for the unread number.
const MAX_MESSAGES: usize = 50;

/// The number of names that a message may mention before the frame is marked as truncated.
const MAX_MENTIONS: usize = 20;

#[derive(Default)]
pub(super) struct Watch {
    /// The number of connections that watch or have asked to. If it is 0, the other fields are empty.
    pub count: usize,
    /// The slots of the watchers.
    pub users: HashMap<UserId, Vec<usize>>,
    /// The heads of all rooms, once they have been read: what watchers have received or could read.
    heads: HashMap<RoomId, Seq>,
    /// Rooms that were created after the heads began to be read.
    created: HashSet<RoomId>,
    /// Deleted rooms: a poll may have read a room before its deletion, and announce it afterwards.
    gone: HashSet<RoomId>,
    pub is_ready: bool,
    /// Activity that has not been sent.
    pub pending: HashMap<RoomId, Activity>,
    /// The last time that activity was sent, in seconds of the hub's clock.
    pub told_at: u32,
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
    is_truncated: bool,
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
        let heads =
            || self.heads.iter().map(|(&id, &head_seq)| RoomHead { id, head_seq }).collect();
        self.is_ready.then(heads)
    }

    /// The head of a room, if there are watchers and it is known.
    pub fn known_head(&self, room_id: RoomId) -> Option<Seq> {
        self.heads.get(&room_id).copied().filter(|_| self.is_ready)
    }

    /// Takes the heads that were read from storage after the first watcher had asked. Events that were noted
    /// since then are newer.
    pub fn learn(&mut self, read: Vec<RoomHead>) {
        if self.is_ready {
            return;
        }
        self.is_ready = true;
        let noted = std::mem::take(&mut self.heads);
        self.heads = read.into_iter().map(|room| (room.id, room.head_seq)).collect();
        for (id, head) in noted {
            match self.heads.get_mut(&id) {
                Some(known) => *known = head.max(*known),
                None if self.created.contains(&id) => drop(self.heads.insert(id, head)),
                // Another process made it after the heads were read: a poll will find it.
                None => {}
            }
        }
        self.created.clear();
    }

    pub fn note(&mut self, event: &Event) -> Noted {
        let (room_id, seq, is_ready) = (event.room_id(), event.seq(), self.is_ready);
        let Some(head) = self.head(room_id) else { return Noted::Gap };
        if seq <= *head {
            return Noted::Known;
        }
        if is_ready && seq > head.next() {
            return Noted::Gap;
        }
        *head = seq;
        if is_ready {
            self.pending.entry(room_id).or_default().add(event);
        }
        Noted::New
    }

    /// Moves the head of a room on, over events that are not sent. True if watchers did not know of them.
    pub fn skip_to(&mut self, room_id: RoomId, to: Seq) -> bool {
        let is_ready = self.is_ready;
        let Some(head) = self.head(room_id).filter(|head| **head < to) else { return false };
        *head = to;
        if is_ready {
            let activity = self.pending.entry(room_id).or_default();
            activity.head = to;
            activity.is_truncated = true;
        }
        true
    }

    /// Adds a new room. False: it is known already, from this process or from a poll, or deleted.
    pub fn create(&mut self, room: &Room) -> bool {
        let is_known = self.is_ready && self.heads.contains_key(&room.id);
        if is_known || self.gone.contains(&room.id) {
            return false;
        }
        self.heads.insert(room.id, room.head_seq);
        if !self.is_ready {
            self.created.insert(room.id);
        }
        true
    }

    /// Removes a deleted room. True if it was known.
    pub fn delete(&mut self, room_id: RoomId) -> bool {
        self.gone.insert(room_id);
        self.pending.remove(&room_id);
        self.heads.remove(&room_id).is_some()
    }

    /// The head of a room. Before the heads have been read, every room is known from its next event on.
    fn head(&mut self, room_id: RoomId) -> Option<&mut Seq> {
        match self.is_ready {
            true => self.heads.get_mut(&room_id),
            false => Some(self.heads.entry(room_id).or_insert(Seq(0))),
        }
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
            // The number of messages stays the same. A changed room is reported by `room_updated`.
            Event::MessageEdited { .. }
            | Event::RoomChanged(_)
            | Event::MemberJoined(_)
            | Event::MemberLeft(_)
            | Event::MemberChanged(_)
            | Event::Unknown(_) => {}
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

    pub fn frame(&self, room_id: RoomId) -> Vec<u8> {
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
