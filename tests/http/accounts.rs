//! Accounts: signing up, and what a failed sign-in reveals.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::support::{Client, Database, PASSWORD, Server, on_both_databases};

on_both_databases!(
    an_account_is_created_as_requested_and_its_owner_can_sign_in,
    an_easily_guessed_password_is_refused,
);

async fn an_account_is_created_as_requested_and_its_owner_can_sign_in(database: Database) {
    let server = Server::start(database).await;
    let password = "ähnlich und öde ".repeat(4)[..71].to_owned();
    let account =
        json!({ "username": "Ann.B-c_9", "email": "ann@example.com", "password": password });
    let user = server.anonymous().post("/auth/signup", account).await.expect(201);
    assert_eq!(user["username"], "Ann.B-c_9", "the case is kept");
    assert_eq!(user["role"], "user");
    assert_eq!(user["is_active"], true);
    assert!(user.get("password").is_none() && user.get("password_hash").is_none());
    let created_at = user["created_at"].as_str().unwrap();
    assert!(created_at.len() == 24 && created_at.ends_with('Z'), "{created_at}");

    let ann = server.anonymous().signs_in("ann.b-C_9", &password).await;
    assert_eq!(ann.get("/auth/me").await.expect(200), user);
}

/// NIST SP 800-63B §5.1.1.2.
async fn an_easily_guessed_password_is_refused(database: Database) {
    let server = Server::start(database).await;
    let ann = server.user("ann").await;
    let blames = |problem: &Value, field: &str, words: &str| {
        let [error] = &problem["errors"].as_array().unwrap()[..] else { panic!("{problem}") };
        assert_eq!(error["field"], field);
        assert!(error["message"].as_str().unwrap().contains(words), "{problem}");
    };
    for (password, words) in [
        ("Passw0rd!", "guessed"),
        ("12345678", "guessed"),
        ("qwertyuiop", "guessed"),
        ("aaaaaaaaaa", "guessed"),
        ("zebrafish1", "the username"),
        ("striped.fish", "the email"),
        ("Chatapp-2025", "this service"),
    ] {
        let account = json!({
            "username": "zebrafish", "email": "striped.fish@example.com", "password": password,
        });
        let refused = server.anonymous().post("/auth/signup", account).await;
        blames(&refused.expect_problem(422, "invalid_field"), "password", words);
    }
    for password in ["Passw0rd!", "ann@example.com", "Ann-12345678"] {
        let change = json!({ "current_password": PASSWORD, "new_password": password });
        let refused = ann.post("/auth/password", change).await;
        blames(&refused.expect_problem(422, "invalid_field"), "new_password", "");
    }
    // There are no rules about kinds of characters.
    let change = json!({ "current_password": PASSWORD, "new_password": "only small letters" });
    ann.post("/auth/password", change).await.expect(204);
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_cannot_be_distinguished() {
    // A password check at this cost takes about twenty times as long as the rest of a login. If it were
    // left out for unknown users, the times would differ clearly, even on a busy machine.
    let server =
        Server::with(Database::Sqlite).env("CHATAPP_AUTH__BCRYPT_COST", "10").start().await;
    server.user("ann").await;
    let nobody = server.anonymous();
    let mut answers = Vec::new();
    let mut times = Vec::new();
    let names = [
        "ann",
        "ann@example.com",
        "nobody",
        "nobody@example.com",
        "not a name \0",
        "\0@example.com",
    ];
    for username in names {
        let (answer, time) = fastest(&nobody, username).await;
        answers.push(answer);
        times.push(time);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let (shortest, longest) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    assert!(*longest < *shortest * 6, "{times:?}");
}

/// The answer to a wrong password, and the time of the fastest of five attempts, which was disturbed least.
async fn fastest(client: &Client, username: &str) -> (Value, Duration) {
    let mut best = (Value::Null, Duration::MAX);
    for _ in 0..5 {
        let body = json!({ "username": username, "password": "a wrong password" });
        let started = Instant::now();
        let mut answer =
            client.post("/auth/login", body).await.expect_problem(401, "wrong_credentials");
        let elapsed = started.elapsed();
        answer.as_object_mut().unwrap().remove("request_id");
        if elapsed < best.1 {
            best = (answer, elapsed);
        }
    }
    best
}

#[tokio::test]
async fn a_password_that_no_account_can_have_is_refused_and_not_truncated() {
    let server = Server::start(Database::Sqlite).await;
    let longest = "a long one ".repeat(7)[..71].to_owned();
    let account = json!({ "username": "ann", "email": "a@example.com", "password": longest });
    server.anonymous().post("/auth/signup", account).await.expect(201);
    for password in [format!("{longest}x"), format!("{longest}\0"), "x\0".to_owned()] {
        for username in ["ann", "nobody"] {
            let body = json!({ "username": username, "password": password });
            let answer = server.anonymous().post("/auth/login", body).await;
            answer.expect_problem(422, "invalid_field");
        }
    }
}

#[tokio::test]
async fn a_flood_of_logins_is_refused_and_does_not_stop_the_chat() {
    let server = Server::with(Database::Sqlite)
        .env("CHATAPP_AUTH__BCRYPT_COST", "8")
        .env("CHATAPP_AUTH__BCRYPT_THREADS", "1")
        .start()
        .await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let flood = (0..80).map(|_| {
        let nobody = server.anonymous();
        let body = json!({ "username": "ann", "password": PASSWORD });
        async move { nobody.post("/auth/login", body).await }
    });
    let path = format!("/rooms/{room}/messages");
    let chat = async {
        for _ in 0..10 {
            ann.post(&path, json!({ "content": "still here" })).await.expect(201);
        }
    };
    let (logins, ()) = join(join_all(flood), chat).await;
    let mut waits = HashSet::new();
    for answer in logins {
        match answer.status {
            200 => {}
            _ => {
                let seconds: u32 = answer.header("retry-after").parse().expect("seconds");
                assert!((1..=5).contains(&seconds), "{seconds}");
                answer.expect_problem(503, "busy");
                waits.insert(seconds);
            }
        }
    }
    assert!(waits.len() > 1, "all refused clients would retry at the same time: {waits:?}");
}
