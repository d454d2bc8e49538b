//! The accounts of a product: made at the first sight of a person, found again, and kept in step.

use serde_json::{Value, json};

use crate::support::product::{Key, server_with_secret};
use crate::support::{Answer, Client, Database, PASSWORD, Server, on_both_databases};

on_both_databases!(
    an_account_is_made_at_the_first_sight_of_a_person_and_found_again,
    a_taken_name_or_email_is_never_taken_over,
    an_account_of_a_product_has_no_password,
    a_person_who_is_disabled_is_out_at_once,
    a_deleted_account_comes_back_as_a_new_one,
    an_admin_makes_accounts_for_people,
    an_admin_makes_tokens_for_accounts,
    without_the_settings_there_is_no_exchange,
);

async fn exchange(server: &Server, claims: Value) -> Answer {
    let token = Key::secret().token(claims);
    server.anonymous().post("/auth/exchange", json!({ "token": token })).await
}

/// The client of the person whom these claims name.
async fn signed_in(server: &Server, claims: Value) -> Client {
    client_of(server, &exchange(server, claims).await.expect(200))
}

fn client_of(server: &Server, login: &Value) -> Client {
    let mut client =
        server.anonymous().with_token(login["access_token"].as_str().expect("a token"));
    client.user_id = login["user"]["id"].as_i64().expect("an id");
    client.username = login["user"]["username"].as_str().expect("a name").to_owned();
    client
}

async fn an_account_is_made_at_the_first_sight_of_a_person_and_found_again(database: Database) {
    // Sign-up is closed to strangers, and not to the product.
    let server = server_with_secret(database).env("CHATAPP_AUTH__SIGNUP", "closed").start().await;
    let root = server.admin("root").await;
    let lobby = root.creates_room("lobby").await;
    root.patch(&format!("/rooms/{lobby}"), json!({ "auto_join": true })).await.expect(200);
    let claims = json!({
        "preferred_username": "Ann Lee", "name": "Ann Lee", "email": "ann@shop.example",
    });
    let login = exchange(&server, claims).await.expect(200);
    assert_eq!((&login["token_type"], &login["expires_in"]), (&json!("bearer"), &json!(43_200)));
    let user = &login["user"];
    assert_eq!(
        (&user["username"], &user["email"]),
        (&json!("Ann-Lee"), &json!("ann@shop.example"))
    );
    assert_eq!((&user["role"], &user["is_active"]), (&json!("user"), &json!(true)));
    let ann = client_of(&server, &login);
    assert_eq!(ann.get("/auth/me").await.expect(200), *user);
    let card = root.get(&format!("/users/{}", ann.user_id)).await.expect(200);
    assert_eq!(card["display_name"], "Ann Lee");
    let members = root.get(&format!("/rooms/{lobby}/members")).await.expect(200).to_string();
    assert!(members.contains("Ann-Lee"), "{members}");
    // The session is like any other.
    let refreshed = ann.post("/auth/refresh", Value::Null).await.expect(200);
    assert_eq!(refreshed["expires_in"], 43_200);

    let later = json!({
        "preferred_username": "ann-may", "name": "Ann May", "email": "may@shop.example",
    });
    let again = signed_in(&server, later).await;
    assert_eq!((again.user_id, &*again.username), (ann.user_id, "Ann-Lee"));
    assert_eq!(again.get("/auth/me").await.expect(200)["email"], "may@shop.example");
    let card = root.get(&format!("/users/{}", ann.user_id)).await.expect(200);
    assert_eq!(card["display_name"], "Ann May");
    // A token that says nothing of them changes nothing.
    signed_in(&server, json!({})).await;
    assert_eq!(ann.get("/auth/me").await.expect(200)["email"], "may@shop.example");
    let other = signed_in(&server, json!({ "sub": 43 })).await;
    assert_ne!(other.user_id, ann.user_id);
    assert_eq!(other.username, "user");
}

async fn a_taken_name_or_email_is_never_taken_over(database: Database) {
    let server = server_with_secret(database).start().await;
    let own = server.user("ann").await;
    let claims = |subject: &str| json!({ "sub": subject, "preferred_username": "ANN", "email": "ann@example.com" });
    let theirs = signed_in(&server, claims("1")).await;
    assert_eq!(theirs.username, "ANN-2");
    assert_ne!(theirs.user_id, own.user_id);
    let email = theirs.get("/auth/me").await.expect(200)["email"].clone();
    assert!(email.as_str().unwrap().starts_with("no-email-"), "{email}");
    assert_eq!(own.get("/auth/me").await.expect(200)["email"], "ann@example.com");
    // Nobody signs in by the text that stands for an email.
    let login = json!({ "username": email, "password": PASSWORD });
    server.anonymous().post("/auth/login", login).await.expect_problem(401, "wrong_credentials");
    let mut names = Vec::new();
    for subject in 2..12 {
        names.push(signed_in(&server, claims(&subject.to_string())).await.username);
    }
    assert_eq!(names[6], "ANN-9");
    assert!(names[7].starts_with("ANN-") && names[7].len() == 12, "{names:?}");
    // A name that no account may have is no reason to be locked out.
    let hostile = json!({
        "sub": "x", "preferred_username": "../../<script>\u{0}", "name": "\u{202e}\u{0}", "email": "'--",
    });
    assert_eq!(signed_in(&server, hostile).await.username, "script");
}

async fn an_account_of_a_product_has_no_password(database: Database) {
    let server = server_with_secret(database).start().await;
    let root = server.admin("root").await;
    let ann = signed_in(&server, json!({ "preferred_username": "ann" })).await;
    for password in ["", PASSWORD] {
        let login = json!({ "username": "ann", "password": password });
        server
            .anonymous()
            .post("/auth/login", login)
            .await
            .expect_problem(401, "wrong_credentials");
    }
    let change = json!({ "current_password": "", "new_password": PASSWORD });
    ann.post("/auth/password", change).await.expect_problem(403, "wrong_current_password");
    let reset = format!("/admin/users/{}/password-reset", ann.user_id);
    root.post(&reset, Value::Null).await.expect_problem(409, "external_account");
    let output = server.command(&["users", "reset-password", "ann", "--link"]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("belongs to a product"), "{error}");
}

async fn a_person_who_is_disabled_is_out_at_once(database: Database) {
    let server = server_with_secret(database).start().await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    exchange(&server, json!({ "blocked": true })).await.expect_problem(403, "account_deactivated");
    let ann = signed_in(&server, json!({ "blocked": false })).await;
    let mut socket = ann.joins(room).await;
    exchange(&server, json!({ "blocked": true })).await.expect_problem(403, "account_deactivated");
    assert_eq!(socket.expect_close().await, 4401);
    ann.get("/auth/me").await.expect_problem(401, "session_revoked");
    let account = format!("/admin/users/{}", ann.user_id);
    assert_eq!(root.get(&account).await.expect(200)["is_active"], false);
    exchange(&server, json!({})).await.expect_problem(403, "account_deactivated");
    let ann = signed_in(&server, json!({ "blocked": false })).await;
    ann.get("/auth/me").await.expect(200);
    // What an admin has deactivated, the product does not activate.
    root.patch(&account, json!({ "is_active": false })).await.expect(200);
    let again = exchange(&server, json!({ "blocked": false })).await;
    again.expect_problem(403, "account_deactivated");
    exchange(&server, json!({ "blocked": "no" })).await.expect_problem(401, "token_invalid");
}

async fn a_deleted_account_comes_back_as_a_new_one(database: Database) {
    let server = server_with_secret(database).start().await;
    let root = server.admin("root").await;
    let ann = signed_in(&server, json!({ "preferred_username": "ann" })).await;
    root.delete(&format!("/admin/users/{}", ann.user_id)).await.expect(204);
    ann.get("/auth/me").await.expect_problem(401, "session_revoked");
    let again = signed_in(&server, json!({ "preferred_username": "ann" })).await;
    assert_ne!(again.user_id, ann.user_id);
    assert_eq!(again.username, "ann");
}

async fn an_admin_makes_accounts_for_people(database: Database) {
    let server = server_with_secret(database).start().await;
    let root = server.admin("root").await;
    let ann = json!({
        "username": "ann", "email": "ann@example.com", "display_name": "Ann Lee",
        "external_subject": "42",
    });
    let made = root.post("/admin/users", ann.clone()).await.expect(201);
    assert_eq!((&made["username"], &made["display_name"]), (&json!("ann"), &json!("Ann Lee")));
    assert_eq!((&made["role"], &made["sessions"]), (&json!("user"), &json!(0)));
    let found = root.get("/admin/users?external_subject=42").await.expect(200);
    assert_eq!(found["users"], json!([made]));
    let none = root.get("/admin/users?external_subject=4%00").await.expect(200);
    root.get("/admin/users?external_subject=42&limit=1111")
        .await
        .expect_problem(422, "invalid_field");
    assert_eq!(none, json!({ "users": [], "next_after": null }));
    let client = signed_in(&server, json!({ "preferred_username": "other" })).await;
    assert_eq!((client.user_id, &*client.username), (made["id"].as_i64().unwrap(), "ann"));

    root.post("/admin/users", ann.clone()).await.expect_problem(409, "subject_taken");
    for (field, value, status, code) in [
        ("external_subject", json!("43"), 409, "username_taken"),
        ("external_subject", json!(""), 422, "invalid_field"),
        ("external_subject", json!("a\n"), 422, "invalid_field"),
        ("external_subject", json!("x".repeat(256)), 422, "invalid_field"),
        ("password", json!(PASSWORD), 422, "invalid_field"),
        ("username", json!("x"), 422, "invalid_field"),
        ("email", json!("x"), 422, "invalid_field"),
        ("display_name", json!("\u{200b}"), 422, "invalid_field"),
        ("role", json!("admin"), 422, "invalid_field"),
    ] {
        let mut body = ann.clone();
        body[field] = value;
        let problem = root.post("/admin/users", body).await.expect_problem(status, code);
        if status == 422 && field != "password" {
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        }
    }
    // An account with a password, and one that only tokens of an admin open.
    let bo = json!({ "username": "bo", "password": PASSWORD });
    root.post("/admin/users", bo).await.expect(201);
    let bo = server.anonymous().signs_in("bo", PASSWORD).await;
    bo.post("/admin/users", json!({ "username": "cy" }))
        .await
        .expect_problem(403, "admin_required");
    let weak = json!({ "username": "cy", "password": "cycycycy" });
    root.post("/admin/users", weak).await.expect_problem(422, "invalid_field");
    let cy = root.post("/admin/users", json!({ "username": "cy" })).await.expect(201);
    assert!(cy["email"].as_str().unwrap().starts_with("no-email-"), "{cy}");
    let audit = root.get("/admin/audit").await.expect(200);
    let details = [0, 2].map(|entry| audit["entries"][entry]["detail"].clone());
    assert_eq!(details[0], json!({ "role": "user", "has_password": false, "is_external": false }));
    assert_eq!(details[1], json!({ "role": "user", "has_password": false, "is_external": true }));
}

async fn an_admin_makes_tokens_for_accounts(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let made = root.post("/admin/users", json!({ "username": "ann" })).await.expect(201);
    let path = format!("/admin/users/{}", made["id"]);
    let tokens = format!("{path}/tokens");
    let login = root.post(&tokens, json!({ "expires_in": 900 })).await.expect(201);
    assert_eq!((&login["expires_in"], &login["user"]["username"]), (&json!(900), &json!("ann")));
    let ann = client_of(&server, &login);
    ann.get("/auth/me").await.expect(200);
    let mut socket = ann.joins(room).await;
    // The token can be replaced, but the session keeps its end.
    let refreshed = ann.post("/auth/refresh", Value::Null).await.expect(200);
    let left = refreshed["expires_in"].as_i64().unwrap();
    assert!((800..=900).contains(&left), "{refreshed}");
    assert_eq!(root.post(&tokens, json!({})).await.expect(201)["expires_in"], 3600);
    for seconds in [json!(59), json!(86_401), json!(-1), json!(i64::MAX), json!("900")] {
        let refused = root.post(&tokens, json!({ "expires_in": seconds })).await;
        let problem = refused.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], "expires_in", "{problem}");
    }
    ann.post(&tokens, json!({})).await.expect_problem(403, "admin_required");
    for missing in [0, 999] {
        let missing = root.post(&format!("/admin/users/{missing}/tokens"), json!({})).await;
        missing.expect_problem(404, "user_not_found");
    }
    let entry = &root.get("/admin/audit?limit=1").await.expect(200)["entries"][0];
    assert_eq!(entry["action"], "user.create_token");
    assert_eq!(entry["target"], format!("user #{}", made["id"]));
    root.patch(&path, json!({ "is_active": false })).await.expect(200);
    assert_eq!(socket.expect_close().await, 4401);
    ann.get("/auth/me").await.expect_problem(401, "session_revoked");
    root.post(&tokens, json!({})).await.expect_problem(403, "account_deactivated");
}

async fn without_the_settings_there_is_no_exchange(database: Database) {
    let server = Server::start(database).await;
    exchange(&server, json!({})).await.expect_problem(404, "exchange_off");
    let root = server.admin("root").await;
    let account = json!({ "username": "ann", "external_subject": "42" });
    let problem = root.post("/admin/users", account).await.expect_problem(422, "invalid_field");
    assert!(problem["detail"].as_str().unwrap().contains("[external]"), "{problem}");
    let found = root.get("/admin/users?external_subject=42").await.expect(200);
    assert_eq!(found["users"], json!([]));
}
