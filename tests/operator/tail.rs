//! `chatapp tail`, beside a server that stores new events.

use serde_json::{Value, json};

use super::{Done, beside};
use crate::support::{Database, Program, Server, on_both_databases};

on_both_databases!(
    tail_shows_the_newest_events,
    tail_follows_a_room_without_a_gap_until_the_room_is_deleted,
    tail_shows_edits_deletions_and_changes_of_the_room,
);

async fn tail_shows_the_newest_events(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    root.creates_room("other").await;
    let room = root.creates_room("General").await;
    for n in 1..=15 {
        let text = json!({ "content": format!("number {n}\u{1b}[2J\nand more") });
        root.post(&format!("/rooms/{room}/messages"), text).await.expect(201);
    }
    for named in ["general", "#2", "2"] {
        let done = Done::of(beside(&server, &["tail", named])).await;
        let lines: Vec<&str> = done.stdout.lines().collect();
        assert_eq!((done.code, lines.len()), (0, 10), "{done:?}");
        let last = "    15 root: number 15\\u{1b}[2J\\nand more";
        assert!(lines[9].ends_with(last) && lines[0].contains("number 6"), "{done:?}");
        assert!(!done.stdout.contains('\u{1b}'), "an escape sequence reaches the terminal");
    }
    let done =
        Done::of(beside(&server, &["tail", "general", "--since", "13", "--output", "json"])).await;
    let events: Vec<Value> =
        done.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let page = root.get(&format!("/rooms/{room}/events?after=13")).await.expect(200);
    assert_eq!(json!(events), page["events"], "the JSON differs from the HTTP API's");
    let done = Done::of(beside(&server, &["tail", "general", "-n", "0"])).await;
    assert_eq!((done.code, done.stdout.as_str()), (0, ""));
    let done = Done::of(beside(&server, &["tail", "#7"])).await;
    assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{done:?}");
    assert!(done.stderr.contains("there is no room #7: `chatapp rooms list`"), "{done:?}");
    let done = Done::of(beside(&server, &["tail", "genral"])).await;
    assert!(done.stderr.contains("did you mean General?"), "{done:?}");
}

async fn tail_follows_a_room_without_a_gap_until_the_room_is_deleted(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let mut socket = root.joins(room).await;
    socket.says(room, "hello", "first").await;
    let arguments = ["tail", "general", "--follow", "--output", "json"];
    let mut tail = Program::start(beside(&server, &arguments));
    tail.says("hello").await;
    // While `tail` follows, more messages are sent than one page holds.
    let all = 1_200;
    let (mut sent, mut received) = (0, 1);
    while received < all {
        if sent < all - 1 {
            socket.say("x").await;
            sent += 1;
        }
        if sent - received >= 100 || sent == all - 1 {
            socket.recv_type("message").await;
            received += 1;
        }
    }
    tail.says(&format!("\"seq\":{all}")).await;
    let seqs: Vec<i64> = tail
        .lines()
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=all).collect::<Vec<_>>());

    root.delete(&format!("/rooms/{room}")).await.expect(204);
    tail.says("error: the room general was deleted").await;
    assert_eq!(tail.ended().await.code(), Some(1));
}

async fn tail_shows_edits_deletions_and_changes_of_the_room(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let path = format!("/rooms/{room}/messages");
    let mut tail = Program::start(beside(&server, &["tail", "general", "--follow"]));
    for text in ["to be edited", "to be deleted"] {
        root.post(&path, json!({ "content": text })).await.expect(201);
        tail.says(&format!(" root: {text}")).await;
    }
    let page = root.get(&path).await.expect(200);
    let id = |n: usize| page["messages"][n]["id"].as_i64().unwrap();
    let edit = json!({ "content": "\u{1b}edited" });
    root.patch(&format!("{path}/{}", id(0)), edit).await.expect(200);
    tail.says("    3 root: (edits 1) \\u{1b}edited").await;
    root.delete(&format!("{path}/{}", id(1))).await.expect(204);
    tail.says("    4 root: (deletes 2)").await;
    root.patch(&format!("/rooms/{room}"), json!({ "name": "lobby" })).await.expect(200);
    tail.says("    5 root: (renamed the room to lobby)").await;
    tail.says("general is now called lobby").await;
    let change = json!({ "description": "Talk", "posting": "moderators" });
    root.patch(&format!("/rooms/{room}"), change).await.expect(200);
    tail.says("    6 root: (described the room as “Talk”, allowed only moderators to send)").await;

    let done = Done::of(beside(&server, &["tail", "lobby"])).await;
    assert!(done.stdout.contains("    1 root: \\u{1b}edited (edited)"), "{done:?}");
    assert!(done.stdout.contains("    2 root: (deleted)"), "{done:?}");
    assert!(!done.stdout.contains("to be"), "{done:?}");
}
