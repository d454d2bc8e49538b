//! Backups, exports, and databases that are filled from them.

use std::io::Write;
use std::ops::ControlFlow;
use std::process::Stdio;

use chatapp::model::Timestamp;

use super::load::{Load, count_events, store, until};
use super::{elsewhere, run, whole_url};
use crate::support::postgres::database;
use crate::support::{Database, PASSWORD, Server};

const NOW: Timestamp = Timestamp(1_738_319_400_000);

pub async fn a_backup_made_under_load_has_every_message_acknowledged_before(kind: Database) {
    let mut server = Server::start(kind).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    socket.says(room, "first", "first").await;
    let epoch = ann.get(&format!("/rooms/{room}/events")).await.expect(200)["epoch"].clone();
    let mut load = Load::start(&[ann.clone(), server.user("bo").await], room).await;
    load.goes_on(40).await;
    let before = load.acknowledged();
    let report = run(&server, &["backup", "backup", "--output", "json"]).await.json();
    load.goes_on(40).await;
    load.stop().await;
    let verified = run(&server, &["backup", "verify", "backup", "--output", "json"]).await.json();
    assert_eq!(verified["tables"], report["tables"]);
    assert_eq!(verified["epoch"], epoch);
    server.kill9();

    let restored = run(&server, &["restore", "backup", "--yes"]).await.ok();
    assert!(restored.stdout.contains("is as it was at"), "{restored:?}");
    server.restart().await;
    // A restored database has no sessions, so users have to sign in again.
    ann.get("/auth/me").await.expect_problem(401, "token_invalid");
    let ann = server.anonymous().signs_in("ann", PASSWORD).await;
    let seqs: Vec<i64> =
        ann.history(room).await.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as i64).collect::<Vec<_>>());
    for seq in before {
        assert!(seqs.contains(&seq), "{seq}, acknowledged before the backup began, is missing");
    }
    // A cursor from before the restore is invalid: the restored database has another epoch.
    let epoch = epoch.as_str().unwrap();
    let path = format!("/ws/{room}?token={}&since=1&epoch={epoch}", ann.token);
    let mut old = ann.opens(&path).await;
    assert_eq!(old.recv_type("error").await["code"], "epoch_changed");
    assert_eq!(old.expect_close().await, 4409);
    let sent = ann.joins(room).await.says(room, "next", "next").await;
    assert_eq!(sent["seq"], seqs.len() as i64 + 1);
}

pub async fn a_database_in_use_is_not_replaced(kind: Database) {
    let mut server = Server::start(kind).await;
    let ann = server.admin("ann").await;
    run(&server, &["backup", "backup"]).await.ok();
    run(&server, &["export", "export.jsonl"]).await.ok();
    let url = whole_url(&server);
    for arguments in [
        &["restore", "backup", "--yes"][..],
        &["import", "export.jsonl", "--yes"],
        &["copy", "--from", "sqlite://other.db", "--to", &url, "--yes"],
    ] {
        if arguments[0] == "copy" {
            let other = ["restore", "backup"];
            elsewhere(&server, "sqlite://other.db", &other).await.ok();
        }
        let refused = elsewhere(&server, &url, arguments).await;
        assert!(refused.error().contains("stop the server"), "{arguments:?}");
    }
    ann.get("/auth/me").await.expect(200);
    // After a server was killed, its database can be replaced, but not without --yes.
    server.kill9();
    let refused = run(&server, &["restore", "backup"]).await.error();
    assert!(refused.contains("will be replaced") && refused.contains("--yes"), "{refused}");
    run(&server, &["restore", "backup", "--yes"]).await.ok();
    // An existing backup file is not replaced either, unless --force is given.
    let refused = run(&server, &["backup", "backup"]).await.error();
    assert!(refused.contains("--force"), "{refused}");
    run(&server, &["backup", "backup", "--force"]).await.ok();
}

pub async fn a_killed_backup_leaves_no_file_under_the_final_name(kind: Database) {
    let server = Server::start(kind).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    store(&whole_url(&server), room, ann.user_id, 20_000, NOW).await;
    for command in ["backup", "export"] {
        let mut child = server.command(&[command, "file"]).spawn().expect("it runs");
        let partial = server.folder().join("file.partial");
        until("an unfinished backup", async || match std::fs::metadata(&partial) {
            Ok(file) if file.len() > 0 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
        .await;
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
        assert!(!server.folder().join("file").exists(), "{command}: the final name exists");
        let verify = ["backup", "verify", "file.partial"];
        let refused = run(&server, &verify).await.error();
        assert!(refused.contains("is not a usable backup"), "{refused}");
        run(&server, &[command, "file"]).await.ok();
        assert!(!partial.exists());
        let report = run(&server, &["backup", "verify", "file", "--output", "json"]).await.json();
        assert_eq!(report["tables"][2]["rows"], 20_000);
        std::fs::remove_file(server.folder().join("file")).unwrap();
    }
}

pub async fn an_interrupted_import_leaves_the_database_as_it_was(kind: Database) {
    let mut server = Server::start(kind).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let url = whole_url(&server);
    store(&url, room, ann.user_id, 3_000, NOW).await;
    let export = run(&server, &["export"]).await.ok().stdout;
    ann.joins(room).await.says(room, "not in the export", "one").await;
    server.sigterm().await;
    let half = export.len() / 2;
    let mut child =
        server.command(&["import", "-", "--yes"]).stdin(Stdio::piped()).spawn().expect("it runs");
    // This is more than a pipe can hold: when it has been written, the import has begun and waits for the rest.
    child.stdin.as_mut().unwrap().write_all(&export.as_bytes()[..half]).unwrap();
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    let cut = export.as_bytes()[..half].to_vec();
    std::fs::write(server.folder().join("cut.jsonl"), cut).unwrap();
    let refused = run(&server, &["import", "cut.jsonl", "--yes"]).await.error();
    assert!(refused.contains("cut off"), "{refused}");
    assert_eq!(count_events(&url).await, 3_001);
    server.restart().await;
    // It is still the same database, so its sessions are valid.
    ann.get("/auth/me").await.expect(200);
    server.sigterm().await;

    std::fs::write(server.folder().join("whole.jsonl"), &export).unwrap();
    run(&server, &["import", "whole.jsonl", "--yes"]).await.ok();
    let again = run(&server, &["export"]).await.ok().stdout;
    assert_eq!(super::rows_of(&again), super::rows_of(&export));
    let other = tokio::task::spawn_blocking(database).await.unwrap();
    elsewhere(&server, other.url(), &["import", "whole.jsonl"]).await.ok();
    let there = elsewhere(&server, other.url(), &["export"]).await.ok().stdout;
    assert_eq!(super::rows_of(&there), super::rows_of(&export));
    tokio::task::spawn_blocking(move || drop(other)).await.unwrap();
}
