//! The handle to the hub's thread, and the commands it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::state::State;
use super::tail::Chunk;
use super::turn::{Publisher, Turn};
use super::{CloseCode, Connection, ConnectionId, HubCounts};
use crate::model::{Appended, Clock, Event, Room, RoomId, RoomState, Seq, SessionId, UserId};
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

/// What has been stored otherwise than by a send of this process: a change, or what others did.
#[derive(Debug)]
pub enum News {
    /// Events, each room's in order of seq. Those that are known already do no harm.
    Events(Vec<Event>),
    /// More has happened in a room than was read of it: up to here.
    Skipped(RoomId, Seq),
    /// A room that was made, and what its `head_seq` was before the events that are told of it.
    RoomCreated(Room),
    /// A room as it is now.
    RoomUpdated(Room),
    RoomDeleted(RoomId),
    /// Somebody has read on, or not.
    Read(ReadOutcome),
}

/// What became of what a user said to have read in a room.
#[derive(Debug)]
pub struct ReadOutcome {
    pub user_id: UserId,
    pub room_id: RoomId,
    /// Where the user has read up to now, and whether that was news.
    pub result: Result<(Seq, bool), AppendError>,
    pub askers: Vec<ReadAsker>,
}

/// Who said so.
#[derive(Debug)]
pub enum ReadAsker {
    /// A task that waits for the position.
    Task(oneshot::Sender<Result<Seq, AppendError>>),
    /// A connection, which said `seq`.
    Connection { id: ConnectionId, reference: Option<String>, seq: Seq },
}

/// What is known of rooms.
#[derive(Debug, Default)]
pub struct KnownRooms {
    /// The rooms that have members here.
    pub rooms: Vec<RoomState>,
    /// There are others, of which nothing is known yet.
    pub has_unknown: bool,
    /// What those who watch know of every room. `None`: nobody watches.
    pub watched: Option<Vec<RoomState>>,
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
    News(Vec<News>),
    Connect { connection: Arc<Connection>, reply: oneshot::Sender<ConnectionId> },
    Disconnect(ConnectionId),
    Join { id: ConnectionId, room_id: RoomId, after: Seq, reference: Option<String> },
    Leave { id: ConnectionId, room_id: RoomId, farewell: Option<Vec<u8>> },
    Learn { id: ConnectionId, room: RoomState },
    Page { id: ConnectionId, room_id: RoomId, chunk: Chunk },
    Writable(ConnectionId),
    Send { id: ConnectionId, frame: Vec<u8> },
    Typing { id: ConnectionId, room_id: RoomId },
    AskToWatch { id: ConnectionId, reply: oneshot::Sender<bool> },
    StartWatching { id: ConnectionId, reference: Option<String>, rooms: Option<Vec<RoomState>> },
    Close(ConnectionId, CloseCode),
    CloseSessions(Vec<SessionId>),
    ForgetTails,
    CloseAll,
    CountActive { rooms: Vec<RoomId>, reply: oneshot::Sender<Vec<usize>> },
    ListKnown { reply: oneshot::Sender<KnownRooms> },
}

/// A cheap handle. Commands to a hub that has ended are dropped: the server is stopping.
#[derive(Clone)]
pub struct Hub {
    commands: mpsc::Sender<Command>,
    counts: Arc<HubCounts>,
    turn: Arc<Turn>,
    has_missed: Arc<AtomicBool>,
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
        let turn = Arc::<Turn>::default();
        let has_missed = Arc::<AtomicBool>::default();
        let state = State::new(config, counts.clone(), turn.clone(), has_missed.clone());
        let thread = thread::Builder::new()
            .name("chatapp-hub".to_owned())
            .spawn(move || runtime.block_on(run(state, waiting)))?;
        Ok((Self { commands, counts, turn, has_missed }, HubThread(thread)))
    }

    pub fn counts(&self) -> &HubCounts {
        &self.counts
    }

    /// How many commands wait for the hub.
    pub fn queue_len(&self) -> usize {
        self.commands.max_capacity() - self.commands.capacity()
    }

    /// For the writer's thread.
    pub fn publisher(&self) -> Publisher {
        Publisher::new(self.commands.clone(), self.turn.clone())
    }

    /// Publishes what the writer's thread has done, in the order of commit with what
    /// its [`Publisher`] publishes. To be called on that thread only.
    pub fn blocking_announce(&self, news: Vec<News>) {
        let _ = self.commands.blocking_send(Command::News(news));
    }

    /// Publishes what was read from storage.
    pub async fn announce(&self, news: News) {
        self.send(Command::News(vec![news])).await;
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

    /// Answers mail about a room of which the hub knows nothing: it was read after that mail came.
    pub async fn tell_room(&self, id: ConnectionId, room: RoomState) {
        self.send(Command::Learn { id, room }).await;
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

    /// Notes that the connection wants to watch, and everything that happens from here on. False: the heads
    /// of the rooms are not known, and are to be read from storage for [`Hub::start_watching`].
    pub async fn ask_to_watch(&self, id: ConnectionId) -> bool {
        let (reply, is_ready) = oneshot::channel();
        self.send(Command::AskToWatch { id, reply }).await;
        is_ready.await.unwrap_or(true)
    }

    /// Tells the connection from here on of everything that concerns its user, and first that it does.
    pub async fn start_watching(
        &self,
        id: ConnectionId,
        reference: Option<String>,
        rooms: Option<Vec<RoomState>>,
    ) {
        self.send(Command::StartWatching { id, reference, rooms }).await;
    }

    /// Whether something was published before what comes before it, so that watchers were not told: it
    /// is to be read from storage, although nobody else may have written.
    pub fn take_missed(&self) -> bool {
        self.has_missed.swap(false, Ordering::Relaxed)
    }

    /// Takes the connection out of its rooms and sends it a close frame.
    pub async fn close(&self, id: ConnectionId, code: CloseCode) {
        self.send(Command::Close(id, code)).await;
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

    /// The rooms with members, and all if somebody watches, and what is known of them.
    pub async fn known_rooms(&self) -> KnownRooms {
        let (reply, known) = oneshot::channel();
        self.send(Command::ListKnown { reply }).await;
        known.await.unwrap_or_default()
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
