//! RFC 6455 on the wire, by a client that does as it likes.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::common::{path, room_on, server_with_room};
use crate::raw::{
    BINARY, CLOSE, ENDS, GOES_ON, PING, PONG, Raw, TEXT, TEXT_BEGINS, close, close_code, frame,
    header, text,
};
use crate::support::{Client, DEADLINE, Database, Server, on_both_databases};

on_both_databases!(
    what_breaks_the_protocol_is_closed_with_its_code,
    pieces_of_a_text_are_put_together,
    a_ping_is_answered_with_its_payload,
    a_close_is_answered_and_the_connection_ended_at_once,
    a_client_that_just_ends_is_forgotten,
    a_message_at_the_limit_of_a_frame_is_taken,
    a_client_that_goes_on_after_it_was_closed_is_cut_off,
);

/// How long the server waits for a client to close too. A connection that ends earlier did not wait for that.
/// The tests compare the fastest of several connections with it, for a busy machine delays some.
const LINGER: Duration = Duration::from_secs(2);

/// The default of `limits.frame_bytes`.
const LIMIT: usize = 64 * 1024;

async fn what_breaks_the_protocol_is_closed_with_its_code(database: Database) {
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
        ("a ping in pieces", frame(0x09, b""), 1002),
        ("a ping that is too long", frame(PING, &[0; 126]), 1002),
        ("a close of one byte", frame(CLOSE, &[3]), 1002),
        ("a piece of nothing", frame(ENDS, b"{}"), 1002),
        ("a text within a text", [frame(TEXT_BEGINS, b"{"), frame(TEXT, b"{}")].concat(), 1002),
        ("a text that is none", frame(TEXT, b"\"\xC3\x28\""), 1007),
        ("a character that is cut", frame(TEXT, "ä".as_bytes()[..1].as_ref()), 1007),
        (
            "pieces that are no text",
            [frame(TEXT_BEGINS, b"\xF0\x9F"), frame(ENDS, b"\x91")].concat(),
            1007,
        ),
        ("binary", frame(BINARY, b"{\"content\":\"x\"}"), 1003),
        ("empty binary", frame(BINARY, b""), 1003),
        ("too long", frame(TEXT, &vec![b'x'; LIMIT + 1]), 1009),
        ("too long, only announced", announced(LIMIT as u64 + 1), 1009),
        ("far too long, only announced", announced(1 << 40), 1009),
        ("as long as can be", announced((1 << 63) - 1), 1009),
        ("longer than can be", announced(u64::MAX), 1009),
        ("too long in pieces", [frame(TEXT_BEGINS, &half), frame(ENDS, &half)].concat(), 1009),
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
    ann.joins(room).await.says(room, "nobody else was harmed", "1").await;
    assert_eq!(ann.history(room).await.len(), 1, "nothing of all that was stored");
}

async fn pieces_of_a_text_are_put_together(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let mut raw = Raw::open(&server, &ann, &path(&ann, room, "")).await;
    raw.recv_type("synced").await;
    let content = "in pieces: ä 😀";
    let whole = json!({ "content": content }).to_string();
    let bytes = whole.as_bytes();
    let last = bytes.len() - 1;
    // One byte a piece, and each in a packet of its own: no piece is a text by itself.
    raw.write(&frame(TEXT_BEGINS, &bytes[..1])).await;
    for byte in &bytes[1..last] {
        raw.write(&frame(GOES_ON, &[*byte])).await;
    }
    // Controls may come between the pieces, and pieces may be empty.
    raw.write(&frame(PING, b"between")).await;
    assert_eq!(raw.recv().await.first, PONG);
    raw.write(&frame(GOES_ON, b"")).await;
    raw.write(&frame(ENDS, &bytes[last..])).await;
    assert_eq!(raw.recv_json().await["content"], content);
    // A whole frame, one byte a packet.
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
        // What was sent before it counts.
        raw.write(&[text(&json!({ "content": "last words" })), frame(CLOSE, payload)].concat())
            .await;
        assert_eq!(raw.recv_close().await, 1000, "{payload:?}");
        raw.ends().await;
        fastest = fastest.min(asked.elapsed());
    }
    assert!(fastest < LINGER, "{fastest:?}");
    // Stored after what was queued before.
    let path = format!("/rooms/{room}/messages");
    let last = ann.post(&path, json!({ "content": "the last" })).await.expect(201);
    assert_eq!(last["seq"], 5);
}

async fn a_client_that_just_ends_is_forgotten(database: Database) {
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

async fn a_message_at_the_limit_of_a_frame_is_taken(database: Database) {
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
    raw.write(&frame(TEXT_BEGINS, &pieces[..500])).await;
    raw.write(&frame(ENDS, &pieces[500..])).await;
    raw.recv_type("message").await;
    raw.write(&frame(TEXT, &of_length(1001))).await;
    assert_eq!(raw.recv_close().await, 1009);
}

/// It can neither keep its connection nor keep a thread of the server busy.
async fn a_client_that_goes_on_after_it_was_closed_is_cut_off(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let (room, no_token) = (path(&ann, room, ""), format!("/ws/{room}"));
    let binary = frame(BINARY, b"");
    let text = frame(TEXT, b"{\"content\":\"x\"}");
    let text_begins = [binary.clone(), frame(TEXT_BEGINS, b"")].concat();
    let (piece, unknown) = (frame(GOES_ON, b""), frame(0x83, b""));
    // All at once: the server has to wait for each.
    tokio::join!(
        flood_after(&server, &ann, &room, &binary, &text, 1003),
        flood_after(&server, &ann, &room, &text_begins, &piece, 1003),
        flood_after(&server, &ann, &room, &unknown, &[0xFF], 1002),
        flood_after(&server, &ann, &no_token, b"", &text, 4401),
    );
    ann.get("/rooms/").await.expect(200);
}

/// Sends `first`, then `flood` without end, never closing; the server ends the connection after its close.
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
    tokio::time::timeout(DEADLINE, both).await.expect("the server ends it");
}
