//! Every endpoint, called by an anonymous client, a user, an admin and a user whose account was deactivated.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::{Value, json};

use super::documented::Document;
use crate::support::{Answer, Client, Database, PASSWORD, Server, on_both_databases};

on_both_databases!(
    every_endpoint_answers_each_caller_as_documented,
    with_closed_sign_up_and_rooms_by_everyone_each_caller_is_answered_as_documented
);

/// Method, documented path, body, and the status for an anonymous client, a user, an admin, and a
/// deactivated user with a token that has not expired.
type Row = (&'static str, &'static str, Option<Value>, [u16; 4]);

const MEMBER: &str = "/rooms/{room_id}/members/{user_id}";
const DRAFT: &str = "/rooms/{room_id}/draft";
const SCHEDULED: &str = "/users/me/scheduled/{scheduled_id}";
const MESSAGE: &str = "/rooms/{room_id}/messages/{message_id}";
const FORWARD: &str = "/rooms/{room_id}/messages/{message_id}/forward";
const REACTION: &str = "/rooms/{room_id}/messages/{message_id}/reactions/{emoji}";
const PIN: &str = "/rooms/{room_id}/pins/{message_id}";
const THREAD: &str = "/rooms/{room_id}/messages/{message_id}/thread";
const THREAD_READ: &str = "/rooms/{room_id}/messages/{message_id}/thread/read";
const PREVIEWS: &str = "/rooms/{room_id}/messages/{message_id}/previews";
const PREVIEW_IMAGE: &str = "/rooms/{room_id}/messages/{message_id}/previews/{index}/image";
const CURSOR: &str = "/bots/me/cursors/{name}";
const FOLLOW: &str = "/rooms/{room_id}/messages/{message_id}/thread/follow";

/// The rows with other results under `auth.signup = "closed"` and `rooms.create = "everyone"`.
fn table_with_other_settings() -> Vec<Row> {
    let others = [
        ("POST", "/auth/signup", [403, 403, 201, 401]),
        ("POST", "/auth/signup", [403, 403, 201, 401]),
        ("POST", "/rooms/", [401, 201, 201, 401]),
    ];
    let rows = table().into_iter().filter(|row| matches!(row.1, "/auth/signup" | "/rooms/"));
    let rows = rows.filter(|row| row.0 == "POST");
    rows.zip(others).map(|(row, other)| (row.0, row.1, row.2, other.2)).collect()
}

fn table() -> Vec<Row> {
    let room = || Some(json!({ "name": "NEW" }));
    let password = || Some(json!({ "current_password": PASSWORD, "new_password": PASSWORD }));
    let account = |role: &str| {
        let email = "NEW@example.com";
        Some(json!({ "username": "NEW", "email": email, "password": PASSWORD, "role": role }))
    };
    let credentials = || Some(json!({ "username": "root", "password": PASSWORD }));
    let message = || Some(json!({ "content": "hello" }));
    let scheduled =
        || Some(json!({ "content": "hello", "send_at": super::scheduled::after(60_000) }));
    let redeemed = || Some(json!({ "token": "TOKEN", "new_password": PASSWORD }));
    let role = || Some(json!({ "role": "admin" }));
    let invite = || Some(json!({ "token": "TOKEN" }));
    let user = || Some(json!({ "user_id": "USER" }));
    let users = || Some(json!({ "user_ids": ["USER"] }));
    let star = || Some(json!({ "is_starred": true }));
    let api_token = || Some(json!({ "name": "test", "scopes": ["read"] }));
    let bot = || Some(json!({ "username": "NEW", "token": api_token() }));
    let positions = || Some(json!({ "positions": [{ "room_id": 1, "seq": 1 }] }));
    let moderator = || Some(json!({ "role": "moderator" }));
    vec![
        ("POST", "/auth/signup", account("user"), [201, 201, 201, 401]),
        ("POST", "/auth/signup", account("admin"), [403, 403, 201, 401]),
        ("GET", "/auth/setup", None, [200, 200, 200, 200]),
        ("POST", "/auth/login", credentials(), [200, 200, 200, 200]),
        // No product is set up.
        ("POST", "/auth/exchange", Some(json!({ "token": "x" })), [404, 404, 404, 404]),
        ("GET", "/auth/me", None, [401, 200, 200, 401]),
        ("POST", "/auth/refresh", None, [401, 200, 200, 401]),
        ("POST", "/auth/ws-ticket", None, [401, 201, 201, 401]),
        ("POST", "/auth/password", password(), [401, 204, 204, 401]),
        // The reset token is the only credential.
        ("POST", "/auth/password-reset", redeemed(), [204, 204, 204, 204]),
        ("POST", "/auth/logout", None, [401, 204, 204, 401]),
        ("GET", "/users/", None, [401, 200, 200, 401]),
        ("GET", "/users/{user_id}", None, [401, 200, 200, 401]),
        ("PATCH", "/users/me", Some(json!({ "title": "NEW" })), [401, 200, 200, 401]),
        ("GET", "/users/me/blocks", None, [401, 200, 200, 401]),
        ("PUT", "/users/me/blocks/{user_id}", None, [401, 204, 204, 401]),
        ("DELETE", "/users/me/blocks/{user_id}", None, [401, 204, 204, 401]),
        ("POST", "/rooms/", room(), [401, 403, 201, 401]),
        ("GET", "/rooms/", None, [401, 200, 200, 401]),
        ("GET", "/rooms/{room_id}", None, [401, 200, 200, 401]),
        ("POST", "/rooms/{room_id}/messages", message(), [401, 201, 201, 401]),
        ("GET", "/rooms/{room_id}/messages", None, [401, 200, 200, 401]),
        ("GET", "/rooms/{room_id}/events", None, [401, 200, 200, 401]),
        ("GET", "/search", None, [401, 200, 200, 401]),
        ("PATCH", "/rooms/{room_id}", room(), [401, 403, 200, 401]),
        ("PUT", "/rooms/{room_id}/read", Some(json!({ "seq": 1 })), [401, 200, 200, 401]),
        ("GET", MESSAGE, None, [401, 200, 200, 401]),
        ("POST", FORWARD, Some(json!({ "room_id": "ROOM" })), [401, 201, 201, 401]),
        ("PUT", REACTION, None, [401, 204, 204, 401]),
        ("DELETE", REACTION, None, [401, 204, 204, 401]),
        ("GET", REACTION, None, [401, 200, 200, 401]),
        ("GET", "/rooms/{room_id}/pins", None, [401, 200, 200, 401]),
        // The user is not a member.
        ("PUT", PIN, None, [401, 409, 204, 401]),
        ("DELETE", PIN, None, [401, 409, 204, 401]),
        ("GET", THREAD, None, [401, 200, 200, 401]),
        // Previews are off.
        ("GET", PREVIEWS, None, [401, 404, 404, 401]),
        ("GET", PREVIEW_IMAGE, None, [401, 404, 404, 401]),
        ("PUT", THREAD_READ, Some(json!({ "seq": 1 })), [401, 200, 200, 401]),
        ("PUT", FOLLOW, None, [401, 204, 204, 401]),
        ("DELETE", FOLLOW, None, [401, 204, 204, 401]),
        ("GET", "/users/me/threads", None, [401, 200, 200, 401]),
        ("GET", "/users/me/mentions", None, [401, 200, 200, 401]),
        ("POST", "/rooms/{room_id}/unread", Some(json!({ "seq": 1 })), [401, 200, 200, 401]),
        // The message is the admin's own.
        ("PATCH", MESSAGE, message(), [401, 403, 200, 401]),
        ("DELETE", MESSAGE, None, [401, 403, 204, 401]),
        ("DELETE", "/rooms/{room_id}", None, [401, 403, 204, 401]),
        ("POST", "/rooms/{room_id}/invites", Some(json!({})), [401, 403, 201, 401]),
        ("GET", "/rooms/{room_id}/invites", None, [401, 403, 200, 401]),
        ("DELETE", "/rooms/{room_id}/invites/{invite_id}", None, [401, 403, 204, 401]),
        ("POST", "/invites", Some(json!({})), [401, 403, 201, 401]),
        ("GET", "/invites", None, [401, 403, 200, 401]),
        ("DELETE", "/invites/{invite_id}", None, [401, 403, 204, 401]),
        ("POST", "/invites/preview", invite(), [200, 200, 200, 200]),
        ("POST", "/invites/accept", invite(), [401, 200, 200, 401]),
        ("GET", "/users/me/drafts", None, [401, 200, 200, 401]),
        ("PUT", DRAFT, message(), [401, 200, 200, 401]),
        ("DELETE", DRAFT, None, [401, 204, 204, 401]),
        ("GET", "/users/me/scheduled", None, [401, 200, 200, 401]),
        ("POST", "/rooms/{room_id}/scheduled", scheduled(), [401, 201, 201, 401]),
        // There is no such message.
        ("PATCH", SCHEDULED, Some(json!({})), [401, 404, 404, 401]),
        ("DELETE", SCHEDULED, None, [401, 404, 404, 401]),
        ("GET", "/rooms/{room_id}/members", None, [401, 200, 200, 401]),
        ("POST", "/rooms/{room_id}/members", users(), [401, 403, 200, 401]),
        ("PUT", "/rooms/{room_id}/members/me", None, [401, 200, 200, 401]),
        // The user is not a member.
        ("PATCH", "/rooms/{room_id}/members/me", star(), [401, 409, 200, 401]),
        ("DELETE", "/rooms/{room_id}/members/me", None, [401, 409, 204, 401]),
        ("PATCH", MEMBER, moderator(), [401, 403, 204, 401]),
        ("DELETE", MEMBER, None, [401, 403, 204, 401]),
        ("PUT", "/rooms/{room_id}/owner", user(), [401, 403, 200, 401]),
        ("GET", "/rooms/{room_id}/bans", None, [401, 403, 200, 401]),
        ("PUT", "/rooms/{room_id}/bans/{user_id}", Some(json!({})), [401, 403, 204, 401]),
        ("DELETE", "/rooms/{room_id}/bans/{user_id}", None, [401, 403, 204, 401]),
        ("POST", "/direct-rooms", users(), [401, 201, 201, 401]),
        ("POST", "/bots", bot(), [401, 403, 201, 401]),
        ("POST", "/rooms/{room_id}/hooks", Some(json!({ "name": "CI" })), [401, 403, 201, 401]),
        ("GET", "/rooms/{room_id}/hooks", None, [401, 403, 200, 401]),
        // There is no such webhook.
        ("DELETE", "/rooms/{room_id}/hooks/{hook_id}", None, [401, 403, 404, 401]),
        ("POST", "/hooks/{token}", Some(json!({ "text": "hi" })), [404, 404, 404, 404]),
        (
            "POST",
            "/outgoing-hooks",
            Some(json!({ "user_id": 99, "url": "https://shop.example.com/" })),
            [401, 403, 404, 401],
        ),
        ("GET", "/outgoing-hooks", None, [401, 403, 200, 401]),
        ("GET", "/outgoing-hooks/{hook_id}", None, [401, 403, 404, 401]),
        ("PATCH", "/outgoing-hooks/{hook_id}", Some(json!({})), [401, 403, 404, 401]),
        ("DELETE", "/outgoing-hooks/{hook_id}", None, [401, 403, 404, 401]),
        ("POST", "/outgoing-hooks/{hook_id}/secret", None, [401, 403, 404, 401]),
        ("POST", "/outgoing-hooks/{hook_id}/replay", Some(json!({})), [401, 403, 404, 401]),
        ("GET", "/outgoing-hooks/{hook_id}/failing", None, [401, 403, 404, 401]),
        ("GET", "/outgoing-hooks/{hook_id}/deliveries", None, [401, 403, 404, 401]),
        ("GET", "/bots", None, [401, 403, 200, 401]),
        // The user is not a bot.
        ("POST", "/bots/{user_id}/tokens", api_token(), [401, 403, 404, 401]),
        ("GET", "/bots/{user_id}/tokens", None, [401, 403, 404, 401]),
        ("DELETE", "/bots/{user_id}/tokens/{token_id}", None, [401, 403, 404, 401]),
        ("GET", "/bots/me", None, [401, 403, 403, 401]),
        ("GET", "/bots/me/cursors", None, [401, 403, 403, 401]),
        ("PUT", CURSOR, positions(), [401, 403, 403, 401]),
        ("GET", CURSOR, None, [401, 403, 403, 401]),
        ("DELETE", CURSOR, None, [401, 403, 403, 401]),
        ("GET", "/admin/rooms", None, [401, 403, 200, 401]),
        ("DELETE", "/admin/rooms/{room_id}", None, [401, 403, 204, 401]),
        ("PUT", "/admin/rooms/{room_id}/owner", user(), [401, 403, 204, 401]),
        ("POST", "/admin/rooms/{room_id}/messages", message(), [401, 403, 201, 401]),
        ("GET", "/admin/users", None, [401, 403, 200, 401]),
        ("POST", "/admin/users", Some(json!({ "username": "NEW" })), [401, 403, 201, 401]),
        ("POST", "/admin/users/{user_id}/tokens", Some(json!({})), [401, 403, 201, 401]),
        ("GET", "/admin/users/{user_id}", None, [401, 403, 200, 401]),
        ("PATCH", "/admin/users/{user_id}", role(), [401, 403, 200, 401]),
        ("DELETE", "/admin/users/{user_id}", None, [401, 403, 204, 401]),
        ("GET", "/admin/users/{user_id}/sessions", None, [401, 403, 200, 401]),
        ("DELETE", "/admin/users/{user_id}/sessions", None, [401, 403, 200, 401]),
        ("POST", "/admin/users/{user_id}/password-reset", None, [401, 403, 201, 401]),
        ("GET", "/admin/audit", None, [401, 403, 200, 401]),
        ("GET", "/health", None, [200, 200, 200, 200]),
        ("GET", "/ready", None, [200, 200, 200, 200]),
        ("GET", "/metrics", None, [401, 403, 200, 401]),
        ("GET", "/admin/stats", None, [401, 403, 200, 401]),
        ("GET", "/admin/nodes", None, [401, 403, 200, 401]),
    ]
}

async fn every_endpoint_answers_each_caller_as_documented(database: Database) {
    // With a metrics token, requests from the same machine are not trusted.
    let token = "a token of the operator's own, for the figures";
    let server = Server::with(database).env("CHATAPP_HTTP__METRICS_TOKEN", token).start().await;
    let document = Document::of(&server.anonymous()).await;
    let table = table();
    for (method, path) in document.operations() {
        let is_in_table = table.iter().any(|row| row.0 == method && row.1 == path);
        assert!(is_in_table, "{method} {path} has no row in the table");
    }
    check(&server, table).await;
}

async fn with_closed_sign_up_and_rooms_by_everyone_each_caller_is_answered_as_documented(
    database: Database,
) {
    let server = Server::with(database)
        .env("CHATAPP_AUTH__SIGNUP", "closed")
        .env("CHATAPP_ROOMS__CREATE", "everyone");
    check(&server.start().await, table_with_other_settings()).await;
}

/// Calls the endpoint of each row as each of the four callers.
async fn check(server: &Server, table: Vec<Row>) {
    let root = server.admin("root").await;
    // An admin creates the accounts, because an admin may do so with any settings.
    for name in ["ann", "target", "carl"] {
        let email = format!("{name}@example.com");
        let account = json!({ "username": name, "email": email, "password": PASSWORD });
        root.post("/auth/signup", account).await.expect(201);
    }
    let target = server.anonymous().signs_in("target", PASSWORD).await.user_id;
    let carl = server.anonymous().signs_in("carl", PASSWORD).await;
    let document = Document::of(&server.anonymous()).await;
    let root = server.anonymous().signs_in("root", PASSWORD).await;
    let deactivated = json!({ "is_active": false });
    root.patch(&format!("/admin/users/{}", carl.user_id), deactivated).await.expect(200);
    let mut signed_in = HashMap::new();
    let mut number = 0;
    for (method, path, body, expected) in table {
        for (who, status) in ["", "ann", "root", "carl"].into_iter().zip(expected) {
            number += 1;
            let asked = format!("{method} {path} by `{who}`");
            for name in ["ann", "root"] {
                if !signed_in.contains_key(name) {
                    signed_in.insert(name, server.anonymous().signs_in(name, PASSWORD).await);
                }
            }
            let root = signed_in["root"].clone();
            let client = match who {
                "" => server.anonymous(),
                "carl" => carl.clone(),
                name => signed_in[name].clone(),
            };
            let room = match path.contains("{room_id}") {
                true => root.creates_room(&format!("room {number}")).await,
                false => 0,
            };
            let sent = match path.contains("{message_id}") {
                true => send(&root, room).await,
                false => 0,
            };
            let names_user = body.as_ref().is_some_and(|body| body.to_string().contains("USER"));
            let user = match path.contains("{user_id}") || names_user {
                true => server.user(&format!("user{number}")).await.user_id,
                false => 0,
            };
            if path == MEMBER {
                let people = json!({ "user_ids": [user] });
                root.post(&format!("/rooms/{room}/members"), people).await.expect(200);
            }
            let (invite, invite_token) = match path.contains("invite") {
                true => make_invite(&root, path, room, number).await,
                false => (0, String::new()),
            };
            let token = match path == "/auth/password-reset" {
                true => reset(&root, target).await,
                false => invite_token,
            };
            let replaced = |body| with_placeholders_replaced(body, number, [user, room], &token);
            let body = body.as_ref().map(replaced);
            let concrete = path
                .replace("{room_id}", &room.to_string())
                .replace("{message_id}", &sent.to_string())
                .replace("{index}", "0")
                .replace("{emoji}", "%F0%9F%91%8D")
                .replace("{scheduled_id}", "999999")
                .replace("{token_id}", "8f14e45fceea167a5a36dedd4bea2543")
                .replace("{name}", "replies")
                .replace("{hook_id}", "999999")
                .replace("{token}", "cb_unknown")
                .replace("{user_id}", &user.to_string())
                .replace("{invite_id}", &invite.to_string());
            let concrete = if path == "/search" { "/search?q=hello" } else { &concrete };
            let answer = ask(&client, method, concrete, body).await;
            // These two end sessions of the caller.
            if ["/auth/logout", "/auth/password"].contains(&path) {
                signed_in.remove(who);
            }
            assert_eq!(answer.status, status, "{asked}: {}", answer.body);
            document.check(method, path, &answer);
            assert_eq!(answer.header("cache-control"), "no-store", "{asked}");
            if status == 401 {
                let scheme = match who {
                    "" => "Bearer",
                    _ => "Bearer error=\"invalid_token\"",
                };
                assert_eq!(answer.header("www-authenticate"), scheme, "{asked}");
            }
        }
    }
}

async fn send(client: &Client, room: i64) -> i64 {
    let path = format!("/rooms/{room}/messages");
    let sent = client.post(&path, json!({ "content": "hi" })).await.expect(201);
    sent["id"].as_i64().expect("an id")
}

/// Makes an invite to this room, for a path without a room to a new room, or to the server, and returns its id and its
/// token.
async fn make_invite(root: &Client, path: &str, room: i64, number: u32) -> (i64, String) {
    let path = match path {
        "/invites/preview" | "/invites/accept" => {
            format!("/rooms/{}/invites", root.creates_room(&format!("guests {number}")).await)
        }
        _ if room == 0 => "/invites/".to_owned(),
        _ => format!("/rooms/{room}/invites"),
    };
    let made = root.post(&path, json!({})).await.expect(201);
    let token = made["token"].as_str().expect("a token").to_owned();
    (made["id"].as_i64().expect("an id"), token)
}

/// Creates a token that sets a new password of this user once.
async fn reset(root: &Client, user_id: i64) -> String {
    let path = format!("/admin/users/{user_id}/password-reset");
    let made = root.post(&path, Value::Null).await.expect(201);
    made["token"].as_str().expect("a token").to_owned()
}

/// The body with its placeholders replaced: `NEW` by a unique name, `USER` and `ROOM` by their ids, `TOKEN` by the token.
fn with_placeholders_replaced(
    body: &Value,
    number: u32,
    [user, room]: [i64; 2],
    token: &str,
) -> Value {
    let text = body.to_string().replace("NEW", &format!("new{number}")).replace("TOKEN", token);
    let text = text.replace("\"USER\"", &user.to_string());
    let text = text.replace("\"ROOM\"", &room.to_string());
    serde_json::from_str(&text).unwrap()
}

async fn ask(client: &Client, method: &str, path: &str, body: Option<Value>) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = client.request(method, path);
    if let Some(body) = body {
        request = request.json(&body);
    }
    Answer::to(request).await
}
