//! Every verb about a room, sent by each of those who can stand in a relation to the room.

use serde_json::{Value, json};

use crate::common::{frames_until_pong, open_many};
use crate::http::standings::{DIRECT, House, NOWHERE, PRIVATE, PUBLIC, Room};
use crate::support::{Client, Database, Server, on_both_databases};

on_both_databases!(
    every_verb_in_a_public_room_answers_each_standing,
    every_verb_in_a_private_room_answers_each_standing,
    every_verb_in_a_direct_room_answers_each_standing,
);

/// The name of the verb in `/asyncapi.json`, its frame without `room_id`, and the answers in a public room, a private
/// room and a direct room, in the columns of the table of the HTTP API: `OK`, or the code of an error.
type Row = (&'static str, Value, [&'static str; 3]);

/// The verbs that name no room: their answers do not depend on a standing. `plain_send` is a `send` on a socket that
/// was opened for a room.
const WITHOUT_ROOM: [&str; 5] =
    ["plain_send", "client_auth.refresh", "client_presence", "client_watch", "client_ping"];

fn table() -> Vec<Row> {
    let readers = ["OK OK OK OK OK banned OK", "OK OK OK OK", "OK"];
    let writers = ["OK OK OK OK muted banned OK", "OK OK OK muted", "OK"];
    vec![
        ("client_subscribe", json!({ "type": "subscribe" }), readers),
        ("client_unsubscribe", json!({ "type": "unsubscribe" }), readers),
        ("client_send", json!({ "type": "send", "content": "x" }), writers),
        ("client_typing", json!({ "type": "typing" }), writers),
        ("client_read", json!({ "type": "read", "seq": 0 }), readers),
        ("client_react", json!({ "type": "react", "emoji": "👍", "message_id": 0 }), writers),
    ]
}

async fn every_verb_in_a_public_room_answers_each_standing(database: Database) {
    check(database, "public", &PUBLIC, 0).await;
}

async fn every_verb_in_a_private_room_answers_each_standing(database: Database) {
    check(database, "private", &PRIVATE, 1).await;
}

async fn every_verb_in_a_direct_room_answers_each_standing(database: Database) {
    check(database, "direct", &DIRECT, 2).await;
}

async fn check(database: Database, kind: &'static str, columns: &[&str], column: usize) {
    let server = Server::with(database).env("CHATAPP_ROOMS__CREATE", "everyone").start().await;
    let house = House::on(&server, kind).await;
    every_verb_has_a_row(&server.anonymous()).await;
    let strangers: &[&str] = match kind {
        "public" => &[],
        "private" => &["outsider", "banned", "root"],
        _ => &["outsider", "moderator", "root"],
    };
    for (number, (verb, mut frame, answers)) in (1..).zip(table()) {
        let Room { id: room, message, .. } = house.room(number).await;
        if frame.get("message_id").is_some() {
            frame["message_id"] = message.into();
        }
        let words: Vec<&str> = answers[column].split_whitespace().collect();
        assert_eq!(words.len(), columns.len(), "{verb}");
        for (name, word) in columns.iter().zip(words) {
            let answer = ask(house.of(name), &frame, room).await;
            match word {
                "OK" => assert!(
                    answer.iter().flatten().all(is_no_error),
                    "{verb} by {name}: {answer:?}"
                ),
                code => assert_refused(&answer, code, &format!("{verb} by {name}")),
            }
        }
        for name in strangers {
            let answer = ask(house.of(name), &frame, room).await;
            assert_refused(&answer, "room_not_found", &format!("{verb} by {name}"));
            let mut nowhere = ask(house.of(name), &frame, NOWHERE).await;
            for frame in nowhere.iter_mut().flatten() {
                if frame["room_id"] == NOWHERE {
                    frame["room_id"] = room.into();
                }
            }
            assert_eq!(
                answer, nowhere,
                "{verb} by {name}: the room could be told from one that is not there"
            );
        }
    }
}

async fn every_verb_has_a_row(client: &Client) {
    let document = client.get("/asyncapi.json").await.expect(200);
    let messages = document["components"]["messages"].as_object().expect("messages");
    let rows: Vec<&str> = table().iter().map(|row| row.0).collect();
    for verb in messages.keys().filter(|name| *name == "plain_send" || name.starts_with("client_"))
    {
        let is_known = rows.contains(&verb.as_str()) || WITHOUT_ROOM.contains(&verb.as_str());
        assert!(is_known, "{verb} has no row in the table");
    }
}

/// Subscribes a new socket to the room, then sends the frame, and returns everything that the server answers to each.
async fn ask(client: &Client, frame: &Value, room: i64) -> [Vec<Value>; 2] {
    let mut socket = open_many(client).await;
    let named = |frame: &Value| {
        let mut frame = frame.clone();
        frame["room_id"] = room.into();
        frame["ref"] = "r".into();
        frame
    };
    socket.send(named(&json!({ "type": "subscribe" }))).await;
    let joined = frames_until_pong(&mut socket).await;
    if frame["type"] == "subscribe" {
        socket.close().await;
        return [joined, Vec::new()];
    }
    socket.send(named(frame)).await;
    let answer = frames_until_pong(&mut socket).await;
    socket.close().await;
    [joined, answer]
}

fn is_no_error(frame: &Value) -> bool {
    frame["type"] != "error"
}

/// The verb is refused with the code, or the subscription before it; then every other verb asks for a subscription.
fn assert_refused([joined, answer]: &[Vec<Value>; 2], code: &str, what: &str) {
    if joined.iter().all(is_no_error) {
        return assert_error(answer, code, what);
    }
    assert_error(joined, code, what);
    if !answer.is_empty() {
        assert_error(answer, "not_subscribed", what);
    }
}

fn assert_error(frames: &[Value], code: &str, what: &str) {
    // The subscription may be complete only now.
    let errors: Vec<&Value> = frames.iter().filter(|frame| !is_no_error(frame)).collect();
    let [refusal] = errors[..] else { panic!("{what}: {frames:?}") };
    let seen = (&refusal["type"], &refusal["code"], &refusal["ref"]);
    assert_eq!(seen, (&json!("error"), &json!(code), &json!("r")), "{what}");
}
