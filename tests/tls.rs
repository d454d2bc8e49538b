//! TLS from certificate files: the real binary, HTTP and WebSocket over TLS, renewed files, and clients
//! that do not complete the handshake. (With `CHATAPP_TEST_TLS=1` the other tests run over TLS too;
//! `tests/hub.rs` splits TLS records at any place.)

use std::path::Path;
use std::process::Output;

use crate::support::{Client, DEADLINE, Database, Identity, Server, connector, server_name};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

type Encrypted = TlsStream<TcpStream>;

/// A server with this certificate, its admin and a room.
async fn server_with_room(identity: &Identity) -> (Server, Client, i64) {
    let server = Server::with(Database::Sqlite).encrypted_as(identity).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    (server, ann, room)
}

async fn connect(server: &Server, identity: &Identity) -> Encrypted {
    let tcp = TcpStream::connect(server.own_address()).await.expect("connect");
    let tls = connector(identity, &[]).connect(server_name(), tcp).await;
    tls.expect("the certificate is the one expected")
}

/// Opens a room's socket directly on a TLS connection, without the tunnel of the test harness, and waits until it is
/// live.
async fn join(tls: Encrypted, ann: &Client, room: i64) -> WebSocketStream<Encrypted> {
    let url = format!("ws://localhost/ws/{room}?token={}", ann.token);
    let mut socket = client_async(url, tls).await.expect("a socket").0;
    frame_of_type(&mut socket, "synced").await;
    socket
}

/// The next frame of this type; others are skipped.
async fn frame_of_type(socket: &mut WebSocketStream<Encrypted>, kind: &str) -> Value {
    loop {
        let frame = timeout(DEADLINE, socket.next()).await.expect("a frame").expect("no end");
        let Message::Text(text) = frame.expect("a frame") else { continue };
        let frame: Value = serde_json::from_str(&text).expect("JSON");
        if frame["type"] == kind {
            return frame;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_works_over_both_tls_versions() {
    let identity = Identity::new();
    let (server, ..) = server_with_room(&identity).await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let tcp = TcpStream::connect(server.own_address()).await.expect("connect");
        let connector = connector(&identity, &[version]);
        let mut tls = connector.connect(server_name(), tcp).await.expect("a handshake");
        let session = tls.get_ref().1;
        assert_eq!(session.protocol_version(), Some(version.version));
        assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]), "not h2");
        let request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        tls.write_all(request).await.expect("write");
        let mut answer = String::new();
        // Without a close_notify this is an error.
        tls.read_to_string(&mut answer).await.expect("an answer, and a close_notify");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let log = server.log().join("\n");
    assert!(log.contains("listening on  https://127.0.0.1:"), "{log}");
    assert!(log.contains("API docs      https://localhost:"), "{log}");
}

/// Some editors write a byte order mark before the first line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificate_and_key_files_may_begin_with_a_byte_order_mark() {
    let identity = Identity::new();
    let (mut server, ..) = server_with_room(&identity).await;
    server.sigterm().await;
    for name in ["certificate.pem", "key.pem"] {
        let path = server.folder().join(name);
        let text = std::fs::read_to_string(&path).expect("it is there");
        std::fs::write(path, format!("\u{feff}{text}")).expect("it can be written");
    }
    server.restart().await;
    connect(&server, &identity).await;
    let mut doctor = server.command(&["doctor"]);
    doctor.env("CHATAPP_HTTP__BIND", server.own_address().to_string());
    let report = tokio::task::spawn_blocking(move || doctor.output().expect("it can be run")).await;
    let report = String::from_utf8(report.expect("no panic").stdout).expect("UTF-8");
    assert!(report.contains("is ready"), "{report}");
}

/// Four megabytes are sent; the slow reader begins to read after all of it was sent. The other readers
/// are not delayed, and no reader misses or repeats a message.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_messages_reach_every_reader_even_a_slow_one() {
    const MESSAGES: i64 = 1_000;
    let identity = Identity::new();
    let (server, ann, room) = server_with_room(&identity).await;
    let narrow = TcpSocket::new_v4().expect("a socket");
    narrow.set_recv_buffer_size(4 * 1024).expect("a small buffer");
    let tcp = narrow.connect(server.own_address()).await.expect("connect");
    let tls = connector(&identity, &[]).connect(server_name(), tcp).await.expect("a handshake");
    let mut slow = join(tls, &ann, room).await;
    let mut readers = Vec::new();
    for _ in 0..3 {
        readers.push(join(connect(&server, &identity).await, &ann, room).await);
    }
    let mut speaker = ann.joins(room).await;
    let receive = async |socket: &mut WebSocketStream<Encrypted>| {
        let mut seqs = Vec::new();
        while seqs.last() != Some(&MESSAGES) {
            let message = frame_of_type(socket, "message").await;
            assert_eq!(message["content"].as_str().map(str::len), Some(4_000));
            seqs.push(message["seq"].as_i64().expect("seq"));
        }
        seqs
    };
    let speak = async {
        for n in 1..=MESSAGES {
            let send = json!({
                "type": "send", "room_id": room, "content": "x".repeat(4_000), "ref": n.to_string(),
            });
            speaker.send(send).await;
            speaker.recv_type("ack").await;
        }
    };
    let all: Vec<i64> = (1..=MESSAGES).collect();
    let [first, second, third] = &mut readers[..] else { unreachable!("three readers") };
    let (_, a, b, c) = tokio::join!(speak, receive(first), receive(second), receive(third));
    for seqs in [a, b, c] {
        assert!(seqs == all, "a reader got {seqs:?}");
    }
    let seqs = receive(&mut slow).await;
    assert!(seqs == all, "the slow reader got {seqs:?}");
    speaker.says(room, &"y".repeat(4_000), "live-again").await;
    assert_eq!(frame_of_type(&mut slow, "message").await["seq"], MESSAGES + 1);
}

/// Each frame needs four TLS records, in both directions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_larger_than_a_tls_record_arrive_whole() {
    let server = Server::with(Database::Sqlite)
        .env("CHATAPP_LIMITS__MESSAGE_CHARS", "20000")
        .encrypted()
        .start()
        .await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let (mut speaker, mut listener) = (ann.joins(room).await, ann.joins(room).await);
    for n in 0..20 {
        let content = format!("{n}{}", "🦀".repeat(15_000));
        speaker.says(room, &content, &n.to_string()).await;
        assert!(listener.recv_type("message").await["content"] == content, "message {n}");
    }
    let missed = ann.resumes(room, 0, speaker.synced["epoch"].as_str().expect("epoch")).await;
    assert_eq!(missed.welcome.iter().filter(|frame| frame["type"] == "message").count(), 20);
}

/// The HTTP parser reads a part of a record at a time. The rest is buffered in the server, so the
/// socket never becomes readable again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buffered_rest_of_a_tls_record_is_read() {
    let identity = Identity::new();
    let (server, ann, room) = server_with_room(&identity).await;
    for length in [8_192, 15_000, 16_000, 40_000] {
        let mut tls = connect(&server, &identity).await;
        let mut body = json!({ "content": "x" }).to_string().into_bytes();
        body.resize(length, b' ');
        let head = format!(
            "POST /rooms/{room}/messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n",
            ann.token
        );
        tls.write_all(&[head.as_bytes(), &body].concat()).await.expect("write");
        let mut answer = String::new();
        timeout(DEADLINE, tls.read_to_string(&mut answer)).await.expect("read").expect("answer");
        assert!(answer.starts_with("HTTP/1.1 201 "), "{length}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_certificate_is_loaded_and_an_unusable_one_is_not() {
    let (old, new) = (Identity::new(), Identity::new());
    let (mut server, ann, room) = server_with_room(&old).await;
    let mut early = join(connect(&server, &old).await, &ann, room).await;
    let mut speaker = ann.joins(room).await;

    new.write(server.folder());
    server.says("the certificate was renewed").await;
    let mut late = join(connect(&server, &new).await, &ann, room).await;
    speaker.says(room, "hello", "1").await;
    for socket in [&mut early, &mut late] {
        assert_eq!(frame_of_type(socket, "message").await["content"], "hello");
    }

    let key = server.folder().join("key.pem");
    for (bad, sentence) in
        [("garbage", "contains no complete private key"), ("", "contains no complete")]
    {
        std::fs::write(&key, bad).expect("write a key");
        let line = server.says("the certificate was not renewed; the old one stays").await;
        assert!(line.contains(sentence), "{line}");
        connect(&server, &new).await;
    }
    std::fs::remove_file(&key).expect("remove the key");
    server.says("the certificate was not renewed; the old one stays").await;
    connect(&server, &new).await;

    old.write(server.folder());
    server.says("the certificate was renewed").await;
    connect(&server, &old).await;
    speaker.says(room, "goodbye", "2").await;
    for socket in [&mut early, &mut late] {
        assert_eq!(frame_of_type(socket, "message").await["content"], "goodbye");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stalled_handshakes_do_not_block_other_clients_and_are_cut_off() {
    let identity = Identity::new();
    let server = Server::with(Database::Sqlite)
        .env("CHATAPP_HTTP__HEADER_TIMEOUT_MS", "3000")
        .encrypted_as(&identity)
        .start()
        .await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let hello = client_hello(&identity).await;
    let mut stalled = Vec::new();
    for n in 0..200 {
        let mut tcp = TcpStream::connect(server.own_address()).await.expect("connect");
        // No byte, the first byte, all except the last byte, or all of the first flight.
        let length = [0, 1, hello.len() - 1, hello.len()][n % 4];
        tcp.write_all(&hello[..length]).await.expect("write");
        stalled.push(tcp);
    }
    let mut socket = join(connect(&server, &identity).await, &ann, room).await;
    ann.joins(room).await.says(room, "hello", "1").await;
    assert_eq!(frame_of_type(&mut socket, "message").await["content"], "hello");
    for (n, tcp) in stalled.iter_mut().enumerate() {
        let mut flight = Vec::new();
        let ended = timeout(DEADLINE, tcp.read_to_end(&mut flight)).await;
        assert!(ended.is_ok(), "handshake {n} was not cut off");
        assert_eq!(flight.is_empty(), n % 4 < 3, "handshake {n} was answered with {flight:?}");
    }
    ann.joins(room).await.says(room, "hello again", "2").await;
    assert_eq!(frame_of_type(&mut socket, "message").await["content"], "hello again");
}

/// The first flight of a client.
async fn client_hello(identity: &Identity) -> Vec<u8> {
    let (client, mut server) = tokio::io::duplex(16 * 1024);
    let connector = connector(identity, &[]);
    let mut hello = vec![0; 16 * 1024];
    tokio::select! {
        _ = connector.connect(server_name(), client) => unreachable!("there is no server"),
        read = server.read(&mut hello) => hello.truncate(read.expect("a flight")),
    }
    hello
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_speak_tls_gets_an_alert_and_is_closed() {
    let identity = Identity::new();
    let (server, ..) = server_with_room(&identity).await;
    let old = b"\x16\x03\x00\x00\x05\x01\x00\x00\x01\x00";
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        b"\0\0\0\0\0\0\0\0",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        old,
        b"\x17\x03\x03\x00\x01\x00",
        &[0xFF; 5_000],
    ] {
        let mut tcp = TcpStream::connect(server.own_address()).await.expect("connect");
        tcp.write_all(bytes).await.expect("write");
        let mut answer = Vec::new();
        let ended = timeout(DEADLINE, tcp.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "{bytes:?}: not closed");
        // A fatal alert (RFC 8446 §6), which a reset may have overtaken.
        assert!(answer.is_empty() || answer[0] == 0x15, "{bytes:?}: {answer:?}");
    }
    // A client that completes the handshake and then sends invalid records.
    let mut tls = connect(&server, &identity).await;
    tls.get_mut().0.write_all(&[0x17, 3, 3, 0, 20, 1, 2, 3]).await.expect("write");
    tls.get_mut().0.write_all(&[0; 40]).await.expect("write");
    let mut answer = Vec::new();
    let ended = timeout(DEADLINE, tls.read_to_end(&mut answer)).await.expect("closed");
    assert!(ended.is_err() && answer.is_empty(), "{answer:?}");
    connect(&server, &identity).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_sends_a_close_frame_and_a_tls_close_notify() {
    let identity = Identity::new();
    let (mut server, ann, room) = server_with_room(&identity).await;
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(join(connect(&server, &identity).await, &ann, room).await);
    }
    let idle = connect(&server, &identity).await;
    let (status, ()) = tokio::join!(server.sigterm(), async {
        for socket in &mut sockets {
            let close = loop {
                let frame = timeout(DEADLINE, socket.next()).await.expect("a frame");
                if let Message::Close(close) = frame.expect("a close").expect("a frame") {
                    break close.expect("a code");
                }
            };
            assert_eq!(u16::from(close.code), 1001);
        }
        for mut tls in sockets.into_iter().map(WebSocketStream::into_inner).chain([idle]) {
            let mut rest = Vec::new();
            timeout(DEADLINE, tls.read_to_end(&mut rest)).await.expect("closed").expect("a notify");
        }
    });
    assert!(status.success(), "{status}");
}

#[test]
fn unusable_certificate_and_key_files_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, other) = (Identity::new(), Identity::new());
    one.write(folder.path());
    let at = |name: &str| folder.path().join(name);
    std::fs::copy(at("certificate.pem"), at("one.pem")).expect("copy");
    other.write(folder.path());
    let text = std::fs::read_to_string(at("key.pem")).expect("a key");
    std::fs::write(at("cut.pem"), &text[..text.len() / 2]).expect("write");
    std::fs::write(at("garbled.pem"), text.replace("PRIVATE KEY", "CERTIFICATE")).expect("write");
    for (certificate, key, sentence) in [
        (
            "none.pem",
            "key.pem",
            "none.pem cannot be read (No such file or directory (os error 2)): \
          set http.tls_certificate to a file with the certificate in PEM that this process may read",
        ),
        (
            "certificate.pem",
            "none.pem",
            "none.pem cannot be read (No such file or directory \
          (os error 2)): set http.tls_key to a file with the private key in PEM that this process \
          may read",
        ),
        (
            "one.pem",
            "key.pem",
            "the private key in key.pem does not match the certificate in \
          one.pem: set http.tls_key to the key that belongs to the certificate",
        ),
        (
            "key.pem",
            "certificate.pem",
            "key.pem contains no complete certificate: set \
          http.tls_certificate to a file with the certificate in PEM",
        ),
        (
            "certificate.pem",
            "cut.pem",
            "cut.pem contains no complete private key: set http.tls_key \
          to a file with the private key in PEM",
        ),
        (
            "garbled.pem",
            "key.pem",
            "the certificate in garbled.pem cannot be used (invalid peer \
          certificate: BadEncoding): set http.tls_certificate to one for a server, in PEM",
        ),
        (
            "certificate.pem",
            "",
            "http.tls_certificate and http.tls_key belong together: set both or \
          neither",
        ),
        (
            "",
            "key.pem",
            "http.tls_certificate and http.tls_key belong together: set both or neither",
        ),
    ] {
        let output = serve(folder.path(), certificate, key);
        let errors = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(1), "{certificate}, {key}: {errors}");
        let last = errors.lines().last().unwrap_or_default();
        assert!(last.ends_with(sentence), "{certificate}, {key}: {errors}");
    }
}

/// Runs a server that must fail before it listens.
fn serve(folder: &Path, certificate: &str, key: &str) -> Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_chatapp"))
        .current_dir(folder)
        .env_remove("DATABASE_URL")
        .env("CHATAPP_HTTP__TLS_CERTIFICATE", certificate)
        .env("CHATAPP_HTTP__TLS_KEY", key)
        .args(["serve", "--bind", "127.0.0.1:0"])
        .output()
        .expect("run chatapp")
}
