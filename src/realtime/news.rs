//! What happened to rooms other than messages sent here: the members are told of it.

use super::CloseCode;
use super::frame::ServerFrame;
use super::hub::{KnownRooms, News, ReadAsker, ReadOutcome};
use super::state::State;
use crate::model::{Room, RoomId, RoomState, Seq};

impl State {
    pub(super) fn known_rooms(&self) -> KnownRooms {
        let mut known = KnownRooms::default();
        for (&id, room) in &self.rooms {
            match room.head {
                Some(head_seq) => {
                    known.rooms.push(RoomState { id, head_seq, revision: room.revision });
                }
                None => known.has_unknown = true,
            }
        }
        known.has_unknown |= self.watch.is_unready();
        known.watched = self.watch.known_rooms();
        known
    }

    pub(super) fn spread(&mut self, news: News) {
        match news {
            News::Events(events) => {
                for event in events {
                    self.note(&event);
                    self.keep(event);
                }
            }
            News::Skipped(room_id, head) => self.skip_to(room_id, head),
            News::RoomCreated(room) => self.create_room(&room),
            News::RoomUpdated(room) => self.update_room(&room),
            News::RoomDeleted(room_id) => self.close_room(room_id),
            News::Read(outcome) => self.tell_read(outcome),
        }
    }

    /// This process's own changes come in order; what was read from storage may be late.
    fn update_room(&mut self, updated: &Room) {
        let room_id = updated.id;
        let frame = ServerFrame::RoomUpdated {
            room_id,
            name: &updated.name,
            description: updated.description.as_deref(),
            revision: updated.revision,
            archived_at: updated.archived_at,
        }
        .to_bytes();
        let room = self.rooms.get_mut(&room_id).filter(|room| room.revision < updated.revision);
        let members = room.map(|room| {
            room.revision = updated.revision;
            room.members.keys().copied().collect::<Vec<usize>>()
        });
        self.tell_watchers_of_update(updated, &frame, members.is_some());
        // Also to those that are blocked: it is said once, and seldom.
        for slot in members.unwrap_or_default() {
            self.push(slot, &frame);
        }
    }

    /// Tells everybody in the room that it is gone; closes the connections that were for it alone.
    fn close_room(&mut self, room_id: RoomId) {
        self.tell_watchers_of_end(room_id);
        // Taken out first: nobody is told of each leaving a room that is no more.
        let Some(room) = self.rooms.remove(&room_id) else { return };
        let frame = ServerFrame::RoomDeleted { room_id }.to_bytes();
        for slot in room.members.into_keys() {
            if self.clients[slot].connection.only_room == Some(room_id) {
                self.push(slot, &frame);
                self.close(slot, CloseCode::RoomGone);
            } else {
                // The task knows it first, for the client may answer at once.
                self.leave(slot, room_id);
                self.clients[slot].connection.post(|mail| mail.gone.push(room_id));
                self.push(slot, &frame);
            }
        }
    }

    /// Answers those who said up to where they have read, and tells the user's other connections in
    /// the room.
    fn tell_read(&mut self, ReadOutcome { user_id, room_id, result, askers }: ReadOutcome) {
        let mut said = Vec::with_capacity(askers.len());
        for asker in askers {
            let (id, reference, asked) = match asker {
                ReadAsker::Task(reply) => {
                    // Whoever asked may have gone away.
                    let _ = reply.send(result.clone().map(|(seq, _)| seq));
                    continue;
                }
                ReadAsker::Connection { id, reference, seq } => (id, reference, seq),
            };
            let Some(slot) = self.slot(id) else { continue };
            self.clients[slot].connection.sub_in_flight();
            match &result {
                Ok((seq, _)) => {
                    if let Some(reference) = &reference {
                        self.push_read(slot, Some(reference), room_id, *seq);
                    }
                    if reference.is_some() || asked == *seq {
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
        let Ok((seq, true)) = result else { return };
        self.tell_watchers_of_read(user_id, room_id, seq, &said);
        let Some(room) = self.rooms.get(&room_id) else { return };
        for slot in room.presence.slots(user_id).to_vec() {
            if !said.contains(&slot) && self.clients[slot].blocked_at.is_none() {
                self.push_read(slot, None, room_id, seq);
            }
        }
    }

    fn push_read(&mut self, slot: usize, reference: Option<&str>, room_id: RoomId, seq: Seq) {
        self.push(slot, &ServerFrame::Read { reference, room_id, seq }.to_bytes());
    }
}
