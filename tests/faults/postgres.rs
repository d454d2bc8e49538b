//! PostgreSQL whose connection breaks during a commit, which is slow, which has no free connection, or which
//! is replaced by another server. (`tests/crash` has crashes and cut connections under load.)

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use postgres::{Client as Pg, NoTls};
use serde_json::{Value, json};

use crate::support::postgres::{PgCluster, PgDatabase, database, own_address};
use crate::support::proxy::{Cut, Proxy};
use crate::support::{Database, Server, ServerBuilder, Socket};

/// How long a test waits for a recovery. The time is long because a loaded machine must not fail a test.
const BOUND: Duration = Duration::from_secs(60);

async fn blocking<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(run).await.expect("it does not panic")
}

/// Connections that use up PostgreSQL's limit. They are closed on a thread without an async runtime, because
/// the blocking client panics on a runtime's thread.
struct Others(Vec<Pg>);

impl Drop for Others {
    fn drop(&mut self) {
        let others = std::mem::take(&mut self.0);
        std::thread::spawn(move || drop(others)).join().expect("it does not panic");
    }
}

/// Starts a server that reaches its database through a proxy.
pub async fn behind_proxy(server: ServerBuilder) -> (PgDatabase, Proxy, Server) {
    let database = blocking(database).await;
    let (start, rest) = database.url().split_once("@").expect("a user");
    let (address, name) = rest.split_once('/').expect("a database");
    let proxy = Proxy::to(address.parse::<SocketAddr>().expect("an address")).await;
    let url = format!("{start}@{}/{name}", proxy.address());
    let server = server.at(&url).start().await;
    (database, proxy, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_during_a_commit_is_outcome_unknown_and_a_retry_stores_the_message_once() {
    let (_database, proxy, server) = behind_proxy(Server::with(Database::Postgres)).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    let mut listener = ann.joins(room).await;
    let path = format!("/rooms/{room}/messages");
    let mut received = Vec::new();
    let mut seq = 0;
    for (n, cut) in [Cut::After, Cut::Before, Cut::After, Cut::Before].into_iter().enumerate() {
        let was_stored = cut == Cut::After;
        // With a client_id: after the retry the message is stored once and has been delivered, whether the
        // first attempt was stored or not.
        let id = format!("cut-{n}");
        let send = json!({ "type": "send", "content": id, "client_id": id, "ref": id });
        proxy.cut(&id, cut);
        socket.send(send.clone()).await;
        let error = socket.recv_type("error").await;
        assert_eq!(error["code"], "outcome_unknown", "{error}");
        assert!(
            error["detail"].as_str().unwrap().contains("check whether it was stored"),
            "{error}"
        );
        socket.send(send).await;
        let ack = socket.recv_type("ack").await;
        seq += 1;
        assert_eq!((&ack["seq"], &ack["duplicate"]), (&seq.into(), &was_stored.into()), "{ack}");
        receive_until(&mut listener, &mut received, &id).await;

        // Without a client_id: the sender gets `outcome_unknown`, and can look into the history.
        let text = format!("bare-{n}");
        proxy.cut(&text, cut);
        let answer = ann.post(&path, json!({ "content": text })).await;
        answer.expect_problem(503, "outcome_unknown");
        let history = ann.history(room).await;
        assert_eq!(history.last().unwrap()["content"] == text, was_stored);
        seq += i64::from(was_stored);
    }
    // In the end the listener has received every message.
    socket.says(room, "last", "last").await;
    receive_until(&mut listener, &mut received, "last").await;
    let history = ann.history(room).await;
    assert!(history.iter().zip(1..).all(|(message, seq)| message["seq"] == seq));
    assert_eq!(history.len() as i64, seq + 1);
    assert!(history.iter().map(|message| &message["content"]).eq(&received), "{received:?}");
}

/// Collects received messages until this one has come.
async fn receive_until(listener: &mut Socket, received: &mut Vec<Value>, last: &str) {
    while received.last().is_none_or(|content| content != last) {
        received.push(listener.recv_type("message").await["content"].clone());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_slow_database_requests_are_delayed_or_refused_until_the_database_is_fast_again() {
    let (_database, proxy, server) = behind_proxy(Server::with(Database::Postgres)).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    let path = format!("/rooms/{room}/messages");
    proxy.delay(Duration::from_millis(500));
    let (sent, read) = tokio::join!(
        ann.post(&path, json!({ "content": "slow", "client_id": "slow" })),
        ann.get(&path),
    );
    assert!([200, 201, 503].contains(&sent.status), "{}", sent.body);
    assert!([200, 503].contains(&read.status), "{}", read.body);
    ann.get("/health").await.expect(200);
    socket.send(json!({ "type": "ping" })).await;
    socket.recv_type("pong").await;
    proxy.delay(Duration::ZERO);
    let ack = socket.says(room, "fast", "fast").await;
    assert_eq!(ack["seq"], ann.history(room).await.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_free_connection_requests_get_unavailable_until_there_is_one() {
    let cluster = blocking(|| {
        PgCluster::private_with(
            own_address(),
            "max_connections = 10\nsuperuser_reserved_connections = 0\nmax_wal_senders = 0",
        )
    })
    .await;
    let (cluster, database) = blocking(move || {
        let database = cluster.database();
        (cluster, database)
    })
    .await;
    let server = Server::with(Database::Postgres).at(database.url()).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    socket.says(room, "before", "before").await;
    let path = format!("/rooms/{room}/messages");

    // Ends the server's connections, and opens others until PostgreSQL's limit is reached.
    let url = cluster.admin_url.clone();
    let others = blocking(move || {
        let mut others = vec![Pg::connect(&url, NoTls).expect("a connection is free")];
        let deadline = Instant::now() + BOUND;
        let theirs = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                      WHERE application_name LIKE 'chatapp%'";
        while others.len() < 10 && Instant::now() < deadline {
            others[0].query_one(theirs, &[]).expect("connections are ended");
            while let Ok(other) = Pg::connect(&url, NoTls) {
                others.push(other);
            }
        }
        assert_eq!(others.len(), 10);
        Others(others)
    })
    .await;
    for _ in 0..2 {
        // The code of the first error is not checked: the writer may notice its dead connection only now, and then
        // reports `outcome_unknown`.
        ann.post(&path, json!({ "content": "x" })).await.expect(503);
        ann.get(&path).await.expect_problem(503, "unavailable");
    }
    socket.send(json!({ "type": "ping" })).await;
    socket.recv_type("pong").await;
    drop(others);
    let started = Instant::now();
    while ann.post(&path, json!({ "content": "x", "client_id": "after" })).await.status >= 300 {
        assert!(started.elapsed() < BOUND, "the server has not recovered");
    }
    drop(server);
    blocking(move || drop((database, cluster))).await;
}

/// A failover to a server with another database. A cursor of the first database must not be accepted for the
/// second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_database_at_the_same_address_stops_the_server_and_old_cursors_are_refused() {
    let address = own_address();
    let make = move || {
        let cluster = PgCluster::private_with(address, "");
        let mut client = Pg::connect(&cluster.admin_url, NoTls).expect("it answers");
        client.batch_execute("CREATE DATABASE chat").expect("a database");
        cluster
    };
    let first = blocking(make).await;
    let url = format!("postgres://postgres@{address}/chat");
    let builder: ServerBuilder = Server::with(Database::Postgres).at(&url);
    let mut server = builder.start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    socket.says(room, "of the first", "1").await;
    let epoch = socket.synced["epoch"].as_str().expect("epoch").to_owned();

    let second = blocking(move || {
        first.stop();
        let second = make();
        drop(first);
        second
    })
    .await;
    assert_eq!(socket.expect_close().await, 1001);
    assert_eq!(server.exited().await.code(), Some(1));
    let log = server.log().join("\n");
    assert!(log.contains("error: the database at database.url is not the one"), "{log}");

    // An operator who starts the server again has chosen the second database.
    server.restart().await;
    let bo = server.admin("bo").await;
    let room = bo.creates_room("general").await;
    let path = format!("/ws/{room}?token={}&since=0&epoch={epoch}", bo.token);
    let mut socket = bo.opens(&path).await;
    assert_eq!(socket.recv_type("error").await["code"], "epoch_changed");
    assert_eq!(socket.expect_close().await, 4409);
    assert_eq!(bo.history(room).await.len(), 0);
    drop(server);
    blocking(move || drop(second)).await;
}
