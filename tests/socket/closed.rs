//! Rooms that not everybody may see: what watchers hear of them, and what becomes of sockets in them.

use chatapp::model::{
    Actor, LeaveCause, MemberAct, NewAuditEntry, NewMemberChange, NewMessage, NewRoom, RoomChange,
    RoomId, RoomKind, RoomRole, RoomRules, Timestamp, UserId, VisibleHistory,
};
use chatapp::storage::Backend;
use serde_json::{Value, json};

use crate::common::{frames_until_pong, open_many, path, seqs, server_with_room, subscribe, types};
use crate::socket::revocation::in_the_database;
use crate::support::{Client, Database, PASSWORD, Server, Socket, on_both_databases};

on_both_databases!(
    an_outsider_hears_nothing_of_a_private_room_that_its_members_hear_of,
    a_removed_member_leaves_the_room_and_receives_nothing_more,
    a_room_that_becomes_private_keeps_its_members_only,
    a_member_sees_the_log_from_joining_on_if_the_room_says_so,
);

async fn watch(client: &Client) -> Socket {
    let mut socket = open_many(client).await;
    socket.send(json!({ "type": "watch" })).await;
    assert_eq!(socket.recv().await["type"], "watching");
    socket
}

fn entry() -> NewAuditEntry {
    let actor = Actor::Operator("tester".into());
    NewAuditEntry {
        timestamp: Timestamp(0),
        actor,
        action: "room.test",
        detail: json!({}),
        is_recorded: true,
    }
}

fn change(backend: &dyn Backend, room_id: RoomId, by: UserId, act: MemberAct) {
    let (timestamp, below, reason) = (Timestamp(0), None, None);
    let change = NewMemberChange { room_id, by, timestamp, below, reason, act };
    backend.change_members(&change, None, None).expect("the members are changed");
}

fn secret_room(server: &Server, by: UserId, rules: RoomRules) -> RoomId {
    in_the_database(server, |backend| {
        let secret = NewRoom::public("secret", by, Timestamp(0));
        let room = NewRoom { kind: RoomKind::Private, rules, ..secret };
        Ok(backend.create_room(&room, &entry())?.id)
    })
}

fn say(server: &Server, room_id: RoomId, user_id: UserId) {
    let message = NewMessage {
        room_id,
        user_id,
        username: "ann".into(),
        display_name: None,
        content: "hi".to_owned(),
        client_id: None,
        timestamp: Timestamp(0),
        joins: false,
        parts: None,
    };
    in_the_database(server, |backend| backend.append_messages(vec![message]).map(drop));
}

fn add(server: &Server, room: RoomId, by: UserId, user_id: i64) {
    let act = MemberAct::Join { user_ids: vec![UserId(user_id)], role: RoomRole::Member };
    in_the_database(server, |backend| {
        change(backend, room, by, act);
        Ok(())
    });
}

fn remove(server: &Server, room: RoomId, by: UserId, user_id: i64) {
    let act = MemberAct::Leave { user_id: UserId(user_id), cause: LeaveCause::Removed };
    in_the_database(server, |backend| {
        change(backend, room, by, act);
        Ok(())
    });
}

/// Reads frames until one of this type about the room.
async fn until(socket: &mut Socket, kind: &str, room: RoomId) -> Vec<Value> {
    let mut seen = Vec::new();
    loop {
        let frame = socket.recv().await;
        let id = frame["room_id"].as_i64().or(frame["room"]["id"].as_i64());
        let is_last = frame["type"] == kind && id == Some(room.0);
        seen.push(frame);
        if is_last {
            return seen;
        }
    }
}

/// Another process creates, uses and deletes the room.
async fn an_outsider_hears_nothing_of_a_private_room_that_its_members_hear_of(database: Database) {
    let (server, ann, _) = server_with_room(database).await;
    let (bo, cy) = (server.user("bo").await, server.user("cy").await);
    let (mut inside, mut outside) = (watch(&bo).await, watch(&cy).await);
    // Admins hear no more than others.
    let dee = json!({
        "username": "dee", "email": "dee@example.com", "password": PASSWORD, "role": "admin",
    });
    ann.post("/auth/signup", dee).await.expect(201);
    let mut above = watch(&server.anonymous().signs_in("dee", PASSWORD).await).await;
    let (by, member) = (UserId(ann.user_id), UserId(bo.user_id));
    let room = secret_room(&server, by, RoomRules::default());
    let join = MemberAct::Join { user_ids: vec![member], role: RoomRole::Member };
    in_the_database(&server, |backend| {
        change(backend, room, by, join.clone());
        let change = RoomChange { name: Some("secrets".into()), ..RoomChange::default() };
        backend.update_room(room, &change, None, &entry()).map(drop)
    });
    until(&mut inside, "room_activity", room).await;
    say(&server, room, by);
    until(&mut inside, "room_activity", room).await;
    in_the_database(&server, |backend| backend.delete_room(room, None, &entry()));
    until(&mut inside, "room_deleted", room).await;
    let last = ann.creates_room("the end").await;
    for socket in [&mut outside, &mut above] {
        let seen = until(socket, "room_created", RoomId(last)).await;
        assert_eq!(types(&seen), ["room_created"], "{seen:?}");
        assert!(frames_until_pong(socket).await.is_empty());
    }
}

/// Another process removes the member.
async fn a_removed_member_leaves_the_room_and_receives_nothing_more(database: Database) {
    let (server, ann, _) = server_with_room(database).await;
    let (bo, cy) = (server.user("bo").await, server.user("cy").await);
    let by = UserId(ann.user_id);
    let room = secret_room(&server, by, RoomRules::default());
    add(&server, room, by, bo.user_id);
    let mut outside = open_many(&cy).await;
    outside.send(json!({ "type": "subscribe", "room_id": room.0 })).await;
    let refused = outside.recv().await;
    outside.send(json!({ "type": "subscribe", "room_id": 999 })).await;
    let mut unknown = outside.recv().await;
    assert_eq!(unknown["code"], "room_not_found");
    unknown["room_id"] = json!(room.0);
    assert_eq!(refused, unknown, "the room does not exist for others");

    let mut of_ann = ann.joins(room.0).await;
    let mut many = open_many(&bo).await;
    subscribe(&mut many, json!({ "type": "subscribe", "room_id": room.0 })).await;
    let mut one = bo.joins(room.0).await;
    remove(&server, room, by, bo.user_id);
    say(&server, room, by);
    let left = json!({ "type": "room_left", "room_id": room.0, "cause": "removed" });
    for socket in [&mut many, &mut one] {
        let seen = until(socket, "room_left", room).await;
        assert_eq!(seen.last(), Some(&left));
        assert!(types(&seen).iter().all(|it| *it != "member_left" && *it != "message"), "{seen:?}");
    }
    assert_eq!(one.expect_close().await, 4404);
    assert_eq!(of_ann.recv_type("user_left").await["user_id"], bo.user_id);
    assert!(frames_until_pong(&mut many).await.is_empty());
    many.send(json!({ "type": "typing", "room_id": room.0 })).await;
    assert_eq!(many.recv().await["code"], "not_subscribed");

    add(&server, room, by, bo.user_id);
    let since = json!({ "type": "subscribe", "room_id": room.0, "since": 1 });
    let mut seen = subscribe(&mut many, since).await;
    // The server may not have read yet what the other process has written last.
    if !types(&seen).contains(&"member_joined") {
        seen.extend(until(&mut many, "member_joined", room).await);
    }
    let events: Vec<&str> = types(&seen)
        .into_iter()
        .filter(|it| *it == "message" || it.starts_with("member"))
        .collect();
    let expected = ["member_left", "message", "member_joined"];
    assert_eq!(events, expected, "someone who comes back misses nothing");
}

async fn a_room_that_becomes_private_keeps_its_members_only(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let (mut inside, mut outside) = (ann.joins(room).await, bo.joins(room).await);
    let mut watching = watch(&bo).await;
    let kind = Some(RoomKind::Private);
    let change = RoomChange { kind, ..RoomChange::default() };
    in_the_database(&server, |backend| {
        backend.update_room(RoomId(room), &change, None, &entry()).map(drop)
    });
    let seen = until(&mut outside, "room_left", RoomId(room)).await;
    // The server may find that access has changed before it reads the event that says why.
    let cause = &seen.last().expect("a frame")["cause"];
    assert!(cause == "private" || cause == "removed", "{cause}");
    assert!(types(&seen).iter().all(|it| !it.starts_with("room_c") && *it != "room_updated"));
    assert_eq!(outside.expect_close().await, 4404);
    let seen = until(&mut inside, "room_changed", RoomId(room)).await;
    assert!(types(&seen).contains(&"room_updated"), "{seen:?}");
    let seen = until(&mut watching, "membership", RoomId(room)).await;
    assert!(
        types(&seen).iter().all(|it| *it == "membership" || *it == "room_activity"),
        "{seen:?}"
    );
    assert_eq!(bo.opens(&path(&bo, room, "")).await.expect_close().await, 4404);
}

async fn a_member_sees_the_log_from_joining_on_if_the_room_says_so(database: Database) {
    let (server, ann, _) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let by = UserId(ann.user_id);
    let rules = RoomRules { history: VisibleHistory::Joined, ..RoomRules::default() };
    let room = secret_room(&server, by, rules);
    (0..3).for_each(|_| say(&server, room, by));
    add(&server, room, by, bo.user_id);
    say(&server, room, by);
    for since in [json!(0), json!(1), json!(3)] {
        let mut socket = open_many(&bo).await;
        let frame = json!({ "type": "subscribe", "room_id": room.0, "since": since });
        let seen = subscribe(&mut socket, frame).await;
        assert_eq!(seqs(&seen), [5], "{seen:?}");
    }
}
