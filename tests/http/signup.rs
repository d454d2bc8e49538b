//! Settings that control who may create accounts and rooms, and how `/auth/setup` shows them to a page.

use serde_json::{Value, json};

use crate::support::{Database, PASSWORD, Server, on_both_databases};

on_both_databases!(a_closed_sign_up_lets_only_admins_create_accounts);

fn account(username: &str) -> Value {
    let email = format!("{username}@example.com");
    json!({ "username": username, "email": email, "password": PASSWORD })
}

async fn a_closed_sign_up_lets_only_admins_create_accounts(database: Database) {
    let server = Server::with(database).env("CHATAPP_AUTH__SIGNUP", "closed").start().await;
    let nobody = server.anonymous();
    // The refusal comes before the fields are checked, so both bodies get the same answer.
    for body in [account("ann"), account("!")] {
        let refused = nobody.post("/auth/signup", body).await.expect_problem(403, "signup_closed");
        assert!(refused["detail"].as_str().unwrap().contains("ask an admin"), "{refused}");
    }
    // Only `auth.admin_signup` controls the creation of the first admin.
    let root = server.admin("root").await;
    root.post("/auth/signup", account("ann")).await.expect(201);
    let ann = server.anonymous().signs_in("ann", PASSWORD).await;
    ann.post("/auth/signup", account("bo")).await.expect_problem(403, "signup_closed");
    nobody.post("/auth/signup", account("bo")).await.expect_problem(403, "signup_closed");
    let audit = root.get("/admin/audit").await.expect(200);
    let created = &audit["entries"][0];
    assert_eq!((&created["action"], &created["actor"]), (&json!("user.create"), &json!("root")));
    assert_eq!(nobody.get("/auth/setup").await.expect(200)["signup"], "closed");
}

#[tokio::test]
async fn by_default_everyone_can_sign_up_and_admins_create_rooms() {
    let server = Server::start(Database::Sqlite).await;
    let setup = server.anonymous().get("/auth/setup").await.expect(200);
    assert_eq!(setup["signup"], "open");
    assert_eq!(setup["rooms_create"], "admins");
    let branding = json!({ "name": "chatapp", "logo": null, "color": null });
    assert_eq!(setup["branding"], branding);
    server.admin("root").await;
    let ann = server.user("ann").await;
    let room = json!({ "name": "tea" });
    ann.post("/rooms/", room).await.expect_problem(403, "admin_required");
}

#[tokio::test]
async fn everyone_can_create_rooms_if_the_settings_allow_it() {
    let server = Server::with(Database::Sqlite).env("CHATAPP_ROOMS__CREATE", "everyone");
    let server = server.start().await;
    let root = server.admin("root").await;
    let ann = server.user("ann").await;
    let setup = server.anonymous().get("/auth/setup").await.expect(200);
    assert_eq!(setup["rooms_create"], "everyone");
    let room = ann.post("/rooms/", json!({ "name": "tea" })).await.expect(201);
    assert_eq!(room["created_by"], ann.user_id);
    // Besides admins, only the owner may change and delete the room.
    let ben = server.user("ben").await;
    let path = format!("/rooms/{}", room["id"]);
    let change = json!({ "name": "coffee" });
    ben.patch(&path, change).await.expect_problem(403, "admin_required");
    ben.delete(&path).await.expect_problem(403, "admin_required");
    let audit = root.get("/admin/audit").await.expect(200);
    assert_eq!(audit["entries"][0]["action"], "room.create");
    assert_eq!(audit["entries"][0]["actor"], "ann");
    server.anonymous().post("/rooms/", json!({ "name": "x" })).await.expect(401);
}
