//! A product's own data on users, rooms and messages.

use serde_json::{Value, json};

use crate::support::{Client, Database, Server, on_both_databases};

on_both_databases!(
    metadata_of_a_user_is_for_admins_and_the_user_alone,
    metadata_of_a_room_is_for_those_who_see_the_room,
    metadata_of_a_message_comes_with_it_everywhere,
    the_socket_takes_and_sends_metadata,
    rooms_are_found_only_by_those_who_see_them,
    messages_are_found_only_by_those_who_read_them,
    metadata_that_is_not_acceptable_is_refused,
    the_audit_log_has_no_metadata,
);

async fn metadata_of_a_user_is_for_admins_and_the_user_alone(database: Database) {
    let server = Server::start(database).await;
    let [root, bo] = [server.admin("root").await, server.user("bo").await];
    let data = json!({ "plan": "pro", "seats": 5, "tags": ["a", null] });
    let new = json!({ "username": "ann", "password": "correct horse battery", "metadata": data });
    let ann = root.post("/admin/users", new).await.expect(201);
    assert_eq!(ann["metadata"], data);
    let path = format!("/admin/users/{}", ann["id"]);
    assert_eq!(root.get(&path).await.expect(200), ann);
    let plain = root.post("/admin/users", json!({ "username": "cy", "metadata": null })).await;
    assert_eq!(plain.expect(201).get("metadata"), None);

    let anns = server.anonymous().signs_in("ann", "correct horse battery").await;
    assert_eq!(anns.get("/auth/me").await.expect(200)["metadata"], data);
    assert_eq!(bo.get("/auth/me").await.expect(200).get("metadata"), None);
    let card = bo.get(&format!("/users/{}", ann["id"])).await.expect(200);
    let people = bo.get("/users/?query=ann").await.expect(200);
    for shown in [card, people] {
        assert!(!shown.to_string().contains("pro"), "{shown}");
    }

    let found = async |query: &str| -> Value {
        let page = root.get(&format!("/admin/users?{query}")).await.expect(200);
        page["users"].as_array().unwrap().iter().map(|it| it["username"].clone()).collect()
    };
    assert_eq!(found("metadata_key=plan&metadata_value=pro").await, json!(["ann"]));
    assert_eq!(found("metadata_key=seats&metadata_value=5").await, json!(["ann"]));
    assert_eq!(found("metadata_key=tags").await, json!(["ann"]));
    assert_eq!(found("metadata_key=plan&metadata_value=free").await, json!([]));
    assert_eq!(found("metadata_key=plan&query=nobody").await, json!([]));

    let changed = root.patch(&path, json!({ "metadata": { "plan": "free" } })).await.expect(200);
    assert_eq!(changed["metadata"], json!({ "plan": "free" }));
    // Nobody has to sign in again.
    assert_eq!(anns.get("/auth/me").await.expect(200)["metadata"], json!({ "plan": "free" }));
    let renamed = root.patch(&path, json!({ "is_active": true })).await.expect(200);
    assert_eq!(renamed["metadata"], json!({ "plan": "free" }));
    for none in [json!(null), json!({})] {
        root.patch(&path, json!({ "metadata": { "plan": "free" } })).await.expect(200);
        let removed = root.patch(&path, json!({ "metadata": none })).await.expect(200);
        assert_eq!(removed.get("metadata"), None);
    }
    assert_eq!(found("metadata_key=plan").await, json!([]));
}

async fn metadata_of_a_room_is_for_those_who_see_the_room(database: Database) {
    let server = Server::start(database).await;
    let [ann, bo] = [server.user("ann").await, server.user("bo").await];
    let data = json!({ "order_id": 42, "b": { "x": [] }, "a": 1.5 });
    let new = json!({ "name": "order", "kind": "private", "metadata": data });
    let room = ann.post("/rooms/", new).await.expect(201);
    assert_eq!(room["metadata"], data);
    let path = format!("/rooms/{}", room["id"]);
    ann.post(&format!("{path}/members"), json!({ "user_ids": [bo.user_id] })).await.expect(200);
    assert_eq!(bo.get(&path).await.expect(200)["metadata"], data);
    assert_eq!(bo.get("/rooms/").await.expect(200)[0]["metadata"], data);
    bo.patch(&path, json!({ "metadata": {} })).await.expect_problem(403, "owner_required");

    let mut socket = bo.joins(room["id"].as_i64().unwrap()).await;
    let next = json!({ "order_id": 43 });
    let changed = ann.patch(&path, json!({ "metadata": next })).await.expect(200);
    assert_eq!((&changed["metadata"], &changed["revision"]), (&next, &json!(1)));
    let event = socket.recv_type("room_changed").await;
    assert_eq!((&event["changed"], &event["metadata"]), (&json!(["metadata"]), &next));
    let log = bo.log(room["id"].as_i64().unwrap()).await;
    assert_eq!(log.last().unwrap()["metadata"], next);
    // The same again, and another change, leave it as it is.
    ann.patch(&path, json!({ "metadata": next })).await.expect(200);
    let renamed = ann.patch(&path, json!({ "name": "orders" })).await.expect(200);
    assert_eq!((&renamed["metadata"], &renamed["revision"]), (&next, &json!(2)));
    let removed = ann.patch(&path, json!({ "metadata": null })).await.expect(200);
    assert_eq!(removed.get("metadata"), None);
    let event = socket.recv_type("room_changed").await;
    assert_eq!(event["changed"], json!(["name"]));
    let event = socket.recv_type("room_changed").await;
    assert_eq!((&event["changed"], event.get("metadata")), (&json!(["metadata"]), None));
    let direct = ann.post("/direct-rooms/", json!({ "user_ids": [bo.user_id] })).await.expect(201);
    let change = json!({ "metadata": next });
    ann.patch(&format!("/rooms/{}", direct["id"]), change).await.expect_problem(409, "room_kind");
}

async fn metadata_of_a_message_comes_with_it_everywhere(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("orders").await;
    let path = format!("/rooms/{room}/messages");
    let data = json!({ "order_id": 42, "forwarded": { "user_id": 1 } });
    let new = json!({ "content": "sent", "client_id": "1", "metadata": data });
    let sent = root.post(&path, new.clone()).await.expect(201);
    assert_eq!(sent["metadata"], data);
    assert_eq!(root.post(&path, new).await.expect(200), sent);
    assert_eq!(root.history(room).await, std::slice::from_ref(&sent));
    assert_eq!(root.get(&format!("{path}/{}", sent["id"])).await.expect(200), sent);
    assert_eq!(root.log(room).await[0]["metadata"], data);
    let page = root.get(&format!("{path}?metadata_key=order_id&metadata_value=42")).await;
    assert_eq!(page.expect(200)["messages"], json!([sent]));

    let of_message = format!("{path}/{}", sent["id"]);
    let edited = root.patch(&of_message, json!({ "content": "x" })).await.expect(200);
    assert_eq!(edited["metadata"], data);
    let forward = json!({ "room_id": room });
    let forwarded = root.post(&format!("{of_message}/forward"), forward).await.expect(201);
    assert_eq!(forwarded.get("metadata"), None);
    root.delete(&of_message).await.expect(204);
    assert_eq!(root.history(room).await[0].get("metadata"), None);
    let page = root.get(&format!("{path}?metadata_key=order_id")).await.expect(200);
    assert_eq!(page["messages"], json!([]));
    assert!(!json!(root.log(room).await).to_string().contains("order_id"));

    let said = json!({ "content": "sent", "metadata": data });
    let said = root.post(&format!("/admin/rooms/{room}/messages"), said).await.expect(201);
    assert_eq!(said["message"]["metadata"], data);
    for none in [json!(null), json!({})] {
        let plain = json!({ "content": "plain", "metadata": none });
        assert_eq!(root.post(&path, plain).await.expect(201).get("metadata"), None);
    }
}

async fn the_socket_takes_and_sends_metadata(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("orders").await;
    let mut socket = root.joins(room).await;
    let data = json!({ "b": 1, "a": [true] });
    let send = json!({ "type": "send", "room_id": room, "content": "x", "metadata": data });
    socket.send(send).await;
    assert_eq!(socket.recv_type("message").await["metadata"], data);
    let too_large = json!({ "k": "x".repeat(4_090) });
    for metadata in [too_large, json!([]), json!("x"), json!({ "": 1 })] {
        let send = json!({ "type": "send", "room_id": room, "content": "x", "metadata": metadata });
        socket.send(send).await;
        let error = socket.recv_type("error").await;
        let code = error["code"].as_str().unwrap();
        assert!(["invalid_field", "malformed_json"].contains(&code), "{error}");
    }
    assert_eq!(root.history(room).await.len(), 1);
}

async fn creates(by: &Client, name: &str, kind: &str) -> i64 {
    let data = json!({ "order_id": "A-1", "is_open": true });
    let room = json!({ "name": name, "kind": kind, "metadata": data });
    by.post("/rooms/", room).await.expect(201)["id"].as_i64().expect("an id")
}

async fn rooms_are_found_only_by_those_who_see_them(database: Database) {
    let server = Server::start(database).await;
    let [root, ann, bo] =
        [server.admin("root").await, server.user("ann").await, server.user("bo").await];
    let public = creates(&root, "public", "public").await;
    let of_ann = creates(&ann, "of ann", "private").await;
    let of_bo = creates(&bo, "of bo", "private").await;
    let found = async |who: &Client, query: &str| -> (Vec<i64>, bool) {
        let answer = who.get(&format!("/rooms/?{query}")).await;
        let has_next = answer.headers.contains_key("link");
        let rooms = answer.expect(200);
        let ids = rooms.as_array().unwrap().iter().map(|it| it["id"].as_i64().unwrap());
        (ids.collect(), has_next)
    };
    for query in
        ["metadata_key=order_id&metadata_value=A-1", "metadata_key=is_open&metadata_value=true"]
    {
        assert_eq!(found(&root, query).await, (vec![public], false));
        assert_eq!(found(&ann, query).await, (vec![public, of_ann], false));
        assert_eq!(found(&bo, &format!("{query}&kind=private")).await, (vec![of_bo], false));
        assert_eq!(found(&bo, &format!("{query}&limit=1")).await, (vec![public], true));
        let next = format!("{query}&limit=1&after={public}");
        assert_eq!(found(&bo, &next).await, (vec![of_bo], false));
    }
    assert_eq!(found(&ann, "metadata_key=order_id&metadata_value=a-1").await, (vec![], false));
    ann.patch(&format!("/rooms/{of_ann}"), json!({ "metadata": null })).await.expect(200);
    assert_eq!(found(&ann, "metadata_key=order_id").await, (vec![public], false));
    root.delete(&format!("/rooms/{public}")).await.expect(204);
    assert_eq!(found(&ann, "metadata_key=order_id").await, (vec![], false));
}

async fn messages_are_found_only_by_those_who_read_them(database: Database) {
    let server = Server::start(database).await;
    let [ann, bo, eve] =
        [server.user("ann").await, server.user("bo").await, server.user("eve").await];
    let private = json!({ "name": "plans", "kind": "private", "history": "joined" });
    let room = ann.post("/rooms/", private).await.expect(201)["id"].as_i64().unwrap();
    let path = format!("/rooms/{room}/messages");
    let send = json!({ "content": "x", "metadata": { "order_id": 42 } });
    ann.post(&path, send.clone()).await.expect(201);
    let members = json!({ "user_ids": [bo.user_id] });
    ann.post(&format!("/rooms/{room}/members"), members).await.expect(200);
    ann.post(&path, send).await.expect(201);
    for query in ["metadata_key=order_id", "metadata_key=order_id&metadata_value=42"] {
        let found = async |who: &Client| {
            let page = who.get(&format!("{path}?{query}")).await.expect(200);
            (page["messages"].as_array().unwrap().len(), page["has_older"].clone())
        };
        assert_eq!(found(&ann).await, (2, json!(false)));
        // What was before the own joining is not there, and nothing tells that it is.
        assert_eq!(found(&bo).await, (1, json!(false)));
        let refused = eve.get(&format!("{path}?{query}")).await;
        refused.expect_problem(404, "room_not_found");
    }
}

async fn metadata_that_is_not_acceptable_is_refused(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("orders").await;
    let many: Value = Value::Object((0..33).map(|i| (format!("k{i}"), json!(i))).collect());
    let deep = (0..32).fold(json!(1), |inner, _| json!([inner]));
    for bad in [
        json!([]),
        json!("x"),
        json!(7),
        many,
        json!({ "": 1 }),
        json!({ "k".repeat(65): 1 }),
        json!({ "k": "x".repeat(4_089) }),
        json!({ "k": ["\0"] }),
        json!({ "k": deep }),
    ] {
        let requests = [
            ("/admin/users", json!({ "username": "ann", "metadata": bad })),
            ("/rooms/", json!({ "name": "x", "metadata": bad })),
            (&format!("/rooms/{room}/messages"), json!({ "content": "x", "metadata": bad })),
            (&format!("/admin/rooms/{room}/messages"), json!({ "content": "x", "metadata": bad })),
        ];
        for (path, body) in requests {
            let problem = root.post(path, body).await.expect_problem(422, "invalid_field");
            assert_eq!(problem["errors"][0]["field"], "metadata", "{path} {bad}");
        }
        let changes = [format!("/rooms/{room}"), format!("/admin/users/{}", root.user_id)];
        for path in changes {
            let change = json!({ "metadata": bad });
            root.patch(&path, change).await.expect_problem(422, "invalid_field");
        }
    }
    for path in ["/rooms/", "/admin/users", &format!("/rooms/{room}/messages")] {
        for query in [
            "metadata_value=x",
            "metadata_key=",
            "metadata_key=%00",
            "metadata_key=k&metadata_value=%00",
            &format!("metadata_key=k&metadata_value={}", "x".repeat(257)),
            &format!("metadata_key={}", "x".repeat(65)),
        ] {
            let answer = root.get(&format!("{path}?{query}")).await;
            answer.expect_problem(422, "invalid_field");
        }
    }
    assert_eq!(root.history(room).await.len(), 0);
}

async fn the_audit_log_has_no_metadata(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let data = json!({ "secret": "hush" });
    let room = json!({ "name": "orders", "metadata": data });
    let room = root.post("/rooms/", room).await.expect(201)["id"].clone();
    let change = || json!({ "metadata": { "other": "hush" } });
    root.patch(&format!("/rooms/{room}"), change()).await.expect(200);
    root.post("/admin/users", json!({ "username": "ann", "metadata": data })).await.expect(201);
    root.patch(&format!("/admin/users/{}", root.user_id), change()).await.expect(200);
    let said = json!({ "content": "x", "metadata": data });
    root.post(&format!("/admin/rooms/{room}/messages"), said).await.expect(201);
    let audit = root.get("/admin/audit").await.expect(200);
    assert!(!audit.to_string().contains("hush"), "{audit}");
    assert!(!audit.to_string().contains("secret"), "{audit}");
    let acts = audit["entries"].as_array().unwrap().iter();
    let updates = acts.filter(|act| act["detail"] == json!({ "metadata_changed": true }));
    assert_eq!(updates.count(), 2, "{audit}");
}
