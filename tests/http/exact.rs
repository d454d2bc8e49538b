//! Details of HTTP: the Host header, slashes, bodies, content types and conditional requests.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Answer, Client, Database, Server};

/// Sends these bytes; returns everything that the server sends until the connection ends.
async fn answers(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.expect("connect");
    stream.write_all(request.as_bytes()).await.expect("send");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

fn post(client: &Client, path: &str, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
    client.request(Method::POST, path).header("content-type", "application/json").body(body)
}

/// RFC 9112 §3.2.
#[tokio::test]
async fn a_request_must_have_one_valid_host() {
    let server = Server::start(Database::Sqlite).await;
    let get = |version: &str, target: &str, hosts: &str| {
        format!("GET {target} HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n")
    };
    for hosts in ["", "Host: a\r\nHost: a\r\n", "Host: a b\r\n", "Host: a@b\r\n", "Host: a/b\r\n"] {
        let answer = answers(&server, &get("1.1", "/health", hosts)).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{hosts:?}: {answer}");
        assert!(answer.contains("\"code\":\"bad_request\"") && answer.contains("Host"), "{answer}");
    }
    for (version, target, hosts) in [
        ("1.1", "/health", "Host: a\r\n"),
        ("1.1", "/health", "Host:\r\n"),
        ("1.1", "/health", "Host: [::1]:8000\r\n"),
        ("1.1", "http://a/health", "Host: a\r\n"),
        ("1.0", "/health", ""),
    ] {
        let answer = answers(&server, &get(version, target, hosts)).await;
        assert!(answer.contains(" 200 OK"), "{version} {target} {hosts:?}: {answer}");
    }
    // The host of an absolute target takes precedence over the header: RFC 9112 §3.2.2.
    let body =
        r#"{"username":"ann","email":"a@example.com","password":"fairly secret","role":"admin"}"#;
    let signup = format!(
        "POST http://chat.example.com/auth/signup HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let answer = answers(&server, &signup).await;
    assert!(answer.contains("admin_signup_refused"), "{answer}");
}

/// RFC 9112 §6.1: a proxy and the server must not read the same bytes as different requests.
#[tokio::test]
async fn a_content_length_beside_chunks_cannot_smuggle_a_request() {
    let server = Server::start(Database::Sqlite).await;
    for lengths in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: gzip\r\n",
    ] {
        let request = format!(
            "POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{lengths}\r\n\
             2\r\n{{}}\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        );
        let answer = answers(&server, &request).await;
        // Either the whole request is refused, or the chunks are the body and the connection ends after them.
        let refused = answer.starts_with("HTTP/1.1 400");
        let chunked = answer.starts_with("HTTP/1.1 422") && answer.contains("connection: close");
        let is_only_one = answer.matches("HTTP/1.1 ").count() == 1;
        assert!((refused || chunked) && is_only_one, "{lengths}: {answer}");
    }
}

#[tokio::test]
async fn a_trailing_slash_is_ignored_and_a_double_slash_is_404() {
    let server = Server::start(Database::Sqlite).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let document = root.get("/openapi.json").await.expect(200);
    let documented = document["paths"].as_object().unwrap().keys();
    let others = [
        "/docs",
        "/redoc",
        "/openapi.json",
        "/asyncapi.json",
        "/docs/socket",
        "/ws",
        "/ws/1",
        "/favicon.ico",
    ];
    let mut tried = 0;
    for path in documented.map(String::as_str).chain(others) {
        let path = path.replace("{room_id}", &room.to_string()).replace("{user_id}", "1");
        let bare = path.replace("{message_id}", "1").replace("{invite_id}", "1");
        let bare = bare.replace("{emoji}", ":tada:").replace("{scheduled_id}", "1");
        let bare =
            bare.replace("{index}", "0").replace("{hook_id}", "1").replace("{token}", "cb_x");
        let bare = bare.replace("{token_id}", "x").replace("{name}", "x");
        let bare = bare.trim_end_matches('/');
        assert!(!bare.contains('{'), "{bare}");
        // The requests are anonymous, so that those which would change something are refused in the same way.
        for method in [Method::GET, Method::PUT, Method::POST, Method::PATCH, Method::DELETE] {
            let ask = async |path: String| {
                let answer = Answer::to(server.anonymous().request(method.clone(), &path)).await;
                (answer.status, answer.header("allow").to_owned(), answer.body["code"].clone())
            };
            let plain = ask(bare.to_owned()).await;
            assert_eq!(ask(format!("{bare}/")).await, plain, "{method} {bare}/");
            let at = bare.rfind('/').unwrap();
            for doubled in [
                format!("{bare}//"),
                format!("/{bare}"),
                format!("{}/{}", &bare[..at], &bare[at..]),
            ] {
                assert_eq!(ask(doubled.clone()).await.0, 404, "{method} {doubled}");
            }
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
    assert_eq!(root.get("/rooms/?x=/a//b/").await.status, 200, "slashes in a query are ignored");
    root.get(&format!("/rooms/{room}/messages/?limit=3")).await.expect(200);
    let description = document["info"]["description"].as_str().unwrap();
    assert!(description.contains("slash"), "{description}");
}

#[tokio::test]
async fn a_duplicate_key_is_refused_at_any_depth_and_a_byte_order_mark_is_accepted() {
    let server = Server::start(Database::Sqlite).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let path = format!("/rooms/{room}/messages");
    for twice in [
        r#"{"content":"a","content":"b"}"#,
        r#"{"content":"a","c\u006fntent":"b"}"#,
        r#"{"content":"a","x":{"y":1,"y":2}}"#,
        r#"{"content":"a","x":[{"y":1,"y":2}]}"#,
    ] {
        let problem = Answer::to(post(&root, &path, twice)).await;
        let problem = problem.expect_problem(400, "malformed_json");
        assert!(problem["detail"].as_str().unwrap().contains("duplicate field"), "{problem}");
    }
    let marked = "\u{feff}{\"content\":\"marked\"}";
    let sent = Answer::to(post(&root, &path, marked)).await.expect(201);
    assert_eq!(sent["content"], "marked");
    assert_eq!(root.history(room).await.len(), 1);
}

/// RFC 9110 §15.5.16.
#[tokio::test]
async fn a_compressed_body_is_refused() {
    let server = Server::start(Database::Sqlite).await;
    let nobody = server.anonymous();
    let body = json!({ "username": "ann", "password": "fairly secret" }).to_string();
    for coding in ["gzip", "identity, br", "GZIP", "nonsense"] {
        let request = post(&nobody, "/auth/login", body.clone()).header("content-encoding", coding);
        let answer = Answer::to(request).await;
        assert_eq!(answer.header("accept-encoding"), "identity", "{coding}");
        answer.expect_problem(415, "unsupported_media_type");
    }
    let plain = post(&nobody, "/auth/login", body).header("content-encoding", "identity");
    Answer::to(plain).await.expect_problem(401, "wrong_credentials");
}

#[tokio::test]
async fn documents_are_compressed_and_not_sent_again_if_unchanged() {
    let server = Server::start(Database::Sqlite).await;
    let nobody = server.anonymous();
    for (path, kind, most) in [
        ("/docs", "text/html; charset=utf-8", 700_000),
        ("/redoc", "text/html; charset=utf-8", 500_000),
        ("/docs/socket", "text/html; charset=utf-8", 20_000),
        ("/openapi.json", "application/json", 60_000),
        ("/asyncapi.json", "application/json", 30_000),
        ("/favicon.ico", "image/svg+xml", 2_000),
    ] {
        let get = async |headers: &[(&str, &str)]| {
            let mut request = nobody.request(Method::GET, path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            request.send().await.unwrap()
        };
        let header = |answer: &reqwest::Response, name: &str| {
            let value = answer.headers().get(name);
            value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
        };
        let plain = get(&[]).await;
        assert_eq!(
            (plain.status().as_u16(), header(&plain, "content-type")),
            (200, kind.to_owned())
        );
        assert_eq!(header(&plain, "content-encoding"), "", "{path}");
        assert_eq!(header(&plain, "vary"), "Accept-Encoding", "{path}");
        let (etag, policy) = (header(&plain, "etag"), header(&plain, "content-security-policy"));
        let plain = plain.bytes().await.unwrap();
        let zipped = get(&[("accept-encoding", "br, gzip")]).await;
        assert_eq!(header(&zipped, "content-encoding"), "gzip", "{path}");
        let zipped = zipped.bytes().await.unwrap();
        assert!(zipped.len() < most, "{path}: {} bytes", zipped.len());
        let mut decoded = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&zipped[..]), &mut decoded)
            .unwrap();
        assert!(decoded == plain, "{path}");
        let refused = get(&[("accept-encoding", "gzip;q=0")]).await;
        assert_eq!(header(&refused, "content-encoding"), "", "{path}");
        for known in [etag.clone(), format!("W/{etag}"), format!("\"a\", {etag}")] {
            let same = get(&[("if-none-match", &known), ("accept-encoding", "gzip")]).await;
            assert_eq!(same.status(), 304, "{path} {known}");
            assert_eq!(header(&same, "etag"), etag);
            assert_eq!(header(&same, "vary"), "Accept-Encoding");
            assert_eq!(header(&same, "content-security-policy"), policy);
            assert!(same.bytes().await.unwrap().is_empty());
        }
        assert_eq!(get(&[("if-none-match", "\"a\"")]).await.status(), 200, "{path}");
        let head = Answer::to(nobody.request(Method::HEAD, path)).await;
        assert_eq!((head.status, head.header("etag"), &head.body), (200, &*etag, &Value::Null));
    }
}

/// The OpenAPI document lists both content types, so that generated clients find one that they know.
#[tokio::test]
async fn metrics_have_the_content_type_that_the_client_accepts() {
    let server = Server::start(Database::Sqlite).await;
    let nobody = server.anonymous();
    let prometheus =
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3";
    for (accept, kind) in [
        ("*/*", "application/openmetrics-text"),
        (prometheus, "application/openmetrics-text"),
        ("text/plain", "text/plain"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/plain"),
    ] {
        let request = nobody.request(Method::GET, "/metrics").header("accept", accept);
        let answer = Answer::to(request).await;
        assert_eq!(answer.status, 200);
        assert!(answer.header("content-type").starts_with(kind), "{accept}");
    }
    let document = nobody.get("/openapi.json").await.expect(200);
    let content = &document["paths"]["/metrics"]["get"]["responses"]["200"]["content"];
    assert_eq!(content.as_object().unwrap().len(), 2, "{content}");
}

/// A page cannot read why a handshake failed, so the answer to its ticket request explains it, for example a
/// proxy that does not pass on the Host.
#[tokio::test]
async fn a_ticket_request_of_a_page_that_may_open_no_socket_is_refused_with_the_reason() {
    let mut server = Server::start(Database::Sqlite).await;
    let ann = server.admin("ann").await;
    let from = async |origin: &str| {
        let request = ann.request(Method::POST, "/auth/ws-ticket").header("origin", origin);
        Answer::to(request).await
    };
    for _ in 0..2 {
        let problem = from("https://chat.example.com").await.expect_problem(403, "origin_refused");
        let detail = problem["detail"].as_str().unwrap();
        let host = server.address().to_string();
        for word in
            ["https://chat.example.com", &host, "proxy_set_header Host", "http.allowed_origins"]
        {
            assert!(detail.contains(word), "{word}: {detail}");
        }
    }
    from(server.url()).await.expect(201);
    let line = server.says("a page was refused a socket").await;
    assert!(line.contains("WARN") && line.contains("https://chat.example.com"), "{line}");
    let handshake = ann
        .request(Method::GET, "/ws")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-version", "13");
    let problem = Answer::to(handshake).await.expect_problem(426, "upgrade_required");
    assert!(problem["detail"].as_str().unwrap().contains("proxy_set_header Upgrade"), "{problem}");
    server.says("has no Upgrade").await;
    let said = server.log().iter().filter(|line| line.contains("refused a socket")).count();
    assert_eq!(said, 1, "the warning is logged once for each origin and host");
}
