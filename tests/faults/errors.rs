//! Errors of the disk, on SQLite: full, failing, read-only, damaged.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::load::{check, shown, talk};
use super::power::{cut_often, start, stop};
use super::times;
use crate::support::faults::{EIO, ENOSPC, EROFS, Fault, Faults, Where};
use crate::support::{Database, Program, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_or_fails_refuses_sends_only_and_heals_by_itself() {
    let faults = Arc::new(Faults::new());
    let (server, ann, rooms) = start(&faults).await;
    let room = rooms[0];
    let mut socket = ann.joins(room).await;
    let send = |id: &str| json!({ "type": "send", "content": id, "client_id": id, "ref": id });
    for (n, error) in [ENOSPC, EIO, EROFS].into_iter().enumerate() {
        socket.says(room, "before", &format!("before-{n}")).await;
        faults.fail(Fault::Write, Where::Everywhere, error, None);
        for attempt in 0..3 {
            socket.send(send(&format!("refused-{n}-{attempt}"))).await;
            let refusal = socket.recv_type("error").await;
            assert_eq!(refusal["code"], "unavailable", "{refusal}");
            assert!(refusal["detail"].as_str().unwrap().contains("the database"), "{refusal}");
            assert_eq!(refusal["ref"], format!("refused-{n}-{attempt}"));
            let path = format!("/rooms/{room}/messages");
            let refusal = ann.post(&path, json!({ "content": "refused" })).await;
            assert_eq!(refusal.header("retry-after"), "5");
            refusal.expect_problem(503, "unavailable");
        }
        let refusal = ann.post("/rooms/", json!({ "name": "refused" })).await;
        refusal.expect_problem(503, "unavailable");
        assert!(faults.hits(Fault::Write) > 0);
        // Reads and sockets, old and new, go on.
        assert_eq!(ann.history(room).await.len(), 2 * n + 1);
        // Whoever asks is told to send those who write elsewhere.
        ann.get("/health").await.expect(200);
        ann.get("/ready").await.expect_problem(503, "unavailable");
        let mut second = ann.joins(room).await;
        second.send(json!({ "type": "ping" })).await;
        second.recv_type("pong").await;
        socket.send(json!({ "type": "ping" })).await;
        socket.recv_type("pong").await;

        faults.heal();
        // It finds that out by itself: nobody need send anything.
        ann.get("/ready").await.expect(200);
        // A send that was refused was not stored: it is no duplicate.
        let ack = socket.says(room, "after", &format!("refused-{n}-0")).await;
        assert_eq!((&ack["seq"], &ack["duplicate"]), (&(2 * n + 2).into(), &false.into()));
        assert_eq!(second.recv_type("message").await["seq"], 2 * n + 2);
    }
    let log = server.log().join("\n");
    assert!(log.contains("database or disk is full"), "{log}");
}

/// A sync that fails may have written anything, and what it has not written never will be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_whose_sync_fails_is_refused_and_what_follows_is_durable() {
    let faults = Arc::new(Faults::new());
    let (mut server, ann, rooms) = start(&faults).await;
    let fail_now_and_then = async {
        for n in 0.. {
            let place = if n % 3 == 2 { Where::Everywhere } else { Where::Log };
            faults.fail_once(Fault::Sync, place, EIO).await;
            let before = faults.mark();
            while faults.mark() < before + 100_000 {
                // A polled wait: the journal is a file.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        unreachable!("there are enough numbers")
    };
    let mut promises = tokio::select! {
        promises = talk(&ann, &rooms, &faults, "talk", 300, 4_000) => promises,
        () = fail_now_and_then => unreachable!("it goes on"),
    };
    let failures = faults.hits(Fault::Sync);
    assert!(failures >= 10, "{failures} syncs failed");
    faults.heal();
    check(&shown(&ann, &rooms).await, &promises).unwrap();
    let log = server.log().join("\n");
    assert!(log.contains("the disk failed during a checkpoint"), "none failed: talk more");
    // Another process does what this one could not.
    assert!(server.sigterm().await.success());
    server.restart().await;
    promises.extend(talk(&ann, &rooms, &faults, "after", 150, 4_000).await);
    let recording = stop(server, &faults, promises, &ann);
    let cuts = times(100, 2_000);
    let failures = cut_often(&recording, cuts, |_, result| result.is_err());
    assert!(failures.is_empty(), "{} of {cuts} cuts: {:?}", failures.len(), failures.first());
}

/// SQLite takes a batch whose sync failed for committed when it reads the log after a kill.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_left_after_a_failed_sync_is_made_durable_before_it_is_used() {
    let faults = Arc::new(Faults::new());
    let (mut server, ann, rooms) = start(&faults).await;
    let mut promises = talk(&ann, &rooms, &faults, "before", 5, 100).await;
    faults.fail(Fault::Sync, Where::Log, EIO, None);
    let refused = json!({ "content": "refused", "client_id": "refused" });
    let path = format!("/rooms/{}/messages", rooms[0]);
    ann.post(&path, refused.clone()).await.expect_problem(503, "unavailable");
    server.kill9();
    faults.heal();
    server.restart().await;
    promises.extend(talk(&ann, &rooms, &faults, "after", 5, 100).await);
    let retried = ann.post(&path, refused).await;
    assert_eq!(retried.status, 200, "it was in the log that was read: {}", retried.body);
    let recording = stop(server, &faults, promises, &ann);
    let failures = cut_often(&recording, times(200, 1_000), |_, result| result.is_err());
    assert!(failures.is_empty(), "{} cuts: {:?}", failures.len(), failures.first());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_cannot_be_read_is_said_and_harms_no_socket() {
    let faults = Arc::new(Faults::new());
    let (_server, ann, rooms) = start(&faults).await;
    let room = rooms[0];
    let mut socket = ann.joins(room).await;
    talk(&ann, &rooms, &faults, "before", 20, 4_000).await;
    faults.fail(Fault::Read, Where::Everywhere, EIO, None);
    ann.get(&format!("/rooms/{room}/messages?limit=200")).await.expect_problem(503, "unavailable");
    socket.send(json!({ "type": "ping" })).await;
    socket.recv_type("pong").await;
    faults.heal();
    assert_eq!(ann.history(room).await.len(), 40);
    socket.says(room, "after", "after").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_written_is_one_sentence_at_the_start() {
    let faults = Faults::new();
    let mut server = faults.load(Server::with(Database::Sqlite)).start().await;
    assert!(server.sigterm().await.success());
    faults.fail(Fault::Open, Where::Everywhere, EROFS, None);
    refuses_to_start(&server, "cannot be used", "check the permissions of the file and its folder")
        .await;
    faults.heal();
    faults.fail(Fault::Write, Where::Everywhere, ENOSPC, None);
    refuses_to_start(&server, "cannot be used", "the free space on its disk").await;
    faults.heal();
    server.restart().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_said_to_be_one() {
    let faults = Arc::new(Faults::new());
    let (mut server, ann, rooms) = start(&faults).await;
    talk(&ann, &rooms, &faults, "before", 50, 4_000).await;
    assert!(server.sigterm().await.success());
    let path = server.folder().join("chatapp.db");
    let length = fs::metadata(&path).unwrap().len() as usize;
    let file = File::options().write(true).open(&path).unwrap();
    // The tables with one page each are in front of the messages.
    let healthy = 64 * 4096;
    file.write_all_at(&vec![0xaa; length - healthy], healthy as u64).unwrap();
    server.restart().await;
    for _ in 0..3 {
        let path = format!("/rooms/{}/messages", rooms[0]);
        ann.get(&format!("{path}?limit=200")).await.expect_problem(503, "unavailable");
        let sent = ann.post(&path, json!({ "content": "x" })).await;
        assert!([201, 503].contains(&sent.status), "{}", sent.body);
    }
    ann.get("/rooms/").await.expect(200);
    let log = server.log().join("\n");
    assert!(log.contains("the database is damaged"), "{log}");
    assert!(log.contains("put a backup in its place"), "{log}");

    server.kill9();
    file.write_all_at(&vec![0xaa; healthy - 100], 100).unwrap();
    refuses_to_start(&server, "the database is damaged", "put a backup in its place").await;
    file.write_all_at(&[0xaa; 100], 0).unwrap();
    refuses_to_start(&server, "is not an SQLite database", "put a backup in its place").await;
}

/// `chatapp serve` ends with an error that has both texts.
async fn refuses_to_start(server: &Server, what: &str, remedy: &str) {
    let mut serving = Program::start(server.command(&["serve", "--bind", "127.0.0.1:0"]));
    assert_eq!(serving.ended().await.code(), Some(1));
    let said = serving.says("error: ").await;
    assert!(said.contains(what) && said.contains(remedy), "{said}");
}
