//! Presence: the people (not connections) who are in a room, on this node and on the others. In big rooms,
//! several changes are reported in one frame.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::frame::ServerFrame;
use crate::model::{Identity, Person, RoomId, UserId};

/// Up to this number of people, every member receives a frame each time that a person comes or goes. In bigger
/// rooms all members receive `active_users` from time to time instead, so that N joins do not cost N² frames.
pub const SMALL_ROOM: usize = 100;

#[derive(Debug, Default)]
pub struct Presence {
    people: BTreeMap<UserId, Place>,
    /// Whether the people on other nodes have been read.
    is_elsewhere_known: bool,
    /// People came or went since `active_users` was last sent to all members.
    pub changed: bool,
    /// The time at which it was sent, in seconds of the hub's clock.
    pub told_at: u32,
}

#[derive(Debug)]
struct Place {
    person: Person,
    /// Connections to this node, by their slot in the hub.
    slots: Vec<usize>,
    /// The person has connections to other nodes.
    is_elsewhere: bool,
}

/// What the coming or going of one connection changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// It is the person's first or last connection to this node.
    pub is_of_node: bool,
    /// It is the person's first or last connection to any node.
    pub is_of_fleet: bool,
}

/// People who came or went, with their names.
pub type People = Vec<Person>;

/// What the people on other nodes change.
#[derive(Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// They were read for the first time, and there are some: who is in the room is told anew.
    First,
    /// These people came, and these went.
    Changed {
        /// People who are in the room now and were not.
        came: People,
        /// People who were in the room and are not any more.
        went: People,
    },
}

impl Presence {
    /// Adds a connection of this person.
    pub fn enter(&mut self, identity: &Identity, slot: usize) -> Step {
        let place = self.people.entry(identity.user_id).or_insert_with(|| Place {
            person: identity.person(),
            slots: Vec::new(),
            is_elsewhere: false,
        });
        place.slots.push(slot);
        let is_of_node = place.slots.len() == 1;
        Step { is_of_node, is_of_fleet: is_of_node && !place.is_elsewhere }
    }

    /// Removes a connection of this person.
    pub fn exit(&mut self, user_id: UserId, slot: usize) -> Step {
        let Some(person) = self.people.get_mut(&user_id) else {
            return Step { is_of_node: false, is_of_fleet: false };
        };
        person.slots.retain(|&other| other != slot);
        let is_of_node = person.slots.is_empty();
        let is_of_fleet = is_of_node && !person.is_elsewhere;
        if is_of_fleet {
            self.people.remove(&user_id);
        }
        Step { is_of_node, is_of_fleet }
    }

    /// Replaces the people who are in the room on other nodes.
    pub fn set_elsewhere(&mut self, elsewhere: People) -> Elsewhere {
        let (mut came, mut went) = (Vec::new(), Vec::new());
        let mut gone: BTreeSet<UserId> =
            self.people.iter().filter(|(_, it)| it.is_elsewhere).map(|(&id, _)| id).collect();
        for person in elsewhere {
            gone.remove(&person.user_id);
            match self.people.entry(person.user_id) {
                Entry::Occupied(mut place) => place.get_mut().is_elsewhere = true,
                Entry::Vacant(place) => {
                    came.push(person.clone());
                    place.insert(Place { person, slots: Vec::new(), is_elsewhere: true });
                }
            }
        }
        for user_id in gone {
            let Entry::Occupied(mut place) = self.people.entry(user_id) else { continue };
            place.get_mut().is_elsewhere = false;
            if place.get().slots.is_empty() {
                went.push(place.remove().person);
            }
        }
        let is_first = !std::mem::replace(&mut self.is_elsewhere_known, true);
        if is_first && !came.is_empty() {
            return Elsewhere::First;
        }
        Elsewhere::Changed { came, went }
    }

    /// Whether the people on other nodes have been read.
    pub fn is_elsewhere_known(&self) -> bool {
        self.is_elsewhere_known
    }

    /// The people who have connections to this node.
    pub fn here(&self) -> impl Iterator<Item = UserId> {
        self.people.iter().filter(|(_, person)| !person.slots.is_empty()).map(|(&id, _)| id)
    }

    /// The connections of this person.
    pub fn slots(&self, user_id: UserId) -> &[usize] {
        self.people.get(&user_id).map_or(&[], |person| &person.slots)
    }

    /// The names of this person, if the person is in the room.
    pub fn person(&self, user_id: UserId) -> Option<&Person> {
        self.people.get(&user_id).map(|place| &place.person)
    }

    /// Replaces the names of a person who is in the room.
    pub fn rename(&mut self, person: &Person) {
        if let Some(place) = self.people.get_mut(&person.user_id) {
            place.person.clone_from(person);
        }
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
        let users =
            self.people.values().take(SMALL_ROOM).map(|place| place.person.clone()).collect();
        ServerFrame::ActiveUsers { room_id, users, count: self.people.len() }.to_bytes()
    }
}
