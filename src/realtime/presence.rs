//! Presence: the people (not connections) who are in a room. It is never stored. In big rooms, several changes
//! are reported in one frame.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::frame::{ActiveUser, ServerFrame};
use crate::model::{Identity, RoomId, UserId};

/// Up to this number of people, every member receives a frame each time that a person comes or goes. In bigger
/// rooms all members receive `active_users` from time to time instead, so that N joins do not cost N² frames.
pub const SMALL_ROOM: usize = 100;

#[derive(Debug, Default)]
pub struct Presence {
    people: BTreeMap<UserId, Person>,
    /// People came or went since `active_users` was last sent to all members.
    pub changed: bool,
    /// The time at which it was sent, in seconds of the hub's clock.
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

    /// The number of seconds between two `active_users` frames to all members of a big room. It grows with the room,
    /// by one second per thousand people, so that the cost per second stays the same.
    pub fn interval_seconds(&self) -> u32 {
        1 + (self.people.len() / 1000) as u32
    }

    /// Returns the `active_users` frame. It names all people in a small room, and the first people of a big room.
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
