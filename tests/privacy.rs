//! What an outsider can learn about private and direct rooms: nothing.
//!
//! The same public conversation takes place on two servers. On one of them the same people also talk in private and
//! direct rooms, of all that they can do there. Everything that the outsider receives and can ask for is the same on
//! both, byte by byte, apart from times and ids of requests.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Database, Server, Socket, on_both_databases};

on_both_databases!(an_outsider_sees_the_same_with_and_without_private_rooms);

/// The first ids of private and direct rooms, on any server.
const CLOSED_ROOMS: [i64; 3] = [(1 << 52) + 1, (1 << 52) + 2, (1 << 52) + 3];

async fn an_outsider_sees_the_same_with_and_without_private_rooms(database: Database) {
    let without = view(database, false).await;
    let with = view(database, true).await;
    for (one, other) in without.iter().zip(&with) {
        assert_eq!(one, other);
    }
    assert_eq!(without.len(), with.len());
    assert!(without.len() > 150, "{}", without.len());
}

/// Everything that the outsider `eve` receives, in order.
async fn view(database: Database, has_private_rooms: bool) -> Vec<String> {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let [ben, eve] = [server.user("ben").await, server.user("eve").await];
    let [general, lobby] = [ann.creates_room("general").await, ann.creates_room("lobby").await];
    let mut seen = Vec::new();

    let mut eves = eve.opens(&format!("/ws?token={}", eve.token)).await;
    eves.send(json!({ "type": "watch", "ref": "w" })).await;
    eves.recv_type("watching").await;
    eves.send(json!({ "type": "subscribe", "room_id": general, "ref": "s" })).await;
    eves.recv_type("synced").await;
    let mut bens = ben.joins(general).await;
    // Everybody may see who is online.
    let _anns = ann.opens(&format!("/ws?token={}", ann.token)).await;

    let mut private = Private { ann: &ann, ben: &ben, eve: &eve, rooms: Vec::new() };
    for round in 0..3 {
        if has_private_rooms {
            private.happens(round).await;
        }
        bens.says(general, &format!("round {round} for @eve"), &format!("c{round}")).await;
        let path = format!("/rooms/{lobby}/messages");
        ben.post(&path, json!({ "content": format!("lobby {round}") })).await.expect(201);
        receive_until(&mut eves, &mut seen, lobby).await;
        ask_for_everything(&eve, general, lobby, &mut seen).await;
    }
    ann.patch(&format!("/rooms/{lobby}"), json!({ "name": "secret plans" })).await.expect(200);
    receive_until(&mut eves, &mut seen, lobby).await;
    ann.delete(&format!("/rooms/{lobby}")).await.expect(204);
    loop {
        let frame = eves.recv().await;
        seen.push(normal(frame.to_string()));
        if frame["type"] == "room_deleted" {
            break;
        }
    }
    ask_for_everything(&eve, general, lobby, &mut seen).await;
    seen
}

/// What people do in private.
struct Private<'a> {
    ann: &'a Client,
    ben: &'a Client,
    eve: &'a Client,
    rooms: Vec<i64>,
}

impl Private<'_> {
    async fn happens(&mut self, round: usize) {
        let (ann, ben) = (self.ann, self.ben);
        if round == 0 {
            let name = json!({
                "name": "secret plans", "kind": "private", "inviting": "everyone",
                "metadata": { "order_id": 42 },
            });
            let secret = ben.post("/rooms/", name).await.expect(201)["id"].as_i64().unwrap();
            let direct = json!({ "user_ids": [ann.user_id] });
            let direct =
                ben.post("/direct-rooms/", direct).await.expect(201)["id"].as_i64().unwrap();
            self.rooms = vec![secret, direct];
            let people = json!({ "user_ids": [ann.user_id] });
            ben.post(&format!("/rooms/{secret}/members"), people).await.expect(200);
            let hook = json!({ "name": "Secret build" });
            let hook = ben.post(&format!("/rooms/{secret}/hooks"), hook).await.expect(201);
            let message = json!({ "text": "for @eve" });
            ben.post(hook["path"].as_str().unwrap(), message).await.expect(200);
        }
        for &room in &self.rooms {
            let mut socket = ann.joins(room).await;
            let data = json!({ "content": "x", "metadata": { "order_id": 42 } });
            ann.post(&format!("/rooms/{room}/messages"), data).await.expect(201);
            let sent = socket.says(room, "about @eve", &format!("p{round}")).await;
            socket.send(json!({ "type": "typing", "room_id": room })).await;
            let path = format!("/rooms/{room}/messages/{}", sent["id"]);
            ann.patch(&path, json!({ "content": "more about @eve" })).await.expect(200);
            let read = json!({ "seq": sent["seq"] });
            ben.put(&format!("/rooms/{room}/read"), read).await.expect(200);
            ben.put(&format!("{path}/reactions/:tada:"), Value::Null).await.expect(204);
            ann.put(&format!("/rooms/{room}/pins/{}", sent["id"]), Value::Null).await.expect(204);
            let reply = json!({ "content": "@eve and @room", "thread_id": sent["id"] });
            ben.post(&format!("/rooms/{room}/messages"), reply).await.expect(201);
            ben.post(&format!("/rooms/{room}/unread"), json!({ "seq": 1 })).await.expect(200);
            if round == 1 {
                ann.delete(&path).await.expect(204);
            }
            socket.close().await;
        }
        let secret = self.rooms[0];
        let said = json!({ "content": "the server says @eve", "metadata": { "order_id": 42 } });
        ann.post(&format!("/admin/rooms/{secret}/messages"), said).await.expect(201);
        match round {
            0 => {
                let ban = json!({ "reason": "she must not know" });
                ben.put(&format!("/rooms/{secret}/bans/{}", self.eve.user_id), ban)
                    .await
                    .expect(204);
            }
            1 => {
                let change = json!({ "name": "other plans", "is_archived": true });
                ben.patch(&format!("/rooms/{secret}"), change).await.expect(200);
                ben.patch(&format!("/rooms/{secret}"), json!({ "is_archived": false }))
                    .await
                    .expect(200);
                let role = json!({ "role": "moderator" });
                ben.patch(&format!("/rooms/{secret}/members/{}", ann.user_id), role)
                    .await
                    .expect(204);
            }
            _ => {
                ann.delete(&format!("/rooms/{secret}/members/me")).await.expect(204);
                ben.delete(&format!("/rooms/{secret}")).await.expect(204);
            }
        }
    }
}

/// Notes frames up to the activity in the room that eve has not joined.
async fn receive_until(socket: &mut Socket, seen: &mut Vec<String>, lobby: i64) {
    loop {
        let frame = socket.recv().await;
        let is_last = frame["type"] == "room_activity" && frame["room_id"] == lobby;
        seen.push(normal(frame.to_string()));
        if is_last {
            return;
        }
    }
}

async fn ask_for_everything(eve: &Client, general: i64, lobby: i64, seen: &mut Vec<String>) {
    let lists = [
        "/rooms/",
        "/rooms?limit=1",
        "/rooms?membership=joined",
        "/rooms?membership=none",
        "/rooms?kind=private",
        "/rooms?kind=direct",
        "/rooms?query=secret",
        "/rooms?metadata_key=order_id",
        "/rooms?metadata_key=order_id&metadata_value=42",
        "/users/",
        "/users/?query=b",
        // On one of the servers, this is the webhook of a private room.
        "/users/4",
        "/auth/me",
        "/users/me/mentions",
        "/users/me/threads",
        "/users/me/scheduled",
        "/users/me/drafts",
    ];
    for path in lists {
        ask(eve, Method::GET, path, None, seen).await;
    }
    for query in ["round", "about", "ev*", "from:ben", "in:general eve", "in:secret eve", "rou%20-"]
    {
        for order in ["newest", "best"] {
            let path = format!("/search?q={query}&order={order}&limit=2");
            // The newest messages come into the index a moment later.
            while eve.get(&path).await.body["is_complete"] == false {}
            ask(eve, Method::GET, &path, None, seen).await;
        }
    }
    let hidden = CLOSED_ROOMS.into_iter().chain([9_999]);
    for room in [general, lobby].into_iter().chain(hidden) {
        for path in [
            "",
            "/messages",
            "/messages?limit=1",
            "/messages?metadata_key=order_id",
            "/events",
            "/members",
            "/members?query=a",
        ] {
            ask(eve, Method::GET, &format!("/rooms/{room}{path}"), None, seen).await;
        }
    }
    for room in CLOSED_ROOMS.into_iter().chain([9_999]) {
        let path = format!("/rooms/{room}");
        for (method, rest, body) in [
            (Method::GET, "/bans", None),
            (Method::GET, "/invites", None),
            (Method::POST, "/messages", Some(json!({ "content": "x" }))),
            (Method::PATCH, "/messages/1", Some(json!({ "content": "x" }))),
            (Method::DELETE, "/messages/1", None),
            (Method::PUT, "/read", Some(json!({ "seq": 1 }))),
            (Method::POST, "/unread", Some(json!({ "seq": 1 }))),
            (Method::GET, "/messages/1", None),
            (Method::GET, "/messages/1/thread", None),
            (Method::PUT, "/messages/1/thread/read", Some(json!({ "seq": 1 }))),
            (Method::PUT, "/messages/1/thread/follow", None),
            (Method::PUT, "/messages/1/reactions/:tada:", None),
            (Method::GET, "/messages/1/reactions/:tada:", None),
            (Method::POST, "/messages/1/forward", Some(json!({ "room_id": general }))),
            (Method::POST, "/messages", Some(json!({ "content": "x", "thread_id": 1 }))),
            (Method::PUT, "/draft", Some(json!({ "content": "x" }))),
            (Method::PUT, "/draft", Some(json!({ "content": "x", "thread_id": 1 }))),
            (Method::DELETE, "/draft", None),
            (Method::GET, "/pins", None),
            (Method::PUT, "/pins/1", None),
            (Method::PATCH, "", Some(json!({ "name": "x" }))),
            (Method::DELETE, "", None),
            (Method::PUT, "/members/me", None),
            (Method::PATCH, "/members/me", Some(json!({ "is_starred": true }))),
            (Method::DELETE, "/members/me", None),
            (Method::POST, "/members", Some(json!({ "user_ids": [eve.user_id] }))),
            (Method::PATCH, "/members/1", Some(json!({ "role": "owner" }))),
            (Method::DELETE, "/members/1", None),
            (Method::PUT, "/owner", Some(json!({ "user_id": eve.user_id }))),
            (Method::PUT, "/bans/1", Some(json!({}))),
            (Method::DELETE, "/bans/1", None),
            (Method::POST, "/invites", Some(json!({}))),
            (Method::GET, "/hooks", None),
            (Method::POST, "/hooks", Some(json!({ "name": "x" }))),
            (Method::DELETE, "/hooks/1", None),
        ] {
            ask(eve, method, &format!("{path}{rest}"), body, seen).await;
        }
        let mut socket = eve.opens(&format!("/ws?token={}", eve.token)).await;
        for frame in [
            json!({ "type": "subscribe", "room_id": room, "ref": "1" }),
            json!({ "type": "send", "room_id": room, "content": "x", "ref": "2" }),
            json!({ "type": "typing", "room_id": room, "ref": "3" }),
            json!({ "type": "read", "room_id": room, "seq": 1, "ref": "4" }),
            json!({ "type": "unsubscribe", "room_id": room, "ref": "5" }),
        ] {
            socket.send(frame).await;
            seen.push(normal(socket.recv().await.to_string()));
        }
        socket.close().await;
        let mut socket = eve.opens(&format!("/ws/{room}?token={}", eve.token)).await;
        seen.push(normal(socket.recv().await.to_string()));
        seen.push(socket.expect_close().await.to_string());
    }
}

async fn ask(
    client: &Client,
    method: Method,
    path: &str,
    body: Option<Value>,
    seen: &mut Vec<String>,
) {
    let mut request = client.request(method.clone(), path);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = Answer::to(request).await;
    let link = answer.header("link").to_owned();
    seen.push(normal(format!("{method} {path}: {} {link} {}", answer.status, answer.body)));
}

/// The text without times and ids of requests, which differ between two runs.
fn normal(text: String) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find('"') {
        let (before, value) = rest.split_at(start + 1);
        normal.push_str(before);
        let end = value.find('"').unwrap_or(value.len());
        normal.push_str(if is_volatile(&value[..end]) { "…" } else { &value[..end] });
        rest = &value[end..];
        if let Some(after) = rest.strip_prefix('"') {
            normal.push('"');
            rest = after;
        }
    }
    normal.push_str(rest);
    normal
}

fn is_volatile(value: &str) -> bool {
    let is_time = value.len() == 24 && value.ends_with('Z') && value.as_bytes()[10] == b'T';
    let is_id =
        value.len() >= 16 && value.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_time || is_id
}
