//! Stops that cannot be graceful, because the database does not answer. (Graceful stops are in
//! `tests/socket/shutdown.rs`.)

use serde_json::json;

use super::postgres::behind_proxy;
use crate::support::proxy::Proxy;
use crate::support::{Database, Server, Socket};

/// Sends a message whose write the database does not answer, and waits until the server has begun to write it.
async fn sends_without_answer(proxy: &Proxy, socket: &mut Socket) {
    proxy.falls_silent_at("last words");
    socket.send(json!({ "type": "send", "content": "last words", "client_id": "x" })).await;
    proxy.delays_an_answer().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_sigterm_stops_the_server_at_once() {
    // Far longer than the test waits: only the second signal ends the server.
    let patient =
        Server::with(Database::Postgres).env("CHATAPP_HTTP__SHUTDOWN_TIMEOUT_MS", "600000");
    let (_database, proxy, mut server) = behind_proxy(patient).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    sends_without_answer(&proxy, &mut socket).await;
    server.signal("TERM");
    server.says("stopping").await;
    server.signal("TERM");
    assert_eq!(server.exited().await.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_stops_in_time_if_the_database_does_not_answer() {
    let hasty = Server::with(Database::Postgres).env("CHATAPP_HTTP__SHUTDOWN_TIMEOUT_MS", "1000");
    let (_database, proxy, mut server) = behind_proxy(hasty).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    sends_without_answer(&proxy, &mut socket).await;
    assert_eq!(server.sigterm().await.code(), Some(1));
    let log = server.log().join("\n");
    assert!(log.contains("the database did not answer in time"), "{log}");
}
