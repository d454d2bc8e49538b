//! Guessing at passwords: how often, from where, and what it does to the owner.

use std::net::IpAddr;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, DEADLINE, Database, PASSWORD, Server, on_both_databases};

on_both_databases!(
    who_guesses_at_an_account_is_slowed_down_and_its_owner_is_not,
    guesses_by_username_and_by_email_are_counted_apart,
);

const WRONG: &str = "a wrong password";

/// The owner's address is that of every other client of these tests, 127.0.0.1.
const ATTACKER: [u8; 4] = [127, 0, 0, 2];
const BYSTANDER: [u8; 4] = [127, 0, 0, 3];

/// Signs in from an address of this machine.
async fn login(server: &Server, from: [u8; 4], username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    post(server, from, "/auth/login", "", body).await
}

async fn post(server: &Server, from: [u8; 4], path: &str, token: &str, body: Value) -> Answer {
    let http = reqwest::Client::builder().local_address(IpAddr::from(from)).build().unwrap();
    let request = http.post(format!("{}{path}", server.url())).json(&body);
    Answer::to(if token.is_empty() { request } else { request.bearer_auth(token) }).await
}

/// What an answer says, but for what differs from one request to the next.
fn said(answer: Answer) -> (u16, Value) {
    let seconds: u32 = answer.header("retry-after").parse().expect("Retry-After in seconds");
    assert!((1..=900).contains(&seconds), "{seconds}");
    let mut body = answer.body;
    body.as_object_mut().unwrap().remove("request_id");
    (answer.status, body)
}

async fn who_guesses_at_an_account_is_slowed_down_and_its_owner_is_not(database: Database) {
    let server = Server::start(database).await;
    server.user("ann").await;
    let mut refusals = Vec::new();
    for username in ["ann", "nobody", "nobody@example.com", "not a name \0"] {
        for n in 0..10 {
            // The case of the name does not begin a new count.
            let username = if n % 2 == 0 { username.to_owned() } else { username.to_uppercase() };
            let answer = login(&server, ATTACKER, &username, WRONG).await;
            answer.expect_problem(401, "wrong_credentials");
        }
        refusals.push(said(login(&server, ATTACKER, username, WRONG).await));
    }
    assert_eq!(refusals[0].0, 429);
    assert_eq!(refusals[0].1["code"], "too_many_requests");
    // There is nothing in it that tells whether there is such an account.
    assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:?}");
    // Nor does the right password help one who is not known to be the owner.
    for stranger in [ATTACKER, BYSTANDER] {
        let answer = login(&server, stranger, "ann", PASSWORD).await;
        answer.expect_problem(429, "too_many_requests");
    }
    let ann = server.anonymous().signs_in("ann", PASSWORD).await;
    ann.get("/auth/me").await.expect(200);
}

/// One counter for both names would tell whose an email is.
async fn guesses_by_username_and_by_email_are_counted_apart(database: Database) {
    let server =
        Server::with(database).env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ACCOUNT", "2").start().await;
    server.user("ann").await;
    let names = [["ann", " ANN "], ["ann@example.com", "Ann@Example.COM"]];
    for [name, other_spelling] in names {
        for name in [name, other_spelling] {
            let wrong = login(&server, ATTACKER, name, WRONG).await;
            wrong.expect_problem(401, "wrong_credentials");
        }
        let refused = login(&server, ATTACKER, name, PASSWORD).await;
        refused.expect_problem(429, "too_many_requests");
    }
    // The owner's address is known for both names, whichever was typed there.
    let home = [127, 0, 0, 1];
    login(&server, home, "ann", PASSWORD).await.expect(200);
    for _ in 0..3 {
        login(&server, home, "ann@example.com", WRONG)
            .await
            .expect_problem(401, "wrong_credentials");
    }
    login(&server, home, "ann@example.com", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn many_guesses_at_once_count_like_one_after_the_other() {
    let server = Server::start(Database::Sqlite).await;
    server.user("ann").await;
    let guesses = (0..30).map(|_| login(&server, ATTACKER, "ann", WRONG));
    let answers = join_all(guesses).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(401), count(429)), (10, 20));
}

#[tokio::test]
async fn an_address_guesses_only_so_often_whatever_the_account() {
    let server = Server::with(Database::Sqlite)
        .env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ADDRESS", "5")
        .start()
        .await;
    server.user("ann").await;
    for n in 0..5 {
        let wrong = login(&server, ATTACKER, &format!("user{n}"), WRONG).await;
        wrong.expect_problem(401, "wrong_credentials");
        // Who has the right password takes no part in the count.
        login(&server, BYSTANDER, "ann", PASSWORD).await.expect(200);
        login(&server, BYSTANDER, "ann", "a\0").await.expect_problem(422, "invalid_field");
    }
    login(&server, ATTACKER, "ann", PASSWORD).await.expect_problem(429, "too_many_requests");
    login(&server, BYSTANDER, "ann", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_stolen_token_does_not_help_to_guess_the_password() {
    let server = Server::start(Database::Sqlite).await;
    let ann = server.user("ann").await;
    let change = async |from: [u8; 4], current: &str| {
        let body = json!({ "current_password": current, "new_password": "another battery" });
        post(&server, from, "/auth/password", &ann.token, body).await
    };
    for _ in 0..10 {
        change(ATTACKER, WRONG).await.expect_problem(403, "wrong_current_password");
    }
    change(ATTACKER, PASSWORD).await.expect_problem(429, "too_many_requests");
    login(&server, BYSTANDER, "ann", PASSWORD).await.expect_problem(429, "too_many_requests");
    change([127, 0, 0, 1], PASSWORD).await.expect(204);
}

#[tokio::test]
async fn a_window_ends_and_the_limits_can_be_switched_off() {
    let server = Server::with(Database::Sqlite)
        .env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ACCOUNT", "1")
        .env("CHATAPP_AUTH__LOGIN_WINDOW_SECONDS", "2")
        .start()
        .await;
    login(&server, ATTACKER, "ann", WRONG).await.expect(401);
    login(&server, ATTACKER, "ann", WRONG).await.expect(429);
    let started = std::time::Instant::now();
    while login(&server, ATTACKER, "ann", WRONG).await.status != 401 {
        assert!(started.elapsed() < DEADLINE, "the window does not end");
    }

    let server = Server::with(Database::Sqlite)
        .env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ACCOUNT", "0")
        .env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ADDRESS", "0")
        .start()
        .await;
    for _ in 0..120 {
        login(&server, ATTACKER, "ann", WRONG).await.expect(401);
    }
}
