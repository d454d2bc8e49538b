//! The fleet: several servers on one database.

use crate::model::{Heartbeat, NewNode, Node, NodeId, Person, RoomId, UserId};
use crate::storage::Result;
use crate::storage::doorbell::Doorbell;

/// The answer to a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    /// The nodes that live, this one included.
    pub nodes: Vec<Node>,
    /// Whether nodes were found dead, and removed with their people.
    pub has_removed: bool,
    /// Whether this node is the one that runs the jobs.
    pub has_jobs: bool,
}

/// A change of which people are in which rooms, on one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PresenceChange {
    /// People whose first connection of this node came into the room.
    pub entered: Vec<(RoomId, UserId)>,
    /// People whose last connection of this node left the room.
    pub left: Vec<(RoomId, UserId)>,
}

/// A person who is in a room on another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// The room.
    pub room_id: RoomId,
    /// The person, with the names of now.
    pub person: Person,
}

/// What servers on one database know of each other. A database that only one server can use has none of it.
pub trait Fleet {
    /// A doorbell for the servers on this database, on a connection of its own.
    fn doorbell(&self) -> Box<dyn Doorbell>;

    /// Adds a node, and returns its id.
    fn add_node(&self, node: &NewNode) -> Result<NodeId>;

    /// Notes that the node lives, and takes the jobs if no node has them. Removes nodes that have been silent for
    /// too long, and ends their connections that hold the jobs. `None`: the node itself was removed, or
    /// PostgreSQL has crashed: the node must add itself again, with all its people.
    fn beat(&self, id: NodeId, heartbeat: Heartbeat) -> Result<Option<Roster>>;

    /// Removes a node and its people.
    fn remove_node(&self, id: NodeId) -> Result<()>;

    /// The nodes that live, in order of id.
    fn list_nodes(&self) -> Result<Vec<Node>>;

    /// Changes the people of a node, and returns the number of the change. `None`: as for [`Self::beat`].
    fn change_presence(&self, id: NodeId, change: &PresenceChange) -> Result<Option<i64>>;

    /// The people who are in these rooms on other nodes than `except`, each once per room, in order of room.
    fn list_present(&self, rooms: &[RoomId], except: NodeId) -> Result<Vec<Present>>;

    /// The number of people in each of these rooms, on other nodes than `except`.
    fn count_present(&self, rooms: &[RoomId], except: Option<NodeId>) -> Result<Vec<usize>>;

    /// Those of the users who have connections to other nodes than `except`, in order of id, and whether they are
    /// away on all of these nodes.
    fn list_connected(
        &self,
        users: &[UserId],
        except: Option<NodeId>,
    ) -> Result<Vec<(UserId, bool)>>;
}
