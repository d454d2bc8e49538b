//! PostgreSQL that goes away at the worst moment, is slow, is full, or is another one when it comes
//! back. (`tests/crash` has crashes and cut connections under load.)

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use postgres::{Client as Pg, NoTls};
use serde_json::{Value, json};

use crate::support::postgres::{PgCluster, PgDatabase, database, free_port};
use crate::support::proxy::{Cut, Proxy};
use crate::support::{Database, Server, ServerBuilder, Socket};

/// How long the test waits for a refusal or a recovery. Long, because a loaded machine must not fail a test.
const BOUND: Duration = Duration::from_secs(60);

async fn blocking<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(run).await.expect("it does not panic")
}

/// Connections that take up places. They are closed on a thread without an async runtime, which
/// the blocking client needs.
struct Others(Vec<Pg>);

impl Drop for Others {
    fn drop(&mut self) {
        let others = std::mem::take(&mut self.0);
        std::thread::spawn(move || drop(others)).join().expect("it does not panic");
    }
}

/// A server that reaches its database through a proxy.
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
async fn a_connection_cut_in_the_middle_of_a_commit_is_an_unknown_outcome_and_a_retry_finds_out() {
    let (_database, proxy, server) = behind_proxy(Server::with(Database::Postgres)).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    let mut listener = ann.joins(room).await;
    let path = format!("/rooms/{room}/messages");
    let mut heard = Vec::new();
    let mut seq = 0;
    for (n, cut) in [Cut::After, Cut::Before, Cut::After, Cut::Before].into_iter().enumerate() {
        let was_stored = cut == Cut::After;
        // With a client_id: the retry gives the one message, whatever became of the first attempt,
        // and everybody is told of it.
        let id = format!("cut-{n}");
        let send = json!({ "type": "send", "content": id, "client_id": id, "ref": id });
        proxy.cut(&id, cut);
        socket.send(send.clone()).await;
        let error = socket.recv_type("error").await;
        assert_eq!(error["code"], "outcome_unknown", "{error}");
        assert!(error["detail"].as_str().unwrap().contains("may have been"), "{error}");
        socket.send(send).await;
        let ack = socket.recv_type("ack").await;
        seq += 1;
        assert_eq!((&ack["seq"], &ack["duplicate"]), (&seq.into(), &was_stored.into()), "{ack}");
        hear(&mut listener, &mut heard, &id).await;

        // Without one: the sender is told that it does not know, and can look.
        let text = format!("bare-{n}");
        proxy.cut(&text, cut);
        let answer = ann.post(&path, json!({ "content": text })).await;
        answer.expect_problem(503, "outcome_unknown");
        let history = ann.history(room).await;
        assert_eq!(history.last().unwrap()["content"] == text, was_stored);
        seq += i64::from(was_stored);
    }
    // Nobody has missed anything in the end.
    socket.says(room, "last", "last").await;
    hear(&mut listener, &mut heard, "last").await;
    let history = ann.history(room).await;
    assert!(history.iter().zip(1..).all(|(message, seq)| message["seq"] == seq));
    assert_eq!(history.len() as i64, seq + 1);
    assert!(history.iter().map(|message| &message["content"]).eq(&heard), "{heard:?}");
}

/// Notes what comes, until it is this.
async fn hear(listener: &mut Socket, heard: &mut Vec<Value>, last: &str) {
    while heard.last().is_none_or(|content| content != last) {
        heard.push(listener.recv_type("message").await["content"].clone());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_database_delays_or_refuses_and_is_fast_again_when_it_is() {
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
async fn a_database_without_free_connections_refuses_for_a_while() {
    let cluster = blocking(|| {
        PgCluster::private_with(
            free_port(),
            "max_connections = 8\nsuperuser_reserved_connections = 0\nmax_wal_senders = 0",
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

    // Others take every place, as soon as the server's own connections have been ended.
    let url = cluster.admin_url.clone();
    let others = blocking(move || {
        let mut others = vec![Pg::connect(&url, NoTls).expect("a place is free")];
        let deadline = Instant::now() + BOUND;
        let theirs = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                      WHERE application_name = 'chatapp'";
        while others.len() < 8 && Instant::now() < deadline {
            others[0].query_one(theirs, &[]).expect("it may");
            while let Ok(other) = Pg::connect(&url, NoTls) {
                others.push(other);
            }
        }
        assert_eq!(others.len(), 8);
        Others(others)
    })
    .await;
    for _ in 0..2 {
        // The first may find the writer's connection dead, and cannot know since when.
        ann.post(&path, json!({ "content": "x" })).await.expect(503);
        ann.get(&path).await.expect_problem(503, "unavailable");
    }
    socket.send(json!({ "type": "ping" })).await;
    socket.recv_type("pong").await;
    drop(others);
    let started = Instant::now();
    while ann.post(&path, json!({ "content": "x", "client_id": "after" })).await.status >= 300 {
        assert!(started.elapsed() < BOUND, "the server has not healed");
    }
    drop(server);
    blocking(move || drop((database, cluster))).await;
}

/// A failover to a server without the log, or with another: no cursor of the first is taken for
/// one of the second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_database_at_the_same_address_ends_the_server_and_old_cursors() {
    let port = free_port();
    let make = move || {
        let cluster = PgCluster::private_with(port, "");
        let mut client = Pg::connect(&cluster.admin_url, NoTls).expect("it answers");
        client.batch_execute("CREATE DATABASE chat").expect("it may");
        cluster
    };
    let first = blocking(make).await;
    let url = format!("postgres://postgres@127.0.0.1:{port}/chat");
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

    // Whoever starts it again means the second one.
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
