//! Presence: each user is announced once, and a big room gets its users in bulk.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::common::{frames_until_pong, nothing_more, open_many, server_with_room, subscribe};
use crate::support::{Client, Database, PASSWORD, Socket, on_both_databases};

on_both_databases!(
    a_user_joins_once_and_leaves_once_however_many_tabs_are_open,
    a_dropped_connection_counts_as_leaving,
    unsubscribing_counts_as_leaving_unless_another_tab_stays,
    presence_in_a_big_room_is_sent_in_bulk,
);

async fn a_user_joins_once_and_leaves_once_however_many_tabs_are_open(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let mut watcher = ann.joins(room).await;
    assert_eq!(active_users(&ann, room).await, 1);

    let mut first = bo.joins(room).await;
    nothing_more(&mut first).await;
    let joined = watcher.recv().await;
    let expected = json!({
        "type": "user_joined", "room_id": room, "user_id": bo.user_id, "username": "bo",
        "timestamp": joined["timestamp"],
    });
    assert_eq!(joined, expected);

    let mut second = bo.joins(room).await;
    assert_eq!(
        second.welcome[0]["count"], 2,
        "users are counted, not connections: {:?}",
        second.welcome
    );
    nothing_more(&mut second).await;
    nothing_more(&mut first).await;
    nothing_more(&mut watcher).await;
    assert_eq!(active_users(&ann, room).await, 2);

    first.close().await;
    nothing_more(&mut watcher).await;
    assert_eq!(active_users(&ann, room).await, 2);
    second.close().await;
    let left = watcher.recv().await;
    assert_eq!((&left["type"], &left["user_id"]), (&json!("user_left"), &json!(bo.user_id)));
    assert_eq!((&left["username"], &left["room_id"]), (&json!("bo"), &json!(room)));
    assert_eq!(active_users(&ann, room).await, 1);

    bo.joins(room).await;
    assert_eq!(watcher.recv().await["type"], "user_joined", "the user joins again");
}

async fn a_dropped_connection_counts_as_leaving(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let mut watcher = ann.joins(room).await;
    drop(server.user("bo").await.joins(room).await);
    assert_eq!(watcher.recv().await["type"], "user_joined");
    assert_eq!(watcher.recv().await["type"], "user_left");
    watcher.close().await;
    assert_eq!(active_users(&ann, room).await, 0);
}

async fn unsubscribing_counts_as_leaving_unless_another_tab_stays(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let mut watcher = ann.joins(room).await;
    let (mut first, mut second) = (open_many(&bo).await, open_many(&bo).await);
    let enter = json!({ "type": "subscribe", "room_id": room });
    let leave = json!({ "type": "unsubscribe", "room_id": room });
    subscribe(&mut first, enter.clone()).await;
    subscribe(&mut second, enter).await;
    assert_eq!(watcher.recv().await["type"], "user_joined");
    first.send(leave.clone()).await;
    first.recv_type("unsubscribed").await;
    nothing_more(&mut watcher).await;
    second.send(leave).await;
    second.recv_type("unsubscribed").await;
    assert_eq!(watcher.recv().await["type"], "user_left");
    nothing_more(&mut second).await;
}

/// Up to a hundred users are announced one by one; beyond that the room receives `active_users` with
/// their number.
async fn presence_in_a_big_room_is_sent_in_bulk(database: Database) {
    const ANNOUNCED: i64 = 100;
    const PEOPLE: i64 = 108;
    let (server, ann, room) = server_with_room(database).await;
    let mut watcher = ann.joins(room).await;
    let mut people = JoinSet::new();
    for worker in 0..4 {
        let nobody = server.anonymous();
        people.spawn(async move {
            let mut sockets = Vec::new();
            for n in (2 + worker..=PEOPLE).step_by(4) {
                let name = format!("user-{n}");
                let account = json!({
                    "username": name, "email": format!("{name}@example.com"), "password": PASSWORD,
                });
                nobody.post("/auth/signup", account).await.expect(201);
                sockets.push(nobody.signs_in(&name, PASSWORD).await.joins(room).await);
            }
            sockets
        });
    }
    let mut sockets: Vec<Socket> = people.join_all().await.into_iter().flatten().collect();
    assert_eq!(active_users(&ann, room).await, PEOPLE);

    let mut announced = 0;
    loop {
        let frame = watcher.recv().await;
        match frame["type"].as_str() {
            Some("user_joined") => announced += 1,
            Some("active_users") => {
                check_bulk(&frame);
                if frame["count"] == PEOPLE {
                    break;
                }
            }
            _ => panic!("{frame}"),
        }
    }
    assert_eq!(announced, ANNOUNCED - 1, "every user up to the hundredth, except the watcher");
    let late = ann.joins(room).await;
    check_bulk(&late.welcome[0]);
    assert_eq!(late.welcome[0]["count"], PEOPLE);

    // Leaving users are not announced one by one either, until the room is small again.
    for socket in sockets.drain(..(PEOPLE - ANNOUNCED - 1) as usize) {
        socket.close().await;
    }
    let frames = frames_until_pong(&mut watcher).await;
    assert!(frames.iter().all(|frame| frame["type"] == "active_users"), "{frames:?}");
    sockets.remove(0).close().await;
    assert_eq!(watcher.recv_type("user_left").await["room_id"], room);
    assert_eq!(active_users(&ann, room).await, ANNOUNCED);
}

fn check_bulk(frame: &Value) {
    assert_eq!(frame["type"], "active_users");
    let users = frame["users"].as_array().expect("users");
    let count = frame["count"].as_u64().expect("count") as usize;
    assert_eq!(users.len(), count.min(100), "{frame}");
    let mut ids: Vec<i64> = users.iter().map(|it| it["user_id"].as_i64().expect("id")).collect();
    ids.dedup();
    assert_eq!(ids.len(), users.len(), "no user is listed twice");
}

/// The number of users in the room, as the HTTP API shows it.
async fn active_users(client: &Client, room: i64) -> i64 {
    let body = client.get(&format!("/rooms/{room}")).await.expect(200);
    body["active_users"].as_i64().unwrap_or_else(|| panic!("not a whole number: {body}"))
}
