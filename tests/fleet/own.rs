//! What one person alone has is told to the devices of this person on every node, and to nobody else.

use serde_json::{Value, json};

use super::start;
use crate::common::frames_until_pong;
use crate::http::scheduled::after;
use crate::socket::watch::watch;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_what_is_a_persons_own_reach_the_devices_on_other_nodes() {
    let nodes = start(2).await;
    let ann = nodes[0].admin("ann").await;
    let room = ann.creates_room("general").await;
    let ann_there = nodes[1].anonymous().with_token(&ann.token);
    let bo = nodes[1].user("bo").await;
    let (mut reader, mut speaker) = (bo.joins(room).await, ann.joins(room).await);
    let ack = speaker.says(room, "hello", "1").await;
    assert_eq!(reader.recv_type("message").await["seq"], 1);
    let (mut device, mut stranger) = (watch(&ann_there).await, watch(&bo).await);
    let path = format!("/rooms/{room}");
    ann.put(&format!("{path}/draft"), json!({ "content": "x", "thread_id": ack["id"] }))
        .await
        .expect(200);
    let follow = format!("{path}/messages/{}/thread/follow", ack["id"]);
    ann.put(&follow, Value::Null).await.expect(204);
    let later = json!({ "content": "later", "send_at": after(60_000) });
    ann.post(&format!("{path}/scheduled"), later).await.expect(201);
    let change =
        |subject: &str| json!({ "type": "own_changed", "subject": subject, "room_id": room });
    let mut expected = vec![change("draft"), change("thread"), change("scheduled")];
    for of_thread in &mut expected[..2] {
        of_thread["thread_id"] = ack["id"].clone();
    }
    // Within a ring there is no order.
    while !expected.is_empty() {
        let frame = device.recv_type("own_changed").await;
        let before = expected.len();
        expected.retain(|it| *it != frame);
        assert_eq!(expected.len(), before - 1, "{frame}");
    }
    let frames = frames_until_pong(&mut stranger).await;
    assert!(frames.iter().all(|frame| frame["type"] != "own_changed"), "{frames:?}");
}
