//! Every endpoint asked by nobody, by a user and by an admin.

use reqwest::Method;
use serde_json::{Value, json};

use super::documented::Document;
use crate::support::{Answer, Client, Database, PASSWORD, Server, on_both_databases};

on_both_databases!(every_endpoint_answers_each_caller_as_documented);

/// Method, documented path, body, and the status for nobody, a user and an admin.
type Row = (&'static str, &'static str, Option<Value>, [u16; 3]);

fn table() -> Vec<Row> {
    let room = || Some(json!({ "name": "NEW" }));
    let password = || Some(json!({ "current_password": PASSWORD, "new_password": PASSWORD }));
    let account = |role: &str| {
        let email = "NEW@example.com";
        Some(json!({ "username": "NEW", "email": email, "password": PASSWORD, "role": role }))
    };
    let credentials = || Some(json!({ "username": "root", "password": PASSWORD }));
    let message = || Some(json!({ "content": "hello" }));
    vec![
        ("POST", "/auth/signup", account("user"), [201, 201, 201]),
        ("POST", "/auth/signup", account("admin"), [403, 403, 201]),
        ("GET", "/auth/setup", None, [200, 200, 200]),
        ("POST", "/auth/login", credentials(), [200, 200, 200]),
        ("GET", "/auth/me", None, [401, 200, 200]),
        ("POST", "/auth/refresh", None, [401, 200, 200]),
        ("POST", "/auth/ws-ticket", None, [401, 201, 201]),
        ("POST", "/auth/password", password(), [401, 204, 204]),
        ("POST", "/auth/logout", None, [401, 204, 204]),
        ("POST", "/rooms/", room(), [401, 403, 201]),
        ("GET", "/rooms/", None, [401, 200, 200]),
        ("GET", "/rooms/{room_id}", None, [401, 200, 200]),
        ("POST", "/rooms/{room_id}/messages", message(), [401, 201, 201]),
        ("GET", "/rooms/{room_id}/messages", None, [401, 200, 200]),
        ("GET", "/rooms/{room_id}/events", None, [401, 200, 200]),
        ("DELETE", "/rooms/{room_id}", None, [401, 403, 204]),
        ("GET", "/health", None, [200, 200, 200]),
        ("GET", "/ready", None, [200, 200, 200]),
    ]
}

async fn every_endpoint_answers_each_caller_as_documented(database: Database) {
    let server = Server::start(database).await;
    server.admin("root").await;
    server.user("ann").await;
    let document = Document::of(&server.anonymous()).await;
    let table = table();
    for (method, path) in document.operations() {
        let is_in_table = table.iter().any(|row| row.0 == method && row.1 == path);
        assert!(is_in_table, "{method} {path} has no row in the table");
    }
    let mut number = 0;
    for (method, path, body, expected) in table {
        for (who, status) in ["", "ann", "root"].into_iter().zip(expected) {
            number += 1;
            let asked = format!("{method} {path} by `{who}`");
            // What ends a session must not spoil the next row.
            let client = match who {
                "" => server.anonymous(),
                name => server.anonymous().signs_in(name, PASSWORD).await,
            };
            let room = if path.contains("{room_id}") {
                let root = server.anonymous().signs_in("root", PASSWORD).await;
                root.creates_room(&format!("room {number}")).await
            } else {
                0
            };
            let body = body.as_ref().map(|body| named(body, number));
            let concrete = path.replace("{room_id}", &room.to_string());
            let answer = ask(&client, method, &concrete, body).await;
            assert_eq!(answer.status, status, "{asked}: {}", answer.body);
            document.check(method, path, &answer);
            assert_eq!(answer.header("cache-control"), "no-store", "{asked}");
            if status == 401 {
                assert_eq!(answer.header("www-authenticate"), "Bearer", "{asked}");
            }
        }
    }
}

/// The same body with a name of its own, where it has a name that must be unique.
fn named(body: &Value, number: u32) -> Value {
    let text = body.to_string().replace("NEW", &format!("new{number}"));
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
