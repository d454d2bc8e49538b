//! Stops the server again and again under load, on both databases, by kill -9 and by SIGTERM. On PostgreSQL,
//! other tests crash the database or cut its connections.
//!
//! The promises are: an acknowledged change is durable, all receivers see the same order, a client resumes
//! without a gap or a duplicate, and a retried send is stored once. At the end the tests compare every
//! acknowledged message, edit and deletion, and everything that was delivered, with the log and the history.
//! Every receiver must have received the seqs 1, 2, 3, ….
//!
//! `CHATAPP_TEST_LONG=1` makes 100 stops instead of a few.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::postgres::PgCluster;
use crate::support::{Client, Database, Server, Socket, on_both_databases};
use readers::Reader;
use room::{Entry, Room};
use senders::{Poster, Sender};
use trouble::Trouble;

mod readers;
mod room;
mod senders;
mod trouble;

on_both_databases!(
    nothing_acknowledged_or_delivered_is_lost_to_kill_9,
    nothing_acknowledged_or_delivered_is_lost_to_a_graceful_restart,
    a_graceful_stop_closes_sockets_with_1001,
);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Kill9,
    Sigterm,
    /// PostgreSQL stops as in a crash and is started again.
    CrashPostgres,
    /// PostgreSQL ends every connection of the server.
    CutConnections,
    /// There are three nodes on one database. A node is killed or frozen, or doorbells or all connections are cut.
    TroubleNodes,
}

const NODES: usize = 3;
const ROOMS: usize = 3;
const SENDERS_PER_ROOM: usize = 2;
const READERS_PER_ROOM: usize = 2;
/// Unacknowledged sends per sender, so that a crash hits some between commit and acknowledgement.
const WINDOW: usize = 16;
/// Acknowledged sends that a sender repeats after a crash, as if the acknowledgement had been lost.
const REPEATS: usize = 4;
/// A late reader stays away for this many acknowledgements, so that it has messages to catch up with.
const ABSENCE: u64 = 60;
/// Acknowledgements between two stops, so that the server is working at each stop.
const ACKS_BETWEEN_STOPS: u64 = 150;
/// The pause between two attempts of a client while the server is down.
const RETRY_EVERY: Duration = Duration::from_millis(20);
/// The deadline, far longer than a run needs. Without it a lost message would block the test instead of
/// failing it.
const PATIENCE: Duration = Duration::from_secs(120);

/// The changes that were acknowledged to a sender.
#[derive(Default)]
struct Acknowledged {
    /// The key is the client_id.
    sends: HashMap<String, Acknowledgement>,
    changes: Vec<Change>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Acknowledgement {
    seq: i64,
    id: i64,
}

/// An edit, or a deletion if `content` is `None`.
#[derive(Debug)]
struct Change {
    message_id: i64,
    content: Option<String>,
}

async fn nothing_acknowledged_or_delivered_is_lost_to_kill_9(database: Database) {
    run(database, Stop::Kill9).await;
}

async fn nothing_acknowledged_or_delivered_is_lost_to_a_graceful_restart(database: Database) {
    run(database, Stop::Sigterm).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_or_delivered_is_lost_when_postgres_crashes() {
    run(Database::Postgres, Stop::CrashPostgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_or_delivered_is_lost_when_postgres_cuts_connections() {
    run(Database::Postgres, Stop::CutConnections).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_or_delivered_is_lost_by_three_nodes_in_trouble() {
    run(Database::Postgres, Stop::TroubleNodes).await;
}

async fn a_graceful_stop_closes_sockets_with_1001(database: Database) {
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
    let rounds = match how {
        Stop::Kill9 | Stop::TroubleNodes => rounds(8),
        Stop::Sigterm | Stop::CrashPostgres | Stop::CutConnections => rounds(5),
    };
    let cluster = (how == Stop::CrashPostgres).then(|| Arc::new(PgCluster::private()));
    let own = cluster.as_ref().map(|cluster| cluster.database());
    let server = match &own {
        Some(own) => Server::with(database).at(own.url()).start().await,
        None => Server::start(database).await,
    };
    let mut nodes = vec![server];
    while how == Stop::TroubleNodes && nodes.len() < NODES {
        let another = nodes[0].start_another().await;
        nodes.push(another);
    }
    let (mut trouble, mut left) = (Trouble::new(), rounds);
    under_load(&mut nodes, rounds, async |nodes| match how {
        Stop::Kill9 => {
            nodes[0].kill9();
            nodes[0].restart().await;
        }
        Stop::TroubleNodes => {
            trouble.make(nodes).await;
            left -= 1;
            if left == 0 {
                trouble.end(nodes);
            }
        }
        Stop::Sigterm => {
            let status = nodes[0].sigterm().await;
            assert!(status.success(), "a graceful stop ended with {status}");
            nodes[0].restart().await;
        }
        Stop::CrashPostgres => {
            let cluster = cluster.clone().expect("a private cluster");
            let restart = move || {
                cluster.crash();
                cluster.start();
            };
            tokio::task::spawn_blocking(restart).await.expect("PostgreSQL comes back");
        }
        Stop::CutConnections => {
            let url = nodes[0].database_url().to_owned();
            let cut = move || cut_connections(&url, "chatapp");
            let count = tokio::task::spawn_blocking(cut).await.expect("PostgreSQL answers");
            assert!(count > 0, "the server had no connection");
        }
    })
    .await;
}

/// Returns `short`, or 100 if `CHATAPP_TEST_LONG` is 1.
pub fn rounds(short: usize) -> usize {
    if std::env::var_os("CHATAPP_TEST_LONG").is_some_and(|set| set == "1") { 100 } else { short }
}

/// Runs `stop` this many times while clients of all nodes send, edit, delete and read. Then compares what was
/// acknowledged and delivered with the log and the history.
pub async fn under_load(
    nodes: &mut [Server],
    rounds: usize,
    mut stop: impl AsyncFnMut(&mut [Server]),
) {
    let server = &nodes[0];
    let admin = server.admin("admin").await;
    let users = [server.user("ann").await, server.user("bo").await];
    let mut rooms = Vec::new();
    for n in 0..ROOMS {
        rooms.push(admin.creates_room(&format!("room-{n}")).await);
    }
    // The harness reads the published schema with the first frame. The server must be up at that moment.
    let mut by_node = Vec::new();
    for node in &*nodes {
        let on_node = |client: &Client| node.anonymous().with_token(&client.token);
        on_node(&admin).joins(rooms[0]).await.close().await;
        by_node.push(users.each_ref().map(on_node));
    }
    let user = |n: usize| by_node[n % by_node.len()][n % users.len()].clone();

    let (end, stopped) = watch::channel(false);
    let (progress, mut acked) = watch::channel(0_u64);
    let (joins, mut joined) = watch::channel(0_usize);
    let mut senders = JoinSet::new();
    for (room_index, &room_id) in rooms.iter().enumerate() {
        for n in 0..SENDERS_PER_ROOM {
            let sender = Sender {
                client: user(room_index + n),
                room_id,
                name: format!("{room_index}-{n}"),
                stopped: stopped.clone(),
                progress: progress.clone(),
                joins: joins.clone(),
            };
            senders.spawn(async move { (room_id, sender.run().await) });
        }
        let poster = Poster {
            // An edit is its author's, on any node.
            client: by_node[room_index % by_node.len()][0].clone(),
            room_id,
            name: format!("{room_index}-http"),
            stopped: stopped.clone(),
            progress: progress.clone(),
        };
        senders.spawn(async move { (room_id, poster.run().await) });
    }
    let (heads, final_heads) = watch::channel(HashMap::new());
    let mut readers = JoinSet::new();
    for &room_id in &rooms {
        for n in 0..READERS_PER_ROOM * nodes.len() {
            let reader = Reader {
                client: user(n),
                room_id,
                absence: if n % 2 == 0 { 0 } else { ABSENCE },
                acked: acked.clone(),
                final_heads: final_heads.clone(),
                joins: joins.clone(),
            };
            readers.spawn(async move { (room_id, reader.run().await) });
        }
    }

    drop(progress);

    // No socket is still being opened at the first stop.
    let sockets = rooms.len() * (SENDERS_PER_ROOM + READERS_PER_ROOM * nodes.len());
    timeout(PATIENCE, joined.wait_for(|&count| count >= sockets))
        .await
        .expect("every socket joins its room")
        .expect("the test keeps a sender");
    for round in 1..=rounds {
        let goal = *acked.borrow_and_update() + ACKS_BETWEEN_STOPS;
        timeout(PATIENCE, acked.wait_for(|&count| count >= goal))
            .await
            .unwrap_or_else(|_| panic!("nothing is acknowledged before stop {round}"))
            .expect("the senders run");
        stop(&mut *nodes).await;
    }

    end.send_replace(true);
    let mut promised: HashMap<i64, Acknowledged> = HashMap::new();
    for (room_id, acknowledged) in timeout(PATIENCE, senders.join_all()).await.expect("senders end")
    {
        let promised = promised.entry(room_id).or_default();
        promised.sends.extend(acknowledged.sends);
        promised.changes.extend(acknowledged.changes);
    }
    // PostgreSQL may have been restarted just now.
    let ready = async {
        while admin.get("/ready").await.status != 200 {
            tokio::time::sleep(RETRY_EVERY).await;
        }
    };
    timeout(PATIENCE, ready).await.expect("the server becomes ready");
    let mut results = HashMap::new();
    for &room_id in &rooms {
        results.insert(room_id, Room::after(&admin.log(room_id).await));
    }
    heads.send_replace(results.iter().map(|(&id, room)| (id, room.log.len() as i64)).collect());
    let deliveries = timeout(PATIENCE, readers.join_all()).await.expect("readers reach the head");

    for (&room_id, room) in &results {
        check_log(room);
        let history = admin.history(room_id).await;
        assert!(room.messages.values().eq(&history), "room {room_id}: log and history differ");
        check_sends(&promised[&room_id].sends, &history);
        check_changes(&promised[&room_id].changes, room);
    }
    for (room_id, delivered) in deliveries {
        let room = &results[&room_id];
        assert!(delivered.log == room.log, "room {room_id}: a reader's events differ from the log");
        assert!(
            delivered.messages == room.messages,
            "room {room_id}: a reader's messages differ from the history"
        );
    }
}

fn check_log(room: &Room) {
    for (entry, expected_seq) in room.log.iter().zip(1..) {
        assert_eq!(entry.seq, expected_seq, "a gap in the log at {entry:?}");
    }
}

/// Checks that every acknowledged message is in the history, and that no client_id was stored twice.
fn check_sends(acknowledged: &HashMap<String, Acknowledgement>, history: &[Value]) {
    let mut stored = HashMap::new();
    for message in history {
        let (seq, id) = (number(message, "seq"), number(message, "id"));
        let client_id = message["client_id"].as_str().expect("client_id").to_owned();
        let earlier = stored.insert(client_id, (seq, id));
        assert!(earlier.is_none(), "stored twice: {message} and {earlier:?}");
    }
    for (client_id, Acknowledgement { seq, id }) in acknowledged {
        assert_eq!(stored.get(client_id), Some(&(*seq, *id)), "{client_id} was acknowledged");
    }
    assert_eq!(acknowledged.len(), stored.len(), "a message is stored without an acknowledgement");
}

/// Checks that every acknowledged change is in the log once, in the order in which its author made it, and that
/// each message is in the state after its last change.
fn check_changes(acknowledged: &[Change], room: &Room) {
    let (mut promised, mut stored) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
    for Change { message_id, content } in acknowledged {
        let kind = if content.is_some() { "message_edited" } else { "message_deleted" };
        promised.entry(*message_id).or_default().push(kind);
    }
    for Entry { kind, message_id, .. } in &room.log {
        if kind != "message" {
            stored.entry(*message_id).or_default().push(kind.as_str());
        }
    }
    assert_eq!(promised, stored, "acknowledged changes differ from the changes in the log");
    let last: HashMap<_, _> =
        acknowledged.iter().map(|change| (change.message_id, &change.content)).collect();
    for (id, content) in last {
        let message = &room.messages[&id];
        assert_eq!(message["content"], content.as_deref().unwrap_or_default(), "{message}");
        assert_eq!(message["deleted_at"].is_string(), content.is_none(), "{message}");
    }
    assert!(!stored.is_empty(), "nothing was edited or deleted");
}

/// Ends the connections of this name and returns their number.
fn cut_connections(url: &str, name: &str) -> i64 {
    let mut client = ::postgres::Client::connect(url, ::postgres::NoTls).expect("it answers");
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = $1";
    client.query_one(sql, &[&name]).expect("connections are ended").get(0)
}

/// Opens a socket, and tries again as long as the server is down.
async fn keep_opening(client: &Client, path: &str) -> Socket {
    loop {
        match client.tries_to_open(path).await {
            Ok(socket) => return socket,
            Err(_) => tokio::time::sleep(RETRY_EVERY).await,
        }
    }
}

fn number(value: &Value, field: &str) -> i64 {
    value[field].as_i64().unwrap_or_else(|| panic!("no number `{field}` in {value}"))
}
