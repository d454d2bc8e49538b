//! Who can become an admin: the first one, created from the machine itself, and those that an admin creates.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Database, PASSWORD, Server, on_both_databases};

on_both_databases!(of_many_concurrent_sign_ups_only_one_creates_the_first_admin);

fn account(username: &str) -> Value {
    let email = format!("{username}@example.com");
    json!({ "username": username, "email": email, "password": PASSWORD, "role": "admin" })
}

async fn of_many_concurrent_sign_ups_only_one_creates_the_first_admin(database: Database) {
    let server = Server::start(database).await;
    let mut asking = Vec::new();
    for n in 0..8 {
        let nobody = server.anonymous();
        asking
            .push(async move { nobody.post("/auth/signup", account(&format!("admin{n}"))).await });
    }
    let answers = futures_util::future::join_all(asking).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1, "{answers:?}");
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.expect_problem(403, "admin_signup_refused");
    }
}

#[tokio::test]
async fn a_request_that_may_come_from_another_machine_creates_no_admin() {
    let server = Server::start(Database::Sqlite).await;
    let nobody = server.anonymous();
    for (name, value) in [
        ("Forwarded", "for=192.0.2.1"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Real-IP", "192.0.2.1"),
        ("Via", "1.1 proxy"),
        ("Host", "evil.example.com"),
        ("Host", "127.0.0.1.evil.example.com:8000"),
    ] {
        let request = nobody.request(Method::POST, "/auth/signup").json(&account("ann"));
        let answer = Answer::to(request.header(name, value)).await;
        answer.expect_problem(403, "admin_signup_refused");
    }
    let request = nobody.request(Method::POST, "/auth/signup").json(&account("ann"));
    Answer::to(request.header("Host", "localhost:8000")).await.expect(201);
}

#[tokio::test]
async fn only_an_admin_can_create_more_admins() {
    let server = Server::start(Database::Sqlite).await;
    let root = server.admin("root").await;
    let ann = server.user("ann").await;
    let nobody = server.anonymous();
    let refused = nobody.post("/auth/signup", account("eve")).await;
    refused.expect_problem(403, "admin_signup_refused");
    ann.post("/auth/signup", account("eve")).await.expect_problem(403, "admin_required");
    nobody.with_token("rubbish").post("/auth/signup", account("eve")).await.expect(401);
    let bo = root.post("/auth/signup", account("bo")).await.expect(201);
    assert_eq!(bo["role"], "admin");
    let bo = server.anonymous().signs_in("bo", PASSWORD).await;
    bo.creates_room("general").await;
}

#[tokio::test]
async fn setup_shows_whether_an_admin_is_needed_and_whether_the_caller_may_create_it() {
    let server = Server::start(Database::Sqlite).await;
    let nobody = server.anonymous();
    let setup = nobody.get("/auth/setup").await.expect(200);
    assert_eq!((&setup["needs_admin"], &setup["allowed_here"]), (&json!(true), &json!(true)));
    assert_eq!(setup["message_chars"], 4_000);
    let elsewhere = nobody.request(Method::GET, "/auth/setup").header("Forwarded", "for=192.0.2.1");
    let setup = Answer::to(elsewhere).await.expect(200);
    assert_eq!((&setup["needs_admin"], &setup["allowed_here"]), (&json!(true), &json!(false)));
    server.user("ann").await;
    assert_eq!(nobody.get("/auth/setup").await.expect(200)["needs_admin"], true);
    server.admin("root").await;
    assert_eq!(nobody.get("/auth/setup").await.expect(200)["needs_admin"], false);
}

#[tokio::test]
async fn creating_the_first_admin_over_http_can_be_switched_off() {
    let server = Server::with(Database::Sqlite).env("CHATAPP_AUTH__ADMIN_SIGNUP", "off");
    let server = server.start().await;
    let refused = server.anonymous().post("/auth/signup", account("ann")).await;
    refused.expect_problem(403, "admin_signup_refused");
    let setup = server.anonymous().get("/auth/setup").await.expect(200);
    assert_eq!((&setup["needs_admin"], &setup["allowed_here"]), (&json!(true), &json!(false)));
    let user = server.user("ann").await;
    assert_eq!(user.get("/auth/me").await.expect(200)["role"], "user");
}
