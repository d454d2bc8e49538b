//! The cases of the Autobahn test suite for servers
//! (<https://github.com/crossbario/autobahn-testsuite>, groups 1 to 7 and 9) as bytes on a socket. This
//! server does not echo: the delivery of a message shows that it was accepted. Two results differ from
//! the suite: binary messages are refused (1003), and a client's close with any valid code is answered
//! with 1000 (RFC 6455 §5.5.1 allows this).

use crate::common::{path, room_on};
use crate::raw::{
    BINARY, CLOSE, FIRST_FRAGMENT, Frame, LAST_FRAGMENT, MIDDLE_FRAGMENT, PING, PONG, Raw, TEXT,
    close, close_code, frame,
};
use crate::support::{Client, Database, Server};
use serde_json::json;
use tokio::io::AsyncWriteExt;

/// An expected answer to the bytes of a case. The answers must come in this order, without any other.
#[derive(Debug, PartialEq, Eq)]
enum Expect {
    /// The message with this content.
    Message(String),
    /// An `error` frame: a valid WebSocket message that the chat refuses.
    Error,
    Pong(Vec<u8>),
    /// A close with one of these codes, and the end of the connection.
    Close(&'static [u16]),
}

use Expect::{Close, Error, Message, Pong};

struct Case {
    /// The number in the suite.
    number: String,
    bytes: Vec<u8>,
    expected: Vec<Expect>,
    /// Whether to send one byte per packet.
    is_chopped: bool,
}

fn case(number: impl ToString, frames: &[Vec<u8>], expected: Vec<Expect>) -> Case {
    Case { number: number.to_string(), bytes: frames.concat(), expected, is_chopped: false }
}

fn chopped(number: impl ToString, frames: &[Vec<u8>], expected: Vec<Expect>) -> Case {
    Case { is_chopped: true, ..case(number, frames, expected) }
}

fn message(content: &str) -> Expect {
    Message(content.to_owned())
}

fn message_json(content: &str) -> Vec<u8> {
    json!({ "content": content }).to_string().into_bytes()
}

/// A message of exactly `length` bytes: JSON may be followed by spaces.
fn message_json_of_length(content: &str, length: usize) -> Vec<u8> {
    let mut text = message_json(content);
    text.resize(length, b' ');
    text
}

fn text(content: &str) -> Vec<u8> {
    frame(TEXT, &message_json(content))
}

/// A text in fragments of `length` bytes.
fn in_pieces(text: &[u8], length: usize) -> Vec<Vec<u8>> {
    let last = text.chunks(length).count() - 1;
    let first = |n| if n == 0 { TEXT } else { MIDDLE_FRAGMENT } & 0x0F;
    let is_last = |n| if n == last { LAST_FRAGMENT } else { 0 };
    text.chunks(length).enumerate().map(|(n, piece)| frame(first(n) | is_last(n), piece)).collect()
}

/// Sends each case on a connection of its own and compares the answers.
async fn check(server: &Server, ann: &Client, room: i64, cases: Vec<Case>) {
    for case in cases {
        let number = &case.number;
        let mut raw = Raw::open(server, ann, &path(ann, room, "")).await;
        raw.recv_type("synced").await;
        // Writes may fail, because the server may end the connection before it has received everything.
        if case.is_chopped {
            for byte in case.bytes {
                let _ = raw.writer.write_all(&[byte]).await;
            }
        } else {
            let _ = raw.writer.write_all(&case.bytes).await;
        }
        let is_closed = matches!(case.expected.last(), Some(Close(_)));
        for expected in case.expected {
            let got = next(&mut raw).await;
            match (&expected, &got) {
                (Close(codes), Got::Close(code)) if codes.contains(code) => {}
                (Message(content), Got::Message(got)) if content == got => {}
                (Pong(payload), Got::Pong(got)) if payload == got => {}
                (Error, Got::Error) => {}
                _ => panic!("case {number}: expected {expected:?}, got {got:?}"),
            }
        }
        if is_closed {
            let _ = raw.writer.write_all(&close(1000)).await;
        } else {
            // There is no other answer, and the connection still works.
            raw.write(&[frame(PING, b"well"), close(1000)].concat()).await;
            let got = next(&mut raw).await;
            assert!(matches!(&got, Got::Pong(payload) if payload == b"well"), "{number}: {got:?}");
            let got = next(&mut raw).await;
            assert!(matches!(got, Got::Close(1000)), "case {number}: {got:?}");
        }
        raw.ends().await;
    }
}

#[derive(Debug)]
enum Got {
    Message(String),
    Error,
    Pong(Vec<u8>),
    Close(u16),
}

/// The next frame that a case may expect; frames about other users in the room are skipped.
async fn next(raw: &mut Raw) -> Got {
    loop {
        let Frame { first, payload } = raw.recv().await;
        match first {
            PONG => return Got::Pong(payload),
            CLOSE => return Got::Close(close_code(&payload)),
            TEXT => {
                let frame: serde_json::Value = serde_json::from_slice(&payload).expect("JSON");
                match frame["type"].as_str() {
                    Some("message") => {
                        return Got::Message(
                            frame["content"].as_str().expect("content").to_owned(),
                        );
                    }
                    Some("error") => return Got::Error,
                    _ => {}
                }
            }
            _ => panic!("{first:x}: {payload:?}"),
        }
    }
}

async fn run(cases: Vec<Case>) {
    let (server, ann, room) = room_on(Server::with(Database::Sqlite)).await;
    check(&server, &ann, room, cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn group_1_framing() {
    let mut cases = vec![case("1.1.1", &[frame(TEXT, b"")], vec![Error])];
    for (n, length) in [125, 126, 127, 128, 65_535, 65_536].into_iter().enumerate() {
        let number = format!("1.1.{}", n + 2);
        cases.push(case(
            number,
            &[frame(TEXT, &message_json_of_length("x", length))],
            vec![message("x")],
        ));
    }
    for (n, length) in [997, 1_000, 1_460].into_iter().enumerate() {
        let number = format!("1.1.8, chop {n}");
        cases.push(chopped(
            number,
            &[frame(TEXT, &message_json_of_length("x", length))],
            vec![message("x")],
        ));
    }
    for (n, length) in [0, 125, 126, 127, 128, 65_535, 65_536].into_iter().enumerate() {
        let number = format!("1.2.{}", n + 1);
        cases.push(case(number, &[frame(BINARY, &vec![0xFE; length])], vec![Close(&[1003])]));
    }
    run(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn group_2_pings_and_pongs() {
    let pong = |payload: &[u8]| Pong(payload.to_vec());
    let ping = |payload: &[u8]| frame(PING, payload);
    let binary = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff";
    let numbered = |n: u8| format!("payload-{n}").into_bytes();
    let ten: Vec<_> = (0..10).map(|n| ping(&numbered(n))).collect();
    let ten_pongs = || (0..10).map(|n| Pong(numbered(n))).collect();
    run(vec![
        case("2.1", &[ping(b"")], vec![pong(b"")]),
        case("2.2", &[ping(b"Hello, world!")], vec![pong(b"Hello, world!")]),
        case("2.3", &[ping(binary)], vec![pong(binary)]),
        case("2.4", &[ping(&[0xFE; 125])], vec![pong(&[0xFE; 125])]),
        case("2.5", &[ping(&[0xFE; 126])], vec![Close(&[1002])]),
        chopped("2.6", &[ping(&[0xFE; 125])], vec![pong(&[0xFE; 125])]),
        case("2.7", &[frame(PONG, b"")], vec![]),
        case("2.8", &[frame(PONG, b"unsolicited")], vec![]),
        case("2.9", &[frame(PONG, b"unsolicited"), ping(b"payload")], vec![pong(b"payload")]),
        case("2.10", &ten, ten_pongs()),
        chopped("2.11", &ten, ten_pongs()),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn group_3_reserved_bits() {
    let mut cases = Vec::new();
    for bits in 1..=7 {
        for (kind, payload) in [(TEXT, message_json("no")), (PING, vec![]), (CLOSE, vec![3, 232])] {
            let broken = frame(kind | bits << 4, &payload);
            let number = format!("3.{bits}, {kind:x}");
            let then_ping = [broken, frame(PING, b"")];
            cases.push(case(&number, &then_ping, vec![Close(&[1002])]));
            cases.push(chopped(&number, &then_ping, vec![Close(&[1002])]));
        }
    }
    run(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn group_4_opcodes() {
    let mut cases = Vec::new();
    for opcode in (3..=7).chain(11..=15) {
        for payload in [&b""[..], b"reserved opcode payload"] {
            let broken = frame(LAST_FRAGMENT | opcode, payload);
            let number = format!("4.{opcode}, {} bytes", payload.len());
            let then_ping = [broken.clone(), frame(PING, b"")];
            cases.push(case(&number, &then_ping, vec![Close(&[1002])]));
            cases.push(chopped(&number, &then_ping, vec![Close(&[1002])]));
        }
    }
    run(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn group_5_fragmentation() {
    let text_of = message_json("fragment1fragment2");
    let (one, two) = text_of.split_at(20);
    let begins = || frame(FIRST_FRAGMENT, one);
    let ends = || frame(LAST_FRAGMENT, two);
    let ping = |n: u8| frame(PING, &[n]);
    let pong = |n: u8| Pong(vec![n]);
    let whole = || message("fragment1fragment2");
    let broken = || vec![Close(&[1002])];
    let (piece, last_piece) = (frame(MIDDLE_FRAGMENT, b"stray"), frame(LAST_FRAGMENT, b"stray"));
    let mut cases = vec![
        case("5.1", &[frame(PING & 0x0F, b"one"), frame(LAST_FRAGMENT, b"two")], broken()),
        case("5.2", &[frame(PONG & 0x0F, b"one"), frame(LAST_FRAGMENT, b"two")], broken()),
        case("5.3", &[begins(), ends()], vec![whole()]),
        chopped("5.5", &[begins(), ends()], vec![whole()]),
        case("5.6", &[begins(), ping(1), ends()], vec![pong(1), whole()]),
        chopped("5.8", &[begins(), ping(1), ends()], vec![pong(1), whole()]),
    ];
    for (number, stray) in [("5.9", &last_piece), ("5.12", &piece)] {
        let frames = [stray.clone(), text("after")];
        cases.push(case(number, &frames, broken()));
        cases.push(chopped(format!("{number}, chopped"), &frames, broken()));
        let after_ping = [ping(1), stray.clone()];
        cases.push(case(
            format!("{number}, after a ping"),
            &after_ping,
            vec![pong(1), Close(&[1002])],
        ));
    }
    cases.push(case("5.16", &[piece, begins(), ends()], broken()));
    cases.push(case("5.17", &[frame(LAST_FRAGMENT, b""), begins(), ends()], broken()));
    cases.push(case("5.18", &[begins(), frame(TEXT, two)], broken()));
    let pieces = in_pieces(&text_of, 7);
    let mut with_pings = Vec::new();
    let mut expected = Vec::new();
    for (n, piece) in pieces.iter().enumerate() {
        with_pings.extend([piece.clone(), ping(n as u8)]);
        expected.push(pong(n as u8));
    }
    // The last ping's pong and the message come in either order: the message has to be stored.
    with_pings.pop();
    expected.pop();
    expected.push(whole());
    cases.push(chopped("5.20", &with_pings, expected));
    run(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn group_6_text_is_utf_8() {
    let quoted = |bytes: &[u8]| [&b"{\"content\":\"a"[..], bytes, b"z\"}"].concat();
    let mut cases = Vec::new();
    let valid: &[&[u8]] = &[
        "κόσμε".as_bytes(),
        "Hello-µ@ßöäüàá-UTF-8!!".as_bytes(),
        // The first and the last character of each length, and the neighbours of the surrogates.
        b"\xC2\x80",
        b"\xDF\xBF",
        b"\xE0\xA0\x80",
        b"\xEF\xBF\xBD",
        b"\xEF\xBF\xBF",
        b"\xF0\x90\x80\x80",
        b"\xF4\x8F\xBF\xBF",
        b"\xED\x9F\xBF",
        b"\xEE\x80\x80",
        // Noncharacters are valid in UTF-8.
        b"\xEF\xBF\xBE",
        b"\xF0\x9F\xBF\xBE",
        b"\xF4\x8F\xBF\xBE",
    ];
    for (n, bytes) in valid.iter().enumerate() {
        let content = format!("a{}z", std::str::from_utf8(bytes).expect("valid"));
        let text = quoted(bytes);
        let number = format!("6.2, valid {n}");
        cases.push(case(&number, &[frame(TEXT, &text)], vec![message(&content)]));
        cases.push(case(&number, &in_pieces(&text, 1), vec![message(&content)]));
        cases.push(chopped(&number, &[frame(TEXT, &text)], vec![message(&content)]));
    }
    let invalid: &[&[u8]] = &[
        // Surrogates, and a pair of them.
        b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80edited",
        b"\xED\xAF\xBF\xED\xBF\xBF",
        b"\xED\xA0\x80",
        b"\xED\xBF\xBF",
        // Beyond U+10FFFF.
        b"\xF4\x90\x80\x80",
        b"\xF7\xBF\xBF\xBF",
        b"\xF8\x88\x80\x80\x80",
        b"\xFB\xBF\xBF\xBF\xBF",
        b"\xFC\x84\x80\x80\x80\x80",
        b"\xFD\xBF\xBF\xBF\xBF\xBF",
        // Continuation bytes without a first byte.
        b"\x80",
        b"\xBF",
        b"\x80\xBF\x80\xBF\x80\xBF",
        // First bytes without their continuation.
        b"\xC0 \xC1 \xC2 ",
        b"\xE0 \xE1 ",
        b"\xF0 \xF1 ",
        b"\xE0\x80",
        b"\xF0\x80\x80",
        b"\xEF\xBF",
        // Bytes that never occur in UTF-8.
        b"\xFE",
        b"\xFF",
        b"\xFE\xFE\xFF\xFF",
        // Overlong forms.
        b"\xC0\xAF",
        b"\xE0\x80\xAF",
        b"\xF0\x80\x80\xAF",
        b"\xF8\x80\x80\x80\xAF",
        b"\xC1\xBF",
        b"\xE0\x9F\xBF",
        b"\xF0\x8F\xBF\xBF",
        b"\xC0\x80",
    ];
    for (n, bytes) in invalid.iter().enumerate() {
        let text = quoted(bytes);
        let number = format!("6.3, invalid {n}");
        cases.push(case(&number, &[frame(TEXT, &text)], vec![Close(&[1007])]));
        cases.push(case(&number, &in_pieces(&text, 1), vec![Close(&[1007])]));
        cases.push(chopped(&number, &[frame(TEXT, &text)], vec![Close(&[1007])]));
    }
    // 6.4: invalid UTF-8 in the first fragment is refused before the last fragment has come.
    let begun = frame(FIRST_FRAGMENT, &quoted(b"\xF4\x90\x80\x80"));
    cases.push(case("6.4.1", &[begun], vec![Close(&[1007])]));
    run(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn group_7_closing() {
    let closed = || vec![Close(&[1000])];
    let with = |code: u16, reason: &[u8]| frame(CLOSE, &[&code.to_be_bytes()[..], reason].concat());
    let mut cases = vec![
        case("7.1.2", &[close(1000), close(1000)], closed()),
        case("7.1.3", &[close(1000), frame(PING, b"")], closed()),
        case("7.1.4", &[close(1000), text("late")], closed()),
        case(
            "7.1.5",
            &[frame(FIRST_FRAGMENT, b"{"), close(1000), frame(LAST_FRAGMENT, b"}")],
            closed(),
        ),
        case("7.3.1", &[frame(CLOSE, b"")], closed()),
        case("7.3.2", &[frame(CLOSE, b"a")], vec![Close(&[1002])]),
        case("7.3.3", &[close(1000)], closed()),
        case("7.3.4", &[with(1000, b"Hello World!")], closed()),
        case("7.3.5", &[with(1000, &[b'*'; 123])], closed()),
        case("7.3.6", &[with(1000, &[b'*'; 124])], vec![Close(&[1002])]),
        case("7.5.1", &[with(1000, b"\xCE\xBA\xED\xA0\x80")], vec![Close(&[1007, 1002])]),
    ];
    for code in [1000, 1001, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        cases.push(case(format!("7.7, {code}"), &[close(code)], closed()));
    }
    cases.push(case("7.7, 1002", &[close(1002)], vec![Close(&[1000, 1002])]));
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999] {
        let name = format!("7.9, {code}");
        cases.push(case(&name, &[close(code)], vec![Close(&[1002])]));
        cases.push(case(&name, &[with(code, b"a reason")], vec![Close(&[1002])]));
    }
    for code in [5000, 65_535] {
        cases.push(case(format!("7.13, {code}"), &[close(code)], vec![Close(&[1002])]));
    }
    run(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn group_9_large_messages() {
    const MIB: usize = 1024 * 1024;
    let server =
        Server::with(Database::Sqlite).env("CHATAPP_LIMITS__FRAME_BYTES", &(4 * MIB).to_string());
    let (server, ann, room) = room_on(server).await;
    let mut cases = Vec::new();
    for length in [MIB / 16, MIB / 4, MIB, 4 * MIB] {
        let text = message_json_of_length("large", length);
        cases.push(case(format!("9.1, {length}"), &[frame(TEXT, &text)], vec![message("large")]));
    }
    for piece in [64, 1_024, 16 * 1_024, MIB] {
        let text = message_json_of_length("in pieces", MIB);
        let number = format!("9.3, pieces of {piece}");
        cases.push(case(number, &in_pieces(&text, piece), vec![message("in pieces")]));
    }
    let text = message_json_of_length("chopped", 64 * 1024);
    cases.push(chopped("9.5", &[frame(TEXT, &text)], vec![message("chopped")]));
    for length in [32, 64, 256, 1_024] {
        let many: Vec<_> = (0..200)
            .map(|n| frame(TEXT, &message_json_of_length(&n.to_string(), length)))
            .collect();
        let expected = (0..200).map(|n| message(&n.to_string())).collect();
        cases.push(case(format!("9.7, {length}"), &many, expected));
    }
    check(&server, &ann, room, cases).await;
}
