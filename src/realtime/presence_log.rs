//! The changes of presence on this node that the other nodes have not been told yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::Notify;

use super::state::State;
use crate::model::{RoomId, UserId};

/// What has changed on this node since the last call: the last state of each person in each room.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PresenceTaken {
    /// People whose first connection to this node came into the room.
    pub entered: Vec<(RoomId, UserId)>,
    /// People whose last connection to this node left the room.
    pub left: Vec<(RoomId, UserId)>,
    /// Rooms whose people on other nodes are not known here.
    pub opened: Vec<RoomId>,
}

/// Collects changes. `None` in [`State`]: there are no other nodes.
#[derive(Debug, Default)]
pub(super) struct PresenceLog {
    /// Whether the person is here.
    changes: BTreeMap<(RoomId, UserId), bool>,
    opened: BTreeSet<RoomId>,
    has_changed: Arc<Notify>,
}

impl PresenceLog {
    pub fn new(has_changed: Arc<Notify>) -> Self {
        Self { has_changed, ..Self::default() }
    }

    pub fn note(&mut self, room_id: RoomId, user_id: UserId, is_here: bool) {
        self.changes.insert((room_id, user_id), is_here);
        self.has_changed.notify_one();
    }

    pub fn open(&mut self, room_id: RoomId) {
        self.opened.insert(room_id);
        self.has_changed.notify_one();
    }

    fn take(&mut self) -> PresenceTaken {
        let changes = std::mem::take(&mut self.changes);
        let (entered, left): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|(_, is_here)| *is_here);
        let keys = |pairs: Vec<_>| pairs.into_iter().map(|(key, _)| key).collect();
        let opened = std::mem::take(&mut self.opened).into_iter().collect();
        PresenceTaken { entered: keys(entered), left: keys(left), opened }
    }
}

impl State {
    /// Takes the changes, or, with `all`, the people and rooms of this node as they are now.
    pub(super) fn take_presence(&mut self, all: bool) -> PresenceTaken {
        let Some(log) = &mut self.presence_log else { return PresenceTaken::default() };
        let taken = log.take();
        if !all {
            return taken;
        }
        let entered = self
            .rooms
            .iter()
            .flat_map(|(&id, room)| room.presence.here().map(move |user_id| (id, user_id)))
            .chain(self.connected.rows())
            .collect();
        PresenceTaken { entered, left: Vec::new(), opened: self.rooms.keys().copied().collect() }
    }

    /// Those of the rooms that have members on this node, with the number of people in each. `None`: all rooms.
    pub(super) fn live_rooms(&self, among: Option<&[RoomId]>) -> Vec<(RoomId, usize)> {
        let count = |id: &RoomId| Some((*id, self.rooms.get(id)?.presence.count()));
        match among {
            Some(among) => among.iter().filter_map(count).collect(),
            None => self.rooms.keys().filter_map(count).collect(),
        }
    }
}
