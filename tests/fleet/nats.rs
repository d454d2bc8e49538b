//! A doorbell by NATS instead of PostgreSQL.

use std::time::Instant;

use super::wait_for_active;
use crate::support::nats::Nats;
use crate::support::{DEADLINE, Database, Server, in_the_database};

/// A node that hears the doorbell reports a lag of a few milliseconds, and half a second otherwise.
const DEAF_MS: i64 = 500;

/// Waits until all nodes hear the doorbell, or until none does.
fn wait_until_heard(server: &Server, is_heard: bool) {
    let began = Instant::now();
    in_the_database(server, |backend| {
        let fleet = backend.fleet().expect("a shared database");
        loop {
            let nodes = fleet.list_nodes()?;
            if nodes.iter().all(|node| (node.last.lag_ms < DEAF_MS) == is_heard) {
                return Ok(());
            }
            assert!(began.elapsed() < 2 * DEADLINE, "heard: {is_heard}, {nodes:?}");
        }
    });
}

fn with_nats(nats: &Nats) -> crate::support::ServerBuilder {
    Server::with(Database::Postgres).env("CHATAPP_FLEET__DOORBELL", &nats.url())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_ring_by_nats_and_poll_while_it_is_down() {
    let mut nats = Nats::start();
    let here = with_nats(&nats).start().await;
    let there = here.start_another().await;
    let ann = here.admin("ann").await;
    let room = ann.creates_room("general").await;
    let bo = there.user("bo").await;
    let (mut ann_socket, mut bo_socket) = (ann.joins(room).await, bo.joins(room).await);
    wait_until_heard(&here, true);
    wait_for_active(&ann, room, 2).await;
    ann_socket.says(room, "by NATS", "1").await;
    assert_eq!(bo_socket.recv_type("message").await["content"], "by NATS");

    nats.stop();
    wait_until_heard(&here, false);
    for n in 2..5 {
        ann_socket.says(room, "by a poll", &n.to_string()).await;
        assert_eq!(bo_socket.recv_type("message").await["seq"], n);
    }
    // Who is in the room is found with the heartbeats.
    let cy = there.user("cy").await;
    let cy_socket = cy.joins(room).await;
    assert_eq!(ann_socket.recv_type("user_joined").await["user_id"], cy.user_id);

    nats.restart();
    wait_until_heard(&here, true);
    cy_socket.close().await;
    assert_eq!(ann_socket.recv_type("user_left").await["user_id"], cy.user_id);
    bo_socket.says(room, "back", "5").await;
    assert_eq!(ann_socket.recv_type("message").await["seq"], 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_while_nats_is_down() {
    let mut nats = Nats::start();
    nats.stop();
    let server = with_nats(&nats).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    assert_eq!(socket.says(room, "hello", "1").await["seq"], 1);
    nats.restart();
    wait_until_heard(&server, true);
}
