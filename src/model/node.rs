//! Nodes: the servers that use one database.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Identifies one run of a server: a server that starts again, or that was taken for dead, gets another id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub i64);

/// A server that joins the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNode {
    /// The name that operators see.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// The address that it listens at.
    pub address: String,
    /// The time of its start, by its own clock.
    pub started_at: Timestamp,
    /// Its doorbell: `database`, or the scheme and the host of NATS.
    pub doorbell: String,
    /// A fingerprint of the secret that signs its tokens, which tells nothing of the secret.
    pub secret: String,
}

/// What a node reports of itself with each heartbeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heartbeat {
    /// Connections, sockets included.
    pub connections: i64,
    /// How long a change by another node takes to be known here.
    pub lag_ms: i64,
}

/// A node of the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The node's id.
    pub id: NodeId,
    /// What it told when it joined.
    pub about: NewNode,
    /// What it told last.
    pub last: Heartbeat,
    /// The time since its last heartbeat, by the database's clock.
    pub silent_ms: i64,
    /// Counts its changes of presence.
    pub presence_version: i64,
    /// Whether it runs the jobs that one node does for all.
    pub has_jobs: bool,
}
