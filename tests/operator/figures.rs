//! The figures of a server (`/metrics`, `/admin/stats`, `/admin/nodes`, `chatapp stats`): who may read them, and that
//! they are correct.

use std::collections::BTreeSet;
use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use super::openmetrics::Exposition;
use super::{Done, beside};
use crate::support::{Answer, Client, DEADLINE, Database, PASSWORD, Server, on_both_databases};

on_both_databases!(
    only_local_requests_admins_and_the_token_may_read_the_figures,
    every_metric_is_documented_and_counts,
    stats_shows_the_most_important_figures,
);

const TOKEN: &str = "a token of the operator's own, for the figures";
const PATHS: [&str; 3] = ["/metrics", "/admin/stats", "/admin/nodes"];

async fn only_local_requests_admins_and_the_token_may_read_the_figures(database: Database) {
    let mut server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let nobody = server.anonymous();
    for path in PATHS {
        nobody.get(path).await.expect(200);
        for (name, value) in
            [("x-forwarded-for", "127.0.0.1"), ("via", "1.1 proxy"), ("host", "chat.example.com")]
        {
            let request = nobody.request(Method::GET, path).header(name, value);
            Answer::to(request).await.expect_problem(401, "token_missing");
        }
        root.get(path).await.expect(200);
        ann.get(path).await.expect_problem(403, "admin_required");
        nobody.with_token(TOKEN).get(path).await.expect_problem(401, "token_invalid");
    }
    // If a token is set, a local request needs it too: it may come through a local proxy that adds no header.
    std::fs::write(
        server.folder().join("chatapp.toml"),
        format!("[http]\nmetrics_token = \"{TOKEN}\"\n"),
    )
    .unwrap();
    server.signal("HUP");
    server.says("the settings were read again").await;
    for path in PATHS {
        nobody.get(path).await.expect_problem(401, "token_missing");
        let proxied = nobody.with_token(TOKEN).request(Method::GET, path).header("via", "1.1 x");
        Answer::to(proxied).await.expect(200);
        nobody.with_token(&TOKEN[1..]).get(path).await.expect_problem(401, "token_invalid");
        root.get(path).await.expect(200);
        ann.get(path).await.expect_problem(403, "admin_required");
    }
    let refused = Done::of(beside(&server, &["stats", "--config", "/dev/null"])).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{refused:?}");
    assert!(refused.stderr.contains("http.metrics_token"), "{refused:?}");
    let allowed = Done::of(beside(&server, &["stats", "--output", "json"])).await;
    assert_eq!(allowed.json()["users"], 2, "{allowed:?}");
}

async fn figures(client: &Client) -> Exposition {
    let answer = client.get("/metrics").await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.header("content-type"), kind);
    Exposition::parse(answer.expect(200).as_str().expect("text"))
}

/// Waits until a figure has this value.
async fn becomes(client: &Client, sample: &str, value: f64) {
    waits_for(client, sample, |found| found == value).await;
}

/// Waits until a figure is as expected: some figures are measured only once a second.
async fn waits_for(client: &Client, sample: &str, is_expected: impl Fn(f64) -> bool) {
    let started = Instant::now();
    loop {
        let found = figures(client).await.get(sample);
        if is_expected(found) {
            return;
        }
        assert!(started.elapsed() < DEADLINE, "{sample} is {found}");
    }
}

async fn every_metric_is_documented_and_counts(database: Database) {
    let server = Server::with(database)
        .env("CHATAPP_LIMITS__SOCKETS_PER_USER", "3")
        .env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ACCOUNT", "1")
        .start()
        .await;
    let nobody = server.anonymous();
    let empty = figures(&nobody).await;
    for (sample, value) in &empty.samples {
        let of_use = ["chatapp_messages", "chatapp_deliver", "chatapp_socket", "chatapp_limited"];
        assert!(*value == 0.0 || !of_use.iter().any(|part| sample.starts_with(part)), "{sample}");
    }

    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    let mut first = root.joins(room).await;
    let mut second = ann.joins(room).await;
    for n in 0..5 {
        first.says(room, "hello", &format!("m-{n}")).await;
        second.recv_type("message").await;
    }
    // A retry is neither stored nor delivered a second time.
    let again = json!({ "content": "hello", "client_id": "m-0" });
    root.post(&format!("/rooms/{room}/messages"), again).await.expect(200);
    let wrong = json!({ "username": "ann", "password": "not hers at all" });
    nobody.post("/auth/login", wrong.clone()).await.expect(401);
    nobody.post("/auth/login", wrong).await.expect(401);
    let eve = json!({ "username": "eve", "password": "not hers at all" });
    nobody.post("/auth/login", eve.clone()).await.expect(401);
    nobody.post("/auth/login", eve).await.expect(429);
    nobody.get("/nowhere/at/all").await.expect(404);
    let proxied = nobody.request(Method::GET, "/health").header("x-forwarded-for", "192.0.2.1");
    Answer::to(proxied).await.expect(200);
    let (_third, _fourth) = (ann.joins(room).await, ann.joins(room).await);
    let path = format!("/ws/{room}?token={}", ann.token);
    assert_eq!(ann.opens(&path).await.expect_close().await, 4429);

    becomes(&nobody, "chatapp_live_rooms", 1.0).await;
    waits_for(&nobody, "chatapp_tail_bytes", |bytes| bytes > 0.0).await;
    let full = figures(&nobody).await;
    let backend = match database {
        Database::Sqlite => "sqlite",
        Database::Postgres => "postgres",
    };
    let version = env!("CARGO_PKG_VERSION");
    for (sample, value) in [
        (
            format!("chatapp_build_info{{version=\"{version}\",backend=\"{backend}\"}}").as_str(),
            1.0,
        ),
        ("chatapp_sockets", 4.0),
        ("chatapp_sockets_opened_total", 4.0),
        ("chatapp_connected_users", 2.0),
        ("chatapp_messages_total", 5.0),
        ("chatapp_deliveries_total", 10.0),
        ("chatapp_commit_batch_messages_sum", 6.0),
        ("chatapp_logins_total{outcome=\"ok\"}", 2.0),
        ("chatapp_logins_total{outcome=\"wrong\"}", 3.0),
        ("chatapp_logins_total{outcome=\"refused\"}", 1.0),
        ("chatapp_limited_total{limit=\"logins\"}", 1.0),
        ("chatapp_limited_total{limit=\"sockets\"}", 1.0),
        ("chatapp_socket_closes_total{code=\"4429\"}", 1.0),
        ("chatapp_unnamed_proxy_requests_total", 1.0),
        ("chatapp_http_requests_total{method=\"GET\",path=\"(no route)\",status=\"4xx\"}", 1.0),
        ("chatapp_http_requests_total{method=\"GET\",path=\"/ws/{room_id}\",status=\"1xx\"}", 5.0),
        ("chatapp_http_requests_total{method=\"POST\",path=\"/auth/login\",status=\"4xx\"}", 4.0),
        ("chatapp_http_request_seconds_count{method=\"POST\",path=\"/auth/login\"}", 6.0),
        ("chatapp_storage_errors_total{kind=\"unavailable\"}", 0.0),
        ("chatapp_write_queue", 0.0),
        ("chatapp_blocked_sockets", 0.0),
        ("chatapp_max_connections", 20_000.0),
    ] {
        assert_eq!(full.get(sample), value, "{sample}");
    }
    for sample in [
        "chatapp_delivered_bytes_total",
        "chatapp_tail_bytes",
        "chatapp_commit_seconds_sum",
        "chatapp_read_seconds_count",
        "chatapp_read_wait_seconds_count",
        "chatapp_password_seconds_count",
        "chatapp_password_wait_seconds_count",
        "chatapp_database_bytes",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_max_fds",
    ] {
        assert!(full.get(sample) > 0.0, "{sample}");
    }
    assert!(full.get("chatapp_connections") >= 4.0);
    assert!(full.get("process_start_time_seconds") > 1.6e9);
    assert_eq!(full.samples.contains_key("chatapp_wal_bytes"), database == Database::Sqlite);
    assert_eq!(
        full.samples.contains_key("chatapp_checkpoints_total"),
        database == Database::Sqlite
    );

    first.close().await;
    becomes(&nobody, "chatapp_sockets", 3.0).await;
    becomes(&nobody, "chatapp_socket_closes_total{code=\"1000\"}", 1.0).await;
    let connected = becomes(&nobody, "chatapp_connected_users", 1.0);
    connected.await;

    check_documents(&full, database);
    check_labels(&full, &nobody, database).await;
}

/// Checks that docs/METRICS.md has a line for every metric, and no line for a metric that does not exist.
fn check_documents(figures: &Exposition, database: Database) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/METRICS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let rows: Vec<(&str, &str)> = rows
        .filter(|(name, _)| name.starts_with("chatapp_") || name.starts_with("process_"))
        .collect();
    let documented: BTreeSet<&str> = rows
        .iter()
        .filter(|(_, rest)| match database {
            Database::Sqlite => !rest.contains("PostgreSQL only"),
            Database::Postgres => !rest.contains("SQLite only"),
        })
        .map(|(name, _)| {
            let labels = name.find('{').unwrap_or(name.len());
            let name = &name[..labels];
            name.strip_suffix("_total").or(name.strip_suffix("_info")).unwrap_or(name)
        })
        .collect();
    let exposed: BTreeSet<&str> = figures.families.keys().map(String::as_str).collect();
    assert_eq!(exposed, documented, "docs/METRICS.md");
}

/// Checks that labels and their values come from fixed lists: a client cannot choose a label's value.
async fn check_labels(figures: &Exposition, client: &Client, database: Database) {
    let names: Vec<&str> = figures.labels.keys().map(String::as_str).collect();
    let mut known = vec![
        "backend", "by", "code", "kind", "le", "limit", "method", "outcome", "path", "status",
        "version",
    ];
    known.retain(|name| *name != "by" || database == Database::Postgres);
    assert_eq!(names, known);
    let document = client.get("/openapi.json").await.expect(200);
    let documented = document["paths"].as_object().unwrap();
    for path in &figures.labels["path"] {
        let others = ["(no route)", "/ws", "/ws/{room_id}", "/asyncapi.json", "/openapi.json"];
        assert!(documented.contains_key(path) || others.contains(&path.as_str()), "{path}");
    }
    for status in &figures.labels["status"] {
        assert!(["1xx", "2xx", "3xx", "4xx", "5xx"].contains(&status.as_str()), "{status}");
    }
}

async fn stats_shows_the_most_important_figures(database: Database) {
    let mut server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let mut socket = root.joins(room).await;
    for n in 0..3 {
        socket.says(room, "hello", &n.to_string()).await;
    }
    let stats = root.get("/admin/stats").await.expect(200);
    for (name, value) in [
        ("version", json!(env!("CARGO_PKG_VERSION"))),
        ("sockets", json!(1)),
        ("connected_users", json!(1)),
        ("storage_errors", json!(0)),
        ("write_queue", json!(0)),
        ("users", json!(1)),
        ("rooms", json!(1)),
    ] {
        assert_eq!(stats[name], value, "{name} of {stats}");
    }
    let kind = if database == Database::Sqlite { "SQLite 3." } else { "PostgreSQL " };
    assert!(stats["database"].as_str().unwrap().starts_with(kind), "{stats}");
    for name in ["messages_per_second", "deliveries_per_second", "commit_p50_ms", "commit_p99_ms"] {
        assert!(stats[name].as_f64().unwrap() > 0.0, "{name} of {stats}");
    }
    assert!(stats["commit_p50_ms"].as_f64() <= stats["commit_p99_ms"].as_f64(), "{stats}");
    assert_eq!(stats["wal_bytes"].is_null(), database == Database::Postgres, "{stats}");

    let shown = Done::of(beside(&server, &["stats", "--output", "json"])).await;
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""), "{shown:?}");
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&shown.json()), names(&stats));
    let table = Done::of(beside(&server, &["stats"])).await;
    assert!(table.stdout.contains("sockets                 1\n"), "{table:?}");
    let other = Done::of(server.command(&["stats", "--url", "http://127.0.0.1:1"])).await;
    assert_eq!((other.code, other.stdout.as_str()), (1, ""), "{other:?}");

    assert!(server.sigterm().await.success());
    let alone = Done::of(beside(&server, &["stats", "--output", "json"])).await;
    assert!(alone.stderr.contains("no server answers"), "{alone:?}");
    let alone = alone.json();
    assert_eq!(
        (&alone["users"], &alone["rooms"], &alone["events"]),
        (&json!(1), &json!(1), &json!(3))
    );
    assert_eq!(alone["sockets"], Value::Null);
    server.restart().await;
    root.signs_in("root", PASSWORD).await.get("/admin/stats").await.expect(200);
}
