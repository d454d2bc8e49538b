//! Tokens and sessions: which tokens are accepted, and what ends a session.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};

use crate::support::{Client, DEADLINE, Database, PASSWORD, Server, on_both_databases};

on_both_databases!(
    only_the_servers_own_tokens_are_accepted,
    a_session_ends_at_once_when_its_user_signs_out,
    a_changed_secret_ends_every_session_unless_the_previous_one_is_configured,
    a_changed_password_ends_the_other_sessions_only,
    a_refreshed_token_belongs_to_the_same_session,
    a_session_that_another_process_revoked_is_refused_within_a_second,
);

const SECRET: &str = "a secret of more than thirty-two bytes";

async fn server(database: Database) -> Server {
    Server::with(database).env("CHATAPP_AUTH__SECRET", SECRET).start().await
}

fn claims(token: &str) -> Value {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::decode::<Value>(token, &key, &validation).expect("a token").claims
}

fn sign(algorithm: Algorithm, claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).expect("sign")
}

async fn refused(client: &Client, token: &str, code: &str) {
    let answer = client.with_token(token).get("/auth/me").await;
    let challenge = answer.header("www-authenticate").to_owned();
    assert_eq!(challenge, "Bearer error=\"invalid_token\"", "{token}");
    answer.expect_problem(401, code);
}

#[tokio::test]
async fn a_token_has_the_claims_that_are_documented() {
    let server = server(Database::Sqlite).await;
    server.user("ann").await;
    let credentials = json!({ "username": "ANN", "password": PASSWORD });
    let login = server.anonymous().post("/auth/login", credentials).await.expect(200);
    assert_eq!(login["token_type"], "bearer");
    assert_eq!(login["expires_in"], 43_200);
    assert_eq!(login["user"]["username"], "ann");
    let claims = claims(login["access_token"].as_str().unwrap());
    assert_eq!(claims["sub"], login["user"]["id"].to_string());
    assert_eq!(claims["username"], "ann");
    assert_eq!(claims["role"], "user");
    assert_eq!(claims["sid"].as_str().unwrap().len(), 32);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 43_200);
}

async fn only_the_servers_own_tokens_are_accepted(database: Database) {
    let server = server(database).await;
    let ann = server.user("ann").await;
    let claims = claims(&ann.token);
    let with = |claim: &str, value: Value| {
        let mut claims = claims.clone();
        claims[claim] = value;
        sign(Algorithm::HS256, &claims, SECRET)
    };
    let without = |claim: &str| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(claim);
        sign(Algorithm::HS256, &claims, SECRET)
    };
    // The same claims, signed again, are accepted: the forged tokens below differ only where they are
    // meant to.
    let own = ann.with_token(&sign(Algorithm::HS256, &claims, SECRET));
    own.get("/auth/me").await.expect(200);

    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        refused(&ann, &sign(algorithm, &claims, SECRET), "token_invalid").await;
    }
    let another = "another secret of at least thirty-two bytes";
    refused(&ann, &sign(Algorithm::HS256, &claims, another), "token_invalid").await;
    let parts: Vec<&str> = ann.token.split('.').collect();
    // {"alg":"none"}, with and without the signature of the real token.
    let none = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0";
    refused(&ann, &format!("{none}.{}.", parts[1]), "token_invalid").await;
    refused(&ann, &format!("{none}.{}.{}", parts[1], parts[2]), "token_invalid").await;
    let admin = with("role", json!("admin"));
    let tampered = format!("{}.{}.{}", parts[0], admin.split('.').nth(1).unwrap(), parts[2]);
    refused(&ann, &tampered, "token_invalid").await;
    for claim in ["exp", "sub", "sid"] {
        refused(&ann, &without(claim), "token_invalid").await;
    }
    refused(&ann, &with("exp", claims["iat"].clone()), "token_expired").await;
    refused(&ann, &with("exp", json!(0)), "token_expired").await;
    refused(&ann, &with("sid", json!("0".repeat(32))), "session_revoked").await;
    refused(&ann, &with("sub", json!("999")), "token_invalid").await;
    // Claims that this server never issues are refused: RFC 8725 §3.8, §3.9; RFC 7519 §4.1.5, §4.1.6.
    let now = claims["iat"].as_i64().unwrap();
    for (claim, value) in [
        ("iss", json!("https://id.example.com")),
        ("aud", json!("chatapp")),
        ("aud", json!(["another"])),
        ("nbf", json!(now + 3600)),
        ("nbf", json!(0)),
        ("iat", json!(now + 3600)),
        ("exp", json!("never")),
        ("exp", json!(1e300)),
    ] {
        refused(&ann, &with(claim, value), "token_invalid").await;
    }
    // The key that the header names is ignored: only the signature counts.
    for kid in ["other", "../../dev/null", "' OR 1=1 --"] {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
        for (secret, status) in [(SECRET, 200), (another, 401), ("", 401)] {
            let key = EncodingKey::from_secret(secret.as_bytes());
            let token = jsonwebtoken::encode(&header, &claims, &key).expect("sign");
            assert_eq!(ann.with_token(&token).get("/auth/me").await.status, status, "{kid}");
        }
    }
    // {"alg":"RS256","typ":"JWT"}, signed as HS256 would be (RFC 8725 §2.1).
    let confused = format!("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.{}", parts[1]);
    let signature = jsonwebtoken::crypto::sign(
        confused.as_bytes(),
        &EncodingKey::from_secret(SECRET.as_bytes()),
        Algorithm::HS256,
    );
    refused(&ann, &format!("{confused}.{}", signature.expect("sign")), "token_invalid").await;
    // A token with a valid signature that is too long for a request head.
    let huge = with("username", json!("x".repeat(20_000)));
    let answer = ann.with_token(&huge).request(reqwest::Method::GET, "/auth/me").send().await;
    assert_eq!(answer.expect("an answer").status(), 431);
    for rubbish in ["x", "a.b.c", "..", "Bearer", &"x".repeat(5000)] {
        refused(&ann, rubbish, "token_invalid").await;
    }
    // A role in a token gives no rights: the role in the database counts.
    let pretender = ann.with_token(&admin);
    pretender.post("/rooms/", json!({ "name": "x" })).await.expect_problem(403, "admin_required");
}

#[tokio::test]
async fn a_token_expires_to_the_second() {
    let server = Server::with(Database::Sqlite).env("CHATAPP_AUTH__TOKEN_SECONDS", "2");
    let server = server.start().await;
    let ann = server.user("ann").await;
    let deadline = tokio::time::Instant::now() + DEADLINE;
    while ann.get("/auth/me").await.status == 200 {
        assert!(tokio::time::Instant::now() < deadline, "the token does not expire");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    ann.get("/auth/me").await.expect_problem(401, "token_expired");
}

async fn a_session_ends_at_once_when_its_user_signs_out(database: Database) {
    let server = server(database).await;
    let ann = server.user("ann").await;
    let other = server.anonymous().signs_in("ann", PASSWORD).await;
    ann.get("/auth/me").await.expect(200);
    ann.post("/auth/logout", json!(null)).await.expect(204);
    refused(&ann, &ann.token, "session_revoked").await;
    ann.post("/auth/logout", json!(null)).await.expect_problem(401, "session_revoked");
    ann.post("/auth/refresh", json!(null)).await.expect_problem(401, "session_revoked");
    other.get("/auth/me").await.expect(200);
}

async fn a_changed_secret_ends_every_session_unless_the_previous_one_is_configured(
    database: Database,
) {
    const NEW: &str = "another secret of more than thirty-two bytes";
    let mut server = server(database).await;
    let ann = server.user("ann").await;
    let answers_after = async |server: &mut Server, secret: &str, previous: &str, token: &str| {
        server.set_env("CHATAPP_AUTH__SECRET", secret);
        server.set_env("CHATAPP_AUTH__PREVIOUS_SECRET", previous);
        assert!(server.sigterm().await.success());
        server.restart().await;
        ann.with_token(token).get("/auth/me").await.status
    };
    assert_eq!(answers_after(&mut server, NEW, "", &ann.token).await, 401);
    assert_eq!(answers_after(&mut server, NEW, SECRET, &ann.token).await, 200);
    // New tokens are signed with the new secret, including refreshed ones.
    let login = ann.post("/auth/refresh", json!(null)).await.expect(200);
    let fresh = login["access_token"].as_str().expect("a token");
    assert_eq!(answers_after(&mut server, NEW, "", fresh).await, 200);
    refused(&ann, &ann.token, "token_invalid").await;
    assert_eq!(answers_after(&mut server, SECRET, "", fresh).await, 401);
}

async fn a_changed_password_ends_the_other_sessions_only(database: Database) {
    let server = server(database).await;
    let ann = server.user("ann").await;
    let other = server.anonymous().signs_in("ann", PASSWORD).await;
    other.get("/auth/me").await.expect(200);
    let change = |current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        let ann = ann.clone();
        async move { ann.post("/auth/password", body).await }
    };
    change("wrong password", "another password")
        .await
        .expect_problem(403, "wrong_current_password");
    change(PASSWORD, "short").await.expect_problem(422, "invalid_field");
    other.get("/auth/me").await.expect(200);

    change(PASSWORD, "another password").await.expect(204);
    refused(&other, &other.token, "session_revoked").await;
    ann.get("/auth/me").await.expect(200);
    let old = json!({ "username": "ann", "password": PASSWORD });
    server.anonymous().post("/auth/login", old).await.expect_problem(401, "wrong_credentials");
    server.anonymous().signs_in("ann", "another password").await;
}

async fn a_refreshed_token_belongs_to_the_same_session(database: Database) {
    let server = server(database).await;
    let ann = server.user("ann").await;
    let login = ann.post("/auth/refresh", json!(null)).await.expect(200);
    let fresh = ann.with_token(login["access_token"].as_str().unwrap());
    assert_eq!(claims(&fresh.token)["sid"], claims(&ann.token)["sid"]);
    ann.get("/auth/me").await.expect(200);
    fresh.get("/auth/me").await.expect(200);
    fresh.post("/auth/logout", json!(null)).await.expect(204);
    refused(&ann, &ann.token, "session_revoked").await;
}

#[tokio::test]
async fn a_deactivated_account_is_refused_like_a_wrong_password() {
    let server = server(Database::Sqlite).await;
    let ann = server.user("ann").await;
    ann.get("/auth/me").await.expect(200);
    let file = rusqlite::Connection::open(server.folder().join("chatapp.db")).expect("open");
    file.execute("UPDATE users SET is_active = 0", []).expect("deactivate");
    let login = json!({ "username": "ann", "password": PASSWORD });
    server.anonymous().post("/auth/login", login).await.expect_problem(401, "wrong_credentials");
    // A session that was looked up before is cached for a second.
    let ended = std::time::Instant::now();
    while ann.get("/auth/me").await.status == 200 {
        assert!(ended.elapsed() < DEADLINE, "the session does not end");
    }
    refused(&ann, &ann.token, "session_revoked").await;
}

/// The other process is a second server on the same database.
async fn a_session_that_another_process_revoked_is_refused_within_a_second(database: Database) {
    let server = server(database).await;
    let ann = server.user("ann").await;
    ann.get("/auth/me").await.expect(200);
    let another = server.start_another().await;
    let there = another.anonymous().with_token(&ann.token);
    there.post("/auth/logout", Value::Null).await.expect(204);
    let ended = std::time::Instant::now();
    while ann.get("/auth/me").await.status == 200 {
        assert!(ended.elapsed() < DEADLINE, "a revoked token is still accepted");
    }
    refused(&ann, &ann.token, "session_revoked").await;
}
