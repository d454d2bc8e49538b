//! Messages of the server itself: what a product's server says in a room.

use serde_json::{Value, json};

use crate::support::{Client, Database, Server, on_both_databases};

on_both_databases!(
    a_message_of_the_server_is_an_ordinary_message_of_user_0,
    the_server_says_the_same_only_once,
    of_a_private_room_the_answer_tells_nothing,
    people_are_mentioned_and_groups_are_not,
    replies_to_the_server_make_nobody_of_it,
    what_is_not_acceptable_is_refused,
);

async fn a_message_of_the_server_is_an_ordinary_message_of_user_0(database: Database) {
    let server = Server::start(database).await;
    let [root, bo] = [server.admin("root").await, server.user("bo").await];
    let room = root.creates_room("orders").await;
    let path = format!("/rooms/{room}");
    bo.put(&format!("{path}/members/me"), Value::Null).await.expect(200);
    let mut socket = bo.joins(room).await;
    let said = says(&root, room, json!({ "content": "Order 42 was **sent**" })).await;
    let message = said.expect(201)["message"].clone();
    assert_eq!(
        [&message["user_id"], &message["username"], &message["content"]],
        [&json!(0), &json!("(server)"), &json!("Order 42 was **sent**")]
    );
    let frame = socket.recv_type("message").await;
    assert_eq!((&frame["id"], &frame["user_id"]), (&message["id"], &json!(0)));

    let page = bo.get(&format!("{path}/messages")).await.expect(200);
    assert_eq!(page["messages"], json!([message]));
    let shown = bo.get(&path).await.expect(200);
    assert_eq!([&shown["unread"], &shown["mentions"]], [&json!(1), &json!(0)]);
    // It becomes nobody's own: people react to it, a moderator deletes it, and nobody edits it.
    let of_message = format!("{path}/messages/{}", message["id"]);
    bo.put(&format!("{of_message}/reactions/:tada:"), Value::Null).await.expect(204);
    let edit = json!({ "content": "x" });
    root.patch(&of_message, edit).await.expect_problem(403, "author_required");
    root.delete(&of_message).await.expect(204);
}

async fn the_server_says_the_same_only_once(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("orders").await;
    let sent = json!({ "content": "sent", "client_id": "order-42" });
    let first = says(&root, room, sent.clone()).await.expect(201);
    assert_eq!(says(&root, room, sent.clone()).await.expect(200), first);
    root.patch(&format!("/rooms/{room}"), json!({ "is_archived": true })).await.expect(200);
    assert_eq!(says(&root, room, sent).await.expect(200), first);
    let other = json!({ "content": "more" });
    says(&root, room, other).await.expect_problem(409, "room_archived");
    assert_eq!(announced(&root).await, json!([[format!("room #{room}"), {}]]));
}

async fn of_a_private_room_the_answer_tells_nothing(database: Database) {
    let server = Server::start(database).await;
    let [root, ann] = [server.admin("root").await, server.user("ann").await];
    let private = json!({ "name": "plans", "kind": "private" });
    let room = ann.post("/rooms/", private).await.expect(201)["id"].as_i64().unwrap();
    let text = json!({ "content": "for @ann", "client_id": "1" });
    assert_eq!(says(&root, room, text.clone()).await.expect(201), json!({}));
    assert_eq!(says(&root, room, text.clone()).await.expect(200), json!({}));
    let page = ann.get(&format!("/rooms/{room}/messages")).await.expect(200);
    assert_eq!(page["messages"][0]["content"], "for @ann");
    assert_eq!(page["messages"][0]["user_id"], 0);
    assert_eq!(announced(&root).await, json!([[format!("room #{room}"), {}]]));
    // A direct room is the people's own.
    let direct = ann.post("/direct-rooms/", json!({ "user_ids": [root.user_id] })).await;
    let direct = direct.expect(201)["id"].as_i64().unwrap();
    says(&root, direct, text).await.expect_problem(409, "room_kind");
}

async fn people_are_mentioned_and_groups_are_not(database: Database) {
    let server = Server::start(database).await;
    let [root, bo] = [server.admin("root").await, server.user("bo").await];
    let room = root.creates_room("orders").await;
    bo.put(&format!("/rooms/{room}/members/me"), Value::Null).await.expect(200);
    let text = json!({ "content": "@room and @here and @bo and @nobody" });
    let message = says(&root, room, text).await.expect(201)["message"].clone();
    let mention = json!([{ "user_id": bo.user_id, "start": 20, "end": 23 }]);
    assert_eq!(message["mentions"], mention);
    let mentions = bo.get("/users/me/mentions").await.expect(200);
    assert_eq!(mentions[0]["message"]["user_id"], 0, "{mentions}");
    assert_eq!(root.get("/users/me/mentions").await.expect(200), json!([]));
}

async fn replies_to_the_server_make_nobody_of_it(database: Database) {
    let server = Server::start(database).await;
    let [root, bo] = [server.admin("root").await, server.user("bo").await];
    let room = root.creates_room("orders").await;
    let said = says(&root, room, json!({ "content": "How was it?" })).await.expect(201);
    let first = &said["message"]["id"];
    let reply = json!({ "content": "Good", "thread_id": first });
    bo.post(&format!("/rooms/{room}/messages"), reply).await.expect(201);
    let thread = bo.get(&format!("/rooms/{room}/messages/{first}/thread")).await.expect(200);
    assert_eq!(thread["messages"][0]["content"], "Good");
    let members = root.get(&format!("/rooms/{room}/members")).await.expect(200);
    let ids = members["members"].as_array().unwrap().iter().map(|it| it["user_id"].clone());
    assert_eq!(ids.collect::<Value>(), json!([root.user_id, bo.user_id]));
}

async fn what_is_not_acceptable_is_refused(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("orders").await;
    for body in [
        json!({ "content": " " }),
        json!({ "content": "x".repeat(4_001) }),
        json!({ "content": "x", "client_id": "a b" }),
        json!({ "content": "x", "thread_id": 1 }),
    ] {
        says(&root, room, body).await.expect_problem(422, "invalid_field");
    }
    says(&root, 999, json!({ "content": "x" })).await.expect_problem(404, "room_not_found");
    assert_eq!(announced(&root).await, json!([]));
}

async fn says(admin: &Client, room: i64, message: Value) -> crate::support::Answer {
    admin.post(&format!("/admin/rooms/{room}/messages"), message).await
}

/// The targets and details of the messages of the server in the audit log.
async fn announced(admin: &Client) -> Value {
    let audit = admin.get("/admin/audit").await.expect(200);
    let acts = audit["entries"].as_array().expect("entries").iter().rev();
    let acts = acts.filter(|it| it["action"] == "room.announce");
    acts.map(|it| json!([it["target"], it["detail"]])).collect()
}
