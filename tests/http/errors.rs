//! Requests that are refused: the status, the code, and the name of the invalid field.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Answer, Client, Database, Server, on_both_databases};

on_both_databases!(conflicts_and_missing_rooms_are_refused);

fn raw(client: &Client, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    client.request(Method::POST, path).header("content-type", "application/json").body(body)
}

/// The fields that a problem names as invalid.
fn fields(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_body_must_be_json_of_the_right_shape() {
    let server = Server::start(Database::Sqlite).await;
    let nobody = server.anonymous();
    for body in
        ["", "{", "{\"username\":", "nonsense", "{} {}", "{}\u{feff}", "{\"a\":\"\\ud800\"}"]
    {
        let answer = Answer::to(raw(&nobody, "/auth/login", body)).await;
        answer.expect_problem(400, "malformed_json");
    }
    let answer = Answer::to(raw(&nobody, "/auth/login", &b"{\"username\":\"\xff\"}"[..])).await;
    answer.expect_problem(400, "malformed_json");
    let deep = "[".repeat(10_000);
    let answer = Answer::to(raw(&nobody, "/auth/login", deep)).await;
    answer.expect_problem(400, "malformed_json");

    for (body, blamed) in [
        (json!([]), vec!["body"]),
        (json!("text"), vec!["body"]),
        (json!({}), vec!["username", "password"]),
        (json!({ "username": 1, "password": null }), vec!["username", "password"]),
        (json!({ "username": true, "password": 12345678 }), vec!["username", "password"]),
        (json!({ "username": "a", "password": "b", "admin": true }), vec!["admin"]),
        (json!({ "username": ["a"], "password": { "b": 1 } }), vec!["username", "password"]),
    ] {
        let problem = nobody.post("/auth/login", body).await.expect_problem(422, "invalid_field");
        assert_eq!(fields(&problem), blamed, "{problem}");
    }
}

#[tokio::test]
async fn a_body_must_declare_json_and_stay_within_the_size_limit() {
    let server = Server::with(Database::Sqlite).env("CHATAPP_HTTP__MAX_BODY_BYTES", "2000");
    let server = server.start().await;
    let nobody = server.anonymous();
    let body = json!({ "username": "ann", "password": "fairly secret" }).to_string();
    for declared in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let mut request = nobody.request(Method::POST, "/auth/login").body(body.clone());
        if let Some(declared) = declared {
            request = request.header("content-type", declared);
        }
        Answer::to(request).await.expect_problem(415, "unsupported_media_type");
    }
    for declared in ["application/json; charset=utf-8", "Application/JSON"] {
        let request = nobody.request(Method::POST, "/auth/login").body(body.clone());
        let answer = Answer::to(request.header("content-type", declared)).await;
        answer.expect_problem(401, "wrong_credentials");
    }
    let padded =
        |bytes: usize| format!("{{\"username\":\"{}\",\"password\":\"x\"}}", "a".repeat(bytes));
    let answer = Answer::to(raw(&nobody, "/auth/login", padded(2001))).await;
    answer.expect_problem(413, "too_large");
    // A body that is too long and declares no length.
    let chunk = padded(1000);
    let chunk = format!("{:x}\r\n{chunk}\r\n", chunk.len());
    let chunked = format!(
        "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n"
    );
    let mut stream = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(chunked.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    let answer = Answer::to(raw(&nobody, "/auth/login", padded(1900))).await;
    answer.expect_problem(401, "wrong_credentials");
}

#[tokio::test]
async fn a_client_is_told_that_the_connection_ends_with_a_body_that_was_not_read() {
    let server = Server::start(Database::Sqlite).await;
    let nobody = server.anonymous();
    let answer = nobody.post("/auth/login", json!({ "x": "x".repeat(100_000) })).await;
    assert_eq!(answer.header("connection"), "close");
    // A body that needs a token first is not read at all.
    for bytes in [100_000, 10] {
        let answer = nobody.post("/rooms/", json!({ "x": "x".repeat(bytes) })).await;
        assert_eq!(answer.header("connection"), "close");
        answer.expect_problem(401, "token_missing");
    }
    for body in [json!({ "username": "ann", "password": "fairly secret" }), json!({})] {
        let answer = nobody.post("/auth/login", body).await;
        assert_eq!(answer.header("connection"), "");
    }
    assert_eq!(nobody.get("/rooms/").await.header("connection"), "");
}

#[tokio::test]
async fn every_invalid_field_is_named() {
    let server = Server::start(Database::Sqlite).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let messages = format!("/rooms/{room}/messages");
    let account = |field: &str, value: Value| {
        let mut account =
            json!({ "username": "bo", "email": "bo@example.com", "password": "fairly secret" });
        account[field] = value;
        account
    };
    let mut cases = Vec::new();
    for username in ["", "a", "a b", "jörg", "a\0b", &"x".repeat(33)] {
        cases.push(("/auth/signup", account("username", json!(username)), "username"));
    }
    for email in ["", "bo", "bo@", "Bo <bo@example.com>", "bo\0@example.com"] {
        cases.push(("/auth/signup", account("email", json!(email)), "email"));
    }
    for password in ["", "1234567", "12345678\0", &"x".repeat(72), &"ä".repeat(36)] {
        cases.push(("/auth/signup", account("password", json!(password)), "password"));
    }
    for role in [json!("root"), json!("Admin"), json!(1)] {
        cases.push(("/auth/signup", account("role", role), "role"));
    }
    for name in ["", "   ", "a\nb", "a\0b", &"x".repeat(65)] {
        cases.push(("/rooms/", json!({ "name": name }), "name"));
    }
    for description in ["a\0b", &"x".repeat(501)] {
        cases.push(("/rooms/", json!({ "name": "x", "description": description }), "description"));
    }
    for content in ["", " \n\t", "a\0b", &"x".repeat(4001)] {
        cases.push((&messages, json!({ "content": content }), "content"));
    }
    for client_id in ["", "a b", "ä", "a\0", &"x".repeat(65)] {
        cases.push((&messages, json!({ "content": "x", "client_id": client_id }), "client_id"));
    }
    for (path, body, blamed) in cases {
        let problem = root.post(path, body.clone()).await.expect_problem(422, "invalid_field");
        assert_eq!(fields(&problem), [blamed], "{path} {body}");
    }
    let both = json!({ "username": "!", "email": "!", "password": "!" });
    let problem = root.post("/auth/signup", both).await.expect_problem(422, "invalid_field");
    assert_eq!(fields(&problem), ["username", "email", "password"]);
}

#[tokio::test]
async fn parameters_are_checked() {
    let server = Server::start(Database::Sqlite).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    for (query, blamed) in [
        ("limit=0", vec!["limit"]),
        ("limit=201", vec!["limit"]),
        ("limit=-1", vec!["limit"]),
        ("limit=many", vec!["limit"]),
        ("limit=", vec!["limit"]),
        ("limit=99999999999999999999", vec!["limit"]),
        ("before=-1", vec!["before"]),
        ("after=-1", vec!["after"]),
        ("around=x", vec!["around"]),
        ("limit=0&around=-5", vec!["limit", "around"]),
        ("before=1&after=2", vec!["after"]),
        ("before=1&after=2&around=3", vec!["after", "around"]),
    ] {
        let answer = root.get(&format!("/rooms/{room}/messages?{query}")).await;
        let problem = answer.expect_problem(422, "invalid_field");
        assert_eq!(fields(&problem), blamed, "{query}");
    }
    for query in ["after=-1", "after=x", "limit=0", "limit=1000"] {
        let answer = root.get(&format!("/rooms/{room}/events?{query}")).await;
        answer.expect_problem(422, "invalid_field");
    }
    for query in ["unknown=1", "limit=200", "after=0&limit=1", "before=9223372036854775807"] {
        root.get(&format!("/rooms/{room}/messages?{query}")).await.expect(200);
    }
    for id in ["abc", "1.5", "99999999999999999999", "%00", "1%20"] {
        let problem = root.get(&format!("/rooms/{id}")).await.expect_problem(422, "invalid_field");
        assert_eq!(fields(&problem), ["room_id"], "{id}");
    }
    for id in ["0", "-1", "9223372036854775807"] {
        root.get(&format!("/rooms/{id}")).await.expect_problem(404, "room_not_found");
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_and_a_wrong_method_is_405() {
    let server = Server::start(Database::Sqlite).await;
    let nobody = server.anonymous();
    for path in
        ["/nothing", "/auth", "/auth/", "/rooms//1", "/rooms//", "//rooms", "/docs/x", "/%ff"]
    {
        nobody.get(path).await.expect_problem(404, "not_found");
    }
    for (method, path, allow) in [
        ("GET", "/auth/login", "POST"),
        ("GET", "/auth/login/", "POST"),
        ("PUT", "/rooms/", "GET, HEAD, POST"),
        ("DELETE", "/rooms", "GET, HEAD, POST"),
        ("POST", "/rooms/1", "DELETE, GET, HEAD, PATCH"),
        ("OPTIONS", "/rooms/1/messages", "GET, HEAD, POST"),
        ("POST", "/openapi.json", "GET, HEAD"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = Answer::to(nobody.request(method, path)).await;
        assert_eq!(answer.header("allow"), allow, "{path}");
        answer.expect_problem(405, "method_not_allowed");
    }
}

async fn conflicts_and_missing_rooms_are_refused(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    server.user("ann").await;
    let signup = |username: &str, email: &str| {
        let body = json!({ "username": username, "email": email, "password": "fairly secret" });
        let nobody = server.anonymous();
        async move { nobody.post("/auth/signup", body).await }
    };
    signup("ANN", "other@example.com").await.expect_problem(409, "username_taken");
    signup("other", "Ann@Example.com").await.expect_problem(409, "email_taken");
    root.creates_room("general").await;
    let again = root.post("/rooms/", json!({ "name": " GENERAL " })).await;
    again.expect_problem(409, "room_name_taken");

    root.get("/rooms/77").await.expect_problem(404, "room_not_found");
    root.delete("/rooms/77").await.expect_problem(404, "room_not_found");
    root.get("/rooms/77/messages").await.expect_problem(404, "room_not_found");
    root.get("/rooms/77/events").await.expect_problem(404, "room_not_found");
    let lost = root.post("/rooms/77/messages", json!({ "content": "hello" })).await;
    lost.expect_problem(404, "room_not_found");
}
