//! Editing and deleting messages, and changing rooms, over HTTP. (`tests/socket/changes.rs` tests
//! what sockets receive.)

use serde_json::{Value, json};

use super::documented::Document;
use super::rooms::without_membership;
use crate::support::{Client, Database, Server, on_both_databases};

on_both_databases!(
    a_message_can_be_edited_only_by_its_author,
    a_message_can_be_deleted_only_by_its_author_or_an_admin,
    a_message_that_does_not_exist_cannot_be_changed,
    an_edit_is_checked_like_a_message,
    a_retry_of_a_changed_message_returns_its_current_state,
    a_change_of_a_room_changes_only_the_given_fields,
    an_invalid_change_of_a_room_names_the_field,
    an_admins_changes_of_rooms_are_recorded,
);

async fn sends(client: &Client, room: i64, content: &str) -> (Value, String) {
    let path = format!("/rooms/{room}/messages");
    let sent = client.post(&path, json!({ "content": content })).await.expect(201);
    let path = format!("{path}/{}", sent["id"]);
    (sent, path)
}

async fn a_message_can_be_edited_only_by_its_author(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    let (sent, path) = sends(&ann, room, "tpyo").await;
    let document = Document::of(&root).await;
    let documented = "/rooms/{room_id}/messages/{message_id}";

    // Not even an admin can edit a message of another user.
    let refused = root.patch(&path, json!({ "content": "mine" })).await;
    document.check("PATCH", documented, &refused);
    refused.expect_problem(403, "author_required");
    let edited = ann.patch(&path, json!({ "content": "typo" })).await;
    document.check("PATCH", documented, &edited);
    let edited = edited.expect(200);
    let mut expected = sent.clone();
    expected["content"] = json!("typo");
    expected["edited_at"] = edited["edited_at"].clone();
    assert_eq!(edited, expected);
    assert!(edited["edited_at"].as_str() >= sent["timestamp"].as_str(), "{edited}");
    assert_eq!(root.history(room).await, std::slice::from_ref(&edited));
    // An edit to the same text changes nothing.
    let same = ann.patch(&path, json!({ "content": "typo" })).await.expect(200);
    assert_eq!(same, edited);
    let log = root.get(&format!("/rooms/{room}/events")).await;
    document.check("GET", "/rooms/{room_id}/events", &log);
    let log = log.expect(200);
    assert_eq!(
        (&log["head_seq"], &log["events"][1]["type"]),
        (&json!(2), &json!("message_edited"))
    );
}

async fn a_message_can_be_deleted_only_by_its_author_or_an_admin(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let bo = server.user("bo").await;
    let room = root.creates_room("general").await;
    let (own, own_path) = sends(&ann, room, "a secret of ann").await;
    let (other, other_path) = sends(&ann, room, "another secret").await;
    bo.delete(&own_path).await.expect_problem(403, "author_required");
    for _ in 0..2 {
        ann.delete(&own_path).await.expect(204);
        root.delete(&other_path).await.expect(204);
    }
    let history = root.history(room).await;
    for (message, sent) in history.iter().zip([own, other]) {
        let mut expected = sent;
        expected["content"] = json!("");
        expected["deleted_at"] = message["deleted_at"].clone();
        assert!(message["deleted_at"].is_string());
        assert_eq!(*message, expected);
    }
    let edit = ann.patch(&own_path, json!({ "content": "back" })).await;
    edit.expect_problem(409, "message_deleted");
    let log = root.get(&format!("/rooms/{room}/events")).await.expect(200);
    assert!(!log.to_string().contains("secret"), "{log}");
    assert_eq!(log["head_seq"], 4, "each message is deleted once");

    // Only the deletion of another user's message by an admin is recorded.
    let audit = root.get("/admin/audit").await.expect(200);
    let deletions: Vec<&Value> = audit["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["action"] == "message.delete")
        .collect();
    assert_eq!(deletions.len(), 1, "{audit}");
    assert_eq!(deletions[0]["target"], format!("message #{}", history[1]["id"]));
    assert_eq!(deletions[0]["detail"], json!({ "room_id": room, "user_id": ann.user_id }));
    assert!(!audit.to_string().contains("secret"));
}

async fn a_message_that_does_not_exist_cannot_be_changed(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let (room, other) = (root.creates_room("general").await, root.creates_room("other").await);
    let (sent, path) = sends(&root, room, "here").await;
    root.patch(&path, json!({ "content": "there" })).await.expect(200);
    let event = sent["id"].as_i64().unwrap() + 1;
    for (room, id, code) in [
        (room, 999_999, "message_not_found"),
        (room, event, "message_not_found"),
        (other, event - 1, "message_not_found"),
        (999, event - 1, "room_not_found"),
    ] {
        let path = format!("/rooms/{room}/messages/{id}");
        root.patch(&path, json!({ "content": "x" })).await.expect_problem(404, code);
        root.delete(&path).await.expect_problem(404, code);
    }
    let path = format!("/rooms/{room}/messages/first");
    let problem = root.delete(&path).await.expect_problem(422, "invalid_field");
    assert_eq!(problem["errors"][0]["field"], "message_id");
}

async fn an_edit_is_checked_like_a_message(database: Database) {
    let server = Server::with(database)
        .env("CHATAPP_LIMITS__MESSAGE_CHARS", "5")
        .env("CHATAPP_LIMITS__SENDS_PER_SECOND", "1")
        .start()
        .await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let (_, path) = sends(&root, room, "12345").await;
    for bad in [" \n", "123456", "a\0b"] {
        let problem =
            root.patch(&path, json!({ "content": bad })).await.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], "content");
    }
    root.patch(&path, json!({})).await.expect_problem(422, "invalid_field");
    root.patch(&path, json!({ "content": "x", "id": 2 }))
        .await
        .expect_problem(422, "invalid_field");
    // An edit is sent to all members, so it counts as a message for the rate limit.
    let mut refused = None;
    for n in 0..12 {
        let answer = root.patch(&path, json!({ "content": n.to_string() })).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    refused.expect("an edit is refused as too fast").expect_problem(429, "too_many_requests");
}

async fn a_retry_of_a_changed_message_returns_its_current_state(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let path = format!("/rooms/{room}/messages");
    let draft = json!({ "content": "first", "client_id": "one" });
    let sent = root.post(&path, draft.clone()).await.expect(201);
    let own = format!("{path}/{}", sent["id"]);
    let edited = root.patch(&own, json!({ "content": "second" })).await.expect(200);
    assert_eq!(root.post(&path, draft.clone()).await.expect(200), edited);
    root.delete(&own).await.expect(204);
    let retried = root.post(&path, draft).await.expect(200);
    assert_eq!((&retried["id"], &retried["content"]), (&sent["id"], &json!("")));
}

async fn a_change_of_a_room_changes_only_the_given_fields(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let body = json!({ "name": "general", "description": "Talk" });
    let mut room = root.post("/rooms", body).await.expect(201);
    let path = format!("/rooms/{}", room["id"]);
    assert!(room.get("archived_at").is_none(), "{room}");
    for (change, field, value, revision) in [
        (json!({}), "name", json!("general"), 0),
        (json!({ "name": " Lobby " }), "name", json!("Lobby"), 1),
        (json!({ "description": null }), "description", json!(null), 2),
        (json!({ "description": "All" }), "description", json!("All"), 3),
        (json!({ "name": null, "is_archived": null }), "name", json!("Lobby"), 3),
    ] {
        room[field] = value;
        room["revision"] = json!(revision);
        room["head_seq"] = json!(revision);
        assert_eq!(root.patch(&path, change.clone()).await.expect(200), room, "{change}");
        assert_eq!(ann.get(&path).await.expect(200), without_membership(&room), "{change}");
    }
    let archived = root.patch(&path, json!({ "is_archived": true })).await.expect(200);
    assert!(archived["archived_at"].is_string());
    assert_eq!(root.patch(&path, json!({ "is_archived": true })).await.expect(200), archived);
    assert_eq!(
        ann.get("/rooms").await.expect(200),
        json!([without_membership(&archived)]),
        "an archived room is still listed"
    );
    room["revision"] = json!(5);
    room["head_seq"] = json!(5);
    assert_eq!(root.patch(&path, json!({ "is_archived": false })).await.expect(200), room);
}

async fn an_invalid_change_of_a_room_names_the_field(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    root.creates_room("Other").await;
    let path = format!("/rooms/{room}");
    for (change, field) in [
        (json!({ "name": "  " }), "name"),
        (json!({ "name": "x".repeat(65) }), "name"),
        (json!({ "name": 7 }), "name"),
        (json!({ "description": "a\0b" }), "description"),
        (json!({ "description": true }), "description"),
        (json!({ "is_archived": "yes" }), "is_archived"),
        (json!({ "archived": true }), "archived"),
    ] {
        let problem = root.patch(&path, change.clone()).await.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], field, "{change}");
    }
    let taken = root.patch(&path, json!({ "name": "oTHER" })).await;
    taken.expect_problem(409, "room_name_taken");
    root.patch("/rooms/999", json!({ "name": "x" })).await.expect_problem(404, "room_not_found");
    assert_eq!(root.get(&path).await.expect(200)["name"], "general");
}

async fn an_admins_changes_of_rooms_are_recorded(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let path = format!("/rooms/{room}");
    root.patch(&path, json!({ "name": "lobby", "description": null })).await.expect(200);
    root.patch(&path, json!({ "name": "lobby" })).await.expect(200);
    root.delete(&path).await.expect(204);
    let audit = root.get("/admin/audit").await.expect(200);
    let entries = audit["entries"].as_array().unwrap();
    let acts: Vec<_> = entries.iter().map(|it| (&it["action"], &it["detail"])).collect();
    let expected = [
        ("room.delete", json!({ "name": "lobby" })),
        ("room.update", json!({ "name": "lobby", "description": null })),
        ("room.create", json!({ "name": "general" })),
    ];
    assert_eq!(acts.len(), expected.len(), "{audit}");
    for ((action, detail), (expected_action, expected_detail)) in acts.into_iter().zip(expected) {
        assert_eq!(action, expected_action);
        assert_eq!(*detail, expected_detail, "{action}");
    }
    assert!(entries.iter().all(|it| it["target"] == format!("room #{room}")), "{audit}");
}
