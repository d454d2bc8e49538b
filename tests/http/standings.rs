//! Every operation in a room, called by each of those who can stand in a relation to the room.

use reqwest::Method;
use serde_json::{Value, json};

use super::documented::Document;
use crate::support::{Answer, Client, Database, Server, on_both_databases};

on_both_databases!(
    every_operation_in_a_public_room_answers_each_standing,
    every_operation_in_a_private_room_answers_each_standing,
    every_operation_in_a_direct_room_answers_each_standing,
);

/// Method, documented path, body, and the answers in a public room, a private room and a direct room: a status, or
/// the code of an error.
///
/// The columns are, in a public room, an outsider, a member, a moderator, the owner, a muted member, a banned user, and
/// an admin of the server who is not a member; in a private room, a member, a moderator, the owner and a muted member;
/// in a direct room, one of its people. To everybody else private and direct rooms do not exist.
type Row = (&'static str, &'static str, Value, [&'static str; 3]);

pub const PUBLIC: [&str; 7] =
    ["outsider", "member", "moderator", "owner", "muted", "banned", "root"];
pub const PRIVATE: [&str; 4] = ["member", "moderator", "owner", "muted"];
pub const DIRECT: [&str; 1] = ["member"];

/// An id that no room has.
pub const NOWHERE: i64 = 999_999;

/// Public and private room, for what moderators do.
const MODERATORS: [&str; 2] = ["mod mod OK OK mod banned OK", "mod OK OK mod"];
/// For what the owner does.
const OWNERS: [&str; 2] = ["own own own OK own banned OK", "own own OK own"];
/// For what the owner does, or an admin in a public room.
const ADMINS: [&str; 2] = ["adm adm adm OK adm banned OK", "own own OK own"];
/// For what every reader does.
const READERS: [&str; 2] = ["OK OK OK OK OK banned OK", "OK OK OK OK"];
/// For what is sent to every member.
const WRITERS: [&str; 2] = ["OK OK OK OK muted banned OK", "OK OK OK muted"];
/// For what everybody does who sees the room.
const SEERS: [&str; 2] = ["OK OK OK OK OK OK OK", "OK OK OK OK"];

#[rustfmt::skip]
fn table() -> Vec<Row> {
    let target = || json!({ "user_id": "TARGET" });
    let row = |method, path, body, [public, private]: [&'static str; 2], direct| {
        (method, path, body, [public, private, direct])
    };
    let none = Value::Null;
    vec![
        row("GET", "/rooms/{room_id}", none.clone(), SEERS, "OK"),
        row("PATCH", "/rooms/{room_id}", json!({ "description": "x" }), ADMINS, "kind"),
        row("DELETE", "/rooms/{room_id}", none.clone(), ADMINS, "kind"),
        row("PUT", "/rooms/{room_id}/read", json!({ "seq": 0 }), READERS, "OK"),
        row("POST", "/rooms/{room_id}/unread", json!({ "seq": 1 }), READERS, "OK"),
        row("GET", "/rooms/{room_id}/messages", none.clone(), READERS, "OK"),
        row("GET", "/rooms/{room_id}/events", none.clone(), READERS, "OK"),
        row("POST", "/rooms/{room_id}/messages", json!({ "content": "x" }),
            ["OK OK OK OK muted banned OK", "OK OK OK muted"], "OK"),
        // The message is the target's.
        row("PATCH", "/rooms/{room_id}/messages/{message_id}", json!({ "content": "x" }),
            ["author author author author muted banned author", "author author author muted"], "author"),
        row("DELETE", "/rooms/{room_id}/messages/{message_id}", none.clone(),
            ["author author OK OK author banned OK", "author OK OK author"], "author"),
        row("GET", "/rooms/{room_id}/messages/{message_id}", none.clone(), READERS, "OK"),
        // Forwards to the same room, which needs a voice there.
        row("POST", "/rooms/{room_id}/messages/{message_id}/forward", json!({ "room_id": "ROOM" }), WRITERS, "OK"),
        row("PUT", "/rooms/{room_id}/messages/{message_id}/reactions/{emoji}", none.clone(), WRITERS, "OK"),
        row("DELETE", "/rooms/{room_id}/messages/{message_id}/reactions/{emoji}", none.clone(), WRITERS, "OK"),
        row("GET", "/rooms/{room_id}/messages/{message_id}/reactions/{emoji}", none.clone(), READERS, "OK"),
        row("GET", "/rooms/{room_id}/messages/{message_id}/previews", none.clone(), READERS, "OK"),
        row("GET", "/rooms/{room_id}/messages/{message_id}/previews/{index}/image", none.clone(),
            ["none none none none none banned none", "none none none none"], "none"),
        row("GET", "/rooms/{room_id}/messages/{message_id}/thread", none.clone(), READERS, "OK"),
        row("PUT", "/rooms/{room_id}/messages/{message_id}/thread/read", json!({ "seq": 0 }), READERS, "OK"),
        row("PUT", "/rooms/{room_id}/messages/{message_id}/thread/follow", none.clone(), READERS, "OK"),
        row("DELETE", "/rooms/{room_id}/messages/{message_id}/thread/follow", none.clone(), READERS, "OK"),
        row("PUT", "/rooms/{room_id}/draft", json!({ "content": "x" }), READERS, "OK"),
        row("DELETE", "/rooms/{room_id}/draft", none.clone(), READERS, "OK"),
        row("POST", "/rooms/{room_id}/scheduled", json!({ "content": "x", "send_at": super::scheduled::after(600_000) }), WRITERS, "OK"),
        row("GET", "/rooms/{room_id}/pins", none.clone(), READERS, "OK"),
        row("PUT", "/rooms/{room_id}/pins/{message_id}", none.clone(),
            ["not OK OK OK muted banned OK", "OK OK OK muted"], "OK"),
        row("DELETE", "/rooms/{room_id}/pins/{message_id}", none.clone(),
            ["not OK OK OK muted banned OK", "OK OK OK muted"], "OK"),
        row("GET", "/rooms/{room_id}/members", none.clone(), SEERS, "OK"),
        row("POST", "/rooms/{room_id}/members", json!({ "user_ids": ["GUEST"] }), MODERATORS, "kind"),
        row("PUT", "/rooms/{room_id}/members/me", none.clone(), READERS, "OK"),
        row("PATCH", "/rooms/{room_id}/members/me", json!({ "is_starred": true }),
            ["not OK OK OK OK banned not", "OK OK OK OK"], "OK"),
        row("DELETE", "/rooms/{room_id}/members/me", none.clone(),
            ["not OK OK last OK banned not", "OK OK last OK"], "kind"),
        row("PATCH", "/rooms/{room_id}/members/{user_id}", json!({ "role": "moderator" }), OWNERS, "kind"),
        row("PATCH", "/rooms/{room_id}/members/{user_id}", json!({ "muted_until": null }), MODERATORS, "kind"),
        row("DELETE", "/rooms/{room_id}/members/{user_id}", none.clone(), MODERATORS, "kind"),
        row("PUT", "/rooms/{room_id}/owner", target(), OWNERS, "kind"),
        row("GET", "/rooms/{room_id}/bans", none.clone(), MODERATORS, "kind"),
        row("PUT", "/rooms/{room_id}/bans/{user_id}", json!({}), MODERATORS, "kind"),
        row("DELETE", "/rooms/{room_id}/bans/{user_id}", none.clone(), MODERATORS, "kind"),
        row("POST", "/rooms/{room_id}/invites", json!({}), MODERATORS, "kind"),
        row("GET", "/rooms/{room_id}/invites", none.clone(), MODERATORS, "kind"),
        row("DELETE", "/rooms/{room_id}/invites/{invite_id}", none.clone(), MODERATORS, "kind"),
        row("POST", "/rooms/{room_id}/hooks", json!({ "name": "CI" }), MODERATORS, "kind"),
        row("GET", "/rooms/{room_id}/hooks", none.clone(), MODERATORS, "kind"),
        row("DELETE", "/rooms/{room_id}/hooks/{hook_id}", none, MODERATORS, "kind"),
    ]
}

/// The status and the code that a word of the table stands for; `None`: success.
fn refusal(word: &str) -> Option<(u16, &'static str)> {
    Some(match word {
        "OK" => return None,
        "mod" => (403, "moderator_required"),
        "own" => (403, "owner_required"),
        "adm" => (403, "admin_required"),
        "author" => (403, "author_required"),
        "muted" => (403, "muted"),
        "banned" => (403, "banned"),
        "not" => (409, "not_a_member"),
        "last" => (409, "last_owner"),
        "kind" => (409, "room_kind"),
        // The message has no link.
        "none" => (404, "preview_not_found"),
        other => panic!("{other}"),
    })
}

async fn every_operation_in_a_public_room_answers_each_standing(database: Database) {
    check(database, "public", &PUBLIC, 0).await;
}

async fn every_operation_in_a_private_room_answers_each_standing(database: Database) {
    check(database, "private", &PRIVATE, 1).await;
}

async fn every_operation_in_a_direct_room_answers_each_standing(database: Database) {
    check(database, "direct", &DIRECT, 2).await;
}

async fn check(database: Database, kind: &'static str, columns: &[&str], column: usize) {
    let server = Server::with(database)
        .env("CHATAPP_ROOMS__CREATE", "everyone")
        .env("CHATAPP_PREVIEWS__ENABLED", "on");
    let server = server.start().await;
    let house = House::on(&server, kind).await;
    let document = Document::of(&server.anonymous()).await;
    let table = table();
    for (method, path) in document.operations() {
        // Those of an admin are the same in every room.
        let depends_on_standing = path.contains("{room_id}") && !path.starts_with("/admin/");
        let is_in_table = table.iter().any(|row| row.0 == method && row.1 == path);
        assert!(is_in_table || !depends_on_standing, "{method} {path} has no row in the table");
    }
    let mut number = 0;
    for (method, path, body, answers) in &table {
        let words: Vec<&str> = answers[column].split_whitespace().collect();
        assert_eq!(words.len(), columns.len(), "{method} {path}");
        for (name, word) in columns.iter().zip(words) {
            number += 1;
            let room = house.room(number).await;
            let answer = house.ask(name, method, path, body, &room).await;
            document.check(method, path, &answer);
            let code = answer.body["code"].as_str();
            let answered = (answer.status, code.unwrap_or_default());
            match refusal(word) {
                Some(refusal) => assert_eq!(answered, refusal, "{method} {path} by {name}"),
                None => assert!(answer.status < 300, "{method} {path} by {name}: {}", answer.body),
            }
        }
        let strangers: Vec<&str> = match kind {
            "public" => continue,
            "private" => vec!["outsider", "banned", "root"],
            _ => vec!["outsider", "moderator", "root"],
        };
        number += 1;
        let room = house.room(number).await;
        for name in strangers {
            let answer = house.ask(name, method, path, body, &room).await;
            let nowhere = Room { id: NOWHERE, ..room };
            let expected = house.ask(name, method, path, body, &nowhere).await;
            assert_eq!(answer.status, 404, "{method} {path} by {name}: {}", answer.body);
            assert_eq!(answer.body["code"], "room_not_found", "{method} {path} by {name}");
            assert_eq!(shown(answer), shown(expected), "{method} {path} by {name}");
        }
    }
}

/// Everything that the caller sees of an answer, apart from what every request has of its own.
fn shown(mut answer: Answer) -> (u16, Vec<String>, Value) {
    answer.body["request_id"] = Value::Null;
    let headers = answer.headers.iter().filter(|(name, _)| {
        let name = name.as_str();
        !["date", "x-request-id"].contains(&name)
    });
    let headers = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    (answer.status, headers, answer.body)
}

/// A room, and what is in it.
#[derive(Clone, Copy)]
pub struct Room {
    pub id: i64,
    pub message: i64,
    invite: i64,
    hook: i64,
}

/// People of each standing, and rooms of one kind for them.
pub struct House {
    people: Vec<Client>,
    kind: &'static str,
}

impl House {
    pub async fn on(server: &Server, kind: &'static str) -> Self {
        let mut people = vec![server.admin("root").await];
        for name in
            ["outsider", "member", "moderator", "owner", "muted", "banned", "target", "guest"]
        {
            people.push(server.user(name).await);
        }
        Self { people, kind }
    }

    pub fn of(&self, name: &str) -> &Client {
        self.people.iter().find(|client| client.username == name).expect(name)
    }

    /// A new room with somebody of each standing; a direct room is always the same.
    pub async fn room(&self, number: u32) -> Room {
        let owner = self.of("owner");
        let id_of = |name| self.of(name).user_id;
        let room = match self.kind {
            "direct" => {
                let people = json!({ "user_ids": [id_of("member"), id_of("target")] });
                owner.post("/direct-rooms/", people).await.body
            }
            kind => {
                let room = json!({ "name": format!("room {number}"), "kind": kind });
                owner.post("/rooms/", room).await.expect(201)
            }
        };
        let id = room["id"].as_i64().expect("an id");
        let path = format!("/rooms/{id}");
        let (mut invite, mut hook) = (1, 1);
        if self.kind != "direct" {
            let people = ["member", "moderator", "muted", "target"].map(id_of);
            let people = json!({ "user_ids": people });
            owner.post(&format!("{path}/members"), people).await.expect(200);
            for (name, change) in [
                ("moderator", json!({ "role": "moderator" })),
                ("muted", json!({ "muted_until": "2099-01-01T00:00:00.000Z" })),
            ] {
                let path = format!("{path}/members/{}", id_of(name));
                owner.patch(&path, change).await.expect(204);
            }
            owner.put(&format!("{path}/bans/{}", id_of("banned")), json!({})).await.expect(204);
            let made = owner.post(&format!("{path}/invites"), json!({})).await.expect(201);
            invite = made["id"].as_i64().expect("an id");
            let made =
                owner.post(&format!("{path}/hooks"), json!({ "name": "CI" })).await.expect(201);
            hook = made["id"].as_i64().expect("an id");
        }
        let messages = format!("{path}/messages");
        let sent = self.of("target").post(&messages, json!({ "content": "x" })).await.expect(201);
        let message = sent["id"].as_i64().expect("an id");
        Room { id, message, invite, hook }
    }

    async fn ask(&self, name: &str, method: &str, path: &str, body: &Value, room: &Room) -> Answer {
        let id_of = |name| self.of(name).user_id.to_string();
        let subject = if path.contains("/bans/") { "guest" } else { "target" };
        let path = path
            .replace("{room_id}", &room.id.to_string())
            .replace("{message_id}", &room.message.to_string())
            .replace("{index}", "0")
            .replace("{emoji}", "%F0%9F%91%8D")
            .replace("{invite_id}", &room.invite.to_string())
            .replace("{hook_id}", &room.hook.to_string())
            .replace("{user_id}", &id_of(subject));
        let mut request =
            self.of(name).request(Method::from_bytes(method.as_bytes()).unwrap(), &path);
        if !body.is_null() {
            let text = body.to_string();
            let text = text.replace("\"TARGET\"", &id_of("target"));
            let text = text.replace("\"ROOM\"", &room.id.to_string());
            let body: Value =
                serde_json::from_str(&text.replace("\"GUEST\"", &id_of("guest"))).unwrap();
            request = request.json(&body);
        }
        Answer::to(request).await
    }
}
