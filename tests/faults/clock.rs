//! The wall clock jumps while a server runs.

use serde_json::json;

use crate::support::faults::Faults;
use crate::support::{Database, PASSWORD, Server, on_both_databases};

on_both_databases!(a_jump_of_the_clock_changes_only_timestamps_and_ends_expired_tokens);

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

async fn a_jump_of_the_clock_changes_only_timestamps_and_ends_expired_tokens(database: Database) {
    let faults = Faults::new();
    let server = faults.load(Server::with(database)).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut speaker = ann.joins(room).await;
    let mut reader = server.user("bo").await.joins(room).await;
    let epoch = speaker.synced["epoch"].as_str().expect("epoch").to_owned();
    // The clock goes back by years, forward by less than the life of a token, and back to the right time.
    for (n, days) in [0.0, -1_000.0, -0.01, 0.01, -400.0, 0.0].into_iter().enumerate() {
        faults.shift_clock((days * DAY_MS as f64) as i64);
        // A jump is not elapsed time: no client is pinged or closed as silent because of it.
        let ack = speaker.says(room, "tick", &n.to_string()).await;
        assert_eq!(ack["seq"], n + 1);
        assert_eq!(reader.recv_type("message").await["seq"], n + 1);
        // A user who signs in now can use the new token now.
        let late = ann.signs_in("bo", PASSWORD).await;
        late.get("/auth/me").await.expect(200);
        let mut resumed = late.resumes(room, n as i64, &epoch).await;
        resumed.send(json!({ "type": "ping" })).await;
        resumed.recv_type("pong").await;
        assert_eq!(resumed.synced["head_seq"], n + 1);
    }
    let history = ann.history(room).await;
    let seqs: Vec<i64> = history.iter().map(|it| it["seq"].as_i64().expect("seq")).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6]);
    let times: Vec<&str> = history.iter().map(|it| it["timestamp"].as_str().expect("t")).collect();
    assert!(times[1] < times[4] && times[4] < times[2] && times[2] < times[0], "{times:?}");

    // All tokens have expired: open sockets are closed with 4401, and users can sign in again.
    faults.shift_clock(4_000 * DAY_MS);
    ann.get("/auth/me").await.expect_problem(401, "token_expired");
    assert_eq!(reader.expect_close().await, 4401);
    let late = ann.signs_in("ann", PASSWORD).await;
    late.get("/auth/me").await.expect(200);
    assert_eq!(late.joins(room).await.says(room, "tick", "late").await["seq"], 7);
    // Back at the right time, a session from the future is valid until its own end.
    faults.shift_clock(0);
    ann.get("/auth/me").await.expect(200);
    assert_eq!(ann.joins(room).await.says(room, "tick", "home").await["seq"], 8);
    // A revoked session stays revoked, whatever the clock shows.
    faults.shift_clock(-DAY_MS);
    let again = ann.signs_in("bo", PASSWORD).await;
    let mut socket = again.joins(room).await;
    again.post("/auth/logout", json!({})).await;
    assert_eq!(socket.expect_close().await, 4401);
    again.get("/auth/me").await.expect_problem(401, "session_revoked");
}

/// Another process revokes a session after the clock was set back for both processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_by_another_process_is_found_after_the_clock_was_set_back() {
    let faults = Faults::new();
    let server = faults.load(Server::with(Database::Sqlite)).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    faults.shift_clock(-DAY_MS);
    // Storing a message makes the server read the new time.
    let ack = socket.says(room, "now", "now").await;
    // The old token was issued in what is now the future and is refused, so ann signs in again.
    let history = ann.signs_in("ann", PASSWORD).await.history(room).await;
    assert_eq!(history[0]["seq"], ack["seq"]);
    let db = rusqlite::Connection::open(server.folder().join("chatapp.db")).expect("it opens");
    let now = "(SELECT max(created_at) FROM events)";
    db.execute(&format!("UPDATE sessions SET revoked_at = {now}"), []).expect("an update");
    assert_eq!(socket.expect_close().await, 4401);
}
