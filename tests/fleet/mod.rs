//! Several servers on one PostgreSQL behave as one.

mod limits;
mod nats;
mod nodes;
mod own;
mod presence;
mod standings;

use std::time::Instant;

use crate::support::{Client, DEADLINE, Database, Server, Socket};

/// Servers on one new database.
async fn start(count: usize) -> Vec<Server> {
    let mut nodes = vec![Server::start(Database::Postgres).await];
    while nodes.len() < count {
        let another = nodes[0].start_another().await;
        nodes.push(another);
    }
    nodes
}

/// The kind and the user of each presence frame up to the first about the user `last`. What comes before `last`
/// is everything that happened before, so a test sees also what it must not receive.
async fn presence_until(socket: &mut Socket, last: &Client) -> Vec<(String, i64)> {
    let mut seen = Vec::new();
    loop {
        let frame = socket.recv().await;
        let kind = frame["type"].as_str().expect("a type");
        if matches!(kind, "user_joined" | "user_left") {
            let user = frame["user_id"].as_i64().expect("a user");
            if user == last.user_id {
                return seen;
            }
            seen.push((kind.to_owned(), user));
        }
    }
}

/// Waits until the room has this number of active users, over HTTP.
async fn wait_for_active(client: &Client, room: i64, count: usize) {
    let began = Instant::now();
    loop {
        let seen = client.get(&format!("/rooms/{room}")).await.expect(200)["active_users"].clone();
        if seen == count {
            return;
        }
        assert!(began.elapsed() < DEADLINE, "{seen} instead of {count} active users");
    }
}
