//! Operators see the nodes: `chatapp nodes`, `/admin/nodes`, `/metrics`, and the number in `/admin/stats`.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::{Client, DEADLINE, Database, Server};

const NAME: &str = "CHATAPP_FLEET__NAME";

/// Two servers on one new database, called `one` and `two`.
async fn two_servers() -> [Server; 2] {
    let mut one = Server::with(Database::Postgres).env(NAME, "one").start().await;
    one.set_env(NAME, "two");
    let two = one.start_another().await;
    [one, two]
}

/// Asks for the nodes until `is_expected` returns true.
async fn nodes_when(client: &Client, what: &str, is_expected: impl Fn(&[Value]) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let nodes = client.get("/admin/nodes").await.expect(200);
        if is_expected(nodes.as_array().expect("a list")) {
            return nodes;
        }
        assert!(began.elapsed() < DEADLINE, "not {what}: {nodes}");
    }
}

/// Waits until a figure of `/metrics` has a value that is expected.
async fn figure_when(client: &Client, sample: &str, is_expected: impl Fn(f64) -> bool) {
    let began = Instant::now();
    loop {
        let text = client.get("/metrics").await.expect(200);
        let line = text
            .as_str()
            .expect("text")
            .lines()
            .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse::<f64>().ok());
        if line.is_some_and(&is_expected) {
            return;
        }
        assert!(began.elapsed() < DEADLINE, "{sample} is {line:?}");
    }
}

/// Runs `chatapp nodes`, and returns its stdout and its stderr.
async fn command(server: &Server, arguments: &[&str]) -> (String, String) {
    let mut command = server.command(&[&["nodes"], arguments].concat());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    (stdout, stderr)
}

async fn command_json(server: &Server) -> Value {
    let (stdout, stderr) = command(server, &["--output", "json"]).await;
    assert_eq!(stderr, "");
    serde_json::from_str(&stdout).expect("JSON")
}

fn count_jobs(nodes: &[Value]) -> usize {
    nodes.iter().filter(|node| node["has_jobs"] == true).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_server_and_the_command_line_list_the_same_nodes() {
    let servers = two_servers().await;
    let [one, two] = &servers;
    let ann = one.admin("ann").await;
    let room = ann.creates_room("general").await;
    let _socket = ann.joins(room).await;
    for server in [one, two] {
        let client = server.anonymous();
        let what = "two nodes, one with the jobs, and the first one's socket";
        let nodes = nodes_when(&client, what, |nodes| {
            nodes.len() == 2 && count_jobs(nodes) == 1 && nodes[0]["connections"] != 0
        });
        let nodes = nodes.await;
        for (index, (name, node)) in [("one", one), ("two", two)].into_iter().enumerate() {
            let listed = &nodes[index];
            assert_eq!(listed["name"], name);
            assert_eq!(listed["address"], node.own_address().to_string());
            assert_eq!(listed["version"], env!("CARGO_PKG_VERSION"));
            assert_eq!(listed["is_this_node"], node.pid() == server.pid(), "{nodes}");
            assert!(listed["heartbeat_age_ms"].as_i64().unwrap() < 6_000, "{nodes}");
        }
        let stats = client.get("/admin/stats").await.expect(200);
        assert_eq!(stats["nodes"], 2);
        // The page finds the server of the figures by this time.
        let of_this = |node: &&Value| node["is_this_node"] == true;
        let own = nodes.as_array().unwrap().iter().find(of_this).unwrap();
        assert_eq!(stats["started_at"], own["started_at"]);

        let commands = command_json(server).await;
        for name in ["id", "name", "version", "address", "started_at", "has_jobs"] {
            let of = |nodes: &Value| [nodes[0][name].clone(), nodes[1][name].clone()];
            assert_eq!(of(&commands), of(&nodes), "{name}");
        }
        let names = |node: &Value| node.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let mut expected = names(&nodes[0]);
        expected.retain(|name| name != "is_this_node");
        assert_eq!(names(&commands[0]), expected);
    }
    let (table, _) = command(one, &[]).await;
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].starts_with("NAME  VERSION  ADDRESS "), "{table}");
    assert!(lines[1].starts_with("one ") && lines[2].starts_with("two "), "{table}");
    assert_eq!(lines.iter().filter(|line| line.ends_with(" yes")).count(), 1, "{table}");
}

/// Returns the state of each finding of the doctor that has this text.
async fn doctor_says(server: &Server, part: &str) -> Vec<String> {
    let mut command = server.command(&["doctor", "--output", "json"]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a list");
    let has_part = |it: &&Value| it["detail"].as_str().is_some_and(|it| it.contains(part));
    let state = |it: &Value| it["state"].as_str().expect("a state").to_owned();
    findings.iter().filter(has_part).map(state).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_finds_different_secrets_and_doorbells() {
    let both = |nodes: &[Value]| nodes.len() == 2;
    let parts = ["they have different secrets", "they have different doorbells"];
    let servers = two_servers().await;
    nodes_when(&servers[0].anonymous(), "two nodes", both).await;
    for part in parts {
        assert!(doctor_says(&servers[0], part).await.is_empty(), "{part}");
    }

    let mut one = Server::with(Database::Postgres).env(NAME, "one").start().await;
    one.set_env("CHATAPP_AUTH__SECRET", "9f2c0c1d6a8be57f4e3b7a90d1c2845ef06b7d3a91e8c45f20a7b6");
    // No NATS listens on this port, and the server starts without it.
    one.set_env("CHATAPP_FLEET__DOORBELL", "nats://ann:sesame@127.0.0.1:1");
    let _two = one.start_another().await;
    nodes_when(&one.anonymous(), "two nodes", both).await;
    assert_eq!(doctor_says(&one, parts[0]).await, ["problem"]);
    assert_eq!(doctor_says(&one, "nats://127.0.0.1:1: ").await, ["warning"]);
    assert!(doctor_says(&one, "sesame").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_node_disappears_and_its_jobs_move() {
    let [mut one, mut two] = two_servers().await;
    let both = |nodes: &[Value]| nodes.len() == 2 && count_jobs(nodes) == 1;
    let nodes = nodes_when(&one.anonymous(), "two nodes", both).await;
    let (killed, left) = match nodes[0]["has_jobs"] == true {
        true => (&mut one, &mut two),
        false => (&mut two, &mut one),
    };
    let client = left.anonymous();
    figure_when(&client, "chatapp_fleet_nodes", |value| value == 2.0).await;
    figure_when(&client, "chatapp_fleet_jobs", |value| value == 0.0).await;
    killed.kill9();
    let alone = |nodes: &[Value]| nodes.len() == 1 && count_jobs(nodes) == 1;
    let nodes = nodes_when(&client, "the other node with the jobs", alone).await;
    assert_eq!(nodes[0]["is_this_node"], true);
    figure_when(&client, "chatapp_fleet_nodes", |value| value == 1.0).await;
    figure_when(&client, "chatapp_fleet_jobs", |value| value == 1.0).await;
    assert_eq!(command_json(left).await.as_array().unwrap().len(), 1);

    assert!(left.sigterm().await.success());
    assert_eq!(command_json(left).await, json!([]));
    let (stdout, stderr) = command(left, &[]).await;
    assert_eq!((stdout.as_str(), stderr.as_str()), ("", "no server runs on this database\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_tell_whether_rings_arrive() {
    let servers = two_servers().await;
    let ann = servers[0].admin("ann").await;
    let room = ann.creates_room("general").await;
    let there = servers[1].anonymous();
    for server in &servers {
        let client = server.anonymous();
        figure_when(&client, "chatapp_fleet_doorbell_up", |value| value == 1.0).await;
        figure_when(&client, "chatapp_fleet_lag_seconds", |value| value > 0.0).await;
        figure_when(&client, "chatapp_fleet_rings_sent_total", |value| value > 0.0).await;
        figure_when(&client, "chatapp_fleet_rings_heard_total", |value| value > 0.0).await;
    }
    let mut socket = there.with_token(&ann.token).joins(room).await;
    figure_when(&there, "chatapp_fleet_presence_written_total", |value| value > 0.0).await;
    figure_when(&there, "chatapp_fleet_presence_read_total", |value| value > 0.0).await;
    // A poll may find a message before its ring is heard, but not one message after the other.
    let began = Instant::now();
    let found_by_ring = |text: &str| {
        let sample = "chatapp_fleet_events_found_total{by=\"ring\"} ";
        text.lines().any(|line| line.strip_prefix(sample).is_some_and(|value| value != "0"))
    };
    loop {
        let message = json!({ "content": "hello" });
        ann.post(&format!("/rooms/{room}/messages"), message).await.expect(201);
        socket.recv_type("message").await;
        let text = there.get("/metrics").await.expect(200);
        if found_by_ring(text.as_str().expect("text")) {
            return;
        }
        assert!(began.elapsed() < DEADLINE, "no event was found by a ring: {text}");
    }
}

#[tokio::test]
async fn with_sqlite_the_one_server_is_listed_over_http_only() {
    let server = Server::with(Database::Sqlite).env(NAME, "one").start().await;
    let nodes = server.anonymous().get("/admin/nodes").await.expect(200);
    assert_eq!(nodes.as_array().unwrap().len(), 1, "{nodes}");
    for (name, value) in [
        ("id", json!(0)),
        ("name", json!("one")),
        ("address", json!(server.own_address().to_string())),
        ("has_jobs", json!(true)),
        ("is_this_node", json!(true)),
    ] {
        assert_eq!(nodes[0][name], value, "{nodes}");
    }
    assert!(nodes[0]["connections"].as_i64().unwrap() > 0, "{nodes}");
    assert_eq!(server.anonymous().get("/admin/stats").await.expect(200)["nodes"], 1);
    assert_eq!(command_json(&server).await, json!([]));
    let (stdout, stderr) = command(&server, &[]).await;
    assert_eq!(stdout, "");
    assert!(stderr.contains("`chatapp stats`") && stderr.contains("PostgreSQL"), "{stderr}");
}
