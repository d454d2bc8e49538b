//! Resuming and retries: a client that reconnects receives exactly the events that it missed, and a message
//! that it sends again is stored once. (`tests/crash` tests the same with a server that is killed.)

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Client, Database, Server, Socket, on_both_databases};

on_both_databases!(
    missed_messages_arrive_before_live_messages,
    resuming_at_the_head_delivers_no_messages,
    a_cursor_has_no_age_limit,
    the_history_parameter_delivers_the_newest_messages,
    a_cursor_of_another_epoch_is_refused,
    a_client_id_is_stored_once,
    a_client_id_belongs_to_its_sender_and_room,
    readers_that_drop_their_connections_miss_and_repeat_nothing,
    senders_that_drop_their_connections_store_nothing_twice,
);

async fn missed_messages_arrive_before_live_messages(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let mut speaker = ann.joins(room).await;
    let mut reader = bo.joins(room).await;
    speaker.says(room, "one", "1").await;
    let last = reader.recv_type("message").await;
    drop(reader);

    for n in 2..=5 {
        speaker.says(room, "missed", &n.to_string()).await;
    }
    let epoch = epoch(&speaker);
    let mut reader = bo.resumes(room, seq(&last), &epoch).await;
    assert_eq!(seqs(&reader.welcome), [2, 3, 4, 5]);
    assert_eq!(reader.welcome[0]["type"], "active_users", "{:?}", reader.welcome);
    assert_eq!(reader.synced["head_seq"], 5);

    speaker.says(room, "live", "6").await;
    assert_eq!(seq(&reader.recv_type("message").await), 6);
}

async fn resuming_at_the_head_delivers_no_messages(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    let mut speaker = ann.joins(room).await;
    let ack = speaker.says(room, "one", "1").await;
    let reader = ann.resumes(room, seq(&ack), &epoch(&speaker)).await;
    assert_eq!(seqs(&reader.welcome), [0; 0]);
    assert_eq!(reader.synced["head_seq"], 1);
}

/// There are more messages than the tail of a room or a page from the database can hold.
async fn a_cursor_has_no_age_limit(database: Database) {
    const MESSAGES: i64 = 1_500;
    let (_server, ann, room) = server_with_room(database).await;
    let mut speaker = ann.joins(room).await;
    say_many(&mut speaker, room, "m", 1..=MESSAGES).await;
    let reader = ann.resumes(room, 0, &epoch(&speaker)).await;
    assert_eq!(seqs(&reader.welcome), (1..=MESSAGES).collect::<Vec<_>>());
}

async fn the_history_parameter_delivers_the_newest_messages(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    say_many(&mut ann.joins(room).await, room, "m", 1..=8).await;
    for (asked, expected) in [(0, vec![]), (3, vec![6, 7, 8]), (20, (1..=8).collect())] {
        let path = format!("/ws/{room}?token={}&history={asked}", ann.token);
        let reader = ann.opens_live(&path).await;
        assert_eq!(seqs(&reader.welcome), expected, "history={asked}");
    }
    assert_eq!(
        seqs(&ann.joins(room).await.welcome),
        [0; 0],
        "without the parameter there are no messages"
    );
}

async fn a_cursor_of_another_epoch_is_refused(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    let path = format!("/ws/{room}?token={}&since=0&epoch=another", ann.token);
    assert_eq!(ann.opens(&path).await.expect_close().await, 4409);
}

async fn a_client_id_is_stored_once(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    let mut socket = ann.joins(room).await;
    let original = socket.says(room, "once", "order-1").await;
    assert_eq!(original["duplicate"], false);

    // Retries on the same socket, on another one, and over HTTP; the first content stays.
    let again = json!({
        "type": "send", "room_id": room, "content": "twice", "client_id": "order-1", "ref": "again",
    });
    let mut other = ann.joins(room).await;
    for socket in [&mut socket, &mut other] {
        socket.send(again.clone()).await;
        let ack = socket.recv_type("ack").await;
        assert_eq!((&ack["ref"], &ack["duplicate"]), (&json!("again"), &json!(true)), "{ack}");
        assert_eq!((&ack["id"], &ack["seq"]), (&original["id"], &original["seq"]), "{ack}");
    }
    let path = format!("/rooms/{room}/messages");
    let message = json!({ "content": "thrice", "client_id": "order-1" });
    let message = ann.post(&path, message).await.expect(200);
    assert_eq!((&message["id"], &message["content"]), (&original["id"], &json!("once")));

    // The original over HTTP, the retry on a socket.
    let message = json!({ "content": "first over HTTP", "client_id": "order-2" });
    let message = ann.post(&path, message).await.expect(201);
    let retry = json!({ "content": "then on a socket", "client_id": "order-2", "ref": "r" });
    other.send(retry).await;
    let ack = other.recv_type("ack").await;
    assert_eq!((&ack["id"], &ack["duplicate"]), (&message["id"], &json!(true)));

    // Retries are not delivered: the next messages are the one over HTTP and this one.
    socket.say("the end").await;
    assert_eq!(seq(&socket.recv_type("message").await), 2);
    let last = socket.recv_type("message").await;
    assert_eq!((&last["content"], &last["seq"]), (&json!("the end"), &json!(3)));
    assert_eq!(ann.history(room).await.len(), 3);
}

async fn a_client_id_belongs_to_its_sender_and_room(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let other_room = ann.creates_room("other").await;
    let first = ann.joins(room).await.says(room, "ann's", "1").await;
    let second = bo.joins(room).await.says(room, "bo's", "1").await;
    let third = ann.joins(other_room).await.says(other_room, "elsewhere", "1").await;
    for ack in [&first, &second, &third] {
        assert_eq!(ack["duplicate"], false, "{ack}");
    }
    assert_eq!((seq(&first), seq(&second), seq(&third)), (1, 2, 1));
}

async fn readers_that_drop_their_connections_miss_and_repeat_nothing(database: Database) {
    const READERS: i64 = 4;
    const MESSAGES: i64 = 400;
    let (server, ann, room) = server_with_room(database).await;
    let epoch = epoch(&ann.joins(room).await);
    let mut readers = JoinSet::new();
    for n in 0..READERS {
        let client = server.user(&format!("reader-{n}")).await;
        let epoch = epoch.clone();
        // Each reader drops its connection after another number of messages.
        readers.spawn(async move { read_in_bits(client, room, epoch, 3 + 4 * n, MESSAGES).await });
    }
    let mut speakers = JoinSet::new();
    for name in ["bo", "cy"] {
        let client = server.user(name).await;
        speakers.spawn(async move {
            let mut socket = client.joins(room).await;
            say_many(&mut socket, room, &client.username, 1..=MESSAGES / 2).await;
        });
    }
    speakers.join_all().await;
    let history: Vec<Value> =
        ann.history(room).await.iter().map(|message| message["id"].clone()).collect();
    assert_eq!(history.len() as i64, MESSAGES);
    for ids in readers.join_all().await {
        assert_eq!(ids, history, "a reader received messages in another order than history");
    }
}

/// Reads a room from its beginning over many connections, and returns the ids of its messages.
async fn read_in_bits(
    client: Client,
    room: i64,
    epoch: String,
    per_connection: i64,
    messages: i64,
) -> Vec<Value> {
    let mut ids = Vec::new();
    loop {
        let since = ids.len();
        let path = format!("/ws/{room}?token={}&since={since}&epoch={epoch}", client.token);
        let mut socket = client.opens(&path).await;
        for _ in 0..per_connection {
            let message = socket.recv_type("message").await;
            assert_eq!(seq(&message), ids.len() as i64 + 1, "after a resume at {since}");
            ids.push(message["id"].clone());
            if ids.len() as i64 == messages {
                return ids;
            }
        }
    }
}

async fn senders_that_drop_their_connections_store_nothing_twice(database: Database) {
    const MESSAGES: i64 = 60;
    let (_server, ann, room) = server_with_room(database).await;
    let mut acknowledged = 0;
    let mut attempts = 0;
    while acknowledged < MESSAGES {
        attempts += 1;
        assert!(attempts < 200, "{acknowledged} of {MESSAGES} acknowledged after many attempts");
        let mut socket = ann.joins(room).await;
        // Sends ten messages, waits for the first acknowledgement only, and drops the connection.
        let window = acknowledged + 1..=MESSAGES.min(acknowledged + 10);
        for n in window {
            let send = json!({
                "type": "send", "room_id": room, "content": format!("m{n}"),
                "client_id": format!("m{n}"), "ref": n.to_string(),
            });
            socket.send(send).await;
        }
        let ack = socket.recv_type("ack").await;
        assert_eq!(ack["ref"], (acknowledged + 1).to_string(), "sends are answered in order");
        acknowledged += 1;
    }
    let history = ann.history(room).await;
    let contents: Vec<&str> =
        history.iter().map(|message| message["content"].as_str().expect("content")).collect();
    let expected: Vec<String> = (1..=MESSAGES).map(|n| format!("m{n}")).collect();
    assert_eq!(contents, expected, "each message is stored once, in the order of sending");
}

async fn server_with_room(database: Database) -> (Server, Client, i64) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    (server, ann, room)
}

/// Sends numbered messages without waiting for each, and waits until all are acknowledged.
async fn say_many(
    socket: &mut Socket,
    room: i64,
    prefix: &str,
    numbers: std::ops::RangeInclusive<i64>,
) {
    // Few enough for a server with any queue length.
    const WINDOW: usize = 50;
    let mut under_way = 0;
    for n in numbers {
        let client_id = format!("{prefix}{n}");
        let content = format!("message {client_id}");
        socket
            .send(json!({
                "type": "send", "room_id": room, "content": content,
                "client_id": client_id, "ref": client_id,
            }))
            .await;
        under_way += 1;
        if under_way == WINDOW {
            socket.recv_type("ack").await;
            under_way -= 1;
        }
    }
    for _ in 0..under_way {
        socket.recv_type("ack").await;
    }
}

fn epoch(socket: &Socket) -> String {
    socket.synced["epoch"].as_str().expect("epoch").to_owned()
}

fn seq(frame: &Value) -> i64 {
    frame["seq"].as_i64().unwrap_or_else(|| panic!("no seq in {frame}"))
}

/// The `seq`s of the messages among these frames.
fn seqs(frames: &[Value]) -> Vec<i64> {
    frames.iter().filter(|frame| frame["type"] == "message").map(seq).collect()
}
