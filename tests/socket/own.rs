//! What one person alone has: the devices of this person, and no others, are told when it changes.

use serde_json::{Value, json};

use super::watch::watch;
use crate::common::{frames_until_pong, nothing_more, open_many, server_with_room};
use crate::http::scheduled::after;
use crate::support::{Client, Database, Socket, on_both_databases};

on_both_databases!(
    the_devices_of_a_person_are_told_of_drafts,
    the_devices_of_a_person_are_told_of_threads,
    the_devices_of_a_person_are_told_of_scheduled_messages,
);

/// The next `own_changed`; other frames are skipped.
async fn change(socket: &mut Socket) -> Value {
    socket.recv_type("own_changed").await
}

/// Whether no `own_changed` has come.
async fn hears_nothing(socket: &mut Socket) {
    let frames = frames_until_pong(socket).await;
    assert!(frames.iter().all(|frame| frame["type"] != "own_changed"), "{frames:?}");
}

async fn send(client: &Client, room: i64, message: Value) -> Value {
    client.post(&format!("/rooms/{room}/messages"), message).await.expect(201)
}

async fn the_devices_of_a_person_are_told_of_drafts(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let first = send(&ann, room, json!({ "content": "first" })).await;
    let reply = json!({ "content": "re", "thread_id": first["id"] });
    let reply = send(&ann, room, reply).await;
    let (mut phone, mut laptop) = (watch(&bo).await, watch(&bo).await);
    let (mut stranger, mut idle) = (watch(&ann).await, open_many(&bo).await);
    let path = format!("/rooms/{room}/draft");
    let of_room = json!({ "type": "own_changed", "subject": "draft", "room_id": room });
    let mut of_thread = of_room.clone();
    of_thread["thread_id"] = first["id"].clone();
    for _ in 0..2 {
        bo.put(&path, json!({ "content": "x" })).await.expect(200);
    }
    let in_thread = json!({ "content": "y", "thread_id": reply["id"] });
    bo.put(&path, in_thread).await.expect(200);
    for _ in 0..2 {
        bo.delete(&path).await.expect(204);
    }
    bo.delete(&format!("{path}?thread_id={}", reply["id"])).await.expect(204);
    for device in [&mut phone, &mut laptop] {
        for expected in [&of_room, &of_thread, &of_room, &of_thread] {
            assert_eq!(device.recv().await, *expected);
        }
        nothing_more(device).await;
    }
    nothing_more(&mut stranger).await;
    nothing_more(&mut idle).await;
}

async fn the_devices_of_a_person_are_told_of_threads(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let first = send(&ann, room, json!({ "content": "first" })).await;
    let thread = format!("/rooms/{room}/messages/{}/thread", first["id"]);
    bo.put(&format!("{thread}/follow"), Value::Null).await.expect(204);
    let reply = json!({ "content": "re", "thread_id": first["id"] });
    let reply = send(&ann, room, reply).await;
    let (mut phone, mut stranger) = (watch(&bo).await, watch(&ann).await);
    let expected = json!({
        "type": "own_changed", "subject": "thread", "room_id": room, "thread_id": first["id"],
    });
    // The place moves once, and it never moves back.
    for seq in [&reply["seq"], &first["seq"], &reply["seq"]] {
        bo.put(&format!("{thread}/read"), json!({ "seq": seq })).await.expect(200);
    }
    assert_eq!(change(&mut phone).await, expected);
    hears_nothing(&mut phone).await;
    for _ in 0..2 {
        bo.delete(&format!("{thread}/follow")).await.expect(204);
    }
    assert_eq!(change(&mut phone).await, expected);
    hears_nothing(&mut phone).await;
    bo.put(&format!("{thread}/follow"), Value::Null).await.expect(204);
    assert_eq!(change(&mut phone).await, expected);
    hears_nothing(&mut stranger).await;
}

async fn the_devices_of_a_person_are_told_of_scheduled_messages(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let (mut phone, mut stranger) = (watch(&bo).await, watch(&ann).await);
    let schedule = async |ms| {
        let body = json!({ "content": "later", "send_at": after(ms) });
        let made = bo.post(&format!("/rooms/{room}/scheduled"), body).await.expect(201);
        format!("/users/me/scheduled/{}", made["id"])
    };
    let expected = json!({ "type": "own_changed", "subject": "scheduled", "room_id": room });
    let later = schedule(60_000).await;
    bo.patch(&later, json!({ "content": "much later" })).await.expect(200);
    bo.delete(&later).await.expect(204);
    bo.delete(&later).await.expect_problem(404, "scheduled_not_found");
    for _ in 0..3 {
        assert_eq!(phone.recv().await, expected);
    }
    nothing_more(&mut phone).await;
    // Made, and sent.
    schedule(500).await;
    for _ in 0..2 {
        assert_eq!(change(&mut phone).await, expected);
    }
    assert_eq!(bo.get("/users/me/scheduled").await.expect(200), json!([]));
    // Made, and not sent.
    let until = json!({ "muted_until": "2099-01-01T00:00:00.000Z" });
    schedule(2_000).await;
    ann.patch(&format!("/rooms/{room}/members/{}", bo.user_id), until).await.expect(204);
    for _ in 0..2 {
        assert_eq!(change(&mut phone).await, expected);
    }
    assert_eq!(bo.get("/users/me/scheduled").await.expect(200)[0]["failure"], "muted");
    hears_nothing(&mut stranger).await;
}
