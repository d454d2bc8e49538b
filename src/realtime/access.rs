//! Members whose right to read a room may have ended. They receive nothing more of the room until it has been checked
//! again: the hub pauses them and mails their tasks, which ask the rules, and then resume or leave.

use std::sync::atomic::Ordering;

use super::ConnectionId;
use super::frame::LeftCause;
use super::room::Cursor;
use super::state::State;
use crate::model::{Event, LeaveCause, Person, RoomId, Seq, UserId};

/// A moment in the hub's order of work: a right that was checked after it is newer than every pause before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccessMark(pub(super) u64);

/// The people whose right to read a room an event may end.
enum Ending<'a> {
    Of(&'a [Person]),
    OfEverybody,
}

/// Whose right to read the room the event may end, and why. Whether it does, the rules decide.
fn ending(event: &Event) -> Option<(Ending<'_>, LeftCause)> {
    match event {
        Event::MemberLeft(change) => {
            let cause = match change.detail.cause {
                Some(LeaveCause::Left) => LeftCause::Left,
                Some(LeaveCause::Banned) => LeftCause::Banned,
                Some(LeaveCause::Removed | LeaveCause::Deleted) | None => LeftCause::Removed,
            };
            Some((Ending::Of(&change.members), cause))
        }
        // Somebody who was not a member was banned from a public room.
        Event::MemberChanged(change) if change.detail.is_banned == Some(true) => {
            Some((Ending::Of(&change.members), LeftCause::Banned))
        }
        Event::RoomChanged(change) if change.room.kind.is_closed() => {
            Some((Ending::OfEverybody, LeftCause::Private))
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
        | Event::MemberJoined(_)
        | Event::MemberChanged(_)
        | Event::Unknown(_) => None,
    }
}

/// Why the event may end this user's right to read the room. `None`: it does not.
pub fn may_end_access(event: &Event, user_id: UserId) -> Option<LeftCause> {
    let (ending, cause) = ending(event)?;
    let is_meant = match ending {
        Ending::OfEverybody => true,
        Ending::Of(people) => people.iter().any(|person| person.user_id == user_id),
    };
    is_meant.then_some(cause)
}

impl State {
    /// Pauses the members whose right to read the room the event may end.
    pub(super) fn pause_for(&mut self, event: &Event) {
        let Some((ending, cause)) = ending(event) else { return };
        let room_id = event.room_id();
        let Some(room) = self.rooms.get(&room_id) else { return };
        let slots: Vec<usize> = match ending {
            Ending::OfEverybody => room.members.keys().copied().collect(),
            Ending::Of(people) => {
                let slots = people.iter().map(|person| room.presence.slots(person.user_id));
                slots.flatten().copied().collect()
            }
        };
        self.pause(room_id, slots, Some(cause));
    }

    /// Pauses all members of a room.
    pub(super) fn recheck(&mut self, room_id: RoomId) {
        let Some(room) = self.rooms.get(&room_id) else { return };
        let slots = room.members.keys().copied().collect();
        self.pause(room_id, slots, None);
    }

    fn pause(&mut self, room_id: RoomId, slots: Vec<usize>, cause: Option<LeftCause>) {
        // Also without members: a join may be on the way whose right was checked before.
        let mark = self.access_marks.fetch_add(1, Ordering::SeqCst) + 1;
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        room.paused_at = AccessMark(mark);
        for slot in slots {
            if let Some(member) = room.members.get_mut(&slot)
                && !has_bug!(RemovedMemberGoesOn)
            {
                member.cursor = Cursor::Paused(member.position(), room.paused_at);
                let connection = &self.clients[slot].connection;
                connection.post(|mail| mail.add_recheck(room_id, cause));
            }
        }
    }

    /// Lets a paused member go on, which may read the events after `visible_from`. A right that was checked before
    /// the last pause does not count: the task has new mail. A reading member jumps to `visible_from`.
    pub(super) fn resume(
        &mut self,
        id: ConnectionId,
        room_id: RoomId,
        mark: AccessMark,
        visible_from: Seq,
        updated: &[u8],
    ) {
        let Some(slot) = self.slot(id) else { return };
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        let is_known = room.head.is_some();
        let Some(member) = room.members.get_mut(&slot) else { return };
        let after = match member.cursor {
            Cursor::Paused(seq, paused_at) if paused_at <= mark => seq.max(visible_from),
            Cursor::Reading(seq) if seq < visible_from => visible_from,
            Cursor::Paused(..) | Cursor::Reading(_) | Cursor::Starting(_) | Cursor::Live(_) => {
                return;
            }
        };
        let has_missed_presence = std::mem::take(&mut member.has_missed_presence);
        let has_missed_update = std::mem::take(&mut member.has_missed_update);
        member.cursor = if is_known { Cursor::Live(after) } else { Cursor::Starting(after) };
        let presence = has_missed_presence.then(|| room.presence.frame(room_id));
        self.push(slot, &presence.unwrap_or_default());
        if has_missed_update {
            self.push(slot, updated);
        }
        match is_known {
            true => self.fall_behind(slot, room_id),
            false => {
                self.clients[slot].connection.post(|mail| mail.behind.push((room_id, None)));
            }
        }
    }
}
