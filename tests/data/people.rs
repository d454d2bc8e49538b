//! Copies of a database with private and direct rooms, and all that belongs to the people in them.

use serde_json::{Value, json};

use super::{elsewhere, other, rows_of, run, whole_url};
use crate::support::product::{self, Key};
use crate::support::{Client, Database, Server};

pub async fn copies_have_private_rooms_and_their_people(kind: Database) {
    let mut server = product::server_with_secret(kind).start().await;
    with_people(&server).await;
    let room = run(&server, &["rooms", "list", "--output", "json"]).await.json();
    let private = room.as_array().unwrap().iter().find(|room| room["kind"] == "private").unwrap();
    let number = private["id"].to_string();
    let part = run(&server, &["export", "part.jsonl", "--room", &number]).await.ok();
    assert!(part.stderr.contains("is private: only its members see"), "{part:?}");
    let public = run(&server, &["export", "public.jsonl", "--room", "general"]).await.ok();
    assert!(!public.stderr.contains("private"), "{public:?}");
    for file in ["part.jsonl", "public.jsonl"] {
        run(&server, &["backup", "verify", file]).await.ok();
    }
    let findings = run(&server, &["doctor", "--output", "json"]).await;
    let findings: Value = serde_json::from_str(&findings.stdout).unwrap();
    let members = findings.as_array().unwrap().iter().find(|it| it["check"] == "members").unwrap();
    assert_eq!(members["state"], "ok", "{members}");
    run(&server, &["backup", "backup"]).await.ok();
    run(&server, &["backup", "verify", "backup"]).await.ok();
    server.sigterm().await;

    let export = run(&server, &["export"]).await.ok().stdout;
    let kinds: Vec<&str> = [
        "member",
        "ban",
        "invite",
        "block",
        "external_account",
        "reaction",
        "mention",
        "thread_follow",
        "pin",
        "draft",
        "scheduled_message",
        "incoming_hook",
        "user_metadata",
        "room_metadata",
        "message_metadata",
    ]
    .into();
    for line in kinds {
        assert!(export.contains(&format!("{{\"type\":\"{line}\"")), "no {line} in the export");
    }
    std::fs::write(server.folder().join("whole.jsonl"), &export).unwrap();
    let mut there = Server::start(other(kind)).await;
    there.sigterm().await;
    let target = whole_url(&there);
    elsewhere(&server, &target, &["import", "whole.jsonl", "--yes"]).await.ok();
    assert!(rows_of(&run(&there, &["export"]).await.ok().stdout) == rows_of(&export), "imported");
    let copy = ["copy", "--from", &whole_url(&server), "--to", &target, "--yes"];
    elsewhere(&server, &target, &copy).await.ok();
    assert!(rows_of(&run(&there, &["export"]).await.ok().stdout) == rows_of(&export), "copied");
    // And back, to the kind of the first.
    let back = ["copy", "--from", &target, "--to", &whole_url(&server), "--yes"];
    elsewhere(&server, &target, &back).await.ok();
    assert!(rows_of(&run(&server, &["export"]).await.ok().stdout) == rows_of(&export), "back");
    run(&server, &["restore", "backup", "--yes"]).await.ok();
    assert!(rows_of(&run(&server, &["export"]).await.ok().stdout) == rows_of(&export), "restored");
}

/// A time in three months.
fn later() -> chatapp::model::Timestamp {
    chatapp::model::Clock::System.now().plus_seconds(90 * 24 * 60 * 60)
}

async fn with_people(server: &Server) {
    let ann = server.admin("ann").await;
    let public = ann.creates_room("general").await;
    let (bo, cy, di) = (server.user("bo").await, server.user("cy").await, server.user("di").await);
    let room = bo.post("/rooms/", json!({ "name": "plans", "kind": "private" })).await.expect(201);
    let room = room["id"].as_i64().unwrap();
    let members = format!("/rooms/{room}/members");
    let ids = json!({ "user_ids": [ann.user_id, cy.user_id, di.user_id] });
    bo.post(&members, ids).await.expect(200);
    let change = |who: &Client| format!("{members}/{}", who.user_id);
    bo.patch(&change(&ann), json!({ "role": "moderator" })).await.expect(204);
    let until = "2100-01-31T10:30:00.000Z";
    bo.patch(&change(&cy), json!({ "muted_until": until })).await.expect(204);
    let ban = format!("/rooms/{public}/bans/{}", di.user_id);
    ann.put(&ban, json!({ "reason": "advertising", "until": until })).await.expect(204);
    bo.post(&format!("/rooms/{room}/invites"), json!({ "uses_allowed": 3 })).await.expect(201);
    bo.post(&format!("/rooms/{room}/hooks"), json!({ "name": "CI" })).await.expect(201);
    for (who, room) in [(&bo, public), (&bo, room)] {
        let message = json!({ "content": "hello", "client_id": "one" });
        who.post(&format!("/rooms/{room}/messages"), message).await.expect(201);
    }
    let data = json!({ "order_id": 42, "tab\t": ["ü", null], "text": "é" });
    let with_data = json!({ "metadata": data });
    bo.patch(&format!("/rooms/{room}"), with_data.clone()).await.expect(200);
    ann.patch(&format!("/admin/users/{}", bo.user_id), with_data).await.expect(200);
    let said = json!({ "content": "from the server", "metadata": data });
    ann.post(&format!("/admin/rooms/{room}/messages"), said).await.expect(201);
    let path = format!("/rooms/{room}/messages");
    let first = json!({ "content": "hi @bo and @room", "metadata": data });
    let first = ann.post(&path, first).await.expect(201)["id"].as_i64().unwrap();
    let reply = json!({ "content": "yes", "thread_id": first });
    bo.post(&path, reply).await.expect(201);
    bo.put(&format!("{path}/{first}/reactions/:tada:"), json!({})).await.expect(204);
    bo.put(&format!("/rooms/{room}/pins/{first}"), json!({})).await.expect(204);
    for draft in [json!({ "content": "not yet" }), json!({ "content": "re", "thread_id": first })] {
        bo.put(&format!("/rooms/{room}/draft"), draft).await.expect(200);
    }
    let later = json!({ "content": "later", "send_at": later() });
    bo.post(&format!("/rooms/{room}/scheduled"), later).await.expect(201);
    let direct = cy.post("/direct-rooms/", json!({ "user_ids": [bo.user_id] })).await.expect(201);
    let path = format!("/rooms/{}/messages", direct["id"]);
    cy.post(&path, json!({ "content": "just us" })).await.expect(201);
    cy.patch(&format!("/rooms/{room}/members/me"), json!({ "notify": "none", "is_starred": true }))
        .await
        .expect(200);
    cy.patch("/users/me", json!({ "display_name": "Cy", "status": { "text": "away" } }))
        .await
        .expect(200);
    cy.put(&format!("/users/me/blocks/{}", ann.user_id), json!({})).await.expect(204);
    let token = Key::secret().token(json!({ "sub": "é 42", "preferred_username": "shopper" }));
    let token = json!({ "token": token });
    server.anonymous().post("/auth/exchange", token).await.expect(200);
    ann.delete(&format!("/admin/users/{}", di.user_id)).await.expect(204);
}
