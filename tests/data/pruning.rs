//! Logs whose oldest events are deleted while clients use them.

use std::ops::ControlFlow;

use chatapp::model::Timestamp;
use serde_json::json;

use super::load::{Load, store, until};
use super::{run, whole_url};
use crate::support::{Database, Server};

const LONG_AGO: Timestamp = Timestamp(1_000_000_000_000);

pub async fn a_client_that_asks_for_pruned_events_gets_an_error(kind: Database) {
    let server = Server::start(kind).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    store(&whole_url(&server), room, ann.user_id, 700, LONG_AGO).await;
    let mut load = Load::start(std::slice::from_ref(&ann), room).await;
    load.goes_on(5).await;

    let dry = ["prune", "--older-than", "30", "--dry-run", "--output", "json"];
    let dry = run(&server, &dry).await.json();
    assert_eq!((&dry[0]["events"], &dry[0]["oldest_seq"]), (&json!(700), &json!(701)), "{dry}");
    let table = run(&server, &["prune", "--older-than", "30", "--dry-run"]).await.ok().stdout;
    assert!(table.contains("TO DELETE") && !table.contains("DELETED"), "{table}");
    let refused = run(&server, &["prune", "--older-than", "30"]).await.error();
    assert!(refused.contains("700 events will be deleted"), "{refused}");
    let done = ["prune", "--room", "general", "--older-than", "30", "--yes", "--output", "json"];
    let done = run(&server, &done).await.json();
    assert_eq!(done[0]["events"], 700);
    let record = run(&server, &["audit", "list", "--output", "json"]).await.json();
    assert_eq!((&record[0]["action"], &record[0]["via"]), (&json!("room.prune"), &json!("cli")));
    assert_ne!(record[1]["action"], "room.prune", "the act has two audit entries");
    load.goes_on(5).await;
    let sent = load.stop().await;
    let sent_seqs: Vec<i64> = (701..701 + sent.len() as i64).collect();
    assert_eq!(sent, sent_seqs, "pruning does not change the next seqs");

    let events = |after: i64| {
        let (ann, path) = (ann.clone(), format!("/rooms/{room}/events?limit=200&after={after}"));
        async move { ann.get(&path).await }
    };
    let all = events(0).await.expect(200);
    assert_eq!(all["events"][0]["seq"], 701);
    assert_eq!(events(700).await.expect(200)["events"], all["events"]);
    events(699).await.expect_problem(409, "history_pruned");
    events(1).await.expect_problem(409, "history_pruned");
    let page = ann.get(&format!("/rooms/{room}/messages?before=705")).await.expect(200);
    assert_eq!(page["messages"][0]["seq"], 701);
    assert_eq!(
        (&page["has_older"], page["messages"].as_array().unwrap().len()),
        (&json!(false), 4)
    );

    let open = |query: &str| {
        let (ann, path) = (ann.clone(), format!("/ws/{room}?token={}&{query}", ann.token));
        async move { ann.opens(&path).await }
    };
    for query in ["since=1", "since=699"] {
        let mut socket = open(query).await;
        assert_eq!(socket.recv_type("error").await["code"], "history_pruned", "{query}");
        assert_eq!(socket.expect_close().await, 4409, "{query}");
    }
    for query in ["since=0", "since=700"] {
        let mut socket = open(query).await;
        assert_eq!(socket.recv_type("message").await["seq"], 701, "{query}");
        socket.recv_type("synced").await;
    }
    // All events are deleted. A client that joins now waits for the next event.
    run(&server, &["prune", "--older-than", "0", "--yes"]).await.ok();
    let head = 700 + sent.len() as i64;
    let empty = events(0).await.expect(200);
    assert_eq!(
        (&empty["events"], &empty["next_after"], &empty["has_more"], &empty["head_seq"]),
        (&json!([]), &json!(head), &json!(false), &json!(head))
    );
    let mut socket = open("since=0").await;
    assert_eq!(socket.recv_type("synced").await["head_seq"], head);
    assert_eq!(socket.says(room, "next", "next").await["seq"], head + 1);
    // A backup of the pruned log is valid.
    run(&server, &["backup", "backup"]).await.ok();
    run(&server, &["backup", "verify", "backup"]).await.ok();
}

pub async fn the_server_prunes_by_the_settings_unless_a_room_has_its_own_rule(kind: Database) {
    let mut server = Server::start(kind).await;
    let ann = server.admin("ann").await;
    let [short, forever] = [ann.creates_room("short").await, ann.creates_room("forever").await];
    for room in [short, forever] {
        store(&whole_url(&server), room, ann.user_id, 300, LONG_AGO).await;
        ann.joins(room).await.says(room, "new", "new").await;
    }
    run(&server, &["rooms", "retention", "forever", "forever"]).await.ok();
    let refused = run(&server, &["rooms", "retention", "forever", "0"]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    server.sigterm().await;
    server.set_env("CHATAPP_RETENTION__DAYS", "365");
    server.restart().await;
    until("a pruned log", async || {
        let page = ann.get(&format!("/rooms/{short}/messages?limit=1&after=0")).await.expect(200);
        match page["messages"][0]["seq"].as_i64() {
            Some(301) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    })
    .await;
    let kept = ann.get(&format!("/rooms/{forever}/messages?limit=1&after=0")).await.expect(200);
    assert_eq!(kept["messages"][0]["seq"], 1);
    let dry = run(&server, &["prune", "--dry-run", "--output", "json"]).await;
    // The room `forever` keeps its events by its own rule; the other room has no more events to delete.
    assert_eq!(dry.json(), json!([]));
}
