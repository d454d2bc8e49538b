//! The handle to the hub's thread, and the thread's loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};

use super::access::AccessMark;
use super::command::{ActiveCount, Command, KnownRooms, News, RoomsBehind};
use super::config::HubConfig;
use super::frame::ServerFrame;
use super::pacing::Pacing;
use super::publisher::Publisher;
use super::state::State;
use super::tail::Chunk;
use super::{CloseCode, Connection, ConnectionId, HubCounts, PresenceTaken};
use crate::model::{
    Audience, Event, Person, Presence, Room, RoomHead, RoomId, Seq, SessionId, UserId,
};
#[cfg(test)]
use crate::{realtime::ReplyTo, storage::Outcome};

/// The number of commands that the queue holds. If the queue is full, senders wait, also the writer's thread.
const QUEUE: usize = 4_096;

/// The number of commands in one pass: their effect on each socket is one write.
const COMMANDS_PER_PASS: usize = 256;

/// A handle to the hub, cheap to clone. After the hub has ended, because the server stops, commands are dropped.
#[derive(Clone)]
pub struct Hub {
    commands: mpsc::Sender<Command>,
    counts: Arc<HubCounts>,
    pacing: Arc<Pacing>,
    has_missed: Arc<AtomicBool>,
    presence_changed: Arc<Notify>,
    access_marks: Arc<AtomicU64>,
}

/// The hub's thread. It ends when the last [`Hub`] is dropped.
pub struct HubThread(JoinHandle<()>);

impl HubThread {
    /// Waits for the end of the thread.
    pub fn join(self) {
        // The panic hook has logged a panic of the hub; shutdown goes on.
        let _ = self.0.join();
    }
}

impl Hub {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system cannot create a thread or a timer.
    pub fn start(config: HubConfig) -> std::io::Result<(Self, HubThread)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let (hub, run) = Self::prepare(config);
        let thread = thread::Builder::new()
            .name("chatapp-hub".to_owned())
            .spawn(move || runtime.block_on(run))?;
        Ok((hub, HubThread(thread)))
    }

    /// Returns the handle, and the work of the thread.
    pub(crate) fn prepare(config: HubConfig) -> (Self, impl Future<Output = ()> + Send) {
        let (commands, waiting) = mpsc::channel(QUEUE);
        let counts = Arc::<HubCounts>::default();
        let pacing = Arc::<Pacing>::default();
        let has_missed = Arc::<AtomicBool>::default();
        let presence_changed = Arc::<Notify>::default();
        let access_marks = Arc::<AtomicU64>::default();
        let state = State::new(
            config,
            counts.clone(),
            pacing.clone(),
            has_missed.clone(),
            presence_changed.clone(),
            access_marks.clone(),
        );
        let hub = Self { commands, counts, pacing, has_missed, presence_changed, access_marks };
        (hub, run(state, waiting))
    }

    /// The hub's figures, for the metrics.
    pub fn counts(&self) -> &HubCounts {
        &self.counts
    }

    /// The number of commands that wait for the hub.
    pub fn queue_len(&self) -> usize {
        self.commands.max_capacity() - self.commands.capacity()
    }

    /// The handle for the writer's thread.
    pub fn publisher(&self) -> Publisher {
        Publisher::new(self.commands.clone(), self.pacing.clone())
    }

    /// Publishes a change that the writer's thread has committed, in the order of commit with the messages
    /// of its [`Publisher`]. Only the writer's thread may call it.
    pub fn blocking_announce(&self, news: Vec<News>) {
        let _ = self.commands.blocking_send(Command::News(news));
    }

    /// What its [`Publisher`] does, in a simulation without threads.
    #[cfg(test)]
    pub(crate) async fn committed(&self, outcomes: Vec<Outcome<ReplyTo>>) {
        self.send(Command::Committed(outcomes)).await;
    }

    /// Publishes a change that was read from storage.
    pub async fn announce(&self, news: News) {
        self.send(Command::News(vec![news])).await;
    }

    /// Registers the connection. `None`: the hub has ended.
    pub async fn connect(&self, connection: Arc<Connection>) -> Option<ConnectionId> {
        let (reply, id) = oneshot::channel();
        self.send(Command::Connect { connection, reply }).await;
        id.await.ok()
    }

    /// Forgets the connection and takes it out of its rooms.
    pub async fn disconnect(&self, id: ConnectionId) {
        self.send(Command::Disconnect(id)).await;
    }

    /// Takes the connection into the room. The client receives `active_users`, every event after the seq
    /// `after`, which must be in the log already, and `synced`. `mark` was taken before the right to read the room was
    /// checked.
    pub async fn join(
        &self,
        id: ConnectionId,
        room_id: RoomId,
        after: Seq,
        reference: Option<String>,
        mark: AccessMark,
    ) {
        self.send(Command::Join { id, room_id, after, reference, mark }).await;
    }

    /// The present moment, for a right that is checked now.
    pub fn access_mark(&self) -> AccessMark {
        AccessMark(self.access_marks.load(Ordering::SeqCst))
    }

    /// Answers mail that the right to read a room must be checked again: the connection may go on with the events
    /// after `visible_from`. `mark` was taken before the check.
    pub async fn resume(&self, id: ConnectionId, room: &Room, visible_from: Seq, mark: AccessMark) {
        let (room_id, face) = (room.id, room.face());
        let updated = ServerFrame::RoomUpdated { room_id, room: &face }.to_bytes();
        self.send(Command::Resume { id, room_id, mark, visible_from, updated }).await;
    }

    /// Takes the connection out of the room, then sends it the frame `farewell`.
    pub async fn leave(&self, id: ConnectionId, room_id: RoomId, farewell: Option<Vec<u8>>) {
        self.send(Command::Leave { id, room_id, farewell }).await;
    }

    /// Answers mail about a room whose head the hub does not know. The head must have been read after the
    /// mail came.
    pub async fn learn_head(&self, id: ConnectionId, room: RoomHead) {
        self.send(Command::Learn { id, room }).await;
    }

    /// Answers mail about a room in which the connection is behind, with the next events from storage,
    /// without gaps. An empty page is not sent: below the head there is always something to read.
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

    /// Sends `typing` to the other connections in the room.
    pub async fn typing(&self, id: ConnectionId, room_id: RoomId) {
        self.send(Command::Typing { id, room_id }).await;
    }

    /// Notes that the connection wants to watch; from here on the hub follows all rooms. False: the rooms
    /// are not known, and the caller reads their heads and audiences from storage for [`Hub::start_watching`].
    pub async fn ask_to_watch(&self, id: ConnectionId) -> bool {
        let (reply, is_ready) = oneshot::channel();
        self.send(Command::AskToWatch { id, reply }).await;
        is_ready.await.unwrap_or(true)
    }

    /// Makes the connection a watcher. It first receives `watching`.
    pub async fn start_watching(
        &self,
        id: ConnectionId,
        reference: Option<String>,
        rooms: Option<Vec<Audience>>,
    ) {
        self.send(Command::StartWatching { id, reference, rooms }).await;
    }

    /// Whether watchers did not receive an event because an earlier one of its room was not known yet. The
    /// next poll must then read the log, although no other process may have written.
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

    /// Empties the tails of all rooms: members that are behind are served from storage.
    pub async fn forget_tails(&self) {
        self.send(Command::ForgetTails).await;
    }

    /// Gives people other names, in what is sent from now on.
    pub async fn rename(&self, people: Vec<Person>) {
        self.send(Command::Rename(people)).await;
    }

    /// Closes every connection, also those that are still to come: the server is restarting.
    pub async fn close_all(&self) {
        self.send(Command::CloseAll).await;
    }

    /// Notes what the client of a connection says of its person.
    pub async fn set_away(&self, id: ConnectionId, is_away: bool) {
        self.send(Command::Away { id, is_away }).await;
    }

    /// Whether each of these people is connected to this node.
    pub async fn list_presence(&self, users: Vec<UserId>) -> Vec<Presence> {
        let unknown = vec![Presence::Offline; users.len()];
        let (reply, presence) = oneshot::channel();
        self.send(Command::ListPresence { users, reply }).await;
        presence.await.unwrap_or(unknown)
    }

    /// Takes the people whose last connection to this node has closed since the last call.
    pub async fn take_gone(&self) -> Vec<UserId> {
        let (reply, gone) = oneshot::channel();
        self.send(Command::TakeGone { reply }).await;
        gone.await.unwrap_or_default()
    }

    /// The number of people in each of these rooms now.
    pub async fn count_active(&self, rooms: Vec<RoomId>) -> Vec<ActiveCount> {
        let unknown = vec![ActiveCount::default(); rooms.len()];
        let (reply, counts) = oneshot::channel();
        self.send(Command::CountActive { rooms, reply }).await;
        counts.await.unwrap_or(unknown)
    }

    /// Returns when there is something for [`Self::take_presence`].
    pub async fn presence_changed(&self) {
        self.presence_changed.notified().await;
    }

    /// Takes the changes of presence on this node that the other nodes have not been told; with `all`, everything
    /// that they must know.
    pub async fn take_presence(&self, all: bool) -> PresenceTaken {
        let (reply, taken) = oneshot::channel();
        self.send(Command::TakePresence { all, reply }).await;
        taken.await.unwrap_or_default()
    }

    /// Those of the rooms that have members on this node, with the number of people in each. `None`: all rooms.
    pub async fn list_live(&self, among: Option<Vec<RoomId>>) -> Vec<(RoomId, usize)> {
        let (reply, live) = oneshot::channel();
        self.send(Command::ListLive { among, reply }).await;
        live.await.unwrap_or_default()
    }

    /// The rooms with members, all rooms if there is a watcher, and how far they are known.
    pub async fn known_rooms(&self) -> KnownRooms {
        let (reply, known) = oneshot::channel();
        self.send(Command::ListKnown { reply }).await;
        known.await.unwrap_or_default()
    }

    /// Those of the rooms that have events up to a head that the hub does not know. Rooms without members and
    /// watchers on this node are left out.
    pub async fn rooms_behind(&self, rung: Vec<RoomHead>) -> RoomsBehind {
        let (reply, behind) = oneshot::channel();
        self.send(Command::ListBehind { rung, reply }).await;
        behind.await.unwrap_or_default()
    }

    async fn send(&self, command: Command) {
        let _ = self.commands.send(command).await;
    }
}

async fn run(mut state: State, mut waiting: mpsc::Receiver<Command>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut commands = Vec::with_capacity(COMMANDS_PER_PASS);
    loop {
        tokio::select! {
            // The tick first, so that it is not late while commands wait all the time.
            biased;
            _ = tick.tick() => state.tick(),
            taken = waiting.recv_many(&mut commands, COMMANDS_PER_PASS) => {
                if taken == 0 {
                    return;
                }
                for command in commands.drain(..) {
                    state.apply(command);
                }
            }
        }
        state.flush();
    }
}
