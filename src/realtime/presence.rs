//! Who is in a room: people, not connections. Never stored, and coalesced in big rooms.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::frame::{ActiveUser, ServerFrame};
use crate::model::{Identity, RoomId, UserId};

/// Up to this many people each coming and going is told to everybody. In bigger rooms everybody
/// gets `active_users` from time to time instead, so that N joins do not cost N² frames.
pub const SMALL_ROOM: usize = 100;

#[derive(Debug, Default)]
pub struct Presence {
    people: BTreeMap<UserId, Person>,
    /// People came or went since the last `active_users` was sent to everybody.
    pub changed: bool,
    /// When that was, in seconds of the hub's clock.
    pub told_at: u32,
}

#[derive(Debug)]
struct Person {
    username: Arc<str>,
    /// Connections, by their slot in the hub.
    slots: Vec<usize>,
}

impl Presence {
    /// Adds a connection of this person; true if it is the first.
    pub fn enter(&mut self, identity: &Identity, slot: usize) -> bool {
        let person = self
            .people
            .entry(identity.user_id)
            .or_insert_with(|| Person { username: identity.username.clone(), slots: Vec::new() });
        person.slots.push(slot);
        person.slots.len() == 1
    }

    /// Removes a connection of this person; true if it was the last.
    pub fn exit(&mut self, user_id: UserId, slot: usize) -> bool {
        let Some(person) = self.people.get_mut(&user_id) else { return false };
        person.slots.retain(|&other| other != slot);
        let last = person.slots.is_empty();
        if last {
            self.people.remove(&user_id);
        }
        last
    }

    /// The connections of this person.
    pub fn slots(&self, user_id: UserId) -> &[usize] {
        self.people.get(&user_id).map_or(&[], |person| &person.slots)
    }

    pub fn count(&self) -> usize {
        self.people.len()
    }

    pub fn is_small(&self) -> bool {
        self.people.len() <= SMALL_ROOM
    }

    /// Seconds between two `active_users` to everybody in a big room: a thousand people a second,
    /// so that the frames of a room cost the same however many people it has.
    pub fn interval_seconds(&self) -> u32 {
        1 + (self.people.len() / 1000) as u32
    }

    /// The `active_users` frame: everybody in a small room, the first people of a big one.
    pub fn frame(&self, room_id: RoomId) -> Vec<u8> {
        let users = self
            .people
            .iter()
            .take(SMALL_ROOM)
            .map(|(&user_id, person)| ActiveUser { user_id, username: person.username.clone() })
            .collect();
        ServerFrame::ActiveUsers { room_id, users, count: self.people.len() }.to_bytes()
    }
}
