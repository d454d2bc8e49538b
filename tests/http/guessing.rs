//! Guessing passwords: the limits per account and per address, and that the owner is not affected.

use std::net::IpAddr;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, DEADLINE, Database, PASSWORD, Server, on_both_databases};

on_both_databases!(
    an_attacker_who_guesses_passwords_is_slowed_down_and_the_owner_is_not,
    guesses_by_username_and_by_email_are_counted_separately,
);

pub const WRONG: &str = "a wrong password";

/// The owner's address is 127.0.0.1, as that of every other client of these tests.
pub const ATTACKER: [u8; 4] = [127, 0, 0, 2];
pub const BYSTANDER: [u8; 4] = [127, 0, 0, 3];

/// Signs in from this loopback address.
pub async fn login(server: &Server, from: [u8; 4], username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    post(server, from, "/auth/login", "", body).await
}

pub async fn post(server: &Server, from: [u8; 4], path: &str, token: &str, body: Value) -> Answer {
    let http = reqwest::Client::builder().local_address(IpAddr::from(from)).build().unwrap();
    let request = http.post(format!("{}{path}", server.url())).json(&body);
    Answer::to(if token.is_empty() { request } else { request.bearer_auth(token) }).await
}

/// The status and body of an answer, without the parts that differ between requests.
fn without_request_id(answer: Answer) -> (u16, Value) {
    let seconds: u32 = answer.header("retry-after").parse().expect("Retry-After in seconds");
    assert!((1..=900).contains(&seconds), "{seconds}");
    let mut body = answer.body;
    body.as_object_mut().unwrap().remove("request_id");
    (answer.status, body)
}

async fn an_attacker_who_guesses_passwords_is_slowed_down_and_the_owner_is_not(database: Database) {
    let server = Server::start(database).await;
    server.user("ann").await;
    let mut refusals = Vec::new();
    for username in ["ann", "nobody", "nobody@example.com", "not a name \0"] {
        for n in 0..10 {
            // A name in another case counts for the same account.
            let username = if n % 2 == 0 { username.to_owned() } else { username.to_uppercase() };
            let answer = login(&server, ATTACKER, &username, WRONG).await;
            answer.expect_problem(401, "wrong_credentials");
        }
        refusals.push(without_request_id(login(&server, ATTACKER, username, WRONG).await));
    }
    assert_eq!(refusals[0].0, 429);
    assert_eq!(refusals[0].1["code"], "too_many_requests");
    // The refusal does not reveal whether the account exists.
    assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:?}");
    // From an address that is not known as the owner's, even the right password is refused.
    for stranger in [ATTACKER, BYSTANDER] {
        let answer = login(&server, stranger, "ann", PASSWORD).await;
        answer.expect_problem(429, "too_many_requests");
    }
    let ann = server.anonymous().signs_in("ann", PASSWORD).await;
    ann.get("/auth/me").await.expect(200);
}

/// A common counter for both names would reveal to which user an email belongs.
async fn guesses_by_username_and_by_email_are_counted_separately(database: Database) {
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
    // An address is known for the name that was typed there.
    let home = [127, 0, 0, 1];
    login(&server, home, "ann", PASSWORD).await.expect(200);
    for _ in 0..3 {
        login(&server, home, "Ann", WRONG).await.expect_problem(401, "wrong_credentials");
    }
    login(&server, home, "ann", PASSWORD).await.expect(200);
    let refused = login(&server, home, "ann@example.com", PASSWORD).await;
    refused.expect_problem(429, "too_many_requests");
}

#[tokio::test]
async fn concurrent_guesses_are_counted_like_sequential_guesses() {
    let server = Server::start(Database::Sqlite).await;
    server.user("ann").await;
    let guesses = (0..30).map(|_| login(&server, ATTACKER, "ann", WRONG));
    let answers = join_all(guesses).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(401), count(429)), (10, 20));
}

#[tokio::test]
async fn guesses_from_one_address_are_limited_across_accounts() {
    let server = Server::with(Database::Sqlite)
        .env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ADDRESS", "5")
        .start()
        .await;
    server.user("ann").await;
    for n in 0..5 {
        let wrong = login(&server, ATTACKER, &format!("user{n}"), WRONG).await;
        wrong.expect_problem(401, "wrong_credentials");
        // Successful and invalid requests are not counted.
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
async fn the_window_of_failed_sign_ins_ends_and_the_limits_can_be_switched_off() {
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
