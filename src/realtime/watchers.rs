//! Watchers: connections that receive frames about everything that concerns their user, also in rooms that
//! they have not joined: new, changed and deleted rooms, activity in them, and what is the user's own, such as read
//! positions and drafts.
//!
//! These frames report a state. A watcher that misses one, because it is blocked or because it left a room too
//! early, is asked to read the list of rooms again, so nothing is kept for it. Activity of a room is sent in
//! order and once, so that a watcher can join the room from the `head_seq` that it received.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use slab::Slab;
use tokio::sync::oneshot;

use super::ConnectionId;
use super::client::{Client, Watching};
use super::frame::{RoomCard, ServerFrame};
use super::hearers::{Affected, Hearers};
use super::state::State;
use super::watch::{Noted, Watch};
use crate::model::{Audience, Event, ReadMove, Room, RoomId, Seq, UserId};

impl State {
    /// Answers whether the rooms are known. If they are not, the task reads them now.
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
        rooms: Option<Vec<Audience>>,
    ) {
        let Some(slot) = self.slot(id) else { return };
        match self.clients[slot].watching {
            Watching::No => return,
            Watching::Asked => {
                if !self.watch.learn(rooms.unwrap_or_default()) {
                    self.has_missed.store(true, Ordering::Relaxed);
                }
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
        let concerned = self.list_concerned(event);
        match self.watch.note(event) {
            Noted::Known => {}
            Noted::Gap => self.has_missed.store(true, Ordering::Relaxed),
            Noted::New => self.tell_watchers_of_change(event, concerned),
        }
    }

    /// The people whose membership the event changes, before it is noted. Somebody who was no member of a private room
    /// may be banned there, and must not be told.
    fn list_concerned(&self, event: &Event) -> Vec<UserId> {
        let hearers = self.watch.hearers(event.room_id());
        let may_know = |id: &UserId| hearers.is_some_and(|hearers| hearers.may_know(*id));
        match event {
            Event::MemberJoined(change) => change.members.iter().map(|it| it.user_id).collect(),
            Event::MemberLeft(change) | Event::MemberChanged(change) => {
                change.members.iter().map(|it| it.user_id).filter(may_know).collect()
            }
            Event::Message(_)
            | Event::Reply(_)
            | Event::MessageEdited { .. }
            | Event::MessageDeleted(_)
            | Event::ReactionAdded(_)
            | Event::ReactionRemoved(_)
            | Event::MessagePinned(_)
            | Event::MessageUnpinned(_)
            | Event::RoomChanged(_)
            | Event::Unknown(_) => Vec::new(),
        }
    }

    fn tell_watchers_of_change(&mut self, event: &Event, concerned: Vec<UserId>) {
        let room_id = event.room_id();
        match event {
            Event::RoomChanged(change) => {
                let frame = ServerFrame::RoomUpdated { room_id, room: &change.room };
                self.tell_watchers(room_id, &frame.to_bytes(), true);
                let hearers = self.watch.hearers(room_id);
                if !hearers.is_some_and(Hearers::is_sure) {
                    self.has_missed.store(true, Ordering::Relaxed);
                }
            }
            Event::MemberJoined(_) | Event::MemberLeft(_) | Event::MemberChanged(_) => {
                for user_id in concerned {
                    self.tell_membership(user_id, room_id);
                }
            }
            Event::Message(_)
            | Event::Reply(_)
            | Event::MessageEdited { .. }
            | Event::MessageDeleted(_)
            | Event::ReactionAdded(_)
            | Event::ReactionRemoved(_)
            | Event::MessagePinned(_)
            | Event::MessageUnpinned(_)
            | Event::Unknown(_) => {}
        }
    }

    /// Tells a user's watchers that the user's place in a room has changed.
    pub(super) fn tell_membership(&mut self, user_id: UserId, room_id: RoomId) {
        self.tell_user(user_id, &ServerFrame::Membership { room_id });
    }

    /// Sends a frame to a user's watchers.
    pub(super) fn tell_user(&mut self, user_id: UserId, frame: &ServerFrame<'_>) {
        let Some(slots) = self.watch.users.get(&user_id) else { return };
        let frame = frame.to_bytes();
        for &slot in slots {
            self.clients[slot].push_for_watcher(slot, &frame, &mut self.touched);
        }
    }

    /// Takes the audience of a room as it was read from storage.
    pub(super) fn set_audience(&mut self, audience: Audience) {
        if !self.watch.is_on() {
            return;
        }
        let room_id = audience.room_id;
        let affected = self.watch.set_audience(audience);
        let users: Vec<UserId> = match affected {
            Affected::Nobody => Vec::new(),
            Affected::These(users) => users.into_iter().collect(),
            Affected::Except(users) => {
                self.watch.users.keys().filter(|id| !users.contains(id)).copied().collect()
            }
            Affected::Everybody => self.watch.users.keys().copied().collect(),
        };
        for user_id in users {
            self.tell_membership(user_id, room_id);
        }
        if self.watch.hearers(room_id).is_some_and(|hearers| !hearers.is_sure()) {
            self.has_missed.store(true, Ordering::Relaxed);
        }
    }

    /// Moves the watchers on to the room's head, over events that are not published.
    pub(super) fn tell_watchers_of_skip(&mut self, room: &Room, updated: &[u8]) {
        if self.watch.is_on() && self.watch.skip_to(room.id, room.head_seq) {
            self.tell_watchers(room.id, updated, true);
        }
    }

    pub(super) fn create_room(&mut self, room: &Room, audience: Audience) {
        if !self.watch.is_on() || !self.watch.create(room, audience) {
            return;
        }
        let active_users = self.rooms.get(&room.id).map_or(0, |room| room.presence.count());
        let frame = ServerFrame::RoomCreated { room: RoomCard::of(room, active_users) };
        self.tell_watchers(room.id, &frame.to_bytes(), false);
    }

    /// Sends `room_deleted` to the watchers that have not joined the room.
    pub(super) fn tell_watchers_of_end(&mut self, room_id: RoomId) {
        if !self.watch.is_on() {
            return;
        }
        if let Some(hearers) = self.watch.delete(room_id) {
            let frame = ServerFrame::RoomDeleted { room_id }.to_bytes();
            let (users, room) = (&self.watch.users, self.rooms.get(&room_id));
            let (clients, touched) = (&mut self.clients, &mut self.touched);
            each_hearer(users, &hearers, room, clients, touched, |client, slot, touched| {
                client.push_for_watcher(slot, &frame, touched);
            });
        }
    }

    /// Sends a user's read position to the user's watchers that have not joined the room.
    pub(super) fn tell_watchers_of_read(
        &mut self,
        user_id: UserId,
        room_id: RoomId,
        seq: Seq,
        how: ReadMove,
        except: &[usize],
    ) {
        if !self.watch.hearers(room_id).is_some_and(|hearers| hearers.may_hear(user_id)) {
            return;
        }
        let Some(slots) = self.watch.users.get(&user_id) else { return };
        let members = self.rooms.get(&room_id).map(|room| &room.members);
        let marked_unread = how == ReadMove::Back;
        let frame = ServerFrame::Read { reference: None, room_id, seq, marked_unread }.to_bytes();
        for &slot in slots {
            let is_member = members.is_some_and(|members| members.contains_key(&slot));
            if !is_member && !except.contains(&slot) {
                self.clients[slot].push_for_watcher(slot, &frame, &mut self.touched);
            }
        }
    }

    /// Sends activity at the end of a pass, at most once a second. Activity of a room whose audience is not known
    /// waits.
    pub(super) fn tell_activity(&mut self) {
        if self.watch.pending.is_empty() || self.now <= self.watch.told_at {
            return;
        }
        self.watch.told_at = self.now;
        for (room_id, activity) in std::mem::take(&mut self.watch.pending) {
            let Some(hearers) = self.watch.hearers(room_id) else { continue };
            if !hearers.is_sure() {
                self.watch.pending.insert(room_id, activity);
                continue;
            }
            if activity.newcomers.is_empty() {
                self.tell_watchers(room_id, &activity.frame(room_id), true);
                continue;
            }
            let (whole, head) = (activity.frame(room_id), activity.frame_for_newcomers(room_id));
            let newcomers = &activity.newcomers;
            self.for_watchers(room_id, true, |client, slot, touched| {
                let is_newcomer = newcomers.contains(&client.connection.identity().user_id);
                let frame = if is_newcomer { &head } else { &whole };
                client.push_for_watcher(slot, frame, touched);
            });
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
        self.for_watchers(room_id, skips_members, |client, slot, touched| {
            client.push_for_watcher(slot, frame, touched);
        });
    }

    /// Calls `push` for each watcher that may hear of the room.
    fn for_watchers(
        &mut self,
        room_id: RoomId,
        skips_members: bool,
        push: impl FnMut(&mut Client, usize, &mut Vec<usize>),
    ) {
        let Self { watch, rooms, clients, touched, .. } = self;
        let Some(hearers) = watch.hearers(room_id) else { return };
        let room = rooms.get(&room_id).filter(|_| skips_members);
        each_hearer(&watch.users, hearers, room, clients, touched, push);
    }
}

/// Calls `push` for each watcher among the hearers of a room, except those that have joined `room`.
fn each_hearer(
    users: &HashMap<UserId, Vec<usize>>,
    hearers: &Hearers,
    room: Option<&super::room::Room>,
    clients: &mut Slab<Client>,
    touched: &mut Vec<usize>,
    mut push: impl FnMut(&mut Client, usize, &mut Vec<usize>),
) {
    let mut push_all = |slots: &[usize]| {
        for &slot in slots {
            if room.is_none_or(|room| !room.members.contains_key(&slot)) {
                push(&mut clients[slot], slot, touched);
            }
        }
    };
    match hearers.members() {
        None => users.values().for_each(|slots| push_all(slots)),
        Some(members) => {
            members.iter().filter_map(|id| users.get(id)).for_each(|slots| push_all(slots));
        }
    }
}
