//! The hub's log: what was committed becomes tails and answers, and cursors that are behind.

use super::ConnectionId;
use super::delivery::{Cursor, flush, send_chunks};
use super::frame::ServerFrame;
use super::hub::ReplyTo;
use super::state::{Answer, State};
use super::tail::Chunk;
use crate::model::{Appended, Event, EventId, RoomId};
use crate::storage::Outcome;

/// The most bytes kept of one room's log. A reader who falls off the end reads the database.
const ROOM_TAIL_BYTES: usize = 256 * 1024;

/// The most bytes kept of all rooms' logs together.
const ALL_TAILS_BYTES: usize = 64 * 1024 * 1024;

impl State {
    /// A member's room has something for it: written at the end of the turn.
    pub(super) fn fall_behind(&mut self, slot: usize, room_id: RoomId) {
        if self.clients[slot].blocked_at.is_none() {
            self.clients[slot].behind.push(room_id);
            self.touch(slot);
        }
    }

    /// Answers the senders, and keeps what was appended for the end of the turn.
    pub(super) fn publish(&mut self, outcomes: Vec<Outcome<ReplyTo>>) {
        for Outcome { tag, result } in outcomes {
            let appended = match tag {
                ReplyTo::Task(reply) => {
                    let appended = result.as_ref().ok().cloned();
                    self.replies.push((reply, result));
                    appended
                }
                ReplyTo::Connection { id, reference, wants_ack } => {
                    self.answer(id, reference, wants_ack, result)
                }
            };
            // A retry may be of a message that was stored while the connection to the database was
            // lost, and that nobody has been told of: it is one that is beyond the head. Without a
            // head it may be of any age.
            let Some(Appended { message, duplicate }) = appended else { continue };
            let is_of_any_age = duplicate && self.has_no_head(message.room_id);
            let event = Event::Message(message);
            self.note(&event);
            if !is_of_any_age {
                self.keep(event);
            }
        }
    }

    /// Keeps an event for the end of the turn. Whoever joins an unknown room later in this turn reads
    /// its head from storage.
    pub(super) fn keep(&mut self, event: Event) {
        let room_id = event.room_id();
        if self.rooms.contains_key(&room_id) {
            self.committed.entry(room_id).or_default().push(event);
        }
    }

    fn has_no_head(&self, room_id: RoomId) -> bool {
        self.rooms.get(&room_id).is_none_or(|room| room.head.is_none())
    }

    /// Puts what this turn's commits appended into the tails, as one chunk a room: while the hub
    /// wrote, several transactions may have been committed, and one slice is the cheapest to write.
    pub(super) fn extend_tails(&mut self) {
        for (room_id, mut events) in std::mem::take(&mut self.committed) {
            let Some(room) = self.rooms.get_mut(&room_id) else { continue };
            // A head that was read from storage may be ahead of what is published: members have what is
            // before it, or read it there. A tail that ended before the head would not bring them to it.
            if let Some(head) = room.head {
                events.retain(|event| event.seq() > head);
            }
            if events.is_empty() {
                continue;
            }
            // They come in order of seq, but for the originals of retries, and for what was read
            // from storage before its commit was told.
            events.sort_by_key(Event::seq);
            events.dedup_by_key(|event| event.seq());
            if empty_deleted(&mut events) {
                // What is older may have the text in it. Whoever is not up to date reads the database.
                room.tail.clear();
            }
            // Another process may have written in between.
            for events in events.chunk_by(|a, b| a.seq().next() == b.seq()) {
                let Some(chunk) = Chunk::encode(events) else { continue };
                room.head = room.head.max(Some(chunk.last()));
                room.tail.push(chunk, ROOM_TAIL_BYTES);
            }
            for (&slot, member) in &room.members {
                let client = &mut self.clients[slot];
                // One that is blocked looks into all its rooms when it no longer is.
                if matches!(member.cursor, Cursor::Live(_)) && client.blocked_at.is_none() {
                    client.behind.push(room_id);
                    client.touch(slot, &mut self.touched);
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
    pub(super) fn write_page(&mut self, id: ConnectionId, room_id: RoomId, chunk: &Chunk) {
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
        let cursor = send_chunks(client, [chunk].into_iter(), cursor, self.now, &mut self.tally);
        flush(client, self.now, &mut self.tally);
        if let Some(member) =
            self.rooms.get_mut(&room_id).and_then(|room| room.members.get_mut(&slot))
        {
            member.advance(cursor, &mut self.tally);
        }
        self.fall_behind(slot, room_id);
    }

    pub(super) fn unblock(&mut self, id: ConnectionId) {
        let Some(slot) = self.slot(id) else { return };
        let client = &mut self.clients[slot];
        client.blocked_at = None;
        client.behind = client.rooms.clone();
        self.touch(slot);
    }

    /// Whoever is up to date does not need the tails; whoever is not reads the database.
    pub(super) fn bound_tails(&mut self) {
        let mut total: usize = self.rooms.values().map(|room| room.tail.len_bytes()).sum();
        for room in self.rooms.values_mut() {
            if total <= ALL_TAILS_BYTES {
                return;
            }
            total -= room.tail.len_bytes();
            room.tail.clear();
        }
    }
}

/// Takes the texts of messages that are deleted in the same turn. True if any message is.
fn empty_deleted(events: &mut [Event]) -> bool {
    let deleted: Vec<EventId> = events
        .iter()
        .filter_map(|event| match event {
            Event::MessageDeleted(change) => Some(change.message_id),
            Event::Message(_) | Event::MessageEdited { .. } => None,
        })
        .collect();
    if deleted.is_empty() {
        return false;
    }
    for event in events {
        let (id, content) = match event {
            Event::Message(message) => (message.id, &mut message.content),
            Event::MessageEdited { change, content } => (change.message_id, content),
            Event::MessageDeleted(_) => continue,
        };
        if deleted.contains(&id) {
            content.clear();
        }
    }
    true
}
