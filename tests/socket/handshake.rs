//! Handshakes: requests that the server accepts or refuses before a connection is a WebSocket.

use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::common::{path, room_on, server_with_room};
use crate::raw::{Raw, text};
use crate::support::{Answer, Client, Database, Server, on_both_databases};

on_both_databases!(
    a_page_of_another_origin_is_refused,
    the_servers_own_and_the_allowed_origins_may_connect,
    a_request_that_is_not_a_handshake_is_refused_with_a_reason,
    frames_sent_together_with_the_handshake_are_read,
);

async fn a_page_of_another_origin_is_refused(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let own = server.address();
    for origin in [
        "https://evil.example".to_owned(),
        "null".to_owned(),
        "NULL".to_owned(),
        "file://".to_owned(),
        format!("ws://{own}:80"),
        String::new(),
        "://".to_owned(),
        own.to_string(),
        format!("http://{own}/"),
        format!("http://{own}.evil.example"),
        format!("http://evil.example@{own}"),
        format!("http://evil.example:{}", own.port()),
        "http://127.0.0.1".to_owned(),
        format!("http://{own}, http://evil.example"),
        format!("http://evil.example http://{own}"),
    ] {
        for path in [path(&ann, room, ""), format!("/ws?token={}", ann.token)] {
            let answer = upgrade(&ann, &path, &[("origin", &origin)]).await;
            assert_eq!(answer.body["code"], "origin_refused", "{origin}: {answer:?}");
            answer.expect_problem(403, "origin_refused");
        }
    }
    let not_text = |request: reqwest::RequestBuilder| request.header("origin", &b"http://\xff"[..]);
    let answer = upgrade_with(&ann, &path(&ann, room, ""), not_text).await;
    answer.expect_problem(403, "origin_refused");
}

async fn the_servers_own_and_the_allowed_origins_may_connect(database: Database) {
    let allowed = "https://chat.example.com,http://localhost:3000";
    let builder = Server::with(database).env("CHATAPP_HTTP__ALLOWED_ORIGINS", allowed);
    let (server, ann, room) = room_on(builder).await;
    for origin in [server.url(), "https://chat.example.com", "http://localhost:3000"] {
        let url = format!("ws://{}{}", server.address(), path(&ann, room, ""));
        let mut request = url.into_client_request().expect("a request");
        request.headers_mut().insert("origin", HeaderValue::from_str(origin).expect("a header"));
        let mut socket = ann.opens_request(request).await.unwrap_or_else(|error| {
            panic!("{origin} was refused: {error}");
        });
        socket.recv_type("synced").await;
    }
    for origin in ["http://chat.example.com", "https://chat.example.com:8443"] {
        let answer = upgrade(&ann, &path(&ann, room, ""), &[("origin", origin)]).await;
        answer.expect_problem(403, "origin_refused");
    }
}

async fn a_request_that_is_not_a_handshake_is_refused_with_a_reason(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    for path in [path(&ann, room, ""), "/ws".to_owned()] {
        let plain = ann.get(&path).await;
        assert_eq!(plain.header("upgrade"), "websocket");
        plain.expect_problem(426, "upgrade_required");
        let other = upgrade(&ann, &path, &[("upgrade", "h2c")]).await;
        other.expect_problem(426, "upgrade_required");

        for version in ["8", "14", "x", ""] {
            let answer = upgrade(&ann, &path, &[("sec-websocket-version", version)]).await;
            assert_eq!(answer.header("sec-websocket-version"), "13", "{version}");
            answer.expect_problem(426, "upgrade_required");
        }
        for key in ["", "short", "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ=="] {
            let answer = upgrade(&ann, &path, &[("sec-websocket-key", key)]).await;
            answer.expect_problem(400, "bad_handshake");
        }
        for method in ["POST", "PUT", "DELETE", "CONNECT"] {
            let method = method.parse().expect("a method");
            let answer = Answer::to(ann.request(method, &path)).await;
            assert!(matches!(answer.status, 404 | 405), "{answer:?}");
        }
    }
}

/// There are more frames than the server reads from a socket at a time and than it processes at once,
/// but so few bytes that it has read all of them before the connection is a WebSocket.
async fn frames_sent_together_with_the_handshake_are_read(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    for sends in [1, 40, 300] {
        let before = ann.history(room).await.len();
        let frames = text(&json!({ "content": "x" })).repeat(sends);
        let tcp = TcpStream::connect(server.address()).await.expect("connect");
        let mut raw = Raw::open_with(tcp, &ann, &path(&ann, room, ""), &frames).await;
        for n in 1..=sends {
            assert_eq!(raw.recv_type("message").await["seq"], before + n, "of {sends}");
        }
        assert_eq!(ann.history(room).await.len(), before + sends);
    }
}

/// Sends a handshake by an HTTP client, with some headers changed.
async fn upgrade(client: &Client, path: &str, changes: &[(&str, &str)]) -> Answer {
    upgrade_with(client, path, |request| {
        let mut headers = reqwest::header::HeaderMap::new();
        for (name, value) in changes {
            let name: reqwest::header::HeaderName = name.parse().expect("a header's name");
            headers.insert(name, value.parse().expect("a header's value"));
        }
        // Replaces headers of the same name.
        request.headers(headers)
    })
    .await
}

async fn upgrade_with(
    client: &Client,
    path: &str,
    change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
) -> Answer {
    let request = client
        .request(reqwest::Method::GET, path)
        .header("connection", "keep-alive, Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    Answer::to(change(request)).await
}
