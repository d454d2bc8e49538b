//! Drafts: what people have written and not sent.

use serde_json::{Value, json};

use super::documented::Document;
use super::members::{add, private};
use crate::support::{Client, Database, Server, on_both_databases};

on_both_databases!(
    a_draft_is_kept_for_all_devices_of_its_author,
    a_draft_for_a_thread_belongs_to_its_first_message,
    drafts_come_back_with_the_right_to_read,
    what_cannot_be_kept_is_refused,
    the_number_of_drafts_is_limited,
);

fn path(room: i64) -> String {
    format!("/rooms/{room}/draft")
}

async fn save(client: &Client, room: i64, body: Value) -> Value {
    client.put(&path(room), body).await.expect(200)
}

async fn list(client: &Client) -> Vec<Value> {
    let list = client.get("/users/me/drafts").await.expect(200);
    list.as_array().expect("a list").clone()
}

async fn a_draft_is_kept_for_all_devices_of_its_author(database: Database) {
    let server = Server::start(database).await;
    let (ann, bo) = (server.admin("ann").await, server.user("bo").await);
    let (general, other) = (ann.creates_room("general").await, ann.creates_room("other").await);
    // Stored byte by byte, also if it is blank.
    let blank = save(&bo, other, json!({ "content": " \n" })).await;
    let body = json!({ "content": "  Grüße 👋\t", "thread_id": null });
    let first = save(&bo, general, body.clone()).await;
    let expected = json!({
        "room_id": general, "content": body["content"], "updated_at": first["updated_at"],
    });
    assert_eq!(first, expected);
    assert_eq!(save(&bo, general, body).await, first, "the same text is no change");
    let second = save(&bo, general, json!({ "content": "Hello" })).await;
    assert!(second["updated_at"].as_str() >= first["updated_at"].as_str());
    let phone = server.anonymous().signs_in("bo", crate::support::PASSWORD).await;
    let document = Document::of(&bo).await;
    let answer = phone.get("/users/me/drafts").await;
    document.check("GET", "/users/me/drafts", &answer);
    assert_eq!(answer.expect(200), json!([second, blank]));
    assert_eq!(list(&ann).await, Vec::<Value>::new(), "drafts are their author's");
    phone.delete(&path(general)).await.expect(204);
    phone.delete(&path(general)).await.expect(204);
    assert_eq!(list(&bo).await, [blank]);
    assert_eq!(ann.log(general).await, Vec::<Value>::new());
}

async fn a_draft_for_a_thread_belongs_to_its_first_message(database: Database) {
    let server = Server::start(database).await;
    let (ann, bo) = (server.admin("ann").await, server.user("bo").await);
    let room = ann.creates_room("general").await;
    let messages = format!("/rooms/{room}/messages");
    let first = ann.post(&messages, json!({ "content": "first" })).await.expect(201);
    let reply = json!({ "content": "re", "thread_id": first["id"] });
    let reply = ann.post(&messages, reply).await.expect(201);
    let of_room = save(&bo, room, json!({ "content": "in the room" })).await;
    let of_thread = save(&bo, room, json!({ "content": "y", "thread_id": reply["id"] })).await;
    assert_eq!((&of_thread["thread_id"], of_room.get("thread_id")), (&first["id"], None));
    let of_thread = save(&bo, room, json!({ "content": "yes", "thread_id": first["id"] })).await;
    let listed = list(&bo).await;
    assert!(listed.len() == 2 && listed.contains(&of_thread) && listed.contains(&of_room));
    // The thread can be read although its first message was deleted.
    ann.delete(&format!("{messages}/{}", first["id"])).await.expect(204);
    assert_eq!(list(&bo).await.len(), 2);
    let gone = format!("{}?thread_id=4000", path(room));
    bo.delete(&gone).await.expect(204);
    bo.delete(&format!("{}?thread_id={}", path(room), reply["id"])).await.expect(204);
    assert_eq!(list(&bo).await, [of_room]);
}

async fn drafts_come_back_with_the_right_to_read(database: Database) {
    let server = Server::start(database).await;
    let (ann, bo) = (server.admin("ann").await, server.user("bo").await);
    let (public, secret) =
        (ann.creates_room("general").await, private(&ann, "secret", json!({})).await);
    add(&ann, secret, std::slice::from_ref(&bo)).await;
    let mute = json!({ "muted_until": "2099-01-01T00:00:00.000Z" });
    ann.patch(&format!("/rooms/{secret}/members/{}", bo.user_id), mute).await.expect(204);
    let in_secret = save(&bo, secret, json!({ "content": "muted" })).await;
    let in_public = save(&bo, public, json!({ "content": "x" })).await;
    let ban = format!("/rooms/{public}/bans/{}", bo.user_id);
    ann.put(&ban, json!({})).await.expect(204);
    assert_eq!(list(&bo).await, std::slice::from_ref(&in_secret));
    bo.put(&path(public), json!({ "content": "y" })).await.expect_problem(403, "banned");
    bo.delete(&path(public)).await.expect_problem(403, "banned");
    ann.delete(&ban).await.expect(204);
    bo.delete(&format!("/rooms/{secret}/members/me")).await.expect(204);
    assert_eq!(list(&bo).await, std::slice::from_ref(&in_public));
    let refused = bo.put(&path(secret), json!({ "content": "y" })).await;
    refused.expect_problem(404, "room_not_found");
    add(&ann, secret, std::slice::from_ref(&bo)).await;
    assert_eq!(list(&bo).await, [in_public.clone(), in_secret]);
    ann.delete(&format!("/rooms/{secret}")).await.expect(204);
    assert_eq!(list(&bo).await, [in_public]);
}

async fn what_cannot_be_kept_is_refused(database: Database) {
    let server = Server::with(database)
        .env("CHATAPP_LIMITS__MESSAGE_CHARS", "8")
        .env("CHATAPP_LIMITS__SENDS_PER_SECOND", "1")
        .start()
        .await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    for content in ["", "too long!", "a\0b"] {
        let refused = ann.put(&path(room), json!({ "content": content })).await;
        refused.expect_problem(422, "invalid_field");
    }
    for thread in [0, -1] {
        let body = json!({ "content": "x", "thread_id": thread });
        ann.put(&path(room), body).await.expect_problem(422, "invalid_field");
        let refused = ann.delete(&format!("{}?thread_id={thread}", path(room))).await;
        refused.expect_problem(422, "invalid_field");
    }
    let other = ann.creates_room("other").await;
    let messages = format!("/rooms/{other}/messages");
    let elsewhere = ann.post(&messages, json!({ "content": "x" })).await.expect(201);
    for thread in [&json!(4_000), &elsewhere["id"]] {
        let body = json!({ "content": "x", "thread_id": thread });
        ann.put(&path(room), body).await.expect_problem(404, "message_not_found");
    }
    save(&ann, room, json!({ "content": "👋👋👋👋👋👋👋👋" })).await;
    for n in 0.. {
        let answer = ann.put(&path(room), json!({ "content": n.to_string() })).await;
        if answer.status != 200 {
            answer.expect_problem(429, "too_many_requests");
            break;
        }
        assert!(n < 1_000, "no request is refused");
    }
}

async fn the_number_of_drafts_is_limited(database: Database) {
    let server = Server::with(database).env("CHATAPP_LIMITS__SENDS_PER_SECOND", "0").start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let messages = format!("/rooms/{room}/messages");
    let mut draft = json!({ "content": "x" });
    for _ in 0..500 {
        save(&ann, room, draft.clone()).await;
        let sent = ann.post(&messages, json!({ "content": "x" })).await.expect(201);
        draft["thread_id"] = sent["id"].clone();
    }
    ann.put(&path(room), draft.clone()).await.expect_problem(409, "too_many_drafts");
    save(&ann, room, json!({ "content": "changed" })).await;
    ann.delete(&path(room)).await.expect(204);
    save(&ann, room, draft).await;
    assert_eq!(list(&ann).await.len(), 500);
}
