//! Members of public and private rooms, from joining to leaving.

use serde_json::{Value, json};

use crate::support::{Client, Database, Server, on_both_databases};

on_both_databases!(
    a_private_room_is_made_filled_and_left,
    people_join_public_rooms_by_themselves_and_by_their_first_message,
    a_refused_request_adds_nobody,
    the_ranks_decide_who_acts_on_whom,
    a_mute_ends_at_its_time_or_when_it_is_lifted,
    a_banned_user_is_out_until_the_ban_is_lifted,
    preferences_are_the_members_own,
    the_owner_hands_the_room_over,
    new_accounts_join_the_rooms_that_say_so,
    a_deleted_account_leaves_its_rooms,
    members_come_in_pages,
);

async fn a_private_room_is_made_filled_and_left(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [ann, ben, cat] =
        [server.user("ann").await, server.user("ben").await, server.user("cat").await];
    let room = private(&ann, "tea", json!({})).await;
    let path = format!("/rooms/{room}");
    let seen = ann.get(&path).await.expect(200);
    assert_eq!((&seen["kind"], &seen["head_seq"]), (&json!("private"), &json!(0)));
    assert_eq!((&seen["membership"]["role"], &seen["member_count"]), (&json!("owner"), &json!(1)));
    for stranger in [&ben, &root] {
        stranger.get(&path).await.expect_problem(404, "room_not_found");
        assert_eq!(stranger.get("/rooms/").await.expect(200), json!([]));
    }

    let people = json!({ "user_ids": [ben.user_id, ann.user_id, ben.user_id] });
    let added = ann.post(&format!("{path}/members"), people.clone()).await.expect(200);
    assert_eq!(added, json!({ "added": [{ "user_id": ben.user_id, "username": "ben" }] }));
    let again = ann.post(&format!("{path}/members"), people).await.expect(200);
    assert_eq!(again, json!({ "added": [] }));
    let log = ann.log(room).await;
    assert_eq!(kinds(&log), ["member_joined"]);
    assert_eq!((&log[0]["user_id"], &log[0]["role"]), (&json!(ann.user_id), &json!("member")));
    let seen = ben.get(&path).await.expect(200);
    assert_eq!((&seen["membership"]["role"], &seen["member_count"]), (&json!("member"), &json!(2)));
    ben.post(&format!("{path}/messages"), json!({ "content": "hello" })).await.expect(201);

    let cats = json!({ "user_ids": [cat.user_id] });
    let refused = ben.post(&format!("{path}/members"), cats.clone()).await;
    refused.expect_problem(403, "moderator_required");
    ann.patch(&path, json!({ "inviting": "everyone" })).await.expect(200);
    ben.post(&format!("{path}/members"), cats).await.expect(200);

    cat.delete(&format!("{path}/members/me")).await.expect(204);
    cat.get(&path).await.expect_problem(404, "room_not_found");
    ann.delete(&format!("{path}/members/{}?reason=noise", ben.user_id)).await.expect(204);
    ben.get(&format!("{path}/messages")).await.expect_problem(404, "room_not_found");
    let log = ann.log(room).await;
    let left: Vec<&Value> = log.iter().filter(|event| event["type"] == "member_left").collect();
    assert_eq!((&left[0]["cause"], left[0].get("reason")), (&json!("left"), None));
    assert_eq!((&left[1]["cause"], &left[1]["reason"]), (&json!("removed"), &json!("noise")));

    // Nobody could find the room without a member.
    ann.delete(&format!("{path}/members/me")).await.expect_problem(409, "last_owner");
    ann.delete(&path).await.expect(204);
    ann.get(&path).await.expect_problem(404, "room_not_found");
}

async fn people_join_public_rooms_by_themselves_and_by_their_first_message(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [ann, ben] = [server.user("ann").await, server.user("ben").await];
    let room = root.creates_room("general").await;
    let path = format!("/rooms/{room}");
    assert_eq!(ann.get(&path).await.expect(200).get("membership"), None);
    for _ in 0..2 {
        let joined = ann.put(&format!("{path}/members/me"), Value::Null).await.expect(200);
        assert_eq!(
            (&joined["membership"]["role"], &joined["member_count"]),
            (&json!("member"), &json!(2))
        );
    }
    for text in ["one", "two"] {
        ben.post(&format!("{path}/messages"), json!({ "content": text })).await.expect(201);
    }
    let seen = ben.get(&path).await.expect(200);
    assert_eq!((&seen["membership"]["role"], &seen["member_count"]), (&json!("member"), &json!(3)));
    // The message itself says that its author is a member.
    assert_eq!(kinds(&ann.log(room).await), ["member_joined", "message", "message"]);
    for client in [&ann, &ben] {
        client.delete(&format!("{path}/members/me")).await.expect(204);
        client.delete(&format!("{path}/members/me")).await.expect_problem(409, "not_a_member");
        assert_eq!(client.get(&path).await.expect(200).get("membership"), None);
    }
    // Alone in a public room, which everybody finds, also the owner leaves.
    root.delete(&format!("{path}/members/me")).await.expect(204);
    assert_eq!(root.get(&path).await.expect(200)["member_count"], 0);
}

async fn a_refused_request_adds_nobody(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let [ben, cat] = [server.user("ben").await, server.user("cat").await];
    let room = private(&ann, "tea", json!({})).await;
    let path = format!("/rooms/{room}");
    ann.put(&format!("{path}/bans/{}", cat.user_id), json!({})).await.expect(204);
    for (people, status, code) in [
        (json!([ben.user_id, 9_999]), 404, "user_not_found"),
        (json!([ben.user_id, 0]), 404, "user_not_found"),
        (json!([ben.user_id, cat.user_id]), 422, "invalid_field"),
        (json!([]), 422, "invalid_field"),
        (json!(vec![ben.user_id; 101]), 422, "invalid_field"),
    ] {
        let answer = ann.post(&format!("{path}/members"), json!({ "user_ids": people })).await;
        answer.expect_problem(status, code);
    }
    assert_eq!(ann.get(&path).await.expect(200)["member_count"], 1);
    ben.get(&path).await.expect_problem(404, "room_not_found");
}

async fn the_ranks_decide_who_acts_on_whom(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let mut people = Vec::new();
    for name in ["mod", "peer", "ben"] {
        people.push(server.user(name).await);
    }
    let [moderator, peer, ben] = [&people[0], &people[1], &people[2]];
    let room = private(&ann, "tea", json!({})).await;
    let members = format!("/rooms/{room}/members");
    add(&ann, room, &people).await;
    let role = |role: &str| json!({ "role": role });
    let of = |client: &Client| format!("{members}/{}", client.user_id);
    ann.patch(&of(moderator), role("moderator")).await.expect(204);
    ann.patch(&of(peer), role("moderator")).await.expect(204);
    for higher in [&ann, peer, moderator] {
        moderator.delete(&of(higher)).await.expect_problem(403, "higher_role");
        let ban = format!("/rooms/{room}/bans/{}", higher.user_id);
        moderator.put(&ban, json!({})).await.expect_problem(403, "higher_role");
        let mute = json!({ "muted_until": "2099-01-01T00:00:00.000Z" });
        moderator.patch(&of(higher), mute).await.expect_problem(403, "higher_role");
    }
    moderator.patch(&of(ben), role("moderator")).await.expect_problem(403, "owner_required");
    let extra = json!({ "user_ids": [ben.user_id], "role": "moderator" });
    moderator.post(&members, extra).await.expect_problem(403, "owner_required");
    moderator.delete(&of(ben)).await.expect(204);
    moderator.delete(&of(ben)).await.expect_problem(409, "not_a_member");
    // Two changes in one request could be half refused.
    let until = "2099-01-01T00:00:00.000Z";
    for body in [
        json!({}),
        json!({ "role": "owner", "muted_until": until }),
        json!({ "role": "owner", "muted_until": null }),
    ] {
        let problem = ann.patch(&of(peer), body).await.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], "role");
    }
    let listed = ann.get(&members).await.expect(200);
    assert_eq!(listed["members"][1]["role"], "moderator", "{listed}");
    // The only owner stays one; with another owner, the first can step down.
    ann.patch(&of(&ann), role("member")).await.expect_problem(409, "last_owner");
    ann.patch(&of(peer), role("owner")).await.expect(204);
    ann.patch(&of(&ann), role("member")).await.expect(204);
    ann.delete(&of(moderator)).await.expect_problem(403, "moderator_required");
    peer.delete(&of(&ann)).await.expect(204);
}

async fn a_mute_ends_at_its_time_or_when_it_is_lifted(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let ben = server.user("ben").await;
    let room = ann.creates_room("general").await;
    add(&ann, room, std::slice::from_ref(&ben)).await;
    let member = format!("/rooms/{room}/members/{}", ben.user_id);
    let messages = format!("/rooms/{room}/messages");
    let says = async || ben.post(&messages, json!({ "content": "x" })).await;
    let mut socket = ben.joins(room).await;
    ann.patch(&member, json!({ "muted_until": "2099-01-01T00:00:00.000Z" })).await.expect(204);
    says().await.expect_problem(403, "muted");
    socket.send(json!({ "type": "send", "room_id": room, "content": "x", "ref": "m" })).await;
    assert_eq!(socket.recv_type("error").await["code"], "muted");
    let seen = ben.get(&format!("/rooms/{room}")).await.expect(200);
    assert_eq!(seen["membership"]["muted_until"], "2099-01-01T00:00:00.000Z");
    ann.patch(&member, json!({ "muted_until": null })).await.expect(204);
    says().await.expect(201);
    // A time that is over mutes nobody.
    ann.patch(&member, json!({ "muted_until": "2020-01-01T00:00:00.000Z" })).await.expect(204);
    says().await.expect(201);
}

async fn a_banned_user_is_out_until_the_ban_is_lifted(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let [ben, cat] = [server.user("ben").await, server.user("cat").await];
    let room = ann.creates_room("general").await;
    let path = format!("/rooms/{room}");
    add(&ann, room, std::slice::from_ref(&ben)).await;
    let mut socket = ben.joins(room).await;
    let ban = json!({ "reason": "advertising", "until": "2099-01-01T00:00:00.000Z" });
    ann.put(&format!("{path}/bans/{}", ben.user_id), ban).await.expect(204);
    assert_eq!(socket.recv_type("room_left").await["cause"], "banned");
    socket.expect_close().await;
    // Somebody who never was a member can be banned too.
    ann.put(&format!("{path}/bans/{}", cat.user_id), json!({})).await.expect(204);
    for banned in [&ben, &cat] {
        assert_eq!(banned.get("/rooms/").await.expect(200)[0]["id"], room);
        banned.get(&format!("{path}/messages")).await.expect_problem(403, "banned");
        let sent = banned.post(&format!("{path}/messages"), json!({ "content": "x" })).await;
        sent.expect_problem(403, "banned");
        let joined = banned.put(&format!("{path}/members/me"), Value::Null).await;
        joined.expect_problem(403, "banned");
    }
    let bans = ann.get(&format!("{path}/bans")).await.expect(200);
    assert_eq!((&bans[0]["username"], &bans[0]["reason"]), (&json!("ben"), &json!("advertising")));
    assert_eq!(
        (&bans[0]["banned_by"], &bans[0]["until"]),
        (&json!(ann.user_id), &json!("2099-01-01T00:00:00.000Z"))
    );
    assert_eq!((&bans[1]["username"], bans[1].get("reason")), (&json!("cat"), Some(&Value::Null)));
    let past = json!({ "until": "2020-01-01T00:00:00.000Z" });
    let refused = ann.put(&format!("{path}/bans/{}", cat.user_id), past).await;
    refused.expect_problem(422, "invalid_field");
    let nobody = ann.put(&format!("{path}/bans/9999"), json!({})).await;
    nobody.expect_problem(404, "user_not_found");

    ann.delete(&format!("{path}/bans/{}", ben.user_id)).await.expect(204);
    ann.delete(&format!("{path}/bans/{}", ben.user_id)).await.expect(204);
    ben.put(&format!("{path}/members/me"), Value::Null).await.expect(200);
    let log = ben.log(room).await;
    let last = &log[log.len() - 2];
    assert_eq!((&last["type"], &last["is_banned"]), (&json!("member_changed"), &json!(false)));
}

async fn preferences_are_the_members_own(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let ben = server.user("ben").await;
    let room = private(&ann, "tea", json!({})).await;
    add(&ann, room, std::slice::from_ref(&ben)).await;
    let own = format!("/rooms/{room}/members/me");
    let changed = ben.patch(&own, json!({ "notify": "mentions", "is_starred": true })).await;
    let place = changed.expect(200)["membership"].clone();
    assert_eq!((&place["notify"], &place["is_starred"]), (&json!("mentions"), &json!(true)));
    let place =
        ben.patch(&own, json!({ "is_hidden": true })).await.expect(200)["membership"].clone();
    assert_eq!((&place["is_hidden"], &place["is_starred"]), (&json!(true), &json!(true)));
    let anns = ann.get(&format!("/rooms/{room}")).await.expect(200)["membership"].clone();
    assert_eq!((&anns["notify"], &anns["is_hidden"]), (&json!("all"), &json!(false)));
    // The next event shows the room again.
    let head = ann.get(&format!("/rooms/{room}")).await.expect(200)["head_seq"].clone();
    ann.post(&format!("/rooms/{room}/messages"), json!({ "content": "x" })).await.expect(201);
    let seen = ben.get(&format!("/rooms/{room}")).await.expect(200);
    assert_ne!(seen["head_seq"], head);
    assert_eq!(seen["membership"]["is_hidden"], false);
    assert_eq!(kinds(&ann.log(room).await), ["member_joined", "message"]);
}

async fn the_owner_hands_the_room_over(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [ann, ben, cat] =
        [server.user("ann").await, server.user("ben").await, server.user("cat").await];
    let room = private(&ann, "tea", json!({})).await;
    let path = format!("/rooms/{room}");
    add(&ann, room, std::slice::from_ref(&ben)).await;
    ann.delete(&format!("{path}/members/me")).await.expect_problem(409, "last_owner");
    let owner = |client: &Client| json!({ "user_id": client.user_id });
    let seen = ann.put(&format!("{path}/owner"), owner(&ben)).await.expect(200);
    assert_eq!(seen["membership"]["role"], "moderator");
    ann.put(&format!("{path}/owner"), owner(&ann)).await.expect_problem(403, "owner_required");
    ann.delete(&format!("{path}/members/me")).await.expect(204);

    // An admin who does not see the room can still appoint its owner, who need not have been a member.
    let admins = format!("/admin/rooms/{room}");
    ben.put(&format!("{admins}/owner"), owner(&ben)).await.expect_problem(403, "admin_required");
    root.put(&format!("{admins}/owner"), owner(&cat)).await.expect(204);
    assert_eq!(cat.get(&path).await.expect(200)["membership"]["role"], "owner");
    assert_eq!(ben.get(&path).await.expect(200)["membership"]["role"], "moderator");
    root.get(&path).await.expect_problem(404, "room_not_found");
    let listed = root.get("/admin/rooms?query=TE").await.expect(200);
    assert_eq!(
        (&listed["rooms"][0]["id"], &listed["rooms"][0]["kind"]),
        (&json!(room), &json!("private"))
    );
    root.delete(&admins).await.expect(204);
    root.delete(&admins).await.expect_problem(404, "room_not_found");
    cat.get(&path).await.expect_problem(404, "room_not_found");
}

async fn new_accounts_join_the_rooms_that_say_so(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let early = server.user("early").await;
    let welcome = json!({ "name": "welcome", "auto_join": true });
    let welcome = ann.post("/rooms/", welcome).await.expect(201)["id"].as_i64().unwrap();
    ann.creates_room("other").await;
    let mut socket = ann.joins(welcome).await;
    let ben = server.user("ben").await;
    let event = socket.recv_type("member_joined").await;
    assert_eq!(
        (&event["user_id"], &event["members"][0]["user_id"]),
        (&json!(ben.user_id), &json!(ben.user_id))
    );
    let joined = ben.get("/rooms?membership=joined").await.expect(200);
    assert_eq!((joined.as_array().unwrap().len(), &joined[0]["id"]), (1, &json!(welcome)));
    assert_eq!(early.get("/rooms?membership=joined").await.expect(200), json!([]));
    let private = json!({ "name": "x", "kind": "private", "auto_join": true });
    ann.post("/rooms/", private).await.expect_problem(422, "invalid_field");
}

async fn a_deleted_account_leaves_its_rooms(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [ann, ben] = [server.user("ann").await, server.user("ben").await];
    let room = private(&ann, "tea", json!({})).await;
    add(&ann, room, std::slice::from_ref(&ben)).await;
    root.delete(&format!("/admin/users/{}", ann.user_id)).await.expect(204);
    // Somebody else becomes the owner.
    let seen = ben.get(&format!("/rooms/{room}")).await.expect(200);
    assert_eq!((&seen["membership"]["role"], &seen["member_count"]), (&json!("owner"), &json!(1)));
    let log = ben.log(room).await;
    assert_eq!(kinds(&log), ["member_joined", "member_left", "member_changed"]);
    assert_eq!(log[1]["cause"], "deleted");
}

async fn members_come_in_pages(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let mut people = Vec::new();
    for name in ["ben", "bea", "cat"] {
        people.push(server.user(name).await);
    }
    let room = private(&ann, "tea", json!({})).await;
    add(&ann, room, &people).await;
    let path = format!("/rooms/{room}/members");
    let (mut names, mut after) = (Vec::new(), json!(0));
    while !after.is_null() {
        let page = ann.get(&format!("{path}?limit=3&after={after}")).await.expect(200);
        assert_eq!(page["total"], 4);
        let members = page["members"].as_array().unwrap();
        names.extend(members.iter().map(|member| member["username"].clone()));
        after = page["next_after"].clone();
    }
    assert_eq!(names, ["ann", "ben", "bea", "cat"]);
    let found = ann.get(&format!("{path}?query=BE")).await.expect(200);
    assert_eq!(found["members"].as_array().unwrap().len(), 2);
    people[2].patch("/users/me", json!({ "display_name": "Ёлкин" })).await.expect(200);
    let found = ann.get(&format!("{path}?query=%D1%91%D0%9B")).await.expect(200);
    assert_eq!(found["members"][0]["username"], "cat");
    for query in ["limit=0", "limit=201", "after=-1", "query=%00"] {
        ann.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid_field");
    }
}

/// Creates a private room, with these fields beside its name.
pub(super) async fn private(owner: &Client, name: &str, extra: Value) -> i64 {
    let mut room = json!({ "name": name, "kind": "private" });
    for (field, value) in extra.as_object().expect("an object") {
        room[field] = value.clone();
    }
    owner.post("/rooms/", room).await.expect(201)["id"].as_i64().expect("an id")
}

pub(super) async fn add(by: &Client, room: i64, people: &[Client]) {
    let ids: Vec<i64> = people.iter().map(|client| client.user_id).collect();
    let path = format!("/rooms/{room}/members");
    by.post(&path, json!({ "user_ids": ids })).await.expect(200);
}

pub(super) fn kinds(log: &[Value]) -> Vec<&str> {
    log.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}
