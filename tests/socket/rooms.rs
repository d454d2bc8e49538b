//! Many rooms on one socket.

use std::time::{Duration, Instant};

use chatapp::model::{Actor, NewAuditEntry, RoomId, Timestamp};
use serde_json::{Value, json};

use crate::common::{
    frames_until_pong, messages, nothing_more, open_many, path, room_on, say_many,
    server_with_room, subscribe, types,
};
use crate::socket::revocation::in_the_database;
use crate::support::{DEADLINE, Database, Server, on_both_databases};

on_both_databases!(
    rooms_are_joined_and_left_one_by_one,
    a_socket_of_one_room_can_join_others,
    a_socket_can_join_only_a_limited_number_of_rooms,
    typing_is_sent_only_to_the_others_in_the_room,
    deleting_a_room_notifies_its_members_and_closes_its_own_sockets,
    a_frame_sent_after_room_deleted_finds_the_room_deleted,
    a_socket_of_a_room_that_does_not_exist_is_closed,
    messages_of_a_deleted_room_are_removed_after_a_restart,
);

async fn rooms_are_joined_and_left_one_by_one(database: Database) {
    let (server, ann, one) = server_with_room(database).await;
    let two = ann.creates_room("two").await;
    let bo = server.user("bo").await;
    let mut socket = open_many(&bo).await;
    nothing_more(&mut socket).await;
    for (room, reference) in [(one, "a"), (two, "b")] {
        let frame = json!({ "type": "subscribe", "room_id": room, "ref": reference });
        let frames = subscribe(&mut socket, frame).await;
        assert_eq!(types(&frames), ["active_users", "synced"]);
        assert!(frames.iter().all(|frame| frame["room_id"] == room), "{frames:?}");
        assert_eq!(frames[1]["ref"], reference);
    }
    socket.send(json!({ "type": "subscribe", "room_id": one, "ref": "c" })).await;
    let error = socket.recv().await;
    assert_eq!(
        (&error["code"], &error["ref"], &error["room_id"]),
        (&json!("already_subscribed"), &json!("c"), &json!(one))
    );

    let mut speaker = open_many(&ann).await;
    for room in [one, two] {
        subscribe(&mut speaker, json!({ "type": "subscribe", "room_id": room })).await;
        assert_eq!(socket.recv_type("user_joined").await["room_id"], room);
    }
    // Each room counts its own `seq`.
    for (room, seq) in [(one, 1), (two, 1), (two, 2), (one, 2)] {
        let ack = speaker.says(room, "here", &format!("{room}-{seq}")).await;
        assert_eq!((&ack["room_id"], &ack["seq"]), (&json!(room), &json!(seq)));
        let message = socket.recv().await;
        assert_eq!((&message["room_id"], &message["seq"]), (&json!(room), &json!(seq)));
    }

    socket.send(json!({ "type": "unsubscribe", "room_id": one, "ref": "d" })).await;
    assert_eq!(socket.recv().await, json!({ "type": "unsubscribed", "room_id": one, "ref": "d" }));
    speaker.says(one, "unheard", "u").await;
    speaker.says(two, "heard", "h").await;
    assert_eq!(socket.recv().await["content"], "heard");
    socket.send(json!({ "type": "unsubscribe", "room_id": one, "ref": "e" })).await;
    assert_eq!(socket.recv().await["code"], "not_subscribed");
    socket.send(json!({ "type": "send", "room_id": one, "content": "x", "ref": "f" })).await;
    assert_eq!(socket.recv().await["code"], "not_subscribed");

    let frame = json!({ "type": "subscribe", "room_id": one, "since": 2 });
    let frames = subscribe(&mut socket, frame).await;
    assert_eq!(types(&frames), ["active_users", "message", "synced"]);
    assert_eq!(frames[1]["content"], "unheard");
}

async fn a_socket_of_one_room_can_join_others(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    let other = ann.creates_room("other").await;
    let mut socket = ann.joins(room).await;
    subscribe(&mut socket, json!({ "type": "subscribe", "room_id": other })).await;
    socket.say("to the room of the URL").await;
    socket.send(json!({ "room_id": other, "content": "to the other" })).await;
    let received = messages(&mut socket, 2).await;
    let room_ids: Vec<&Value> = received.iter().map(|message| &message["room_id"]).collect();
    assert_eq!(room_ids, [&json!(room), &json!(other)]);
    // Deleting the other room leaves the socket of this room open.
    ann.delete(&format!("/rooms/{other}")).await.expect(204);
    assert_eq!(
        socket.recv_type("room_deleted").await,
        json!({ "type": "room_deleted", "room_id": other })
    );
    nothing_more(&mut socket).await;
}

async fn a_socket_can_join_only_a_limited_number_of_rooms(database: Database) {
    let builder = Server::with(database).env("CHATAPP_LIMITS__ROOMS_PER_SOCKET", "2");
    let (_server, ann, one) = room_on(builder).await;
    let (two, three) = (ann.creates_room("two").await, ann.creates_room("three").await);
    let mut socket = open_many(&ann).await;
    subscribe(&mut socket, json!({ "type": "subscribe", "room_id": one })).await;
    subscribe(&mut socket, json!({ "type": "subscribe", "room_id": two })).await;
    let third = json!({ "type": "subscribe", "room_id": three, "ref": "3" });
    socket.send(third.clone()).await;
    let error = socket.recv().await;
    assert_eq!(
        (&error["code"], &error["ref"], &error["room_id"]),
        (&json!("too_many_rooms"), &json!("3"), &json!(three))
    );
    // A room that is left and a room that is deleted no longer count.
    socket.send(json!({ "type": "unsubscribe", "room_id": one })).await;
    socket.recv_type("unsubscribed").await;
    subscribe(&mut socket, third).await;
    ann.delete(&format!("/rooms/{two}")).await.expect(204);
    socket.recv_type("room_deleted").await;
    subscribe(&mut socket, json!({ "type": "subscribe", "room_id": one })).await;
    nothing_more(&mut socket).await;
}

async fn typing_is_sent_only_to_the_others_in_the_room(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let elsewhere = ann.creates_room("elsewhere").await;
    let bo = server.user("bo").await;
    let mut typist = bo.joins(room).await;
    let mut reader = ann.joins(room).await;
    let mut outsider = ann.joins(elsewhere).await;
    typist.recv_type("user_joined").await;
    for frame in [json!({ "type": "typing" }), json!({ "type": "typing", "room_id": room })] {
        typist.send(frame).await;
        let expected =
            json!({ "type": "typing", "room_id": room, "user_id": bo.user_id, "username": "bo" });
        assert_eq!(reader.recv().await, expected);
    }
    nothing_more(&mut typist).await;
    nothing_more(&mut outsider).await;
    assert_eq!(ann.history(room).await, Vec::<Value>::new(), "typing is not stored in the log");
}

async fn deleting_a_room_notifies_its_members_and_closes_its_own_sockets(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let other = ann.creates_room("other").await;
    let mut own = Vec::new();
    let mut many = Vec::new();
    for name in ["bo", "cy", "di"] {
        let user = server.user(name).await;
        own.push(user.joins(room).await);
        let mut socket = open_many(&user).await;
        subscribe(&mut socket, json!({ "type": "subscribe", "room_id": room })).await;
        subscribe(&mut socket, json!({ "type": "subscribe", "room_id": other })).await;
        many.push(socket);
    }
    for socket in own.iter_mut().chain(&mut many) {
        frames_until_pong(socket).await;
    }
    ann.delete(&format!("/rooms/{room}")).await.expect(204);
    let deleted = json!({ "type": "room_deleted", "room_id": room });
    for socket in &mut own {
        // There is no `user_left` for a deleted room.
        assert_eq!(socket.recv().await, deleted);
        assert_eq!(socket.try_recv().await.expect_err("the end").code, Some(4404));
    }
    for socket in &mut many {
        assert_eq!(socket.recv().await, deleted);
        socket.send(json!({ "type": "subscribe", "room_id": room, "ref": "again" })).await;
        assert_eq!(socket.recv().await["code"], "room_not_found");
        socket.send(json!({ "type": "send", "room_id": room, "content": "x" })).await;
        assert_eq!(socket.recv().await["code"], "not_subscribed");
        nothing_more(socket).await;
    }
    for socket in &mut many {
        socket.send(json!({ "room_id": other, "content": "still here" })).await;
    }
    for socket in &mut many {
        messages(socket, 3).await;
        nothing_more(socket).await;
    }
}

/// This also holds if the server was processing another frame of the client when the room was deleted.
async fn a_frame_sent_after_room_deleted_finds_the_room_deleted(database: Database) {
    let (_server, ann, other) = server_with_room(database).await;
    let mut socket = open_many(&ann).await;
    for n in 0..30 {
        let room = ann.creates_room(&format!("room {n}")).await;
        subscribe(&mut socket, json!({ "type": "subscribe", "room_id": room })).await;
        let path = format!("/rooms/{room}");
        // Joining a room makes the server read from the database.
        socket.send(json!({ "type": "subscribe", "room_id": other })).await;
        let talk = async {
            loop {
                let frame = socket.recv().await;
                match frame["type"].as_str() {
                    Some("synced") => {
                        socket.send(json!({ "type": "unsubscribe", "room_id": other })).await;
                        socket.send(json!({ "type": "subscribe", "room_id": other })).await;
                    }
                    Some("room_deleted") => {
                        let leave =
                            json!({ "type": "unsubscribe", "room_id": room, "ref": "gone" });
                        socket.send(leave).await;
                    }
                    _ if frame["ref"] == "gone" => return frame,
                    _ => {}
                }
            }
        };
        let (deleted, answer) = tokio::join!(ann.delete(&path), talk);
        deleted.expect(204);
        assert_eq!(answer["code"], "not_subscribed", "{answer}");
        socket.send(json!({ "type": "unsubscribe", "room_id": other, "ref": "end" })).await;
        while socket.recv().await["ref"] != "end" {}
    }
}

async fn a_socket_of_a_room_that_does_not_exist_is_closed(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    ann.delete(&format!("/rooms/{room}")).await.expect(204);
    for gone in [room, 999, 0, -1, i64::MAX] {
        let mut socket = ann.opens(&path(&ann, gone, "")).await;
        let error = socket.recv().await;
        assert_eq!((&error["code"], &error["room_id"]), (&json!("room_not_found"), &json!(gone)));
        assert_eq!(socket.try_recv().await.expect_err("the end").code, Some(4404));
    }
    // A path whose room id is not a number is unknown.
    for path in ["/ws/general", "/ws/1.5", "/ws/99999999999999999999", "/ws/1/2"] {
        ann.get(path).await.expect_problem(404, "not_found");
    }
}

/// Another process deletes the room and leaves its messages, which are more than the server removes at
/// once.
async fn messages_of_a_deleted_room_are_removed_after_a_restart(database: Database) {
    const MESSAGES: i64 = 1_300;
    let (mut server, ann, room) = server_with_room(database).await;
    let id = RoomId(room);
    say_many(&mut ann.joins(room).await, room, 1..=MESSAGES, |n| n.to_string()).await;
    server.kill9();
    let detail = json!({});
    let actor = Actor::Operator("tester".into());
    let entry = NewAuditEntry {
        timestamp: Timestamp(0),
        actor,
        action: "room.delete",
        detail,
        is_recorded: true,
    };
    assert!(in_the_database(&server, |backend| backend.delete_room(id, None, &entry)));
    assert_eq!(in_the_database(&server, |backend| backend.count_messages(id)), MESSAGES as u64);
    server.restart().await;
    ann.get(&format!("/rooms/{room}")).await.expect_problem(404, "room_not_found");
    let started = Instant::now();
    while in_the_database(&server, move |backend| backend.count_messages(id)) > 0 {
        assert!(started.elapsed() < DEADLINE, "messages of the deleted room remain");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
