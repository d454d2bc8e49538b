//! The handle to the hub's thread, and the commands it takes.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::state::State;
use super::tail::Chunk;
use super::{CloseCode, Connection, ConnectionId, HubCounts};
use crate::model::{Appended, Clock, Event, RoomId, Seq, SessionId};
use crate::storage::{AppendError, Outcome};

/// Commands that may wait. A sender of one more waits with it, the writer's thread included.
const QUEUE: usize = 4_096;

/// Commands taken at once: their effect on each socket is one write.
const TURN: usize = 256;

/// Where the answer to an append goes.
#[derive(Debug)]
pub enum ReplyTo {
    /// A task that waits for it.
    Task(oneshot::Sender<Result<Appended, AppendError>>),
    /// A connection: success as an `ack` frame, if it wants one; failure as mail to its task.
    Connection { id: ConnectionId, reference: Option<String>, wants_ack: bool },
}

/// Sizes and times of the hub.
#[derive(Clone, Debug)]
pub struct HubConfig {
    /// The database's life, told to every client that has caught up.
    pub epoch: Arc<str>,
    pub clock: Clock,
    /// A silent client is pinged after this many seconds and closed after twice as many.
    pub ping_seconds: u32,
    /// A client that takes nothing is closed after this many seconds.
    pub stall_seconds: u32,
    /// A client is told this many seconds before its token dies.
    pub expiry_notice_seconds: u32,
}

pub(super) enum Command {
    Committed(Vec<Outcome<ReplyTo>>),
    Connect { connection: Arc<Connection>, reply: oneshot::Sender<ConnectionId> },
    Disconnect(ConnectionId),
    Join { id: ConnectionId, room_id: RoomId, after: Seq, reference: Option<String> },
    Leave { id: ConnectionId, room_id: RoomId, farewell: Option<Vec<u8>> },
    Head { id: ConnectionId, room_id: RoomId, head: Seq },
    Page { id: ConnectionId, room_id: RoomId, chunk: Chunk },
    Writable(ConnectionId),
    Send { id: ConnectionId, frame: Vec<u8> },
    Typing { id: ConnectionId, room_id: RoomId },
    Close(ConnectionId, CloseCode),
    CloseRoom(RoomId),
    CloseSessions(Vec<SessionId>),
    ForgetTails,
    CloseAll,
    CountActive { rooms: Vec<RoomId>, reply: oneshot::Sender<Vec<usize>> },
}

/// A cheap handle. Commands to a hub that has ended are dropped: the server is stopping.
#[derive(Clone)]
pub struct Hub {
    commands: mpsc::Sender<Command>,
    counts: Arc<HubCounts>,
}

/// The hub's thread. It ends when the last [`Hub`] is dropped.
pub struct HubThread(JoinHandle<()>);

impl HubThread {
    pub fn join(self) {
        // A hub that panicked has been logged by the panic hook; shutdown goes on.
        let _ = self.0.join();
    }
}

impl Hub {
    pub fn start(config: HubConfig) -> std::io::Result<(Self, HubThread)> {
        let (commands, waiting) = mpsc::channel(QUEUE);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let counts = Arc::<HubCounts>::default();
        let state = State::new(config, counts.clone());
        let thread = thread::Builder::new()
            .name("chatapp-hub".to_owned())
            .spawn(move || runtime.block_on(run(state, waiting)))?;
        Ok((Self { commands, counts }, HubThread(thread)))
    }

    pub fn counts(&self) -> &HubCounts {
        &self.counts
    }

    /// How many commands wait for the hub.
    pub fn queue_len(&self) -> usize {
        self.commands.max_capacity() - self.commands.capacity()
    }

    /// Publishes what has been committed, in that order. Blocks while the hub is behind, which
    /// slows the writer. To be called on the writer's thread only.
    pub fn committed(&self, outcomes: Vec<Outcome<ReplyTo>>) {
        // A hub that has ended has no connection left to tell.
        let _ = self.commands.blocking_send(Command::Committed(outcomes));
    }

    /// Makes the connection known. `None`: the hub has ended.
    pub async fn connect(&self, connection: Arc<Connection>) -> Option<ConnectionId> {
        let (reply, id) = oneshot::channel();
        self.send(Command::Connect { connection, reply }).await;
        id.await.ok()
    }

    /// Forgets the connection and takes it out of its rooms.
    pub async fn disconnect(&self, id: ConnectionId) {
        self.send(Command::Disconnect(id)).await;
    }

    /// Takes the connection into the room: `active_users`, everything after the seq `after`, which
    /// is in the log already, then `synced`.
    pub async fn join(
        &self,
        id: ConnectionId,
        room_id: RoomId,
        after: Seq,
        reference: Option<String>,
    ) {
        self.send(Command::Join { id, room_id, after, reference }).await;
    }

    /// Takes the connection out of the room, then sends it `farewell`.
    pub async fn leave(&self, id: ConnectionId, room_id: RoomId, farewell: Option<Vec<u8>>) {
        self.send(Command::Leave { id, room_id, farewell }).await;
    }

    /// Answers mail about a room whose head the hub does not know.
    pub async fn tell_head(&self, id: ConnectionId, room_id: RoomId, head: Seq) {
        self.send(Command::Head { id, room_id, head }).await;
    }

    /// Answers mail about a room in which the connection is behind: the next events from storage,
    /// contiguous. An empty page is not sent: there is always something to read below the head.
    pub async fn send_page(&self, id: ConnectionId, room_id: RoomId, events: &[Event]) {
        if let Some(chunk) = Chunk::encode(events) {
            self.send(Command::Page { id, room_id, chunk }).await;
        }
    }

    /// Answers mail that the socket was blocked: it takes bytes again.
    pub async fn writable(&self, id: ConnectionId) {
        self.send(Command::Writable(id)).await;
    }

    /// Sends whole frames to this connection only.
    pub async fn send_frame(&self, id: ConnectionId, frame: Vec<u8>) {
        self.send(Command::Send { id, frame }).await;
    }

    /// Tells the others in the room that this connection's user is typing.
    pub async fn typing(&self, id: ConnectionId, room_id: RoomId) {
        self.send(Command::Typing { id, room_id }).await;
    }

    /// Takes the connection out of its rooms and sends it a close frame.
    pub async fn close(&self, id: ConnectionId, code: CloseCode) {
        self.send(Command::Close(id, code)).await;
    }

    /// Tells everybody in the room that it is gone; closes the connections that were for it alone.
    pub async fn close_room(&self, room_id: RoomId) {
        self.send(Command::CloseRoom(room_id)).await;
    }

    /// Closes the connections of these sessions.
    pub async fn close_sessions(&self, sessions: Vec<SessionId>) {
        self.send(Command::CloseSessions(sessions)).await;
    }

    /// Reads from storage from now on what is in memory of the rooms' logs.
    pub async fn forget_tails(&self) {
        self.send(Command::ForgetTails).await;
    }

    /// Closes every connection, and those still to come: the server is restarting.
    pub async fn close_all(&self) {
        self.send(Command::CloseAll).await;
    }

    /// How many people are in each of these rooms now, on this node.
    pub async fn count_active(&self, rooms: Vec<RoomId>) -> Vec<usize> {
        let none = vec![0; rooms.len()];
        let (reply, counts) = oneshot::channel();
        self.send(Command::CountActive { rooms, reply }).await;
        counts.await.unwrap_or(none)
    }

    async fn send(&self, command: Command) {
        let _ = self.commands.send(command).await;
    }
}

async fn run(mut state: State, mut waiting: mpsc::Receiver<Command>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut turn = Vec::with_capacity(TURN);
    loop {
        tokio::select! {
            taken = waiting.recv_many(&mut turn, TURN) => {
                if taken == 0 {
                    return;
                }
                for command in turn.drain(..) {
                    state.apply(command);
                }
            }
            _ = tick.tick() => state.tick(),
        }
        state.flush();
    }
}
