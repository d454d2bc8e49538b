//! Who is in a room is the same on every node: each person once, whatever the number of tabs and nodes.

use serde_json::{Value, json};

use super::{presence_until, start, wait_for_active};
use crate::support::{Client, DEADLINE, Socket};

fn joined(user: i64) -> (String, i64) {
    ("user_joined".to_owned(), user)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_joins_once_and_leaves_once_whatever_the_tabs_and_nodes() {
    let nodes = start(3).await;
    let ann = nodes[0].admin("ann").await;
    let room = ann.creates_room("general").await;
    let (bo, cy) = (nodes[1].user("bo").await, nodes[1].user("cy").await);
    let dee = nodes[2].user("dee").await;
    let mut watchers = Vec::new();
    for node in &nodes {
        watchers.push(node.anonymous().with_token(&ann.token).joins(room).await);
    }
    let mut tabs: Vec<Socket> = Vec::new();
    for node in [&nodes[1], &nodes[2], &nodes[2]] {
        tabs.push(node.anonymous().with_token(&bo.token).joins(room).await);
    }
    // After this every node knows of the tabs that were opened before.
    let after = dee.joins(room).await;
    for watcher in &mut watchers {
        assert_eq!(presence_until(watcher, &dee).await, [joined(bo.user_id)]);
    }
    // One tab after the other leaves; the last one is on the node where the first one was not.
    tabs.remove(0).close().await;
    tabs.remove(0).close().await;
    let marker = cy.joins(room).await;
    for watcher in &mut watchers {
        assert_eq!(presence_until(watcher, &cy).await, []);
    }
    tabs.remove(0).close().await;
    for watcher in &mut watchers {
        assert_eq!(watcher.recv_type("user_left").await["user_id"], bo.user_id);
    }
    marker.close().await;
    for watcher in &mut watchers {
        assert_eq!(presence_until(watcher, &cy).await, []);
    }
    after.close().await;
    for node in &nodes {
        wait_for_active(&node.anonymous().with_token(&ann.token), room, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn someone_who_joins_is_told_who_is_in_the_room_on_other_nodes() {
    let nodes = start(2).await;
    let ann = nodes[0].admin("ann").await;
    let room = ann.creates_room("general").await;
    let bo = nodes[1].user("bo").await;
    let _here = ann.joins(room).await;
    wait_for_active(&bo, room, 1).await;
    let mut there = bo.joins(room).await;
    // The first frame may have been sent before the node has read who is on the others.
    let is_active_users = |frame: &&Value| frame["type"] == "active_users";
    let mut active = there.welcome.iter().rfind(is_active_users).expect("the frame").clone();
    while active["count"] != 2 {
        active = there.recv_type("active_users").await;
    }
    let users = json!([
        { "user_id": ann.user_id, "username": "ann" },
        { "user_id": bo.user_id, "username": "bo" },
    ]);
    assert_eq!(active["users"], users);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_people_of_a_node_that_stops_leave_at_once_and_of_a_killed_one_within_seconds() {
    let mut nodes = start(3).await;
    let ann = nodes[0].admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut watcher = ann.joins(room).await;
    let mut people = Vec::new();
    let mut sockets = Vec::new();
    for (node, name) in [(1, "bo"), (2, "cy")] {
        let person = nodes[node].user(name).await;
        sockets.push(person.joins(room).await);
        assert_eq!(watcher.recv_type("user_joined").await["username"], name);
        people.push(person);
    }
    assert!(nodes[1].sigterm().await.success());
    assert_eq!(watcher.recv_type("user_left").await["user_id"], people[0].user_id);
    nodes[2].kill9();
    assert_eq!(watcher.recv_type("user_left").await["user_id"], people[1].user_id);
    wait_for_active(&ann, room, 1).await;
}

/// The frozen node is taken for dead, and its jobs move to the other node. It finds that out when it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_people_of_a_frozen_node_leave_and_come_back_with_it() {
    let nodes = start(2).await;
    let ann = nodes[0].admin("ann").await;
    let room = ann.creates_room("general").await;
    let bo = nodes[1].user("bo").await;
    let mut frozen = ann.joins(room).await;
    let mut watcher = bo.joins(room).await;
    wait_for_active(&bo, room, 2).await;
    nodes[0].signal("STOP");
    assert_eq!(watcher.recv_type("user_left").await["user_id"], ann.user_id);
    nodes[0].signal("CONT");
    assert_eq!(watcher.recv_type("user_joined").await["user_id"], ann.user_id);
    watcher.says(room, "welcome back", "1").await;
    assert_eq!(frozen.recv_type("message").await["content"], "welcome back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_and_read_positions_reach_the_other_nodes() {
    let nodes = start(2).await;
    let ann = nodes[0].admin("ann").await;
    let room = ann.creates_room("general").await;
    let ann_there = nodes[1].anonymous().with_token(&ann.token);
    let bo = nodes[1].user("bo").await;
    let (mut here, mut there, mut other) =
        (ann.joins(room).await, ann_there.joins(room).await, bo.joins(room).await);
    here.says(room, "hello", "1").await;
    assert_eq!(other.recv_type("message").await["seq"], 1);
    here.send(json!({ "type": "typing", "room_id": room })).await;
    assert_eq!(other.recv_type("typing").await["user_id"], ann.user_id);
    here.send(json!({ "type": "read", "room_id": room, "seq": 1 })).await;
    let read = there.recv_type("read").await;
    assert_eq!((&read["room_id"], &read["seq"]), (&json!(room), &json!(1)));
    let path = format!("/rooms/{room}/unread");
    for read_seq in 2..6 {
        here.says(room, "hello again", &read_seq.to_string()).await;
        assert_eq!(other.recv_type("message").await["seq"], read_seq);
        // A ring that has both tells the last.
        ann.put(&format!("/rooms/{room}/read"), json!({ "seq": read_seq })).await.expect(200);
        ann.post(&path, json!({ "seq": 2 })).await.expect(200);
        loop {
            let read = there.recv_type("read").await;
            if read["marked_unread"] == true {
                assert_eq!(read["seq"], 1);
                break;
            }
            assert_eq!(read["seq"], read_seq);
        }
    }
    here.send(json!({ "type": "typing", "room_id": room })).await;
    assert_eq!(other.recv().await["type"], "typing", "a read position is its user's alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_online_or_away_is_the_same_on_every_node() {
    let mut nodes = start(2).await;
    let ann = nodes[0].admin("ann").await;
    let bo = nodes[1].user("bo").await;
    let there = bo.opens(&format!("/ws?token={}", bo.token)).await;
    wait_for_presence(&ann, bo.user_id, "online").await;
    let bo_here = nodes[0].anonymous().with_token(&bo.token);
    let mut here = bo_here.opens(&format!("/ws?token={}", bo.token)).await;
    here.send(json!({ "type": "presence", "state": "away" })).await;
    here.send(json!({ "type": "ping" })).await;
    here.recv_type("pong").await;
    wait_for_presence(&ann, bo.user_id, "online").await;
    there.close().await;
    wait_for_presence(&ann, bo.user_id, "away").await;
    let ann_there = nodes[1].anonymous().with_token(&ann.token);
    wait_for_presence(&ann_there, bo.user_id, "away").await;
    nodes[0].kill9();
    wait_for_presence(&ann_there, bo.user_id, "offline").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_display_name_reaches_the_sockets_of_the_other_nodes() {
    let nodes = start(2).await;
    let ann = nodes[0].admin("ann").await;
    let room = ann.creates_room("general").await;
    let bo = nodes[1].user("bo").await;
    let mut reader = ann.joins(room).await;
    let mut socket = bo.joins(room).await;
    let bo_here = nodes[0].anonymous().with_token(&bo.token);
    bo_here.patch("/users/me", json!({ "display_name": "Bo Chen" })).await.expect(200);
    let began = std::time::Instant::now();
    for n in 0.. {
        socket.says(room, "hello", &n.to_string()).await;
        if reader.recv_type("message").await["display_name"] == "Bo Chen" {
            break;
        }
        assert!(began.elapsed() < DEADLINE);
    }
    let log = ann.history(room).await;
    assert!(log.iter().all(|message| message["display_name"] == "Bo Chen"), "{log:?}");
    socket.close().await;
    assert_eq!(reader.recv_type("user_left").await["display_name"], "Bo Chen");
}

async fn wait_for_presence(client: &Client, user: i64, state: &str) {
    let began = std::time::Instant::now();
    loop {
        let card = client.get(&format!("/users/{user}")).await.expect(200);
        if card["presence"] == state {
            return;
        }
        assert!(began.elapsed() < DEADLINE, "{card}");
    }
}
