//! Peers that mean no good: slow, endless, many at once. Whatever they do, two well-behaved people
//! go on chatting and the server's memory stays within a bound. (What breaks the protocol is in
//! `tests/conformance.rs` and `tests/socket`, readers that stop in `tests/socket/slow.rs`.)
//!
//! `CHATAPP_TEST_LONG=1` makes the storms larger.

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

/// A server, its room, and two people who chat in it.
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

    /// Runs the attack while the two chat; every message has to arrive, in time and in order. The
    /// server may need `bound_mib` more than before, no more.
    async fn unharmed<T>(&self, bound_mib: u64, attack: impl Future<Output = T>) -> T {
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

    /// The processor's time that the server has used.
    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.server.pid()));
        let stat = stat.expect("the server runs, on Linux");
        // The name, in parentheses, may have spaces in it. See proc(5) for the fields.
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
            .expect("a place to wait in")
            .expect("connect")
    }

    /// A socket for many rooms, in none.
    async fn open(&self) -> Raw {
        Raw::open(&self.server, &self.bo, &format!("/ws?token={}", self.bo.token)).await
    }
}

fn is_long() -> bool {
    std::env::var_os("CHATAPP_TEST_LONG").is_some()
}

/// Lets this process open as many connections as it is allowed to at all.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("a limit");
}

/// Waits until the server has ended the connection.
async fn ends(tcp: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // A reset is an end too.
    let _ = timeout(DEADLINE, tcp.read_to_end(&mut rest)).await.expect("the server ends it");
    rest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_never_end_are_cut_off() {
    let short = Server::with(Database::Sqlite).env("CHATAPP_HTTP__HEADER_TIMEOUT_MS", "2000");
    let scene = Scene::on(short).await;
    let head = "GET /health HTTP/1.1\r\nHost: chat\r\nX-Endless: ";
    let attack = async |n: usize| {
        let mut tcp = scene.connect().await;
        // Some say nothing, some begin, some come back with a second request that never ends.
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
            () = drip => unreachable!("it never ends"),
        }
    };
    scene.unharmed(16, join_all((0..200).map(attack))).await;
}

/// Two thousand that say nothing, at once, and go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_connections_keeps_nobody_out() {
    raise_descriptors();
    let scene = Scene::on(Server::with(Database::Sqlite)).await;
    // 16 KiB were seen for each: hyper waits with a buffer.
    scene
        .unharmed(64, async {
            let flood = join_all((0..2_000).map(|_| scene.connect())).await;
            // The flood is still there.
            scene.ann.get("/rooms/").await.expect(200);
            drop(flood);
        })
        .await;
}

/// Everybody comes back at once, again and again, each with a cursor.
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
    let come_back = async |since: i64| {
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
            // A few hundred at a time are under way: the clients share the machine too.
            let mut here = Vec::new();
            while here.len() < people {
                here.extend(join_all((0..250).map(|_| come_back(wave * 3))).await);
            }
        }
    };
    // 10 KiB were seen for each; three waves must not cost three times as much.
    scene.unharmed(16 + people as u64 / 40, waves).await;
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
    // One reads what it is answered, the other nothing.
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
    scene.unharmed(8, async { tokio::join!(reads, reads_nothing) }).await;
}

/// The pongs are owed to somebody who does not take them.
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
    scene.unharmed(8, async { tokio::join!(reads, reads_nothing) }).await;
}

/// A text that never ends, in pieces of nothing and of a byte; and one that does end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_in_a_million_pieces_is_one_message() {
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
    scene.unharmed(8, async { tokio::join!(ends, never_ends) }).await;
}

/// Whole frames, a byte a packet, from many at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_a_byte_at_a_time_are_put_together() {
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
    scene.unharmed(16, join_all((0..50).map(slow))).await;
    assert_eq!(scene.ann.history(room).await.len(), 50);
}

/// Half of a connection is gone, and nobody said so: what is written to it is never taken. They
/// are found out by their silence, and their places are free again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_have_vanished_are_found_out() {
    let builder = Server::with(Database::Sqlite)
        .env("CHATAPP_LIMITS__PING_SECONDS", "1")
        .env("CHATAPP_HTTP__HEADER_TIMEOUT_MS", "2000");
    let scene = Scene::on(builder).await;
    let vanished = async |n: usize| {
        if n.is_multiple_of(2) {
            // Between two requests.
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
    scene.unharmed(16, join_all((0..200).map(vanished))).await;
}

/// No descriptor is left for one more connection: the server waits without spinning, those who
/// are in go on, and it heals when some go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_descriptors_it_waits_and_heals() {
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
    // The conversation of forty messages itself is a few hundredths.
    let share = (scene.cpu() - used).as_secs_f64() / begun.elapsed().as_secs_f64();
    assert!(share < 0.25, "the server, full, uses {share} of a processor");
    drop(flood);
    scene.ann.get("/rooms/").await.expect(200);
    scene.ann.joins(scene.room).await.says(scene.room, "healed", "healed").await;
    let complaints = scene.server.log();
    let complaints = complaints.iter().filter(|line| line.contains("cannot accept")).count();
    assert!(complaints < 100, "{complaints} lines in the log about it");
}
