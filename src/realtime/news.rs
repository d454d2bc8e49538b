//! Changes of rooms other than messages sent on this node, and their frames for members.

use super::CloseCode;
use super::command::{KnownRooms, News, ReadAsker, ReadOutcome, RoomsBehind};
use super::frame::ServerFrame;
use super::state::State;
use crate::model::{Audience, Person, ReadMove, Room, RoomHead, RoomId, Seq, UserId};

impl State {
    pub(super) fn known_rooms(&self) -> KnownRooms {
        let mut known = KnownRooms::default();
        for (&id, room) in &self.rooms {
            match room.seen {
                Some(head_seq) => known.rooms.push(RoomHead { id, head_seq }),
                None => known.has_unknown = true,
            }
        }
        known.has_unknown |= self.watch.is_unready();
        known.watched = self.watch.known_rooms();
        known.unheard = self.watch.rooms_unheard();
        known
    }

    pub(super) fn rooms_behind(&self, rung: &[RoomHead]) -> RoomsBehind {
        let mut behind = RoomsBehind { has_unknown: self.watch.is_unready(), ..Default::default() };
        for &RoomHead { id, head_seq: head } in rung {
            let watched = self.watch.known_head(id).filter(|&known| known < head);
            let seen = self.rooms.get(&id).map(|room| room.seen);
            behind.has_unknown |= seen == Some(None);
            let joined = seen.flatten().filter(|&seen| seen < head);
            if joined.is_some() {
                behind.joined.insert(id);
            }
            // A room that has members and watchers is read from the smaller of the two heads.
            if let Some(head_seq) = watched.into_iter().chain(joined).min() {
                behind.rooms.push(RoomHead { id, head_seq });
            }
        }
        behind
    }

    pub(super) fn spread(&mut self, news: News) {
        match news {
            News::Events(events) => {
                for event in events {
                    self.note(&event);
                    self.pause_for(&event);
                    self.keep(event);
                }
            }
            News::Skipped(room, audience) => self.skip(&room, audience),
            News::Pruned(room, audience) => self.skip_pruned(&room, audience),
            News::RoomCreated(room, audience) => self.create_room(&room, audience),
            News::Audience(audience) => self.set_audience(audience),
            News::Membership(user_id, room_id) => self.tell_membership(user_id, room_id),
            News::Own(user_id, change) => {
                self.tell_user(user_id, &ServerFrame::OwnChanged(change));
            }
            News::RoomDeleted(room_id) => self.close_room(room_id),
            News::Read(outcome) => self.tell_read(outcome),
            News::Elsewhere(room_id, people) => self.set_elsewhere(room_id, people),
            News::TypingElsewhere(room_id, user_id) => self.tell_typing(room_id, user_id),
            News::ReadElsewhere(user_id, room_id, seq, how) => {
                self.tell_read_elsewhere(user_id, room_id, seq, how);
            }
        }
    }

    /// Moves the watchers on over events that are not published. One of them may have changed the room, so the
    /// room's present state is sent too.
    fn skip(&mut self, room: &Room, audience: Audience) {
        self.set_audience(audience);
        let frame = ServerFrame::RoomUpdated { room_id: room.id, room: &room.face() }.to_bytes();
        self.tell_watchers_of_skip(room, &frame);
    }

    /// Moves watchers and polls on over events that no longer exist.
    fn skip_pruned(&mut self, room: &Room, audience: Audience) {
        self.skip(room, audience);
        // A member may have been removed by one of them.
        self.recheck(room.id);
        let Some(known) = self.rooms.get_mut(&room.id) else { return };
        known.seen = known.seen.map(|seen| seen.max(room.head_seq));
        if room.revision > known.revision {
            known.revision = room.revision;
            known.members.values_mut().for_each(|member| member.has_missed_update = true);
        }
    }

    /// Sends `room_deleted` to the members, and closes the connections that were opened for this room only.
    fn close_room(&mut self, room_id: RoomId) {
        self.tell_watchers_of_end(room_id);
        // Taken out first, so that no member receives `user_left` for the others.
        let Some(room) = self.rooms.remove(&room_id) else { return };
        if let Some(log) = &mut self.presence_log {
            room.presence.here().for_each(|user_id| log.note(room_id, user_id, false));
        }
        let frame = ServerFrame::RoomDeleted { room_id }.to_bytes();
        for slot in room.members.into_keys() {
            if self.clients[slot].connection.only_room == Some(room_id) {
                self.push(slot, &frame);
                self.close(slot, CloseCode::RoomGone);
            } else {
                // The task gets its mail before the client gets the frame, because the client may answer at once.
                self.leave(slot, room_id);
                self.clients[slot].connection.post(|mail| mail.gone.push(room_id));
                self.push(slot, &frame);
            }
        }
    }

    /// Only a person who is in the room types: the name is that person's.
    fn tell_typing(&mut self, room_id: RoomId, user_id: UserId) {
        let Some(room) = self.rooms.get(&room_id) else { return };
        let Some(person) = room.presence.person(user_id).cloned() else { return };
        let Person { user_id, username, display_name } = person;
        let frame = ServerFrame::Typing { room_id, user_id, username, display_name };
        self.broadcast(room_id, None, &frame.to_bytes());
    }

    /// Sends a read position to the user's connections. No position is beyond the head.
    fn tell_read_elsewhere(&mut self, user_id: UserId, room_id: RoomId, seq: Seq, how: ReadMove) {
        let head = self.rooms.get(&room_id).and_then(|room| room.head);
        let Some(head) = head.max(self.watch.known_head(room_id)) else { return };
        let result = Ok((seq.clamp(Seq(0), head.max(Seq(0))), how));
        self.tell_read(ReadOutcome { user_id, room_id, result, askers: Vec::new() });
    }

    /// Answers the callers that moved a read position, and sends the position to the user's other connections in
    /// the room and to the user's watchers.
    fn tell_read(&mut self, ReadOutcome { user_id, room_id, result, askers }: ReadOutcome) {
        let mut said = Vec::with_capacity(askers.len());
        for asker in askers {
            let (id, reference, asked) = match asker {
                ReadAsker::Task(reply) => {
                    // The asking task may have ended.
                    let _ = reply.send(result.clone().map(|(seq, _)| seq));
                    continue;
                }
                ReadAsker::Connection { id, reference, seq } => (id, reference, seq),
            };
            let Some(slot) = self.slot(id) else { continue };
            self.clients[slot].connection.sub_in_flight();
            match &result {
                Ok((seq, how)) => {
                    if let Some(reference) = &reference {
                        self.push_read(slot, Some(reference), room_id, *seq, *how);
                    }
                    // Who has asked to read on does not know of a position that was moved back.
                    if reference.is_some() || (asked == *seq && *how != ReadMove::Back) {
                        said.push(slot);
                    }
                }
                Err(error) => {
                    let error = error.clone();
                    let connection = &self.clients[slot].connection;
                    connection.post(|mail| mail.failed.push((reference, error)));
                }
            }
        }
        let Ok((seq, how @ (ReadMove::On | ReadMove::Back))) = result else { return };
        self.tell_watchers_of_read(user_id, room_id, seq, how, &said);
        let Some(room) = self.rooms.get(&room_id) else { return };
        let is_open = |slot: &&usize| {
            let member = room.members.get(slot);
            member.is_some_and(|member| !member.is_paused()) && !said.contains(slot)
        };
        let slots: Vec<usize> =
            room.presence.slots(user_id).iter().filter(is_open).copied().collect();
        for slot in slots {
            if self.clients[slot].blocked_at.is_none() {
                self.push_read(slot, None, room_id, seq, how);
            }
        }
    }

    fn push_read(
        &mut self,
        slot: usize,
        reference: Option<&str>,
        room_id: RoomId,
        seq: Seq,
        how: ReadMove,
    ) {
        let marked_unread = how == ReadMove::Back;
        let frame = ServerFrame::Read { reference, room_id, seq, marked_unread };
        self.push(slot, &frame.to_bytes());
    }
}
