//! The nodes, for operators.

use std::fmt;

use super::Fleet;
use crate::model::{Heartbeat, NewNode, Node, NodeId};
use crate::realtime::ReplyTo;
use crate::storage::{Result, Store};

/// The only server on a database that servers cannot share.
pub(super) struct Alone {
    about: NewNode,
    connections: Box<dyn Fn() -> i64 + Send + Sync>,
}

impl fmt::Debug for Alone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.about.name)
    }
}

impl Fleet {
    /// Names this server for [`Self::list_nodes`], if it is the only one on its database. To be called once.
    pub fn introduce(&self, about: NewNode, connections: impl Fn() -> i64 + Send + Sync + 'static) {
        // A second call has nothing new to tell.
        let _ = self.0.alone.set(Alone { about, connections: Box::new(connections) });
    }

    /// The id of this node. 0: it has none, because it is the only server on its database, or has just started.
    pub fn node_id(&self) -> NodeId {
        self.node().unwrap_or(NodeId(0))
    }

    /// The number of nodes that live, this one included, as this one knows them.
    pub fn node_count(&self) -> u64 {
        // Before its first heartbeat a node knows of none.
        self.0.counts.nodes.get().max(1).unsigned_abs()
    }

    /// The nodes that live. A database that only one server can use has this one.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn list_nodes(&self, store: &Store<ReplyTo>) -> Result<Vec<Node>> {
        if store.is_shared() {
            let list = |backend: &dyn crate::storage::Backend| {
                backend.fleet().map_or(Ok(Vec::new()), |fleet| fleet.list_nodes())
            };
            return store.read(list).await;
        }
        let alone = |alone: &Alone| Node {
            id: self.node_id(),
            about: alone.about.clone(),
            // No other node makes changes.
            last: Heartbeat { connections: (alone.connections)(), lag_ms: 0 },
            silent_ms: 0,
            presence_version: 0,
            has_jobs: true,
        };
        Ok(self.0.alone.get().map(alone).into_iter().collect())
    }
}
