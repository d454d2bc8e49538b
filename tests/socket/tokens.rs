//! Where a client may put its token, and what happens if the token is missing or invalid.

use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::common::{path, room_on, server_with_room};
use crate::support::{Client, Database, Server, on_both_databases};

on_both_databases!(
    a_token_may_be_in_the_header_the_subprotocol_or_the_query,
    the_answer_names_only_the_supported_subprotocol,
    a_socket_without_a_valid_token_is_closed,
    a_token_that_expires_closes_its_sockets,
);

async fn a_token_may_be_in_the_header_the_subprotocol_or_the_query(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let token = &ann.token;
    for (query, headers) in ways(token) {
        let request = request(&server, &format!("/ws/{room}{query}"), &headers);
        let mut socket = ann.opens_request(request).await.expect("a socket");
        let who = socket.recv().await;
        assert_eq!(who["users"][0]["username"], "ann", "{query} {headers:?}");
        socket.recv_type("synced").await;
    }
}

async fn the_answer_names_only_the_supported_subprotocol(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bearer = format!("bearer.{}", ann.token);
    for (offered, answered) in [
        (Some(format!("chatapp.v1, {bearer}")), Some("chatapp.v1")),
        (Some(format!("{bearer},chatapp.v1")), Some("chatapp.v1")),
        (Some("other, chatapp.v1".to_owned()), Some("chatapp.v1")),
        (None, None),
    ] {
        let offered: Vec<_> =
            offered.iter().map(|it| ("sec-websocket-protocol", it.clone())).collect();
        let request = request(&server, &path(&ann, room, ""), &offered);
        let (_, response) = connect_async(request).await.expect("a handshake");
        let protocol = response.headers().get("sec-websocket-protocol");
        let protocol = protocol.map(|value| value.to_str().expect("ASCII"));
        assert_eq!(protocol, answered, "{offered:?}");
    }
}

async fn a_socket_without_a_valid_token_is_closed(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let (other, other_ann, _) = server_with_room(database).await;
    let (head, signature) = ann.token.rsplit_once('.').expect("a JWT");
    let (header, payload) = head.split_once('.').expect("a JWT");
    let flipped: String = signature.chars().rev().collect();
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let bad = [
        String::new(),
        "nonsense".to_owned(),
        "a.b.c".to_owned(),
        "x".repeat(10_000),
        format!("{head}.{flipped}"),
        format!("{head}."),
        format!("{unsigned}.{payload}."),
        format!("{unsigned}.{payload}.{signature}"),
        format!("{header}.{signature}"),
        // A token of another server, which signs with another secret.
        other_ann.token.clone(),
    ];
    for token in bad {
        for (query, headers) in ways(&token) {
            let request = request(&server, &format!("/ws/{room}{query}"), &headers);
            expect_4401(&ann, request).await;
        }
    }
    for path in [format!("/ws/{room}"), "/ws".to_owned(), "/ws/999".to_owned()] {
        expect_4401(&ann, request(&server, &path, &[])).await;
        let basic = [("authorization", "Basic YW5uOnNlc2FtZQ==".to_owned())];
        expect_4401(&ann, request(&server, &path, &basic)).await;
    }
    drop(other);
}

async fn a_token_that_expires_closes_its_sockets(database: Database) {
    let builder = Server::with(database).env("CHATAPP_AUTH__TOKEN_SECONDS", "2");
    let (server, ann, room) = room_on(builder).await;
    // A new token, because the admin's may have expired on a slow machine.
    let bo = server.user("bo").await;
    let mut one = bo.opens(&path(&bo, room, "")).await;
    let mut many = bo.opens(&format!("/ws?token={}", bo.token)).await;
    assert_eq!(one.expect_close().await, 4401);
    assert_eq!(many.expect_close().await, 4401);
    assert_eq!(bo.opens(&path(&bo, room, "")).await.expect_close().await, 4401);
    bo.get("/auth/me").await.expect_problem(401, "token_expired");
    drop(ann);
}

type Headers = Vec<(&'static str, String)>;

/// The ways to pass a token, each as a query and headers.
fn ways(token: &str) -> [(String, Headers); 4] {
    let protocols = format!("chatapp.v1, bearer.{token}");
    [
        (format!("?token={token}"), vec![]),
        (String::new(), vec![("authorization", format!("Bearer {token}"))]),
        (String::new(), vec![("authorization", format!("bearer  {token} "))]),
        (String::new(), vec![("sec-websocket-protocol", protocols)]),
    ]
}

fn request(
    server: &Server,
    path: &str,
    headers: &[(&'static str, String)],
) -> tokio_tungstenite::tungstenite::handshake::client::Request {
    let url = format!("ws://{}{path}", server.address());
    let mut request = url.into_client_request().expect("a request");
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).expect("a header"));
    }
    request
}

async fn expect_4401(
    client: &Client,
    request: tokio_tungstenite::tungstenite::handshake::client::Request,
) {
    let shown = format!("{} {:?}", request.uri(), request.headers());
    let mut socket = client.opens_request(request).await.expect("the handshake succeeds");
    let end = socket.try_recv().await.expect_err("no frame comes before the close");
    assert_eq!(end.code, Some(4401), "{shown}");
}
