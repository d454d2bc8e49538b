//! Helpers that the socket tests share: a server with a room, and functions that read frames.
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

/// The path of a room's socket, with this user's token; `more` is appended to the query.
pub fn path(client: &Client, room: i64, more: &str) -> String {
    format!("/ws/{room}?token={}{more}", client.token)
}

/// Opens a socket for many rooms that has joined no room yet.
pub async fn open_many(client: &Client) -> Socket {
    client.opens(&format!("/ws?token={}", client.token)).await
}

/// Joins a room on a socket for many rooms; returns the received frames up to and including `synced`.
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

/// Sends numbered messages, at most `WINDOW` of them unacknowledged, and waits for all acknowledgements.
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

/// Sends a ping and returns the frames that came before its answer: nothing else was sent until then.
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
    assert!(frames.is_empty(), "no frame was expected: {frames:?}");
}

/// The next `count` messages; other frames are skipped.
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

/// The `seq`s of the messages among these frames.
pub fn seqs(frames: &[Value]) -> Vec<i64> {
    frames.iter().filter(|frame| frame["type"] == "message").map(seq).collect()
}

pub fn types(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["type"].as_str().expect("type")).collect()
}

pub fn epoch(socket: &Socket) -> &str {
    socket.synced["epoch"].as_str().expect("epoch")
}
