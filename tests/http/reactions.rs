//! Reactions, pins, quotes and forwarded messages over HTTP, and what sockets receive of them.

use serde_json::{Value, json};

use super::documented::Document;
use super::search::search;
use crate::support::{Client, Database, Server, on_both_databases};

on_both_databases!(
    a_reaction_is_one_emoji_in_one_form,
    reactions_are_shown_to_each_reader_and_sent_to_sockets,
    a_reaction_over_the_socket_is_answered,
    many_people_who_react_at_once_are_few_frames,
    what_a_reaction_names_must_be_there,
    pins_are_listed_and_sent_to_sockets,
    a_quote_names_a_message_of_the_same_room,
    a_forwarded_message_names_its_author,
    a_private_message_is_forwarded_only_by_its_readers,
);

async fn sends(client: &Client, room: i64, message: Value) -> Value {
    client.post(&format!("/rooms/{room}/messages"), message).await.expect(201)
}

fn reaction(room: i64, message: &Value, emoji: &str) -> String {
    format!("/rooms/{room}/messages/{}/reactions/{emoji}", message["id"])
}

async fn a_reaction_is_one_emoji_in_one_form(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    let message = sends(&root, room, json!({ "content": "x" })).await;
    // With and without the variation selector, and by its name, it is one reaction.
    ann.put(&reaction(room, &message, "❤"), Value::Null).await.expect(204);
    root.put(&reaction(room, &message, "❤\u{fe0f}"), Value::Null).await.expect(204);
    root.put(&reaction(room, &message, ":heart:"), Value::Null).await.expect(204);
    ann.put(&reaction(room, &message, "👍🏽"), Value::Null).await.expect(204);
    let shown = ann.history(room).await.remove(0);
    let emojis: Vec<(&str, i64)> = shown["reactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["emoji"].as_str().unwrap(), it["count"].as_i64().unwrap()))
        .collect();
    assert_eq!(emojis, [("❤\u{fe0f}", 2), ("👍🏽", 1)]);
    for bad in ["x", "👍👍", ":nothing_like_this:", "%20", "1"] {
        let refused = ann.put(&reaction(room, &message, bad), Value::Null).await;
        let problem = refused.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], "emoji", "{bad}");
    }
}

async fn reactions_are_shown_to_each_reader_and_sent_to_sockets(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    let message = sends(&root, room, json!({ "content": "x" })).await;
    let path = format!("/rooms/{room}/messages/{}", message["id"]);
    let document = Document::of(&root).await;
    let mut socket = root.joins(room).await;
    ann.put(&reaction(room, &message, "👍"), Value::Null).await.expect(204);
    let event = socket.recv_type("reaction_added").await;
    assert_eq!((&event["message_id"], &event["message_seq"]), (&message["id"], &json!(1)));
    let by_ann = json!({ "emoji": "👍", "user_id": ann.user_id, "username": "ann" });
    assert_eq!(event["reactions"], json!([by_ann]));
    for (client, mine) in [(&ann, true), (&root, false)] {
        let answer = client.get(&path).await;
        document.check("GET", "/rooms/{room_id}/messages/{message_id}", &answer);
        let people = json!([{ "user_id": ann.user_id, "username": "ann" }]);
        let expected = json!([{ "emoji": "👍", "count": 1, "mine": mine, "people": people }]);
        assert_eq!(answer.expect(200)["reactions"], expected);
    }
    let people = root.get(&reaction(room, &message, "👍")).await.expect(200);
    assert_eq!(people, json!([{ "user_id": ann.user_id, "username": "ann" }]));
    // Twice is as once.
    for _ in 0..2 {
        ann.delete(&reaction(room, &message, "👍")).await.expect(204);
    }
    socket.recv_type("reaction_removed").await;
    assert_eq!(root.get(&path).await.expect(200).get("reactions"), None);
    let kinds: Vec<Value> =
        root.log(room).await.into_iter().map(|mut event| event["type"].take()).collect();
    assert_eq!(kinds, ["message", "reaction_added", "reaction_removed"]);
}

async fn a_reaction_over_the_socket_is_answered(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let message = sends(&root, room, json!({ "content": "x" })).await;
    let mut socket = root.joins(room).await;
    let react = |emoji: &str, remove: bool| {
        json!({
            "type": "react", "message_id": message["id"], "emoji": emoji, "remove": remove, "ref": "r",
        })
    };
    for (remove, kind) in [(false, "reaction_added"), (true, "reaction_removed")] {
        socket.send(react("🎉", remove)).await;
        let mut answers = [socket.recv().await, socket.recv().await];
        answers.sort_by_key(|frame| frame["type"] == "reacted");
        assert_eq!(answers[0]["type"], kind);
        assert_eq!(answers[1], json!({ "type": "reacted", "ref": "r", "room_id": room }));
    }
    socket.send(react("x", false)).await;
    let error = socket.recv().await;
    assert_eq!((&error["code"], &error["ref"]), (&json!("invalid_field"), &json!("r")));
}

async fn many_people_who_react_at_once_are_few_frames(database: Database) {
    const PEOPLE: usize = 60;
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let message = sends(&root, room, json!({ "content": "x" })).await;
    let mut people = Vec::new();
    for i in 0..PEOPLE {
        people.push(server.user(&format!("user{i}")).await);
    }
    let mut socket = root.joins(room).await;
    let path = reaction(room, &message, "👍");
    let puts = people.iter().map(|client| client.put(&path, Value::Null));
    for answer in futures_util::future::join_all(puts).await {
        answer.expect(204);
    }
    let (mut frames, mut named) = (0, Vec::new());
    while named.len() < PEOPLE {
        let event = socket.recv_type("reaction_added").await;
        frames += 1;
        let by = event["reactions"].as_array().unwrap().iter();
        named.extend(by.map(|it| it["user_id"].as_i64().unwrap()));
    }
    let mut expected: Vec<i64> = people.iter().map(|client| client.user_id).collect();
    named.sort_unstable();
    expected.sort_unstable();
    assert_eq!(named, expected);
    // The first request is stored alone; those that come meanwhile are stored together.
    assert!(frames < PEOPLE, "{frames} frames");
    let shown = root.history(room).await.remove(0);
    assert_eq!(shown["reactions"][0]["count"], PEOPLE);
    assert_eq!(shown["reactions"][0]["people"].as_array().unwrap().len(), 10);
}

async fn what_a_reaction_names_must_be_there(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let (room, other) = (root.creates_room("general").await, root.creates_room("other").await);
    let message = sends(&root, room, json!({ "content": "x" })).await;
    let put = |room: i64, message: &Value| {
        let path = reaction(room, message, "👍");
        let root = root.clone();
        async move { root.put(&path, Value::Null).await }
    };
    put(other, &message).await.expect_problem(404, "message_not_found");
    put(room, &json!({ "id": 4_000 })).await.expect_problem(404, "message_not_found");
    root.delete(&format!("/rooms/{room}/messages/{}", message["id"])).await.expect(204);
    put(room, &message).await.expect_problem(409, "message_deleted");
    let kept = sends(&root, room, json!({ "content": "y" })).await;
    root.patch(&format!("/rooms/{room}"), json!({ "is_archived": true })).await.expect(200);
    put(room, &kept).await.expect_problem(409, "room_archived");
    root.get(&reaction(other, &kept, "👍")).await.expect_problem(404, "message_not_found");
}

async fn pins_are_listed_and_sent_to_sockets(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    let [one, two] = [
        sends(&ann, room, json!({ "content": "1" })).await,
        sends(&root, room, json!({ "content": "2" })).await,
    ];
    let document = Document::of(&root).await;
    let mut socket = root.joins(room).await;
    for message in [&one, &two] {
        let path = format!("/rooms/{room}/pins/{}", message["id"]);
        ann.put(&path, Value::Null).await.expect(204);
        let event = socket.recv_type("message_pinned").await;
        assert_eq!((&event["message_id"], &event["username"]), (&message["id"], &json!("ann")));
    }
    let answer = root.get(&format!("/rooms/{room}/pins")).await;
    document.check("GET", "/rooms/{room_id}/pins", &answer);
    let pins = answer.expect(200);
    let ids: Vec<&Value> =
        pins.as_array().unwrap().iter().map(|pin| &pin["message"]["id"]).collect();
    assert_eq!(ids, [&two["id"], &one["id"]]);
    assert_eq!(
        (&pins[0]["pinned_by"]["username"], &pins[0]["message"]["is_pinned"]),
        (&json!("ann"), &json!(true))
    );
    root.delete(&format!("/rooms/{room}/pins/{}", one["id"])).await.expect(204);
    socket.recv_type("message_unpinned").await;
    let shown = root.history(room).await;
    assert_eq!((shown[0].get("is_pinned"), &shown[1]["is_pinned"]), (None, &json!(true)));
}

async fn a_quote_names_a_message_of_the_same_room(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let (room, other) = (root.creates_room("general").await, root.creates_room("other").await);
    let one = sends(&root, room, json!({ "content": "x" })).await;
    let quote = json!({ "content": "as you said", "quote_of": one["id"] });
    let sent = sends(&root, room, quote.clone()).await;
    assert_eq!(sent["quote_of"], one["id"]);
    assert_eq!(root.history(room).await[1], sent);
    let refused = root.post(&format!("/rooms/{other}/messages"), quote).await;
    refused.expect_problem(404, "message_not_found");
}

async fn a_forwarded_message_names_its_author(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let (room, other) = (root.creates_room("general").await, root.creates_room("other").await);
    let one = sends(&ann, room, json!({ "content": "good news" })).await;
    let path = format!("/rooms/{room}/messages/{}/forward", one["id"]);
    let body = json!({ "room_id": other, "client_id": "f" });
    let sent = root.post(&path, body.clone()).await.expect(201);
    assert_eq!((&sent["content"], &sent["username"]), (&json!("good news"), &json!("root")));
    let forwarded =
        json!({ "user_id": ann.user_id, "username": "ann", "timestamp": one["timestamp"] });
    assert_eq!(sent["forwarded"], forwarded);
    assert_eq!(root.post(&path, body).await.expect(200), sent);
    // A text that is sent with the same `client_id` is a repetition too.
    let text = json!({ "content": "x", "client_id": "f" });
    let repeated = root.post(&format!("/rooms/{other}/messages"), text).await.expect(200);
    assert_eq!(repeated["forwarded"], forwarded);
    // What is forwarded again still names its first author.
    let path = format!("/rooms/{other}/messages/{}/forward", sent["id"]);
    let again = ann.post(&path, json!({ "room_id": room })).await.expect(201);
    assert_eq!(again["forwarded"], forwarded);
    // The author's names are those of now, wherever the message is read.
    ann.patch("/users/me", json!({ "display_name": "Änn" })).await.expect(200);
    let everywhere = async || {
        let page = search(&root, &[("q", "news")]).await;
        let mut found = page["found"].as_array().unwrap().iter().map(|it| it["message"].clone());
        let found = found.find(|message| message["room_id"] == other).unwrap();
        let history = root.history(other).await;
        [history[0].clone(), root.log(other).await[0].clone(), found]
            .map(|message| message["forwarded"].clone())
    };
    let renamed = json!({ "user_id": ann.user_id, "username": "ann", "display_name": "Änn",
        "timestamp": one["timestamp"] });
    assert_eq!(everywhere().await, [(); 3].map(|()| renamed.clone()));
    root.delete(&format!("/admin/users/{}", ann.user_id)).await.expect(204);
    let gone = root.history(room).await[0]["username"].clone();
    assert_ne!(gone, "ann");
    let gone = json!({ "user_id": ann.user_id, "username": gone, "timestamp": one["timestamp"] });
    assert_eq!(everywhere().await, [(); 3].map(|()| gone.clone()));
}

async fn a_private_message_is_forwarded_only_by_its_readers(database: Database) {
    let server = Server::start(database).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let room = root.creates_room("general").await;
    let secret = ann.post("/rooms/", json!({ "name": "quiet", "kind": "private" })).await;
    let secret = secret.expect(201)["id"].as_i64().unwrap();
    let one = sends(&ann, secret, json!({ "content": "in private" })).await;
    let path = format!("/rooms/{secret}/messages/{}/forward", one["id"]);
    root.post(&path, json!({ "room_id": room })).await.expect_problem(404, "room_not_found");
    let open = sends(&root, room, json!({ "content": "in public" })).await;
    let path = format!("/rooms/{room}/messages/{}/forward", open["id"]);
    root.post(&path, json!({ "room_id": secret })).await.expect_problem(404, "room_not_found");
}
