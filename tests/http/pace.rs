//! Who does too much too fast is told when to come back.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Client, Database, Server, on_both_databases};

on_both_databases!(
    who_sends_too_fast_is_refused_and_nobody_else_is,
    a_room_that_anybody_may_create_counts_as_a_message,
);

async fn who_sends_too_fast_is_refused_and_nobody_else_is(database: Database) {
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
        assert!(stored < 1_000, "nobody is refused");
    };
    assert!(stored >= 10, "ten seconds' worth at once: {stored}");
    assert_eq!(refusal.header("retry-after"), "1");
    refusal.expect_problem(429, "too_many_requests");
    // On the socket it is the same account.
    let mut socket = ann.joins(room).await;
    let error = loop {
        socket.send(json!({ "content": "again", "ref": "r" })).await;
        // The room's frames come in between.
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
        assert!(stored < 1_000, "nobody is refused");
    };
    assert_eq!((&error["code"], &error["retry_after"]), (&json!("too_many_requests"), &json!(1)));
    bo.post(&path, json!({ "content": "mine" })).await.expect(201);
    let page = bo.get(&format!("{path}?limit=200")).await.expect(200);
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(stored + 1), "{page}");
}

async fn a_room_that_anybody_may_create_counts_as_a_message(database: Database) {
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
        assert!(created < 1_000, "nobody is refused");
    };
    refusal.expect_problem(429, "too_many_requests");
    for n in 0..20 {
        root.creates_room(&format!("an admin's {n}")).await;
    }
}

/// Asks for an account as a client behind the proxy that this machine is.
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
    for n in 0..10 {
        sign_up(&nobody, &format!("user{n}"), "192.0.2.1").await.expect(201);
    }
    // What the client writes into the header itself does not help it.
    let refusal = sign_up(&nobody, "more", "203.0.113.9, 192.0.2.1, 10.1.1.1").await;
    let seconds: u32 = refusal.header("retry-after").parse().unwrap();
    assert!((1..=3_600).contains(&seconds), "{seconds}");
    refusal.expect_problem(429, "too_many_requests");
    sign_up(&nobody, "more", "192.0.2.2").await.expect(201);
}

#[tokio::test]
async fn without_a_proxy_that_is_named_this_machine_is_not_limited() {
    let server = Server::with(Database::Sqlite).env("CHATAPP_LIMITS__SIGNUPS_PER_HOUR", "1");
    let server = server.start().await;
    let nobody = server.anonymous();
    for n in 0..12 {
        sign_up(&nobody, &format!("user{n}"), "192.0.2.1").await.expect(201);
    }
}
