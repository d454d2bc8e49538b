//! Stopping the server in a loop under load, on both databases: by kill -9, and by SIGTERM.
//!
//! What is promised (DESIGN: acknowledged is durable, one order for all, resume without gap or
//! duplicate, send once) is compared at the end: everything acknowledged and everything delivered
//! against the history, and each receiver's sequence against the numbers 1, 2, 3, ….
//! `CHATAPP_TEST_KILLS` sets the number of stops; CI makes do with a few.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use support::{Client, Database, Server, Socket, on_both_databases};

mod support;

on_both_databases!(
    nothing_acknowledged_or_delivered_is_lost_to_kill_9,
    nothing_acknowledged_or_delivered_is_lost_to_a_graceful_restart,
    a_graceful_stop_tells_sockets_to_come_back,
);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Kill9,
    Sigterm,
}

const ROOMS: usize = 3;
const SENDERS_PER_ROOM: usize = 2;
const READERS_PER_ROOM: usize = 2;
/// Sends a sender has under way at once: what a crash catches between commit and acknowledgement.
const WINDOW: usize = 16;
/// Acknowledged sends that a sender repeats after a crash, as if the acknowledgement had been lost.
const REPEATS: usize = 4;
/// Acknowledgements that a late reader stays away for, so that it has something to catch up with.
const ABSENCE: u64 = 60;
/// Acknowledgements between one stop and the next, so that each stop meets a server at work.
const ACKS_BETWEEN_STOPS: u64 = 150;
/// How often a client tries again while the server is down.
const RETRY_EVERY: Duration = Duration::from_millis(20);
/// Far more than a run needs. Without it a lost message would hang the test instead of failing it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A message as one client saw it: what must be the same for everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    seq: i64,
    id: i64,
    content: String,
}

/// What a sender was promised, by client_id.
type Acknowledged = HashMap<String, Acknowledgement>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Acknowledgement {
    seq: i64,
    id: i64,
}

async fn nothing_acknowledged_or_delivered_is_lost_to_kill_9(database: Database) {
    run(database, Stop::Kill9).await;
}

async fn nothing_acknowledged_or_delivered_is_lost_to_a_graceful_restart(database: Database) {
    run(database, Stop::Sigterm).await;
}

async fn a_graceful_stop_tells_sockets_to_come_back(database: Database) {
    let mut server = Server::start(database).await;
    let admin = server.admin("admin").await;
    let room = admin.creates_room("general").await;
    let mut sockets = [admin.joins(room).await, admin.joins(room).await];
    let (status, codes) = tokio::join!(server.sigterm(), async {
        let [first, second] = &mut sockets;
        [first.expect_close().await, second.expect_close().await]
    });
    assert_eq!(codes, [1001, 1001]);
    assert!(status.success(), "a graceful stop ended with {status}");
}

async fn run(database: Database, how: Stop) {
    let stops = std::env::var("CHATAPP_TEST_KILLS").map_or(5, |n| n.parse().expect("a number"));
    let mut server = Server::start(database).await;
    let admin = server.admin("admin").await;
    let users = [server.user("ann").await, server.user("bo").await];
    let mut rooms = Vec::new();
    for n in 0..ROOMS {
        rooms.push(admin.creates_room(&format!("room-{n}")).await);
    }
    // Reads the published schema while the server is certainly up.
    admin.joins(rooms[0]).await.close().await;

    let (stop, stopped) = watch::channel(false);
    let (progress, mut acked) = watch::channel(0_u64);
    let mut senders = JoinSet::new();
    for (room_index, &room_id) in rooms.iter().enumerate() {
        for n in 0..SENDERS_PER_ROOM {
            let sender = Sender {
                client: users[n % users.len()].clone(),
                room_id,
                name: format!("{room_index}-{n}"),
                stopped: stopped.clone(),
                progress: progress.clone(),
            };
            senders.spawn(async move { (room_id, sender.run().await) });
        }
    }
    let (heads, final_heads) = watch::channel(HashMap::new());
    let mut readers = JoinSet::new();
    for &room_id in &rooms {
        for n in 0..READERS_PER_ROOM {
            let reader = Reader {
                client: users[n % users.len()].clone(),
                room_id,
                absence: if n == 0 { 0 } else { ABSENCE },
                acked: acked.clone(),
                final_heads: final_heads.clone(),
            };
            readers.spawn(async move { (room_id, reader.run().await) });
        }
    }

    drop(progress);

    for round in 1..=stops {
        let goal = *acked.borrow_and_update() + ACKS_BETWEEN_STOPS;
        timeout(PATIENCE, acked.wait_for(|&count| count >= goal))
            .await
            .unwrap_or_else(|_| panic!("the senders stand still before stop {round}"))
            .expect("the senders run");
        match how {
            Stop::Kill9 => server.kill9(),
            Stop::Sigterm => {
                let status = server.sigterm().await;
                assert!(status.success(), "a graceful stop ended with {status}");
            }
        }
        server.restart().await;
    }

    stop.send_replace(true);
    let mut promised: HashMap<i64, Acknowledged> = HashMap::new();
    for (room_id, acknowledged) in timeout(PATIENCE, senders.join_all()).await.expect("senders end")
    {
        promised.entry(room_id).or_default().extend(acknowledged);
    }
    let mut histories = HashMap::new();
    for &room_id in &rooms {
        histories.insert(room_id, admin.history(room_id).await);
    }
    heads.send_replace(histories.iter().map(|(&room, all)| (room, all.len() as i64)).collect());
    let deliveries = timeout(PATIENCE, readers.join_all()).await.expect("the readers get it all");

    for (room_id, history) in &histories {
        check_acknowledged(&promised[room_id], history);
    }
    for (room_id, delivered) in deliveries {
        let history: Vec<Seen> = histories[&room_id].iter().map(seen).collect();
        assert!(delivered == history, "room {room_id}: a reader saw another order than history");
    }
}

/// Every acknowledgement names a message of the history, each client_id is there once, and the
/// history's numbers have no gap.
fn check_acknowledged(acknowledged: &Acknowledged, history: &[Value]) {
    let mut stored = HashMap::new();
    for (message, expected_seq) in history.iter().zip(1..) {
        let Seen { seq, id, .. } = seen(message);
        assert_eq!(seq, expected_seq, "a gap in the history at {message}");
        let client_id = message["client_id"].as_str().expect("client_id").to_owned();
        let earlier = stored.insert(client_id, (seq, id));
        assert!(earlier.is_none(), "stored twice: {message} and {earlier:?}");
    }
    for (client_id, Acknowledgement { seq, id }) in acknowledged {
        assert_eq!(stored.get(client_id), Some(&(*seq, *id)), "{client_id} was acknowledged");
    }
    assert_eq!(acknowledged.len(), stored.len(), "the senders waited for all of their sends");
}

/// Sends as fast as its window allows, and sends again what a crash left unanswered.
struct Sender {
    client: Client,
    room_id: i64,
    name: String,
    stopped: watch::Receiver<bool>,
    progress: watch::Sender<u64>,
}

impl Sender {
    async fn run(self) -> Acknowledged {
        let mut acknowledged = Acknowledged::new();
        let mut latest: VecDeque<String> = VecDeque::new();
        let mut under_way: VecDeque<String> = VecDeque::new();
        let mut made = 0;
        loop {
            let path = format!("/ws/{}?token={}", self.room_id, self.client.token);
            let mut socket = keep_opening(&self.client, &path).await;
            // In the order of the first time.
            under_way = latest.drain(..).chain(under_way).collect();
            let mut to_send: Vec<String> = under_way.iter().cloned().collect();
            // Until the connection breaks, or everything is answered after the stop.
            loop {
                while under_way.len() < WINDOW && !*self.stopped.borrow() {
                    made += 1;
                    let client_id = format!("{}-{made}", self.name);
                    under_way.push_back(client_id.clone());
                    to_send.push(client_id);
                }
                if under_way.is_empty() {
                    return acknowledged;
                }
                if self.send(&mut socket, &mut to_send).await.is_err() {
                    break;
                }
                let Ok(frame) = socket.try_recv().await else { break };
                match frame["type"].as_str() {
                    Some("ack") => {
                        let client_id = frame["ref"].as_str().expect("ref");
                        let ack = Acknowledgement {
                            seq: number(&frame, "seq"),
                            id: number(&frame, "id"),
                        };
                        if let Some(earlier) = acknowledged.get(client_id) {
                            assert_eq!(&ack, earlier, "{client_id} was stored again");
                            assert_eq!(frame["duplicate"], true, "{frame}");
                        }
                        acknowledged.insert(client_id.to_owned(), ack);
                        under_way.retain(|waiting| waiting != client_id);
                        latest.push_back(client_id.to_owned());
                        if latest.len() > REPEATS {
                            latest.pop_front();
                        }
                        self.progress.send_modify(|count| *count += 1);
                    }
                    Some("error") => panic!("a send was refused: {frame}"),
                    _ => {}
                }
            }
        }
    }

    async fn send(&self, socket: &mut Socket, to_send: &mut Vec<String>) -> Result<(), ()> {
        for client_id in to_send.drain(..) {
            let frame = json!({
                "type": "send", "room_id": self.room_id, "content": format!("this is {client_id}"),
                "client_id": client_id, "ref": client_id,
            });
            socket.try_send_text(&frame.to_string()).await.map_err(drop)?;
        }
        Ok(())
    }
}

/// Reads a room, resuming after each crash, until it has all of the final history.
struct Reader {
    client: Client,
    room_id: i64,
    /// How much happens before it comes back.
    absence: u64,
    acked: watch::Receiver<u64>,
    final_heads: watch::Receiver<HashMap<i64, i64>>,
}

impl Reader {
    async fn run(mut self) -> Vec<Seen> {
        let mut delivered: Vec<Seen> = Vec::new();
        let mut epoch = String::new();
        loop {
            let room_id = self.room_id;
            let mut path =
                format!("/ws/{room_id}?token={}&since={}", self.client.token, delivered.len());
            if !epoch.is_empty() {
                path.push_str(&format!("&epoch={epoch}"));
            }
            let mut socket = keep_opening(&self.client, &path).await;
            loop {
                let final_head = self.final_heads.borrow_and_update().get(&room_id).copied();
                if final_head == Some(delivered.len() as i64) {
                    return delivered;
                }
                let frame = tokio::select! {
                    received = socket.try_recv() => match received {
                        Ok(frame) => frame,
                        Err(_) => break,
                    },
                    changed = self.final_heads.changed() => {
                        changed.expect("the test runs");
                        continue;
                    }
                };
                match frame["type"].as_str() {
                    Some("message") => {
                        let message = seen(&frame);
                        assert_eq!(
                            message.seq,
                            delivered.len() as i64 + 1,
                            "room {room_id}: the next message has the wrong place: {frame}"
                        );
                        delivered.push(message);
                    }
                    Some("synced") => epoch = frame["epoch"].as_str().expect("epoch").to_owned(),
                    _ => {}
                }
            }
            drop(socket);
            let goal = *self.acked.borrow_and_update() + self.absence;
            // It fails when the senders have gone: then there is nothing more to wait for.
            let _ = self.acked.wait_for(|&count| count >= goal).await;
        }
    }
}

/// Opens a socket as a client does whose server may be down: again and again.
async fn keep_opening(client: &Client, path: &str) -> Socket {
    loop {
        match client.tries_to_open(path).await {
            Ok(socket) => return socket,
            Err(_) => tokio::time::sleep(RETRY_EVERY).await,
        }
    }
}

fn seen(message: &Value) -> Seen {
    Seen {
        seq: number(message, "seq"),
        id: number(message, "id"),
        content: message["content"].as_str().expect("content").to_owned(),
    }
}

fn number(value: &Value, field: &str) -> i64 {
    value[field].as_i64().unwrap_or_else(|| panic!("no number `{field}` in {value}"))
}
