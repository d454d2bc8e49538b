//! Rooms over HTTP.

use serde_json::{Value, json};

use crate::support::{Database, Server, on_both_databases};

on_both_databases!(
    a_room_is_created_shown_and_deleted,
    a_room_counts_its_active_users,
    a_deleted_room_closes_the_sockets_in_it,
);

async fn a_room_is_created_shown_and_deleted(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = json!({ "name": "  general ", "description": "Everything\nand nothing" });
    let room = root.post("/rooms/", room).await.expect(201);
    assert_eq!(room["name"], "general");
    assert_eq!(room["description"], "Everything\nand nothing");
    assert_eq!(room["created_by"], root.user_id);
    assert_eq!((&room["head_seq"], &room["active_users"]), (&json!(0), &json!(0)));
    let plain = root.post("/rooms", json!({ "name": "plain" })).await.expect(201);
    assert_eq!(plain["description"], json!(null));
    let empty = root.post("/rooms", json!({ "name": "empty", "description": null })).await;
    let empty = empty.expect(201);

    let ann = server.user("ann").await;
    assert_eq!(room["membership"]["role"], "owner");
    let [of_ann, plain, empty] = [&room, &plain, &empty].map(without_membership);
    let all = json!([of_ann, plain, empty]);
    assert_eq!(ann.get("/rooms/").await.expect(200), all);
    assert_eq!(ann.get("/rooms").await.expect(200), all);
    let path = format!("/rooms/{}", room["id"]);
    assert_eq!(root.get(&path).await.expect(200), room);
    assert_eq!(ann.get(&path).await.expect(200), of_ann);

    root.delete(&path).await.expect(204);
    root.delete(&path).await.expect_problem(404, "room_not_found");
    ann.get(&path).await.expect_problem(404, "room_not_found");
    assert_eq!(ann.get("/rooms").await.expect(200), json!([plain, empty]));
}

async fn a_room_counts_its_active_users(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let ann = server.user("ann").await;
    let _sockets = (ann.joins(room).await, ann.joins(room).await, root.joins(room).await);
    let seen = ann.get(&format!("/rooms/{room}")).await.expect(200);
    assert_eq!(seen["active_users"], 2, "users are counted, not connections");
    assert_eq!(ann.get("/rooms").await.expect(200)[0]["active_users"], 2);
}

async fn a_deleted_room_closes_the_sockets_in_it(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let mut socket = root.joins(room).await;
    root.delete(&format!("/rooms/{room}")).await.expect(204);
    assert_eq!(socket.expect_close().await, 4404);
}

/// The room as somebody sees it who is not a member.
pub(super) fn without_membership(room: &Value) -> Value {
    let mut room = room.clone();
    let fields = room.as_object_mut().expect("a room");
    let of_members = ["membership", "unread", "mentions", "unread_threads"];
    fields.retain(|name, _| !of_members.contains(&name.as_str()));
    room
}
