//! Watchers: connections that receive frames about everything that concerns their user, also in rooms that
//! they have not joined: new, changed and deleted rooms, activity in them, and the user's read positions.
//!
//! These frames report a state. A watcher that misses one, because it is blocked or because it left a room too
//! early, is asked to read the list of rooms again, so nothing is kept for it. Activity of a room is sent in
//! order and once, so that a watcher can join the room from the `head_seq` that it received.

use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use super::ConnectionId;
use super::client::Watching;
use super::frame::{RoomCard, ServerFrame};
use super::state::State;
use super::watch::{Noted, Watch};
use crate::model::{Event, Room, RoomHead, RoomId, Seq, UserId};

/// Whether a user may receive frames about a room. Every room is public.
fn may_hear_of(_room_id: RoomId, _user_id: UserId) -> bool {
    true
}

impl State {
    /// Answers whether the heads of the rooms are known. If they are not, the task reads them now.
    pub(super) fn ask_to_watch(&mut self, id: ConnectionId, reply: oneshot::Sender<bool>) {
        if let Some(slot) = self.slot(id) {
            let client = &mut self.clients[slot];
            if client.closing_at.is_none() && client.watching == Watching::No {
                client.watching = Watching::Asked;
                self.watch.count += 1;
            }
        }
        // The asking task may have ended.
        let _ = reply.send(self.watch.is_ready);
    }

    /// Makes the connection a watcher.
    pub(super) fn start_watching(
        &mut self,
        id: ConnectionId,
        reference: Option<&str>,
        rooms: Option<Vec<RoomHead>>,
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

    /// Removes the watcher, because its connection is closed or broken.
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

    /// Notes an event for the watchers. It costs nothing while there is no watcher.
    pub(super) fn note(&mut self, event: &Event) {
        if !self.watch.is_on() {
            return;
        }
        match self.watch.note(event) {
            Noted::Known => {}
            Noted::Gap => self.has_missed.store(true, Ordering::Relaxed),
            Noted::New => {
                if let Event::RoomChanged(change) = event {
                    let room_id = event.room_id();
                    let frame = ServerFrame::RoomUpdated { room_id, room: &change.room };
                    self.tell_watchers(room_id, &frame.to_bytes(), true);
                }
            }
        }
    }

    /// Moves the watchers on to the room's head, over events that are not published.
    pub(super) fn tell_watchers_of_skip(&mut self, room: &Room, updated: &[u8]) {
        if self.watch.is_on() && self.watch.skip_to(room.id, room.head_seq) {
            self.tell_watchers(room.id, updated, true);
        }
    }

    pub(super) fn create_room(&mut self, room: &Room) {
        if !self.watch.is_on() || !self.watch.create(room) {
            return;
        }
        let active_users = self.rooms.get(&room.id).map_or(0, |room| room.presence.count());
        let frame = ServerFrame::RoomCreated { room: RoomCard::of(room, active_users) };
        self.tell_watchers(room.id, &frame.to_bytes(), false);
    }

    /// Sends `room_deleted` to the watchers that have not joined the room.
    pub(super) fn tell_watchers_of_end(&mut self, room_id: RoomId) {
        if self.watch.is_on() && self.watch.delete(room_id) {
            self.tell_watchers(room_id, &ServerFrame::RoomDeleted { room_id }.to_bytes(), true);
        }
    }

    /// Sends a user's read position to the user's watchers that have not joined the room.
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
                self.clients[slot].push_for_watcher(slot, &frame, &mut self.touched);
            }
        }
    }

    /// Sends activity at the end of a pass, at most once a second.
    pub(super) fn tell_activity(&mut self) {
        if self.watch.pending.is_empty() || self.now <= self.watch.told_at {
            return;
        }
        self.watch.told_at = self.now;
        for (room_id, activity) in std::mem::take(&mut self.watch.pending) {
            self.tell_watchers(room_id, &activity.frame(room_id), true);
        }
    }

    /// Asks a watcher that has missed a frame, and is no longer blocked, to read the list of rooms again. Called
    /// once a second.
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
                    self.clients[slot].push_for_watcher(slot, frame, &mut self.touched);
                }
            }
        }
    }
}
