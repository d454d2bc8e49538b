//! The hub.

use tokio::sync::{mpsc, oneshot};

use super::ConnectionId;
use crate::model::{Appended, RoomId, SessionId};
use crate::storage::{AppendError, Outcome};

/// Where the answer to an append goes.
#[derive(Debug)]
pub enum ReplyTo {
    /// A task that waits for it.
    Task(oneshot::Sender<Result<Appended, AppendError>>),
    /// A connection, as an `ack` or `error` frame.
    Connection { id: ConnectionId, reference: Option<String>, wants_ack: bool },
}

/// Sizes and times of the hub.
#[derive(Clone, Debug)]
pub struct HubConfig {
    pub epoch: std::sync::Arc<str>,
}

enum Command {
    Committed(Vec<Outcome<ReplyTo>>),
}

/// A cheap handle.
#[derive(Clone)]
pub struct Hub {
    commands: mpsc::Sender<Command>,
}

impl Hub {
    pub fn committed(&self, outcomes: Vec<Outcome<ReplyTo>>) {
        let _ = self.commands.blocking_send(Command::Committed(outcomes));
    }

    /// How many people are in each of these rooms now, on this node.
    pub async fn count_active(&self, rooms: Vec<RoomId>) -> Vec<usize> {
        todo!("{rooms:?}")
    }

    /// Tells everybody in the room that it is gone, and closes single-room connections to it.
    pub async fn close_room(&self, room: RoomId) {
        todo!("{room}")
    }

    /// Closes the connections of these sessions: 4401.
    pub async fn close_sessions(&self, sessions: Vec<SessionId>) {
        todo!("{sessions:?}")
    }
}
