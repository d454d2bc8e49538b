//! Messages that are sent later.

use std::time::Instant;

use chatapp::model::{Clock, Timestamp};
use serde_json::{Value, json};

use crate::support::{Client, DEADLINE, Database, Server, on_both_databases};

on_both_databases!(
    a_scheduled_message_is_sent_once_at_its_time,
    a_message_of_somebody_who_may_not_send_any_more_is_kept_with_the_reason,
    a_message_is_changed_and_deleted_before_its_time,
    what_cannot_be_scheduled_is_refused,
    a_killed_server_sends_what_was_due_once,
);

/// The time in so many milliseconds.
pub fn after(ms: i64) -> Value {
    json!(Timestamp(Clock::System.now().0 + ms))
}

async fn schedule(client: &Client, room: i64, content: &str, ms: i64) -> Value {
    let body = json!({ "content": content, "send_at": after(ms) });
    client.post(&format!("/rooms/{room}/scheduled"), body).await.expect(201)
}

async fn list(client: &Client) -> Vec<Value> {
    let list = client.get("/users/me/scheduled").await.expect(200);
    list.as_array().expect("a list").clone()
}

async fn wait_for(client: &Client, is_there: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let list = list(client).await;
        if is_there(&list) {
            return list;
        }
        assert!(began.elapsed() < DEADLINE, "{list:?}");
    }
}

async fn a_scheduled_message_is_sent_once_at_its_time(database: Database) {
    let server = Server::start(database).await;
    let (ann, bo) = (server.admin("ann").await, server.user("bo").await);
    let room = ann.creates_room("general").await;
    let mut reader = ann.joins(room).await;
    let later = schedule(&bo, room, "much later", 60_000).await;
    // A request whose answer was lost is repeated.
    let again = json!({ "content": "much later", "send_at": later["send_at"] });
    let path = format!("/rooms/{room}/scheduled");
    assert_eq!(bo.post(&path, again).await.expect(201), later);
    let soon = schedule(&bo, room, "hello @ann", 1_200).await;
    assert_eq!(list(&bo).await, [soon.clone(), later.clone()]);
    assert_eq!(list(&ann).await, Vec::<Value>::new());
    let message = reader.recv_type("message").await;
    assert_eq!(
        (&message["content"], &message["user_id"]),
        (&json!("hello @ann"), &json!(bo.user_id))
    );
    assert_eq!(message["client_id"], format!("scheduled-{}", soon["id"]));
    assert!(message["timestamp"].as_str() >= soon["send_at"].as_str(), "{message} {soon}");
    assert_eq!(message["mentions"][0]["user_id"], ann.user_id);
    wait_for(&bo, |list| list == [later.clone()]).await;
    // A reply.
    let body = json!({ "content": "yes", "send_at": after(500), "thread_id": message["id"] });
    ann.post(&path, body).await.expect(201);
    assert_eq!(reader.recv_type("reply").await["thread_id"], message["id"]);
    assert_eq!(ann.history(room).await.len(), 1);
}

async fn a_message_of_somebody_who_may_not_send_any_more_is_kept_with_the_reason(
    database: Database,
) {
    let server = Server::start(database).await;
    let (ann, bo) = (server.admin("ann").await, server.user("bo").await);
    let room = ann.creates_room("general").await;
    schedule(&bo, room, "hello", 1_200).await;
    ann.put(&format!("/rooms/{room}/bans/{}", bo.user_id), json!({})).await.expect(204);
    let failed = wait_for(&bo, |list| list[0]["failure"] == "banned").await;
    ann.delete(&format!("/rooms/{room}/bans/{}", bo.user_id)).await.expect(204);
    let mut reader = ann.joins(room).await;
    let path = format!("/users/me/scheduled/{}", failed[0]["id"]);
    let again = bo.patch(&path, json!({ "content": "again" })).await.expect(200);
    assert_eq!(again["failure"], Value::Null);
    assert_eq!(reader.recv_type("message").await["content"], "again");
    wait_for(&bo, <[Value]>::is_empty).await;
}

async fn a_message_is_changed_and_deleted_before_its_time(database: Database) {
    let server = Server::start(database).await;
    let (ann, bo) = (server.admin("ann").await, server.user("bo").await);
    let room = ann.creates_room("general").await;
    let it = schedule(&bo, room, "hello", 60_000).await;
    let path = format!("/users/me/scheduled/{}", it["id"]);
    let changed = bo.patch(&path, json!({ "content": "hi" })).await.expect(200);
    assert_eq!((&changed["content"], &changed["send_at"]), (&json!("hi"), &it["send_at"]));
    ann.patch(&path, json!({ "content": "mine" })).await.expect_problem(404, "scheduled_not_found");
    ann.delete(&path).await.expect_problem(404, "scheduled_not_found");
    bo.delete(&path).await.expect(204);
    bo.delete(&path).await.expect_problem(404, "scheduled_not_found");
    assert_eq!(list(&bo).await, Vec::<Value>::new());
}

async fn what_cannot_be_scheduled_is_refused(database: Database) {
    let server =
        Server::with(database).env("CHATAPP_LIMITS__SENDS_PER_SECOND", "100000").start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let path = format!("/rooms/{room}/scheduled");
    for (content, send_at) in [
        ("hello", after(-1_000)),
        ("hello", after(367 * 24 * 60 * 60 * 1_000)),
        ("  ", after(60_000)),
        ("hello", json!("tomorrow")),
    ] {
        let body = json!({ "content": content, "send_at": send_at });
        ann.post(&path, body).await.expect_problem(422, "invalid_field");
    }
    let body = json!({ "content": "hello", "send_at": after(60_000), "thread_id": 99 });
    ann.post(&path, body).await.expect_problem(404, "message_not_found");
    let body = json!({ "content": "hello", "send_at": after(60_000) });
    ann.post("/rooms/99/scheduled", body.clone()).await.expect_problem(404, "room_not_found");
    ann.patch(&format!("/rooms/{room}"), json!({ "is_archived": true })).await.expect(200);
    ann.post(&path, body).await.expect_problem(409, "room_archived");
}

async fn a_killed_server_sends_what_was_due_once(database: Database) {
    let mut server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    for n in 0..8 {
        schedule(&ann, room, &format!("message {n}"), 1_000 + 10 * n).await;
    }
    // Killed as soon as the first is there: some have been sent and are not deleted yet.
    let mut reader = ann.joins(room).await;
    reader.recv_type("message").await;
    server.kill9();
    server.restart().await;
    wait_for(&ann, <[Value]>::is_empty).await;
    let history = ann.history(room).await;
    let mut texts: Vec<&str> = history.iter().map(|it| it["content"].as_str().unwrap()).collect();
    texts.sort_unstable();
    let expected: Vec<String> = (0..8).map(|n| format!("message {n}")).collect();
    assert_eq!(texts, expected);
}
