//! `chatapp copy`, from each kind of database to the other.

use std::ops::ControlFlow;

use chatapp::model::Timestamp;
use serde_json::Value;

use super::load::{Load, count_events, store, until};
use super::{finish, other, rows_of, run, whole_url};
use crate::support::{Database, PASSWORD, Server};

const NOW: Timestamp = Timestamp(1_738_319_400_000);
const EVENTS: usize = 30_000;

pub async fn a_copy_has_all_rows_and_a_copy_of_the_copy_has_the_same_export(kind: Database) {
    let source = Server::start(kind).await;
    let ann = source.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut target = Server::start(other(kind)).await;
    target.sigterm().await;
    let mut load = Load::start(std::slice::from_ref(&ann), room).await;
    load.goes_on(30).await;
    let before = load.acknowledged();
    let rows = copy(&source, &target).await.json();
    load.goes_on(10).await;
    load.stop().await;
    for row in rows.as_array().unwrap() {
        assert_eq!((&row["is_equal"], &row["rows"]), (&Value::Bool(true), &row["copied"]), "{row}");
    }
    target.restart().await;
    let there = target.anonymous().signs_in("ann", PASSWORD).await;
    let seqs: Vec<i64> =
        there.history(room).await.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as i64).collect::<Vec<_>>());
    assert!(before.iter().all(|seq| seqs.contains(seq)), "a message is missing");

    // The copy is copied to a third database, of the first kind: their exports are equal.
    target.sigterm().await;
    let mut third = Server::start(kind).await;
    third.sigterm().await;
    copy(&target, &third).await.ok();
    let (one, two) = (run(&target, &["export"]).await, run(&third, &["export"]).await);
    assert_eq!(rows_of(&one.ok().stdout), rows_of(&two.ok().stdout));
}

pub async fn a_killed_copy_cannot_be_served_and_continues_when_repeated(kind: Database) {
    let (source, target) = interrupted(kind).await;
    for command in [&["serve", "--bind", "127.0.0.1:0"][..], &["backup", "backup"]] {
        let refused = run(&target, command).await.error();
        assert!(refused.contains("not everything has been copied"), "{refused}");
    }
    let done = copy(&source, &target).await.ok();
    assert!(done.stderr.contains("going on"), "{done:?}");
    assert!(!done.stderr.contains("starting again"), "{done:?}");
    let exports = [run(&source, &["export"]).await, run(&target, &["export"]).await];
    let [one, two] = exports.map(|done| rows_of(&done.ok().stdout));
    assert!(one == two, "source and copy differ");
}

pub async fn a_killed_copy_starts_again_if_the_source_has_changed(kind: Database) {
    let (source, target) = interrupted(kind).await;
    let ann = source.anonymous().signs_in("ann", PASSWORD).await;
    let message = ann.get("/rooms/1/messages?after=0&limit=1").await.expect(200);
    let id = &message["messages"][0]["id"];
    ann.delete(&format!("/rooms/1/messages/{id}")).await;
    let done = copy(&source, &target).await.ok();
    assert!(done.stderr.contains("starting again"), "{done:?}");
    let exports = [run(&source, &["export"]).await, run(&target, &["export"]).await];
    let [one, two] = exports.map(|done| rows_of(&done.ok().stdout));
    assert!(one == two, "source and copy differ");
}

/// Returns a source with a running server, and a database to which a killed command has copied a part of it.
async fn interrupted(kind: Database) -> (Server, Server) {
    let source = Server::start(kind).await;
    let ann = source.admin("ann").await;
    let room = ann.creates_room("general").await;
    store(&whole_url(&source), room, ann.user_id, EVENTS, NOW).await;
    let mut target = Server::start(other(kind)).await;
    target.sigterm().await;
    let mut command = target.command(&["copy", "--from", &whole_url(&source)]);
    command.args(["--to", &whole_url(&target), "--yes"]);
    let mut child = command.spawn().expect("it runs");
    let partial = match other(kind) {
        Database::Sqlite => format!("{}.partial", whole_url(&target)),
        Database::Postgres => whole_url(&target),
    };
    until("a partial copy", async || match count_events(&partial).await {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    })
    .await;
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    let there = count_events(&partial).await;
    assert!((1..EVENTS).contains(&there), "the copy was not interrupted: {there} events");
    (source, target)
}

async fn copy(source: &Server, target: &Server) -> super::Done {
    let mut command = target.command(&["copy", "--from", &whole_url(source)]);
    command.args(["--to", &whole_url(target), "--yes", "--output", "json"]);
    finish(command).await
}
