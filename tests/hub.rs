//! The hub over real sockets, with the log in memory and a client that reads at any pace: wherever the
//! sockets' buffers split the bytes and however far a reader falls behind, it receives every frame once,
//! whole and in order.

mod access;

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chatapp::model::{
    Appended, Audience, Clock, Event, EventId, Identity, Message, Role, RoomHead, RoomId, Seq,
    SessionId, Timestamp, UserId,
};
use chatapp::realtime::{Connection, Hub, HubConfig, HubThread, News, Peer, ReplyTo, Tls};
use chatapp::storage::{Listener, Outcome};
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, oneshot};

const ROOM: RoomId = RoomId(7);
const DEADLINE: Duration = Duration::from_secs(20);

fn message(seq: i64, length: usize) -> Message {
    Message {
        id: EventId(seq),
        content: "x".repeat(length),
        username: "ann".into(),
        display_name: None,
        user_id: UserId(1),
        timestamp: Timestamp(0),
        room_id: ROOM,
        seq: Seq(seq),
        client_id: None,
        edited_at: None,
        deleted_at: None,
        parts: None,
    }
}

/// Stands in for the database: all events that will ever exist, and the number of committed ones.
struct Log {
    events: Vec<Event>,
    committed: AtomicUsize,
}

impl Log {
    fn write(&self, count: usize) {
        self.committed.fetch_add(count, Ordering::SeqCst);
    }

    fn head(&self) -> usize {
        self.committed.load(Ordering::SeqCst)
    }
}

/// Publishes messages as the writer does: from a thread of its own, after they are in the log.
fn publish(hub: &Hub, log: &Log, messages: Vec<Message>) {
    log.write(messages.len());
    let outcomes = messages
        .into_iter()
        .map(|message| Outcome {
            tag: ReplyTo::Task(oneshot::channel().0),
            result: Ok(Appended { message, duplicate: false }),
        })
        .collect();
    hub.publisher().committed(outcomes, Duration::ZERO);
}

/// Stands in for the polls: compares heads and reads the events that other processes wrote.
async fn poll(hub: Hub, log: Arc<Log>) {
    loop {
        for room in hub.known_rooms().await.rooms {
            let from = room.head_seq.0 as usize;
            let page = &log.events[from..(from + 20).min(log.head()).max(from)];
            // The page may contain events of this process that the hub has not delivered yet.
            hub.announce(News::Events(page.to_vec())).await;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A client's end of a connection.
type Reader = Box<dyn AsyncRead + Unpin>;

/// The two ends of a connection whose buffers hold very little.
async fn narrow_connection(is_encrypted: bool) -> (Arc<Peer>, Reader) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let client = socket.connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    socket2::SockRef::from(&server).set_send_buffer_size(16 * 1024).unwrap();
    let slot = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
    if !is_encrypted {
        return (Arc::new(Peer::plain(server, slot)), Box::new(client));
    }
    let identity = crate::support::Identity::new();
    let connector = crate::support::connector(&identity, &[]);
    let (tls, client) = tokio::join!(
        Tls::accept(&server, identity.server_config()),
        connector.connect(crate::support::server_name(), client),
    );
    (Arc::new(Peer::encrypted(server, tls.unwrap(), slot)), Box::new(client.unwrap()))
}

fn identity() -> Identity {
    Identity {
        user_id: UserId(1),
        username: "ann".into(),
        display_name: None,
        role: Role::User,
        is_bot: false,
        grant: None,
        session_id: SessionId(1),
        expires_at: Timestamp(i64::MAX),
    }
}

fn start() -> (Hub, HubThread) {
    let config = HubConfig {
        epoch: "e".into(),
        clock: Clock::System,
        ping_seconds: 60,
        stall_seconds: 60,
        is_shared: false,
        expiry_notice_seconds: 60,
    };
    Hub::start(config).unwrap()
}

/// Stands in for the task of a connection: answers the hub's mail from the log.
async fn serve(hub: Hub, connection: Arc<Connection>, after: Seq, log: Arc<Log>) {
    let id = hub.connect(connection.clone()).await.unwrap();
    hub.join(id, ROOM, after, None, hub.access_mark()).await;
    loop {
        connection.wake.notified().await;
        let mail = connection.take_mail();
        if mail.broken {
            return;
        }
        for (room_id, cursor) in mail.behind {
            match cursor {
                Some(cursor) => {
                    let from = cursor.0 as usize;
                    let page = &log.events[from..(from + 50).min(log.head())];
                    hub.send_page(id, room_id, page).await;
                }
                None => {
                    let head_seq = Seq(log.head() as i64);
                    hub.learn_head(id, RoomHead { id: room_id, head_seq }).await;
                }
            }
        }
        if mail.blocked {
            poll_fn(|cx| connection.peer.poll_write_ready(cx)).await.unwrap();
            hub.writable(id).await;
        }
    }
}

/// The whole text frames at the start of `bytes`, and their length; panics on any other kind of frame.
fn frames(mut bytes: &[u8]) -> (Vec<serde_json::Value>, usize) {
    let mut frames = Vec::new();
    let all = bytes.len();
    while bytes.len() > 10 {
        assert_eq!(bytes[0], 0x81, "not the start of a text frame");
        let (header, length) = match bytes[1] {
            126 => (4, u16::from_be_bytes([bytes[2], bytes[3]]) as usize),
            127 => (10, u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize),
            short => (2, short as usize),
        };
        if bytes.len() < header + length {
            break;
        }
        frames.push(serde_json::from_slice(&bytes[header..header + length]).unwrap());
        bytes = &bytes[header + length..];
    }
    (frames, all - bytes.len())
}

async fn read_until_synced_and(client: &mut Reader, head: i64, step: usize) -> Vec<i64> {
    let (mut bytes, mut seqs, mut is_synced) = (Vec::new(), Vec::new(), false);
    let mut buffer = vec![0; step];
    while !is_synced || seqs.last() != Some(&head) {
        let read = client.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "the hub closed the connection; got up to {:?}", seqs.last());
        bytes.extend_from_slice(&buffer[..read]);
        let (whole, used) = frames(&bytes);
        bytes.drain(..used);
        for frame in whole {
            match frame["type"].as_str().unwrap() {
                "message" => seqs.push(frame["seq"].as_i64().unwrap()),
                "synced" => is_synced = true,
                "active_users" => {}
                other => panic!("{other}"),
            }
        }
    }
    seqs
}

/// A batch: whether this process writes it, and the lengths of its messages.
type Batch = (bool, Vec<usize>);

/// Publishes batches while one client, slow or not, resumes from `since`. Batches of another process are
/// only added to the log and not published.
async fn resume(since: i64, batches: Vec<Batch>, step: usize, is_encrypted: bool) {
    let mut seq = 0;
    let batches: Vec<(bool, Vec<Message>)> = batches
        .into_iter()
        .map(|(is_own, lengths)| {
            let next = |length| {
                seq += 1;
                message(seq, length)
            };
            (is_own, lengths.into_iter().map(next).collect())
        })
        .collect();
    let head = seq;
    let messages = batches.iter().flat_map(|(_, messages)| messages);
    let events = messages.cloned().map(Event::Message).collect();
    let log = Arc::new(Log { events, committed: AtomicUsize::new(0) });
    let since = since.min(head - 1);

    let (hub, thread) = start();
    let (peer, mut client) = narrow_connection(is_encrypted).await;
    let connection = Arc::new(Connection::new(peer, identity(), None));
    let task = serve(hub.clone(), connection, Seq(since), log.clone());
    let polls = poll(hub.clone(), log.clone());
    let publisher = tokio::task::spawn_blocking({
        let hub = hub.clone();
        move || {
            for (is_own, messages) in batches {
                match is_own {
                    true => publish(&hub, &log, messages),
                    false => log.write(messages.len()),
                }
            }
        }
    });
    let seqs = tokio::select! {
        seqs = read_until_synced_and(&mut client, head, step) => seqs,
        () = task => panic!("the connection broke"),
        () = polls => unreachable!("the polls never end"),
        () = tokio::time::sleep(DEADLINE) => panic!("the client did not get everything in time"),
    };
    assert_eq!(seqs, (since + 1..=head).collect::<Vec<_>>());
    publisher.await.unwrap();
    drop(hub);
    tokio::task::spawn_blocking(|| thread.join()).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_reader_gets_every_frame_once_whole_and_in_order(
        since in 0i64..50,
        batches in proptest::collection::vec(
            (any::<bool>(), proptest::collection::vec(0usize..4_000, 1..12)), 1..60),
        step in 1usize..20_000,
        is_encrypted: bool,
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(resume(since, batches, step, is_encrypted));
    }
}

/// A watcher that has not joined the room.
struct Watcher {
    client: Reader,
    bytes: Vec<u8>,
}

impl Watcher {
    /// Begins to watch; `meanwhile` runs between the request to watch and the delivery of the heads.
    async fn start(hub: &Hub, head: i64, meanwhile: impl AsyncFnOnce()) -> Self {
        let (peer, client) = narrow_connection(false).await;
        let connection = Arc::new(Connection::new(peer, identity(), None));
        let id = hub.connect(connection).await.unwrap();
        assert!(!hub.ask_to_watch(id).await, "the heads have not been read yet");
        meanwhile().await;
        let state = Audience { room_id: ROOM, head_seq: Seq(head), members: None };
        hub.start_watching(id, None, Some(vec![state])).await;
        let mut watcher = Self { client, bytes: Vec::new() };
        assert_eq!(watcher.next().await["type"], "watching");
        watcher
    }

    async fn next(&mut self) -> serde_json::Value {
        loop {
            let (mut whole, used) = first_frame(&self.bytes);
            self.bytes.drain(..used);
            if let Some(frame) = whole.take() {
                return frame;
            }
            let mut buffer = [0; 1024];
            let read = tokio::time::timeout(DEADLINE, self.client.read(&mut buffer)).await;
            let read = read.expect("a frame in time").unwrap();
            assert_ne!(read, 0);
            self.bytes.extend_from_slice(&buffer[..read]);
        }
    }

    /// The `seq`s of the received messages until the room's head is `until`.
    async fn activity_until(&mut self, until: i64) -> Vec<i64> {
        let (mut seqs, mut head) = (Vec::new(), 0);
        while head < until {
            let frame = self.next().await;
            assert_eq!((&frame["type"], frame.get("truncated")), (&"room_activity".into(), None));
            let seq = |message: &serde_json::Value| message["seq"].as_i64().unwrap();
            seqs.extend(frame["messages"].as_array().unwrap().iter().map(seq));
            head = frame["head_seq"].as_i64().unwrap();
        }
        assert_eq!(head, until);
        seqs
    }
}

fn first_frame(bytes: &[u8]) -> (Option<serde_json::Value>, usize) {
    let length = match bytes {
        [_, 126, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        [_, short, ..] if *short < 126 => 2 + usize::from(*short),
        _ => return (None, 0),
    };
    match bytes.get(..length) {
        Some(frame) => (frames(frame).0.pop(), length),
        None => (None, 0),
    }
}

async fn announce(hub: &Hub, seqs: impl IntoIterator<Item = i64>) {
    let events = seqs.into_iter().map(|seq| Event::Message(message(seq, 1))).collect();
    hub.announce(News::Events(events)).await;
}

/// Another process has written an event in between: later events wait until it has been read.
#[tokio::test]
async fn events_published_out_of_order_reach_a_watcher_in_order() {
    let (hub, _thread) = start();
    let mut watcher = Watcher::start(&hub, 5, async || {}).await;
    announce(&hub, [6, 8]).await;
    // When the hub answers, it has processed the published events.
    hub.known_rooms().await;
    assert!(
        hub.take_missed(),
        "the hub reports a gap to the next poll, although no other process wrote"
    );
    let known = hub.known_rooms().await.watched.expect("the rooms");
    assert_eq!(known, [RoomHead { id: ROOM, head_seq: Seq(6) }]);
    announce(&hub, [7, 8]).await;
    announce(&hub, [6, 7, 8]).await;
    announce(&hub, [9]).await;
    assert_eq!(watcher.activity_until(9).await, [6, 7, 8, 9]);
    assert!(!hub.take_missed());
}

/// Events that were published before the heads were delivered are in the list that the watcher reads. The
/// watcher receives the events after them.
#[tokio::test]
async fn events_published_while_heads_are_read_are_neither_lost_nor_repeated() {
    let (hub, _thread) = start();
    let mut watcher = Watcher::start(&hub, 5, async || announce(&hub, [6, 7]).await).await;
    announce(&hub, [8]).await;
    assert_eq!(watcher.activity_until(8).await, [8]);
    assert!(!hub.take_missed(), "there is no gap between the list and the next event");
}
