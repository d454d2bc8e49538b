//! Clients that are slow, silent or gone do not affect other clients.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::common::{epoch, path, room_on, say_many, seqs, types};
use crate::raw::{CLOSE, Frame, PING, PONG, Raw, TEXT, close_code, frame, text};
use crate::support::{DEADLINE, Database, Server, Socket, on_both_databases};

on_both_databases!(
    a_silent_client_is_pinged_then_closed,
    a_client_that_answers_pings_or_sends_frames_stays_connected,
    readers_that_stop_reading_are_closed_and_can_resume,
    a_reader_that_pauses_gets_everything_in_order,
);

/// Far longer than the server needs to close a stalled client. Once this took more than ten seconds, for a
/// reason that was not found.
const PATIENCE: Duration = Duration::from_secs(60);

async fn a_silent_client_is_pinged_then_closed(database: Database) {
    let builder = Server::with(database).env("CHATAPP_LIMITS__PING_SECONDS", "1");
    let (server, ann, room) = room_on(builder).await;
    let bo = server.user("bo").await;
    let watcher = ann.joins(room).await;
    let silence = async {
        for path in [path(&bo, room, ""), format!("/ws?token={}", bo.token)] {
            let mut raw = Raw::open(&server, &bo, &path).await;
            let ping = loop {
                let frame = raw.recv().await;
                if frame.first != TEXT {
                    break frame;
                }
            };
            assert_eq!(ping.first, PING, "{ping:?}");
            assert_eq!(raw.recv_close().await, 4408);
            // The client does not answer the close either, and the connection ends nevertheless.
            raw.ends().await;
        }
    };
    // By reading, the watcher answers the pings that it gets itself.
    let (frames, ()) = tokio::join!(read_until_left(watcher, 0), silence);
    assert_eq!(types(&frames), ["user_joined", "user_left"]);
}

async fn a_client_that_answers_pings_or_sends_frames_stays_connected(database: Database) {
    let builder = Server::with(database).env("CHATAPP_LIMITS__PING_SECONDS", "1");
    let (server, ann, room) = room_on(builder).await;
    let mut quiet = Raw::open(&server, &ann, &path(&ann, room, "")).await;
    let mut talker = Raw::open(&server, &ann, &format!("/ws?token={}", ann.token)).await;
    // Five pings are more than twice the time that a silent client has.
    let mut pings = 0;
    while pings < 5 {
        let frame = quiet.recv().await;
        match frame.first {
            TEXT => continue,
            PING => pings += 1,
            _ => panic!("{frame:?}"),
        }
        quiet.write(&crate::raw::frame(PONG, &frame.payload)).await;
        talker.write(&text(&json!({ "type": "ping" }))).await;
    }
    quiet.write(&text(&json!({ "content": "still here" }))).await;
    loop {
        let frame = quiet.recv().await;
        if frame.first == TEXT && String::from_utf8_lossy(&frame.payload).contains("still here") {
            break;
        }
    }
    talker.write(&frame(PING, b"still here too")).await;
    loop {
        let frame = talker.recv().await;
        match frame.first {
            TEXT | PING => {}
            PONG => break assert_eq!(frame.payload, b"still here too"),
            _ => panic!("{frame:?}"),
        }
    }
}

/// Long messages, so that few of them are more than the system buffers.
fn long_content(n: i64) -> String {
    format!("{n} {}", "x".repeat(3_990))
}

/// While some clients read nothing, another receives everything. The memory of the server does not grow
/// by the unread messages, and the stalled clients receive them later.
async fn readers_that_stop_reading_are_closed_and_can_resume(database: Database) {
    const MESSAGES: i64 = 2_500;
    const STALLED: usize = 12;
    /// 2,500 messages of 4 KB for twelve readers are 120 MB.
    const GROWTH_KIB: u64 = 32 * 1024;
    let builder = Server::with(database).env("CHATAPP_LIMITS__STALL_SECONDS", "3");
    let (server, ann, room) = room_on(builder).await;
    let (bo, cy) = (server.user("bo").await, server.user("cy").await);
    let mut speaker = ann.joins(room).await;
    // The memory that the server needs for any busy room is not counted as growth.
    say_many(&mut speaker, room, 1..=300, long_content).await;
    let reader = bo.joins(room).await;
    let epoch = epoch(&reader).to_owned();
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        stalled.push(Raw::open_narrow(&server, &cy, &path(&cy, room, "&since=300")).await);
    }
    let before = memory_kib(&server, "VmRSS");

    let head = 300 + MESSAGES;
    let flood = async {
        say_many(&mut speaker, room, 301..=head, long_content).await;
        memory_kib(&server, "VmHWM").saturating_sub(before)
    };
    // The healthy reader continues until all stalled readers are closed.
    let (received, grown) = tokio::join!(read_until_left(reader, MESSAGES as usize), flood);
    assert!(grown < GROWTH_KIB, "the server's memory grew by {grown} KiB");
    let all = (301..=head).collect::<Vec<_>>();
    assert_eq!(seqs(&received), all, "a healthy reader receives everything in order");
    for (n, mut raw) in stalled.into_iter().enumerate() {
        let (got, code) = read_to_the_end(&mut raw).await;
        let last = 300 + got.len() as i64;
        assert_eq!(
            got,
            (301..=last).collect::<Vec<_>>(),
            "reader {n}: the received messages have no gap"
        );
        assert!(last < head, "reader {n} was not slow");
        assert!(matches!(code, None | Some(4408)), "reader {n}: closed with {code:?}");
        if n % 4 == 0 {
            let resumed = cy.resumes(room, last, &epoch).await;
            assert_eq!(seqs(&resumed.welcome), (last + 1..=head).collect::<Vec<_>>(), "reader {n}");
        }
    }
}

/// The pauses are too short for a close: the reader continues where it was, from the database.
async fn a_reader_that_pauses_gets_everything_in_order(database: Database) {
    const MESSAGES: i64 = 400;
    let (server, ann, room) = room_on(Server::with(database)).await;
    let bo = server.user("bo").await;
    let mut speaker = ann.joins(room).await;
    let mut raw = Raw::open_narrow(&server, &bo, &path(&bo, room, "")).await;
    raw.recv_type("synced").await;
    let mut next = 1;
    for pause in 1..=4 {
        let until = pause * MESSAGES / 4;
        say_many(&mut speaker, room, next..=until, long_content).await;
        // The reader reads nothing, but it sends.
        raw.write(&text(&json!({ "type": "ping", "ref": pause.to_string() }))).await;
        next = until + 1;
    }
    let mut pongs = 0;
    let mut seqs = Vec::new();
    while seqs.len() < MESSAGES as usize || pongs < 4 {
        let frame = raw.recv_json().await;
        match frame["type"].as_str() {
            Some("message") => seqs.push(frame["seq"].as_i64().expect("seq")),
            Some("pong") => pongs += 1,
            Some("user_joined" | "active_users") => {}
            _ => panic!("{frame}"),
        }
    }
    assert_eq!(seqs, (1..=MESSAGES).collect::<Vec<_>>());
    speaker.says(room, "live again", "live").await;
    assert_eq!(raw.recv_type("message").await["content"], "live again");
}

/// Reads until this many messages and a `user_left` have come; returns all frames.
async fn read_until_left(mut socket: Socket, messages: usize) -> Vec<Value> {
    let (mut frames, mut received, mut has_left) = (Vec::new(), 0, false);
    while received < messages || !has_left {
        let next = timeout(PATIENCE, socket.try_recv()).await;
        let frame = next
            .unwrap_or_else(|_| {
                panic!("after {received} messages (left: {has_left}), nothing came")
            })
            .unwrap_or_else(|closed| panic!("after {received} messages the socket was {closed}"));
        received += usize::from(frame["type"] == "message");
        has_left |= frame["type"] == "user_left";
        frames.push(frame);
    }
    frames
}

/// The `seq`s of the messages that are still to be read, and the close code if there is one.
async fn read_to_the_end(raw: &mut Raw) -> (Vec<i64>, Option<u16>) {
    let mut seqs = Vec::new();
    loop {
        match timeout(DEADLINE, raw.reader.try_recv()).await.expect("the end") {
            Some(Frame { first: TEXT, payload }) => {
                let frame: Value = serde_json::from_slice(&payload).expect("a whole frame");
                if frame["type"] == "message" {
                    seqs.push(frame["seq"].as_i64().expect("seq"));
                }
            }
            Some(Frame { first: CLOSE, payload }) => return (seqs, Some(close_code(&payload))),
            Some(frame) => panic!("{frame:?}"),
            None => return (seqs, None),
        }
    }
}

/// A line of `/proc/PID/status`: `VmRSS`, the resident memory of the process, or `VmHWM`, its maximum.
fn memory_kib(server: &Server, name: &str) -> u64 {
    let path = format!("/proc/{}/status", server.pid());
    let status = std::fs::read_to_string(path).expect("the server runs, on Linux");
    let values: HashMap<&str, &str> =
        status.lines().filter_map(|line| line.split_once(':')).collect();
    let value = values[name].trim().strip_suffix(" kB").expect("kB");
    value.parse().expect("a number")
}
