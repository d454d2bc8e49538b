//! RFC 6455 on the wire, with a client that can send any bytes.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::common::{path, room_on, server_with_room};
use crate::raw::{
    BINARY, CLOSE, FIRST_FRAGMENT, LAST_FRAGMENT, MIDDLE_FRAGMENT, PING, PONG, Raw, TEXT, close,
    close_code, frame, header, text,
};
use crate::support::{Client, DEADLINE, Database, Server, on_both_databases};

on_both_databases!(
    a_protocol_violation_is_closed_with_its_code,
    fragments_of_a_text_are_reassembled,
    a_ping_is_answered_with_its_payload,
    a_close_is_answered_and_the_connection_ended_at_once,
    a_client_that_disconnects_without_a_close_leaves_the_room,
    a_message_at_the_frame_limit_is_accepted,
    a_client_that_keeps_sending_after_the_close_is_disconnected,
);

/// How long the server waits for the client's close. A connection that ends earlier did not wait for it.
/// The tests compare the fastest of several connections with it, because a busy machine delays some.
const LINGER: Duration = Duration::from_secs(2);

/// The default of `limits.frame_bytes`.
const LIMIT: usize = 64 * 1024;

async fn a_protocol_violation_is_closed_with_its_code(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let unmasked = [&[TEXT, 2][..], b"{}"].concat();
    // A header up to the mask, and no payload.
    let announced = |length| [header(TEXT, length), vec![0; 4]].concat();
    let half = vec![b'x'; LIMIT / 2 + 1];
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        ("no mask", unmasked, 1002),
        ("a reserved bit", frame(TEXT | 0x40, b"{}"), 1002),
        ("another reserved bit", frame(TEXT | 0x20, b"{}"), 1002),
        ("a third reserved bit", frame(PING | 0x10, b""), 1002),
        ("an unknown kind", frame(0x83, b"{}"), 1002),
        ("an unknown control", frame(0x8B, b""), 1002),
        ("a fragmented ping", frame(0x09, b""), 1002),
        ("a ping that is too long", frame(PING, &[0; 126]), 1002),
        ("a close of one byte", frame(CLOSE, &[3]), 1002),
        ("a fragment without a beginning", frame(LAST_FRAGMENT, b"{}"), 1002),
        ("a text within a text", [frame(FIRST_FRAGMENT, b"{"), frame(TEXT, b"{}")].concat(), 1002),
        ("a text that is not UTF-8", frame(TEXT, b"\"\xC3\x28\""), 1007),
        ("an incomplete character", frame(TEXT, "ä".as_bytes()[..1].as_ref()), 1007),
        (
            "fragments that are not UTF-8",
            [frame(FIRST_FRAGMENT, b"\xF0\x9F"), frame(LAST_FRAGMENT, b"\x91")].concat(),
            1007,
        ),
        ("binary", frame(BINARY, b"{\"content\":\"x\"}"), 1003),
        ("empty binary", frame(BINARY, b""), 1003),
        ("too long", frame(TEXT, &vec![b'x'; LIMIT + 1]), 1009),
        ("too long, only announced", announced(LIMIT as u64 + 1), 1009),
        ("far too long, only announced", announced(1 << 40), 1009),
        ("the greatest length", announced((1 << 63) - 1), 1009),
        ("a length beyond the greatest", announced(u64::MAX), 1009),
        (
            "too long in fragments",
            [frame(FIRST_FRAGMENT, &half), frame(LAST_FRAGMENT, &half)].concat(),
            1009,
        ),
    ];
    let mut fastest = Duration::MAX;
    for (name, bytes, code) in cases {
        let mut raw = Raw::open(&server, &ann, &path(&ann, room, "")).await;
        raw.recv_type("synced").await;
        raw.write(&bytes).await;
        let frame = raw.recv().await;
        assert_eq!(frame.first, CLOSE, "{name}: {frame:?}");
        assert_eq!(close_code(&frame.payload), code, "{name}");
        let reason = std::str::from_utf8(&frame.payload[2..]).expect("a reason in UTF-8");
        assert!(!reason.is_empty(), "{name}");
        let answered = Instant::now();
        // The server may have ended the connection already.
        let _ = raw.writer.write_all(&close(code)).await;
        raw.ends().await;
        fastest = fastest.min(answered.elapsed());
    }
    assert!(fastest < LINGER, "{fastest:?}");
    ann.joins(room).await.says(room, "other clients are not affected", "1").await;
    assert_eq!(ann.history(room).await.len(), 1, "no invalid frame was stored");
}

async fn fragments_of_a_text_are_reassembled(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let mut raw = Raw::open(&server, &ann, &path(&ann, room, "")).await;
    raw.recv_type("synced").await;
    let content = "in fragments: ä 😀";
    let whole = json!({ "content": content }).to_string();
    let bytes = whole.as_bytes();
    let last = bytes.len() - 1;
    // Each fragment is one byte in a packet of its own: no fragment is a text by itself.
    raw.write(&frame(FIRST_FRAGMENT, &bytes[..1])).await;
    for byte in &bytes[1..last] {
        raw.write(&frame(MIDDLE_FRAGMENT, &[*byte])).await;
    }
    // Control frames may come between fragments, and fragments may be empty.
    raw.write(&frame(PING, b"between")).await;
    assert_eq!(raw.recv().await.first, PONG);
    raw.write(&frame(MIDDLE_FRAGMENT, b"")).await;
    raw.write(&frame(LAST_FRAGMENT, &bytes[last..])).await;
    assert_eq!(raw.recv_json().await["content"], content);
    // A whole frame, one byte per packet.
    for byte in text(&json!({ "content": "slowly" })) {
        raw.write(&[byte]).await;
    }
    assert_eq!(raw.recv_json().await["content"], "slowly");
}

async fn a_ping_is_answered_with_its_payload(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    for path in [path(&ann, room, ""), format!("/ws?token={}", ann.token)] {
        let mut raw = Raw::open(&server, &ann, &path).await;
        raw.write(&frame(PONG, b"nobody asked")).await;
        for payload in [&b""[..], b"x", b"\x00\xFF", &[7; 125]] {
            raw.write(&frame(PING, payload)).await;
            let pong = loop {
                let frame = raw.recv().await;
                if frame.first != TEXT {
                    break frame;
                }
            };
            assert_eq!((pong.first, &pong.payload[..]), (PONG, payload));
        }
    }
}

async fn a_close_is_answered_and_the_connection_ended_at_once(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let with_reason = [&1000_u16.to_be_bytes()[..], "tschüß".as_bytes()].concat();
    let mut fastest = Duration::MAX;
    for payload in [&[][..], &1000_u16.to_be_bytes(), &3999_u16.to_be_bytes(), &with_reason] {
        let mut raw = Raw::open(&server, &ann, &path(&ann, room, "")).await;
        raw.recv_type("synced").await;
        let asked = Instant::now();
        // The message before the close is still stored.
        raw.write(&[text(&json!({ "content": "last words" })), frame(CLOSE, payload)].concat())
            .await;
        assert_eq!(raw.recv_close().await, 1000, "{payload:?}");
        raw.ends().await;
        fastest = fastest.min(asked.elapsed());
    }
    assert!(fastest < LINGER, "{fastest:?}");
    // The four messages sent before the closes were stored.
    let path = format!("/rooms/{room}/messages");
    let last = ann.post(&path, json!({ "content": "the last" })).await.expect(201);
    assert_eq!(last["seq"], 5);
}

async fn a_client_that_disconnects_without_a_close_leaves_the_room(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let mut watcher = ann.joins(room).await;
    for how in ["half closed", "dropped", "in a frame"] {
        let mut raw = Raw::open(&server, &bo, &path(&bo, room, "")).await;
        raw.recv_type("synced").await;
        watcher.recv_type("user_joined").await;
        match how {
            "half closed" => raw.writer.shutdown().await.expect("shutdown"),
            "in a frame" => raw.write(&header(TEXT, 100)).await,
            _ => {}
        }
        if how == "half closed" {
            raw.ends().await;
        }
        drop(raw);
        watcher.recv_type("user_left").await;
    }
}

async fn a_message_at_the_frame_limit_is_accepted(database: Database) {
    let limits =
        [("CHATAPP_LIMITS__FRAME_BYTES", "1000"), ("CHATAPP_LIMITS__MESSAGE_CHARS", "2000")];
    let builder = limits
        .into_iter()
        .fold(Server::with(database), |builder, (name, value)| builder.env(name, value));
    let (server, ann, room) = room_on(builder).await;
    let of_length = |length: usize| {
        let rest = json!({ "content": "" }).to_string().len();
        json!({ "content": "x".repeat(length - rest) }).to_string().into_bytes()
    };
    let mut raw = Raw::open(&server, &ann, &path(&ann, room, "")).await;
    raw.write(&frame(TEXT, &of_length(1000))).await;
    raw.recv_type("message").await;
    let pieces = of_length(1000);
    raw.write(&frame(FIRST_FRAGMENT, &pieces[..500])).await;
    raw.write(&frame(LAST_FRAGMENT, &pieces[500..])).await;
    raw.recv_type("message").await;
    raw.write(&frame(TEXT, &of_length(1001))).await;
    assert_eq!(raw.recv_close().await, 1009);
}

/// Such a client can neither keep its connection nor keep a thread of the server busy.
async fn a_client_that_keeps_sending_after_the_close_is_disconnected(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let (room, no_token) = (path(&ann, room, ""), format!("/ws/{room}"));
    let binary = frame(BINARY, b"");
    let text = frame(TEXT, b"{\"content\":\"x\"}");
    let text_begins = [binary.clone(), frame(FIRST_FRAGMENT, b"")].concat();
    let (piece, unknown) = (frame(MIDDLE_FRAGMENT, b""), frame(0x83, b""));
    // All run concurrently, because the server waits for each of them.
    tokio::join!(
        flood_after(&server, &ann, &room, &binary, &text, 1003),
        flood_after(&server, &ann, &room, &text_begins, &piece, 1003),
        flood_after(&server, &ann, &room, &unknown, &[0xFF], 1002),
        flood_after(&server, &ann, &no_token, b"", &text, 4401),
    );
    ann.get("/rooms/").await.expect(200);
}

/// Sends `first`, then `flood` without end and without a close; the server ends the connection after
/// its own close.
async fn flood_after(
    server: &Server,
    client: &Client,
    path: &str,
    first: &[u8],
    flood: &[u8],
    code: u16,
) {
    let mut raw = Raw::open(server, client, path).await;
    raw.write(first).await;
    let flood = flood.repeat(1 + 200_000 / flood.len());
    let writer = &mut raw.writer;
    let reader = &mut raw.reader;
    let flooding = async { while writer.write_all(&flood).await.is_ok() {} };
    let reading = async {
        loop {
            match reader.recv().await {
                frame if frame.first == CLOSE => {
                    break assert_eq!(close_code(&frame.payload), code);
                }
                _ => {}
            }
        }
    };
    let both = async { tokio::join!(flooding, reading) };
    tokio::time::timeout(DEADLINE, both).await.expect("the server ends the connection");
}
