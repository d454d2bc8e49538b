//! Outgoing webhooks: what they are told, what becomes of failures, and who manages them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chatapp::model::{FailingRoom, OutgoingHookId, Timestamp};
use chatapp::storage::backend::HookProgress;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::bots::bot;
use crate::support::receiver::{Received, Receiver, Reply, verify};
use crate::support::{
    Client, DEADLINE, Database, Server, ServerBuilder, in_the_database, on_both_databases,
};

on_both_databases!(
    events_arrive_signed_and_in_order,
    filters_select_kinds_and_rooms,
    a_closed_room_is_told_while_the_bot_is_a_member,
    what_fails_is_tried_again_before_what_follows,
    an_event_that_fails_for_days_is_parked_until_it_is_replayed,
    an_address_that_is_gone_pauses_the_webhook,
    addresses_of_this_network_and_redirects_are_refused,
    a_new_secret_signs_beside_the_old_one,
    nothing_is_lost_if_the_server_and_the_receiver_are_killed,
    what_no_webhook_can_have_is_refused,
);

/// A server that may send to this machine.
fn server(database: Database) -> ServerBuilder {
    Server::with(database).env("CHATAPP_OUTBOUND__ALLOW", "127.0.0.1")
}

async fn takes_all() -> Receiver {
    Receiver::start(|_| Some(Reply::status(204))).await
}

/// Makes a webhook of the bot, and returns its path and its secret.
async fn hook(admin: &Client, bot: &Client, url: &str, filter: Value) -> (String, String) {
    let mut request = filter;
    (request["user_id"], request["url"]) = (json!(bot.user_id), json!(url));
    let made = admin.post("/outgoing-hooks", request).await.expect(201);
    let secret = made["secret"].as_str().expect("a secret").to_owned();
    (format!("/outgoing-hooks/{}", made["hook"]["id"]), secret)
}

async fn says(client: &Client, room: i64, content: &str) -> Value {
    let message = json!({ "content": content });
    client.post(&format!("/rooms/{room}/messages"), message).await.expect(201)
}

/// Asks until the answer is so.
async fn get_until(client: &Client, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let asked = async {
        loop {
            let answer = client.get(path).await.expect(200);
            if is_so(&answer) {
                return answer;
            }
        }
    };
    timeout(DEADLINE * 3, asked).await.unwrap_or_else(|_| panic!("{path} is never so"))
}

/// The events that were taken, in order.
fn taken(received: &[Received]) -> Vec<Value> {
    let is_taken = |request: &&Received| matches!(request.status, Some(200..=299));
    received.iter().filter(is_taken).map(|request| request.json()["data"].clone()).collect()
}

/// Waits until a message with this text was taken, and returns the texts so far.
async fn texts_until(receiver: &Receiver, last: &str) -> Vec<String> {
    let text = |event: &Value| event["content"].as_str().map(str::to_owned);
    receiver
        .until(last, |received| {
            let texts: Vec<_> = taken(received).iter().filter_map(text).collect();
            texts.iter().any(|text| text == last).then_some(texts)
        })
        .await
}

async fn events_arrive_signed_and_in_order(database: Database) {
    let receiver = takes_all().await;
    let server = server(database).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    says(&ann, room, "before the webhook").await;
    let shop = bot(&ann, "shop", json!({ "scopes": ["read", "send"] })).await;
    let (_, secret) = hook(&ann, &shop, &receiver.url("/events?of=chat"), json!({})).await;
    let first = says(&ann, room, "first <b> \u{1f44b}").await;
    let message = format!("/rooms/{room}/messages/{}", first["id"]);
    ann.patch(&message, json!({ "content": "edited" })).await.expect(200);
    ann.put(&format!("{message}/reactions/👍"), json!({})).await;
    // What the bot itself does would come back to it.
    says(&shop, room, "an answer").await;
    ann.delete(&message).await.expect(204);
    says(&ann, room, "last").await;
    // A room that is newer than the webhook.
    let other = ann.creates_room("other").await;
    says(&ann, other, "elsewhere").await;
    texts_until(&receiver, "last").await;
    texts_until(&receiver, "elsewhere").await;

    let received = receiver.received();
    verify(&secret, &received).expect("every signature is valid");
    let log = ann.log(room).await;
    let of_others = |event: &&Value| event["user_id"] != shop.user_id;
    let expected: Vec<_> = log.iter().skip(1).filter(of_others).cloned().collect();
    let in_room = |event: &Value| event["room_id"] == room;
    let told: Vec<_> = taken(&received).into_iter().filter(in_room).collect();
    let kinds = |events: &[Value]| {
        events.iter().map(|it| (it["seq"].clone(), it["type"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&told), kinds(&expected));
    // What came before may have been told before the message was deleted, with its text.
    let end = told.iter().position(|it| it["type"] == "message_deleted").expect("the deletion");
    assert_eq!(told[end..], expected[end..]);
    for request in &received {
        let body = request.json();
        assert_eq!(request.path, "/events?of=chat");
        assert_eq!(
            (&body["type"], &body["timestamp"]),
            (&body["data"]["type"], &body["data"]["timestamp"])
        );
        let id = request.header("webhook-id");
        assert!(
            id.starts_with("msg_") && id.ends_with(&format!("_1_{}", body["data"]["id"])),
            "{id}"
        );
        assert_eq!(request.header("content-type"), "application/json");
    }
    let ids: HashSet<_> = received.iter().map(|it| it.header("webhook-id")).collect();
    assert_eq!(ids.len(), received.len());
}

async fn filters_select_kinds_and_rooms(database: Database) {
    let receiver = takes_all().await;
    let server = server(database).start().await;
    let ann = server.admin("ann").await;
    let [one, two] = [ann.creates_room("one").await, ann.creates_room("two").await];
    let shop = bot(&ann, "shop", json!({ "scopes": ["read"] })).await;
    let filter = json!({ "kinds": ["message", "message_deleted"], "room_ids": [two] });
    let (path, _) = hook(&ann, &shop, &receiver.url("/"), filter.clone()).await;
    let said = says(&ann, two, "first").await;
    says(&ann, one, "not of this room").await;
    let message = format!("/rooms/{two}/messages/{}", said["id"]);
    ann.patch(&message, json!({ "content": "not of this kind" })).await.expect(200);
    ann.delete(&message).await.expect(204);
    says(&ann, two, "second").await;
    texts_until(&receiver, "second").await;
    let kinds: Vec<_> = taken(&receiver.received()).iter().map(|it| it["type"].clone()).collect();
    assert_eq!(kinds, ["message", "message_deleted", "message"]);

    let known = ann.get(&path).await.expect(200);
    assert_eq!((&known["kinds"], &known["room_ids"]), (&filter["kinds"], &filter["room_ids"]));
    let changed = ann.patch(&path, json!({ "room_ids": null })).await.expect(200);
    assert_eq!((&changed["kinds"], &changed["room_ids"]), (&filter["kinds"], &json!(null)));
    // The position in a room that was left out is where it was.
    texts_until(&receiver, "not of this room").await;
}

async fn a_closed_room_is_told_while_the_bot_is_a_member(database: Database) {
    let receiver = takes_all().await;
    let server = server(database).start().await;
    let ann = server.admin("ann").await;
    let open = ann.creates_room("open").await;
    let shop = bot(&ann, "shop", json!({ "scopes": ["read"] })).await;
    let (path, _) = hook(&ann, &shop, &receiver.url("/"), json!({})).await;
    let closed = json!({ "name": "closed", "kind": "private" });
    let closed = ann.post("/rooms/", closed).await.expect(201)["id"].as_i64().expect("an id");
    says(&ann, closed, "secret").await;
    says(&ann, open, "public").await;
    texts_until(&receiver, "public").await;
    let members = format!("/rooms/{closed}/members");
    ann.post(&members, json!({ "user_ids": [shop.user_id] })).await.expect(200);
    says(&ann, closed, "to the bot").await;
    texts_until(&receiver, "to the bot").await;
    ann.delete(&format!("{members}/{}", shop.user_id)).await.expect(204);
    says(&ann, closed, "secret again").await;
    says(&ann, open, "public again").await;
    let texts = texts_until(&receiver, "public again").await;
    assert_eq!(texts, ["public", "to the bot", "public again"]);
    let told = receiver.received().iter().any(|request| request.body.contains("secret"));
    assert!(!told, "{:#?}", receiver.received());
    // Each attempt is in the log, when it is stored.
    let deliveries = format!("{path}/deliveries");
    let count = receiver.received().len();
    get_until(&ann, &deliveries, |list| list.as_array().is_some_and(|it| it.len() >= count)).await;
}

async fn what_fails_is_tried_again_before_what_follows(database: Database) {
    let fails = Arc::new(AtomicBool::new(true));
    let state = fails.clone();
    let receiver = Receiver::start(move |request| {
        let is_bad = request.body.contains("bad") && state.load(Ordering::SeqCst);
        Some(Reply::status(if is_bad { 500 } else { 200 }))
    })
    .await;
    let server = server(database).start().await;
    let ann = server.admin("ann").await;
    let [one, two] = [ann.creates_room("one").await, ann.creates_room("two").await];
    let shop = bot(&ann, "shop", json!({ "scopes": ["read"] })).await;
    let (path, _) = hook(&ann, &shop, &receiver.url("/"), json!({ "kinds": ["message"] })).await;
    for text in ["good", "bad", "after it"] {
        says(&ann, one, text).await;
    }
    let has_failed =
        |received: &[Received]| received.iter().find(|it| it.status == Some(500)).cloned();
    let failed = receiver.until("the failure", has_failed).await;
    // Another room goes on.
    says(&ann, two, "elsewhere").await;
    assert_eq!(texts_until(&receiver, "elsewhere").await, ["good", "elsewhere"]);
    let failing = get_until(&ann, &format!("{path}/failing"), |it| it[0].is_object()).await;
    assert_eq!((&failing[0]["room_id"], &failing[0]["failures"]), (&json!(one), &json!(1)));
    assert_eq!(ann.get(&path).await.expect(200)["failing_rooms"], 1);
    let deliveries = ann.get(&format!("{path}/deliveries?limit=100")).await.expect(200);
    let failure = deliveries.as_array().expect("a list").iter().find(|it| it["status"] == 500);
    let failure = failure.expect("the failure");
    assert_eq!(failure["failure"], "the answer is 500");
    assert_eq!(failure["seq"], failing[0]["seq"].as_i64().expect("a position") + 1);
    fails.store(false, Ordering::SeqCst);
    // It is tried again by itself.
    let texts = texts_until(&receiver, "after it").await;
    assert_eq!(texts, ["good", "elsewhere", "bad", "after it"]);
    let again = receiver
        .received()
        .into_iter()
        .find(|it| it.status == Some(200) && it.body.contains("bad"));
    assert_eq!(again.expect("the event").header("webhook-id"), failed.header("webhook-id"));
    get_until(&ann, &path, |hook| hook["failing_rooms"] == 0).await;

    // What was taken can be delivered again, and what follows can be left out.
    let seq = failure["seq"].as_i64().expect("a position");
    let replay = format!("{path}/replay");
    ann.post(&replay, json!({ "room_id": one, "after_seq": seq })).await.expect(204);
    let count = |received: &[Received]| {
        let again = received.iter().filter(|it| it.body.contains("after it")).count();
        (again > 1).then_some(())
    };
    receiver.until("the event again", count).await;
}

async fn an_event_that_fails_for_days_is_parked_until_it_is_replayed(database: Database) {
    let fails = Arc::new(AtomicBool::new(true));
    let state = fails.clone();
    let receiver = Receiver::start(move |_| {
        Some(Reply::status(if state.load(Ordering::SeqCst) { 503 } else { 200 }))
    })
    .await;
    let mut server = server(database).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let shop = bot(&ann, "shop", json!({ "scopes": ["read"] })).await;
    let (path, _) = hook(&ann, &shop, &receiver.url("/"), json!({ "kinds": ["message"] })).await;
    says(&ann, room, "hello").await;
    get_until(&ann, &path, |hook| hook["failing_rooms"] == 1).await;
    let id = OutgoingHookId(ann.get(&path).await.expect(200)["id"].as_i64().expect("an id"));
    // Days pass.
    in_the_database(&server, move |backend| {
        let FailingRoom { room_id, seq, .. } = backend.list_failing_rooms(id, 1)?[0];
        backend.record_progress(&HookProgress {
            hook_id: id,
            room_id,
            from: seq,
            to: seq,
            failures: 12,
            retry_at: Some(Timestamp(1)),
            deliveries: Vec::new(),
        })
    });
    get_until(&ann, &path, |hook| hook["parked_rooms"] == 1).await;
    server.says("an outgoing webhook is parked in a room").await;
    let failing = ann.get(&format!("{path}/failing")).await.expect(200);
    assert_eq!(failing, json!([{ "room_id": room, "seq": failing[0]["seq"], "failures": 13 }]));
    fails.store(false, Ordering::SeqCst);
    ann.post(&format!("{path}/replay"), json!({})).await.expect(204);
    assert_eq!(texts_until(&receiver, "hello").await, ["hello"]);
    get_until(&ann, &path, |hook| hook["parked_rooms"] == 0).await;
}

async fn an_address_that_is_gone_pauses_the_webhook(database: Database) {
    let is_gone = Arc::new(AtomicBool::new(true));
    let state = is_gone.clone();
    let receiver = Receiver::start(move |_| {
        Some(Reply::status(if state.load(Ordering::SeqCst) { 410 } else { 200 }))
    })
    .await;
    let server = server(database).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let shop = bot(&ann, "shop", json!({ "scopes": ["read"] })).await;
    let (path, _) = hook(&ann, &shop, &receiver.url("/"), json!({ "kinds": ["message"] })).await;
    says(&ann, room, "to nobody").await;
    let paused = get_until(&ann, &path, |hook| hook["is_gone"] == true).await;
    assert!(paused["paused_at"].is_string(), "{paused}");
    is_gone.store(false, Ordering::SeqCst);
    says(&ann, room, "meanwhile").await;
    let resumed = ann.patch(&path, json!({ "is_paused": false })).await.expect(200);
    assert_eq!((&resumed["is_gone"], &resumed["paused_at"]), (&json!(false), &Value::Null));
    ann.post(&format!("{path}/replay"), json!({})).await.expect(204);
    assert_eq!(texts_until(&receiver, "meanwhile").await, ["to nobody", "meanwhile"]);

    // A pause of the admin: nothing is sent, and nothing is lost.
    ann.patch(&path, json!({ "is_paused": true })).await.expect(200);
    says(&ann, room, "during the pause").await;
    let other = takes_all().await;
    hook(&ann, &shop, &other.url("/"), json!({ "kinds": ["message"] })).await;
    says(&ann, room, "still").await;
    texts_until(&other, "still").await;
    assert_eq!(receiver.received().len(), 3);
    ann.patch(&path, json!({ "is_paused": false })).await.expect(200);
    texts_until(&receiver, "still").await;

    // A deactivated bot reads nothing.
    let bot = format!("/admin/users/{}", shop.user_id);
    ann.patch(&bot, json!({ "is_active": false })).await.expect(200);
    ann.delete(&path).await.expect(204);
    ann.get(&path).await.expect_problem(404, "hook_not_found");
    ann.delete(&bot).await.expect(204);
    assert_eq!(ann.get("/outgoing-hooks").await.expect(200), json!([]));
}

async fn addresses_of_this_network_and_redirects_are_refused(database: Database) {
    let receiver = takes_all().await;
    let to = receiver.url("/secret");
    let redirecting = Receiver::start(move |_| {
        let headers = format!("Location: {to}\r\n");
        Some(Reply { headers, ..Reply::status(307) })
    })
    .await;
    // The address of the receiver is not one of these.
    let server = Server::with(database).env("CHATAPP_OUTBOUND__ALLOW", "127.0.0.2").start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let shop = bot(&ann, "shop", json!({ "scopes": ["read"] })).await;
    let (refused, _) = hook(&ann, &shop, &receiver.url("/"), json!({})).await;
    let by_name = receiver.url("/").replace("127.0.0.1", "localhost");
    let (by_name, _) = hook(&ann, &shop, &by_name, json!({})).await;
    says(&ann, room, "hello").await;
    let failure = async |client: &Client, path: &str| {
        let deliveries = format!("{path}/deliveries");
        let list = get_until(client, &deliveries, |list| list[0]["failure"].is_string()).await;
        list[0]["failure"].as_str().expect("a text").to_owned()
    };
    for path in [refused, by_name] {
        let failure = failure(&ann, &path).await;
        let refused = "requests to this address or this port are not allowed: see `outbound.allow`";
        assert_eq!(failure, refused);
    }
    drop(server);
    let server = self::server(database).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let shop = bot(&ann, "shop", json!({ "scopes": ["read"] })).await;
    let (path, _) = hook(&ann, &shop, &redirecting.url("/"), json!({})).await;
    says(&ann, room, "hello").await;
    let failure = failure(&ann, &path).await;
    assert_eq!(failure, "the answer is 307: redirects are not followed");
    assert!(receiver.received().is_empty());
}

async fn a_new_secret_signs_beside_the_old_one(database: Database) {
    let receiver = takes_all().await;
    let server = server(database).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let shop = bot(&ann, "shop", json!({ "scopes": ["read"] })).await;
    let (path, old) = hook(&ann, &shop, &receiver.url("/"), json!({ "kinds": ["message"] })).await;
    let made = ann.post(&format!("{path}/secret"), json!({})).await.expect(200);
    let new = made["secret"].as_str().expect("a secret");
    assert_ne!(old, new);
    says(&ann, room, "hello").await;
    texts_until(&receiver, "hello").await;
    let received = receiver.received();
    verify(&old, &received).expect("the old secret is valid for a day");
    verify(new, &received).expect("the new secret is valid");
    let last = ann.get(&path).await.expect(200);
    assert!(!last.to_string().contains("whsec_"), "{last}");
    let forged =
        Received { body: received[0].body.replace("hello", "hallo"), ..received[0].clone() };
    verify(new, &[forged]).expect_err("the signature is of another text");
}

async fn nothing_is_lost_if_the_server_and_the_receiver_are_killed(database: Database) {
    const MESSAGES: usize = 120;
    let mut receiver = takes_all().await;
    let mut server = server(database).start().await;
    let ann = server.admin("ann").await;
    let rooms = [ann.creates_room("one").await, ann.creates_room("two").await];
    let shop = bot(&ann, "shop", json!({ "scopes": ["read"] })).await;
    let (_, secret) = hook(&ann, &shop, &receiver.url("/"), json!({ "kinds": ["message"] })).await;
    let mut sent: HashMap<i64, Vec<Value>> = HashMap::new();
    for n in 0..MESSAGES {
        let room = rooms[n % 2];
        let message = says(&ann, room, &format!("message {n}")).await;
        sent.entry(room).or_default().push(message["seq"].clone());
        match n % 30 {
            20 => receiver.stop().await,
            22 => receiver.start_again().await,
            // In the middle of deliveries.
            10 | 25 => {
                server.kill9();
                server.restart().await;
            }
            _ => {}
        }
    }
    let all: usize = sent.values().map(Vec::len).sum();
    let distinct = |received: &[Received]| {
        let ids: HashSet<_> = received.iter().map(|it| it.header("webhook-id")).collect();
        (ids.len() == all).then_some(())
    };
    receiver.until("every event", distinct).await;
    let received = receiver.received();
    verify(&secret, &received).expect("every signature is valid");
    for (room, seqs) in sent {
        let mut seen = HashSet::new();
        let first_times: Vec<_> = taken(&received)
            .into_iter()
            .filter(|event| event["room_id"] == room && seen.insert(event["seq"].to_string()))
            .map(|event| event["seq"].clone())
            .collect();
        assert_eq!(first_times, seqs, "the events of room {room} in order");
    }
}

async fn what_no_webhook_can_have_is_refused(database: Database) {
    let server = server(database).env("CHATAPP_ROOMS__CREATE", "everyone").start().await;
    let ann = server.admin("ann").await;
    let bo = server.user("bo").await;
    let shop = bot(&ann, "shop", json!({ "scopes": ["read", "admin"] })).await;
    let make = async |request: Value| ann.post("/outgoing-hooks", request).await;
    let fine = json!({ "user_id": shop.user_id, "url": "https://shop.example.com/hook" });
    let with = |field: &str, value: Value| {
        let mut request = fine.clone();
        request[field] = value;
        request
    };
    make(with("user_id", json!(bo.user_id))).await.expect_problem(404, "user_not_found");
    make(with("user_id", json!(99))).await.expect_problem(404, "user_not_found");
    for url in
        ["", "shop", "ftp://shop.example.com/", "https://ann:pw@shop.example.com/", "file:///etc"]
    {
        make(with("url", json!(url))).await.expect_problem(422, "invalid_field");
    }
    let long = format!("https://shop.example.com/{}", "x".repeat(2_000));
    make(with("url", json!(long))).await.expect_problem(422, "invalid_field");
    for (field, value) in [
        ("kinds", json!([])),
        ("kinds", json!(["message", "rain"])),
        ("room_ids", json!([])),
        ("room_ids", json!([77])),
        ("room_ids", json!((1..=101).collect::<Vec<_>>())),
    ] {
        let problem = make(with(field, value)).await.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let (path, _) = hook(&ann, &shop, "https://shop.example.com/#part", json!({})).await;
    assert_eq!(ann.get(&path).await.expect(200)["url"], "https://shop.example.com/");
    let replay = format!("{path}/replay");
    ann.post(&replay, json!({ "after_seq": 1 })).await.expect_problem(422, "invalid_field");
    ann.post(&replay, json!({ "room_id": 77 })).await.expect_problem(404, "room_not_found");
    let position = json!({ "room_id": 77, "after_seq": 0 });
    ann.post(&replay, position).await.expect_problem(404, "room_not_found");
    ann.get("/outgoing-hooks?user_id=99").await.expect_problem(404, "user_not_found");
    let listed = ann.get(&format!("/outgoing-hooks?user_id={}", shop.user_id)).await.expect(200);
    assert_eq!(listed.as_array().expect("a list").len(), 1);
    for _ in 1..100 {
        make(fine.clone()).await.expect(201);
    }
    make(fine.clone()).await.expect_problem(409, "too_many_hooks");
    // The bot of an incoming webhook belongs to its room, which may be one that no admin sees.
    let secret = json!({ "name": "secret", "kind": "private" });
    let secret = bo.post("/rooms/", secret).await.expect(201)["id"].clone();
    let incoming = bo.post(&format!("/rooms/{secret}/hooks"), json!({ "name": "CI" })).await;
    let incoming = incoming.expect(201)["id"].clone();
    make(with("user_id", incoming.clone())).await.expect_problem(404, "user_not_found");
    let tokens = format!("/bots/{incoming}/tokens");
    let token = json!({ "name": "spy", "scopes": ["read"] });
    ann.post(&tokens, token).await.expect_problem(404, "user_not_found");
    ann.get(&tokens).await.expect_problem(404, "user_not_found");
    let none = format!("{tokens}/{}", "0".repeat(32));
    ann.delete(&none).await.expect_problem(404, "token_not_found");
    // Rooms that the bot may not read are as if they did not exist.
    let hidden = bo.post("/direct-rooms", json!({ "user_ids": [ann.user_id] })).await;
    let hidden = hidden.expect(201)["id"].clone();
    make(with("room_ids", json!([hidden]))).await.expect_problem(422, "invalid_field");
    let position = json!({ "room_id": hidden, "after_seq": 0 });
    ann.post(&replay, position).await.expect_problem(404, "room_not_found");

    // The bot's token of the scope `admin` needs an admin too.
    shop.get("/outgoing-hooks").await.expect_problem(403, "admin_required");
    let audit = ann.get("/admin/audit?limit=1").await.expect(200);
    assert_eq!(audit["entries"][0]["action"], "outgoing_hook.create", "{audit}");
    assert!(!audit.to_string().contains("shop.example.com"), "{audit}");
}
