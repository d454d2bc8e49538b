//! A product's token opens sockets directly.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::support::product::{Key, now, server_with_secret};
use crate::support::{Client, Database, Server, Socket, on_both_databases};

on_both_databases!(
    a_products_token_opens_many_sockets_of_one_session,
    a_products_token_that_is_not_valid_opens_no_socket,
    a_connection_continues_with_a_new_token_of_the_product,
);

type Headers = Vec<(&'static str, String)>;

/// The ways to pass a token, each as a query and headers.
fn ways(token: &str) -> [(String, Headers); 3] {
    let protocols = format!("chatapp.v1, bearer.{token}");
    [
        (format!("?token={token}"), vec![]),
        (String::new(), vec![("authorization", format!("Bearer {token}"))]),
        (String::new(), vec![("sec-websocket-protocol", protocols)]),
    ]
}

async fn open(server: &Server, path: &str, headers: &Headers) -> Socket {
    let url = format!("ws://{}{path}", server.address());
    let mut request = url.into_client_request().expect("a request");
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).expect("a header"));
    }
    server.anonymous().opens_request(request).await.expect("a socket")
}

/// The id of the product's person 42, and the number of the account's sessions.
async fn account(root: &Client) -> (i64, i64) {
    let found = root.get("/admin/users?external_subject=42").await.expect(200);
    let user = &found["users"][0];
    (user["id"].as_i64().expect("an id"), user["sessions"].as_i64().expect("a number"))
}

async fn a_products_token_opens_many_sockets_of_one_session(database: Database) {
    let server = server_with_secret(database).start().await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let token = Key::secret().token(json!({ "preferred_username": "ann" }));
    let mut sockets = Vec::new();
    for (query, headers) in ways(&token) {
        let mut socket = open(&server, &format!("/ws/{room}{query}"), &headers).await;
        let who = socket.recv().await;
        assert_eq!(who["users"][0]["username"], "ann", "{query} {headers:?}");
        socket.recv_type("synced").await;
        sockets.push(socket);
    }
    sockets[0].says(room, "hello", "1").await;
    let (id, sessions) = account(&root).await;
    assert_eq!(sessions, 1);
    // Another server of the fleet, or this one after a restart, finds the same session.
    let another = server.start_another().await;
    open(&another, &format!("/ws/{room}?token={token}"), &vec![]).await.recv_type("synced").await;
    assert_eq!(account(&root).await, (id, 1));
    let second = Key::secret().token(json!({ "jti": "another" }));
    let mut other = open(&server, &format!("/ws/{room}?token={second}"), &vec![]).await;
    other.recv_type("synced").await;
    assert_eq!(account(&root).await, (id, 2));
    // The session has ended for good, also for this token.
    root.delete(&format!("/admin/users/{id}/sessions")).await.expect(200);
    for socket in &mut sockets {
        assert_eq!(socket.expect_close().await, 4401);
    }
    let mut again = open(&server, &format!("/ws/{room}?token={token}"), &vec![]).await;
    assert_eq!(again.expect_close().await, 4401);
    let third = Key::secret().token(json!({ "jti": "third" }));
    let mut back = open(&server, &format!("/ws/{room}?token={third}"), &vec![]).await;
    back.recv_type("synced").await;
    drop(other);
}

async fn a_products_token_that_is_not_valid_opens_no_socket(database: Database) {
    let server = server_with_secret(database)
        .env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ADDRESS", "4")
        .start()
        .await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let key = Key::secret();
    let close = async |token: &str| {
        let mut socket = open(&server, &format!("/ws/{room}?token={token}"), &vec![]).await;
        socket.expect_close().await
    };
    assert_eq!(close(&key.token(json!({ "exp": now() - 61 }))).await, 4401);
    assert_eq!(close(&key.token(json!({ "blocked": true }))).await, 4403);
    // A revoked session is remembered for a day: the token must not be valid for longer.
    assert_eq!(close(&key.token(json!({ "exp": now() + 90_000 }))).await, 4401);
    let bad = key.token(json!({ "aud": "another" }));
    for _ in 0..4 {
        assert_eq!(close(&bad).await, 4401);
    }
    assert_eq!(close(&bad).await, 4429);
    // Tokens that are not the product's do not count, and the product's are accepted all the same.
    assert_eq!(close("x.y.z").await, 4401);
    let token = key.token(json!({}));
    let mut socket = open(&server, &format!("/ws/{room}?token={token}"), &vec![]).await;
    socket.recv_type("synced").await;
}

async fn a_connection_continues_with_a_new_token_of_the_product(database: Database) {
    let server = server_with_secret(database).start().await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let key = Key::secret();
    let first = key.token(json!({ "exp": now() + 300 }));
    let mut socket = open(&server, &format!("/ws/{room}?token={first}"), &vec![]).await;
    socket.recv_type("synced").await;
    let refresh = |token: String| json!({ "type": "auth.refresh", "token": token, "ref": "r" });
    let until = now() + 3000;
    socket.send(refresh(key.token(json!({ "exp": until })))).await;
    let refreshed = socket.recv_type("auth.refreshed").await;
    let expected = chatapp::model::Timestamp((until + 60) * 1000).to_string();
    assert_eq!(refreshed["expires_at"], Value::String(expected));
    for (token, code) in [
        (key.token(json!({ "sub": "43" })), "other_user"),
        (key.token(json!({ "aud": "another" })), "token_invalid"),
        (key.token(json!({ "exp": 1 })), "token_expired"),
    ] {
        socket.send(refresh(token)).await;
        assert_eq!(socket.recv_type("error").await["code"], code);
    }
    socket.says(room, "still here", "1").await;
}
