//! Invites to rooms and to the server.

use serde_json::{Value, json};

use super::guessing::{ATTACKER, BYSTANDER, post};
use crate::support::{Answer, Client, Database, PASSWORD, Server, on_both_databases};

on_both_databases!(
    an_invite_lets_people_into_a_room_until_it_is_used_up,
    people_sign_up_with_an_invite,
    every_token_that_is_not_valid_gets_the_same_answer,
    admins_make_invites_to_the_server,
    those_who_may_invite_into_a_private_room_make_and_revoke_invites,
);

fn account(username: &str, invite: Option<&str>) -> Value {
    let email = format!("{username}@example.com");
    json!({ "username": username, "email": email, "password": PASSWORD, "invite": invite })
}

fn token(made: &Value) -> Value {
    json!({ "token": made["token"] })
}

async fn invites(client: &Client, room: i64, invite: Value) -> Value {
    client.post(&format!("/rooms/{room}/invites"), invite).await.expect(201)
}

/// Returns the ids of those who became members, in order.
async fn joined(client: &Client, room: i64) -> Vec<i64> {
    let log = client.log(room).await;
    let joined = log.iter().filter(|event| event["type"] == "member_joined");
    joined.map(|event| event["members"][0]["user_id"].as_i64().unwrap()).collect()
}

async fn an_invite_lets_people_into_a_room_until_it_is_used_up(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [ann, bo] = [server.user("ann").await, server.user("bo").await];
    let room = json!({ "name": "tea", "description": "Green" });
    let room = root.post("/rooms/", room).await.expect(201)["id"].as_i64().unwrap();
    let path = format!("/rooms/{room}/invites");
    let made = invites(&root, room, json!({ "uses_allowed": 1 })).await;
    assert_eq!((&made["room_id"], &made["role"]), (&json!(room), &json!("member")));
    assert_eq!((&made["completed"], &made["uses_allowed"]), (&json!(0), &json!(1)));
    assert_eq!(made["invited_by"], json!({ "username": "root" }));

    let nobody = server.anonymous();
    let preview = nobody.post("/invites/preview", token(&made)).await.expect(200);
    let members = preview["room"]["member_count"].as_u64().unwrap();
    let shown = json!({ "name": "tea", "description": "Green", "member_count": members });
    let expected = json!({
        "kind": "room", "room": shown, "invited_by": { "username": "root" },
        "expires_at": made["expires_at"],
    });
    assert_eq!(preview, expected);

    for _ in 0..2 {
        let entered = ann.post("/invites/accept", token(&made)).await.expect(200);
        assert_eq!((&entered["id"], &entered["name"]), (&json!(room), &json!("tea")));
    }
    assert_eq!(joined(&root, room).await, [ann.user_id]);
    bo.post("/invites/accept", token(&made)).await.expect_problem(404, "invite_not_found");
    assert_eq!(root.get(&path).await.expect(200), json!([]), "used up");

    let second = invites(&root, room, json!({})).await;
    let third = invites(&root, room, json!({ "role": "moderator" })).await;
    let without_token = |made: &Value| {
        let mut invite = made.clone();
        invite.as_object_mut().unwrap().remove("token").expect("a token");
        invite
    };
    let listed = json!([without_token(&third), without_token(&second)]);
    assert_eq!(root.get(&path).await.expect(200), listed);
    root.delete(&format!("{path}/{}", second["id"])).await.expect(204);
    let again = root.delete(&format!("{path}/{}", second["id"])).await;
    again.expect_problem(404, "invite_not_found");
    bo.post("/invites/accept", token(&second)).await.expect_problem(404, "invite_not_found");
    bo.post("/invites/accept", token(&third)).await.expect(200);
    assert_eq!(joined(&root, room).await, [ann.user_id, bo.user_id]);
}

async fn people_sign_up_with_an_invite(database: Database) {
    let server = Server::with(database).env("CHATAPP_AUTH__SIGNUP", "invite").start().await;
    let root = server.admin("root").await;
    let nobody = server.anonymous();
    assert_eq!(nobody.get("/auth/setup").await.expect(200)["signup"], "invite");
    let room = root.creates_room("tea").await;
    let sign_up = async |name: &str, invite: Option<&str>| {
        nobody.post("/auth/signup", account(name, invite)).await
    };
    let to_room = invites(&root, room, json!({ "uses_allowed": 2 })).await;
    let to_server = root.post("/invites/", json!({ "uses_allowed": 1 })).await.expect(201);
    let [to_room, to_server] = [&to_room, &to_server].map(|made| made["token"].as_str().unwrap());
    sign_up("ann", None).await.expect_problem(403, "invite_required");
    sign_up("ann", Some("wrong")).await.expect_problem(404, "invite_not_found");
    // A refused name uses nothing up.
    sign_up("root", Some(to_server)).await.expect_problem(409, "username_taken");
    let ann = sign_up("ann", Some(to_room)).await.expect(201);
    assert_eq!(
        (joined(&root, room).await, &ann["role"]),
        (vec![ann["id"].as_i64().unwrap()], &json!("user"))
    );
    sign_up("bo", Some(to_server)).await.expect(201);
    assert_eq!(joined(&root, room).await.len(), 1);
    sign_up("carl", Some(to_server)).await.expect_problem(404, "invite_not_found");
    let admin = json!({ "username": "dora", "email": "dora@example.com", "password": PASSWORD,
                        "role": "admin", "invite": to_room });
    root.post("/auth/signup", admin).await.expect_problem(422, "invalid_field");
    // Admins need no invite, and may use one.
    root.post("/auth/signup", account("carl", None)).await.expect(201);
    root.post("/auth/signup", account("dora", Some(to_room))).await.expect(201);
    assert_eq!(joined(&root, room).await.len(), 2);
    sign_up("emil", Some(to_room)).await.expect_problem(404, "invite_not_found");
}

/// The answer without its parts that differ between requests.
fn refusal(answer: Answer) -> Value {
    let mut body = answer.expect_problem(404, "invite_not_found");
    body.as_object_mut().unwrap().remove("request_id");
    body
}

async fn every_token_that_is_not_valid_gets_the_same_answer(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [ann, bo] = [server.user("ann").await, server.user("bo").await];
    let room = root.creates_room("tea").await;
    let archived = root.creates_room("old").await;
    let deleted = root.creates_room("gone").await;
    let used = invites(&root, room, json!({ "uses_allowed": 1 })).await;
    ann.post("/invites/accept", token(&used)).await.expect(200);
    let revoked = invites(&root, room, json!({})).await;
    root.delete(&format!("/rooms/{room}/invites/{}", revoked["id"])).await.expect(204);
    let in_archived = invites(&root, archived, json!({})).await;
    root.patch(&format!("/rooms/{archived}"), json!({ "is_archived": true })).await.expect(200);
    let in_deleted = invites(&root, deleted, json!({})).await;
    root.delete(&format!("/rooms/{deleted}")).await.expect(204);
    let unknown = json!({ "token": "dGhpcyBpcyBub3QgYSByYW5kb20gdG9rZW4gYXQgYWw" });
    let mut tokens = [used, revoked, in_archived, in_deleted].map(|made| token(&made)).to_vec();
    tokens.extend([unknown.clone(), json!({ "token": "" }), json!({ "token": "x".repeat(1000) })]);
    let nobody = server.anonymous();
    let expected = refusal(nobody.post("/invites/preview", unknown).await);
    for token in tokens {
        assert_eq!(refusal(nobody.post("/invites/preview", token.clone()).await), expected);
        assert_eq!(refusal(bo.post("/invites/accept", token.clone()).await), expected);
        let body = account("carl", token["token"].as_str());
        assert_eq!(refusal(nobody.post("/auth/signup", body).await), expected);
    }
    // Signing up is open here, and an invite to the server opens no room.
    let to_server = root.post("/invites/", json!({})).await.expect(201);
    assert_eq!(refusal(bo.post("/invites/accept", token(&to_server)).await), expected);
    let shown = nobody.post("/invites/preview", token(&to_server)).await.expect(200);
    assert_eq!((&shown["kind"], &shown["room"]), (&json!("server"), &Value::Null));
}

async fn admins_make_invites_to_the_server(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let made = root.post("/invites", json!({ "uses_allowed": 3 })).await.expect(201);
    let path = format!("/invites/{}", made["id"]);
    assert_eq!(root.get("/invites/").await.expect(200)[0]["id"], made["id"]);
    // The invite of a room cannot be revoked as one of the server, nor the other way round.
    let room = root.creates_room("tea").await;
    let to_room = invites(&root, room, json!({})).await;
    let wrong = root.delete(&format!("/invites/{}", to_room["id"])).await;
    wrong.expect_problem(404, "invite_not_found");
    let wrong = root.delete(&format!("/rooms/{room}/invites/{}", made["id"])).await;
    wrong.expect_problem(404, "invite_not_found");
    root.delete(&path).await.expect(204);
    root.delete(&path).await.expect_problem(404, "invite_not_found");
    assert_eq!(root.get("/invites/").await.expect(200), json!([]));
    let audit = root.get("/admin/audit").await.expect(200);
    let target = format!("invite #{}", made["id"]);
    let acts = audit["entries"].as_array().unwrap().iter();
    let acts: Vec<_> = acts.filter(|it| it["target"] == target).map(|it| &it["action"]).collect();
    assert_eq!(acts, ["invite.revoke", "invite.create"]);
}

async fn those_who_may_invite_into_a_private_room_make_and_revoke_invites(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [ann, bo] = [server.user("ann").await, server.user("bo").await];
    let [carl, dora] = [server.user("carl").await, server.user("dora").await];
    let room = json!({ "name": "plans", "kind": "private" });
    let room = ann.post("/rooms/", room).await.expect(201)["id"].as_i64().unwrap();
    let path = format!("/rooms/{room}/invites");
    let open = json!({});
    for stranger in [&root, &bo] {
        stranger.post(&path, open.clone()).await.expect_problem(404, "room_not_found");
        stranger.get(&path).await.expect_problem(404, "room_not_found");
    }
    let anns = invites(&ann, room, json!({ "role": "moderator" })).await;
    let shown = server.anonymous().post("/invites/preview", token(&anns)).await.expect(200);
    assert_eq!(
        (&shown["room"]["name"], &shown["room"]["member_count"]),
        (&json!("plans"), &json!(1))
    );
    ann.delete(&format!("{path}/{}", anns["id"])).await.expect(204);
    let anns = invites(&ann, room, open.clone()).await;
    bo.get(&format!("/rooms/{room}")).await.expect_problem(404, "room_not_found");
    bo.post("/invites/accept", token(&anns)).await.expect(200);
    bo.get(&format!("/rooms/{room}")).await.expect(200);

    bo.post(&path, open.clone()).await.expect_problem(403, "moderator_required");
    let everyone = json!({ "inviting": "everyone" });
    ann.patch(&format!("/rooms/{room}"), everyone).await.expect(200);
    let role = json!({ "role": "moderator" });
    bo.post(&path, role).await.expect_problem(403, "owner_required");
    let bos = invites(&bo, room, open).await;
    let ids = |listed: Value| -> Vec<Value> {
        listed.as_array().unwrap().iter().map(|invite| invite["id"].clone()).collect()
    };
    assert_eq!(ids(ann.get(&path).await.expect(200)), [bos["id"].clone(), anns["id"].clone()]);
    assert_eq!(ids(bo.get(&path).await.expect(200)), [bos["id"].clone()]);
    let refused = bo.delete(&format!("{path}/{}", anns["id"])).await;
    refused.expect_problem(404, "invite_not_found");
    carl.post("/invites/accept", token(&bos)).await.expect(200);

    // The invites of those who left end.
    ann.delete(&format!("/rooms/{room}/members/{}", bo.user_id)).await.expect(204);
    let refused = dora.post("/invites/accept", token(&bos)).await;
    refused.expect_problem(404, "invite_not_found");
    ann.put(&format!("/rooms/{room}/bans/{}", carl.user_id), json!({})).await;
    carl.post("/invites/accept", token(&anns)).await.expect_problem(403, "banned");
    dora.post("/invites/accept", token(&anns)).await.expect(200);
}

#[tokio::test]
async fn an_invite_has_limits() {
    let server = Server::start(Database::Sqlite).await;
    let root = server.admin("root").await;
    let room = root.creates_room("tea").await;
    let path = format!("/rooms/{room}/invites");
    for bad in [
        json!({ "uses_allowed": 0 }),
        json!({ "uses_allowed": 10_001 }),
        json!({ "expires_at": "2020-01-01T00:00:00Z" }),
        json!({ "expires_at": "2999-01-01T00:00:00Z" }),
        json!({ "expires_at": "soon" }),
        json!({ "role": "owner" }),
        json!({ "uses": 1 }),
    ] {
        root.post(&path, bad).await.expect_problem(422, "invalid_field");
    }
    root.post("/invites/", json!({ "role": "member" })).await.expect_problem(422, "invalid_field");
    for _ in 0..100 {
        root.post(&path, json!({ "uses_allowed": null })).await.expect(201);
    }
    root.post(&path, json!({})).await.expect_problem(409, "too_many_invites");
    let open = root.get(&path).await.expect(200);
    root.delete(&format!("{path}/{}", open[50]["id"])).await.expect(204);
    root.post(&path, json!({})).await.expect(201);
    let archive = json!({ "is_archived": true });
    root.patch(&format!("/rooms/{room}"), archive).await.expect(200);
    root.post(&path, json!({})).await.expect_problem(409, "room_archived");
}

#[tokio::test]
async fn guesses_of_tokens_from_one_address_are_limited() {
    let server = Server::with(Database::Sqlite)
        .env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ADDRESS", "4")
        .start()
        .await;
    let root = server.admin("root").await;
    let room = root.creates_room("tea").await;
    let made = invites(&root, room, json!({})).await;
    let ask =
        async |from, path: &str, body: Value| post(&server, from, path, &root.token, body).await;
    for path in ["/invites/preview", "/invites/accept"] {
        for n in 0..2 {
            let wrong = ask(ATTACKER, path, json!({ "token": n.to_string() })).await;
            wrong.expect_problem(404, "invite_not_found");
            // What is right does not count.
            ask(BYSTANDER, path, token(&made)).await.expect(200);
        }
    }
    for path in ["/invites/preview", "/invites/accept"] {
        ask(ATTACKER, path, token(&made)).await.expect_problem(429, "too_many_requests");
    }
}
