//! A server: the real fleet and the real hub, with a writer and sockets that are as simple as they can be.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpStream;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::gate::Gate;
use super::link::{Ears, Link, name_of};
use super::random::Random;
use super::tables::Tables;
use super::world::World;
use crate::fleet::{Fleet, tell_news};
use crate::model::{
    Appended, Clock, Event, Identity, NewNode, Role, RoomHead, RoomId, Seq, SessionId, Timestamp,
    UserId,
};
use crate::realtime::frame::LeftCause;
use crate::realtime::{Connection, ConnectionId, Hub, HubConfig, News, Peer, ReplyTo, ServerFrame};
use crate::storage::Outcome;

const QUEUE: usize = 1_000;

/// The events of a page for one member.
const PAGE: usize = 3;

/// A running server. Cheap to clone.
#[derive(Clone)]
pub struct Process {
    hub: Hub,
    fleet: Fleet,
    gate: Arc<Gate>,
    link: Link,
    sends: mpsc::Sender<Write>,
    stop: CancellationToken,
}

/// What the writer has to write.
#[derive(Clone, Copy)]
enum Write {
    Message(RoomId, UserId),
    /// Whether the user becomes a member of the secret room.
    Member(UserId, bool),
}

/// What a client asks of its connection.
pub enum Ask {
    /// To join the room after this seq, or, if it is `None`, after the head of now.
    Join(RoomId, Option<Seq>),
    Leave(RoomId),
    Watch,
    Close,
}

/// A client's connection.
pub struct Socket {
    pub asks: mpsc::Sender<Ask>,
    /// What the hub has written.
    pub written: Arc<Mutex<Vec<u8>>>,
    /// The seq after which each room was joined.
    pub joined_after: Arc<Mutex<BTreeMap<RoomId, Seq>>>,
}

impl Process {
    /// Starts a server on a machine.
    pub fn start(world: &World, machine: usize, random: Random) -> Self {
        let gate = Arc::<Gate>::default();
        world.lock().machines[machine].gate = gate.clone();
        let link = Link::new(world, machine, random);
        let (hub, hub_runs) = Hub::prepare(HubConfig {
            epoch: "epoch".into(),
            clock: Clock::Fixed(Timestamp(0)),
            ping_seconds: 1_000_000,
            stall_seconds: 1_000_000,
            is_shared: true,
            expiry_notice_seconds: 0,
        });
        let fleet = Fleet::new(hub.clone(), true);
        let (sends, queue) = mpsc::channel(QUEUE);
        gate.spawn(hub_runs);
        let about = NewNode {
            name: name_of(machine),
            version: String::new(),
            address: String::new(),
            started_at: Timestamp(0),
            doorbell: String::new(),
            secret: String::new(),
        };
        let bell = Box::new(Ears { world: world.clone(), machine });
        gate.spawn({
            let fleet = fleet.clone();
            async move { fleet.ring(bell, "channel".to_owned()).await }
        });
        let stop = CancellationToken::new();
        let until_stop = |task: Pin<Box<dyn Future<Output = ()> + Send>>| {
            let stop = stop.clone();
            gate.spawn(async move { stop.run_until_cancelled_owned(task).await.unwrap_or(()) });
        };
        let (follower, it) = (fleet.clone(), link.fork());
        until_stop(Box::pin(async move { follower.follow(it).await }));
        let (member, it) = (fleet.clone(), link.fork());
        until_stop(Box::pin(async move { member.live(it, about, || 0).await }));
        let (worker, it) = (fleet.clone(), world.clone());
        until_stop(Box::pin(async move {
            worker.while_chosen(|| run_jobs(&it, machine)).await;
        }));
        gate.spawn(write(fleet.clone(), hub.clone(), link.fork(), queue));
        Self { hub, fleet, gate, link, sends, stop }
    }

    /// A client sends a message.
    pub fn send(&self, room: RoomId, user: UserId) {
        let _ = self.sends.try_send(Write::Message(room, user));
    }

    /// Makes somebody a member of the secret room, or ends the membership.
    pub fn change_member(&self, user: UserId, joins: bool) {
        let _ = self.sends.try_send(Write::Member(user, joins));
    }

    /// Ends the server as SIGKILL does.
    pub fn kill(&self) {
        self.gate.kill();
        self.link.close();
    }

    /// Ends the server as SIGTERM does.
    pub fn stop(self) {
        let gate = self.gate.clone();
        gate.spawn(async move {
            self.stop.cancel();
            self.fleet.leave(&self.link).await;
            // The doorbell works until the others are told.
            sleep(Duration::from_millis(50)).await;
            self.kill();
        });
    }

    /// Opens a connection for a client.
    pub fn connect(&self, user: UserId) -> Socket {
        let (asks, waiting) = mpsc::channel(QUEUE);
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let joined_after = Arc::<Mutex<BTreeMap<RoomId, Seq>>>::default();
        let tcp = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)
            .and_then(|socket| socket.set_nonblocking(true).map(|()| TcpStream::from(socket)))
            .and_then(tokio::net::TcpStream::from_std)
            .expect("a socket that is not connected");
        let slot = Arc::new(Semaphore::new(1)).try_acquire_owned().expect("it is free");
        let peer = Arc::new(Peer::recording(tcp, slot, written.clone()));
        let identity = Identity {
            user_id: user,
            username: format!("user {}", user.0).into(),
            display_name: None,
            role: Role::User,
            is_bot: false,
            grant: None,
            session_id: SessionId(1),
            expires_at: Timestamp(i64::MAX),
        };
        let connection = Arc::new(Connection::new(peer, identity, None));
        let (hub, link, joined) = (self.hub.clone(), self.link.fork(), joined_after.clone());
        self.gate.spawn(serve(hub, link, connection, waiting, joined));
        Socket { asks, written, joined_after }
    }
}

/// The connection's task, which does what `src/ws` does.
async fn serve(
    hub: Hub,
    link: Link,
    connection: Arc<Connection>,
    mut asks: mpsc::Receiver<Ask>,
    joined_after: Arc<Mutex<BTreeMap<RoomId, Seq>>>,
) {
    let Some(id) = hub.connect(connection.clone()).await else { return };
    let user = connection.identity().user_id;
    let mut rooms = BTreeSet::new();
    loop {
        let mail = connection.take_mail();
        for (room_id, _) in mail.recheck {
            if !rooms.contains(&room_id) {
                continue;
            }
            let mark = hub.access_mark();
            let read =
                move |tables: &mut Tables| tables.sees(room_id, user).then(|| tables.room(room_id));
            match retry(&link, read).await {
                Some(room) => hub.resume(id, &room, Seq(0), mark).await,
                None => expel(&hub, id, &mut rooms, room_id).await,
            }
        }
        for (room_id, cursor) in mail.behind {
            if !rooms.contains(&room_id) {
                continue;
            }
            let Some(after) = cursor else {
                let read = move |tables: &mut Tables| {
                    tables.sees(room_id, user).then(|| tables.head(room_id))
                };
                match retry(&link, read).await {
                    Some(head_seq) => hub.learn_head(id, RoomHead { id: room_id, head_seq }).await,
                    None => expel(&hub, id, &mut rooms, room_id).await,
                }
                continue;
            };
            let room = RoomHead { id: room_id, head_seq: after };
            let read = move |tables: &mut Tables| {
                tables.sees(room_id, user).then(|| tables.list_events(room, PAGE))
            };
            match retry(&link, read).await {
                Some(events) => hub.send_page(id, room_id, &events).await,
                None => expel(&hub, id, &mut rooms, room_id).await,
            }
        }
        tokio::select! {
            biased;
            () = connection.wake.notified() => {}
            ask = asks.recv() => match ask {
                Some(Ask::Join(room_id, after)) => {
                    let mark = hub.access_mark();
                    let read = move |tables: &mut Tables| {
                        tables.sees(room_id, user).then(|| tables.head(room_id))
                    };
                    let Some(head) = retry(&link, read).await else {
                        expel(&hub, id, &mut rooms, room_id).await;
                        continue;
                    };
                    let after = after.unwrap_or(head);
                    rooms.insert(room_id);
                    joined_after.lock().expect("no panic").insert(room_id, after);
                    hub.join(id, room_id, after, None, mark).await;
                }
                Some(Ask::Watch) => {
                    let read = match hub.ask_to_watch(id).await {
                        true => None,
                        false => Some(retry(&link, |tables| tables.audiences()).await),
                    };
                    hub.start_watching(id, None, read).await;
                }
                Some(Ask::Leave(room_id)) => {
                    if !rooms.remove(&room_id) {
                        continue;
                    }
                    let farewell = ServerFrame::Unsubscribed { reference: None, room_id };
                    hub.leave(id, room_id, Some(farewell.to_bytes())).await;
                }
                Some(Ask::Close) | None => {
                    hub.disconnect(id).await;
                    return;
                }
            },
        }
    }
}

/// The user does not see the room.
async fn expel(hub: &Hub, id: ConnectionId, rooms: &mut BTreeSet<RoomId>, room_id: RoomId) {
    rooms.remove(&room_id);
    let farewell = ServerFrame::RoomLeft { room_id, cause: LeftCause::Removed };
    hub.leave(id, room_id, Some(farewell.to_bytes())).await;
}

/// Reads again until it succeeds: a real server would close the socket, and the client would come again.
async fn retry<R: Send + 'static>(
    link: &Link,
    read: impl Fn(&mut Tables) -> R + Send + Copy + 'static,
) -> R {
    loop {
        if let Ok(result) = link.call(read).await {
            return result;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// The writer: commits what is queued as one transaction.
async fn write(fleet: Fleet, hub: Hub, link: Link, mut queue: mpsc::Receiver<Write>) {
    while let Some(first) = queue.recv().await {
        let mut batch = vec![first];
        while let Ok(next) = queue.try_recv() {
            batch.push(next);
        }
        let append = move |tables: &mut Tables| {
            let write = |write| match write {
                Write::Message(room, user) if tables.sees(room, user) => {
                    Some(Event::Message(tables.append(room, user)))
                }
                Write::Message(..) => None,
                Write::Member(user, joins) => tables.change_member(user, joins),
            };
            batch.into_iter().filter_map(write).collect::<Vec<_>>()
        };
        // After an error nobody knows whether the batch was committed.
        let Ok(events) = link.call(append).await else { continue };
        for event in events {
            let Event::Message(message) = event else {
                let news = News::Events(vec![event]);
                fleet.tell(|ring| tell_news(ring, &news));
                hub.announce(news).await;
                continue;
            };
            let result = Ok(Appended { message, duplicate: false });
            let outcomes = vec![Outcome { tag: ReplyTo::Task(oneshot::channel().0), result }];
            fleet.tell_committed(&outcomes);
            hub.committed(outcomes).await;
        }
    }
}

/// The jobs: runs until it is dropped.
async fn run_jobs(world: &World, machine: usize) {
    struct Running<'a>(&'a World, usize);
    impl Drop for Running<'_> {
        fn drop(&mut self) {
            self.0.lock().machines[self.1].runs_jobs = false;
        }
    }
    world.lock().machines[machine].runs_jobs = true;
    let _running = Running(world, machine);
    std::future::pending::<()>().await;
}
