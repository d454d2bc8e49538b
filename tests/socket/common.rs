//! What the areas share: a server with a room, and small readings of frames.
#![allow(dead_code, reason = "each test file is a crate that uses its own part")]

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::support::{Client, Database, Server, ServerBuilder, Socket};

/// A server, its admin, and a room.
pub async fn server_with_room(database: Database) -> (Server, Client, i64) {
    room_on(Server::with(database)).await
}

pub async fn room_on(server: ServerBuilder) -> (Server, Client, i64) {
    let server = server.start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    (server, ann, room)
}

/// The path of a room's socket, with this user's token and more of a query.
pub fn path(client: &Client, room: i64, more: &str) -> String {
    format!("/ws/{room}?token={}{more}", client.token)
}

/// A socket for many rooms, in none so far.
pub async fn open_many(client: &Client) -> Socket {
    client.opens(&format!("/ws?token={}", client.token)).await
}

/// Joins a room on a socket for many; gives what came up to `synced`, which is the last.
pub async fn subscribe(socket: &mut Socket, frame: Value) -> Vec<Value> {
    socket.send(frame).await;
    let mut frames = Vec::new();
    loop {
        let frame = socket.recv().await;
        assert_ne!(frame["type"], "error", "{frame}");
        let is_last = frame["type"] == "synced";
        frames.push(frame);
        if is_last {
            return frames;
        }
    }
}

/// Sends numbered messages, a few under way at a time, and waits until all are acknowledged.
pub async fn say_many(
    socket: &mut Socket,
    room: i64,
    numbers: RangeInclusive<i64>,
    content: impl Fn(i64) -> String,
) {
    const WINDOW: usize = 50;
    let mut under_way = 0;
    for n in numbers {
        let send = json!({
            "type": "send", "room_id": room, "content": content(n), "ref": n.to_string(),
        });
        socket.send(send).await;
        under_way += 1;
        if under_way == WINDOW {
            socket.recv_type("ack").await;
            under_way -= 1;
        }
    }
    for _ in 0..under_way {
        socket.recv_type("ack").await;
    }
}

/// Everything that came before the answer to a ping: proof that nothing else was sent.
pub async fn frames_until_pong(socket: &mut Socket) -> Vec<Value> {
    socket.send(json!({ "type": "ping", "ref": "until here" })).await;
    let mut frames = Vec::new();
    loop {
        let frame = socket.recv().await;
        if frame["type"] == "pong" {
            assert_eq!(frame["ref"], "until here");
            return frames;
        }
        frames.push(frame);
    }
}

/// Fails if anything was sent to the socket that the test has not read.
pub async fn nothing_more(socket: &mut Socket) {
    let frames = frames_until_pong(socket).await;
    assert!(frames.is_empty(), "nothing should have come: {frames:?}");
}

/// The next so many messages, passing over other frames.
pub async fn messages(socket: &mut Socket, count: usize) -> Vec<Value> {
    let mut messages = Vec::with_capacity(count);
    while messages.len() < count {
        messages.push(socket.recv_type("message").await);
    }
    messages
}

pub fn seq(frame: &Value) -> i64 {
    frame["seq"].as_i64().unwrap_or_else(|| panic!("no seq in {frame}"))
}

/// The positions of the messages among these frames.
pub fn seqs(frames: &[Value]) -> Vec<i64> {
    frames.iter().filter(|frame| frame["type"] == "message").map(seq).collect()
}

pub fn types(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["type"].as_str().expect("type")).collect()
}

pub fn epoch(socket: &Socket) -> &str {
    socket.synced["epoch"].as_str().expect("epoch")
}
