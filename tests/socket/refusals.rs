//! Frames that are refused: each is answered with an `error` frame and changes nothing.

use serde_json::{Value, json};

use crate::common::{nothing_more, open_many, server_with_room};
use crate::support::{Database, Socket, on_both_databases};

on_both_databases!(
    an_invalid_frame_gets_an_error_and_the_connection_continues,
    values_just_within_the_limits_are_accepted,
    frames_on_a_socket_for_many_rooms_must_name_a_joined_room,
);

async fn an_invalid_frame_gets_an_error_and_the_connection_continues(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    let elsewhere = ann.creates_room("elsewhere").await;
    let mut socket = ann.joins(room).await;
    let too_long = "x".repeat(4_001);
    let long_id = "x".repeat(65);
    let invalid = [
        json!({ "content": "" }),
        json!({ "content": " \t\n\u{a0}\u{3000}" }),
        json!({ "content": too_long }),
        json!({ "content": "NUL \0 inside" }),
        json!({ "content": "x", "client_id": "" }),
        json!({ "content": "x", "client_id": "two words" }),
        json!({ "content": "x", "client_id": "ümlaut" }),
        json!({ "content": "x", "client_id": long_id }),
    ];
    let malformed = [
        json!({}),
        json!({ "type": "send" }),
        json!({ "content": 5 }),
        json!({ "content": null }),
        json!({ "content": "x", "client_id": 5 }),
        json!({ "content": "x", "room_id": "1" }),
        json!({ "content": "x", "room_id": 1e30 }),
        json!({ "type": "subscribe" }),
        json!({ "type": "subscribe", "room_id": elsewhere, "since": "first" }),
        json!({ "type": "subscribe", "room_id": elsewhere, "history": -1 }),
        json!({ "type": "unsubscribe" }),
        json!({ "type": "typing", "room_id": [] }),
    ];
    let unknown = [json!({ "type": "dance" }), json!({ "type": "" }), json!({ "type": "message" })];
    let not_subscribed = [
        json!({ "type": "send", "room_id": elsewhere, "content": "x" }),
        json!({ "room_id": 999, "content": "x" }),
        json!({ "room_id": i64::MIN, "content": "x" }),
        json!({ "type": "typing", "room_id": elsewhere }),
        json!({ "type": "unsubscribe", "room_id": elsewhere }),
    ];
    let no_room = [999, 0, -1, i64::MAX].map(|id| json!({ "type": "subscribe", "room_id": id }));
    for (code, frames) in [
        ("invalid_field", &invalid[..]),
        ("malformed_json", &malformed),
        ("unknown_type", &unknown),
        ("not_subscribed", &not_subscribed),
        ("room_not_found", &no_room),
        ("already_subscribed", &[json!({ "type": "subscribe", "room_id": room })]),
    ] {
        for (n, frame) in frames.iter().enumerate() {
            let mut frame = frame.clone();
            expect_error(&mut socket, &frame.to_string(), code, None).await;
            let reference = format!("{code}-{n}");
            frame["ref"] = json!(reference);
            expect_error(&mut socket, &frame.to_string(), code, Some(&reference)).await;
        }
    }
    // In these frames even the `ref` cannot be read.
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    for text in [
        "",
        "nonsense",
        "[]",
        "null",
        "\"content\"",
        r#"{"content":"x","ref":"cut"#,
        r#"{"content":"x","ref":7}"#,
        r#"{"type":7,"content":"x","ref":"7"}"#,
        r#"{"content":"x","ref":"1","ref":"2"}"#,
        r#"{"content":"half a pair \ud800"}"#,
        r#"{"content":"x","ref":"1"} and more"#,
        &deep,
    ] {
        expect_error(&mut socket, text, "malformed_json", None).await;
    }
    nothing_more(&mut socket).await;
    let ack = socket.says(room, "still here", "1").await;
    assert_eq!(ack["seq"], 1, "no refused frame was stored");
    assert_eq!(ann.history(elsewhere).await, Vec::<Value>::new());
}

async fn values_just_within_the_limits_are_accepted(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    let mut socket = ann.joins(room).await;
    let emoji = "😀".repeat(4_000);
    let longest_id = "~".repeat(64);
    for content in ["x", " x ", "two\nlines", "a\u{1}\u{7f}\u{2028}\u{feff}", "<b>&\"'\\", &emoji] {
        socket.send(json!({ "content": content })).await;
        assert_eq!(socket.recv_type("message").await["content"], content);
    }
    socket.says(room, "the longest client_id", &longest_id).await;
    // Unknown fields are ignored: clients of another version may send them.
    socket.send(json!({ "content": "x", "colour": "red", "ref": "" })).await;
    assert_eq!(socket.recv_type("ack").await["ref"], "");
    let history = ann.history(room).await;
    assert_eq!(history.len(), 8);
    assert_eq!(
        (&history[3]["content"], &history[5]["content"]),
        (&json!("a\u{1}\u{7f}\u{2028}\u{feff}"), &json!(emoji))
    );
}

async fn frames_on_a_socket_for_many_rooms_must_name_a_joined_room(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    let mut socket = open_many(&ann).await;
    for (frame, code) in [
        (json!({ "content": "to whom?" }), "invalid_field"),
        (json!({ "type": "typing" }), "invalid_field"),
        (json!({ "type": "send", "room_id": room, "content": "not in it" }), "not_subscribed"),
        (json!({ "type": "typing", "room_id": room, "roomid": room }), "invalid_field"),
    ] {
        expect_error(&mut socket, &frame.to_string(), code, None).await;
    }
    nothing_more(&mut socket).await;
}

/// Sends a text and expects nothing but this error, with this `ref`.
async fn expect_error(socket: &mut Socket, text: &str, code: &str, reference: Option<&str>) {
    socket.send_text(text).await;
    let error = socket.recv().await;
    let shown: String = text.chars().take(100).collect();
    assert_eq!(
        (error["type"].as_str(), error["code"].as_str(), error["ref"].as_str()),
        (Some("error"), Some(code), reference),
        "{error} after {shown}"
    );
    assert!(error["detail"].as_str().is_some_and(|it| !it.is_empty()), "{error} after {shown}");
}
