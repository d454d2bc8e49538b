//! What a user may do in a room changes on all servers.

use std::time::{Duration, Instant};

use serde_json::json;

use super::start;
use crate::support::PASSWORD;

/// By then every server knows of a change, also if it is told late.
const SOON: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_members_counts_on_every_server() {
    let nodes = start(2).await;
    let ann = nodes[0].admin("ann").await;
    let bens_account = nodes[0].user("ben").await.user_id;
    let ben = nodes[1].anonymous().signs_in("ben", PASSWORD).await;
    let room = json!({ "name": "tea", "kind": "private" });
    let room = ann.post("/rooms/", room).await.expect(201)["id"].as_i64().unwrap();
    let path = format!("/rooms/{room}");
    let messages = format!("{path}/messages");
    let answers = async |status: u16| {
        let began = Instant::now();
        loop {
            let answer = ben.post(&messages, json!({ "content": "x" })).await;
            if answer.status == status {
                return;
            }
            assert!(began.elapsed() < SOON, "{} instead of {status}", answer.status);
        }
    };
    answers(404).await;
    let people = json!({ "user_ids": [bens_account] });
    ann.post(&format!("{path}/members"), people).await.expect(200);
    answers(201).await;
    let member = format!("{path}/members/{bens_account}");
    ann.patch(&member, json!({ "muted_until": "2099-01-01T00:00:00.000Z" })).await.expect(204);
    answers(403).await;
    ann.patch(&member, json!({ "muted_until": null })).await.expect(204);
    answers(201).await;
    ann.patch(&path, json!({ "posting": "moderators" })).await.expect(200);
    answers(403).await;
    ann.patch(&path, json!({ "posting": "everyone" })).await.expect(200);
    answers(201).await;
    let mut socket = ben.joins(room).await;
    ann.delete(&member).await.expect(204);
    assert_eq!(socket.recv_type("room_left").await["cause"], "removed");
    answers(404).await;
}
