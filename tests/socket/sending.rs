//! Sending messages: both forms of the frame, each message stored once, in one order for all clients.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use crate::common::{
    frames_until_pong, messages, nothing_more, path, seq, seqs, server_with_room, types,
};
use crate::raw::{Raw, TEXT, frame, text};
use crate::support::{Database, on_both_databases};

on_both_databases!(
    the_plain_form_is_delivered_to_everybody_and_not_acknowledged,
    the_full_form_is_acknowledged,
    one_client_id_sent_concurrently_is_stored_once,
    every_client_receives_messages_in_the_order_of_history,
    a_client_that_does_not_wait_for_answers_gets_them_in_order,
    duplicate_fields_and_invisible_content_are_refused,
);

async fn the_plain_form_is_delivered_to_everybody_and_not_acknowledged(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let mut others = bo.joins(room).await;
    let mut own = ann.joins(room).await;
    others.recv_type("user_joined").await;

    own.say("Hello, everyone! 👋").await;
    let message = own.recv().await;
    let history = ann.history(room).await;
    let fields = json!({
        "type": "message", "id": history[0]["id"], "content": "Hello, everyone! 👋",
        "username": "ann", "user_id": ann.user_id, "timestamp": history[0]["timestamp"],
        "room_id": room, "seq": 1,
    });
    assert_eq!(message, fields);
    assert_eq!(others.recv().await, fields);
    nothing_more(&mut own).await;
    nothing_more(&mut others).await;
}

async fn the_full_form_is_acknowledged(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let mut others = server.user("bo").await.joins(room).await;
    let mut own = ann.joins(room).await;
    others.recv_type("user_joined").await;

    let full = json!({
        "type": "send", "room_id": room, "content": "full", "client_id": "c-1", "ref": "7",
    });
    let typed = json!({ "type": "send", "content": "typed" });
    let with_ref = json!({ "content": "with a ref", "ref": "8" });
    let with_client_id = json!({ "content": "with a client_id", "client_id": "c-2" });
    for (n, send) in [full, typed, with_ref, with_client_id].into_iter().enumerate() {
        own.send(send.clone()).await;
        // They come in either order.
        let mut answers = [own.recv().await, own.recv().await];
        answers.sort_by_key(|frame| frame["type"].to_string());
        assert_eq!(types(&answers), ["ack", "message"], "{send}");
        let [ack, message] = &answers;
        let mut expected = json!({
            "type": "ack", "room_id": room, "id": message["id"], "seq": n + 1, "duplicate": false,
        });
        for field in ["ref", "client_id"] {
            if send[field].is_string() {
                expected[field] = send[field].clone();
            }
        }
        assert_eq!(ack, &expected, "{send}");
        assert_eq!((&message["seq"], &message["content"]), (&json!(n + 1), &send["content"]));
        assert_eq!(message["client_id"], send["client_id"], "{message}");
        assert_eq!(
            &others.recv().await,
            message,
            "the other clients receive the same message and no ack"
        );
    }
    nothing_more(&mut own).await;
    nothing_more(&mut others).await;
}

async fn one_client_id_sent_concurrently_is_stored_once(database: Database) {
    const EACH: usize = 4;
    let (_server, ann, room) = server_with_room(database).await;
    let mut watcher = ann.joins(room).await;
    for round in 0..3 {
        let client_id = format!("order-{round}");
        let mut sends = JoinSet::new();
        for n in 0..EACH {
            let (ann, client_id) = (ann.clone(), client_id.clone());
            let content = format!("over a socket, {n}");
            let mut socket = ann.joins(room).await;
            sends.spawn(async move {
                socket.send(json!({ "content": content, "client_id": client_id })).await;
                let ack = socket.recv_type("ack").await;
                (ack["id"].clone(), !ack["duplicate"].as_bool().expect("duplicate"))
            });
        }
        for n in 0..EACH {
            let (ann, client_id) = (ann.clone(), client_id.clone());
            sends.spawn(async move {
                let body = json!({ "content": format!("over HTTP, {n}"), "client_id": client_id });
                let answer = ann.post(&format!("/rooms/{room}/messages"), body).await;
                assert!(matches!(answer.status, 200 | 201), "{answer:?}");
                (answer.body["id"].clone(), answer.status == 201)
            });
        }
        let answers = sends.join_all().await;
        let firsts = answers.iter().filter(|(_, is_first)| *is_first).count();
        assert_eq!(firsts, 1, "exactly one send stored the message: {answers:?}");
        assert!(answers.iter().all(|(id, _)| id == &answers[0].0), "one message: {answers:?}");
        let message = watcher.recv().await;
        assert_eq!((&message["id"], &message["client_id"]), (&answers[0].0, &json!(client_id)));
        nothing_more(&mut watcher).await;
    }
    assert_eq!(ann.history(room).await.len(), 3);
}

async fn every_client_receives_messages_in_the_order_of_history(database: Database) {
    const SENDERS: usize = 4;
    const EACH: usize = 60;
    let (server, ann, room) = server_with_room(database).await;
    let mut watcher = ann.joins(room).await;
    let mut sockets = Vec::new();
    for n in 0..SENDERS {
        sockets.push(server.user(&format!("sender-{n}")).await.joins(room).await);
    }
    let mut senders = JoinSet::new();
    for (n, mut socket) in sockets.into_iter().enumerate() {
        senders.spawn(async move {
            for i in 0..EACH {
                socket.say(&format!("{n}:{i}")).await;
            }
            messages(&mut socket, SENDERS * EACH).await
        });
    }
    let seen = messages(&mut watcher, SENDERS * EACH).await;
    assert_eq!(seqs(&seen), (1..=(SENDERS * EACH) as i64).collect::<Vec<_>>());
    for received in senders.join_all().await {
        assert!(received == seen, "a sender received another order");
    }
    let mut history = ann.history(room).await;
    for message in &mut history {
        message["type"] = json!("message");
    }
    assert!(history == seen, "history has another order");
    for n in 0..SENDERS {
        let prefix = format!("{n}:");
        let own = seen.iter().filter_map(|it| it["content"].as_str()?.strip_prefix(&prefix));
        assert!(
            own.eq((0..EACH).map(|i| i.to_string())),
            "the messages of sender {n} were reordered"
        );
    }
}

/// Sends far more messages than the server processes at once for one connection.
async fn a_client_that_does_not_wait_for_answers_gets_them_in_order(database: Database) {
    const SENDS: usize = 5_000;
    let (server, ann, room) = server_with_room(database).await;
    let mut raw = Raw::open(&server, &ann, &path(&ann, room, "")).await;
    let send = |n: usize| text(&json!({ "content": format!("m{n}"), "ref": n.to_string() }));
    let all = (0..SENDS).flat_map(send).collect::<Vec<u8>>();
    let Raw { reader, writer } = &mut raw;
    let (mut acks, mut received) = (Vec::new(), Vec::new());
    let read = async {
        while acks.len() < SENDS || received.len() < SENDS {
            let frame = reader.recv_json().await.expect("an answer");
            match frame["type"].as_str() {
                Some("ack") => acks.push(frame),
                Some("message") => received.push(frame),
                Some("active_users" | "synced") => {}
                _ => panic!("{frame}"),
            }
        }
    };
    let (written, ()) = tokio::join!(writer.write_all(&all), read);
    written.expect("the server keeps reading");

    let expected: Vec<String> = (0..SENDS).map(|n| n.to_string()).collect();
    assert!(acks.iter().map(|ack| ack["ref"].as_str().expect("ref")).eq(&expected), "acks");
    assert!(acks.iter().map(seq).eq(1..=SENDS as i64), "acks name the seqs in order");
    let history = ann.history(room).await;
    let contents = |messages: &[Value]| -> Vec<String> {
        messages.iter().map(|it| it["content"].as_str().expect("content").to_owned()).collect()
    };
    let expected: Vec<String> = (0..SENDS).map(|n| format!("m{n}")).collect();
    assert!(contents(&history) == expected, "history");
    assert!(contents(&received) == expected, "the received messages");
    let mut socket = ann.joins(room).await;
    assert_eq!(frames_until_pong(&mut socket).await, Vec::<Value>::new());
}

async fn duplicate_fields_and_invisible_content_are_refused(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let mut raw = Raw::open(&server, &ann, &path(&ann, room, "")).await;
    raw.recv_type("synced").await;
    for twice in [
        r#"{"content":"a","content":"b"}"#,
        r#"{"type":"send","content":"a","ref":"7","ref":"7"}"#,
        r#"{"type":"ping","more":{"a":1,"a":2}}"#,
    ] {
        raw.write(&frame(TEXT, twice.as_bytes())).await;
        let error = raw.recv_type("error").await;
        assert_eq!(error["code"], "malformed_json", "{twice}");
        assert!(error["detail"].as_str().unwrap().contains("duplicate field"), "{error}");
    }
    for blank in ["\u{200b}", "\u{2800}\u{3164}", "\u{301}"] {
        raw.write(&text(&json!({ "content": blank }))).await;
        assert_eq!(raw.recv_type("error").await["code"], "invalid_field", "{blank:?}");
    }
    // RFC 8259 §8.1: a byte order mark may be ignored.
    raw.write(&frame(TEXT, "\u{feff}{\"content\":\"👩\u{200d}💻\"}".as_bytes())).await;
    assert_eq!(raw.recv_type("message").await["content"], "👩\u{200d}💻");
    assert_eq!(ann.history(room).await.len(), 1);
}
