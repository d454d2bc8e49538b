//! Administration over HTTP.

use serde_json::{Value, json};

use super::documented::Document;
use crate::support::{Client, Database, PASSWORD, Server, on_both_databases};

on_both_databases!(
    accounts_are_listed_searched_and_shown,
    an_account_is_changed_and_its_sessions_end,
    the_last_admin_cannot_be_removed,
    deleting_an_account_keeps_its_messages,
    sessions_are_listed_and_ended,
    a_reset_token_sets_one_password_once,
    administrative_actions_are_in_the_audit_log,
);

fn path(user: &Client) -> String {
    format!("/admin/users/{}", user.user_id)
}

fn names(page: &Value) -> Vec<&str> {
    let users = page["users"].as_array().expect("users");
    users.iter().map(|user| user["username"].as_str().expect("a name")).collect()
}

async fn accounts_are_listed_searched_and_shown(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    for name in ["ann", "bo", "cy"] {
        server.user(name).await;
    }
    let page = root.get("/admin/users").await.expect(200);
    assert_eq!(names(&page), ["root", "ann", "bo", "cy"]);
    assert_eq!(page["next_after"], Value::Null);
    let mut me = root.get("/auth/me").await.expect(200);
    me["sessions"] = 1.into();
    assert_eq!(
        page["users"][0], me,
        "the list shows what the owner sees, and the number of sessions"
    );
    assert_eq!(root.get(&path(&root)).await.expect(200), me);

    let first = root.get("/admin/users?limit=3").await.expect(200);
    assert_eq!((names(&first), &first["next_after"]), (vec!["root", "ann", "bo"], &json!(3)));
    let rest = root.get("/admin/users?limit=3&after=3").await.expect(200);
    assert_eq!((names(&rest), &rest["next_after"]), (vec!["cy"], &Value::Null));
    let found = root.get("/admin/users?query=AN").await.expect(200);
    assert_eq!(names(&found), ["ann"]);
    let name = json!({ "display_name": "Борис" });
    root.patch("/users/me", name).await.expect(200);
    let found = root.get("/admin/users?query=%D0%B1%D0%9E").await.expect(200);
    assert_eq!(names(&found), ["root"]);
    assert_eq!(found["users"][0]["display_name"], "Борис");
    let found = root.get("/admin/users?query=%40example.com&limit=1").await.expect(200);
    assert_eq!(names(&found), ["root"]);
    for none in ["%00", "%25", "%27", "nobody"] {
        let found = root.get(&format!("/admin/users?query={none}")).await.expect(200);
        assert_eq!(names(&found), [""; 0], "{none}");
    }
    for limit in ["0", "1001", "-1", "99999999999"] {
        let refused = root.get(&format!("/admin/users?limit={limit}")).await;
        let problem = refused.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], "limit");
    }
    let problem = root.get("/admin/users?after=-1&limit=0").await;
    let problem = problem.expect_problem(422, "invalid_field");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{problem}");
    root.get("/admin/users/99").await.expect_problem(404, "user_not_found");
    let problem = root.get("/admin/users/ann").await.expect_problem(422, "invalid_field");
    assert_eq!(problem["errors"][0]["field"], "user_id");
}

async fn an_account_is_changed_and_its_sessions_end(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let ann = server.user("ann").await;
    ann.get("/auth/me").await.expect(200);

    let admin = root.patch(&path(&ann), json!({ "role": "admin" })).await.expect(200);
    assert_eq!((&admin["role"], &admin["sessions"]), (&json!("admin"), &json!(0)));
    ann.get("/auth/me").await.expect_problem(401, "session_revoked");
    let ann = server.anonymous().signs_in("ann", PASSWORD).await;
    let change = json!({ "role": "admin", "is_active": null });
    let same = ann.patch(&path(&ann), change).await.expect(200);
    assert_eq!(same["sessions"], 1, "a change without an effect ends no session");

    let both = json!({ "role": "user", "is_active": false });
    let user = root.patch(&path(&ann), both).await.expect(200);
    assert_eq!((&user["role"], &user["is_active"]), (&json!("user"), &json!(false)));
    ann.get("/auth/me").await.expect_problem(401, "session_revoked");
    let login = json!({ "username": "ann", "password": PASSWORD });
    let refused = server.anonymous().post("/auth/login", login).await;
    refused.expect_problem(401, "wrong_credentials");
    root.patch(&path(&ann), json!({ "is_active": true })).await.expect(200);
    server.anonymous().signs_in("ann", PASSWORD).await;

    for (change, field) in [
        (json!({ "role": "root" }), "role"),
        (json!({ "is_active": "no" }), "is_active"),
        (json!({ "is_active": 0 }), "is_active"),
        (json!({ "username": "x" }), "username"),
    ] {
        let problem = root.patch(&path(&ann), change).await.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], field);
    }
    let nobody = root.patch("/admin/users/99", json!({ "role": "user" })).await;
    nobody.expect_problem(404, "user_not_found");
}

async fn the_last_admin_cannot_be_removed(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    for change in [json!({ "role": "user" }), json!({ "is_active": false })] {
        root.patch(&path(&root), change).await.expect_problem(409, "last_admin");
    }
    root.delete(&path(&root)).await.expect_problem(409, "last_admin");
    root.get("/auth/me").await.expect(200);

    // Two admins demote each other at the same time, on two nodes: one admin is left.
    let ann = server.user("ann").await;
    root.patch(&path(&ann), json!({ "role": "admin" })).await.expect(200);
    let ann = server.anonymous().signs_in("ann", PASSWORD).await;
    let another = server.start_another().await;
    let there = another.anonymous().with_token(&ann.token);
    there.get("/auth/me").await.expect(200);
    let demote = || json!({ "role": "user" });
    let (mine, theirs) = (path(&root), path(&ann));
    let (first, second) = tokio::join!(root.patch(&theirs, demote()), there.patch(&mine, demote()));
    // The second request is refused because its caller is no longer an admin, or because no admin would
    // be left.
    let statuses = [first.status, second.status];
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    let mut roles = Vec::new();
    for name in ["root", "ann"] {
        let client = server.anonymous().signs_in(name, PASSWORD).await;
        roles.push(client.get("/auth/me").await.expect(200)["role"].clone());
    }
    assert_eq!(roles.iter().filter(|role| **role == "admin").count(), 1, "{roles:?}");
}

async fn deleting_an_account_keeps_its_messages(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let ann = server.user("ann").await;
    let room = root.creates_room("general").await;
    let messages = format!("/rooms/{room}/messages");
    let mut watcher = root.joins(room).await;
    ann.post(&messages, json!({ "content": "mine" })).await.expect(201);
    assert_eq!(watcher.recv_type("message").await["username"], "ann");

    assert_eq!(root.delete(&path(&ann)).await.expect(204), Value::Null);
    ann.get("/auth/me").await.expect_problem(401, "session_revoked");
    let name = format!("deleted-{}", ann.user_id);
    let history = root.history(room).await;
    assert_eq!(history[0]["content"], "mine");
    assert_eq!(
        (&history[0]["username"], &history[0]["user_id"]),
        (&json!(name), &json!(ann.user_id))
    );
    let again = root.resumes(room, 0, watcher.synced["epoch"].as_str().unwrap()).await;
    let resumed = again.welcome.iter().find(|frame| frame["type"] == "message").unwrap();
    assert_eq!(resumed["username"], name, "the tail in memory has the new name too");

    assert_eq!(names(&root.get("/admin/users").await.expect(200)), ["root"]);
    for answer in [
        root.get(&path(&ann)).await,
        root.delete(&path(&ann)).await,
        root.patch(&path(&ann), json!({ "is_active": true })).await,
        root.get(&format!("{}/sessions", path(&ann))).await,
        root.delete(&format!("{}/sessions", path(&ann))).await,
        root.post(&format!("{}/password-reset", path(&ann)), Value::Null).await,
    ] {
        answer.expect_problem(404, "user_not_found");
    }
    for (username, password) in [("ann", PASSWORD), (name.as_str(), PASSWORD), (name.as_str(), "")]
    {
        let login = json!({ "username": username, "password": password });
        let refused = server.anonymous().post("/auth/login", login).await;
        refused.expect_problem(401, "wrong_credentials");
    }
    // Nobody can sign up with the name of a deleted account; the old name is free.
    for taken in [name.as_str(), "Deleted-77"] {
        let account = json!({ "username": taken, "email": "x@example.com", "password": PASSWORD });
        let refused = server.anonymous().post("/auth/signup", account).await;
        let problem = refused.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], "username");
    }
    assert_ne!(server.user("ann").await.user_id, ann.user_id);
}

async fn sessions_are_listed_and_ended(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let ann = server.user("ann").await;
    let again = server.anonymous().signs_in("ann", PASSWORD).await;
    let sessions = format!("{}/sessions", path(&ann));
    let listed = root.get(&sessions).await.expect(200);
    let [newest, oldest] = &listed.as_array().unwrap()[..] else { panic!("{listed}") };
    assert!(newest["created_at"].as_str() >= oldest["created_at"].as_str(), "{listed}");
    assert_eq!(newest["id"].as_str().unwrap().len(), 32);
    again.post("/auth/logout", Value::Null).await.expect(204);
    assert_eq!(root.get(&sessions).await.expect(200), json!([oldest]));

    assert_eq!(root.delete(&sessions).await.expect(200), json!({ "revoked": 1 }));
    ann.get("/auth/me").await.expect_problem(401, "session_revoked");
    assert_eq!(root.delete(&sessions).await.expect(200), json!({ "revoked": 0 }));
    assert_eq!(root.get(&sessions).await.expect(200), json!([]));
    server.anonymous().signs_in("ann", PASSWORD).await;
    root.get("/auth/me").await.expect(200);
}

/// Creates a reset token for this user.
async fn reset(root: &Client, user: &Client) -> String {
    let made = root.post(&format!("{}/password-reset", path(user)), Value::Null).await.expect(201);
    made["token"].as_str().expect("a token").to_owned()
}

fn redeem(token: &str, password: &str) -> Value {
    json!({ "token": token, "new_password": password })
}

const NEW: &str = "another battery staple";

async fn a_reset_token_sets_one_password_once(database: Database) {
    let server = Server::start(database).await;
    let document = Document::of(&server.anonymous()).await;
    let (root, nobody) = (server.admin("root").await, server.anonymous());
    let ann = server.user("ann").await;
    let replaced = reset(&root, &ann).await;
    let token = reset(&root, &ann).await;
    assert_eq!(token.len(), 43);
    ann.get("/auth/me").await.expect(200);

    // A refused password leaves the token valid for another attempt.
    for bad in ["short", "12345678", "ann@example.com"] {
        let refused = nobody.post("/auth/password-reset", redeem(&token, bad)).await;
        let problem = refused.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], "new_password");
    }
    let done = nobody.post("/auth/password-reset", redeem(&token, NEW)).await;
    document.check("POST", "/auth/password-reset", &done);
    done.expect(204);
    ann.get("/auth/me").await.expect_problem(401, "session_revoked");
    nobody.signs_in("ann", NEW).await;

    let mut answers = Vec::new();
    let unknown = "x".repeat(43);
    for token in [token.as_str(), &replaced, &unknown, "", "é\0"] {
        let refused = nobody.post("/auth/password-reset", redeem(token, PASSWORD)).await;
        document.check("POST", "/auth/password-reset", &refused);
        let mut problem = refused.expect_problem(401, "invalid_reset_token");
        problem.as_object_mut().unwrap().remove("request_id");
        answers.push(problem);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    nobody.signs_in("ann", NEW).await;
    root.get("/auth/me").await.expect(200);

    // A changed password invalidates the reset token.
    let token = reset(&root, &ann).await;
    let ann = nobody.signs_in("ann", NEW).await;
    let change = json!({ "current_password": NEW, "new_password": PASSWORD });
    ann.post("/auth/password", change).await.expect(204);
    let late = nobody.post("/auth/password-reset", redeem(&token, NEW)).await;
    late.expect_problem(401, "invalid_reset_token");
}

#[tokio::test]
async fn a_reset_token_expires() {
    let server =
        Server::with(Database::Sqlite).env("CHATAPP_AUTH__RESET_SECONDS", "1").start().await;
    let root = server.admin("root").await;
    let ann = server.user("ann").await;
    // Taken before the token is created, so that a slow machine does not shorten the measured time.
    let started = std::time::Instant::now();
    let token = reset(&root, &ann).await;
    // A refused password leaves the token valid, so the test can ask until the token has expired.
    loop {
        let answer = server.anonymous().post("/auth/password-reset", redeem(&token, "short")).await;
        match answer.status {
            422 => {
                assert!(started.elapsed() < crate::support::DEADLINE, "the token does not expire")
            }
            _ => break drop(answer.expect_problem(401, "invalid_reset_token")),
        }
    }
    assert!(started.elapsed().as_millis() >= 900, "the token expired at once");
    server.anonymous().signs_in("ann", PASSWORD).await;
}

#[tokio::test]
async fn guesses_at_reset_tokens_count_like_failed_sign_ins() {
    let server = Server::with(Database::Sqlite)
        .env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ADDRESS", "5")
        .env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ACCOUNT", "3")
        .start()
        .await;
    let root = server.admin("root").await;
    let token = reset(&root, &root).await;
    let nobody = server.anonymous();
    for n in 0..5 {
        // A refused password does not count as a guess at the token.
        let refused = nobody.post("/auth/password-reset", redeem(&token, "short")).await;
        refused.expect_problem(422, "invalid_field");
        let guess = nobody.post("/auth/password-reset", redeem(&format!("{n:043}"), NEW)).await;
        guess.expect_problem(401, "invalid_reset_token");
    }
    for (path, body) in [
        ("/auth/password-reset", redeem(&token, NEW)),
        ("/auth/login", json!({ "username": "root", "password": PASSWORD })),
    ] {
        let refused = nobody.post(path, body).await;
        assert!(refused.header("retry-after").parse::<u32>().is_ok());
        refused.expect_problem(429, "too_many_requests");
    }
}

async fn administrative_actions_are_in_the_audit_log(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let ann = server.user("ann").await;
    assert_eq!(
        root.get("/admin/audit").await.expect(200),
        json!({ "entries": [], "next_before": null }),
        "signing up is not recorded"
    );
    let account = json!({
        "username": "zoe", "email": "zoe@example.com", "password": PASSWORD, "role": "admin",
    });
    let zoe = root.post("/auth/signup", account).await.expect(201)["id"].as_i64().unwrap();
    root.patch(&path(&ann), json!({ "role": "admin" })).await.expect(200);
    root.patch(&path(&ann), json!({ "role": "admin" })).await.expect(200);
    server.anonymous().signs_in("ann", PASSWORD).await;
    root.delete(&format!("{}/sessions", path(&ann))).await.expect(200);
    reset(&root, &ann).await;
    root.patch(&path(&ann), json!({ "is_active": false })).await.expect(200);
    root.delete(&path(&ann)).await.expect(204);
    root.patch(&path(&root), json!({ "role": "user" })).await.expect(200);

    let zoes = server.anonymous().signs_in("zoe", PASSWORD).await;
    let log = zoes.get("/admin/audit").await.expect(200);
    let summary: Vec<Value> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| json!([entry["actor"], entry["action"], entry["target"], entry["detail"]]))
        .collect();
    let (ann, roots) = (format!("user #{}", ann.user_id), format!("user #{}", root.user_id));
    assert_eq!(
        Value::from(summary),
        json!([
            ["root", "user.update", roots, { "role": "user" }],
            ["root", "user.delete", ann, {}],
            ["root", "user.update", ann, { "is_active": false }],
            ["root", "user.create_password_reset", ann, {}],
            ["root", "user.revoke_sessions", ann, {}],
            ["root", "user.update", ann, { "role": "admin" }],
            ["root", "user.create", format!("user #{zoe}"), { "role": "admin" }],
        ])
    );
    assert!(log["entries"].as_array().unwrap().iter().all(|entry| entry["via"] == "http"));
    let ids: Vec<i64> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["id"].as_i64().unwrap())
        .collect();
    let page = zoes.get("/admin/audit?limit=3").await.expect(200);
    assert_eq!(page["next_before"], ids[2]);
    let page = zoes.get(&format!("/admin/audit?limit=4&before={}", ids[2])).await.expect(200);
    assert_eq!((&page["entries"][0]["id"], &page["next_before"]), (&json!(ids[3]), &Value::Null));
    for wrong in ["limit=201", "limit=0", "before=-1"] {
        let refused = zoes.get(&format!("/admin/audit?{wrong}")).await;
        refused.expect_problem(422, "invalid_field");
    }
}
