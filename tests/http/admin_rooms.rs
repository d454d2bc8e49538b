//! What admins of the server see of private and direct rooms, and what the audit log has about rooms.

use serde_json::{Value, json};

use crate::support::{Client, Database, Server, on_both_databases};

on_both_databases!(
    what_members_do_in_private_and_direct_rooms_is_not_recorded,
    what_admins_do_with_rooms_is_recorded,
    admins_see_only_the_frame_of_private_rooms_and_nothing_of_direct_ones,
    rooms_are_searched_and_come_in_pages,
);

async fn what_members_do_in_private_and_direct_rooms_is_not_recorded(database: Database) {
    let server = Server::start(database).await;
    // Also an admin of the server is only a member in a private room.
    let [ann, bo] = [server.admin("ann").await, server.user("bo").await];
    for owner in [&ann, &bo] {
        let member = if owner.user_id == ann.user_id { &bo } else { &ann };
        let room = creates(owner, "private", "plans").await;
        let path = format!("/rooms/{room}");
        let of_member = format!("{path}/members/{}", member.user_id);
        let people = json!({ "user_ids": [member.user_id] });
        owner.post(&format!("{path}/members"), people).await.expect(200);
        let text = json!({ "content": "hush" });
        let id = member.post(&format!("{path}/messages"), text).await.expect(201)["id"].clone();
        owner.delete(&format!("{path}/messages/{id}")).await.expect(204);
        let change = json!({ "name": "secrets", "description": "hush", "posting": "moderators" });
        owner.patch(&path, change).await.expect(200);
        owner.patch(&of_member, json!({ "role": "moderator" })).await.expect(204);
        owner.put(&format!("{path}/bans/{}", member.user_id), json!({})).await.expect(204);
        owner.delete(&path).await.expect(204);
    }
    ann.post("/direct-rooms/", json!({ "user_ids": [bo.user_id] })).await.expect(201);
    assert_eq!(recorded(&ann).await, json!([]));
}

async fn what_admins_do_with_rooms_is_recorded(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [ann, bo] = [server.user("ann").await, server.user("bo").await];
    let general = root.creates_room("general").await;
    let hidden = creates(&ann, "private", "plans").await;
    let admins = format!("/admin/rooms/{hidden}");
    root.put(&format!("{admins}/owner"), json!({ "user_id": bo.user_id })).await.expect(204);
    root.delete(&admins).await.expect(204);
    assert_eq!(
        recorded(&root).await,
        json!([
            ["room.create", format!("room #{general}"), { "name": "general" }],
            ["room.owner", format!("room #{hidden}"), { "user_id": bo.user_id }],
            ["room.delete", format!("room #{hidden}"), { "name": "plans" }],
        ])
    );

    // To join a public room as everybody may is no act of administration; to become its owner is one.
    let lobby = of_bo(&root, &bo).await;
    let members = format!("/rooms/{lobby}/members");
    let own = |role: &str| json!({ "user_ids": [root.user_id], "role": role });
    root.delete(&format!("{members}/me")).await.expect(204);
    let before = recorded(&root).await.as_array().unwrap().len();
    root.post(&members, own("member")).await.expect(200);
    assert_eq!(recorded(&root).await.as_array().unwrap().len(), before);
    root.delete(&format!("{members}/me")).await.expect(204);
    root.post(&members, own("owner")).await.expect(200);
    root.delete(&format!("{members}/me")).await.expect(204);
    ann.put(&format!("{members}/me"), Value::Null).await.expect(200);
    let of_ann = format!("{members}/{}", ann.user_id);
    let until = "2099-01-01T00:00:00.000Z";
    root.patch(&of_ann, json!({ "muted_until": until })).await.expect(204);
    root.patch(&of_ann, json!({ "muted_until": null })).await.expect(204);
    let ban = json!({ "reason": "advertising" });
    root.put(&format!("/rooms/{lobby}/bans/{}", ann.user_id), ban).await.expect(204);
    let (root_id, ann_id) = (root.user_id, ann.user_id);
    let all = recorded(&root).await;
    let since = all.as_array().unwrap()[before..].iter();
    assert_eq!(
        since.map(|act| json!([act[0], act[2]])).collect::<Value>(),
        json!([
            ["room.members.leave", { "user_id": root_id }],
            ["room.members.add", { "user_ids": [root_id], "role": "owner" }],
            ["room.members.mute", { "user_id": ann_id, "until": until }],
            ["room.members.unmute", { "user_id": ann_id }],
            ["room.members.ban", { "user_id": ann_id, "until": null, "reason": "advertising" }],
        ])
    );
}

async fn admins_see_only_the_frame_of_private_rooms_and_nothing_of_direct_ones(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let [ann, bo] = [server.user("ann").await, server.user("bo").await];
    let general = root.creates_room("general").await;
    let hidden = creates(&ann, "private", "plans").await;
    let people = json!({ "user_ids": [bo.user_id] });
    ann.post(&format!("/rooms/{hidden}/members"), people.clone()).await.expect(200);
    ann.patch(&format!("/rooms/{hidden}"), json!({ "is_archived": true })).await.expect(200);
    ann.post("/direct-rooms/", people).await.expect(201);
    let mut page = root.get("/admin/rooms").await.expect(200);
    for room in page["rooms"].as_array_mut().unwrap() {
        for time in ["created_at", "archived_at"] {
            if let Some(at) = room.get_mut(time) {
                assert!(at.as_str().unwrap().ends_with('Z'), "{at}");
                *at = json!("then");
            }
        }
    }
    assert_eq!(
        page,
        json!({ "next_after": null, "rooms": [
            { "id": general, "name": "general", "kind": "public", "member_count": 1,
              "created_by": root.user_id, "created_at": "then", "head_seq": 0 },
            { "id": hidden, "name": "plans", "kind": "private", "member_count": 2,
              "created_at": "then", "archived_at": "then" },
        ]})
    );
}

async fn rooms_are_searched_and_come_in_pages(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    for name in ["Tea", "coffee", "tea too"] {
        root.creates_room(name).await;
        creates(&root, "private", name).await;
    }
    let names = async |query: &str| {
        let page = root.get(&format!("/admin/rooms?{query}")).await.expect(200);
        let rooms = page["rooms"].as_array().unwrap().iter();
        let found: Vec<String> = rooms.map(|it| it["name"].as_str().unwrap().to_owned()).collect();
        (found.join(", "), page["next_after"].clone())
    };
    let all = "Tea, coffee, tea too, Tea, coffee, tea too";
    assert_eq!(names("").await, (all.to_owned(), Value::Null));
    assert_eq!(names("kind=private").await.0, "Tea, coffee, tea too");
    assert_eq!(names("query=TEA&kind=public").await.0, "Tea, tea too");
    assert_eq!(names("kind=direct").await.0, "");
    assert_eq!(names("query=%25").await.0, "");
    let (first, after) = names("query=te&limit=3").await;
    assert_eq!(first, "Tea, tea too, Tea");
    assert_eq!(
        names(&format!("query=te&after={after}")).await,
        ("tea too".to_owned(), Value::Null)
    );
    for query in ["limit=0", "limit=1001", "kind=secret", "query=%00", "after=-1"] {
        root.get(&format!("/admin/rooms?{query}")).await.expect_problem(422, "invalid_field");
    }
}

async fn creates(client: &Client, kind: &str, name: &str) -> i64 {
    let room = json!({ "name": name, "kind": kind, "description": "hush" });
    client.post("/rooms/", room).await.expect(201)["id"].as_i64().expect("an id")
}

/// A public room whose only owner is bo, and whose creator is a moderator.
async fn of_bo(root: &Client, bo: &Client) -> i64 {
    let room = root.creates_room("lobby").await;
    let owner = json!({ "user_id": bo.user_id });
    root.put(&format!("/rooms/{room}/owner"), owner).await.expect(200);
    room
}

/// The acts about rooms and messages in the audit log, the oldest first: the action, the target and the detail.
async fn recorded(admin: &Client) -> Value {
    let audit = admin.get("/admin/audit").await.expect(200);
    let acts = audit["entries"].as_array().expect("entries").iter().rev();
    acts.filter(|it| !it["target"].as_str().expect("a target").starts_with("user"))
        .map(|it| json!([it["action"], it["target"], it["detail"]]))
        .collect()
}
