//! Mentions and followed threads of all rooms, as far as the reader sees them.

use serde_json::{Value, json};

use super::members::{add, private};
use crate::support::{Client, Database, Server, on_both_databases};

on_both_databases!(
    what_was_said_before_a_member_joined_is_not_counted,
    a_position_in_the_mentions_tells_nothing_of_hidden_messages,
    pages_of_mentions_go_on_after_a_mention_was_taken_back,
    a_mention_that_an_edit_adds_to_a_reply_is_unread,
    a_mention_in_a_room_that_one_has_not_joined_is_unread,
    pages_of_threads_have_all_threads,
    the_text_of_a_forwarded_message_is_nobody_elses,
);

async fn says(client: &Client, room: i64, message: Value) -> Value {
    client.post(&format!("/rooms/{room}/messages"), message).await.expect(201)
}

async fn list(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).await.expect(200).as_array().expect("a list").clone()
}

fn seqs(mentions: &[Value]) -> Vec<i64> {
    mentions.iter().map(|it| it["message"]["seq"].as_i64().unwrap()).collect()
}

async fn what_was_said_before_a_member_joined_is_not_counted(database: Database) {
    let server = Server::start(database).await;
    let [ann, bo] = [server.user("ann").await, server.user("bo").await];
    let room = private(&ann, "tea", json!({ "history": "joined" })).await;
    let first = says(&ann, room, json!({ "content": "first" })).await;
    add(&ann, room, std::slice::from_ref(&bo)).await;
    says(&ann, room, json!({ "content": "@bo and @room", "thread_id": first["id"] })).await;
    let seen = bo.get(&format!("/rooms/{room}")).await.expect(200);
    assert_eq!((&seen["mentions"], &seen["unread_threads"]), (&json!(0), &json!(0)));
    assert_eq!(list(&bo, "/users/me/threads").await, Vec::<Value>::new());
    let mentions = list(&bo, "/users/me/mentions").await;
    assert!(mentions.iter().all(|it| it["is_unread"] == false), "{mentions:?}");
}

async fn a_position_in_the_mentions_tells_nothing_of_hidden_messages(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let public = root.creates_room("general").await;
    let secret = private(&root, "secret", json!({})).await;
    says(&root, public, json!({ "content": "@ann" })).await;
    let hidden = says(&root, secret, json!({ "content": "@room" })).await;
    says(&root, public, json!({ "content": "@ann again" })).await;
    for before in [hidden["id"].as_i64().unwrap(), 4_000] {
        let path = format!("/users/me/mentions?before={before}");
        assert_eq!(list(&ann, &path).await, Vec::<Value>::new());
    }
}

async fn pages_of_mentions_go_on_after_a_mention_was_taken_back(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    for _ in 0..4 {
        says(&root, room, json!({ "content": "@ann" })).await;
    }
    let page = list(&ann, "/users/me/mentions?limit=2").await;
    assert_eq!(seqs(&page), [4, 3]);
    let last = &page[1]["message"]["id"];
    let path = format!("/rooms/{room}/messages/{last}");
    root.patch(&path, json!({ "content": "nobody" })).await.expect(200);
    let next = format!("/users/me/mentions?limit=2&before={last}");
    assert_eq!(seqs(&list(&ann, &next).await), [2, 1]);
    root.delete(&path).await.expect(204);
    assert_eq!(seqs(&list(&ann, &next).await), [2, 1]);
}

async fn a_mention_that_an_edit_adds_to_a_reply_is_unread(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    ann.put(&format!("/rooms/{room}/members/me"), Value::Null).await.expect(200);
    let first = says(&root, room, json!({ "content": "first" })).await;
    let reply = says(&root, room, json!({ "content": "re", "thread_id": first["id"] })).await;
    let path = format!("/rooms/{room}/messages/{}", reply["id"]);
    root.patch(&path, json!({ "content": "re @ann" })).await.expect(200);
    let seen = ann.get(&format!("/rooms/{room}")).await.expect(200);
    assert_eq!((&seen["mentions"], &seen["unread_threads"]), (&json!(1), &json!(1)));
    assert_eq!(list(&ann, "/users/me/mentions").await[0]["is_unread"], true);
    // Another edit does not make those follow again who do not want to.
    ann.delete(&format!("/rooms/{room}/messages/{}/thread/follow", first["id"])).await.expect(204);
    root.patch(&path, json!({ "content": "re, @ann!" })).await.expect(200);
    assert_eq!(list(&ann, "/users/me/threads").await, Vec::<Value>::new());
}

async fn a_mention_in_a_room_that_one_has_not_joined_is_unread(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    let message = says(&root, room, json!({ "content": "@ann" })).await;
    assert_eq!(list(&ann, "/users/me/mentions").await[0]["is_unread"], true);
    ann.put(&format!("/rooms/{room}/read"), json!({ "seq": message["seq"] })).await.expect(200);
    assert_eq!(list(&ann, "/users/me/mentions").await[0]["is_unread"], false);
    // Somebody who cannot sign in is not mentioned.
    root.patch(&format!("/admin/users/{}", ann.user_id), json!({ "is_active": false }))
        .await
        .expect(200);
    let message = says(&root, room, json!({ "content": "@ann" })).await;
    assert_eq!(message.get("mentions"), None);
}

async fn pages_of_threads_have_all_threads(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let mut sent = Vec::new();
    for _ in 0..16 {
        sent.push(says(&root, room, json!({ "content": "first" })).await["id"].clone());
    }
    // Some of the replies are stored in the same millisecond.
    let replies =
        sent.iter().map(|id| says(&root, room, json!({ "content": "x", "thread_id": id })));
    futures_util::future::join_all(replies).await;
    let mut found = Vec::new();
    let mut path = "/users/me/threads?limit=1".to_owned();
    loop {
        let page = list(&root, &path).await;
        let Some(last) = page.last() else { break };
        let last_at = last["message"]["thread"]["last_at"].as_str().unwrap();
        path = format!("/users/me/threads?limit=1&before={last_at}");
        found.extend(page.into_iter().map(|it| it["message"]["id"].as_i64().unwrap()));
    }
    found.sort_unstable();
    assert_eq!(json!(found), json!(sent));
}

async fn the_text_of_a_forwarded_message_is_nobody_elses(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    let one = says(&ann, room, json!({ "content": "I disagree, @root" })).await;
    let path = format!("/rooms/{room}/messages/{}/forward", one["id"]);
    let sent = ann.post(&path, json!({ "room_id": room })).await.expect(201);
    assert_eq!((&sent["content"], sent.get("mentions")), (&one["content"], None));
    let path = format!("/rooms/{room}/messages/{}", sent["id"]);
    let refused = ann.patch(&path, json!({ "content": "I agree" })).await;
    let problem = refused.expect_problem(422, "invalid_field");
    assert_eq!(problem["errors"][0]["field"], "content");
    assert_eq!(ann.get(&path).await.expect(200), sent);
}
