//! What a node knows of the other nodes, and what it must read again because of them.
//!
//! Every node counts its changes of presence. A ring that continues the count names the rooms that changed. If the
//! count has a gap, because rings were lost, or if a node has come or gone, the people of all rooms are read again.
//! Nothing is computed from a ring alone: it says what to read, and what is read is the truth.

use std::collections::{BTreeMap, BTreeSet};

use super::ring::PresenceChanged;
use crate::model::{Node, NodeId, RoomId};

/// The rooms whose people on other nodes must be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stale {
    /// These rooms.
    Rooms(BTreeSet<RoomId>),
    /// All rooms that have members on this node.
    All,
}

impl Default for Stale {
    fn default() -> Self {
        Self::Rooms(BTreeSet::new())
    }
}

impl Stale {
    /// Whether nothing must be read.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Rooms(rooms) if rooms.is_empty())
    }

    /// Adds rooms.
    pub fn add(&mut self, more: impl IntoIterator<Item = RoomId>) {
        match self {
            Self::Rooms(rooms) => rooms.extend(more),
            Self::All => {}
        }
    }
}

/// The other nodes, and the rooms to be read.
#[derive(Debug, Default)]
pub struct Roster {
    /// The last change of presence that is known of each node.
    versions: BTreeMap<NodeId, i64>,
    stale: Stale,
}

impl Roster {
    /// Takes a change that another node has told.
    pub fn heard(&mut self, change: PresenceChanged) {
        let PresenceChanged { node, version, rooms } = change;
        let known = self.versions.insert(node, version);
        match (known, rooms) {
            // A ring that is late: its change was read after the ring that overtook it.
            (Some(known), _) if version <= known => drop(self.versions.insert(node, known)),
            (Some(known), Some(rooms))
                if known.checked_add(1) == Some(version) || has_bug!(GapInPresenceIgnored) =>
            {
                self.stale.add(rooms);
            }
            _ => self.stale = Stale::All,
        }
    }

    /// Takes the list of nodes from the database; `me` is this node.
    pub fn listed(&mut self, me: NodeId, nodes: &[Node]) {
        let others = nodes.iter().filter(|node| node.id != me);
        let mut gone: BTreeSet<NodeId> = self.versions.keys().copied().collect();
        for node in others {
            gone.remove(&node.id);
            let known = self.versions.entry(node.id).or_insert(0);
            // The list may be older than a ring, and a ring may be wrong: reading once more makes it right.
            if node.presence_version != *known {
                *known = node.presence_version;
                self.stale = Stale::All;
            }
        }
        for id in gone {
            self.versions.remove(&id);
            if !has_bug!(GoneNodeIgnored) {
                self.stale = Stale::All;
            }
        }
    }

    /// Notes rooms to be read.
    pub fn want(&mut self, rooms: impl IntoIterator<Item = RoomId>) {
        self.stale.add(rooms);
    }

    /// Notes that everything must be read.
    pub fn want_all(&mut self) {
        self.stale = Stale::All;
    }

    /// Whether there is something to read.
    pub fn is_stale(&self) -> bool {
        !self.stale.is_empty()
    }

    /// Takes what must be read now.
    pub fn take_stale(&mut self) -> Stale {
        std::mem::take(&mut self.stale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Heartbeat, NewNode, Timestamp};

    fn node(id: i64, presence_version: i64) -> Node {
        let text = String::new;
        Node {
            id: NodeId(id),
            about: NewNode {
                name: text(),
                version: text(),
                address: text(),
                started_at: Timestamp(0),
                doorbell: text(),
                secret: text(),
            },
            last: Heartbeat::default(),
            silent_ms: 0,
            presence_version,
            has_jobs: false,
        }
    }

    #[test]
    fn a_wrong_count_in_a_ring_is_corrected_by_the_next_list() {
        let mut roster = Roster::default();
        roster.listed(NodeId(1), &[node(1, 0), node(2, 5)]);
        assert_eq!(roster.take_stale(), Stale::All);
        let rooms = Some(vec![RoomId(7)]);
        roster.heard(PresenceChanged { node: NodeId(2), version: i64::MAX, rooms });
        assert_eq!(roster.take_stale(), Stale::All);
        roster.listed(NodeId(1), &[node(1, 0), node(2, 6)]);
        assert_eq!(roster.take_stale(), Stale::All);
        let rooms = Some(vec![RoomId(8)]);
        roster.heard(PresenceChanged { node: NodeId(2), version: 7, rooms });
        assert_eq!(roster.take_stale(), Stale::Rooms(BTreeSet::from([RoomId(8)])));
        roster.listed(NodeId(1), &[node(1, 0), node(2, 7)]);
        assert!(!roster.is_stale());
    }
}
