//! The audience of one room: the users who may receive frames about it although they have not joined it.
//!
//! It is read from storage, and then kept up to date from the events of the room's log, in their order. Whenever it
//! is not certain, nobody hears of the room until it has been read again: too little is told rather than too much.

use std::collections::HashSet;

use crate::model::{Audience, Event, Seq, UserId};

/// The users who may hear of a room.
#[derive(Debug)]
pub(super) struct Hearers {
    /// The members of a private or direct room; `None`: everybody.
    members: Option<HashSet<UserId>>,
    /// Otherwise nobody may hear of the room, and `members` are the last ones that were certain.
    is_sure: bool,
    /// The last event that may have changed the audience. A state that was read before it is too old.
    changed_at: Seq,
}

/// The users for whom it has changed whether they may hear of a room.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Affected {
    Nobody,
    These(HashSet<UserId>),
    /// Everybody except these.
    Except(HashSet<UserId>),
    Everybody,
}

impl Default for Hearers {
    /// Nothing is known of the room.
    fn default() -> Self {
        Self { members: Some(HashSet::new()), is_sure: false, changed_at: Seq(0) }
    }
}

impl Hearers {
    pub fn of(audience: Audience) -> Self {
        let members = audience.members.map(HashSet::from_iter);
        Self { members, is_sure: true, changed_at: audience.head_seq }
    }

    pub fn is_sure(&self) -> bool {
        self.is_sure
    }

    /// The members who may hear of the room; `None`: everybody.
    pub fn members(&self) -> Option<&HashSet<UserId>> {
        static NOBODY: std::sync::LazyLock<HashSet<UserId>> =
            std::sync::LazyLock::new(HashSet::new);
        if self.is_sure { self.members.as_ref() } else { Some(&NOBODY) }
    }

    pub fn may_hear(&self, user_id: UserId) -> bool {
        self.members().is_none_or(|members| members.contains(&user_id))
    }

    /// Whether the user is a member, as far as is known, or the room is open to everybody.
    pub fn may_know(&self, user_id: UserId) -> bool {
        self.members.as_ref().is_none_or(|members| members.contains(&user_id))
    }

    /// Takes the next event of the log. Returns the users who hear of the room from now on.
    pub fn note(&mut self, event: &Event) -> Vec<UserId> {
        let is_news = event.seq() > self.changed_at;
        match event {
            Event::MemberJoined(change) if is_news => {
                self.changed_at = event.seq();
                let Some(members) = &mut self.members else { return Vec::new() };
                let users = change.members.iter().map(|person| person.user_id);
                users.filter(|&user_id| members.insert(user_id)).collect()
            }
            Event::MemberLeft(change) if is_news && !has_bug!(RemovedMemberHears) => {
                self.changed_at = event.seq();
                if let Some(members) = &mut self.members {
                    for person in &change.members {
                        members.remove(&person.user_id);
                    }
                }
                Vec::new()
            }
            // The event does not say who the members are, and an older program does not write the kind.
            Event::RoomChanged(change) if is_news => {
                if !self.is_sure || change.room.kind.is_closed() != self.members.is_some() {
                    self.changed_at = event.seq();
                    self.is_sure = false;
                }
                Vec::new()
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
            | Event::MemberLeft(_)
            | Event::MemberChanged(_)
            | Event::Unknown(_) => Vec::new(),
        }
    }

    /// Passes over events that may have changed the audience.
    pub fn skip_to(&mut self, to: Seq) {
        if to > self.changed_at {
            self.changed_at = to;
            self.is_sure = false;
        }
    }

    /// Takes a state that was read from storage, unless it is too old.
    pub fn learn(&mut self, read: Audience) -> Affected {
        if read.head_seq < self.changed_at {
            return Affected::Nobody;
        }
        let was_sure = self.is_sure;
        let before = std::mem::replace(self, Self::of(read)).members;
        match (before, &self.members) {
            (None, None) if was_sure => Affected::Nobody,
            (None, Some(now)) if was_sure => Affected::Except(now.clone()),
            (Some(before), None) if was_sure => Affected::Except(before),
            (Some(before), Some(now)) if was_sure => {
                Affected::These(before.symmetric_difference(now).copied().collect())
            }
            // Nobody has received frames about the room meanwhile.
            (Some(before), Some(now)) => Affected::These(before.union(now).copied().collect()),
            (None, _) | (_, None) => Affected::Everybody,
        }
    }
}
