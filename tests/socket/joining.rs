//! Joining a room: active users, then missed events, then live events. (Also see `tests/resume.rs`.)

use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::common::{
    epoch, frames_until_pong, messages, nothing_more, open_many, path, say_many, seq, seqs,
    server_with_room, subscribe, types,
};
use crate::raw::{Raw, text};
use crate::support::{Answer, Database, on_both_databases};

on_both_databases!(
    a_joiner_receives_active_users_then_history_then_synced,
    history_counts_messages_and_not_the_other_events,
    a_position_outside_the_log_closes_the_rooms_own_socket,
    a_position_outside_the_log_is_an_error_on_a_socket_for_many_rooms,
    events_older_than_the_tail_are_read_from_the_database,
    a_message_sent_before_synced_is_delivered_to_its_sender,
    joining_while_messages_are_sent_misses_and_repeats_nothing,
    a_subscription_that_replaces_another_starts_at_its_own_position,
);

/// Other events do not count, and come with the messages.
async fn history_counts_messages_and_not_the_other_events(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let mut speaker = ann.joins(room).await;
    for n in 1..=3 {
        speaker.says(room, &format!("m{n}"), &n.to_string()).await;
    }
    for name in ["a", "b", "c"] {
        ann.patch(&format!("/rooms/{room}"), json!({ "name": name })).await.expect(200);
    }
    for (asked, first) in [("&history=2", 2), ("&history=9", 1), ("&history=0", 7)] {
        let socket = bo.opens_live(&path(&bo, room, asked)).await;
        let seqs: Vec<i64> =
            socket.welcome[1..].iter().map(|frame| frame["seq"].as_i64().unwrap()).collect();
        assert_eq!(seqs, (first..=6).collect::<Vec<_>>(), "{asked}");
    }
}

async fn a_joiner_receives_active_users_then_history_then_synced(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let mut speaker = ann.joins(room).await;
    assert_eq!(types(&speaker.welcome), ["active_users"]);
    assert_eq!(
        speaker.synced,
        json!({ "type": "synced", "room_id": room, "head_seq": 0, "epoch": epoch(&speaker) })
    );
    say_many(&mut speaker, room, 1..=205, |n| format!("m{n}")).await;

    let bo = server.user("bo").await;
    for (asked, first) in [
        ("", 206),
        ("&history=0", 206),
        ("&history=3", 203),
        ("&history=201", 6),
        ("&history=1000", 6),
    ] {
        let mut socket = bo.opens_live(&path(&bo, room, asked)).await;
        let who = &socket.welcome[0];
        assert_eq!(
            who,
            &json!({
                "type": "active_users", "room_id": room, "count": 2, "users": [
                    { "user_id": ann.user_id, "username": "ann" },
                    { "user_id": bo.user_id, "username": "bo" },
                ],
            }),
        );
        assert_eq!(seqs(&socket.welcome[1..]), (first..=205).collect::<Vec<_>>(), "{asked}");
        assert_eq!(socket.welcome.len() as i64, 1 + 206 - first, "{asked}");
        assert_eq!(socket.synced["head_seq"], 205);
        assert_eq!(epoch(&socket), epoch(&speaker));
        nothing_more(&mut socket).await;
        socket.close().await;
    }
    for query in
        ["&history=-1", "&history=all", "&since=", "&since=x", "&since=99999999999999999999"]
    {
        let answer = bo
            .request(reqwest::Method::GET, &path(&bo, room, query))
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        Answer::to(answer).await.expect_problem(422, "invalid_field");
    }
}

async fn a_position_outside_the_log_closes_the_rooms_own_socket(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    let mut speaker = ann.joins(room).await;
    speaker.says(room, "the only one", "1").await;
    let own = epoch(&speaker);
    for position in ["&since=2", &format!("&since=2&epoch={own}"), "&since=-1", "&since=0&epoch=x"]
    {
        let mut socket = ann.opens(&path(&ann, room, position)).await;
        let error = socket.recv().await;
        assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("epoch_changed")));
        assert_eq!(error["room_id"], room);
        assert_eq!(socket.expect_close().await, 4409, "{position}");
    }
    // An epoch without a position is ignored, and the head is a valid position.
    ann.opens_live(&path(&ann, room, "&epoch=x")).await;
    let at_head = ann.resumes(room, 1, own).await;
    assert_eq!(types(&at_head.welcome), ["active_users"]);
}

async fn a_position_outside_the_log_is_an_error_on_a_socket_for_many_rooms(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    ann.joins(room).await.says(room, "the only one", "1").await;
    let mut socket = open_many(&ann).await;
    for position in [json!({ "since": 2 }), json!({ "since": 0, "epoch": "x" })] {
        let mut frame = position;
        frame["type"] = json!("subscribe");
        frame["room_id"] = json!(room);
        frame["ref"] = json!("late");
        socket.send(frame).await;
        let error = socket.recv().await;
        assert_eq!(
            (&error["type"], &error["code"], &error["ref"], &error["room_id"]),
            (&json!("error"), &json!("epoch_changed"), &json!("late"), &json!(room))
        );
    }
    nothing_more(&mut socket).await;
    let frame = json!({ "type": "subscribe", "room_id": room, "since": 0, "ref": "again" });
    let frames = subscribe(&mut socket, frame).await;
    assert_eq!(types(&frames), ["active_users", "message", "synced"]);
    assert_eq!(frames[2]["ref"], "again");
}

/// The tail of a room holds 256 KiB; the test writes three times that.
async fn events_older_than_the_tail_are_read_from_the_database(database: Database) {
    const MESSAGES: i64 = 200;
    let (server, ann, room) = server_with_room(database).await;
    let mut speaker = ann.joins(room).await;
    say_many(&mut speaker, room, 1..=MESSAGES, |n| format!("{n} {}", "x".repeat(3_990))).await;
    let epoch = epoch(&speaker).to_owned();
    let bo = server.user("bo").await;
    let all = (1..=MESSAGES).collect::<Vec<_>>();
    let mut one = bo.resumes(room, 0, &epoch).await;
    assert_eq!(seqs(&one.welcome), all);
    let mut many = open_many(&bo).await;
    let frame = json!({ "type": "subscribe", "room_id": room, "since": 0 });
    assert_eq!(seqs(&subscribe(&mut many, frame).await), all);
    let mut newest = bo.opens_live(&path(&bo, room, "&history=200")).await;
    assert_eq!(seqs(&newest.welcome), all);
    speaker.says(room, "live", "1").await;
    for socket in [&mut one, &mut many, &mut newest] {
        assert_eq!(seq(&socket.recv_type("message").await), MESSAGES + 1);
        nothing_more(socket).await;
    }
    // Joins from each position in turn: one of them is just before the tail.
    let mut socket = open_many(&bo).await;
    for since in 125..=MESSAGES {
        let frame = json!({ "type": "subscribe", "room_id": room, "since": since });
        let received = seqs(&subscribe(&mut socket, frame).await);
        assert_eq!(received, (since + 1..=MESSAGES + 1).collect::<Vec<_>>(), "since {since}");
        socket.send(json!({ "type": "unsubscribe", "room_id": room })).await;
        socket.recv_type("unsubscribed").await;
    }
}

/// A simple client sends at once, without waiting for `synced`.
async fn a_message_sent_before_synced_is_delivered_to_its_sender(database: Database) {
    let (server, ann, _) = server_with_room(database).await;
    for n in 0..20 {
        let room = ann.creates_room(&format!("room-{n}")).await;
        let tcp = TcpStream::connect(server.address()).await.expect("connect");
        let early = text(&json!({ "content": "early" })).repeat(3);
        let mut raw = Raw::open_with(tcp, &ann, &path(&ann, room, ""), &early).await;
        for seq in 1..=3 {
            assert_eq!(raw.recv_type("message").await["seq"], seq);
        }
    }
}

async fn joining_while_messages_are_sent_misses_and_repeats_nothing(database: Database) {
    const MESSAGES: i64 = 400;
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let mut speaker = ann.joins(room).await;
    let mut pace = ann.joins(room).await;
    let mut clients = JoinSet::new();
    clients.spawn(async move {
        // Long enough that the first messages leave the tail before the last is sent.
        say_many(&mut speaker, room, 1..=MESSAGES, |n| format!("{n} {}", "x".repeat(1_500))).await;
    });
    for n in 0..12 {
        // Each client joins at a later head; some read from the beginning.
        let at = seq(&messages(&mut pace, 25).await[24]);
        let since = if n % 3 == 0 { 0 } else { at - 5 * n };
        let bo = bo.clone();
        clients.spawn(async move {
            let mut socket = bo.opens(&path(&bo, room, &format!("&since={since}"))).await;
            let received = messages(&mut socket, (MESSAGES - since) as usize).await;
            assert_eq!(seqs(&received), (since + 1..=MESSAGES).collect::<Vec<_>>());
            let rest = frames_until_pong(&mut socket).await;
            assert_eq!(seqs(&rest), [0; 0], "no message is repeated");
        });
    }
    clients.join_all().await;
}

/// Events that are still being read for an abandoned subscription must neither appear in the next
/// subscription nor end the connection.
async fn a_subscription_that_replaces_another_starts_at_its_own_position(database: Database) {
    const MESSAGES: i64 = 200;
    let (server, ann, room) = server_with_room(database).await;
    let mut speaker = ann.joins(room).await;
    say_many(&mut speaker, room, 1..=MESSAGES, |n| format!("{n} {}", "x".repeat(3_990))).await;
    let path = format!("/ws?token={}", ann.token);
    for (first, second) in [(0, 130), (0, 0), (130, 0), (0, 50), (0, 100), (99, 100)] {
        let mut raw = Raw::open(&server, &ann, &path).await;
        // In one packet: the server is still answering the first frame when it reads the last.
        let frames = [
            json!({ "type": "subscribe", "room_id": room, "since": first, "ref": "first" }),
            json!({ "type": "unsubscribe", "room_id": room, "ref": "away" }),
            json!({ "type": "subscribe", "room_id": room, "since": second, "ref": "second" }),
        ];
        raw.write(&frames.iter().flat_map(text).collect::<Vec<u8>>()).await;
        raw.recv_type("unsubscribed").await;
        assert_eq!(raw.recv_json().await["type"], "active_users");
        for expected in second + 1..=MESSAGES {
            let message = raw.recv_json().await;
            assert_eq!(message["seq"], expected, "{first}, then {second}");
        }
        let synced = raw.recv_json().await;
        assert_eq!((&synced["type"], &synced["ref"]), (&json!("synced"), &json!("second")));
    }
}
