//! Which tokens of a product are accepted: keys, claims, and tokens that were made to deceive.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::product::{
    AUDIENCE, ISSUER, Key, KeysPage, SECRET, now, server, server_with_secret,
};
use crate::support::{Answer, Database, Server, on_both_databases};

on_both_databases!(
    tokens_by_keys_of_every_kind_are_accepted,
    tokens_that_were_made_to_deceive_are_refused,
    bad_tokens_count_as_failed_sign_ins_and_good_ones_are_always_accepted,
    keys_are_replaced_and_outlive_an_outage,
);

async fn exchange(server: &Server, token: &str) -> Answer {
    server.anonymous().post("/auth/exchange", json!({ "token": token })).await
}

async fn tokens_by_keys_of_every_kind_are_accepted(database: Database) {
    let keys = [Key::rs256("a"), Key::es256("b"), Key::eddsa("c")];
    let page = KeysPage::start(&keys.each_ref()).await;
    let server = page.server(database).start().await;
    for key in &keys {
        exchange(&server, &key.token(json!({}))).await.expect(200);
        // A token without `kid` is tried with every key of its algorithm.
        let header = Header::new(key.algorithm);
        exchange(&server, &key.token_with(&header, json!({}))).await.expect(200);
        for claims in [
            json!({ "aud": ["other", AUDIENCE] }),
            json!({ "exp": now() - 30 }),
            json!({ "exp": (now() + 60) as f64 + 0.5 }),
            json!({ "nbf": now() + 30, "iat": null }),
            json!({ "iat": now() + 30, "exp": i64::MAX }),
        ] {
            exchange(&server, &key.token(claims)).await.expect(200);
        }
    }
    assert_eq!(page.hits(), 1);
}

#[tokio::test]
async fn a_public_key_may_be_a_pem_file() {
    let folder = tempfile::tempdir().expect("a folder");
    for key in [Key::rs256("a"), Key::es256("b"), Key::eddsa("c")] {
        let file = folder.path().join("key.pem");
        std::fs::write(&file, &key.pem).expect("write the key");
        let server = server(Database::Sqlite)
            .env("CHATAPP_EXTERNAL__PUBLIC_KEY", file.to_str().expect("a path"))
            .start()
            .await;
        exchange(&server, &key.token(json!({}))).await.expect(200);
        // The text of a public key is no secret (RFC 8725 §2.1).
        let forged = Key { signing: EncodingKey::from_secret(key.pem.as_bytes()), ..Key::secret() };
        exchange(&server, &forged.token(json!({}))).await.expect_problem(401, "token_invalid");
        let other = Key::es256("b").token(json!({}));
        exchange(&server, &other).await.expect_problem(401, "token_invalid");
    }
}

async fn tokens_that_were_made_to_deceive_are_refused(database: Database) {
    let (rsa, ec) = (Key::rs256("rsa"), Key::es256("ec"));
    let page = KeysPage::start(&[&rsa, &ec]).await;
    let builder = page.server(database).env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ADDRESS", "0");
    let server = builder.start().await;
    exchange(&server, &rsa.token(json!({}))).await.expect(200);
    let ann = server.user("ann").await;
    let valid = rsa.token(json!({}));
    let parts: Vec<&str> = valid.split('.').collect();
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let none = encode(r#"{"alg":"none","kid":"rsa"}"#);
    let with_secret = |secret: &[u8], id: &str| {
        let signing = EncodingKey::from_secret(secret);
        Key { signing, id: Some(id.to_owned()), ..Key::secret() }.token(json!({}))
    };
    let modulus = URL_SAFE_NO_PAD.decode(rsa.jwk["n"].as_str().unwrap()).unwrap();
    let header =
        |key: &Key, id: &str| Header { kid: Some(id.to_owned()), ..Header::new(key.algorithm) };
    let stranger = Key::es256("ec");
    let mut embedded = header(&stranger, "ec");
    embedded.jwk = serde_json::from_value(stranger.jwk.clone()).expect("a key");
    embedded.jku = Some("https://evil.example/keys".to_owned());
    let mut critical = header(&rsa, "rsa");
    critical.crit = Some(vec!["exp".to_owned()]);
    let claims = |more: &str| {
        let (now, exp) = (now(), now() + 600);
        format!(
            r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"1","iat":{now},"exp":{exp}{more}}}"#
        )
    };
    let plain = r#"{"alg":"RS256","kid":"rsa"}"#;
    exchange(&server, &rsa.sign_text(plain, &claims(""))).await.expect(200);
    let deep = format!(r#","x":{}{}"#, "[".repeat(1000), "]".repeat(1000));
    let bad = [
        // Without a signature.
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        // Keys of one kind for another algorithm.
        with_secret(rsa.pem.as_bytes(), "rsa"),
        with_secret(&modulus, "rsa"),
        with_secret(b"", "rsa"),
        with_secret(SECRET.as_bytes(), "rsa"),
        rsa.token_with(&header(&rsa, "ec"), json!({})),
        rsa.token_with(&Header { alg: Algorithm::PS256, ..header(&rsa, "rsa") }, json!({})),
        rsa.token_with(&Header { alg: Algorithm::RS512, ..header(&rsa, "rsa") }, json!({})),
        rsa.sign_text(r#"{"alg":"ES256","kid":"rsa"}"#, &claims("")),
        // Keys of strangers, also in the header.
        stranger.token(json!({})),
        stranger.token_with(&embedded, json!({})),
        // Names of keys.
        rsa.token_with(&header(&rsa, "../../../dev/null"), json!({})),
        rsa.token_with(&header(&rsa, "' OR 1=1; --"), json!({})),
        rsa.token_with(&header(&rsa, "rsa\0"), json!({})),
        rsa.token_with(&header(&rsa, &"x".repeat(4000)), json!({})),
        rsa.sign_text(r#"{"alg":"RS256","kid":["rsa"]}"#, &claims("")),
        rsa.sign_text(r#"{"alg":"RS256","kid":"rsa","kid":"ec"}"#, &claims("")),
        rsa.token_with(&critical, json!({})),
        // Claims.
        rsa.token(json!({ "iss": "https://shop.example/" })),
        rsa.token(json!({ "iss": null })),
        rsa.token(json!({ "aud": "chats" })),
        rsa.token(json!({ "aud": null })),
        rsa.token(json!({ "aud": [] })),
        rsa.token(json!({ "exp": null })),
        rsa.token(json!({ "exp": "9999999999" })),
        rsa.token(json!({ "nbf": now() + 600 })),
        rsa.token(json!({ "iat": now() + 600 })),
        rsa.token(json!({ "sub": null })),
        rsa.token(json!({ "sub": "" })),
        rsa.token(json!({ "sub": "a\0b" })),
        rsa.token(json!({ "sub": { "id": 1 } })),
        rsa.token(json!({ "sub": "x".repeat(256) })),
        rsa.sign_text(plain, &claims(r#","sub":"2""#)),
        rsa.sign_text(plain, &claims(r#","iss":"x""#)),
        rsa.sign_text(plain, &claims(r#","\u0061ud":"x""#)),
        rsa.sign_text(plain, &claims(&deep)),
        rsa.sign_text(plain, "[]"),
        rsa.sign_text(plain, ""),
        rsa.sign_text(plain, "\u{feff}{}"),
        // A token of this server, and no token at all.
        ann.token.clone(),
        rsa.token(json!({ "x": "x".repeat(9000) })),
        format!("{valid}."),
        format!("{valid}="),
        format!("{}.{valid}", parts[0]),
        valid.replace('.', ".."),
        String::new(),
        "..".to_owned(),
        "é.é.é".to_owned(),
    ];
    for token in bad {
        let answer = exchange(&server, &token).await;
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"", "{token}");
        let problem = answer.expect_problem(401, "token_invalid");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with("this token of the product is not valid: "), "{problem}");
    }
    for claims in [json!({ "exp": now() - 61 }), json!({ "exp": 0 }), json!({ "exp": -1e300 })] {
        exchange(&server, &rsa.token(claims)).await.expect_problem(401, "token_expired");
    }
    let huge = rsa.token(json!({ "x": "x".repeat(100_000) }));
    exchange(&server, &huge).await.expect_problem(413, "too_large");
    // A product's token is for the exchange and for sockets, not for the rest of the API.
    let direct = server.anonymous().with_token(&valid);
    direct.get("/auth/me").await.expect_problem(401, "token_invalid");
    // Only one account was made.
    let root = server.admin("root").await;
    let users = root.get("/admin/users").await.expect(200);
    assert_eq!(users["users"].as_array().unwrap().len(), 4, "{users}");
}

async fn bad_tokens_count_as_failed_sign_ins_and_good_ones_are_always_accepted(database: Database) {
    let server = server_with_secret(database)
        .env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ADDRESS", "3")
        .start()
        .await;
    let key = Key::secret();
    let bad = key.token(json!({ "aud": "another" }));
    // A token that has expired is no attempt.
    let expired = key.token(json!({ "exp": 1 }));
    for _ in 0..5 {
        exchange(&server, &expired).await.expect_problem(401, "token_expired");
    }
    for _ in 0..3 {
        exchange(&server, &bad).await.expect_problem(401, "token_invalid");
    }
    exchange(&server, &bad).await.expect_problem(429, "too_many_requests");
    exchange(&server, &key.token(json!({}))).await.expect(200);
}

/// Waits until the server has looked for an unknown key again, which it does once in ten seconds.
async fn accepted(server: &Server, token: &str) {
    for _ in 0..300 {
        if exchange(server, token).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    exchange(server, token).await.expect(200);
}

async fn keys_are_replaced_and_outlive_an_outage(database: Database) {
    let (old, new) = (Key::es256("old"), Key::eddsa("new"));
    let page = KeysPage::start(&[]).await;
    page.fails();
    let builder = page.server(database).env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ADDRESS", "0");
    let server = builder.start().await;
    let (old_token, new_token) = (old.token(json!({})), new.token(json!({})));
    // Without keys nobody can say whether a token is valid.
    exchange(&server, &old_token).await.expect_problem(503, "keys_unavailable");
    page.has(&[&old]);
    accepted(&server, &old_token).await;
    let hits = page.hits();
    page.has(&[&old, &new]);
    // Many tokens with unknown keys cause one request.
    let mut asking = JoinSet::new();
    for number in 0..50 {
        let token = Key::es256(&format!("unknown {number}")).token(json!({}));
        let client = server.anonymous();
        asking.spawn(async move { client.post("/auth/exchange", json!({ "token": token })).await });
    }
    for answer in asking.join_all().await {
        answer.expect_problem(401, "token_invalid");
    }
    accepted(&server, &new_token).await;
    assert!(page.hits() - hits <= 2, "{} requests", page.hits() - hits);
    // The known keys stay valid, whatever the page answers. An unknown one may be valid.
    page.fails();
    let unknown = Key::es256("newer").token(json!({}));
    let mut answer = exchange(&server, &unknown).await;
    for body in ["", "{", "[]", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"AA"}]}"#] {
        for token in [&old_token, &new_token] {
            exchange(&server, token).await.expect(200);
        }
        page.answers(body);
    }
    for _ in 0..300 {
        if answer.status == 503 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer = exchange(&server, &unknown).await;
    }
    answer.expect_problem(503, "keys_unavailable");
    exchange(&server, &new_token).await.expect(200);
    let is_warned = |line: &&String| line.contains("the product's keys cannot be fetched");
    assert!(server.log().iter().filter(is_warned).count() >= 2);
}

#[tokio::test]
async fn keys_at_a_private_address_are_not_fetched_unless_it_is_allowed() {
    let key = Key::es256("a");
    let page = KeysPage::start(&[&key]).await;
    let server = page.server(Database::Sqlite).env("CHATAPP_OUTBOUND__ALLOW", "").start().await;
    exchange(&server, &key.token(json!({}))).await.expect_problem(503, "keys_unavailable");
    assert_eq!(page.hits(), 0);
}

#[tokio::test]
async fn claims_may_have_other_names() {
    let server = server_with_secret(Database::Sqlite)
        .env("CHATAPP_EXTERNAL__CLAIM_SUBJECT", "https://shop.example/id")
        .env("CHATAPP_EXTERNAL__CLAIM_USERNAME", "handle")
        .env("CHATAPP_EXTERNAL__CLAIM_NAME", "full_name")
        .config("[external]\nclaim_email = \"\"")
        .start()
        .await;
    let claims = json!({
        "https://shop.example/id": 7, "handle": "ann", "preferred_username": "bo",
        "full_name": "Ann Lee", "email": "ann@shop.example", "sub": null,
    });
    let login = exchange(&server, &Key::secret().token(claims)).await.expect(200);
    assert_eq!(login["user"]["username"], "ann");
    let has_no_email = |login: &Value| {
        login["user"]["email"].as_str().is_some_and(|it| it.starts_with("no-email-"))
    };
    assert!(has_no_email(&login), "{login}");
    exchange(&server, &Key::secret().token(json!({}))).await.expect_problem(401, "token_invalid");
}
