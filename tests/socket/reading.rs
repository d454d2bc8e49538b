//! Read positions: set on one socket, sent to the user's others.

use serde_json::{Value, json};

use crate::common::{nothing_more, open_many, server_with_room, subscribe};
use crate::support::{Client, Database, Socket, on_both_databases};

on_both_databases!(
    a_read_position_is_sent_to_the_users_other_sockets,
    a_position_never_moves_back_or_beyond_the_head,
    an_invalid_position_is_refused_with_an_error,
    the_furthest_of_many_concurrent_positions_is_kept,
    messages_marked_as_unread_are_unread_on_every_connection,
    a_position_that_waits_does_not_undo_a_later_mark,
);

async fn read_seq(client: &Client, room: i64) -> Value {
    let alone = client.get(&format!("/rooms/{room}")).await.expect(200)["read_seq"].clone();
    let rooms = client.get("/rooms").await.expect(200);
    let listed = rooms.as_array().expect("rooms").iter().find(|it| it["id"] == room);
    assert_eq!(listed.expect("the room")["read_seq"], alone);
    alone
}

async fn fill(client: &Client, room: i64, count: i64) {
    for n in 0..count {
        let path = format!("/rooms/{room}/messages");
        client.post(&path, json!({ "content": n.to_string() })).await.expect(201);
    }
}

/// The next frame that is not `user_joined`.
async fn next(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.recv().await;
        if frame["type"] != "user_joined" {
            return frame;
        }
    }
}

async fn a_read_position_is_sent_to_the_users_other_sockets(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    fill(&ann, room, 5).await;
    let mut stranger = ann.joins(room).await;
    let bo = server.user("bo").await;
    let (mut laptop, mut phone) = (bo.joins(room).await, open_many(&bo).await);
    subscribe(&mut phone, json!({ "type": "subscribe", "room_id": room })).await;
    let mut tablet = open_many(&bo).await;
    assert_eq!(read_seq(&bo, room).await, 0);

    laptop.send(json!({ "type": "read", "seq": 3 })).await;
    let expected = json!({ "type": "read", "room_id": room, "seq": 3 });
    assert_eq!(next(&mut phone).await, expected);
    // A frame with a `ref` is answered.
    phone.send(json!({ "type": "read", "room_id": room, "seq": 4, "ref": "r" })).await;
    let answer = json!({ "type": "read", "room_id": room, "seq": 4, "ref": "r" });
    assert_eq!(next(&mut phone).await, answer);
    assert_eq!(next(&mut laptop).await, json!({ "type": "read", "room_id": room, "seq": 4 }));
    let put = bo.put(&format!("/rooms/{room}/read"), json!({ "seq": 5 })).await.expect(200);
    assert_eq!(put, json!({ "read_seq": 5 }));
    for socket in [&mut laptop, &mut phone] {
        assert_eq!(next(socket).await, json!({ "type": "read", "room_id": room, "seq": 5 }));
        nothing_more(socket).await;
    }
    // A socket that has not joined the room receives nothing, nor does another user.
    nothing_more(&mut tablet).await;
    stranger.send(json!({ "type": "ping" })).await;
    assert_eq!(next(&mut stranger).await["type"], "pong");
    assert_eq!((read_seq(&bo, room).await, read_seq(&ann, room).await), (json!(5), json!(0)));
}

async fn a_position_never_moves_back_or_beyond_the_head(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    fill(&ann, room, 5).await;
    let (mut one, mut two) = (ann.joins(room).await, ann.joins(room).await);
    for (said, expected) in [(2, 2), (1, 2), (0, 2), (99, 5), (i64::MAX, 5), (4, 5)] {
        one.send(json!({ "type": "read", "seq": said, "ref": "r" })).await;
        assert_eq!(one.recv().await["seq"], expected, "{said}");
        let put = ann.put(&format!("/rooms/{room}/read"), json!({ "seq": said })).await;
        assert_eq!(put.expect(200)["read_seq"], expected, "{said}");
    }
    // The other socket is notified only if the position moved.
    assert_eq!(two.recv().await["seq"], 2);
    assert_eq!(two.recv().await["seq"], 5);
    nothing_more(&mut one).await;
    nothing_more(&mut two).await;
    fill(&ann, room, 1).await;
    assert_eq!(read_seq(&ann, room).await, 5);
}

async fn an_invalid_position_is_refused_with_an_error(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    let other = ann.creates_room("other").await;
    let mut socket = ann.joins(room).await;
    for (frame, code) in [
        (json!({ "type": "read", "seq": -1 }), "invalid_field"),
        (json!({ "type": "read" }), "malformed_json"),
        (json!({ "type": "read", "seq": "1" }), "malformed_json"),
        (json!({ "type": "read", "room_id": other, "seq": 1 }), "not_subscribed"),
    ] {
        let mut frame = frame;
        frame["ref"] = json!("7");
        socket.send(frame.clone()).await;
        let error = socket.recv().await;
        assert_eq!((&error["code"], &error["ref"]), (&json!(code), &json!("7")), "{frame}");
    }
    let path = format!("/rooms/{room}/read");
    ann.put(&path, json!({ "seq": -1 })).await.expect_problem(422, "invalid_field");
    ann.put(&path, json!({})).await.expect_problem(422, "invalid_field");
    ann.put("/rooms/999/read", json!({ "seq": 1 })).await.expect_problem(404, "room_not_found");
}

/// Many clients send many positions at once; each frame is answered.
async fn the_furthest_of_many_concurrent_positions_is_kept(database: Database) {
    const EACH: i64 = 300;
    let (server, ann, room) = server_with_room(database).await;
    fill(&ann, room, 40).await;
    let mut sockets = Vec::new();
    for name in ["bo", "cy", "di"] {
        let user = server.user(name).await;
        sockets.push(user.joins(room).await);
        sockets.push(user.joins(room).await);
    }
    let said = sockets.iter_mut().map(async |socket| {
        for n in 0..EACH {
            let seq = n * 7 % 41;
            socket.send(json!({ "type": "read", "seq": seq, "ref": n.to_string() })).await;
        }
        let (mut answered, mut last) = (0, 0);
        while answered < EACH {
            let frame = socket.recv_type("read").await;
            if frame["ref"].is_string() {
                assert_eq!(frame["ref"], answered.to_string(), "answered in order");
                answered += 1;
                let seq = frame["seq"].as_i64().expect("seq");
                assert!(seq >= last, "it moved back");
                last = seq;
            }
        }
        assert_eq!(last, 40);
    });
    futures_util::future::join_all(said).await;
}

async fn messages_marked_as_unread_are_unread_on_every_connection(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    fill(&ann, room, 5).await;
    let bo = server.user("bo").await;
    let (mut laptop, mut phone) = (bo.joins(room).await, open_many(&bo).await);
    phone.send(json!({ "type": "watch" })).await;
    phone.recv_type("watching").await;
    let path = format!("/rooms/{room}/unread");
    let unread = async |seq: i64| {
        bo.post(&path, json!({ "seq": seq })).await.expect(200)["read_seq"].clone()
    };
    assert_eq!(unread(3).await, 0, "nothing was read");
    laptop.send(json!({ "type": "read", "seq": 5 })).await;
    assert_eq!(phone.recv_type("read").await["seq"], 5);
    assert_eq!(unread(3).await, 2);
    let expected = json!({ "type": "read", "room_id": room, "seq": 2, "marked_unread": true });
    for socket in [&mut laptop, &mut phone] {
        assert_eq!(socket.recv_type("read").await, expected);
    }
    let shown = bo.get(&format!("/rooms/{room}")).await.expect(200);
    assert_eq!((&shown["unread"], &shown["first_unread_seq"]), (&json!(3), &json!(3)));
    // It does not move on, so nobody is told.
    assert_eq!(unread(4).await, 2);
    assert_eq!(unread(i64::MAX).await, 2);
    assert_eq!(unread(0).await, 0);
    for socket in [&mut laptop, &mut phone] {
        assert_eq!(socket.recv_type("read").await["seq"], 0);
    }
    // Another `read` moves it on as before.
    laptop.send(json!({ "type": "read", "seq": 4 })).await;
    let expected = json!({ "type": "read", "room_id": room, "seq": 4 });
    assert_eq!(phone.recv_type("read").await, expected);
    bo.post(&path, json!({ "seq": -1 })).await.expect_problem(422, "invalid_field");
    bo.post("/rooms/999/unread", json!({ "seq": 1 })).await.expect_problem(404, "room_not_found");
}

/// The positions of one user in one room wait together. Each is answered, and the last request counts.
async fn a_position_that_waits_does_not_undo_a_later_mark(database: Database) {
    const TIMES: i64 = 100;
    let (_server, ann, room) = server_with_room(database).await;
    fill(&ann, room, 9).await;
    let (mut busy, mut other) = (ann.joins(room).await, ann.joins(room).await);
    let path = format!("/rooms/{room}/unread");
    for n in 0..TIMES {
        for seq in 6..9 {
            busy.send(json!({ "type": "read", "seq": seq })).await;
        }
        let reference = n.to_string();
        busy.send(json!({ "type": "read", "seq": 9, "ref": reference })).await;
        while busy.recv_type("read").await["ref"] != json!(reference) {}
        let answers = [3, 5, 4].map(|seq| ann.post(&path, json!({ "seq": seq })));
        for answer in futures_util::future::join_all(answers).await {
            let read_seq = answer.expect(200)["read_seq"].as_i64().expect("a position");
            assert!((2..=4).contains(&read_seq), "{read_seq}");
        }
        assert_eq!(read_seq(&ann, room).await, 2);
        loop {
            let frame = other.recv_type("read").await;
            if frame["marked_unread"] == true && frame["seq"] == 2 {
                break;
            }
        }
    }
}
