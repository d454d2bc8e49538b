//! Threads, mentions and what is unread, over HTTP and on the socket.

use serde_json::{Value, json};

use super::documented::Document;
use crate::common::{frames_until_pong, open_many};
use crate::support::{Client, Database, Server, on_both_databases};

on_both_databases!(
    a_reply_is_in_its_thread_and_in_the_log,
    a_reply_over_the_socket_is_acknowledged_and_sent_as_a_reply,
    a_client_that_resumes_receives_replies_and_reactions,
    a_thread_is_read_in_pages_by_those_who_see_its_first_message,
    only_names_outside_of_code_are_mentions,
    an_edit_changes_the_mentions,
    everyone_is_mentioned_by_moderators_in_large_rooms,
    here_is_who_is_connected,
    a_user_reads_threads_and_mentions_of_all_rooms,
    a_watcher_hears_of_replies_and_mentions,
);

async fn sends(client: &Client, room: i64, message: Value) -> Value {
    client.post(&format!("/rooms/{room}/messages"), message).await.expect(201)
}

fn thread(room: i64, message: &Value) -> String {
    format!("/rooms/{room}/messages/{}/thread", message["id"])
}

fn seqs(messages: &Value) -> Vec<i64> {
    messages.as_array().unwrap().iter().map(|it| it["seq"].as_i64().unwrap()).collect()
}

async fn room_of(client: &Client, room: i64) -> Value {
    client.get(&format!("/rooms/{room}")).await.expect(200)
}

async fn a_reply_is_in_its_thread_and_in_the_log(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    let first = sends(&root, room, json!({ "content": "first" })).await;
    let reply = json!({ "content": "re", "thread_id": first["id"], "client_id": "r" });
    let sent = sends(&ann, room, reply.clone()).await;
    assert_eq!((&sent["thread_id"], sent.get("also_to_room")), (&first["id"], None));
    let again = ann.post(&format!("/rooms/{room}/messages"), reply).await.expect(200);
    assert_eq!(again, sent);
    // A reply to the reply belongs to the same thread.
    let shown = json!({ "content": "both", "thread_id": sent["id"], "also_to_room": true });
    let shown = sends(&root, room, shown).await;
    assert_eq!((&shown["thread_id"], &shown["also_to_room"]), (&first["id"], &json!(true)));
    let history = root.history(room).await;
    assert_eq!(seqs(&json!(history)), [1, 3]);
    let summary = &history[0]["thread"];
    assert_eq!((&summary["count"], &summary["last_seq"]), (&json!(2), &json!(3)));
    let document = Document::of(&root).await;
    let answer = root.get(&thread(room, &first)).await;
    document.check("GET", "/rooms/{room_id}/messages/{message_id}/thread", &answer);
    let page = answer.expect(200);
    assert_eq!((seqs(&page["messages"]), &page["message"]["id"]), (vec![2, 3], &first["id"]));
    assert_eq!((&page["is_following"], &page["read_seq"]), (&json!(true), &json!(3)));
    assert_eq!(root.get(&thread(room, &sent)).await.expect(200), page, "by one of its replies");
    let log = root.log(room).await;
    let kinds: Vec<&Value> = log.iter().map(|event| &event["type"]).collect();
    assert_eq!(kinds, ["message", "reply", "message"]);
    let missing = json!({ "content": "re", "thread_id": 4_000 });
    let refused = ann.post(&format!("/rooms/{room}/messages"), missing).await;
    refused.expect_problem(404, "message_not_found");
}

async fn a_reply_over_the_socket_is_acknowledged_and_sent_as_a_reply(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let first = sends(&root, room, json!({ "content": "first" })).await;
    let mut socket = root.joins(room).await;
    let reply = |id: &Value, reference: &str| json!({ "type": "send", "content": "re", "thread_id": id, "ref": reference });
    // The order of the sends of one connection stays, also if some have parts and some have none.
    let plain = json!({ "content": "plain" });
    for frame in [reply(&first["id"], "a"), plain, reply(&first["id"], "b")] {
        socket.send(frame).await;
    }
    let frames = frames_until(&mut socket, 5).await;
    let events: Vec<&Value> =
        frames.iter().filter(|frame| frame["type"] != "ack").map(|frame| &frame["type"]).collect();
    assert_eq!(events, ["reply", "message", "reply"], "{frames:?}");
    socket.send(reply(&json!(4_000), "c")).await;
    let error = socket.recv().await;
    assert_eq!((&error["code"], &error["ref"]), (&json!("message_not_found"), &json!("c")));
}

async fn frames_until(socket: &mut crate::support::Socket, count: usize) -> Vec<Value> {
    let mut frames = Vec::new();
    while frames.len() < count {
        frames.push(socket.recv().await);
    }
    frames
}

async fn a_client_that_resumes_receives_replies_and_reactions(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let first = sends(&root, room, json!({ "content": "first" })).await;
    let epoch = root.get(&format!("/rooms/{room}/events")).await.expect(200);
    let epoch = epoch["epoch"].as_str().unwrap().to_owned();
    let reply = json!({ "content": "re", "thread_id": first["id"] });
    let reply = sends(&root, room, reply).await;
    let heart = format!("/rooms/{room}/messages/{}/reactions/❤", reply["id"]);
    root.put(&heart, Value::Null).await.expect(204);
    root.put(&format!("/rooms/{room}/pins/{}", reply["id"]), Value::Null).await.expect(204);
    let deleted = format!("/rooms/{room}/messages/{}", reply["id"]);
    root.delete(&deleted).await.expect(204);
    let path = format!("/ws/{room}?token={}&since=1&epoch={epoch}", root.token);
    let mut socket = root.opens(&path).await;
    let mut kinds = Vec::new();
    loop {
        let frame = socket.recv().await;
        match frame["type"].as_str().unwrap() {
            "active_users" | "user_joined" => continue,
            "synced" => break,
            kind => kinds.push((kind.to_owned(), frame["thread_id"].clone())),
        }
    }
    let id = &first["id"];
    let expected = [
        ("reply", id.clone()),
        ("reaction_added", Value::Null),
        ("message_pinned", id.clone()),
        ("message_deleted", id.clone()),
    ];
    assert_eq!(kinds, expected.map(|(kind, id)| (kind.to_owned(), id)));
    // The summary does not count the deleted reply.
    assert_eq!(root.history(room).await[0].get("thread"), None);
}

async fn a_thread_is_read_in_pages_by_those_who_see_its_first_message(database: Database) {
    let server = Server::start(database).await;
    let (ann, bo) = (server.user("ann").await, server.user("bo").await);
    let new = json!({ "name": "quiet", "kind": "private", "history": "joined" });
    let room = ann.post("/rooms/", new).await.expect(201)["id"].as_i64().unwrap();
    let first = sends(&ann, room, json!({ "content": "first" })).await;
    for _ in 0..5 {
        sends(&ann, room, json!({ "content": "re", "thread_id": first["id"] })).await;
    }
    let page = |query: &'static str| {
        let (ann, path) = (ann.clone(), format!("{}?{query}", thread(room, &first)));
        async move {
            let page = ann.get(&path).await.expect(200);
            (seqs(&page["messages"]), page["next_before"].clone(), page["next_after"].clone())
        }
    };
    assert_eq!(page("limit=2").await, (vec![5, 6], json!(5), Value::Null));
    assert_eq!(page("limit=2&before=5").await, (vec![3, 4], json!(3), json!(4)));
    assert_eq!(page("limit=2&after=0").await, (vec![2, 3], Value::Null, json!(3)));
    ann.get(&format!("{}?limit=0", thread(room, &first)))
        .await
        .expect_problem(422, "invalid_field");
    bo.get(&thread(room, &first)).await.expect_problem(404, "room_not_found");
    let people = json!({ "user_ids": [bo.user_id] });
    ann.post(&format!("/rooms/{room}/members"), people).await.expect(200);
    bo.get(&thread(room, &first)).await.expect_problem(404, "message_not_found");
    let late = json!({ "content": "re", "thread_id": first["id"] });
    let refused = bo.post(&format!("/rooms/{room}/messages"), late).await;
    refused.expect_problem(404, "message_not_found");
}

async fn only_names_outside_of_code_are_mentions(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    let text = "é @Ann, not `@ann` nor @nobody; @ann.";
    let sent = sends(&root, room, json!({ "content": text })).await;
    let mention = |start: i64| json!({ "user_id": ann.user_id, "start": start, "end": start + 4 });
    assert_eq!(sent["mentions"], json!([mention(2), mention(32)]));
    for plain in ["`@ann`", "```\n@ann\n```", "x@ann", "@annx", "@ ann"] {
        let sent = sends(&root, room, json!({ "content": plain })).await;
        assert_eq!(sent.get("mentions"), None, "{plain}");
    }
    ann.put(&format!("/rooms/{room}/read"), json!({ "seq": 0 })).await.expect(200);
    let mentions = ann.get("/users/me/mentions").await.expect(200);
    assert_eq!(mentions.as_array().unwrap().len(), 1);
    assert_eq!(mentions[0]["message"], sent);
    // Only those who may read a private room are mentioned in it.
    let new = json!({ "name": "quiet", "kind": "private" });
    let secret = root.post("/rooms/", new).await.expect(201)["id"].as_i64().unwrap();
    let sent = sends(&root, secret, json!({ "content": "@ann" })).await;
    assert_eq!(sent.get("mentions"), None);
    assert_eq!(ann.get("/users/me/mentions").await.expect(200), mentions);
}

async fn an_edit_changes_the_mentions(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let bo = server.user("bo").await;
    let room = root.creates_room("general").await;
    let sent = sends(&root, room, json!({ "content": "@ann" })).await;
    let path = format!("/rooms/{room}/messages/{}", sent["id"]);
    let mut socket = root.joins(room).await;
    let edited = root.patch(&path, json!({ "content": "@bo" })).await.expect(200);
    let of_bo = json!([{ "user_id": bo.user_id, "start": 0, "end": 3 }]);
    assert_eq!(edited["mentions"], of_bo);
    assert_eq!(socket.recv_type("message_edited").await["mentions"], of_bo);
    let count = |client: &Client| {
        let client = client.clone();
        async move { client.get("/users/me/mentions").await.expect(200).as_array().unwrap().len() }
    };
    assert_eq!([count(&ann).await, count(&bo).await], [0, 1]);
    let edited = root.patch(&path, json!({ "content": "nobody" })).await.expect(200);
    assert_eq!(edited.get("mentions"), None);
    assert_eq!(socket.recv_type("message_edited").await.get("mentions"), None);
    assert_eq!(count(&bo).await, 0);
}

async fn everyone_is_mentioned_by_moderators_in_large_rooms(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    ann.put(&format!("/rooms/{room}/members/me"), Value::Null).await.expect(200);
    let sent = sends(&ann, room, json!({ "content": "hello @room" })).await;
    assert_eq!(sent["mentions"], json!([{ "everyone": "room", "start": 6, "end": 11 }]));
    assert_eq!(room_of(&root, room).await["mentions"], 1);
    assert_eq!(room_of(&ann, room).await["mentions"], 0, "not the author");
    let mut ids = Vec::new();
    for i in 0..50 {
        ids.push(server.user(&format!("user{i}")).await.user_id);
    }
    root.post(&format!("/rooms/{room}/members"), json!({ "user_ids": ids })).await.expect(200);
    let sent = sends(&ann, room, json!({ "content": "@room" })).await;
    assert_eq!(sent.get("mentions"), None, "52 members, and ann is no moderator");
    let sent = sends(&root, room, json!({ "content": "@room" })).await;
    assert!(sent["mentions"].is_array());
    assert_eq!(room_of(&ann, room).await["mentions"], 1);
}

async fn here_is_who_is_connected(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [ann, bo] = [server.user("ann").await, server.user("bo").await];
    let room = root.creates_room("general").await;
    for client in [&ann, &bo] {
        client.put(&format!("/rooms/{room}/members/me"), Value::Null).await.expect(200);
    }
    let socket = ann.joins(room).await;
    sends(&root, room, json!({ "content": "@here" })).await;
    assert_eq!(room_of(&ann, room).await["mentions"], 1);
    assert_eq!(room_of(&bo, room).await["mentions"], 0);
    socket.close().await;
}

async fn a_user_reads_threads_and_mentions_of_all_rooms(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    let first = sends(&ann, room, json!({ "content": "first" })).await;
    let reply = json!({ "content": "@ann", "thread_id": first["id"] });
    let reply = sends(&root, room, reply).await;
    let document = Document::of(&root).await;
    let state = room_of(&ann, room).await;
    assert_eq!(
        (&state["unread"], &state["unread_threads"], &state["mentions"]),
        (&json!(0), &json!(1), &json!(1))
    );
    let answer = ann.get("/users/me/threads?unread=true").await;
    document.check("GET", "/users/me/threads", &answer);
    let threads = answer.expect(200);
    assert_eq!((&threads[0]["message"]["id"], &threads[0]["unread"]), (&first["id"], &json!(1)));
    let answer = ann.get("/users/me/mentions").await;
    document.check("GET", "/users/me/mentions", &answer);
    assert_eq!(answer.expect(200)[0]["is_unread"], true);
    let path = thread(room, &first);
    let read = json!({ "seq": reply["seq"] });
    let place = ann.put(&format!("{path}/read"), read).await.expect(200);
    assert_eq!(place, json!({ "is_following": true, "read_seq": reply["seq"] }));
    let state = room_of(&ann, room).await;
    assert_eq!((&state["unread_threads"], &state["mentions"]), (&json!(0), &json!(0)));
    assert_eq!(ann.get("/users/me/threads?unread=true").await.expect(200), json!([]));
    let older = format!("/users/me/threads?before={}", reply["timestamp"].as_str().unwrap());
    assert_eq!(ann.get(&older).await.expect(200), json!([]));
    ann.get("/users/me/threads?before=yesterday").await.expect_problem(422, "invalid_field");
    ann.delete(&format!("{path}/follow")).await.expect(204);
    assert_eq!(ann.get("/users/me/threads").await.expect(200), json!([]));
    ann.put(&format!("{path}/follow"), Value::Null).await.expect(204);
    assert_eq!(ann.get("/users/me/threads").await.expect(200).as_array().unwrap().len(), 1);
    let position = ann.put(&format!("{path}/read"), json!({ "seq": -1 })).await;
    position.expect_problem(422, "invalid_field");
}

async fn a_watcher_hears_of_replies_and_mentions(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    let first = sends(&root, room, json!({ "content": "first" })).await;
    let mut socket = open_many(&ann).await;
    socket.send(json!({ "type": "watch" })).await;
    socket.recv_type("watching").await;
    frames_until_pong(&mut socket).await;
    sends(&root, room, json!({ "content": "hi @ann and @room" })).await;
    let activity = socket.recv_type("room_activity").await;
    let message = &activity["messages"][0];
    let named = (&message["mentions"], &message["mentions_everyone"]);
    assert_eq!(named, (&json!([ann.user_id]), &json!(true)));
    sends(&root, room, json!({ "content": "re", "thread_id": first["id"] })).await;
    let activity = socket.recv_type("room_activity").await;
    assert_eq!(activity["threads"], json!([first["id"]]));
    assert_eq!(activity["messages"], json!([]), "a reply is no message of the room");
}
