//! Stops that cannot be graceful, because the database does not answer. (`tests/socket/shutdown.rs`
//! has those that are, under load.)

use std::time::Duration;

use serde_json::json;

use super::postgres::behind_proxy;
use crate::support::{Database, Server};

/// Longer than any of these tests.
const NO_ANSWER: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_sigterm_ends_the_server_at_once() {
    // Far longer than the test waits: only the second signal ends the server.
    let patient =
        Server::with(Database::Postgres).env("CHATAPP_HTTP__SHUTDOWN_TIMEOUT_MS", "600000");
    let (_database, proxy, mut server) = behind_proxy(patient).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    proxy.delay(NO_ANSWER);
    socket.send(json!({ "type": "send", "content": "x", "client_id": "x" })).await;
    // The pong comes after the send has been queued.
    socket.send(json!({ "type": "ping" })).await;
    socket.recv_type("pong").await;
    server.signal("TERM");
    server.says("stopping").await;
    server.signal("TERM");
    assert_eq!(server.exited().await.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_does_not_answer_does_not_hold_up_the_stop() {
    let hasty = Server::with(Database::Postgres).env("CHATAPP_HTTP__SHUTDOWN_TIMEOUT_MS", "1000");
    let (_database, proxy, mut server) = behind_proxy(hasty).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    proxy.delay(NO_ANSWER);
    socket.send(json!({ "type": "send", "content": "x", "client_id": "x" })).await;
    // The pong comes after the send has been queued.
    socket.send(json!({ "type": "ping" })).await;
    socket.recv_type("pong").await;
    assert_eq!(server.sigterm().await.code(), Some(1));
    let log = server.log().join("\n");
    assert!(log.contains("the database did not answer in time"), "{log}");
}
