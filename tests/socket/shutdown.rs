//! SIGTERM while clients send and receive: the close frame that every connection gets, and when.
//! (`tests/crash` stops servers repeatedly and compares the log with the acknowledgements.)

use std::collections::HashMap;

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::common::{open_many, path, room_on, subscribe};
use crate::raw::{Raw, handshake};
use crate::support::{Database, Server, ServerBuilder, Socket, on_both_databases};

on_both_databases!(
    a_stop_under_load_closes_every_socket_and_loses_no_acknowledged_message,
    a_handshake_that_completes_during_a_stop_is_closed_too,
    clients_that_read_nothing_do_not_delay_the_stop,
);

/// A server whose shutdown timeout is far longer than a test waits: a stop that needs the timeout fails.
fn with_long_shutdown_timeout(database: Database) -> ServerBuilder {
    Server::with(database).env("CHATAPP_HTTP__SHUTDOWN_TIMEOUT_MS", "600000")
}

const SENDERS: usize = 4;
const LISTENERS: usize = 10;
const ACKS: u64 = 400;

async fn a_stop_under_load_closes_every_socket_and_loses_no_acknowledged_message(
    database: Database,
) {
    let (mut server, ann, room) = room_on(with_long_shutdown_timeout(database)).await;
    let (progress, mut acked) = watch::channel(0_u64);
    let mut senders = JoinSet::new();
    for n in 0..SENDERS {
        let user = server.user(&format!("sender-{n}")).await;
        let socket = user.joins(room).await;
        senders.spawn(send_until_closed(socket, room, n, progress.clone()));
    }
    let mut listeners = JoinSet::new();
    for n in 0..LISTENERS {
        let mut socket = open_many(&ann).await;
        let frame = json!({ "type": "subscribe", "room_id": room, "since": 0 });
        // Some sockets are in no room.
        let missed = if n % 5 > 0 { subscribe(&mut socket, frame).await } else { Vec::new() };
        listeners.spawn(listen_until_closed(socket, missed));
    }
    drop(progress);
    acked.wait_for(|&count| count >= ACKS).await.expect("the senders run");
    let status = server.sigterm().await;
    assert!(status.success(), "{status}");

    let mut acknowledged = HashMap::new();
    for (code, acks) in senders.join_all().await {
        assert_eq!(code, Some(1001), "a sender");
        acknowledged.extend(acks);
    }
    assert!(acknowledged.len() as u64 >= ACKS);
    let mut received: Vec<Vec<Value>> = Vec::new();
    for (code, ids) in listeners.join_all().await {
        assert_eq!(code, Some(1001), "a listener");
        received.push(ids);
    }

    server.restart().await;
    let history = ann.history(room).await;
    let mut stored = HashMap::new();
    for message in &history {
        let client_id = message["client_id"].as_str().expect("client_id").to_owned();
        let twice = stored.insert(client_id, (message["id"].clone(), message["seq"].clone()));
        assert_eq!(twice, None, "{message} was stored twice");
    }
    for (client_id, place) in &acknowledged {
        assert_eq!(
            stored.get(client_id),
            Some(place),
            "{client_id} was acknowledged and is not stored"
        );
    }
    let ids: Vec<&Value> = history.iter().map(|message| &message["id"]).collect();
    for received in received.iter().filter(|received| !received.is_empty()) {
        assert!(
            received.iter().eq(ids.iter().take(received.len()).copied()),
            "a listener received messages in another order"
        );
    }
}

/// The head of the request begins before the stop and ends after all other clients were closed.
async fn a_handshake_that_completes_during_a_stop_is_closed_too(database: Database) {
    let (mut server, ann, room) = room_on(with_long_shutdown_timeout(database)).await;
    let mut early = ann.joins(room).await;
    let mut late = Vec::new();
    for path in [path(&ann, room, ""), format!("/ws?token={}", ann.token)] {
        let head = handshake(&path);
        let tcp = TcpStream::connect(server.address()).await.expect("connect");
        let mut raw = Raw::over(tcp, &ann);
        let (begin, rest) = head.split_at(head.len() - 10);
        raw.write(begin.as_bytes()).await;
        late.push((raw, rest.to_owned()));
    }
    // The answer shows that the server has read the bytes that were written before.
    ann.get("/rooms/").await.expect(200);
    let (status, ()) = tokio::join!(server.sigterm(), async {
        assert_eq!(early.expect_close().await, 1001);
        for (mut raw, rest) in late {
            raw.write(rest.as_bytes()).await;
            raw.reader.expect_upgrade().await;
            assert_eq!(raw.recv_close().await, 1001);
        }
    });
    assert!(status.success(), "{status}");
}

async fn clients_that_read_nothing_do_not_delay_the_stop(database: Database) {
    let (mut server, ann, room) = room_on(with_long_shutdown_timeout(database)).await;
    let mut speaker = ann.joins(room).await;
    let mut stalled = Vec::new();
    for _ in 0..3 {
        stalled.push(Raw::open_narrow(&server, &ann, &path(&ann, room, "")).await);
    }
    for n in 0..200 {
        speaker.says(room, &"x".repeat(4_000), &n.to_string()).await;
    }
    let (status, code) = tokio::join!(server.sigterm(), speaker.expect_close());
    assert_eq!(code, 1001);
    assert!(status.success(), "{status}");
    drop(stalled);
}

type Places = HashMap<String, (Value, Value)>;

/// Keeps some sends unacknowledged until the close; returns the close code and the places of
/// acknowledged messages.
async fn send_until_closed(
    mut socket: Socket,
    room: i64,
    name: usize,
    progress: watch::Sender<u64>,
) -> (Option<u16>, Places) {
    let mut places = Places::new();
    let mut made = 0;
    let mut under_way = 0;
    loop {
        while under_way < 16 {
            let client_id = format!("{name}-{made}");
            let send = json!({
                "type": "send", "room_id": room, "content": "x", "client_id": client_id,
                "ref": client_id,
            });
            // Fails if the server has closed the connection; the close is read below.
            let _ = socket.try_send_text(&send.to_string()).await;
            made += 1;
            under_way += 1;
        }
        match socket.try_recv().await {
            Ok(frame) if frame["type"] == "ack" => {
                let client_id = frame["ref"].as_str().expect("ref").to_owned();
                places.insert(client_id, (frame["id"].clone(), frame["seq"].clone()));
                under_way -= 1;
                progress.send_modify(|count| *count += 1);
            }
            Ok(frame) => assert_ne!(frame["type"], "error", "{frame}"),
            Err(closed) => return (closed.code, places),
        }
    }
}

/// Returns the close code and the ids of the received messages.
async fn listen_until_closed(
    mut socket: Socket,
    mut frames: Vec<Value>,
) -> (Option<u16>, Vec<Value>) {
    let code = loop {
        match socket.try_recv().await {
            Ok(frame) => frames.push(frame),
            Err(closed) => break closed.code,
        }
    };
    let messages = frames.iter().filter(|frame| frame["type"] == "message");
    (code, messages.map(|message| message["id"].clone()).collect())
}
