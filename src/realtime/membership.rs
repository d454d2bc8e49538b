//! Members of rooms: joining, leaving, and the presence frames that the other members receive.

use super::command::ActiveCount;
use super::frame::{PresenceChange, ServerFrame};
use super::presence::{Elsewhere, Presence};
use super::room::{Cursor, Member};
use super::state::State;
use super::{AccessMark, ConnectionId, People};
use crate::model::{Person, RoomHead, RoomId, Seq};

impl State {
    pub(super) fn join(
        &mut self,
        id: ConnectionId,
        room_id: RoomId,
        after: Seq,
        reference: Option<String>,
        mark: AccessMark,
    ) {
        let Some(slot) = self.slot(id) else { return };
        let client = &mut self.clients[slot];
        if client.closing_at.is_some() || client.rooms.contains(&room_id) {
            return;
        }
        client.rooms.push(room_id);
        let connection = client.connection.clone();
        let is_new_room = !self.rooms.contains_key(&room_id);
        let room = self.rooms.entry(room_id).or_default();
        let identity = connection.identity();
        let step = room.presence.enter(&identity, slot);
        let presence = room.presence.frame(room_id);
        // The right was checked before something that may have ended it.
        let is_paused = mark < room.paused_at;
        let cursor = match is_paused {
            true => Cursor::Paused(after, room.paused_at),
            false => Cursor::Starting(after),
        };
        let sync = Some(reference);
        let has_missed_presence = is_paused;
        let member = Member { cursor, sync, has_missed_presence, has_missed_update: false };
        room.members.insert(slot, member);
        if let Some(log) = &mut self.presence_log {
            if step.is_of_node {
                log.note(room_id, identity.user_id, true);
            }
            if is_new_room {
                log.open(room_id);
            }
        }
        if step.is_of_fleet {
            self.tell_change(room_id, identity.person(), Some(slot), ServerFrame::UserJoined);
        }
        if is_paused {
            connection.post(|mail| mail.add_recheck(room_id, None));
            return;
        }
        self.push(slot, &presence);
        match self.rooms.get(&room_id).and_then(|room| room.head) {
            Some(_) => self.start(slot, room_id),
            None => connection.post(|mail| mail.behind.push((room_id, None))),
        }
    }

    /// Uses the head that the task has read, unless the hub knows a newer one by now.
    pub(super) fn learn(&mut self, id: ConnectionId, read: RoomHead) {
        let (Some(slot), Some(room)) = (self.slot(id), self.rooms.get_mut(&read.id)) else {
            return;
        };
        room.head.get_or_insert(read.head_seq);
        room.seen.get_or_insert(read.head_seq);
        self.start(slot, read.id);
    }

    fn start(&mut self, slot: usize, room_id: RoomId) {
        let Some(member) = self.member(slot, room_id) else { return };
        if let Cursor::Starting(after) = member.cursor {
            member.cursor = Cursor::Live(after);
            self.fall_behind(slot, room_id);
        }
    }

    pub(super) fn typing(&mut self, id: ConnectionId, room_id: RoomId) {
        let Some(slot) = self.slot(id) else { return };
        if self.member(slot, room_id).is_none_or(|member| member.is_paused()) {
            return;
        }
        let person = self.clients[slot].connection.identity().person();
        let Person { user_id, username, display_name } = person;
        let frame = ServerFrame::Typing { room_id, user_id, username, display_name };
        self.broadcast(room_id, Some(slot), &frame.to_bytes());
    }

    pub(super) fn leave_all(&mut self, slot: usize) {
        for room_id in std::mem::take(&mut self.clients[slot].rooms) {
            self.leave_room(slot, room_id);
        }
    }

    pub(super) fn leave(&mut self, slot: usize, room_id: RoomId) {
        self.clients[slot].rooms.retain(|&id| id != room_id);
        self.leave_room(slot, room_id);
    }

    fn leave_room(&mut self, slot: usize, room_id: RoomId) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        let Some(member) = room.members.remove(&slot) else { return };
        // The client has left before it received all events of the room. A member receives no frames for watchers
        // about its room, so these events are missing for the watcher too.
        if room.head != Some(member.position()) || self.committed.contains_key(&room_id) {
            self.clients[slot].miss();
        }
        let identity = self.clients[slot].connection.identity();
        let step = room.presence.exit(identity.user_id, slot);
        if let Some(log) = &mut self.presence_log
            && step.is_of_node
        {
            log.note(room_id, identity.user_id, false);
        }
        if room.members.is_empty() {
            self.rooms.remove(&room_id);
        } else if step.is_of_fleet {
            self.tell_change(room_id, identity.person(), Some(slot), ServerFrame::UserLeft);
        }
    }

    /// Takes the people who are in the room on other nodes, and tells the members what that changes.
    pub(super) fn set_elsewhere(&mut self, room_id: RoomId, people: People) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        match room.presence.set_elsewhere(people) {
            Elsewhere::First => {
                let frame = room.presence.frame(room_id);
                self.broadcast(room_id, None, &frame);
            }
            Elsewhere::Changed { came, went } => {
                for person in came {
                    self.tell_change(room_id, person, None, ServerFrame::UserJoined);
                }
                for person in went {
                    self.tell_change(room_id, person, None, ServerFrame::UserLeft);
                }
            }
        }
    }

    /// Gives people other names, in what is sent from now on.
    pub(super) fn rename(&mut self, people: &[Person]) {
        for (_, client) in &self.clients {
            client.connection.rename(people);
        }
        for room in self.rooms.values_mut() {
            people.iter().for_each(|person| room.presence.rename(person));
        }
    }

    pub(super) fn count_active(&self, room_id: RoomId) -> ActiveCount {
        let presence = self.rooms.get(&room_id).map(|room| &room.presence);
        let is_known = presence.is_some_and(Presence::is_elsewhere_known);
        ActiveCount {
            known: presence.map_or(0, Presence::count),
            is_complete: is_known || self.presence_log.is_none(),
        }
    }

    /// In a small room, sends the other members a frame that a user came or left. In a big room, notes the change.
    fn tell_change(
        &mut self,
        room_id: RoomId,
        Person { user_id, username, display_name }: Person,
        except: Option<usize>,
        frame: fn(PresenceChange) -> ServerFrame<'static>,
    ) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        if !room.presence.is_small() {
            room.presence.changed = true;
            return;
        }
        let timestamp = self.config.clock.now();
        let change = PresenceChange { room_id, user_id, username, display_name, timestamp };
        self.broadcast(room_id, except, &frame(change).to_bytes());
    }

    pub(super) fn tell_presence(&mut self) {
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

    /// Sends a frame about people, which is not in the log, to all members. Blocked clients do not receive it, and
    /// paused members are told who is there when they go on.
    pub(super) fn broadcast(&mut self, room_id: RoomId, except: Option<usize>, frame: &[u8]) {
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        for (&slot, member) in &mut room.members {
            if member.is_paused() {
                member.has_missed_presence = true;
                continue;
            }
            let client = &mut self.clients[slot];
            if Some(slot) != except && client.blocked_at.is_none() {
                client.out.extend_from_slice(frame);
                client.touch(slot, &mut self.touched);
            }
        }
    }
}
