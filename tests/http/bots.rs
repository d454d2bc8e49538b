//! Bots: their API tokens, what these allow, and cursors.

use chatapp::model::{UserChange, UserId};
use serde_json::{Value, json};

use crate::socket::revocation::update;
use crate::support::{
    Answer, Client, Database, PASSWORD, Server, in_the_database, on_both_databases,
};

on_both_databases!(
    a_bot_reads_and_sends_with_its_token_and_is_marked,
    a_token_is_shown_once_and_listed_with_its_use,
    a_revoked_token_is_refused_at_once_and_its_sockets_are_closed,
    a_deactivated_or_deleted_bot_is_refused,
    a_token_that_is_limited_to_rooms_knows_no_other_room,
    each_verb_of_the_socket_needs_its_scope,
    a_bot_has_no_password,
    what_no_bot_or_token_can_have_is_refused,
    a_cursor_only_moves_forward_and_only_in_rooms_that_the_bot_sees,
    cursors_are_for_bots,
);

/// Makes a bot with one token, which `token` describes besides its name.
pub async fn bot(admin: &Client, username: &str, token: Value) -> Client {
    let mut token = token;
    token["name"] = json!("test");
    let made = admin.post("/bots", json!({ "username": username, "token": token })).await;
    let made = made.expect(201);
    let mut bot = admin.with_token(made["token"]["token"].as_str().expect("a token"));
    bot.username = username.to_owned();
    bot.user_id = made["user_id"].as_i64().expect("an id");
    bot
}

async fn says(client: &Client, room: i64, content: &str) -> Answer {
    client.post(&format!("/rooms/{room}/messages"), json!({ "content": content })).await
}

async fn a_bot_reads_and_sends_with_its_token_and_is_marked(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let mut heard = root.joins(room).await;
    let deploys = bot(&root, "deploys", json!({ "scopes": ["read", "send"] })).await;
    assert!(deploys.token.starts_with("cb_"), "{}", deploys.token);

    let sent = says(&deploys, room, "deployed").await.expect(201);
    assert_eq!(sent["is_bot"], true);
    let said = heard.recv_type("message").await;
    assert_eq!((&said["is_bot"], &said["username"]), (&json!(true), &json!("deploys")));
    let mut socket = deploys.joins(room).await;
    socket.says(room, "and again", "c-1").await;
    socket
        .send(json!({ "type": "send", "content": "@root in a thread", "thread_id": sent["id"] }))
        .await;
    assert_eq!(socket.recv_type("reply").await["is_bot"], true);

    // An edit keeps the mark, and so does a deletion.
    let path = format!("/rooms/{room}/messages/{}", sent["id"]);
    assert_eq!(
        deploys.patch(&path, json!({ "content": "done" })).await.expect(200)["is_bot"],
        true
    );
    deploys.delete(&path).await.expect(204);
    for message in root.history(room).await {
        assert_eq!(message["is_bot"], true, "{message}");
    }
    let own = says(&root, room, "a person").await.expect(201);
    assert_eq!(own["is_bot"], Value::Null);
    let card = root.get(&format!("/users/{}", deploys.user_id)).await.expect(200);
    assert_eq!(card["is_bot"], true);
    let own = deploys.get("/bots/me").await.expect(200);
    assert_eq!(own["scopes"], json!(["read", "send"]));
    root.get("/bots/me").await.expect_problem(403, "bot_required");
}

async fn a_token_is_shown_once_and_listed_with_its_use(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let deploys = bot(&root, "deploys", json!({ "scopes": ["send", "read"] })).await;
    let path = format!("/bots/{}/tokens", deploys.user_id);
    let listed = root.get(&path).await.expect(200);
    assert_eq!(listed[0]["scopes"], json!(["read", "send"]));
    assert_eq!(
        (&listed[0]["expires_at"], &listed[0]["last_used_at"]),
        (&Value::Null, &Value::Null)
    );
    assert!(!listed.to_string().contains("cb_"), "{listed}");
    deploys.get("/auth/me").await.expect(200);
    let used = root.get(&path).await.expect(200)[0]["last_used_at"].clone();
    assert!(used.is_string(), "{used}");
    deploys.get("/auth/me").await.expect(200);
    assert_eq!(root.get(&path).await.expect(200)[0]["last_used_at"], used, "once a minute");

    let second =
        json!({ "name": "laptop", "scopes": ["read"], "expires_at": "2999-01-01T00:00:00Z" });
    let second = root.post(&path, second).await.expect(201);
    assert_eq!(second["expires_at"], "2999-01-01T00:00:00.000Z");
    let names = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&root.get(&path).await.expect(200)), ["laptop", "test"]);
    let bots = root.get("/bots").await.expect(200);
    assert_eq!((&bots[0]["username"], &bots[0]["sessions"]), (&json!("deploys"), &json!(2)));
    let audit = root.get("/admin/audit").await.expect(200).to_string();
    assert!(audit.contains("bot.create_token") && !audit.contains("cb_"), "{audit}");
}

async fn a_revoked_token_is_refused_at_once_and_its_sockets_are_closed(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let deploys = bot(&root, "deploys", json!({ "scopes": ["read", "send"] })).await;
    let path = format!("/bots/{}/tokens", deploys.user_id);
    let id = root.get(&path).await.expect(200)[0]["id"].as_str().unwrap().to_owned();
    let other = root.post(&path, json!({ "name": "other", "scopes": ["read"] })).await.expect(201);
    let other = deploys.with_token(other["token"].as_str().unwrap());
    let (mut socket, mut stays) = (deploys.joins(room).await, other.joins(room).await);
    root.delete(&format!("{path}/{id}")).await.expect(204);
    deploys.get("/auth/me").await.expect_problem(401, "session_revoked");
    assert_eq!(socket.expect_close().await, 4401);
    says(&root, room, "still here").await.expect(201);
    assert_eq!(stays.recv_type("message").await["content"], "still here");
    root.delete(&format!("{path}/{id}")).await.expect_problem(404, "token_not_found");
    root.delete(&format!("{path}/x")).await.expect_problem(404, "token_not_found");

    // Another process revokes: the server notices within a second.
    let id = root.get(&path).await.expect(200)[0]["id"].as_str().unwrap().to_owned();
    let status = server.command(&["bots", "revoke", "deploys", &id]).status().expect("chatapp");
    assert!(status.success());
    assert_eq!(stays.expect_close().await, 4401);
    other.get("/auth/me").await.expect_problem(401, "session_revoked");
}

async fn a_deactivated_or_deleted_bot_is_refused(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let [first, second] = ["first", "second"].map(|name| (name, json!({ "scopes": ["read"] })));
    let (first, second) =
        (bot(&root, first.0, first.1).await, bot(&root, second.0, second.1).await);
    let mut socket = first.joins(room).await;
    let id = UserId(first.user_id);
    assert!(in_the_database(&server, move |backend| {
        update(backend, id, UserChange { is_active: Some(false), ..UserChange::default() })
    }));
    assert_eq!(socket.expect_close().await, 4401);
    root.delete(&format!("/admin/users/{}", second.user_id)).await.expect(204);
    for gone in [&first, &second] {
        gone.get("/auth/me").await.expect_problem(401, "session_revoked");
        let path = format!("/bots/{}/tokens", gone.user_id);
        let token = json!({ "name": "another", "scopes": ["read"] });
        root.post(&path, token).await.expect_problem(404, "user_not_found");
    }
}

async fn a_token_that_is_limited_to_rooms_knows_no_other_room(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [open, other] = [root.creates_room("open").await, root.creates_room("other").await];
    let token = json!({ "scopes": ["read", "send", "rooms"], "room_ids": [open] });
    let limited = bot(&root, "limited", token).await;
    says(&limited, open, "hello").await.expect(201);
    let sent = says(&root, other, "hidden").await.expect(201);
    says(&limited, other, "hello").await.expect_problem(404, "room_not_found");
    let message = format!("/rooms/{other}/messages/{}", sent["id"]);
    for path in [
        format!("/rooms/{other}"),
        format!("/rooms/{other}/messages"),
        format!("/rooms/{other}/events"),
        format!("/rooms/{other}/members"),
        format!("/rooms/{other}/pins"),
        format!("{message}/thread"),
        message.clone(),
    ] {
        limited.get(&path).await.expect_problem(404, "room_not_found");
    }
    let own = says(&limited, open, "to be forwarded").await.expect(201);
    let forward = format!("/rooms/{open}/messages/{}/forward", own["id"]);
    limited.post(&forward, json!({ "room_id": other })).await.expect_problem(404, "room_not_found");
    limited.get("/rooms").await.expect_problem(403, "token_limited");
    limited.get("/search?q=hidden").await.expect_problem(403, "token_limited");

    let mut socket = limited.joins(open).await;
    for (code, frame) in [
        ("room_not_found", json!({ "type": "subscribe", "room_id": other, "ref": "r" })),
        ("not_subscribed", json!({ "type": "send", "room_id": other, "content": "x", "ref": "r" })),
        ("not_subscribed", json!({ "type": "read", "room_id": other, "seq": 1, "ref": "r" })),
        ("token_limited", json!({ "type": "watch", "ref": "r" })),
    ] {
        socket.send(frame.clone()).await;
        assert_eq!(socket.recv_type("error").await["code"], code, "{frame}");
    }
    let mut closed = limited.opens(&format!("/ws/{other}?token={}", limited.token)).await;
    assert_eq!(closed.expect_close().await, 4404);
    // A ticket is no way around the limits of the token that it was made with.
    let ticket = limited.post("/auth/ws-ticket", Value::Null).await.expect(201);
    let path = format!("/ws/{other}?ticket={}", ticket["ticket"].as_str().unwrap());
    assert_eq!(server.anonymous().opens(&path).await.expect_close().await, 4404);
}

async fn each_verb_of_the_socket_needs_its_scope(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let sent = says(&root, room, "hello").await.expect(201);
    let reads = json!({ "scopes": ["read"] });
    let reader = bot(&root, "reader", reads).await;
    let mut socket = reader.joins(room).await;
    for frame in [
        json!({ "content": "x" }),
        json!({ "type": "send", "content": "x", "ref": "r" }),
        json!({ "type": "send", "content": "@root x", "ref": "r" }),
        json!({ "type": "typing", "ref": "r" }),
        json!({ "type": "react", "message_id": sent["id"], "emoji": "👍", "ref": "r" }),
    ] {
        socket.send(frame.clone()).await;
        assert_eq!(socket.recv_type("error").await["code"], "scope_missing", "{frame}");
    }
    assert_eq!(root.history(room).await.len(), 1);
    for scope in ["send", "rooms", "admin"] {
        let blind = bot(&root, &format!("{scope}s"), json!({ "scopes": [scope] })).await;
        let mut socket = blind.opens(&format!("/ws?token={}", blind.token)).await;
        for frame in [
            json!({ "type": "subscribe", "room_id": room, "ref": "r" }),
            json!({ "type": "watch", "ref": "r" }),
        ] {
            socket.send(frame.clone()).await;
            assert_eq!(socket.recv_type("error").await["code"], "scope_missing", "{frame}");
        }
        let mut closed = blind.opens(&format!("/ws/{room}?token={}", blind.token)).await;
        assert_eq!(closed.expect_close().await, 4403);
    }
}

async fn a_bot_has_no_password(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let deploys = bot(&root, "deploys", json!({ "scopes": ["read", "send", "rooms"] })).await;
    for (name, password) in [("deploys", PASSWORD), ("deploys", ""), ("bot-deploys", PASSWORD)] {
        let answer = server
            .anonymous()
            .post("/auth/login", json!({ "username": name, "password": password }))
            .await;
        assert!([401, 422].contains(&answer.status), "{name} {}", answer.body);
    }
    let path = format!("/admin/users/{}/password-reset", deploys.user_id);
    root.post(&path, Value::Null).await.expect_problem(409, "bot_account");
    // Nor does it get a session like that of a login, which would have no scopes.
    let path = format!("/admin/users/{}/tokens", deploys.user_id);
    root.post(&path, json!({ "expires_in": 60 })).await.expect_problem(409, "bot_account");
    let password = json!({ "current_password": PASSWORD, "new_password": "another long one" });
    for path in ["/auth/refresh", "/auth/logout"] {
        deploys.post(path, Value::Null).await.expect_problem(403, "person_required");
    }
    deploys.post("/auth/password", password).await.expect_problem(403, "person_required");
    deploys.get("/auth/me").await.expect(200);
}

async fn what_no_bot_or_token_can_have_is_refused(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let ann = server.user("ann").await;
    let good = json!({ "name": "x", "scopes": ["read"] });
    ann.post("/bots", json!({ "username": "mine", "token": good }))
        .await
        .expect_problem(403, "admin_required");
    root.post("/bots", json!({ "username": "ann", "token": good }))
        .await
        .expect_problem(409, "username_taken");
    let of_a_person = format!("/bots/{}/tokens", ann.user_id);
    root.post(&of_a_person, good.clone()).await.expect_problem(404, "user_not_found");
    root.get(&of_a_person).await.expect_problem(404, "user_not_found");
    for (field, token) in [
        ("name", json!({ "name": " ", "scopes": ["read"] })),
        ("name", json!({ "name": "x".repeat(65), "scopes": ["read"] })),
        ("scopes", json!({ "name": "x", "scopes": [] })),
        ("room_ids", json!({ "name": "x", "scopes": ["read"], "room_ids": [] })),
        ("room_ids", json!({ "name": "x", "scopes": ["admin"], "room_ids": [1] })),
        (
            "expires_at",
            json!({ "name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z" }),
        ),
    ] {
        let answer = root.post("/bots", json!({ "username": "new", "token": token })).await;
        let problem = answer.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let unknown = json!({ "username": "new", "token": { "name": "x", "scopes": ["write"] } });
    root.post("/bots", unknown).await.expect_problem(422, "invalid_field");
    for token in ["cb_", "cb_short", "cb_dGhpcyBpcyBub3QgYSByYW5kb20gdG9rZW4gYXQgYWx", "CB_x"] {
        let answer = root.with_token(token).get("/auth/me").await;
        assert_eq!(answer.status, 401, "{token} {}", answer.body);
    }
    // The scope alone makes no admin.
    let mere = bot(&root, "mere", json!({ "scopes": ["admin"] })).await;
    mere.get("/admin/users").await.expect_problem(403, "admin_required");
    let token = json!({ "name": "x", "scopes": ["admin"] });
    let made =
        root.post("/bots", json!({ "username": "chief", "role": "admin", "token": token })).await;
    let chief = root.with_token(made.expect(201)["token"]["token"].as_str().unwrap());
    chief.get("/admin/users").await.expect(200);
    chief.get("/rooms").await.expect_problem(403, "scope_missing");
}

async fn a_cursor_only_moves_forward_and_only_in_rooms_that_the_bot_sees(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let secret =
        root.post("/rooms", json!({ "name": "secret", "kind": "private" })).await.expect(201);
    for n in 0..5 {
        says(&root, room, &format!("{n}")).await.expect(201);
    }
    let reader = bot(&root, "reader", json!({ "scopes": ["read"] })).await;
    let path = "/bots/me/cursors/replies";
    reader.get(path).await.expect_problem(404, "cursor_not_found");
    let to = |room: i64, seq: i64| json!({ "positions": [{ "room_id": room, "seq": seq }] });
    let at = |cursor: &Value| -> Vec<(i64, i64)> {
        let positions = cursor["positions"].as_array().unwrap().iter();
        positions.map(|it| (it["room_id"].as_i64().unwrap(), it["seq"].as_i64().unwrap())).collect()
    };
    let moved = reader.put(path, to(room, 3)).await.expect(200);
    assert_eq!(at(&moved), [(room, 3)]);
    assert!(!moved["epoch"].as_str().unwrap().is_empty());
    assert_eq!(at(&reader.put(path, to(room, 2)).await.expect(200)), [(room, 3)]);
    let head = root.get(&format!("/rooms/{room}")).await.expect(200)["head_seq"].as_i64().unwrap();
    assert_eq!(at(&reader.put(path, to(room, 1_000_000)).await.expect(200)), [(room, head)]);
    for hidden in [secret["id"].as_i64().unwrap(), 99] {
        assert_eq!(at(&reader.put(path, to(hidden, 1)).await.expect(200)), [(room, head)]);
    }
    let twice =
        json!({ "positions": [{ "room_id": room, "seq": 1 }, { "room_id": room, "seq": 4 }] });
    assert_eq!(at(&reader.put("/bots/me/cursors/a.b-c_1", twice).await.expect(200)), [(room, 4)]);
    assert_eq!(reader.get("/bots/me/cursors").await.expect(200), json!(["a.b-c_1", "replies"]));
    reader.delete(path).await.expect(204);
    reader.delete(path).await.expect_problem(404, "cursor_not_found");
    for bad in ["a%20b", "%C3%A9", &"x".repeat(65)] {
        let answer = reader.put(&format!("/bots/me/cursors/{bad}"), to(room, 1)).await;
        answer.expect_problem(422, "invalid_field");
    }
    reader.put(path, json!({ "positions": [] })).await.expect_problem(422, "invalid_field");
    // A cursor is gone with its room.
    root.delete(&format!("/rooms/{room}")).await.expect(204);
    while reader.get("/bots/me/cursors").await.expect(200) != json!([]) {}
}

async fn cursors_are_for_bots(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let path = "/bots/me/cursors/replies";
    root.get(path).await.expect_problem(403, "bot_required");
    root.delete(path).await.expect_problem(403, "bot_required");
    root.get("/bots/me/cursors").await.expect_problem(403, "bot_required");
    let positions = json!({ "positions": [{ "room_id": 1, "seq": 1 }] });
    root.put(path, positions).await.expect_problem(403, "bot_required");
    // Each bot has its own.
    let room = root.creates_room("general").await;
    let [one, two] = ["one", "two"].map(|name| (name, json!({ "scopes": ["read"] })));
    let (one, two) = (bot(&root, one.0, one.1).await, bot(&root, two.0, two.1).await);
    one.put(path, json!({ "positions": [{ "room_id": room, "seq": 0 }] })).await.expect(200);
    two.get(path).await.expect_problem(404, "cursor_not_found");
}
