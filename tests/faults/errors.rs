//! SQLite on a disk that is full, fails or is read-only, and on a damaged file.

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
async fn on_a_full_or_failing_disk_only_writes_fail_and_the_server_recovers_by_itself() {
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
        // Reads, open sockets and new sockets work.
        assert_eq!(ann.history(room).await.len(), 2 * n + 1);
        // A load balancer learns from /ready that it should send clients to another server.
        ann.get("/health").await.expect(200);
        ann.get("/ready").await.expect_problem(503, "unavailable");
        let mut second = ann.joins(room).await;
        second.send(json!({ "type": "ping" })).await;
        second.recv_type("pong").await;
        socket.send(json!({ "type": "ping" })).await;
        socket.recv_type("pong").await;

        faults.heal();
        // The server notices the recovery by itself, without another write by a client.
        ann.get("/ready").await.expect(200);
        // The refused send was not stored, so the retry is not a duplicate.
        let ack = socket.says(room, "after", &format!("refused-{n}-0")).await;
        assert_eq!((&ack["seq"], &ack["duplicate"]), (&(2 * n + 2).into(), &false.into()));
        assert_eq!(second.recv_type("message").await["seq"], 2 * n + 2);
    }
    let log = server.log().join("\n");
    assert!(log.contains("database or disk is full"), "{log}");
}

/// A failed sync may have written any part of the data, and the system never writes the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_whose_sync_fails_is_refused_and_later_batches_are_durable() {
    let faults = Arc::new(Faults::new());
    let (mut server, ann, rooms) = start(&faults).await;
    let fail_now_and_then = async {
        for n in 0.. {
            let place = if n % 3 == 2 { Where::Everywhere } else { Where::Log };
            faults.fail_once(Fault::Sync, place, EIO).await;
            let before = faults.mark();
            while faults.mark() < before + 100_000 {
                // Polled, because the journal is a file.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        unreachable!("there are enough numbers")
    };
    let mut promises = tokio::select! {
        promises = talk(&ann, &rooms, &faults, "talk", 300, 4_000) => promises,
        () = fail_now_and_then => unreachable!("this future never ends"),
    };
    let failures = faults.hits(Fault::Sync);
    assert!(failures >= 10, "{failures} syncs failed");
    faults.heal();
    check(&shown(&ann, &rooms).await, &promises).unwrap();
    let log = server.log().join("\n");
    assert!(log.contains("the disk failed during a checkpoint"), "too few messages were sent");
    // After the failed sync this process made no more checkpoints; the next process makes them.
    assert!(server.sigterm().await.success());
    server.restart().await;
    promises.extend(talk(&ann, &rooms, &faults, "after", 150, 4_000).await);
    let recording = stop(server, &faults, promises, &ann);
    let cuts = times(100, 2_000);
    let failures = cut_often(&recording, cuts, |_, result| result.is_err());
    assert!(failures.is_empty(), "{} of {cuts} cuts: {:?}", failures.len(), failures.first());
}

/// When SQLite reads the write-ahead log after a kill, it treats a batch whose sync failed as committed.
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
    assert_eq!(retried.status, 200, "the retry is not a duplicate: {}", retried.body);
    let recording = stop(server, &faults, promises, &ann);
    let failures = cut_often(&recording, times(200, 1_000), |_, result| result.is_err());
    assert!(failures.is_empty(), "{} cuts: {:?}", failures.len(), failures.first());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_disk_cannot_be_read_requests_get_unavailable_and_sockets_stay_open() {
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
async fn a_server_whose_database_cannot_be_written_refuses_to_start_with_a_remedy() {
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
async fn a_damaged_database_is_reported_with_a_remedy() {
    let faults = Arc::new(Faults::new());
    let (mut server, ann, rooms) = start(&faults).await;
    talk(&ann, &rooms, &faults, "before", 50, 4_000).await;
    assert!(server.sigterm().await.success());
    let path = server.folder().join("chatapp.db");
    let length = fs::metadata(&path).unwrap().len() as usize;
    let file = File::options().write(true).open(&path).unwrap();
    // The first pages belong to small tables; the messages come after them.
    let healthy = 128 * 4096;
    file.write_all_at(&vec![0xaa; length - healthy], healthy as u64).unwrap();
    server.restart().await;
    for _ in 0..3 {
        let path = format!("/rooms/{}/messages", rooms[0]);
        ann.get(&format!("{path}?limit=200")).await.expect_problem(503, "unavailable");
        let sent = ann.post(&path, json!({ "content": "x" })).await;
        assert!([201, 503].contains(&sent.status), "{}", sent.body);
    }
    // What is not in the damaged part is still read.
    ann.get(&format!("/rooms/{}/members", rooms[0])).await.expect(200);
    let log = server.log().join("\n");
    assert!(log.contains("the database is damaged"), "{log}");
    assert!(log.contains("put a backup in its place"), "{log}");

    server.kill9();
    file.write_all_at(&vec![0xaa; healthy - 100], 100).unwrap();
    refuses_to_start(&server, "the database is damaged", "put a backup in its place").await;
    file.write_all_at(&[0xaa; 100], 0).unwrap();
    refuses_to_start(&server, "is not an SQLite database", "put a backup in its place").await;
}

/// Checks that `chatapp serve` ends with an error that contains both texts.
async fn refuses_to_start(server: &Server, what: &str, remedy: &str) {
    let mut serving = Program::start(server.command(&["serve", "--bind", "127.0.0.1:0"]));
    assert_eq!(serving.ended().await.code(), Some(1));
    let said = serving.says("error: ").await;
    assert!(said.contains(what) && said.contains(remedy), "{said}");
}
