//! Several processes on one database: changes by one process reach the sockets of the others within a
//! second, in order and once. On SQLite the other process is a command of the CLI, or a second server
//! started by mistake.

use serde_json::{Value, json};

use crate::support::{Client, Database, Server, Socket, on_both_databases};

on_both_databases!(
    a_message_sent_on_one_node_arrives_on_the_other,
    messages_of_both_nodes_arrive_everywhere_in_one_order,
    a_change_on_one_node_is_sent_to_clients_of_the_other,
    a_room_archived_on_one_node_accepts_no_messages_on_the_other,
    a_room_deleted_on_one_node_is_deleted_on_the_other,
    a_node_catches_up_with_many_events_of_the_other_node,
    changes_by_the_command_line_reach_open_sockets,
    members_receive_a_change_by_another_process_that_a_local_message_overtakes,
    a_change_that_was_pruned_at_once_is_sent_once,
    an_event_of_a_kind_that_only_a_newer_node_knows_is_delivered,
    a_watcher_is_notified_of_changes_of_rooms_on_the_other_node,
    a_watcher_receives_messages_of_both_nodes_in_order_and_once,
    a_watcher_gets_a_truncated_frame_if_there_are_too_many_messages,
    a_watcher_is_notified_of_changes_of_rooms_by_the_command_line,
);

/// Two servers on one database, a room, and its admin on each of them.
async fn two_nodes(database: Database) -> (Server, Server, Client, Client, i64) {
    let here = Server::start(database).await;
    let there = here.start_another().await;
    let ann = here.admin("ann").await;
    let room = ann.creates_room("general").await;
    let ann_there = there.anonymous().with_token(&ann.token);
    (here, there, ann, ann_there, room)
}

/// The next event of the log; other frames are skipped.
async fn event(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.recv().await;
        if frame["seq"].is_i64() && frame["id"].is_i64() && frame["type"] != "ack" {
            return frame;
        }
    }
}

async fn a_message_sent_on_one_node_arrives_on_the_other(database: Database) {
    let (_here, there, ann, ann_there, room) = two_nodes(database).await;
    let quiet = ann.creates_room("quiet").await;
    let bo = there.user("bo").await;
    let mut reader = bo.joins(room).await;
    let mut elsewhere = ann_there.joins(quiet).await;
    let mut speaker = ann.joins(room).await;
    for n in 1..=5 {
        speaker.says(room, &format!("message {n}"), &n.to_string()).await;
        let message = event(&mut reader).await;
        assert_eq!(
            (&message["seq"], &message["content"]),
            (&json!(n), &json!(format!("message {n}")))
        );
    }
    elsewhere.send(json!({ "type": "ping" })).await;
    assert_eq!(elsewhere.recv().await["type"], "pong", "there is no event in that room");
}

async fn messages_of_both_nodes_arrive_everywhere_in_one_order(database: Database) {
    const EACH: usize = 60;
    let (_here, there, ann, ann_there, room) = two_nodes(database).await;
    let bo = there.user("bo").await;
    let mut readers = [ann.joins(room).await, ann_there.joins(room).await, bo.joins(room).await];
    let (mut one, mut two) = (ann.joins(room).await, bo.joins(room).await);
    let speak = async |socket: &mut Socket, name: &str| {
        for n in 0..EACH {
            socket.says(room, &format!("{name} {n}"), &format!("{name}{n}")).await;
        }
    };
    tokio::join!(speak(&mut one, "here"), speak(&mut two, "there"));
    let history = ann.history(room).await;
    assert_eq!(history.len(), 2 * EACH);
    for reader in &mut readers {
        for message in &history {
            let seen = event(reader).await;
            assert_eq!((&seen["seq"], &seen["id"]), (&message["seq"], &message["id"]));
        }
        reader.send(json!({ "type": "ping" })).await;
        assert_eq!(event_or_pong(reader).await["type"], "pong", "each message comes once");
    }
}

async fn event_or_pong(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.recv().await;
        if frame["type"] == "pong" || frame["type"] == "message" {
            return frame;
        }
    }
}

async fn a_change_on_one_node_is_sent_to_clients_of_the_other(database: Database) {
    let (_here, _there, ann, ann_there, room) = two_nodes(database).await;
    let mut reader = ann_there.joins(room).await;
    let sent = ann.post(&format!("/rooms/{room}/messages"), json!({ "content": "tpyo" })).await;
    let sent = sent.expect(201);
    let path = format!("/rooms/{room}/messages/{}", sent["id"]);
    ann.patch(&path, json!({ "content": "typo" })).await.expect(200);
    ann.delete(&path).await.expect(204);
    ann.patch(&format!("/rooms/{room}"), json!({ "name": "lobby" })).await.expect(200);
    // The node may read all events at once, and then they show the current state of the message.
    let seen = [event(&mut reader).await, event(&mut reader).await, event(&mut reader).await];
    let seen = seen.map(|event| (event["type"].clone(), event["seq"].clone()));
    let expected = ["message", "message_edited", "message_deleted"];
    assert_eq!(seen, [1, 2, 3].map(|seq| (json!(expected[seq - 1]), json!(seq))));
    // The node notices a changed room in the same read or in the next.
    let mut other = ann_there.joins(room).await;
    ann.patch(&format!("/rooms/{room}"), json!({ "description": "Talk" })).await.expect(200);
    // The change of the name may come too.
    let mut updated = other.recv_type("room_updated").await;
    if updated["revision"] == 1 {
        updated = other.recv_type("room_updated").await;
    }
    let expected = json!({
        "type": "room_updated",
        "room_id": room,
        "name": "lobby",
        "description": "Talk",
        "revision": 2,
        "kind": "public",
        "posting": "everyone",
        "inviting": "moderators",
        "history": "all",
        "auto_join": false,
    });
    assert_eq!(updated, expected);
}

async fn a_room_archived_on_one_node_accepts_no_messages_on_the_other(database: Database) {
    let (_here, _there, ann, ann_there, room) = two_nodes(database).await;
    let mut reader = ann_there.joins(room).await;
    ann.patch(&format!("/rooms/{room}"), json!({ "is_archived": true })).await.expect(200);
    // The other node refuses messages even before it has noticed the change.
    let late = json!({ "content": "late" });
    let refused = ann_there.post(&format!("/rooms/{room}/messages"), late.clone()).await;
    refused.expect_problem(409, "room_archived");
    reader.send(json!({ "type": "send", "content": "late", "ref": "1" })).await;
    assert_eq!(reader.recv_type("error").await["code"], "room_archived");
    let mut reader = ann_there.joins(room).await;
    ann.patch(&format!("/rooms/{room}"), json!({ "is_archived": false })).await.expect(200);
    // The older change may come too: the greater `revision` counts.
    let updated = loop {
        let updated = reader.recv_type("room_updated").await;
        if updated["revision"] == 2 {
            break updated;
        }
    };
    assert!(updated["archived_at"].is_null());
    ann_there.post(&format!("/rooms/{room}/messages"), late).await.expect(201);
}

async fn a_room_deleted_on_one_node_is_deleted_on_the_other(database: Database) {
    let (_here, _there, ann, ann_there, room) = two_nodes(database).await;
    let mut own = ann_there.joins(room).await;
    let mut many = ann_there.opens(&format!("/ws?token={}", ann.token)).await;
    many.send(json!({ "type": "subscribe", "room_id": room })).await;
    many.recv_type("synced").await;
    ann.delete(&format!("/rooms/{room}")).await.expect(204);
    assert_eq!(many.recv_type("room_deleted").await["room_id"], room);
    assert_eq!(own.expect_close().await, 4404);
}

/// There are more events than a node reads at once, and than the tail holds.
async fn a_node_catches_up_with_many_events_of_the_other_node(database: Database) {
    const MESSAGES: usize = 1_200;
    let (_here, _there, ann, ann_there, room) = two_nodes(database).await;
    let mut reader = ann_there.joins(room).await;
    let mut speaker = ann.joins(room).await;
    let text = "x".repeat(1_000);
    for n in 0..MESSAGES {
        speaker.send(json!({ "type": "send", "content": text, "ref": n.to_string() })).await;
        if n >= 50 {
            speaker.recv_type("ack").await;
        }
    }
    for seq in 1..=MESSAGES {
        assert_eq!(event(&mut reader).await["seq"], seq);
    }
}

/// The message moves the head of the room over the event of the other process before the server polls.
async fn members_receive_a_change_by_another_process_that_a_local_message_overtakes(
    database: Database,
) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    for (name, next) in [("general", "lobby"), ("lobby", "hall")] {
        let done = server.command(&["rooms", "rename", name, next]).output().expect("it runs");
        assert!(done.status.success(), "{done:?}");
        ann.post(&format!("/rooms/{room}/messages"), json!({ "content": next })).await.expect(201);
        assert_eq!(socket.recv_type("room_updated").await["name"], next);
    }
}

/// The poll may find that the event was pruned: then the room's state is sent in its place.
async fn a_change_that_was_pruned_at_once_is_sent_once(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let (room, other) = (ann.creates_room("general").await, ann.creates_room("other").await);
    let mut socket = ann.opens(&format!("/ws?token={}", ann.token)).await;
    for room in [room, other] {
        socket.send(json!({ "type": "subscribe", "room_id": room })).await;
        socket.recv_type("synced").await;
    }
    let sql = format!(
        "UPDATE rooms SET head_seq = 1, oldest_seq = 2, name = 'lobby', revision = 1 WHERE id = {room}"
    );
    execute(&server, &sql);
    let updated = socket.recv_type("room_updated").await;
    assert_eq!((&updated["room_id"], &updated["name"]), (&json!(room), &json!("lobby")));
    // Each of these is found by a further look, which finds nothing new in the first room.
    for name in ["a", "b", "c"] {
        let done = server.command(&["rooms", "rename", &format!("#{other}"), name]).output();
        assert!(done.expect("it runs").status.success());
        assert_eq!(socket.recv_type("room_updated").await["room_id"], other);
    }
}

/// The row is written as a newer version would write it: with an unknown kind and unknown details.
async fn an_event_of_a_kind_that_only_a_newer_node_knows_is_delivered(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    let mut watcher = ann.opens(&format!("/ws?token={}", ann.token)).await;
    watcher.send(json!({ "type": "watch", "ref": "w" })).await;
    watcher.recv_type("watching").await;
    let ack = socket.says(room, "hello", "1").await;
    assert_eq!(watcher.recv_type("room_activity").await["head_seq"], 1);

    let (message, user) = (&ack["id"], ann.user_id);
    let (next_id, last_id) = match database {
        Database::Sqlite => ("2", "UPDATE server SET last_event_id = 2;"),
        Database::Postgres => ("nextval('events_id_seq')", ""),
    };
    let overriding = if database == Database::Postgres { "OVERRIDING SYSTEM VALUE" } else { "" };
    execute(
        &server,
        &format!(
            r#"INSERT INTO events (room_id, seq, id, kind, user_id, created_at, content, target_id,
                                 target_seq, detail)
             {overriding}
             VALUES ({room}, 2, {next_id}, 'x_reacted', {user}, 1738319400000, '', {message}, 1,
                     '{{"emoji":"👍","of":{{"a":[1,null]}},"seq":9,"type":"message"}}');
             UPDATE rooms SET head_seq = 2 WHERE id = {room};
             {last_id}"#
        ),
    );
    let seen = event(&mut socket).await;
    let expected = json!({
        "type": "x_reacted", "id": seen["id"], "room_id": room, "seq": 2, "user_id": user,
        "username": "ann", "timestamp": "2025-01-31T10:30:00.000Z", "message_id": message,
        "message_seq": 1, "emoji": "👍", "of": { "a": [1, null] },
    });
    assert_eq!(seen, expected);
    assert_eq!(watcher.recv_type("room_activity").await["head_seq"], 2);
    let path = format!("/rooms/{room}");
    let log = ann.get(&format!("{path}/events?after=1")).await.expect(200);
    assert_eq!(log["events"], json!([expected]));
    let resumed = ann.opens_live(&format!("/ws/{room}?token={}&since=1", ann.token)).await;
    assert_eq!(resumed.welcome[1], expected);
    // Pages of messages omit the event, and the log continues after it.
    let page = ann.get(&format!("{path}/messages")).await.expect(200);
    assert_eq!((&page["messages"][0]["seq"], &page["messages"][1]), (&json!(1), &Value::Null));
    let unread = ann.get(&path).await.expect(200)["unread"].clone();
    assert!(unread.is_null() || unread == 0, "{unread}");
    assert_eq!(socket.says(room, "after it", "2").await["seq"], 3);
    for command in [["tail", "general"], ["export", "general.jsonl"]] {
        let done = server.command(&command).output().expect("it runs");
        assert!(done.status.success(), "{command:?}: {done:?}");
    }
}

/// Runs statements in the server's database directly.
fn execute(server: &Server, sql: &str) {
    let run = || match server.database_url().strip_prefix("sqlite://") {
        Some(file) => {
            let path = server.folder().join(file);
            rusqlite::Connection::open(path)?.execute_batch(sql).map_err(anyhow::Error::from)
        }
        None => {
            let mut client = ::postgres::Client::connect(server.database_url(), ::postgres::NoTls)?;
            Ok(client.batch_execute(sql)?)
        }
    };
    std::thread::scope(|scope| scope.spawn(run).join().expect("no panic")).expect("SQL");
}

async fn changes_by_the_command_line_reach_open_sockets(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    let ack = socket.says(room, "a secret", "1").await;
    let run = |arguments: &[&str]| {
        let done = server.command(arguments).output().expect("it runs");
        assert!(done.status.success(), "{arguments:?}: {done:?}");
    };

    run(&["messages", "delete", "general", &ack["id"].to_string(), "--yes"]);
    let deleted = event(&mut socket).await;
    assert_eq!(deleted["type"], "message_deleted");
    assert_eq!((&deleted["seq"], &deleted["message_id"]), (&json!(2), &ack["id"]));
    assert_eq!(deleted["username"], "ann");
    run(&["rooms", "rename", "general", "lobby"]);
    assert_eq!(socket.recv_type("room_updated").await["name"], "lobby");
    let renamed = event(&mut socket).await;
    assert_eq!((&renamed["type"], &renamed["seq"]), (&json!("room_changed"), &json!(3)));
    assert_eq!((&renamed["user_id"], &renamed["username"]), (&json!(0), &json!("(server)")));
    run(&["rooms", "archive", "lobby"]);
    assert!(socket.recv_type("room_updated").await["archived_at"].is_string());
    socket.send(json!({ "type": "send", "content": "late", "ref": "1" })).await;
    assert_eq!(socket.recv_type("error").await["code"], "room_archived");
    run(&["rooms", "delete", "lobby", "--yes"]);
    assert_eq!(socket.recv_type("room_deleted").await["room_id"], room);
    assert_eq!(socket.expect_close().await, 4404);
    ann.get(&format!("/rooms/{room}")).await.expect_problem(404, "room_not_found");
}

/// Opens a socket that watches and has joined no room.
async fn watch(client: &Client) -> Socket {
    let mut socket = client.opens(&format!("/ws?token={}", client.token)).await;
    socket.send(json!({ "type": "watch", "ref": "w" })).await;
    assert_eq!(socket.recv().await["type"], "watching");
    socket
}

/// Reads `room_activity` frames up to this head: the `seq`s of their messages, and whether one was truncated.
async fn activity_until(watcher: &mut Socket, room: i64, until: i64) -> (Vec<i64>, bool) {
    let (mut seqs, mut head, mut is_truncated) = (Vec::new(), 0, false);
    while head < until {
        let frame = watcher.recv_type("room_activity").await;
        assert_eq!(frame["room_id"], room);
        for message in frame["messages"].as_array().expect("messages") {
            seqs.push(message["seq"].as_i64().expect("seq"));
        }
        is_truncated |= frame["truncated"] == true;
        let next = frame["head_seq"].as_i64().expect("head_seq");
        assert!(next > head, "{frame} after {head}");
        head = next;
    }
    (seqs, is_truncated)
}

async fn say(client: &Client, room: i64, content: &str) {
    let path = format!("/rooms/{room}/messages");
    client.post(&path, json!({ "content": content })).await.expect(201);
}

async fn a_watcher_is_notified_of_changes_of_rooms_on_the_other_node(database: Database) {
    let (_here, there, ann, _, room) = two_nodes(database).await;
    let bo = there.user("bo").await;
    let mut watcher = watch(&bo).await;
    let new = ann.creates_room("new").await;
    say(&ann, new, "come, @bo").await;
    let created = watcher.recv_type("room_created").await;
    assert_eq!((&created["room"]["id"], &created["room"]["name"]), (&json!(new), &json!("new")));
    let activity = watcher.recv().await;
    assert_eq!((&activity["room_id"], &activity["head_seq"]), (&json!(new), &json!(1)));
    assert_eq!(activity["messages"][0]["mentions"], json!([bo.user_id]));

    say(&ann, room, "elsewhere").await;
    assert_eq!(activity_until(&mut watcher, room, 1).await, (vec![1], false));
    ann.patch(&format!("/rooms/{new}"), json!({ "is_archived": true })).await.expect(200);
    let updated = watcher.recv().await;
    assert_eq!((&updated["type"], &updated["room_id"]), (&json!("room_updated"), &json!(new)));
    assert!(updated["archived_at"].is_string(), "{updated}");
    ann.delete(&format!("/rooms/{new}")).await.expect(204);
    assert_eq!(watcher.recv_type("room_deleted").await["room_id"], new);
    // It is notified of rooms of its own node too.
    let own = bo.with_token(&ann.token).creates_room("own").await;
    assert_eq!(watcher.recv().await["room"]["id"], own);
}

/// A node may publish an event before it has read an earlier one of the other node; watchers get both,
/// in order.
async fn a_watcher_receives_messages_of_both_nodes_in_order_and_once(database: Database) {
    const EACH: i64 = 20;
    let (_here, there, ann, ann_there, room) = two_nodes(database).await;
    let bo = there.user("bo").await;
    let mut watcher = watch(&bo).await;
    let mut reader = bo.joins(room).await;
    for _ in 0..EACH {
        tokio::join!(say(&ann, room, "here"), say(&ann_there, room, "there"));
    }
    let (seqs, is_truncated) = activity_until(&mut watcher, room, 2 * EACH).await;
    assert!(!is_truncated);
    assert_eq!(seqs, (1..=2 * EACH).collect::<Vec<_>>());
    for seq in 1..=2 * EACH {
        assert_eq!(
            event(&mut reader).await["seq"],
            seq,
            "members receive every message in order too"
        );
    }
}

/// There are more events than a node reads at once. Activity after them is complete again.
async fn a_watcher_gets_a_truncated_frame_if_there_are_too_many_messages(database: Database) {
    const MESSAGES: i64 = 700;
    let here = Server::with(database).env("CHATAPP_LIMITS__SENDS_PER_SECOND", "0").start().await;
    let there = here.start_another().await;
    let ann = here.admin("ann").await;
    let room = ann.creates_room("general").await;
    let bo = there.user("bo").await;
    let mut watcher = watch(&bo).await;
    let mut speaker = ann.joins(room).await;
    for n in 0..MESSAGES {
        speaker.send(json!({ "type": "send", "content": "x", "ref": n.to_string() })).await;
        if n >= 100 {
            speaker.recv_type("ack").await;
        }
    }
    let (seqs, is_truncated) = activity_until(&mut watcher, room, MESSAGES).await;
    assert!(is_truncated && seqs.is_sorted());
    say(&ann, room, "one more").await;
    let frame = watcher.recv_type("room_activity").await;
    assert_eq!(frame["messages"][0]["seq"], MESSAGES + 1);
    assert!(frame["truncated"].is_null(), "{frame}");
}

async fn a_watcher_is_notified_of_changes_of_rooms_by_the_command_line(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let bo = server.user("bo").await;
    let mut watcher = watch(&bo).await;
    let run = |arguments: &[&str]| {
        let done = server.command(arguments).output().expect("it runs");
        assert!(done.status.success(), "{arguments:?}: {done:?}");
    };
    run(&["rooms", "create", "plans"]);
    let created = watcher.recv().await;
    assert_eq!(
        (&created["type"], &created["room"]["name"]),
        (&json!("room_created"), &json!("plans"))
    );
    let room = created["room"]["id"].as_i64().expect("id");
    say(&ann, room, "@bo").await;
    assert_eq!(activity_until(&mut watcher, room, 1).await, (vec![1], false));
    run(&["rooms", "rename", "plans", "old plans"]);
    assert_eq!(watcher.recv_type("room_updated").await["name"], "old plans");
    run(&["rooms", "delete", "old plans", "--yes"]);
    assert_eq!(watcher.recv_type("room_deleted").await["room_id"], room);
}
