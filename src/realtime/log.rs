//! Committed events: the hub answers their senders, puts them into the tails of their rooms, and notes which
//! members are behind.

use super::ConnectionId;
use super::command::ReplyTo;
use super::delivery::{flush, send_chunks};
use super::frame::ServerFrame;
use super::room::Cursor;
use super::state::{Answer, State};
use super::tail::Chunk;
use crate::model::{Appended, Event, EventId, RoomId};
use crate::storage::Outcome;

/// The maximum size of one room's tail. A member that falls behind the tail is served from the database.
const ROOM_TAIL_BYTES: usize = 256 * 1024;

/// The maximum size of all tails together.
const ALL_TAILS_BYTES: usize = 64 * 1024 * 1024;

impl State {
    /// Notes that a room has events for a member. They are written at the end of the pass.
    pub(super) fn fall_behind(&mut self, slot: usize, room_id: RoomId) {
        if self.clients[slot].blocked_at.is_none() {
            self.clients[slot].behind.push(room_id);
            self.touch(slot);
        }
    }

    /// Answers the senders, and keeps the appended messages for the end of the pass.
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
            // The original of a retry may have been stored while the connection to the database was
            // lost, and then it was not published: its seq is greater than the head. Without a head,
            // the original may be of any age.
            let Some(Appended { message, duplicate }) = appended else { continue };
            let is_of_any_age = duplicate && self.has_no_head(message.room_id);
            let event = Event::of(message);
            self.note(&event);
            if !is_of_any_age {
                self.keep(event);
            }
        }
    }

    /// Keeps an event for the end of the pass. A connection that joins an unknown room later in this pass
    /// reads the head from storage.
    pub(super) fn keep(&mut self, event: Event) {
        let room_id = event.room_id();
        if self.rooms.contains_key(&room_id) {
            self.committed.entry(room_id).or_default().push(event);
        }
    }

    fn has_no_head(&self, room_id: RoomId) -> bool {
        self.rooms.get(&room_id).is_none_or(|room| room.head.is_none())
    }

    /// Puts the events of this pass into the tails, one chunk for each room: several transactions may have
    /// been committed while the hub wrote, and one slice is the cheapest to write.
    pub(super) fn extend_tails(&mut self) {
        for (room_id, mut events) in std::mem::take(&mut self.committed) {
            let Some(room) = self.rooms.get_mut(&room_id) else { continue };
            // Usually sorted; retried originals and events of other processes may be out of order.
            events.sort_by_key(Event::seq);
            events.dedup_by_key(|event| event.seq());
            for event in &events {
                room.see(event.seq());
                if let Event::RoomChanged(change) = event
                    && change.room.revision > room.revision
                {
                    room.revision = change.room.revision;
                    let frame = ServerFrame::RoomUpdated { room_id, room: &change.room }.to_bytes();
                    // Blocked members are sent the frame too: it is short and rare, and would not be repeated.
                    for (&slot, member) in &mut room.members {
                        if member.is_paused() {
                            member.has_missed_update = true;
                        } else {
                            self.clients[slot].push(slot, &frame, &mut self.touched);
                        }
                    }
                }
            }
            // A head that was read from storage may be ahead of the published events. Members have the
            // events up to the head, or read them from storage. A tail must not end before the head.
            if let Some(head) = room.head {
                events.retain(|event| event.seq() > head);
            }
            if events.is_empty() {
                continue;
            }
            if empty_deleted(&mut events) {
                // Older chunks may contain the deleted text. Members that are behind read the database.
                room.tail.clear();
            }
            // Where another process has written, there is a gap between the events.
            for events in events.chunk_by(|a, b| a.seq().next() == b.seq()) {
                let Some(chunk) = Chunk::encode(events) else { continue };
                room.head = room.head.max(Some(chunk.last()));
                room.tail.push(chunk, ROOM_TAIL_BYTES);
            }
            room.seen = room.seen.or(room.head);
            for (&slot, member) in &room.members {
                let client = &mut self.clients[slot];
                // When a blocked client is unblocked, all its rooms are checked.
                if matches!(member.cursor, Cursor::Live(_)) && client.blocked_at.is_none() {
                    client.behind.push(room_id);
                    client.touch(slot, &mut self.touched);
                }
            }
        }
    }

    /// Answers a send of a connection, and returns the appended message.
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

    /// Writes a page from storage to a reading member, at once: no other client needs it.
    pub(super) fn write_page(&mut self, id: ConnectionId, room_id: RoomId, chunk: &Chunk) {
        let Some(slot) = self.slot(id) else { return };
        let Some(member) = self.member(slot, room_id) else { return };
        let Cursor::Reading(cursor) = member.cursor else { return };
        let client = &mut self.clients[slot];
        // A page that was read for an earlier subscription to the room does not continue the cursor and is
        // ignored; the right page is still to come.
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

    /// Empties tails until all together are small enough. Members that are up to date do not need them, and
    /// members that are behind read the database.
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

/// Empties the messages that are deleted in the same pass. True if there is a deletion.
fn empty_deleted(events: &mut [Event]) -> bool {
    let deleted: Vec<EventId> = events
        .iter()
        .filter_map(|event| match event {
            Event::MessageDeleted(change) => Some(change.message_id),
            Event::Message(_)
            | Event::Reply(_)
            | Event::MessageEdited { .. }
            | Event::ReactionAdded(_)
            | Event::ReactionRemoved(_)
            | Event::MessagePinned(_)
            | Event::MessageUnpinned(_)
            | Event::RoomChanged(_)
            | Event::MemberJoined(_)
            | Event::MemberLeft(_)
            | Event::MemberChanged(_)
            | Event::Unknown(_) => None,
        })
        .collect();
    if deleted.is_empty() {
        return false;
    }
    for event in events {
        let (id, content) = match event {
            Event::Message(message) | Event::Reply(message) => {
                if deleted.contains(&message.id) {
                    message.forget_parts();
                }
                (message.id, &mut message.content)
            }
            Event::MessageEdited { change, content, mentions } => {
                if deleted.contains(&change.message_id) {
                    mentions.clear();
                }
                (change.message_id, content)
            }
            Event::Unknown(event) => match event.target {
                Some(target) => (target.message_id, &mut event.content),
                None => continue,
            },
            Event::MessageDeleted(_)
            | Event::ReactionAdded(_)
            | Event::ReactionRemoved(_)
            | Event::MessagePinned(_)
            | Event::MessageUnpinned(_)
            | Event::RoomChanged(_)
            | Event::MemberJoined(_)
            | Event::MemberLeft(_)
            | Event::MemberChanged(_) => continue,
        };
        if deleted.contains(&id) {
            content.clear();
        }
    }
    true
}
