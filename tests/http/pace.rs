//! Rate limits: a client that exceeds one gets 429 with the seconds to wait.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Client, Database, Server, on_both_databases};

on_both_databases!(
    a_user_who_sends_too_fast_is_refused_and_other_users_are_not,
    creating_a_room_counts_as_a_message_if_everyone_may_create_rooms,
    a_change_of_a_room_or_of_the_own_view_of_it_counts_as_a_message,
);

async fn a_user_who_sends_too_fast_is_refused_and_other_users_are_not(database: Database) {
    let server = Server::with(database).env("CHATAPP_LIMITS__SENDS_PER_SECOND", "1").start().await;
    let ann = server.admin("ann").await;
    let bo = server.user("bo").await;
    let room = ann.creates_room("general").await;
    let path = format!("/rooms/{room}/messages");
    let mut stored = 0;
    let refusal = loop {
        let answer = ann.post(&path, json!({ "content": "again" })).await;
        if answer.status != 201 {
            break answer;
        }
        stored += 1;
        assert!(stored < 1_000, "no request is refused");
    };
    assert!(stored >= 10, "a burst of ten seconds is allowed: {stored}");
    assert_eq!(refusal.header("retry-after"), "1");
    refusal.expect_problem(429, "too_many_requests");
    // Sends on a socket count for the same user.
    let mut socket = ann.joins(room).await;
    let error = loop {
        socket.send(json!({ "content": "again", "ref": "r" })).await;
        // Frames of the room may come before the answer.
        let answer = loop {
            let frame = socket.recv().await;
            if frame["type"] == "error" || frame["type"] == "ack" {
                break frame;
            }
        };
        if answer["type"] == "error" {
            break answer;
        }
        stored += 1;
        assert!(stored < 1_000, "no request is refused");
    };
    assert_eq!((&error["code"], &error["retry_after"]), (&json!("too_many_requests"), &json!(1)));
    bo.post(&path, json!({ "content": "mine" })).await.expect(201);
    let page = bo.get(&format!("{path}?limit=200")).await.expect(200);
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(stored + 1), "{page}");
}

async fn creating_a_room_counts_as_a_message_if_everyone_may_create_rooms(database: Database) {
    let server = Server::with(database)
        .env("CHATAPP_LIMITS__SENDS_PER_SECOND", "1")
        .env("CHATAPP_ROOMS__CREATE", "everyone")
        .start()
        .await;
    let (root, bo) = (server.admin("root").await, server.user("bo").await);
    let mut created = 0;
    let refusal = loop {
        let answer = bo.post("/rooms/", json!({ "name": format!("room {created}") })).await;
        if answer.status != 201 {
            break answer;
        }
        created += 1;
        assert!(created < 1_000, "no request is refused");
    };
    refusal.expect_problem(429, "too_many_requests");
    for n in 0..20 {
        root.creates_room(&format!("an admin's {n}")).await;
    }
}

async fn a_change_of_a_room_or_of_the_own_view_of_it_counts_as_a_message(database: Database) {
    let server = Server::with(database).env("CHATAPP_LIMITS__SENDS_PER_SECOND", "1").start().await;
    for (client, path) in
        [(server.user("ann").await, "/rooms/{}"), (server.user("bo").await, "/rooms/{}/members/me")]
    {
        let room = json!({ "name": "plans", "kind": "private" });
        let room = client.post("/rooms/", room).await.expect(201)["id"].to_string();
        let path = path.replace("{}", &room);
        let mut changes = 0;
        let refusal = loop {
            let change = match path.ends_with("me") {
                true => json!({ "is_starred": changes % 2 == 0 }),
                false => json!({ "name": format!("plan {changes}") }),
            };
            let answer = client.patch(&path, change).await;
            if answer.status != 200 {
                break answer;
            }
            changes += 1;
            assert!(changes < 1_000, "no request is refused");
        };
        refusal.expect_problem(429, "too_many_requests");
    }
}

/// Signs up as a client behind a proxy on this machine.
async fn sign_up(nobody: &Client, name: &str, forwarded_for: &str) -> Answer {
    let email = format!("{name}@example.com");
    let account = json!({ "username": name, "email": email, "password": "correct horse battery" });
    let request = nobody.request(Method::POST, "/auth/signup").json(&account);
    Answer::to(request.header("x-forwarded-for", forwarded_for)).await
}

#[tokio::test]
async fn accounts_are_counted_by_the_address_that_a_trusted_proxy_names() {
    let server = Server::with(Database::Sqlite)
        .env("CHATAPP_LIMITS__SIGNUPS_PER_HOUR", "1")
        .env("CHATAPP_HTTP__TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8");
    let server = server.start().await;
    let nobody = server.anonymous();
    sign_up(&nobody, "ann", "192.0.2.1").await.expect(201);
    // An address that the client itself writes into the header is ignored.
    let refusal = sign_up(&nobody, "more", "203.0.113.9, 192.0.2.1, 10.1.1.1").await;
    let seconds: u32 = refusal.header("retry-after").parse().unwrap();
    assert!((1..=3_600).contains(&seconds), "{seconds}");
    refusal.expect_problem(429, "too_many_requests");
    sign_up(&nobody, "more", "192.0.2.2").await.expect(201);
}

#[tokio::test]
async fn without_a_trusted_proxy_requests_from_this_machine_are_not_limited() {
    let server = Server::with(Database::Sqlite).env("CHATAPP_LIMITS__SIGNUPS_PER_HOUR", "1");
    let server = server.start().await;
    let nobody = server.anonymous();
    for n in 0..12 {
        sign_up(&nobody, &format!("user{n}"), "192.0.2.1").await.expect(201);
    }
}
