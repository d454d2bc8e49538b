//! `chatapp bench`: a tiny run of every scenario on both databases. The tests look at what the runs have
//! checked, never at their speed. A server that breaks a promise must be found.

use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::{Client, Database, Server, on_both_databases};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

on_both_databases!(
    fanout,
    rate,
    ingest,
    idle,
    history,
    reconnect,
    churn,
    search,
    a_run_without_url_starts_its_own_server
);

async fn fanout(database: Database) {
    let figures = run(
        database,
        "fanout --receivers 10 --senders 2 --window 3 --seconds 0.3 --warm-up 0.1 --client-id",
    )
    .await;
    // The two senders receive the messages too.
    let checked = figures.count("checked_deliveries");
    assert!(checked > 0 && checked.is_multiple_of(12), "{checked}");
    assert!(figures.has("deliveries_per_second") && figures.has("ack_p99_9"));
    assert!(figures.has("server_rss"), "the server is on this machine");
}

async fn rate(database: Database) {
    let figures =
        run(database, "rate --messages 100 --receivers 5 --seconds 0.3 --warm-up 0.1").await;
    assert_eq!(figures.count("checked_deliveries"), 40 * 6);
    assert!(figures.has("delivery_p99"));
}

async fn ingest(database: Database) {
    let figures =
        run(database, "ingest --connections 6 --rooms 3 --seconds 0.3 --warm-up 0.1").await;
    assert!(figures.count("checked_messages") > 0);
}

async fn idle(database: Database) {
    let figures = run(database, "idle --connections 30 --rooms 4 --seconds 0.1").await;
    assert_eq!(figures.count("connections"), 30);
    assert!(figures.has("server_rss_per_connection"));
    assert!(figures.has("server_cpu_per_connect") && figures.has("server_cpu_per_leave"));
}

async fn search(database: Database) {
    let figures =
        run(database, "search --messages 1000 --rooms 3 --words 1000 --seconds 0.1").await;
    assert!(figures.count("checked_pages") > 0);
    assert!(figures.has("common_p99") && figures.has("best_p50"));
}

async fn history(database: Database) {
    let figures = run(
        database,
        "history --messages 500 --connections 2 --page 20 --seconds 0.3 --warm-up 0.1",
    )
    .await;
    assert!(figures.count("checked_pages") > 0);
    let figures =
        run(database, "history --messages 500 --depth 480 --page 20 --seconds 0.1 --warm-up 0.1")
            .await;
    assert_eq!(figures.count("depth"), 480);
}

async fn reconnect(database: Database) {
    let figures = run(database, "reconnect --connections 20 --rooms 3 --missed 70").await;
    assert_eq!(figures.count("checked_messages"), 20 * 70);
    let figures = run(database, "reconnect --connections 5 --rooms 1 --missed 0").await;
    assert_eq!(figures.count("checked_messages"), 0);
}

async fn churn(database: Database) {
    let figures = run(
        database,
        "churn --stayers 5 --joins 30 --stay 0.1 --messages 40 --seconds 0.5 --users 3",
    )
    .await;
    assert!(figures.count("checked_deliveries") > 0);
    assert!(figures.has("live_p99"));
}

/// The server uses a new SQLite database, or the database of `--database`.
async fn a_run_without_url_starts_its_own_server(database: Database) {
    let scenario = "fanout --receivers 2 --senders 1 --seconds 0.1 --warm-up 0";
    let output = match database {
        Database::Sqlite => bench(scenario, &["--output", "table"]).await,
        Database::Postgres => {
            let server = Server::start(database).await;
            bench(scenario, &["--database", server.database_url()]).await
        }
    };
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("FIGURE") && stdout.contains("checked_deliveries"), "{stdout}");
    assert_eq!(stderr, "", "no progress is shown in a pipe");
}

/// During the run, the server closes the idle HTTP connection over which the run was prepared.
#[tokio::test]
async fn a_run_may_be_longer_than_a_server_waits_for_the_next_request() {
    let server = Server::with(Database::Sqlite).env("CHATAPP_HTTP__HEADER_TIMEOUT_MS", "500");
    let server = server.start().await;
    let ann = server.admin("ann").await;
    run_on(&server, &ann, "rate --messages 10 --receivers 2 --seconds 2 --warm-up 0").await;
}

/// A server at `--url` may have limits; the bench's own server has none.
#[tokio::test]
async fn a_run_that_meets_the_limits_of_a_server_names_them() {
    let server = Server::with(Database::Sqlite).env("CHATAPP_LIMITS__SENDS_PER_SECOND", "1");
    let server = server.start().await;
    let ann = server.admin("ann").await;
    let elsewhere = ["--url", server.url(), "--token", &ann.token];
    let rate = "rate --messages 100 --receivers 2 --seconds 1 --warm-up 0";
    let output = bench(rate, &elsewhere).await;
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("limits.sends_per_second"), "{stderr}");
}

/// A run on a server at `--url` must leave no rooms behind.
#[tokio::test]
async fn a_run_deletes_its_rooms_at_the_end() {
    let server = Server::start(Database::Sqlite).await;
    let ann = server.admin("ann").await;
    run_on(&server, &ann, "ingest --connections 4 --rooms 4 --seconds 0.1 --warm-up 0").await;
    assert_eq!(ann.get("/rooms/").await.expect(200), Value::Array(vec![]));
}

/// A proxy in front of the server falsifies one frame once.
#[tokio::test]
async fn a_server_that_breaks_a_promise_is_an_error() {
    let fanout = "fanout --receivers 2 --senders 1 --window 1 --seconds 0.3 --warm-up 0";
    let ingest = "ingest --connections 1 --rooms 1 --window 1 --seconds 0.3 --warm-up 0";
    let reconnect = "reconnect --connections 2 --rooms 1 --missed 9";
    for (scenario, truth, lie, complaint) in [
        // One message is delivered twice, and another one is never delivered.
        (fanout, r#""seq":7}"#, r#""seq":6}"#, "the order is broken"),
        // Two clients receive different messages with the same seq.
        (fanout, r#"message","id":8,"#, r#"message","id":9,"#, "the order is broken"),
        (fanout, r#""ref":"5""#, r#""ref":"4""#, "out of order"),
        // An acknowledged message is not in the log.
        (ingest, r#""seq":7,"duplicate""#, r#""seq":9,"duplicate""#, "but is seq 7"),
        (ingest, r#"[{"type":"message","id":1,"#, r#"[{"type":"message","id":2,"#, "id 1, but is"),
        (
            reconnect,
            r#""head_seq":10"#,
            r#""head_seq":11"#,
            "but the connection has all messages up to",
        ),
    ] {
        let server = Server::start(Database::Sqlite).await;
        let ann = server.admin("ann").await;
        let (proxy, _tasks) = lying_proxy(server.address(), truth, lie).await;
        let url = format!("http://{proxy}");
        let output = bench(scenario, &["--url", &url, "--token", &ann.token]).await;
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{lie}: {stderr}");
        assert_eq!(text(&output.stdout), "");
        assert!(stderr.starts_with("error: ") && stderr.contains(complaint), "{lie}: {stderr}");
    }
}

#[tokio::test]
async fn a_run_that_cannot_start_is_an_error_with_the_reason() {
    let server = Server::start(Database::Sqlite).await;
    let bo = server.user("bo").await;
    let url = server.url();
    for (arguments, complaint) in [
        (vec!["--url", url], "--password-stdin"),
        (vec!["--url", url, "--token", &bo.token], "an admin"),
        (vec!["--url", "localhost", "--token", "x"], "http://host:port"),
        (vec!["--url", "http://127.0.0.1:1", "--token", "x"], "does not answer"),
        (vec!["--url", url, "--token", "x", "--database", "sqlite://x.db"], "--database"),
        (vec!["--url", url, "--token", &bo.token, "--pid", "4194305"], "--pid"),
        (vec!["--receivers", "100000000"], "open files"),
        (vec!["--database", "mysql://x"], "no admin could be created"),
    ] {
        let output = bench("fanout", &arguments).await;
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains(complaint), "{arguments:?}: {stderr}");
    }
}

/// The figures of a successful run.
struct Figures(Vec<Value>);

impl Figures {
    fn find(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|figure| figure["name"] == name)
    }

    fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn number(&self, name: &str) -> f64 {
        let figure = self.find(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.0));
        figure["value"].as_f64().expect("a number")
    }

    fn count(&self, name: &str) -> u64 {
        self.number(name) as u64
    }
}

async fn run(database: Database, scenario: &str) -> Figures {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    run_on(&server, &ann, scenario).await
}

async fn run_on(server: &Server, admin: &Client, scenario: &str) -> Figures {
    let pid = server.pid().to_string();
    let arguments =
        ["--url", server.url(), "--token", &admin.token, "--pid", &pid, "--output", "json"];
    let output = bench(scenario, &arguments).await;
    assert!(output.status.success(), "{scenario}: {}", text(&output.stderr));
    Figures(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// Runs `chatapp bench` with the words of `scenario` and further arguments.
async fn bench(scenario: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatapp"));
    command.arg("bench").args(scenario.split(' ')).args(arguments).stdin(Stdio::null());
    let run = tokio::task::spawn_blocking(move || command.output());
    run.await.expect("it does not panic").expect("run the binary")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Starts a proxy that replaces the first `truth` of the server by `lie`, once and for one client. Dropping the
/// tasks ends the proxy.
async fn lying_proxy(
    server: SocketAddr,
    truth: &'static str,
    lie: &'static str,
) -> (SocketAddr, JoinSet<()>) {
    assert_eq!(truth.len(), lie.len(), "the length of the frame must stay the same");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    let has_lied = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut copies = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(server).await.expect("the server");
            let (mut from_client, to_client) = client.into_split();
            let (from_server, mut to_server) = server.into_split();
            copies.spawn(async move {
                // An error means that one of the two sides has ended.
                let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
            });
            copies.spawn(pass_on(from_server, to_client, truth, lie, has_lied.clone()));
        }
    });
    (address, tasks)
}

async fn pass_on(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    truth: &str,
    lie: &str,
    has_lied: Arc<AtomicBool>,
) {
    let mut buffer = vec![0; 1 << 20];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let bytes = &mut buffer[..read];
        let at = bytes.windows(truth.len()).position(|part| part == truth.as_bytes());
        if let Some(at) = at
            && !has_lied.swap(true, Ordering::Relaxed)
        {
            bytes[at..at + lie.len()].copy_from_slice(lie.as_bytes());
        }
        if to.write_all(bytes).await.is_err() {
            return;
        }
    }
}
