//! Several processes on one database: what one does reaches the sockets of the others within a
//! second, in order, once. On SQLite the other process is the command line's, or a server by mistake.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use support::{Client, Database, Server, Socket, on_both_databases};

mod support;

on_both_databases!(
    what_is_sent_on_one_node_arrives_on_the_other,
    what_both_nodes_send_arrives_everywhere_in_one_order,
    a_change_on_one_node_is_told_on_the_other,
    a_room_archived_on_one_node_takes_nothing_on_the_other,
    a_room_deleted_on_one_node_is_gone_on_the_other,
    a_long_absence_of_news_is_made_good,
    what_the_command_line_does_reaches_open_sockets,
);

/// A second, and what a loaded machine needs to notice: news that never comes, or only with the next
/// message of its own node, is far beyond it.
const SOON: Duration = Duration::from_secs(4);

/// Two servers on one database, a room, and its admin on each of them.
async fn two_nodes(database: Database) -> (Server, Server, Client, Client, i64) {
    let here = Server::start(database).await;
    let there = here.start_another().await;
    let ann = here.admin("ann").await;
    let room = ann.creates_room("general").await;
    let ann_there = there.anonymous().with_token(&ann.token);
    (here, there, ann, ann_there, room)
}

/// The next event of the log, passing over what is not of it.
async fn event(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.recv().await;
        if frame["seq"].is_i64() && frame["id"].is_i64() && frame["type"] != "ack" {
            return frame;
        }
    }
}

async fn what_is_sent_on_one_node_arrives_on_the_other(database: Database) {
    let (_here, there, ann, ann_there, room) = two_nodes(database).await;
    let quiet = ann.creates_room("quiet").await;
    let bo = there.user("bo").await;
    let mut reader = bo.joins(room).await;
    let mut elsewhere = ann_there.joins(quiet).await;
    let mut speaker = ann.joins(room).await;
    for n in 1..=5 {
        let started = Instant::now();
        speaker.says(room, &format!("message {n}"), &n.to_string()).await;
        let message = event(&mut reader).await;
        assert_eq!(
            (&message["seq"], &message["content"]),
            (&json!(n), &json!(format!("message {n}")))
        );
        assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    }
    elsewhere.send(json!({ "type": "ping" })).await;
    assert_eq!(elsewhere.recv().await["type"], "pong", "nothing happened in that room");
}

async fn what_both_nodes_send_arrives_everywhere_in_one_order(database: Database) {
    const EACH: usize = 60;
    let (_here, there, ann, ann_there, room) = two_nodes(database).await;
    let bo = there.user("bo").await;
    let mut readers = [ann.joins(room).await, ann_there.joins(room).await, bo.joins(room).await];
    let (mut one, mut two) = (ann.joins(room).await, bo.joins(room).await);
    let speak = async |socket: &mut Socket, name: &str| {
        for n in 0..EACH {
            socket.says(room, &format!("{name} {n}"), &format!("{name}{n}")).await;
        }
    };
    tokio::join!(speak(&mut one, "here"), speak(&mut two, "there"));
    let history = ann.history(room).await;
    assert_eq!(history.len(), 2 * EACH);
    for reader in &mut readers {
        for message in &history {
            let seen = event(reader).await;
            assert_eq!((&seen["seq"], &seen["id"]), (&message["seq"], &message["id"]));
        }
        reader.send(json!({ "type": "ping" })).await;
        assert_eq!(event_or_pong(reader).await["type"], "pong", "each comes once");
    }
}

async fn event_or_pong(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.recv().await;
        if frame["type"] == "pong" || frame["type"] == "message" {
            return frame;
        }
    }
}

async fn a_change_on_one_node_is_told_on_the_other(database: Database) {
    let (_here, _there, ann, ann_there, room) = two_nodes(database).await;
    let mut reader = ann_there.joins(room).await;
    let sent = ann.post(&format!("/rooms/{room}/messages"), json!({ "content": "tpyo" })).await;
    let sent = sent.expect(201);
    let path = format!("/rooms/{room}/messages/{}", sent["id"]);
    ann.patch(&path, json!({ "content": "typo" })).await.expect(200);
    ann.delete(&path).await.expect(204);
    ann.patch(&format!("/rooms/{room}"), json!({ "name": "lobby" })).await.expect(200);
    // All of it may come by one look into the log, which shows the message as it stands now.
    let seen = [event(&mut reader).await, event(&mut reader).await, event(&mut reader).await];
    let seen = seen.map(|event| (event["type"].clone(), event["seq"].clone()));
    let expected = ["message", "message_edited", "message_deleted"];
    assert_eq!(seen, [1, 2, 3].map(|seq| (json!(expected[seq - 1]), json!(seq))));
    // A new name is seen by the same look, or the next.
    let mut other = ann_there.joins(room).await;
    ann.patch(&format!("/rooms/{room}"), json!({ "description": "Talk" })).await.expect(200);
    let updated = other.recv_type("room_updated").await;
    let expected = json!({ "type": "room_updated", "room_id": room, "name": "lobby", "description": "Talk", "revision": 2 });
    assert_eq!(updated, expected);
}

async fn a_room_archived_on_one_node_takes_nothing_on_the_other(database: Database) {
    let (_here, _there, ann, ann_there, room) = two_nodes(database).await;
    let mut reader = ann_there.joins(room).await;
    ann.patch(&format!("/rooms/{room}"), json!({ "is_archived": true })).await.expect(200);
    // Before anybody has been told.
    let late = json!({ "content": "late" });
    let refused = ann_there.post(&format!("/rooms/{room}/messages"), late.clone()).await;
    refused.expect_problem(409, "room_archived");
    reader.send(json!({ "type": "send", "content": "late", "ref": "1" })).await;
    assert_eq!(reader.recv_type("error").await["code"], "room_archived");
    let mut reader = ann_there.joins(room).await;
    ann.patch(&format!("/rooms/{room}"), json!({ "is_archived": false })).await.expect(200);
    assert!(reader.recv_type("room_updated").await["archived_at"].is_null());
    ann_there.post(&format!("/rooms/{room}/messages"), late).await.expect(201);
}

async fn a_room_deleted_on_one_node_is_gone_on_the_other(database: Database) {
    let (_here, _there, ann, ann_there, room) = two_nodes(database).await;
    let mut own = ann_there.joins(room).await;
    let mut many = ann_there.opens(&format!("/ws?token={}", ann.token)).await;
    many.send(json!({ "type": "subscribe", "room_id": room })).await;
    many.recv_type("synced").await;
    let started = Instant::now();
    ann.delete(&format!("/rooms/{room}")).await.expect(204);
    assert_eq!(many.recv_type("room_deleted").await["room_id"], room);
    assert_eq!(own.expect_close().await, 4404);
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}

/// More than one look into the log brings, and more than the hub keeps in memory.
async fn a_long_absence_of_news_is_made_good(database: Database) {
    const MESSAGES: usize = 1_200;
    let (_here, _there, ann, ann_there, room) = two_nodes(database).await;
    let mut reader = ann_there.joins(room).await;
    let mut speaker = ann.joins(room).await;
    let text = "x".repeat(1_000);
    for n in 0..MESSAGES {
        speaker.send(json!({ "type": "send", "content": text, "ref": n.to_string() })).await;
        if n >= 50 {
            speaker.recv_type("ack").await;
        }
    }
    for seq in 1..=MESSAGES {
        assert_eq!(event(&mut reader).await["seq"], seq);
    }
}

async fn what_the_command_line_does_reaches_open_sockets(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    let ack = socket.says(room, "a secret", "1").await;
    let run = |arguments: &[&str]| {
        let done = server.command(arguments).output().expect("it runs");
        assert!(done.status.success(), "{arguments:?}: {done:?}");
    };

    run(&["messages", "delete", "general", &ack["id"].to_string(), "--yes"]);
    let deleted = event(&mut socket).await;
    assert_eq!(deleted["type"], "message_deleted");
    assert_eq!((&deleted["seq"], &deleted["message_id"]), (&json!(2), &ack["id"]));
    assert_eq!(deleted["username"], "ann");
    run(&["rooms", "rename", "general", "lobby"]);
    assert_eq!(socket.recv_type("room_updated").await["name"], "lobby");
    run(&["rooms", "archive", "lobby"]);
    assert!(socket.recv_type("room_updated").await["archived_at"].is_string());
    socket.send(json!({ "type": "send", "content": "late", "ref": "1" })).await;
    assert_eq!(socket.recv_type("error").await["code"], "room_archived");
    run(&["rooms", "delete", "lobby", "--yes"]);
    assert_eq!(socket.recv_type("room_deleted").await["room_id"], room);
    assert_eq!(socket.expect_close().await, 4404);
    ann.get(&format!("/rooms/{room}")).await.expect_problem(404, "room_not_found");
}
