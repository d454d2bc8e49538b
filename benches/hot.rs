//! Measures the functions that run for every message or request, each by itself: `cargo bench --bench
//! hot`, or with a name to run a part.

use std::hint::black_box;
use std::sync::Arc;

use chatapp::chat::{Chat, ChatParts, Signup, SignupCaller};
use chatapp::config::Config;
use chatapp::fleet::Fleet;
use chatapp::model::{Clock, Event, EventId, Message, Role, RoomId, Seq, Timestamp, UserId};
use chatapp::realtime::{AccessMark, Chunk, Hub, HubConfig, ReplyTo, Tail, encode_event};
use chatapp::storage::{self, OpenOptions, Store, StoreConfig};
use chatapp::ws::{ClientFrame, Input, Session, Subscribe};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const SEND: &str = r#"{"type":"send","content":"Hello, everyone! This is a message of a middling length, as people write them.","ref":"12345"}"#;

fn message(seq: i64) -> Message {
    Message {
        id: EventId(seq + 1_000_000),
        content: "x".repeat(128),
        username: "ann".into(),
        display_name: None,
        user_id: UserId(1),
        timestamp: Timestamp(1_738_319_400_000),
        room_id: RoomId(1),
        seq: Seq(seq),
        client_id: None,
        edited_at: None,
        deleted_at: None,
        parts: None,
    }
}

fn frames(c: &mut Criterion) {
    let message = Event::Message(message(1));
    let mut out = Vec::with_capacity(1024);
    c.bench_function("encode a message frame", |bencher| {
        bencher.iter(|| {
            out.clear();
            encode_event(black_box(&message), &mut out);
            black_box(out.len())
        });
    });
    c.bench_function("parse a send", |bencher| {
        bencher.iter(|| ClientFrame::parse(black_box(SEND)).unwrap());
    });
}

fn session(c: &mut Criterion) {
    let subscribe = Subscribe { room_id: RoomId(1), since: None, epoch: None, history: None };
    let (mut session, _) = Session::with_room(subscribe.clone(), 10, "e".into());
    session.on(Input::RoomOpened {
        subscribe,
        reference: None,
        head: Seq(0),
        oldest: Seq(1),
        history_from: Seq(0),
        visible_from: Seq(0),
        mark: AccessMark::default(),
    });
    c.bench_function("session: on a send", |bencher| {
        bencher.iter(|| session.on(Input::Text(black_box(SEND).to_owned())));
    });
}

fn tail(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode and push to the tail");
    for batch in [1, 32] {
        group.throughput(Throughput::Elements(batch));
        group.bench_function(format!("{batch} messages"), |bencher| {
            let mut tail = Tail::default();
            let mut next = 1;
            let events = || {
                let events: Vec<_> =
                    (next..next + batch as i64).map(|seq| Event::Message(message(seq))).collect();
                next += batch as i64;
                events
            };
            let push = |events: Vec<Event>| {
                tail.push(Chunk::encode(&events).unwrap(), 256 * 1024);
                events
            };
            bencher.iter_batched(events, push, BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// From a token to a caller: checks the signature, and the session, which is cached for a second.
fn authenticate(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let chat = chat(&folder);
    let runtime = Runtime::new().unwrap();
    let token = runtime.block_on(async {
        let signup = Signup {
            invite: None,
            username: "ann".into(),
            email: "ann@example.com".into(),
            password: "correct horse".into(),
            role: Role::User,
        };
        let here = std::net::Ipv4Addr::LOCALHOST.into();
        let caller = SignupCaller { local: true, identity: None, address: here };
        chat.signup(signup, caller).await.unwrap();
        chat.login("ann", "correct horse".into(), here).await.unwrap().token
    });
    c.bench_function("authenticate a token", |bencher| {
        bencher.iter(|| runtime.block_on(chat.authenticate(black_box(&token))).unwrap());
    });
    // The store's threads end with the process.
    std::mem::forget(chat);
}

fn chat(folder: &tempfile::TempDir) -> Chat {
    let url = format!("sqlite://{}/hot.db", folder.path().display());
    let backend =
        storage::open(&url, OpenOptions { create: true, ..OpenOptions::default() }).unwrap();
    backend.migrate().unwrap();
    let facts = backend.get_server_facts().unwrap();
    let config = Config::default();
    let (hub, _) = Hub::start(HubConfig {
        epoch: facts.epoch.as_str().into(),
        clock: Clock::System,
        ping_seconds: 30,
        stall_seconds: 30,
        is_shared: false,
        expiry_notice_seconds: 60,
    })
    .unwrap();
    let sizes = StoreConfig { read_threads: 2, read_queue: 64, write_queue: 64 };
    let (store, _) = Store::<ReplyTo>::start(Arc::clone(&backend), sizes, drop).unwrap();
    let auth = chatapp::config::Auth { bcrypt_cost: 4, ..config.auth };
    let secret = vec![7; 32];
    let (clock, rooms, limits) = (Clock::System, config.rooms, config.limits);
    let fleet = Fleet::new(hub.clone(), false);
    let parts = ChatParts {
        store,
        hub,
        fleet,
        clock,
        auth,
        rooms,
        limits,
        shows_previews: false,
        outbound: Vec::new(),
        external: None,
        hooks: Default::default(),
        facts,
        secret,
    };
    Chat::new(parts).unwrap()
}

criterion_group!(benches, frames, session, tail, authenticate);
criterion_main!(benches);
