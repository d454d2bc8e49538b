//! Hostile clients: slow, endless, many at once. Two well-behaved users continue to chat meanwhile, and
//! the server's memory stays within a bound. (Protocol violations are in `tests/conformance.rs` and
//! `tests/socket`, readers that stop in `tests/socket/slow.rs`.)
//!
//! `CHATAPP_TEST_LONG=1` makes the attacks larger.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::common::{path, room_on, seqs, types};
use crate::raw::{
    CLOSE, FIRST_FRAGMENT, LAST_FRAGMENT, MIDDLE_FRAGMENT, PING, PONG, Raw, TEXT, close_code,
    frame, text,
};
use crate::support::{Client, DEADLINE, Database, Server, ServerBuilder};
use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

const MIB_KIB: u64 = 1024;

/// A server, its room, and two users who chat in it.
struct Scene {
    server: Server,
    ann: Client,
    bo: Client,
    room: i64,
}

impl Scene {
    async fn on(server: ServerBuilder) -> Self {
        let (server, ann, room) = room_on(server).await;
        let bo = server.user("bo").await;
        Self { server, ann, bo, room }
    }

    /// Runs the attack while the two users chat; every message must arrive in time and in order. The
    /// server's memory may grow by at most `bound_mib`.
    async fn withstands<T>(&self, bound_mib: u64, attack: impl Future<Output = T>) -> T {
        let mut speaker = self.ann.joins(self.room).await;
        let mut listener = self.bo.joins(self.room).await;
        for n in 0..20 {
            speaker.says(self.room, "warming up", &format!("w{n}-{}", self.server.pid())).await;
            listener.recv_type("message").await;
        }
        let before = self.memory_kib();
        let (is_over, most) = (Cell::new(false), Cell::new(before));
        let attack = async {
            let result = attack.await;
            is_over.set(true);
            result
        };
        let chat = async {
            let mut said = 0;
            while !is_over.get() || said < 20 {
                said += 1;
                let content = format!("message {said}");
                speaker
                    .send(json!({ "type": "send", "room_id": self.room, "content": content }))
                    .await;
                assert_eq!(listener.recv_type("message").await["content"], content);
                most.set(most.get().max(self.memory_kib()));
            }
        };
        let (result, ()) = tokio::join!(attack, chat);
        let grown = most.get().saturating_sub(before);
        assert!(grown <= bound_mib * MIB_KIB, "the server's memory grew by {grown} KiB");
        self.ann.get("/rooms/").await.expect(200);
        result
    }

    fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.pid()));
        let status = status.expect("the server runs, on Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// The CPU time that the server has used.
    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.server.pid()));
        let stat = stat.expect("the server runs, on Linux");
        // The name is in parentheses and may contain spaces. See proc(5) for the fields.
        let (_, fields) = stat.rsplit_once(')').expect("a name");
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|ticks| ticks.parse::<u64>().expect("a number"))
            .sum();
        Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
    }

    async fn connect(&self) -> TcpStream {
        timeout(DEADLINE, TcpStream::connect(self.server.address()))
            .await
            .expect("the connection is not accepted in time")
            .expect("connect")
    }

    /// Opens a socket for many rooms that has joined no room.
    async fn open(&self) -> Raw {
        Raw::open(&self.server, &self.bo, &format!("/ws?token={}", self.bo.token)).await
    }
}

fn is_long() -> bool {
    std::env::var_os("CHATAPP_TEST_LONG").is_some()
}

/// Raises this process's limit of open connections to the maximum that the system allows.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("a limit");
}

/// Waits until the server has ended the connection.
async fn ends(tcp: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // A reset is an end too.
    let _ = timeout(DEADLINE, tcp.read_to_end(&mut rest))
        .await
        .expect("the server ends the connection");
    rest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_heads_that_never_end_are_cut_off() {
    let short = Server::with(Database::Sqlite).env("CHATAPP_HTTP__HEADER_TIMEOUT_MS", "2000");
    let scene = Scene::on(short).await;
    let head = "GET /health HTTP/1.1\r\nHost: chat\r\nX-Endless: ";
    let attack = async |n: usize| {
        let mut tcp = scene.connect().await;
        // Some send nothing, some send a beginning, and some a whole request and the beginning of a
        // second one.
        let begin = ["", "G", head, "GET /health HTTP/1.1\r\nHost: chat\r\n\r\nGET /"][n % 4];
        tcp.write_all(begin.as_bytes()).await.expect("write");
        let (mut reader, mut writer) = tcp.split();
        let drip = async {
            let mut pace = interval(Duration::from_millis(200));
            loop {
                pace.tick().await;
                if !begin.is_empty() && writer.write_all(b"x").await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let mut rest = Vec::new();
        tokio::select! {
            ended = timeout(DEADLINE, reader.read_to_end(&mut rest)) => {
                assert!(ended.is_ok(), "head {n} was not cut off");
            }
            () = drip => unreachable!("the attack never ends"),
        }
    };
    scene.withstands(16, join_all((0..200).map(attack))).await;
}

/// Two thousand clients connect at once, send nothing, and disconnect.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_connections_does_not_block_other_clients() {
    raise_descriptors();
    let scene = Scene::on(Server::with(Database::Sqlite)).await;
    // Measured: 16 KiB for each connection, because hyper holds a buffer while it waits.
    scene
        .withstands(64, async {
            let flood = join_all((0..2_000).map(|_| scene.connect())).await;
            // The flood is still connected.
            scene.ann.get("/rooms/").await.expect(200);
            drop(flood);
        })
        .await;
}

/// All clients reconnect at once, several times, each with a cursor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_reconnects_is_served() {
    raise_descriptors();
    let people = if is_long() { 5_000 } else { 1_000 };
    let scene = Scene::on(Server::with(Database::Sqlite)).await;
    let storm = scene.ann.creates_room("storm").await;
    let mut speaker = scene.ann.joins(storm).await;
    for n in 1..=10 {
        speaker.says(storm, "before the storm", &format!("s{n}")).await;
    }
    let reconnect = async |since: i64| {
        let path = path(&scene.bo, storm, &format!("&since={since}"));
        let mut raw = Raw::open(&scene.server, &scene.bo, &path).await;
        let mut frames = Vec::new();
        while types(&frames).last() != Some(&"synced") {
            frames.push(raw.recv_json().await);
        }
        let mut missed = seqs(&frames);
        missed.dedup();
        assert_eq!(missed, (since + 1..=10).collect::<Vec<_>>());
        raw
    };
    let waves = async {
        for wave in 0..3 {
            // 250 connect at a time, because the clients share the machine with the server.
            let mut here = Vec::new();
            while here.len() < people {
                here.extend(join_all((0..250).map(|_| reconnect(wave * 3))).await);
            }
        }
    };
    // Measured: 10 KiB for each connection; three waves must not need three times as much.
    scene.withstands(16 + people as u64 / 40, waves).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_subscriptions_is_answered_in_order() {
    const TIMES: usize = 5_000;
    let scene = Scene::on(Server::with(Database::Sqlite)).await;
    let room = scene.ann.creates_room("revolving door").await;
    let pair = |n: usize| {
        let subscribe = json!({ "type": "subscribe", "room_id": room, "ref": format!("s{n}") });
        let leave = json!({ "type": "unsubscribe", "room_id": room, "ref": format!("u{n}") });
        [text(&subscribe), text(&leave)].concat()
    };
    let flood: Vec<u8> = (0..TIMES).flat_map(pair).collect();
    // One client reads the answers, the other reads nothing.
    let reads = async {
        let raw = scene.open().await;
        let (mut writer, mut reader) = (raw.writer, raw.reader);
        let write = async { writer.write_all(&flood).await.expect("the server reads") };
        let read = async {
            let last = format!("u{}", TIMES - 1);
            loop {
                let frame = reader.recv_json().await.expect("a frame");
                assert_ne!(frame["type"], "error", "{frame}");
                if frame["ref"] == last {
                    break;
                }
            }
        };
        tokio::join!(write, read);
    };
    let reads_nothing = async {
        let mut raw = scene.open().await;
        let _ = timeout(Duration::from_secs(2), raw.writer.write_all(&flood)).await;
    };
    scene.withstands(8, async { tokio::join!(reads, reads_nothing) }).await;
}

/// One client reads the pongs, the other does not; for the latter the server stops reading.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_pings_is_answered_or_not_read() {
    const PINGS: usize = 100_000;
    let scene = Scene::on(Server::with(Database::Sqlite)).await;
    let flood = frame(PING, &[7; 125]).repeat(PINGS);
    let reads = async {
        let raw = scene.open().await;
        let (mut writer, mut reader) = (raw.writer, raw.reader);
        let write = async { writer.write_all(&flood).await.expect("the server reads") };
        let read = async {
            for _ in 0..PINGS {
                let pong = reader.recv().await;
                assert_eq!((pong.first, pong.payload.len()), (PONG, 125));
            }
        };
        tokio::join!(write, read);
    };
    let reads_nothing = async {
        let mut raw = scene.open().await;
        let _ = timeout(Duration::from_secs(2), raw.writer.write_all(&flood)).await;
    };
    scene.withstands(8, async { tokio::join!(reads, reads_nothing) }).await;
}

/// A text in empty fragments and fragments of one byte; and a text that never ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_in_a_million_fragments_is_one_message() {
    let pieces = if is_long() { 1_000_000 } else { 20_000 };
    let scene = Scene::on(Server::with(Database::Sqlite)).await;
    let room = scene.ann.creates_room("pieces").await;
    let room_path = path(&scene.bo, room, "");
    let ends = async {
        let mut raw = Raw::open(&scene.server, &scene.bo, &room_path).await;
        raw.write(&frame(FIRST_FRAGMENT, b"{\"content\":\"in ")).await;
        let empty = frame(MIDDLE_FRAGMENT, b"");
        let tiny = frame(MIDDLE_FRAGMENT, b"x");
        raw.write(&[empty.repeat(pieces - 1_000), tiny.repeat(1_000)].concat()).await;
        raw.write(&frame(LAST_FRAGMENT, b" pieces\"}")).await;
        let content = raw.recv_type("message").await["content"].clone();
        assert_eq!(content, format!("in {} pieces", "x".repeat(1_000)));
    };
    let never_ends = async {
        let mut raw = Raw::open(&scene.server, &scene.bo, &room_path).await;
        raw.recv_type("synced").await;
        raw.write(&frame(FIRST_FRAGMENT, b"\"")).await;
        let _ =
            raw.writer.write_all(&frame(MIDDLE_FRAGMENT, b"x").repeat(pieces.max(70_000))).await;
        loop {
            let frame = raw.recv().await;
            if frame.first == CLOSE {
                break assert_eq!(close_code(&frame.payload), 1009);
            }
            assert_eq!(frame.first, TEXT, "{frame:?}");
        }
    };
    scene.withstands(8, async { tokio::join!(ends, never_ends) }).await;
}

/// Many clients send whole frames, one byte per packet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_sent_byte_by_byte_are_reassembled() {
    let scene = Scene::on(Server::with(Database::Sqlite)).await;
    let room = scene.ann.creates_room("slowly").await;
    let slow = async |n: usize| {
        let mut raw = Raw::open(&scene.server, &scene.bo, &path(&scene.bo, room, "&since=0")).await;
        for byte in text(&json!({ "content": format!("slowly {n}"), "ref": "mine" })) {
            raw.write(&[byte]).await;
            tokio::task::yield_now().await;
        }
        let mut seen = 0;
        while seen < 50 {
            raw.recv_type("message").await;
            seen += 1;
        }
    };
    scene.withstands(16, join_all((0..50).map(slow))).await;
    assert_eq!(scene.ann.history(room).await.len(), 50);
}

/// The clients no longer answer and do not close, as if the network had failed. The server detects them
/// by their silence and closes the connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vanished_peers_are_detected_and_closed() {
    let builder = Server::with(Database::Sqlite)
        .env("CHATAPP_LIMITS__PING_SECONDS", "1")
        .env("CHATAPP_HTTP__HEADER_TIMEOUT_MS", "2000");
    let scene = Scene::on(builder).await;
    let vanished = async |n: usize| {
        if n.is_multiple_of(2) {
            // Vanishes between two requests.
            let mut tcp = scene.connect().await;
            tcp.write_all(b"GET /health HTTP/1.1\r\nHost: chat\r\n\r\n").await.expect("write");
            let answer = ends(&mut tcp).await;
            assert!(answer.starts_with(b"HTTP/1.1 200 "), "{n}");
        } else {
            let mut raw = scene.open().await;
            loop {
                let frame = raw.recv().await;
                if frame.first == CLOSE {
                    break assert_eq!(close_code(&frame.payload), 4408);
                }
            }
            raw.ends().await;
        }
    };
    scene.withstands(16, join_all((0..200).map(vanished))).await;
}

/// There is no descriptor for another connection: the server waits without using the CPU, existing
/// connections continue, and the server accepts again when some connections end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_free_descriptors_the_server_waits_and_recovers() {
    let scene = Scene::on(Server::with(Database::Sqlite).descriptors(256)).await;
    let mut speaker = scene.ann.joins(scene.room).await;
    let mut listener = scene.bo.joins(scene.room).await;
    let flood = join_all((0..400).map(|_| scene.connect())).await;
    while !scene.server.log().iter().any(|line| line.contains("cannot accept connections")) {
        speaker.send(json!({ "type": "ping" })).await;
        speaker.recv_type("pong").await;
    }
    let (begun, used) = (Instant::now(), scene.cpu());
    let mut said = 0;
    while begun.elapsed() < Duration::from_secs(2) {
        said += 1;
        speaker.says(scene.room, "all the same", &format!("full-{said}")).await;
        listener.recv_type("message").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The conversation of forty messages needs a few hundredths.
    let share = (scene.cpu() - used).as_secs_f64() / begun.elapsed().as_secs_f64();
    assert!(share < 0.25, "without descriptors the server uses {share} of a CPU");
    drop(flood);
    scene.ann.get("/rooms/").await.expect(200);
    scene.ann.joins(scene.room).await.says(scene.room, "healed", "healed").await;
    let complaints = scene.server.log();
    let complaints = complaints.iter().filter(|line| line.contains("cannot accept")).count();
    assert!(complaints < 100, "{complaints} log lines about refused connections");
}
