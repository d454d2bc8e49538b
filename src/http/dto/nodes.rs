//! The servers on the database.

use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::Serialize;

use super::EXAMPLE_TIME;
use crate::http::types::Moment;
use crate::model::{Node, NodeId};

/// A node: a running server.
#[derive(Object, Serialize)]
#[oai(rename = "Node", example)]
pub(in crate::http) struct NodeDto {
    /// Another one after each start of the server. 0 with SQLite.
    pub id: i64,
    /// `fleet.name`, or the name of the machine.
    pub name: String,
    pub version: String,
    /// The address that the server listens at.
    pub address: String,
    /// By the clock of the server's machine.
    pub started_at: Moment,
    /// Sockets included.
    pub connections: i64,
    /// How long a change by another node takes to be known on this one, measured with its last heartbeat. 500: it
    /// does not hear the doorbell, so that it looks at the database twice a second.
    pub lag_ms: i64,
    /// The time since its last heartbeat. There is one every second and a half; a node that has had none for five
    /// seconds is dead, and is left out.
    pub heartbeat_age_ms: i64,
    /// This is the node that runs the jobs that one node does for all, such as retention.
    pub has_jobs: bool,
    /// This is the node that has answered.
    pub is_this_node: bool,
}

impl NodeDto {
    /// `this`: the node that answers.
    pub fn new(node: Node, this: NodeId) -> Self {
        Self {
            id: node.id.0,
            name: node.about.name,
            version: node.about.version,
            address: node.about.address,
            started_at: Moment(node.about.started_at),
            connections: node.last.connections,
            lag_ms: node.last.lag_ms,
            heartbeat_age_ms: node.silent_ms,
            has_jobs: node.has_jobs,
            is_this_node: node.id == this,
        }
    }
}

impl Example for NodeDto {
    fn example() -> Self {
        Self {
            id: 3,
            name: "chat-1".into(),
            version: "1.0.0".into(),
            address: "10.0.0.11:8000".into(),
            started_at: EXAMPLE_TIME,
            connections: 1204,
            lag_ms: 2,
            heartbeat_age_ms: 740,
            has_jobs: true,
            is_this_node: true,
        }
    }
}
