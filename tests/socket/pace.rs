//! Limits of sockets: their number, and the rates of sending and joining.

use serde_json::json;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::common::{open_many, path, room_on};
use crate::support::{Client, Database, Server, on_both_databases};

on_both_databases!(
    the_number_of_sockets_per_user_is_limited,
    the_number_of_sockets_per_address_is_limited_across_users,
);

async fn the_number_of_sockets_per_user_is_limited(database: Database) {
    let server = Server::with(database).env("CHATAPP_LIMITS__SOCKETS_PER_USER", "2");
    let (server, ann, room) = room_on(server).await;
    let bo = server.user("bo").await;
    let first = ann.joins(room).await;
    let mut second = open_many(&ann).await;
    let mut third = ann.opens(&path(&ann, room, "")).await;
    assert_eq!(third.expect_close().await, 4429);
    // Each user has a limit of its own, and a closed socket no longer counts.
    bo.joins(room).await;
    first.close().await;
    // The server counts the socket until it has processed the close.
    let mut again = loop {
        let mut socket = ann.opens(&path(&ann, room, "")).await;
        if socket.try_recv().await.is_ok() {
            break socket;
        }
    };
    again.send(json!({ "type": "ping" })).await;
    again.recv_type("pong").await;
    second.send(json!({ "type": "ping" })).await;
    second.recv_type("pong").await;
}

async fn the_number_of_sockets_per_address_is_limited_across_users(database: Database) {
    let server = Server::with(database)
        .env("CHATAPP_LIMITS__SOCKETS_PER_ADDRESS", "2")
        .env("CHATAPP_HTTP__TRUSTED_PROXIES", "127.0.0.1");
    let (server, ann, room) = room_on(server).await;
    let bo = server.user("bo").await;
    let opens = async |client: &Client, address: &str| {
        let url = format!("{}{}", server.url(), path(client, room, "")).replacen("http", "ws", 1);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("x-forwarded-for", address.parse().unwrap());
        client.opens_request(request).await.unwrap()
    };
    let mut first = opens(&ann, "2001:db8::1").await;
    let mut second = opens(&bo, "2001:db8::2").await;
    let mut third = opens(&bo, "2001:db8::3").await;
    assert_eq!(third.expect_close().await, 4429);
    opens(&bo, "192.0.2.1").await.recv_type("synced").await;
    for open in [&mut first, &mut second] {
        open.recv_type("synced").await;
    }
    // Connections from this machine are not counted.
    for _ in 0..3 {
        ann.joins(room).await;
    }
}

#[tokio::test]
async fn typing_counts_as_sending() {
    let server = Server::with(Database::Sqlite).env("CHATAPP_LIMITS__SENDS_PER_SECOND", "1");
    let (server, ann, room) = room_on(server).await;
    let mut reader = server.user("bo").await.joins(room).await;
    let mut typist = ann.joins(room).await;
    // More than the allowed burst, and sent too fast for the allowance to grow much.
    for n in 0..200 {
        typist.send(json!({ "type": "typing", "ref": n.to_string() })).await;
    }
    let error = typist.recv_type("error").await;
    assert_eq!((&error["code"], &error["retry_after"]), (&json!("too_many_requests"), &json!(1)));
    assert!(error["ref"].is_string(), "{error}");
    typist.close().await;
    let mut received = 0;
    while reader.recv().await["type"] != "user_left" {
        received += 1;
    }
    assert!((10..100).contains(&received), "{received} frames were received");
}

#[tokio::test]
async fn the_rate_of_joining_rooms_is_limited() {
    let server = Server::with(Database::Sqlite).env("CHATAPP_LIMITS__JOINS_PER_SECOND", "1");
    let (_server, ann, room) = room_on(server).await;
    let mut socket = open_many(&ann).await;
    let mut joined = 0;
    let error = loop {
        socket.send(json!({ "type": "subscribe", "room_id": room, "ref": "r" })).await;
        let answer = loop {
            let frame = socket.recv().await;
            if frame["type"] == "synced" || frame["type"] == "error" {
                break frame;
            }
        };
        if answer["type"] == "error" {
            break answer;
        }
        joined += 1;
        assert!(joined < 1_000, "no frame is refused");
        socket.send(json!({ "type": "unsubscribe", "room_id": room })).await;
        socket.recv_type("unsubscribed").await;
    };
    assert!(joined >= 10, "{joined}");
    assert_eq!(error["code"], "too_many_requests");
    assert_eq!(error["room_id"], room);
    assert!(error["retry_after"].as_u64() >= Some(1));
    // A socket of one room could not join it, so it is closed.
    let mut whole = ann.opens(&path(&ann, room, "")).await;
    assert_eq!(whole.expect_close().await, 4429);
}

#[tokio::test]
async fn a_client_that_ignores_the_rate_limit_is_closed() {
    let server = Server::with(Database::Sqlite).env("CHATAPP_LIMITS__SENDS_PER_SECOND", "1");
    let (_server, ann, room) = room_on(server).await;
    let mut socket = ann.joins(room).await;
    for _ in 0..1_100 {
        socket.send(json!({ "content": "again" })).await;
    }
    assert_eq!(socket.expect_close().await, 4429);
}
