//! The directory, profiles, presence and blocks.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::{Client, DEADLINE, Database, Server, on_both_databases};

on_both_databases!(
    a_profile_is_changed_in_parts_and_shown_to_everybody,
    a_profile_that_breaks_a_rule_is_refused_as_a_whole,
    a_status_is_shown_until_its_end,
    the_directory_has_active_accounts_in_pages_and_no_email,
    inactive_accounts_are_shown_and_deleted_ones_are_not_found,
    a_new_display_name_is_in_everything_that_is_sent_from_then_on,
    a_person_is_online_while_a_socket_is_open_and_seen_last_when_it_closed,
    a_person_is_away_when_all_clients_say_so,
    blocks_are_the_callers_own,
);

async fn card(client: &Client, id: i64) -> Value {
    client.get(&format!("/users/{id}")).await.expect(200)
}

/// Waits until the person's card fulfils the condition.
async fn wait_for(client: &Client, id: i64, is_there: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let card = card(client, id).await;
        if is_there(&card) {
            return card;
        }
        assert!(began.elapsed() < DEADLINE, "{card}");
    }
}

async fn a_profile_is_changed_in_parts_and_shown_to_everybody(database: Database) {
    let server = Server::start(database).await;
    let (ann, bo) = (server.user("ann").await, server.user("bo").await);
    let id = ann.user_id;
    let plain = json!({ "id": id, "username": "ann", "presence": "offline", "is_active": true });
    assert_eq!(card(&bo, id).await, plain);
    let profile = json!({
        "display_name": "  Ann  Lee ", "title": "Baker", "timezone": "asia/seoul",
        "status": { "text": "Lunch", "emoji": "🥗" },
    });
    let mut expected = plain.clone();
    expected["display_name"] = json!("Ann Lee");
    expected["title"] = json!("Baker");
    expected["timezone"] = json!("Asia/Seoul");
    expected["status"] = json!({ "text": "Lunch", "emoji": "🥗" });
    assert_eq!(ann.patch("/users/me", profile).await.expect(200), expected);
    assert_eq!(card(&bo, id).await, expected);
    assert_eq!(ann.patch("/users/me", json!({})).await.expect(200), expected);
    let me = ann.get("/auth/me").await.expect(200);
    assert_eq!(me["username"], "ann");
    let nothing = json!({ "display_name": null, "title": null, "timezone": null, "status": null });
    assert_eq!(ann.patch("/users/me", nothing).await.expect(200), plain);
    assert_eq!(card(&bo, bo.user_id).await["display_name"], Value::Null);
}

async fn a_profile_that_breaks_a_rule_is_refused_as_a_whole(database: Database) {
    let server = Server::start(database).await;
    let ann = server.user("ann").await;
    let bad = json!({
        "display_name": "Ann\u{202e}", "title": "Baker", "timezone": "Europe/Atlantis",
        "status": { "emoji": "no", "until": "2001-01-01T00:00:00Z" },
    });
    let problem = ann.patch("/users/me", bad).await.expect_problem(422, "invalid_field");
    let fields: Vec<&Value> =
        problem["errors"].as_array().expect("errors").iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["display_name", "timezone", "status.until", "status.emoji"]);
    assert_eq!(card(&ann, ann.user_id).await["title"], Value::Null);
    for bad in [json!({ "display_name": 7 }), json!({ "email": "x" }), json!({ "status": {} })] {
        ann.patch("/users/me", bad).await.expect_problem(422, "invalid_field");
    }
}

async fn a_status_is_shown_until_its_end(database: Database) {
    let server = Server::start(database).await;
    let ann = server.user("ann").await;
    let in_two_seconds = chatapp::model::Clock::System.now().plus_seconds(2).to_string();
    let status = json!({ "status": { "text": "Lunch", "until": in_two_seconds } });
    let shown = ann.patch("/users/me", status).await.expect(200);
    assert_eq!(shown["status"]["until"], in_two_seconds);
    wait_for(&ann, ann.user_id, |card| card["status"].is_null()).await;
}

async fn the_directory_has_active_accounts_in_pages_and_no_email(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let mut people = Vec::new();
    for name in ["ann", "bo", "cem", "dee"] {
        people.push(server.user(name).await);
    }
    let [ann, bo, cem, dee] = &people[..] else { unreachable!() };
    bo.patch("/users/me", json!({ "display_name": "Johanna Müller" })).await.expect(200);
    let off = json!({ "is_active": false });
    root.patch(&format!("/admin/users/{}", cem.user_id), off).await.expect(200);
    let found = async |query: &str| {
        let page = ann.get(&format!("/users{query}")).await.expect(200);
        assert!(!page.to_string().contains("example"), "{page}");
        let ids = page["users"].as_array().expect("users").iter().map(|card| card["id"].as_i64());
        (ids.map(|id| id.expect("an id")).collect::<Vec<_>>(), page["next_after"].as_i64())
    };
    let all = [root.user_id, ann.user_id, bo.user_id, dee.user_id];
    assert_eq!(found("/").await, (all.to_vec(), None));
    assert_eq!(found("?limit=2").await, (all[..2].to_vec(), Some(all[1])));
    assert_eq!(found(&format!("?limit=2&after={}", all[1])).await, (all[2..].to_vec(), None));
    assert_eq!(found("?query=ANN").await, (vec![ann.user_id, bo.user_id], None));
    assert_eq!(found("?query=m%C3%BCl").await, (vec![bo.user_id], None));
    assert_eq!(found("?query=M%C3%9CL").await, (vec![bo.user_id], None));
    assert_eq!(found("?query=example.com").await, (vec![], None));
    for bad in ["?limit=0", "?limit=201", "?after=-1", "?after=x", "?query=%00"] {
        ann.get(&format!("/users{bad}")).await.expect_problem(422, "invalid_field");
    }
}

async fn inactive_accounts_are_shown_and_deleted_ones_are_not_found(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let bo = server.user("bo").await;
    bo.patch("/users/me", json!({ "display_name": "Bo" })).await.expect(200);
    let path = format!("/admin/users/{}", bo.user_id);
    root.patch(&path, json!({ "is_active": false })).await.expect(200);
    let shown = card(&root, bo.user_id).await;
    assert_eq!((&shown["is_active"], &shown["display_name"]), (&json!(false), &json!("Bo")));
    root.delete(&path).await.expect(204);
    let blocks = |id: i64| format!("/users/me/blocks/{id}");
    for missing in [bo.user_id, 1_000_000] {
        root.get(&format!("/users/{missing}")).await.expect_problem(404, "user_not_found");
        root.put(&blocks(missing), Value::Null).await.expect_problem(404, "user_not_found");
        root.delete(&blocks(missing)).await.expect_problem(404, "user_not_found");
    }
}

async fn a_new_display_name_is_in_everything_that_is_sent_from_then_on(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let ann = server.user("ann").await;
    let mut reader = root.joins(room).await;
    let mut socket = ann.joins(room).await;
    assert_eq!(reader.recv_type("user_joined").await["display_name"], Value::Null);
    ann.patch("/users/me", json!({ "display_name": "Ann Lee" })).await.expect(200);
    let sent = ann.post(&format!("/rooms/{room}/messages"), json!({ "content": "one" })).await;
    assert_eq!(sent.expect(201)["display_name"], "Ann Lee");
    assert_eq!(reader.recv_type("message").await["display_name"], "Ann Lee");
    socket.says(room, "two", "2").await;
    assert_eq!(reader.recv_type("message").await["display_name"], "Ann Lee");
    socket.send(json!({ "type": "typing" })).await;
    assert_eq!(reader.recv_type("typing").await["display_name"], "Ann Lee");
    let third = root.joins(room).await;
    assert_eq!(third.welcome[0]["users"][1]["display_name"], "Ann Lee");
    socket.close().await;
    assert_eq!(reader.recv_type("user_left").await["display_name"], "Ann Lee");
    let log = root.log(room).await;
    assert!(log.iter().all(|event| event["display_name"] == "Ann Lee"), "{log:?}");

    ann.patch("/users/me", json!({ "display_name": null })).await.expect(200);
    assert!(root.history(room).await.iter().all(|message| message["display_name"].is_null()));
}

async fn a_person_is_online_while_a_socket_is_open_and_seen_last_when_it_closed(
    database: Database,
) {
    let mut server = Server::start(database).await;
    let (ann, bo) = (server.user("ann").await, server.user("bo").await);
    let before = card(&ann, bo.user_id).await;
    assert_eq!((&before["presence"], &before["last_seen_at"]), (&json!("offline"), &Value::Null));
    let open = async || bo.opens(&format!("/ws?token={}", bo.token)).await;
    let (first, second) = (open().await, open().await);
    let page = wait_for(&ann, bo.user_id, |card| card["presence"] == "online").await;
    assert_eq!(page["last_seen_at"], Value::Null);
    assert_eq!(ann.get("/users").await.expect(200)["users"][1]["presence"], "online");
    first.close().await;
    assert_eq!(card(&ann, bo.user_id).await["presence"], "online");
    second.close().await;
    wait_for(&ann, bo.user_id, |card| card["presence"] == "offline").await;
    let seen = wait_for(&ann, bo.user_id, |card| card["last_seen_at"].is_string()).await;
    // A server that stops stores the time too.
    let open = open().await;
    wait_for(&ann, bo.user_id, |card| card["presence"] == "online").await;
    server.sigterm().await;
    drop(open);
    server.restart().await;
    let ann = server.anonymous().with_token(&ann.token);
    assert_ne!(card(&ann, bo.user_id).await["last_seen_at"], seen["last_seen_at"]);
}

async fn a_person_is_away_when_all_clients_say_so(database: Database) {
    let server = Server::start(database).await;
    let (ann, bo) = (server.user("ann").await, server.user("bo").await);
    let open = async || bo.opens(&format!("/ws?token={}", bo.token)).await;
    let (mut first, mut second) = (open().await, open().await);
    let say = |state: &str| json!({ "type": "presence", "state": state });
    let shown = async |state: &str| {
        wait_for(&ann, bo.user_id, |card| card["presence"] == state).await;
    };
    shown("online").await;
    first.send(say("away")).await;
    first.send(say("away")).await;
    first.send(json!({ "type": "ping" })).await;
    first.recv_type("pong").await;
    assert_eq!(card(&ann, bo.user_id).await["presence"], "online");
    second.send(say("away")).await;
    shown("away").await;
    first.send(say("online")).await;
    shown("online").await;
    first.close().await;
    shown("away").await;
    second.close().await;
    shown("offline").await;
    let mut third = open().await;
    shown("online").await;
    third.send(say("asleep")).await;
    assert_eq!(third.recv_type("error").await["code"], "malformed_json");
}

async fn blocks_are_the_callers_own(database: Database) {
    let server = Server::start(database).await;
    let (ann, bo) = (server.user("ann").await, server.user("bo").await);
    let of_bo = format!("/users/me/blocks/{}", bo.user_id);
    for _ in 0..2 {
        ann.put(&of_bo, Value::Null).await.expect(204);
    }
    let blocks = ann.get("/users/me/blocks").await.expect(200);
    assert_eq!(blocks.as_array().expect("a list").len(), 1);
    assert_eq!(blocks[0]["user"]["username"], "bo");
    assert!(blocks[0]["created_at"].is_string());
    assert_eq!(bo.get("/users/me/blocks").await.expect(200), json!([]));
    for _ in 0..2 {
        ann.delete(&of_bo).await.expect(204);
    }
    assert_eq!(ann.get("/users/me/blocks").await.expect(200), json!([]));
    let own = format!("/users/me/blocks/{}", ann.user_id);
    ann.put(&own, Value::Null).await.expect_problem(422, "invalid_field");
}
