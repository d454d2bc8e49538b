//! Incoming webhooks: making and deleting them, and what is sent to them.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Database, Server, on_both_databases};

on_both_databases!(
    a_webhook_sends_to_its_room_under_its_own_name,
    a_deleted_webhook_is_as_one_that_never_was_and_its_messages_stay,
    what_cannot_be_sent_is_refused_with_the_reason,
    a_key_is_stored_once_and_without_one_each_request_is_a_message,
    a_webhook_mentions_those_whom_it_names_and_not_everybody,
    a_long_text_is_cut_and_not_refused,
    a_webhook_sends_where_only_moderators_do,
    the_webhook_of_a_private_room_is_for_its_members,
    a_room_has_a_limited_number_of_webhooks,
    each_webhook_has_a_pace_of_its_own,
    the_payloads_of_other_programs_are_shown,
);

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Makes a webhook and returns the path to which its messages are sent.
async fn hook(client: &Client, room: i64, name: &str) -> String {
    let made = client.post(&format!("/rooms/{room}/hooks"), json!({ "name": name })).await;
    made.expect(201)["path"].as_str().expect("a path").to_owned()
}

async fn send(server: &Server, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = server.anonymous().request(Method::POST, path);
    Answer::to(request.header("content-type", kind).body(body)).await
}

async fn contents(client: &Client, room: i64) -> Vec<String> {
    let messages = client.history(room).await;
    messages.iter().map(|it| it["content"].as_str().expect("a text").to_owned()).collect()
}

async fn a_webhook_sends_to_its_room_under_its_own_name(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let mut heard = root.joins(room).await;
    let path = format!("/rooms/{room}/hooks");
    let made = root.post(&path, json!({ "name": "  Night  build " })).await.expect(201);
    let url = made["path"].as_str().expect("a path").to_owned();
    assert!(url.starts_with("/hooks/cb_") && url.len() == 53, "{url}");
    assert_eq!((&made["name"], &made["room_id"]), (&json!("Night build"), &json!(room)));
    assert_eq!(made["created_by"], json!({ "user_id": root.user_id, "username": "root" }));
    let joined = heard.recv_type("member_joined").await;
    assert_eq!(joined["members"][0]["display_name"], "Night build");

    for (kind, body) in [
        (JSON, r#"{"text": "*one* & two", "username": "somebody", "channel": "elsewhere"}"#),
        (
            "Application/JSON; charset=utf-8",
            "\u{feff}{\"text\": \"*one* & two\", \"text\": \"*one* & two\"}",
        ),
        (FORM, "text=*one*+%26+two"),
        (FORM, "payload=%7B%22text%22%3A%22*one*%20%26%20two%22%7D"),
        (FORM, r#"{"text": "*one* & two"}"#),
        ("text/plain; charset=utf-8", "*one* & two\n"),
    ] {
        let answer = send(&server, &url, kind, body).await;
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(answer.expect(200), "ok", "{kind} {body}");
        let message = heard.recv_type("message").await;
        assert_eq!(message["content"], "**one** & two", "{kind} {body}");
        assert_eq!(
            (&message["display_name"], &message["is_bot"]),
            (&json!("Night build"), &json!(true))
        );
        assert_eq!((&message["username"], &message["user_id"]), (&made["username"], &made["id"]));
    }
    let listed = loop {
        let listed = root.get(&path).await.expect(200);
        if listed[0]["last_used_at"] != Value::Null {
            break listed;
        }
    };
    assert_eq!(listed.as_array().expect("a list").len(), 1);
    assert_eq!((&listed[0]["id"], &listed[0]["path"]), (&made["id"], &Value::Null));
    let audit = root.get("/admin/audit").await.expect(200).to_string();
    assert!(audit.contains("hook.create") && !audit.contains("cb_"), "{audit}");
    for name in ["", " ", "a\nb", &"x".repeat(65)] {
        let refused = root.post(&path, json!({ "name": name })).await;
        assert_eq!(refused.expect_problem(422, "invalid_field")["errors"][0]["field"], "name");
    }
}

async fn a_deleted_webhook_is_as_one_that_never_was_and_its_messages_stay(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [room, other] = [root.creates_room("general").await, root.creates_room("other").await];
    let path = format!("/rooms/{room}/hooks");
    let made = root.post(&path, json!({ "name": "CI" })).await.expect(201);
    let (id, url) = (&made["id"], made["path"].as_str().expect("a path"));
    send(&server, url, FORM, "text=hi").await.expect(200);
    root.delete(&format!("/rooms/{other}/hooks/{id}")).await.expect_problem(404, "hook_not_found");
    let mut heard = root.joins(room).await;
    root.delete(&format!("{path}/{id}")).await.expect(204);
    assert_eq!(&heard.recv_type("member_left").await["members"][0]["user_id"], id);
    root.delete(&format!("{path}/{id}")).await.expect_problem(404, "hook_not_found");
    assert_eq!(root.get(&path).await.expect(200), json!([]));

    // An API token of another bot, a token of a person, and one that nobody has.
    let token = json!({ "name": "t", "scopes": ["send"], "room_ids": [room] });
    let bot = root.post("/bots", json!({ "username": "pa", "token": token })).await.expect(201);
    let in_deleted = hook(&root, other, "CI").await;
    root.delete(&format!("/rooms/{other}")).await.expect(204);
    let unknown = format!("/hooks/cb_{}", "x".repeat(43));
    let of_bot = format!("/hooks/{}", bot["token"]["token"].as_str().expect("a token"));
    let of_person = format!("/hooks/{}", root.token);
    let mut answers = Vec::new();
    for path in [url, &unknown, "/hooks/x", "/hooks/cb_", &of_bot, &of_person, &in_deleted] {
        let answer = send(&server, path, FORM, "text=hi").await;
        let mut problem = answer.expect_problem(404, "hook_not_found");
        problem["request_id"] = Value::Null;
        answers.push(problem);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    let message = &root.history(room).await[0];
    assert_eq!((&message["content"], &message["display_name"]), (&json!("hi"), &json!("CI")));
    let token = url.trim_start_matches("/hooks/");
    let refused = root.with_token(token).get("/auth/me").await;
    assert_eq!(refused.status, 401, "{}", refused.body);
}

async fn what_cannot_be_sent_is_refused_with_the_reason(database: Database) {
    let server = Server::with(database).env("CHATAPP_HTTP__MAX_BODY_BYTES", "2000").start().await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let url = hook(&root, room, "CI").await;
    let to = async |kind: &str, body: &str| send(&server, &url, kind, body.to_owned()).await;
    for (kind, body) in [(JSON, "hi"), (JSON, ""), (JSON, "{\"text\": \"a"), (FORM, "payload=hi")] {
        to(kind, body).await.expect_problem(400, "malformed_json");
    }
    for (kind, body) in [
        (JSON, "{}"),
        (JSON, "[]"),
        (JSON, r#"{"content": "hi"}"#),
        (JSON, r#"{"text": " "}"#),
        (FORM, "x=hi"),
        (JSON, r#"{"text": "\u200b"}"#),
        ("text/plain", ""),
        (JSON, r#"{"attachments": [{"color": "good"}]}"#),
    ] {
        let problem = to(kind, body).await.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], "text", "{body}");
    }
    for kind in ["application/xml", "multipart/form-data; boundary=x"] {
        let problem = to(kind, "hi").await.expect_problem(415, "unsupported_media_type");
        assert!(problem["detail"].as_str().expect("a text").contains("text/plain"), "{problem}");
    }
    to(FORM, &format!("text={}", "x".repeat(2_001))).await.expect_problem(413, "too_large");
    let get = server.anonymous().get(&url).await;
    assert_eq!(get.header("allow"), "POST");
    get.expect_problem(405, "method_not_allowed");
    assert_eq!(root.history(room).await.len(), 0);

    let id = root.get(&format!("/rooms/{room}/hooks")).await.expect(200)[0]["id"].clone();
    let member = format!("/rooms/{room}/members/{id}");
    root.patch(&member, json!({ "muted_until": "2099-01-01T00:00:00.000Z" })).await.expect(204);
    to(FORM, "text=hi").await.expect_problem(403, "muted");
    root.patch(&member, json!({ "muted_until": null })).await.expect(204);
    to(FORM, "text=hi").await.expect(200);
    root.put(&format!("/rooms/{room}/bans/{id}"), json!({})).await.expect(204);
    to(FORM, "text=hi").await.expect_problem(403, "banned");
    root.delete(&format!("/rooms/{room}/bans/{id}")).await.expect(204);
    root.patch(&format!("/rooms/{room}"), json!({ "is_archived": true })).await.expect(200);
    to(FORM, "text=hi").await.expect_problem(409, "room_archived");
    let archived = root.post(&format!("/rooms/{room}/hooks"), json!({ "name": "x" })).await;
    archived.expect_problem(409, "room_archived");
}

async fn a_key_is_stored_once_and_without_one_each_request_is_a_message(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let url = hook(&root, room, "CI").await;
    let with_key = async |key: &str| {
        let request = server.anonymous().request(Method::POST, &url).header("Idempotency-Key", key);
        Answer::to(request.json(&json!({ "text": "hi" }))).await
    };
    for key in ["a-1", "a-1", "\"b-2\"", "\"b-2\""] {
        assert_eq!(with_key(key).await.expect(200), "ok");
    }
    assert_eq!(root.history(room).await.len(), 2);
    for _ in 0..2 {
        send(&server, &url, FORM, "text=hi").await.expect(200);
    }
    assert_eq!(root.history(room).await.len(), 4);
    for key in ["a b", &"x".repeat(65)] {
        let problem = with_key(key).await.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], "Idempotency-Key", "{problem}");
    }
}

async fn a_webhook_mentions_those_whom_it_names_and_not_everybody(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let ann = server.user("ann").await;
    let room = root.creates_room("general").await;
    ann.put(&format!("/rooms/{room}/members/me"), Value::Null).await.expect(200);
    let url = hook(&root, room, "CI").await;
    send(&server, &url, FORM, "text=@room @here <!here> <!channel> for <@ann>").await.expect(200);
    let message = &root.history(room).await[0];
    assert_eq!(message["content"], r"\@room \@here \@here @channel for @ann");
    let mentions = message["mentions"].as_array().expect("mentions");
    assert_eq!(mentions.len(), 1, "{mentions:?}");
    assert_eq!(mentions[0]["user_id"], ann.user_id);
    // Also in markdown, where nothing is escaped.
    let block = json!({ "blocks": [{ "type": "markdown", "text": "@room: nobody" }] });
    send(&server, &url, JSON, block.to_string()).await.expect(200);
    assert_eq!(root.history(room).await[1]["mentions"], Value::Null);
}

async fn a_long_text_is_cut_and_not_refused(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let url = hook(&root, room, "CI").await;
    send(&server, &url, FORM, format!("text={}", "ä".repeat(9_000))).await.expect(200);
    let content = contents(&root, room).await.remove(0);
    assert!(content.ends_with("ä\n… (cut)"), "{content}");
    assert!((3_900..=4_000).contains(&content.chars().count()), "{}", content.chars().count());
}

async fn a_webhook_sends_where_only_moderators_do(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("news").await;
    root.patch(&format!("/rooms/{room}"), json!({ "posting": "moderators" })).await.expect(200);
    let url = hook(&root, room, "CI").await;
    send(&server, &url, FORM, "text=news").await.expect(200);
    assert_eq!(contents(&root, room).await, ["news"]);
    // The token itself allows only what a member may do.
    let token = root.with_token(url.trim_start_matches("/hooks/"));
    let refused = token.post(&format!("/rooms/{room}/messages"), json!({ "content": "x" })).await;
    refused.expect_problem(403, "posting_restricted");
    token.get(&format!("/rooms/{room}/messages")).await.expect_problem(403, "scope_missing");
}

async fn the_webhook_of_a_private_room_is_for_its_members(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [ann, bo] = [server.user("ann").await, server.user("bo").await];
    let private = json!({ "name": "plans", "kind": "private" });
    let room = ann.post("/rooms/", private).await.expect(201)["id"].as_i64().expect("an id");
    let made =
        ann.post(&format!("/rooms/{room}/hooks"), json!({ "name": "Plans" })).await.expect(201);
    let url = made["path"].as_str().expect("a path");
    send(&server, url, FORM, "text=hi @bo @ann").await.expect(200);
    let message = &ann.history(room).await[0];
    assert_eq!(message["mentions"].as_array().expect("mentions").len(), 1, "{message}");
    let card = format!("/users/{}", made["id"]);
    assert_eq!(ann.get(&card).await.expect(200)["display_name"], "Plans");
    for outsider in [&bo, &root] {
        outsider.get(&card).await.expect_problem(404, "user_not_found");
        let people = outsider.get("/users/").await.expect(200);
        assert!(!people.to_string().contains("Plans"), "{people}");
    }
    let audit = root.get("/admin/audit").await.expect(200).to_string();
    assert!(!audit.contains("hook."), "{audit}");
    // A deleted webhook is still seen by the members only.
    let second = ann.post(&format!("/rooms/{room}/hooks"), json!({ "name": "Second" })).await;
    let second = second.expect(201)["id"].clone();
    ann.delete(&format!("/rooms/{room}/hooks/{second}")).await.expect(204);
    let card = format!("/users/{second}");
    assert_eq!(ann.get(&card).await.expect(200)["is_active"], false);
    bo.get(&card).await.expect_problem(404, "user_not_found");
    // Its bot is removed as other members are.
    let bot = &made["id"];
    ann.delete(&format!("/rooms/{room}/members/{bot}")).await.expect(204);
    send(&server, url, FORM, "text=hi").await.expect_problem(404, "hook_not_found");
}

async fn a_room_has_a_limited_number_of_webhooks(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    for n in 0..20 {
        hook(&root, room, &format!("hook {n}")).await;
    }
    let path = format!("/rooms/{room}/hooks");
    root.post(&path, json!({ "name": "x" })).await.expect_problem(409, "too_many_hooks");
    let first = root.get(&path).await.expect(200)[0]["id"].clone();
    root.delete(&format!("{path}/{first}")).await.expect(204);
    hook(&root, room, "another").await;
}

async fn each_webhook_has_a_pace_of_its_own(database: Database) {
    let server = Server::with(database).env("CHATAPP_LIMITS__SENDS_PER_SECOND", "1").start().await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let [one, two] = [hook(&root, room, "one").await, hook(&root, room, "two").await];
    let refused = loop {
        let answer = send(&server, &one, FORM, "text=hi").await;
        if answer.status != 200 {
            break answer;
        }
    };
    let wait: u32 = refused.header("retry-after").parse().expect("seconds");
    assert!(wait >= 1);
    refused.expect_problem(429, "too_many_requests");
    send(&server, &two, FORM, "text=hi").await.expect(200);
}

/// The payloads in `tests/hooks` are like those that the programs send by their documentation. What is shown is in a
/// reviewed file beside each of them, which `UPDATE_SNAPSHOTS=1` writes.
async fn the_payloads_of_other_programs_are_shown(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let url = hook(&root, room, "test").await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hooks");
    let files =
        std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut payloads: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|it| it == "json")).collect();
    payloads.sort();
    assert!(payloads.len() >= 9, "{payloads:?}");
    for (number, path) in payloads.iter().enumerate() {
        let payload = std::fs::read_to_string(path).expect("a text");
        // Old programs send a form.
        let answer = match number % 2 {
            0 => send(&server, &url, JSON, payload).await,
            _ => {
                let form: String = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("payload", &payload)
                    .finish();
                send(&server, &url, FORM, form).await
            }
        };
        assert_eq!(answer.expect(200), "ok", "{path:?}");
        let shown = contents(&root, room).await.remove(number) + "\n";
        let reviewed = path.with_extension("md");
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(&reviewed, &shown).expect("a file that can be written");
        }
        assert_eq!(shown, std::fs::read_to_string(&reviewed).unwrap_or_default(), "{reviewed:?}");
    }
}
