//! The parts that every answer has: a request id, headers, a line in the log.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, DEADLINE, Database, Server};

#[tokio::test]
async fn a_request_has_one_id_in_the_answer_and_in_the_log() {
    let server = Server::start(Database::Sqlite).await;
    let nobody = server.anonymous();
    let asked_as = |id: &str| {
        let request = nobody.request(Method::GET, "/nothing").header("X-Request-Id", id);
        async move { Answer::to(request).await }
    };
    let longest = "x".repeat(64);
    for id in ["abc-1_2.3", &longest] {
        let answer = asked_as(id).await;
        assert_eq!(answer.header("x-request-id"), id);
        assert_eq!(answer.body["request_id"], id);
    }
    let too_long = "x".repeat(65);
    for id in ["", "a b", "a\"b", "<script>", &too_long] {
        let answer = asked_as(id).await;
        let made = answer.header("x-request-id");
        assert!(made.len() == 32 && made != id, "{made}");
        assert_eq!(answer.body["request_id"], *made);
    }
    assert!(logged(&server, "abc-1_2.3").await.contains("status=404"));
}

#[tokio::test]
async fn the_log_has_the_route_and_the_user_and_never_the_query() {
    let server = Server::start(Database::Sqlite).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    root.get(&format!("/rooms/{room}/messages?limit=3&token=SECRET")).await.expect(200);
    root.get(&format!("/rooms/{room}?password=SECRET")).await.expect(200);
    server.anonymous().get("/nothing/SECRET?x=SECRET").await.expect(404);
    logged(&server, "(no route)").await;
    let log = server.log().join("\n");
    assert!(!log.contains("SECRET"), "{log}");
    let line = logged(&server, "/rooms/{room_id}/messages").await;
    for part in ["GET", "status=200", "duration_ms=", "request_id=", "user_id=1"] {
        assert!(line.contains(part), "{part} in {line}");
    }
}

#[tokio::test]
async fn every_answer_has_its_security_and_cache_headers() {
    let server = Server::start(Database::Sqlite).await;
    let root = server.admin("root").await;
    const PAGES: [&str; 6] =
        ["/", "/docs", "/redoc", "/docs/socket", "/openapi.json", "/asyncapi.json"];
    for path in ["/auth/me", "/rooms", "/rooms/77", "/nothing", "/ws", "/health", "/ready"]
        .into_iter()
        .chain(PAGES)
    {
        let answer = root.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; "), "{path}: {policy}");
        assert!(policy.ends_with("frame-ancestors 'none'"), "{path}: {policy}");
        let is_page = PAGES.contains(&path);
        assert_eq!(policy.contains("script-src"), is_page, "{path}: {policy}");
        // Pages are the same for everyone: they may be cached, but must be revalidated.
        let kept = if is_page { "no-cache" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), kept, "{path}");
        assert!(answer.header("access-control-allow-origin").is_empty(), "{path}");
    }
    let head = Answer::to(root.request(Method::HEAD, "/rooms")).await;
    assert_eq!((head.status, head.body), (200, Value::Null));
    let basic = server.anonymous().request(Method::GET, "/rooms").basic_auth("root", Some("x"));
    Answer::to(basic).await.expect_problem(401, "token_invalid");
}

#[tokio::test]
async fn only_configured_origins_may_read_answers() {
    const FRIEND: &str = "https://chat.example.com";
    let config = format!("[http]\nallowed_origins = [\"{FRIEND}\"]\n");
    let server = Server::with(Database::Sqlite).config(&config).start().await;
    let nobody = server.anonymous();
    let from = async |method: Method, origin: &str| {
        let request = nobody
            .request(method, "/rooms")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST");
        Answer::to(request).await
    };
    let preflight = from(Method::OPTIONS, FRIEND).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), FRIEND);
    assert!(preflight.header("access-control-allow-headers").contains("Authorization"));
    assert!(preflight.header("access-control-allow-methods").contains("DELETE"));
    assert!(preflight.header("access-control-allow-credentials").is_empty());
    // A page must be able to read errors as well.
    let error = from(Method::GET, FRIEND).await;
    assert_eq!(error.header("access-control-allow-origin"), FRIEND);
    assert_eq!(error.header("vary"), "Origin");
    error.expect_problem(401, "token_missing");

    for foreign in [
        "https://evil.example.com",
        "http://chat.example.com",
        "https://chat.example.com.evil.org",
        "https://chat.example.com:8443",
        "https://evil-chat.example.com",
        "null",
    ] {
        let preflight = from(Method::OPTIONS, foreign).await;
        assert!(preflight.header("access-control-allow-origin").is_empty(), "{foreign}");
        assert_eq!(preflight.status, 405, "{foreign}");
        let answer = from(Method::GET, foreign).await;
        assert!(answer.header("access-control-allow-origin").is_empty(), "{foreign}");
    }
}

#[tokio::test]
async fn an_unavailable_database_is_503_and_the_process_stays_healthy() {
    let mut server = Server::start(Database::Postgres).await;
    let root = server.admin("root").await;
    ready(&root, 200).await;
    // The database refuses new connections, and existing ones are terminated.
    let url = server.database_url().to_owned();
    tokio::task::spawn_blocking(move || shut_out(&url)).await.unwrap();
    let deadline = tokio::time::Instant::now() + DEADLINE * 2;
    while root.get("/ready").await.status == 200 {
        assert!(tokio::time::Instant::now() < deadline, "the server is still ready");
    }
    let answer = root.get("/ready").await;
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(answer.status, 503, "{}", answer.body);
    root.get("/health").await.expect(200);
    let rooms = root.get("/rooms/1").await;
    assert_eq!(rooms.status, 503, "never 404, never 500: {}", rooms.body);
    let sent = root.post("/rooms/1/messages", json!({ "content": "x" })).await;
    assert_eq!(sent.status, 503, "{}", sent.body);
    server.kill9();
}

/// The log line with this text. Lines come through a pipe, so the test waits for it.
async fn logged(server: &Server, text: &str) -> String {
    let deadline = tokio::time::Instant::now() + DEADLINE;
    loop {
        if let Some(line) = server.log().into_iter().find(|line| line.contains(text)) {
            return line;
        }
        assert!(tokio::time::Instant::now() < deadline, "`{text}` is not in the log");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn ready(client: &Client, status: u16) {
    let answer = client.get("/ready").await;
    assert_eq!(answer.status, status, "{}", answer.body);
}

fn shut_out(url: &str) {
    let mut config: postgres::Config = url.parse().expect("a URL");
    let database = config.get_dbname().expect("its name").to_owned();
    // A database cannot be closed over a connection to itself.
    let mut client = config.dbname("postgres").connect(postgres::NoTls).expect("connect");
    client
        .batch_execute(&format!("ALTER DATABASE \"{database}\" ALLOW_CONNECTIONS false"))
        .expect("forbid connections");
    client
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
            &[&database],
        )
        .expect("end connections");
}
