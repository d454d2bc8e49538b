//! Who sees which rooms and which part of their history; and direct rooms.

use serde_json::{Value, json};

use super::members::{add, private};
use crate::support::{Client, Database, Server, Socket, on_both_databases};

on_both_databases!(
    the_same_people_have_one_direct_room,
    a_direct_room_has_two_to_eight_people,
    a_block_ends_the_conversation_of_two,
    a_conversation_that_was_never_opened_has_unread_messages,
    members_see_what_came_after_them,
    a_public_room_becomes_private_and_public_again,
    rooms_come_in_pages_and_are_filtered,
    names_of_private_rooms_tell_nothing,
);

async fn the_same_people_have_one_direct_room(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [ann, ben, cat] =
        [server.user("ann").await, server.user("ben").await, server.user("cat").await];
    let with = |people: &[&Client]| {
        let ids: Vec<i64> = people.iter().map(|client| client.user_id).collect();
        json!({ "user_ids": ids })
    };
    let room = ann.post("/direct-rooms/", with(&[&ben])).await.expect(201);
    assert_eq!((&room["kind"], &room["name"]), (&json!("direct"), &json!("")));
    let people = json!([
        { "id": ann.user_id, "username": "ann" },
        { "id": ben.user_id, "username": "ben" },
    ]);
    let ids = |people: &Value| -> Vec<Value> {
        let people = people.as_array().unwrap().iter();
        people.map(|person| person["username"].clone()).collect()
    };
    assert_eq!(ids(&room["people"]), ids(&people));
    assert_eq!(ann.post("/direct-rooms", with(&[&ben, &ann])).await.expect(200), room);
    assert_eq!(ben.post("/direct-rooms/", with(&[&ann])).await.expect(200)["id"], room["id"]);
    let three = ben.post("/direct-rooms/", with(&[&ann, &cat])).await.expect(201);
    assert_ne!(three["id"], room["id"]);
    for stranger in [&cat, &root] {
        let path = format!("/rooms/{}", room["id"]);
        stranger.get(&path).await.expect_problem(404, "room_not_found");
    }
    let listed = ann.get("/rooms?kind=direct").await.expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 2);

    // Hidden, until it is opened again or there is a new event.
    let own = format!("/rooms/{}/members/me", room["id"]);
    let is_hidden = async || {
        let seen = ann.get(&format!("/rooms/{}", room["id"])).await.expect(200);
        seen["membership"]["is_hidden"].clone()
    };
    ann.patch(&own, json!({ "is_hidden": true })).await.expect(200);
    assert_eq!(is_hidden().await, true);
    let opened = ann.post("/direct-rooms/", with(&[&ben])).await.expect(200);
    assert_eq!(opened["membership"]["is_hidden"], false);
    ann.patch(&own, json!({ "is_hidden": true })).await.expect(200);
    let messages = format!("/rooms/{}/messages", room["id"]);
    ben.post(&messages, json!({ "content": "hello" })).await.expect(201);
    assert_eq!(is_hidden().await, false);
    // The other one has not hidden it.
    let seen = ben.get(&format!("/rooms/{}", room["id"])).await.expect(200);
    assert_eq!(seen["membership"]["is_hidden"], false);
}

async fn a_direct_room_has_two_to_eight_people(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(server.user(&format!("user{number}")).await.user_id);
    }
    for (people, status, code) in [
        (json!([]), 422, "invalid_field"),
        (json!([ann.user_id]), 422, "invalid_field"),
        (json!(ids), 422, "invalid_field"),
        (json!([ids[0], 9_999]), 404, "user_not_found"),
    ] {
        let answer = ann.post("/direct-rooms/", json!({ "user_ids": people })).await;
        answer.expect_problem(status, code);
    }
    let room = ann.post("/direct-rooms/", json!({ "user_ids": ids[..7] })).await.expect(201);
    assert_eq!(room["people"].as_array().unwrap().len(), 8);
    let direct = json!({ "name": "x", "kind": "direct" });
    ann.post("/rooms/", direct).await.expect_problem(422, "invalid_field");
}

async fn a_block_ends_the_conversation_of_two(database: Database) {
    let server = Server::start(database).await;
    let [ann, ben, cat] =
        [server.admin("ann").await, server.user("ben").await, server.user("cat").await];
    let with = |people: &[&Client]| {
        let ids: Vec<i64> = people.iter().map(|client| client.user_id).collect();
        json!({ "user_ids": ids })
    };
    let two = ann.post("/direct-rooms/", with(&[&ben])).await.expect(201)["id"].clone();
    let three = ann.post("/direct-rooms/", with(&[&ben, &cat])).await.expect(201)["id"].clone();
    let blocks = format!("/users/me/blocks/{}", ben.user_id);
    let says = async |client: &Client, room: &Value| {
        client.post(&format!("/rooms/{room}/messages"), json!({ "content": "x" })).await
    };
    says(&ben, &two).await.expect(201);
    ann.put(&blocks, Value::Null).await.expect(204);
    for (one, other) in [(&ann, &ben), (&ben, &ann)] {
        says(one, &two).await.expect_problem(403, "blocked");
        one.post("/direct-rooms/", with(&[other])).await.expect_problem(403, "blocked");
        one.get(&format!("/rooms/{two}/messages")).await.expect(200);
        // Among others the two can talk.
        says(one, &three).await.expect(201);
    }
    ann.delete(&blocks).await.expect(204);
    says(&ben, &two).await.expect(201);
    ben.post("/direct-rooms/", with(&[&ann])).await.expect(200);
    // A conversation that does not exist yet cannot begin either.
    cat.put(&format!("/users/me/blocks/{}", ann.user_id), Value::Null).await.expect(204);
    ann.post("/direct-rooms/", with(&[&cat])).await.expect_problem(403, "blocked");
}

async fn a_conversation_that_was_never_opened_has_unread_messages(database: Database) {
    let server = Server::start(database).await;
    let [ann, ben] = [server.user("ann").await, server.user("ben").await];
    let says = async |room: i64, text: &str| {
        let path = format!("/rooms/{room}/messages");
        ann.post(&path, json!({ "content": text })).await.expect(201);
    };
    let counts = async |room: i64| {
        let seen = ben.get(&format!("/rooms/{room}")).await.expect(200);
        assert_eq!(seen["read_seq"], 0);
        (seen["unread"].clone(), seen["mentions"].clone())
    };
    let people = json!({ "user_ids": [ben.user_id] });
    let direct = ann.post("/direct-rooms/", people).await.expect(201)["id"].as_i64().unwrap();
    assert_eq!(counts(direct).await, (json!(0), json!(0)));
    says(direct, "hello").await;
    says(direct, "are you there, @ben?").await;
    assert_eq!(counts(direct).await, (json!(2), json!(1)));

    let room = private(&ann, "tea", json!({})).await;
    says(room, "@ben comes later").await;
    add(&ann, room, std::slice::from_ref(&ben)).await;
    assert_eq!(counts(room).await, (json!(0), json!(0)));
    says(room, "welcome, @ben").await;
    assert_eq!(counts(room).await, (json!(1), json!(1)));
}

async fn members_see_what_came_after_them(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let [ben, cat] = [server.user("ben").await, server.user("cat").await];
    let room = private(&ann, "tea", json!({ "history": "joined" })).await;
    let path = format!("/rooms/{room}");
    add(&ann, room, std::slice::from_ref(&ben)).await;
    for text in ["one", "two @cat"] {
        ann.post(&format!("{path}/messages"), json!({ "content": text })).await.expect(201);
    }
    let old = ben.history(room).await[0]["id"].clone();
    add(&ann, room, std::slice::from_ref(&cat)).await;
    let sent =
        ann.post(&format!("{path}/messages"), json!({ "content": "three" })).await.expect(201);
    let seen = cat.get(&path).await.expect(200);
    assert_eq!((&seen["unread"], &seen["mentions"]), (&json!(1), &json!(0)), "never read");
    cat.put(&format!("{path}/read"), json!({ "seq": 1 })).await.expect(200);
    let seen = cat.get(&path).await.expect(200);
    assert_eq!(seen["membership"]["joined_seq"], 3);
    assert_eq!((&seen["unread"], &seen["mentions"]), (&json!(1), &json!(0)));
    assert_eq!(contents(&cat.history(room).await), ["three"]);
    assert_eq!(contents(&ben.history(room).await), ["one", "two @cat", "three"]);
    let log = cat.log(room).await;
    assert_eq!((log.len(), &log[0]["type"]), (2, &json!("member_joined")));
    cat.patch(&format!("{path}/messages/{old}"), json!({ "content": "x" }))
        .await
        .expect_problem(404, "message_not_found");
    for query in ["before=3", "around=2", "after=0"] {
        let page = cat.get(&format!("{path}/messages?{query}")).await.expect(200);
        let page = contents(page["messages"].as_array().unwrap());
        assert!(page.iter().all(|text| text == "three"), "{query}: {page:?}");
    }
    // A socket that resumes from before begins where the member does.
    let epoch = cat.joins(room).await.synced["epoch"].as_str().unwrap().to_owned();
    let socket = cat.resumes(room, 1, &epoch).await;
    let seqs: Vec<&Value> = socket.welcome.iter().filter_map(|frame| frame.get("seq")).collect();
    assert_eq!(seqs, [&json!(4), &sent["seq"]], "{:?}", socket.welcome);
    ann.patch(&path, json!({ "history": "all" })).await.expect(200);
    assert_eq!(cat.history(room).await.len(), 3);
}

async fn a_public_room_becomes_private_and_public_again(database: Database) {
    let server = Server::with(database).env("CHATAPP_ROOMS__CREATE", "everyone").start().await;
    let root = server.admin("root").await;
    let [ann, ben] = [server.user("ann").await, server.user("ben").await];
    let room = ann.creates_room("general").await;
    let path = format!("/rooms/{room}");
    let mut bens = ben.joins(room).await;
    let mut watcher = watch(&ben).await;
    root.patch(&path, json!({ "kind": "private" })).await.expect_problem(403, "owner_required");
    ann.patch(&path, json!({ "kind": "private" })).await.expect(200);
    let left = bens.recv_type("room_left").await;
    assert_eq!(left, json!({ "type": "room_left", "room_id": room, "cause": "private" }));
    bens.expect_close().await;
    ben.get(&path).await.expect_problem(404, "room_not_found");
    assert_eq!(ben.get("/rooms/").await.expect(200), json!([]));
    ann.post(&format!("{path}/messages"), json!({ "content": "classified" })).await.expect(201);
    ann.patch(&path, json!({ "kind": "public" })).await.expect(200);
    assert_eq!(ben.get(&path).await.expect(200)["kind"], "public");
    ann.post(&format!("{path}/messages"), json!({ "content": "shown" })).await.expect(201);
    // Nothing about the message of the private time.
    loop {
        let frame = watcher.recv().await;
        assert!(!frame.to_string().contains("classified"), "{frame}");
        if frame["type"] == "room_activity" && frame["room_id"] == room {
            break;
        }
    }
}

async fn rooms_come_in_pages_and_are_filtered(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let mut rooms = Vec::new();
    for name in ["one", "two", "three"] {
        rooms.push(ann.creates_room(name).await);
    }
    let secret = private(&ann, "tone", json!({})).await;
    let ben = server.user("ben").await;
    ben.put(&format!("/rooms/{}/members/me", rooms[1]), Value::Null).await.expect(200);
    let ids = |list: Value| -> Vec<i64> {
        list.as_array().unwrap().iter().map(|room| room["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(ben.get("/rooms?membership=joined").await.expect(200)), [rooms[1]]);
    assert_eq!(ids(ben.get("/rooms?membership=none").await.expect(200)), [rooms[0], rooms[2]]);
    assert_eq!(ids(ann.get("/rooms?query=ONE").await.expect(200)), [rooms[0], secret]);
    assert_eq!(ids(ben.get("/rooms?query=ONE").await.expect(200)), [rooms[0]]);
    assert_eq!(ids(ann.get("/rooms?kind=private").await.expect(200)), [secret]);
    let (mut seen, mut path) = (Vec::new(), "/rooms/?limit=2&query=e".to_owned());
    loop {
        let page = ann.get(&path).await;
        let link = page.header("link").to_owned();
        seen.extend(ids(page.expect(200)));
        match link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, [rooms[0], rooms[2], secret]);
    for query in ["limit=0", "limit=1001", "kind=secret", "membership=some", "query=%00"] {
        ann.get(&format!("/rooms/?{query}")).await.expect_problem(422, "invalid_field");
    }
    let page = ann.get("/admin/rooms?limit=3").await.expect(200);
    assert_eq!(page["rooms"].as_array().unwrap().len(), 3);
    let rest = ann.get(&format!("/admin/rooms?after={}", page["next_after"])).await.expect(200);
    assert_eq!((&rest["rooms"][0]["id"], &rest["next_after"]), (&json!(secret), &Value::Null));
}

async fn names_of_private_rooms_tell_nothing(database: Database) {
    let server = Server::with(database).env("CHATAPP_ROOMS__CREATE", "everyone").start().await;
    let root = server.admin("root").await;
    let [ann, ben] = [server.user("ann").await, server.user("ben").await];
    let hidden = private(&ann, "plans", json!({})).await;
    private(&ann, "Plans", json!({})).await;
    private(&ben, "plans", json!({})).await;
    // The creator has left: nobody learns of the name from a refusal.
    let accented = private(&ann, "pla\u{301}ns", json!({})).await;
    let owner = json!({ "role": "owner" });
    add(&ann, accented, std::slice::from_ref(&ben)).await;
    ann.patch(&format!("/rooms/{accented}/members/{}", ben.user_id), owner).await.expect(204);
    ann.delete(&format!("/rooms/{accented}/members/me")).await.expect(204);
    private(&ann, "plans", json!({})).await;
    private(&ann, "PL\u{e1}NS", json!({})).await;
    private(&ann, "pl\u{e1}ns", json!({})).await;
    let public = ben.creates_room("plans").await;
    let other = root.creates_room("other").await;
    root.patch(&format!("/rooms/{other}"), json!({ "name": "plans" }))
        .await
        .expect_problem(409, "room_name_taken");
    // Made public, it would have the name of another public room.
    let refused = ann.patch(&format!("/rooms/{hidden}"), json!({ "kind": "public" })).await;
    let refused = refused.expect_problem(409, "room_name_taken");
    assert_eq!(refused["detail"], "another public room has this name");
    ben.delete(&format!("/rooms/{public}")).await.expect(204);
    ann.patch(&format!("/rooms/{hidden}"), json!({ "kind": "public" })).await.expect(200);
}

async fn watch(client: &Client) -> Socket {
    let mut socket = client.opens(&format!("/ws?token={}", client.token)).await;
    socket.send(json!({ "type": "watch", "ref": "w" })).await;
    socket.recv_type("watching").await;
    socket
}

fn contents(messages: &[Value]) -> Vec<String> {
    messages.iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}
