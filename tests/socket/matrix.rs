//! Every verb of the socket, used by an anonymous client, a user, an admin and a user whose account was
//! deactivated.

use std::collections::BTreeSet;

use chatapp::model::{UserChange, UserId};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;

use crate::common::{frames_until_pong, path, server_with_room};
use crate::socket::revocation::{in_the_database, update};
use crate::support::{Client, Database, Socket, on_both_databases};

on_both_databases!(only_permitted_callers_can_use_each_verb);

/// A verb, its frame, and the `type` of the answer to a user and to an admin; "" if there is no answer.
type Row = (&'static str, Value, [&'static str; 2]);

/// The verbs, named as in `/asyncapi.json`.
fn table([room, other, message]: [i64; 3], token: &str) -> Vec<Row> {
    let all = |answer| [answer, answer];
    let named = |kind: &str, room: i64| json!({ "type": kind, "room_id": room, "ref": "r" });
    let send = json!({ "type": "send", "room_id": room, "content": "x", "ref": "r" });
    let react = json!({ "type": "react", "message_id": message, "emoji": "👍", "ref": "r" });
    let refresh = json!({ "type": "auth.refresh", "token": token, "ref": "r" });
    vec![
        ("plain_send", json!({ "content": "x" }), all("message")),
        ("client_send", send, all("ack")),
        ("client_typing", named("typing", room), all("")),
        ("client_read", json!({ "type": "read", "seq": 0, "ref": "r" }), all("read")),
        ("client_react", react, all("reacted")),
        ("client_subscribe", named("subscribe", other), all("synced")),
        ("client_unsubscribe", named("unsubscribe", other), all("unsubscribed")),
        ("client_auth.refresh", refresh, all("auth.refreshed")),
        ("client_presence", json!({ "type": "presence", "state": "away" }), all("")),
        ("client_watch", json!({ "type": "watch", "ref": "r" }), all("watching")),
        ("client_ping", json!({ "type": "ping", "ref": "r" }), all("pong")),
    ]
}

async fn only_permitted_callers_can_use_each_verb(database: Database) {
    let (server, root, room) = server_with_room(database).await;
    let other = root.creates_room("other").await;
    let user = server.user("bo").await;

    let document = root.get("/asyncapi.json").await.expect(200);
    let messages = document["components"]["messages"].as_object().expect("messages");
    let is_verb = |name: &&str| *name == "plain_send" || name.starts_with("client_");
    let verbs: BTreeSet<&str> = messages.keys().map(String::as_str).filter(is_verb).collect();
    let sent = root.post(&format!("/rooms/{room}/messages"), json!({ "content": "x" })).await;
    let message = sent.expect(201)["id"].as_i64().expect("an id");
    let table_of = |client: &Client| table([room, other, message], &client.token);
    let rows: BTreeSet<&str> = table_of(&user).into_iter().map(|row| row.0).collect();
    assert_eq!(verbs, rows, "every verb has a row in the table");

    for (column, client) in [&user, &root].into_iter().enumerate() {
        let mut socket = client.joins(room).await;
        for (verb, frame, expected) in table_of(client) {
            socket.send(frame).await;
            match expected[column] {
                "" => assert_eq!(frames_until_pong(&mut socket).await, Vec::<Value>::new()),
                kind => assert!(!socket.recv_type(kind).await.is_null(), "{verb}"),
            }
            frames_until_pong(&mut socket).await;
        }
        socket.close().await;
    }
    let said = root.history(room).await.len();
    assert_eq!(said, 5, "each of the two sent two messages, and there was one before");

    let deactivated = server.user("carl").await;
    let mut open = deactivated.joins(room).await;
    let id = UserId(deactivated.user_id);
    assert!(in_the_database(&server, move |backend| {
        update(backend, id, UserChange { is_active: Some(false), ..UserChange::default() })
    }));
    assert_eq!(open.expect_close().await, 4401);
    for client in [&server.anonymous(), &deactivated] {
        for (verb, frame, _) in table_of(&user) {
            for path in [path(client, room, ""), format!("/ws?token={}", client.token)] {
                let mut socket = client.opens(&path).await;
                expect_only_close_4401(&mut socket, &frame, verb).await;
            }
        }
    }
    assert_eq!(root.history(room).await.len(), said);
}

async fn expect_only_close_4401(socket: &mut Socket, frame: &Value, verb: &str) {
    // The server may have closed the connection already.
    let _: tungstenite::Result<()> = socket.try_send_text(&frame.to_string()).await;
    let end = socket.try_recv().await.expect_err(verb);
    assert_eq!(end.code, Some(4401), "{verb}");
}
