//! Watching: a watcher is notified of everything that concerns its user, in joined rooms and in others.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::{Value, json};

use crate::common::{
    frames_until_pong, nothing_more, open_many, path, room_on, say_many, server_with_room,
    subscribe,
};
use crate::raw::{Raw, text};
use crate::support::{Client, Database, Server, Socket, on_both_databases};

on_both_databases!(
    a_watcher_is_notified_of_created_changed_and_deleted_rooms,
    a_watcher_receives_activity_of_rooms_that_it_has_not_joined,
    a_watcher_receives_an_event_of_a_joined_room_once,
    a_socket_that_does_not_watch_receives_nothing_of_other_rooms,
    many_messages_are_combined_into_few_frames_marked_as_truncated,
    a_watcher_receives_the_users_read_positions_in_every_room,
    a_watcher_is_notified_of_a_deleted_message,
    watching_again_has_no_effect,
    rooms_are_listed_with_unread_and_mention_counts,
    a_watcher_can_join_from_the_head_that_it_received,
    nothing_is_lost_between_watching_and_reading_the_list,
    a_watcher_that_was_blocked_is_asked_to_read_the_list_again,
    a_watcher_that_comes_back_misses_nothing,
    a_watcher_that_leaves_a_room_before_its_log_was_sent_is_asked_to_read_the_list_again,
);

pub async fn watch(client: &Client) -> Socket {
    let mut socket = open_many(client).await;
    socket.send(json!({ "type": "watch", "ref": "w" })).await;
    let watching = socket.recv().await;
    assert_eq!((&watching["type"], &watching["ref"]), (&json!("watching"), &json!("w")));
    assert!(watching["epoch"].as_str().is_some_and(|epoch| !epoch.is_empty()), "{watching}");
    socket
}

async fn post(client: &Client, room: i64, content: &str) -> Value {
    let path = format!("/rooms/{room}/messages");
    client.post(&path, json!({ "content": content })).await.expect(201)
}

async fn reads(client: &Client, room: i64, seq: i64) {
    client.put(&format!("/rooms/{room}/read"), json!({ "seq": seq })).await.expect(200);
}

/// A client's knowledge of rooms, updated as /asyncapi.json describes it.
#[derive(Default)]
struct Model {
    user_id: i64,
    rooms: BTreeMap<i64, Known>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Known {
    revision: i64,
    name: String,
    head: i64,
    read: i64,
    /// The unread messages that the server counted, up to `counted_to`.
    counted: i64,
    counted_to: i64,
    /// The messages that came since, and whether they mention the user.
    unread: BTreeMap<i64, bool>,
    mentions: i64,
    is_uncertain: bool,
}

impl Model {
    fn of(client: &Client) -> Self {
        Self { user_id: client.user_id, ..Self::default() }
    }

    /// Applies an answer to `GET /rooms/`, however late it is.
    fn apply_list(&mut self, answer: &Value) {
        for room in answer.as_array().expect("rooms") {
            let id = room["id"].as_i64().expect("id");
            let known = self.rooms.entry(id).or_default();
            known.describe(room);
            known.count(room);
        }
    }

    fn apply(&mut self, frame: &Value) {
        let id = frame["room_id"].as_i64().or(frame["room"]["id"].as_i64()).unwrap_or_default();
        match frame["type"].as_str().expect("type") {
            "room_created" => {
                let known = self.rooms.entry(id).or_default();
                known.describe(&frame["room"]);
            }
            "room_updated" => {
                if let Some(known) = self.rooms.get_mut(&id) {
                    known.describe(frame);
                }
            }
            "room_deleted" => drop(self.rooms.remove(&id)),
            "read" => {
                let seq = frame["seq"].as_i64().expect("seq");
                self.rooms.entry(id).or_default().read_to(seq);
            }
            "room_activity" => {
                let known = self.rooms.entry(id).or_default();
                for message in frame["messages"].as_array().expect("messages") {
                    let seq = message["seq"].as_i64().expect("seq");
                    let is_news = seq > known.head.max(known.read);
                    if is_news && message["user_id"] != self.user_id {
                        let people = message["mentions"].as_array().cloned().unwrap_or_default();
                        known.unread.insert(seq, people.contains(&json!(self.user_id)));
                    }
                }
                for seq in frame["deleted"].as_array().into_iter().flatten() {
                    let seq = seq.as_i64().expect("seq");
                    let is_counted = seq > known.read && seq <= known.counted_to;
                    known.is_uncertain |= known.unread.remove(&seq).is_none() && is_counted;
                }
                known.head = known.head.max(frame["head_seq"].as_i64().expect("head_seq"));
                known.is_uncertain |= frame["truncated"] == true;
            }
            other => panic!("{other}: {frame}"),
        }
    }
}

impl Known {
    fn describe(&mut self, room: &Value) {
        let revision = room["revision"].as_i64().expect("revision");
        if self.name.is_empty() || revision > self.revision {
            self.revision = revision;
            self.name = room["name"].as_str().expect("name").to_owned();
        }
    }

    fn count(&mut self, room: &Value) {
        let number = |field: &str| room[field].as_i64().unwrap_or_default();
        let head = number("head_seq");
        self.read_to(number("read_seq"));
        self.head = self.head.max(head);
        self.counted = number("unread");
        self.mentions = number("mentions");
        self.counted_to = head;
        self.is_uncertain = self.read > number("read_seq") && self.read < head && self.counted > 0;
        let read = self.read;
        self.unread.retain(|&seq, _| seq > head && seq > read);
        if self.read >= head {
            (self.counted, self.mentions) = (0, 0);
        }
    }

    fn read_to(&mut self, seq: i64) {
        if seq <= self.read {
            return;
        }
        self.read = seq;
        self.unread.retain(|&unread, _| unread > seq);
        if seq >= self.counted_to {
            (self.counted, self.mentions) = (0, 0);
        } else if self.counted > 0 {
            self.is_uncertain = true;
        }
    }

    /// Name, head, unread and mentions, as `GET /rooms/` shows them.
    fn shown(&self) -> (String, i64, i64, i64) {
        let mentions = self.mentions + self.unread.values().filter(|&&it| it).count() as i64;
        (self.name.clone(), self.head, self.counted + self.unread.len() as i64, mentions)
    }
}

/// The same of every room, from an answer to `GET /rooms/`.
fn shown(answer: &Value) -> BTreeMap<i64, (String, i64, i64, i64)> {
    let mut fresh = Model::default();
    fresh.apply_list(answer);
    fresh.rooms.iter().map(|(&id, known)| (id, known.shown())).collect()
}

async fn a_watcher_is_notified_of_created_changed_and_deleted_rooms(database: Database) {
    let (server, ann, _) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let mut watcher = watch(&bo).await;
    let room = ann.post("/rooms/", json!({ "name": "new", "description": "Talk" })).await;
    let room = room.expect(201);
    let mut expected = room.clone();
    for of_the_reader in
        ["read_seq", "unread", "mentions", "unread_threads", "membership", "member_count"]
    {
        expected.as_object_mut().expect("a room").remove(of_the_reader);
    }
    let created = watcher.recv().await;
    assert_eq!(created, json!({ "type": "room_created", "room": expected }));

    let path = format!("/rooms/{}", room["id"]);
    let archived = ann.patch(&path, json!({ "name": "old", "is_archived": true })).await;
    let archived = archived.expect(200);
    let expected = json!({
        "type": "room_updated", "room_id": room["id"], "name": "old", "description": "Talk",
        "archived_at": archived["archived_at"], "revision": 1,
        "kind": "public", "posting": "everyone", "inviting": "moderators", "history": "all",
        "auto_join": false,
    });
    assert_eq!(watcher.recv().await, expected);
    assert_eq!(archived["revision"], 1);
    let activity = json!({
        "type": "room_activity", "room_id": room["id"], "head_seq": 1, "messages": [],
    });
    assert_eq!(watcher.recv().await, activity);
    ann.delete(&path).await.expect(204);
    assert_eq!(watcher.recv_type("room_deleted").await["room_id"], room["id"]);
    nothing_more(&mut watcher).await;
}

async fn a_watcher_receives_activity_of_rooms_that_it_has_not_joined(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let (bo, cy) = (server.user("bo").await, server.user("cy").await);
    let mut watcher = watch(&bo).await;
    post(&ann, room, "@Bo, and @cy: come. Not x@di").await;
    let expected = json!({
        "type": "room_activity", "room_id": room, "head_seq": 1,
        "messages": [{
            "seq": 1, "user_id": ann.user_id, "username": "ann",
            "mentions": [bo.user_id, cy.user_id],
        }],
    });
    assert_eq!(watcher.recv().await, expected);
    post(&bo, room, "a user's own messages are sent too").await;
    let activity = watcher.recv().await;
    assert_eq!(activity["head_seq"], 2);
    assert_eq!(activity["messages"][0]["user_id"], bo.user_id);
    assert!(activity["messages"][0]["mentions"].is_null(), "{activity}");
}

async fn a_watcher_receives_an_event_of_a_joined_room_once(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let other = ann.creates_room("other").await;
    let bo = server.user("bo").await;
    let mut watcher = watch(&bo).await;
    subscribe(&mut watcher, json!({ "type": "subscribe", "room_id": room })).await;
    post(&ann, room, "inside").await;
    assert_eq!(watcher.recv().await["type"], "message");
    ann.patch(&format!("/rooms/{room}"), json!({ "name": "lobby" })).await.expect(200);
    assert_eq!(watcher.recv().await["type"], "room_updated");
    assert_eq!(watcher.recv().await["type"], "room_changed");
    reads(&bo, room, 1).await;
    assert_eq!(watcher.recv().await, json!({ "type": "read", "room_id": room, "seq": 1 }));
    // Activity of the joined room would have come before this frame.
    post(&ann, other, "outside").await;
    let activity = watcher.recv().await;
    assert_eq!((&activity["type"], &activity["room_id"]), (&json!("room_activity"), &json!(other)));
    ann.delete(&format!("/rooms/{room}")).await.expect(204);
    assert_eq!(watcher.recv().await["type"], "room_deleted");
    nothing_more(&mut watcher).await;
}

async fn a_socket_that_does_not_watch_receives_nothing_of_other_rooms(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let (mut idle, mut inside) = (open_many(&bo).await, bo.joins(room).await);
    let mut watcher = watch(&bo).await;
    let other = ann.creates_room("other").await;
    post(&ann, other, "@bo").await;
    reads(&bo, other, 1).await;
    ann.patch(&format!("/rooms/{other}"), json!({ "name": "x" })).await.expect(200);
    ann.delete(&format!("/rooms/{other}")).await.expect(204);
    watcher.recv_type("room_deleted").await;
    nothing_more(&mut idle).await;
    nothing_more(&mut inside).await;
}

async fn many_messages_are_combined_into_few_frames_marked_as_truncated(database: Database) {
    const MESSAGES: i64 = 400;
    let builder = Server::with(database).env("CHATAPP_LIMITS__SENDS_PER_SECOND", "0");
    let (server, ann, room) = room_on(builder).await;
    let bo = server.user("bo").await;
    let mut watcher = watch(&bo).await;
    let mut speaker = ann.joins(room).await;
    let started = Instant::now();
    let (mut frames, mut head, mut seqs, mut is_truncated) = (0, 0, Vec::new(), false);
    // Waits for each message, so that each is in a hub pass of its own.
    let speak = async {
        for n in 1..=MESSAGES {
            speaker.says(room, "hello", &n.to_string()).await;
        }
    };
    let listen = async {
        while head < MESSAGES {
            let frame = watcher.recv_type("room_activity").await;
            let messages = frame["messages"].as_array().expect("messages");
            assert!(messages.len() <= 50, "{}", messages.len());
            for message in messages {
                seqs.push(message["seq"].as_i64().expect("seq"));
            }
            is_truncated |= frame["truncated"] == true;
            let next = frame["head_seq"].as_i64().expect("head_seq");
            assert!(next > head, "the head grows with each frame");
            (head, frames) = (next, frames + 1);
        }
    };
    tokio::join!(speak, listen);
    assert!(seqs.is_sorted() && seqs.len() == seqs.iter().collect::<BTreeSet<_>>().len());
    assert_eq!(is_truncated, seqs.len() < MESSAGES as usize);
    let seconds = started.elapsed().as_secs();
    assert!(frames <= seconds + 2, "{frames} frames in {seconds} seconds");
}

async fn a_watcher_receives_the_users_read_positions_in_every_room(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    for _ in 0..3 {
        post(&ann, room, "x").await;
    }
    let (mut phone, mut stranger) = (watch(&bo).await, watch(&ann).await);
    let mut laptop = bo.joins(room).await;
    laptop.send(json!({ "type": "read", "seq": 2 })).await;
    assert_eq!(phone.recv().await, json!({ "type": "read", "room_id": room, "seq": 2 }));
    reads(&bo, room, 3).await;
    assert_eq!(phone.recv().await, json!({ "type": "read", "room_id": room, "seq": 3 }));
    // A position that does not move is not sent, and other users receive none.
    reads(&bo, room, 1).await;
    nothing_more(&mut phone).await;
    nothing_more(&mut stranger).await;
}

async fn a_watcher_is_notified_of_a_deleted_message(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let sent = post(&ann, room, "@bo").await;
    let mut watcher = watch(&bo).await;
    ann.delete(&format!("/rooms/{room}/messages/{}", sent["id"])).await.expect(204);
    let expected = json!({
        "type": "room_activity", "room_id": room, "head_seq": 2, "messages": [], "deleted": [1],
    });
    assert_eq!(watcher.recv().await, expected);
}

async fn watching_again_has_no_effect(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    // A socket of one room can watch too.
    let mut watcher = bo.opens_live(&path(&bo, room, "")).await;
    for reference in ["a", "b"] {
        watcher.send(json!({ "type": "watch", "ref": reference })).await;
        assert_eq!(watcher.recv().await["ref"], reference);
    }
    watcher.send(json!({ "type": "watch" })).await;
    assert!(watcher.recv().await["ref"].is_null());
    ann.creates_room("other").await;
    assert_eq!(watcher.recv().await["type"], "room_created");
    nothing_more(&mut watcher).await;
    // When its last watcher leaves, the hub forgets the rooms; it reads them again for the next watcher.
    watcher.close().await;
    ann.creates_room("unseen").await;
    let mut watcher = watch(&bo).await;
    let seen = ann.creates_room("seen").await;
    assert_eq!(watcher.recv().await["room"]["id"], seen);
}

async fn rooms_are_listed_with_unread_and_mention_counts(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("Bo").await;
    let get = async |field: &str| {
        let alone = bo.get(&format!("/rooms/{room}")).await.expect(200)[field].clone();
        assert_eq!(bo.get("/rooms/").await.expect(200)[0][field], alone);
        alone
    };
    post(&ann, room, "first").await;
    assert_eq!((get("unread").await, get("mentions").await), (Value::Null, Value::Null));
    reads(&bo, room, 1).await;
    assert_eq!((get("unread").await, get("mentions").await), (json!(0), json!(0)));
    post(&bo, room, "my own, @bo").await;
    post(&ann, room, "hi @bo!").await;
    let gone = post(&ann, room, "@bo again").await;
    post(&ann, room, "and @bob").await;
    assert_eq!((get("unread").await, get("mentions").await), (json!(3), json!(2)));
    ann.delete(&format!("/rooms/{room}/messages/{}", gone["id"])).await.expect(204);
    assert_eq!((get("unread").await, get("mentions").await), (json!(2), json!(1)));
}

async fn a_watcher_can_join_from_the_head_that_it_received(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let mut watcher = watch(&bo).await;
    post(&ann, room, "told").await;
    let head = watcher.recv().await["head_seq"].clone();
    // Watchers that have not joined the room by then get its activity in the next second.
    post(&ann, room, "joined").await;
    let join = json!({ "type": "subscribe", "room_id": room, "since": head });
    let frames = subscribe(&mut watcher, join).await;
    let missed: Vec<&Value> = frames.iter().filter(|it| it["type"] == "message").collect();
    assert_eq!(missed.len(), 1, "{frames:?}");
    assert_eq!(missed[0]["content"], "joined");
}

/// Clients begin to watch at any moment, while an admin creates, renames and deletes rooms and sends
/// messages. In the end each client's model is equal to the server's answer.
async fn nothing_is_lost_between_watching_and_reading_the_list(database: Database) {
    const ROUNDS: usize = 12;
    let builder = Server::with(database).env("CHATAPP_LIMITS__SENDS_PER_SECOND", "0");
    let (server, ann, room) = room_on(builder).await;
    let bo = server.user("bo").await;
    let other = ann.creates_room("other").await;
    for room in [room, other] {
        post(&ann, room, "first").await;
        reads(&bo, room, 1).await;
    }
    let disturb = async {
        for n in 0..6 * ROUNDS {
            let sent = post(&ann, [room, other][n % 2], "hello @bo").await;
            if n % 6 == 1 {
                let path = format!("/rooms/{}/messages/{}", sent["room_id"], sent["id"]);
                ann.delete(&path).await.expect(204);
            }
            if n % 4 == 0 {
                let name = format!("name {n}");
                ann.patch(&format!("/rooms/{other}"), json!({ "name": name })).await.expect(200);
            }
            if n % 5 == 0 {
                let passing = ann.creates_room(&format!("passing {n}")).await;
                post(&ann, passing, "@bo").await;
                ann.creates_room(&format!("staying {n}")).await;
                ann.delete(&format!("/rooms/{passing}")).await.expect(204);
            }
        }
    };
    let watchers = async {
        let mut watchers = Vec::new();
        for _ in 0..ROUNDS {
            let mut socket = watch(&bo).await;
            let mut model = Model::of(&bo);
            let answer = bo.get("/rooms/").await.expect(200);
            // Half of these frames are applied before the answer, half after it.
            let early = frames_until_pong(&mut socket).await;
            let (before, after) = early.split_at(early.len() / 2);
            before.iter().for_each(|frame| model.apply(frame));
            let ids: BTreeSet<i64> = before
                .iter()
                .filter(|frame| frame["type"] == "room_deleted")
                .filter_map(|frame| frame["room_id"].as_i64())
                .collect();
            let mut answer = answer;
            answer
                .as_array_mut()
                .expect("rooms")
                .retain(|room| !ids.contains(&room["id"].as_i64().expect("id")));
            model.apply_list(&answer);
            after.iter().for_each(|frame| model.apply(frame));
            watchers.push((socket, model));
        }
        watchers
    };
    let ((), mut watchers) = tokio::join!(disturb, watchers);
    // After the frame about this message no other frame is pending.
    let last = ann.creates_room("last").await;
    post(&ann, last, "the end").await;
    let expected = shown(&bo.get("/rooms/").await.expect(200));
    for (n, (socket, model)) in watchers.iter_mut().enumerate() {
        while model.rooms.get(&last).is_none_or(|room| room.head == 0) {
            model.apply(&socket.recv().await);
        }
        for frame in frames_until_pong(socket).await {
            model.apply(&frame);
        }
        for (id, (name, head, unread, mentions)) in &expected {
            let known = &model.rooms[id];
            assert_eq!((&known.name, known.head), (name, *head), "watcher {n}, room {id}");
            // The server counts no unread messages of a room that the user has never read.
            if ![room, other].contains(id) {
                continue;
            }
            // In the room `other` messages were deleted that the model may know only as part of a count.
            assert!(!known.is_uncertain || *id == other, "watcher {n}, room {id}: {known:?}");
            if !known.is_uncertain {
                let (_, _, known_unread, known_mentions) = known.shown();
                let counts = (known_unread, known_mentions);
                assert_eq!(counts, (*unread, *mentions), "watcher {n}, room {id}: {known:?}");
            }
        }
        assert_eq!(model.rooms.len(), expected.len(), "watcher {n} knows rooms that were deleted");
    }
}

async fn a_watcher_that_was_blocked_is_asked_to_read_the_list_again(database: Database) {
    let builder = Server::with(database).env("CHATAPP_LIMITS__SENDS_PER_SECOND", "0");
    let (server, ann, room) = room_on(builder).await;
    let bo = server.user("bo").await;
    let mut raw = Raw::open_narrow(&server, &bo, &path(&bo, room, "")).await;
    raw.recv_type("synced").await;
    raw.write(&text(&json!({ "type": "watch", "ref": "w" }))).await;
    assert_eq!(raw.recv_type("watching").await["ref"], "w");
    // The client reads nothing, and the server sends more than the buffers hold.
    let mut speaker = ann.joins(room).await;
    let long_content = |n: i64| format!("{n} {}", "x".repeat(3_990));
    let mut said = 0;
    while blocked(&ann).await == 0 {
        say_many(&mut speaker, room, said + 1..=said + 100, long_content).await;
        said += 100;
    }
    let other = ann.creates_room("other").await;
    post(&ann, other, "@bo").await;
    let mut last = 0;
    loop {
        let frame = raw.recv_json().await;
        match frame["type"].as_str() {
            Some("message") => last = frame["seq"].as_i64().expect("seq"),
            Some("watching") => break assert!(frame["ref"].is_null(), "{frame}"),
            Some("user_joined") => {}
            _ => panic!("{frame}"),
        }
    }
    let rooms = bo.get("/rooms/").await.expect(200);
    assert!(rooms.as_array().expect("rooms").iter().any(|room| room["id"] == other));
    while last < said {
        let frame = raw.recv_json().await;
        last = frame["seq"].as_i64().unwrap_or(last);
    }
    // The watcher receives new activity again.
    let next = ann.creates_room("next").await;
    assert_eq!(raw.recv_type("room_created").await["room"]["id"], next);
}

async fn a_watcher_that_leaves_a_room_before_its_log_was_sent_is_asked_to_read_the_list_again(
    database: Database,
) {
    let builder = Server::with(database)
        .env("CHATAPP_LIMITS__SENDS_PER_SECOND", "0")
        .env("CHATAPP_LIMITS__JOINS_PER_SECOND", "0");
    let (server, ann, room) = room_on(builder).await;
    let bo = server.user("bo").await;
    let mut speaker = ann.joins(room).await;
    say_many(&mut speaker, room, 1..=500, |n| format!("{n} {}", "x".repeat(2_000))).await;
    let mut socket = watch(&bo).await;
    // This watcher is up to date when it leaves, so it has missed nothing.
    subscribe(&mut socket, json!({ "type": "subscribe", "room_id": room, "since": 500 })).await;
    socket.send(json!({ "type": "unsubscribe", "room_id": room })).await;
    socket.recv_type("unsubscribed").await;
    // Sending a log of a megabyte usually takes longer than the next frame takes to arrive. It does not
    // always, so the test tries several times.
    let is_told = |frame: &Value| frame["type"] == "watching";
    for _ in 0..20 {
        socket.send(json!({ "type": "subscribe", "room_id": room, "since": 0 })).await;
        socket.send(json!({ "type": "unsubscribe", "room_id": room })).await;
        if frames_until_pong(&mut socket).await.iter().any(is_told) {
            return;
        }
    }
    // The frame comes within a second.
    assert!(socket.recv_type("watching").await["ref"].is_null());
}

/// The number of blocked sockets, from the server's metrics.
async fn blocked(admin: &Client) -> i64 {
    let metrics = admin.get("/metrics").await.expect(200);
    let line = metrics
        .as_str()
        .expect("text")
        .lines()
        .find(|line| line.starts_with("chatapp_blocked_sockets "));
    line.and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("the metric")
}

async fn a_watcher_that_comes_back_misses_nothing(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    post(&ann, room, "read").await;
    reads(&bo, room, 1).await;
    let mut model = Model::of(&bo);
    let mut socket = watch(&bo).await;
    model.apply_list(&bo.get("/rooms/").await.expect(200));
    post(&ann, room, "@bo one").await;
    model.apply(&socket.recv().await);
    drop(socket);
    post(&ann, room, "@bo two").await;
    let missed = ann.creates_room("missed").await;
    let mut socket = watch(&bo).await;
    post(&ann, room, "@bo three").await;
    model.apply_list(&bo.get("/rooms/").await.expect(200));
    while model.rooms[&room].head < 4 {
        model.apply(&socket.recv().await);
    }
    for frame in frames_until_pong(&mut socket).await {
        model.apply(&frame);
    }
    assert_eq!(model.rooms[&room].shown(), ("general".to_owned(), 4, 3, 3));
    assert_eq!(model.rooms[&missed].shown(), ("missed".to_owned(), 0, 0, 0));
}
