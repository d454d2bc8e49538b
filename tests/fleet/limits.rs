//! Limits that hold across nodes, and after a restart: failed sign-ins and sign-ups.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::http::guessing::{ATTACKER, BYSTANDER, WRONG, login};
use crate::support::{Answer, Database, PASSWORD, Server, on_both_databases};

on_both_databases!(
    failed_sign_ins_on_one_node_count_on_the_other_and_after_a_restart,
    an_address_that_one_node_knows_is_known_to_the_other,
    guesses_on_two_nodes_at_once_do_not_exceed_the_limit,
    guesses_at_reset_tokens_count_on_the_other_node,
    sign_ups_on_one_node_count_on_the_other_and_after_a_restart,
);

const HOME: [u8; 4] = [127, 0, 0, 1];

/// Two servers on one database, with these settings.
async fn two_nodes(database: Database, settings: &[(&str, &str)]) -> (Server, Server) {
    let mut server = Server::with(database);
    for (name, value) in settings {
        server = server.env(name, value);
    }
    let here = server.start().await;
    let there = here.start_another().await;
    (here, there)
}

async fn failed_sign_ins_on_one_node_count_on_the_other_and_after_a_restart(database: Database) {
    let limit = [("CHATAPP_AUTH__LOGIN_FAILURES_PER_ACCOUNT", "4")];
    let (here, mut there) = two_nodes(database, &limit).await;
    here.user("ann").await;
    for name in ["ann", "nobody"] {
        for server in [&here, &there, &here, &there] {
            let wrong = login(server, ATTACKER, name, WRONG).await;
            wrong.expect_problem(401, "wrong_credentials");
        }
        for server in [&here, &there] {
            let refused = login(server, BYSTANDER, name, PASSWORD).await;
            refused.expect_problem(429, "too_many_requests");
        }
    }
    there.sigterm().await;
    there.restart().await;
    let refused = login(&there, BYSTANDER, "ann", PASSWORD).await;
    let seconds: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&seconds), "{seconds}");
    refused.expect_problem(429, "too_many_requests");
    // A server that is killed forgets nothing either.
    there.kill9();
    there.restart().await;
    login(&there, BYSTANDER, "ann", PASSWORD).await.expect_problem(429, "too_many_requests");
    login(&there, BYSTANDER, "bo", WRONG).await.expect_problem(401, "wrong_credentials");
}

async fn an_address_that_one_node_knows_is_known_to_the_other(database: Database) {
    let limit = [("CHATAPP_AUTH__LOGIN_FAILURES_PER_ACCOUNT", "2")];
    let (here, mut there) = two_nodes(database, &limit).await;
    // She signs up and in at home, on one node only.
    here.user("ann").await;
    for server in [&here, &there] {
        login(server, ATTACKER, "ann", WRONG).await.expect_problem(401, "wrong_credentials");
    }
    login(&there, ATTACKER, "ann", PASSWORD).await.expect_problem(429, "too_many_requests");
    login(&there, HOME, "ann", PASSWORD).await.expect(200);
    there.kill9();
    there.restart().await;
    login(&there, ATTACKER, "ann", PASSWORD).await.expect_problem(429, "too_many_requests");
    login(&there, HOME, "ann", PASSWORD).await.expect(200);
}

async fn guesses_on_two_nodes_at_once_do_not_exceed_the_limit(database: Database) {
    let (here, there) = two_nodes(database, &[]).await;
    here.user("ann").await;
    let nodes = [&here, &there];
    let guess = |n: usize| login(nodes[n % 2], ATTACKER, "ann", WRONG);
    let answers = join_all((0..40).map(guess)).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(401), count(429)), (10, 30));
    // Successful sign-ins at once, on both nodes, use up no limit. The first one makes the address known.
    login(&here, HOME, "ann", PASSWORD).await.expect(200);
    let sign_in = |n: usize| login(nodes[n % 2], HOME, "ann", PASSWORD);
    for answer in join_all((0..20).map(sign_in)).await {
        answer.expect(200);
    }
}

async fn guesses_at_reset_tokens_count_on_the_other_node(database: Database) {
    let limit = [("CHATAPP_AUTH__LOGIN_FAILURES_PER_ADDRESS", "4")];
    let (here, there) = two_nodes(database, &limit).await;
    let guess = async |server: &Server| {
        let body = json!({ "token": "x".repeat(43), "new_password": PASSWORD });
        server.anonymous().post("/auth/password-reset", body).await
    };
    for server in [&here, &there, &here, &there] {
        guess(server).await.expect_problem(401, "invalid_reset_token");
    }
    for server in [&here, &there] {
        guess(server).await.expect_problem(429, "too_many_requests");
        login(server, HOME, "ann", WRONG).await.expect_problem(429, "too_many_requests");
    }
}

/// Signs up as a client behind a proxy on this machine.
async fn sign_up(server: &Server, name: &str, from: &str) -> Answer {
    let email = format!("{name}@example.com");
    let account = json!({ "username": name, "email": email, "password": PASSWORD });
    let request = server.anonymous().request(Method::POST, "/auth/signup").json(&account);
    Answer::to(request.header("x-forwarded-for", from)).await
}

async fn sign_ups_on_one_node_count_on_the_other_and_after_a_restart(database: Database) {
    let settings =
        [("CHATAPP_LIMITS__SIGNUPS_PER_HOUR", "4"), ("CHATAPP_HTTP__TRUSTED_PROXIES", "127.0.0.1")];
    let (here, mut there) = two_nodes(database, &settings).await;
    // Fields that are not acceptable do not count; a name that is taken does.
    sign_up(&here, "a", "192.0.2.1").await.expect_problem(422, "invalid_field");
    sign_up(&here, "ann", "192.0.2.1").await.expect(201);
    sign_up(&there, "ann", "192.0.2.1").await.expect_problem(409, "username_taken");
    sign_up(&here, "bo", "192.0.2.1").await.expect(201);
    sign_up(&there, "cy", "192.0.2.1").await.expect(201);
    there.kill9();
    there.restart().await;
    for server in [&here, &there] {
        let refused = sign_up(server, "di", "192.0.2.1").await;
        let seconds: u32 = refused.header("retry-after").parse().unwrap();
        assert!((1..=3_600).contains(&seconds), "{seconds}");
        refused.expect_problem(429, "too_many_requests");
    }
    sign_up(&there, "di", "192.0.2.2").await.expect(201);
    // Sign-ups and sign-ins have different counters.
    let request = there.anonymous().request(Method::POST, "/auth/login");
    let request = request.json(&json!({ "username": "ann", "password": PASSWORD }));
    Answer::to(request.header("x-forwarded-for", "192.0.2.1")).await.expect(200);
}
