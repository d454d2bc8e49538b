//! Searching messages.

use std::time::Instant;

use serde_json::{Value, json};

use super::members::{add, private};
use crate::support::{Client, DEADLINE, Database, Server, on_both_databases};

on_both_databases!(
    messages_are_found_with_snippets,
    pages_follow_each_other_in_both_orders,
    nothing_is_found_that_the_caller_may_not_read,
    edits_and_deletions_change_what_is_found,
    a_query_that_is_not_understood_says_what_to_do,
    a_user_who_searches_too_often_is_refused,
);

fn path(query: &[(&str, &str)]) -> String {
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    format!("/search?{}", encoded.extend_pairs(query).finish())
}

/// Searches when everything that the caller sees is in the index.
pub async fn search(client: &Client, query: &[(&str, &str)]) -> Value {
    let began = Instant::now();
    loop {
        let page = client.get(&path(query)).await.expect(200);
        if page["is_complete"] == true {
            return page;
        }
        assert!(began.elapsed() < DEADLINE, "{page}");
    }
}

async fn texts(client: &Client, query: &str) -> Vec<String> {
    let page = search(client, &[("q", query)]).await;
    contents(&page)
}

fn contents(page: &Value) -> Vec<String> {
    let found = page["found"].as_array().expect("a list").iter();
    found.map(|it| it["message"]["content"].as_str().expect("a text").to_owned()).collect()
}

async fn say(client: &Client, room: i64, text: &str) -> i64 {
    let path = format!("/rooms/{room}/messages");
    let sent = client.post(&path, json!({ "content": text })).await.expect(201);
    sent["id"].as_i64().expect("an id")
}

async fn messages_are_found_with_snippets(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let bo = server.user("bo").await;
    let [general, tea] = [ann.creates_room("general").await, ann.creates_room("Tea time").await];
    let id = say(&ann, general, "A cup of Café, please").await;
    say(&bo, tea, "今日は東京へ").await;
    say(&bo, tea, "see https://example.com cafe").await;
    let page = search(&bo, &[("q", "cafe please")]).await;
    let message = ann.history(general).await[0].clone();
    assert_eq!(message["id"], id);
    let snippet = json!({
        "text": "A cup of Café, please",
        "hits": [{ "start": 9, "end": 13 }, { "start": 15, "end": 21 }],
    });
    let found = json!([{ "message": message, "snippet": snippet }]);
    assert_eq!(page, json!({ "found": found, "next_cursor": null, "is_complete": true }));
    for (query, count) in [
        ("cafe", 2),
        ("CAF*", 2),
        ("caf", 2),
        ("\"cup of\"", 1),
        ("\"of cup\"", 0),
        ("東京", 1),
        ("cafe has:link", 1),
        ("from:bo", 2),
        ("from:me", 2),
        ("from:ANN from:bo", 3),
        ("cafe in:general", 1),
        ("in:\"tea TIME\"", 2),
        ("in:#2 東京", 1),
        ("cafe after:2026-01-01 before:2100-01-01", 2),
        ("cafe before:2026-01-01", 0),
        ("cafe after:2100-01-01T00:00:00Z", 0),
    ] {
        assert_eq!(texts(&bo, query).await.len(), count, "{query}");
    }
}

async fn pages_follow_each_other_in_both_orders(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let public = ann.creates_room("general").await;
    let quiet = private(&ann, "quiet", json!({})).await;
    for number in 0..10 {
        let room = if number % 3 == 0 { quiet } else { public };
        // The message 4 has only the words that are searched for.
        let rest = if number == 4 { "" } else { "and some more words" };
        say(&ann, room, &format!("red tea {number} {rest}")).await;
    }
    for order in ["newest", "best"] {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut query = vec![("q", "red tea"), ("limit", "4"), ("order", order)];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = search(&ann, &query).await;
            let messages = page["found"].as_array().expect("a list").iter();
            found.extend(messages.map(|it| {
                let text = |field: &str| it["message"][field].as_str().expect("a text").to_owned();
                (text("timestamp"), text("content").as_bytes()[8] - b'0')
            }));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = Some(next.to_owned());
        }
        if order == "best" {
            assert_eq!(found.remove(0).1, 4);
        }
        // Messages of the same millisecond have any order.
        assert!(found.is_sorted_by(|(one, _), (next, _)| one >= next), "{order}: {found:?}");
        let mut numbers: Vec<u8> = found.into_iter().map(|(_, number)| number).collect();
        numbers.sort_unstable();
        let expected: Vec<u8> = (0..10).filter(|&it| order == "newest" || it != 4).collect();
        assert_eq!(numbers, expected, "{order}");
    }
}

async fn nothing_is_found_that_the_caller_may_not_read(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let [bo, cy] = [server.user("bo").await, server.user("cy").await];
    let public = ann.creates_room("general").await;
    let quiet = private(&bo, "quiet", json!({})).await;
    let late = private(&bo, "late", json!({ "history": "joined" })).await;
    let direct = json!({ "user_ids": [bo.user_id] });
    let direct = ann.post("/direct-rooms", direct).await.expect(201)["id"].as_i64().expect("an id");
    for (client, room, text) in [
        (&ann, public, "tea 1"),
        (&bo, quiet, "tea 2"),
        (&bo, late, "tea 3"),
        (&ann, direct, "tea 4"),
    ] {
        say(client, room, text).await;
    }
    assert_eq!(texts(&bo, "tea").await, ["tea 4", "tea 3", "tea 2", "tea 1"]);
    // An admin finds no more than others.
    assert_eq!(texts(&ann, "tea").await, ["tea 4", "tea 1"]);
    assert_eq!(texts(&cy, "tea").await, ["tea 1"]);
    assert_eq!(texts(&cy, "from:bo").await, Vec::<String>::new());
    for room in ["quiet", &quiet.to_string(), "nowhere", "999"] {
        let refused = cy.get(&path(&[("q", &format!("tea in:{room}"))])).await;
        let problem = refused.expect_problem(422, "invalid_field");
        assert_eq!(problem["errors"][0]["message"], format!("in: you see no room {room:?}"));
    }
    // One who joins a room that shows only what comes later.
    for room in [quiet, late] {
        add(&bo, room, std::slice::from_ref(&cy)).await;
        say(&bo, room, "tea later").await;
    }
    assert_eq!(texts(&cy, "tea").await, ["tea later", "tea later", "tea 2", "tea 1"]);
    assert_eq!(texts(&cy, "in:late").await, ["tea later"]);
    // One who was removed, or banned from a public room.
    bo.delete(&format!("/rooms/{quiet}/members/{}", cy.user_id)).await.expect(204);
    assert_eq!(texts(&cy, "tea").await, ["tea later", "tea 1"]);
    ann.put(&format!("/rooms/{public}/bans/{}", cy.user_id), json!({})).await.expect(204);
    assert_eq!(texts(&cy, "tea").await, ["tea later"]);
    cy.delete(&format!("/rooms/{late}/members/me")).await.expect(204);
    assert_eq!(texts(&cy, "tea").await, Vec::<String>::new());
}

async fn edits_and_deletions_change_what_is_found(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let id = say(&ann, room, "red").await;
    assert_eq!(texts(&ann, "red").await, ["red"]);
    let path = format!("/rooms/{room}/messages/{id}");
    ann.patch(&path, json!({ "content": "green" })).await.expect(200);
    // At once, although the new words are not in the index yet.
    let page = ann.get("/search?q=red").await.expect(200);
    assert_eq!(page["found"], json!([]));
    assert_eq!(texts(&ann, "green").await, ["green"]);
    ann.delete(&path).await.expect(204);
    let page = ann.get("/search?q=green").await.expect(200);
    assert_eq!(page["found"], json!([]));
}

async fn a_query_that_is_not_understood_says_what_to_do(database: Database) {
    let server = Server::start(database).await;
    let ann = server.admin("ann").await;
    for (query, field, part) in [
        ("", "q", ""),
        ("?q=", "q", "needs a word"),
        ("?q=tea+has:file", "q", "has:file is not possible"),
        ("?q=tea+from:nobody", "q", "from: there is no user"),
        ("?q=tea+before:x", "q", "before: needs a day"),
        ("?q=tea&limit=0", "limit", "must be from 1 to 50"),
        ("?q=tea&limit=51", "limit", "must be from 1 to 50"),
        ("?q=tea&limit=x", "limit", ""),
        ("?q=tea&order=oldest", "order", ""),
        ("?q=tea&cursor=x", "cursor", "must be the next_cursor"),
        ("?q=tea&cursor=1.2.3", "cursor", "must be the next_cursor"),
        ("?q=tea&cursor=1.2&order=best", "cursor", "must be the next_cursor"),
    ] {
        let problem =
            ann.get(&format!("/search{query}")).await.expect_problem(422, "invalid_field");
        let error = &problem["errors"][0];
        assert_eq!(error["field"], field, "{query}: {problem}");
        assert!(error["message"].as_str().expect("a text").contains(part), "{query}: {problem}");
    }
    // Cursors that no page has given.
    for cursor in ["0.0", "9223372036854775807.9223372036854775807", "9223372036854775807.1"] {
        ann.get(&format!("/search?q=tea&cursor={cursor}")).await.expect(200);
    }
    let best = "9223372036854775807.9223372036854775807.9223372036854775807";
    ann.get(&format!("/search?q=tea&order=best&cursor={best}")).await.expect(200);
}

async fn a_user_who_searches_too_often_is_refused(database: Database) {
    let server =
        Server::with(database).env("CHATAPP_LIMITS__SEARCHES_PER_SECOND", "1").start().await;
    let [ann, bo] = [server.admin("ann").await, server.user("bo").await];
    let mut done = 0;
    let refusal = loop {
        let answer = ann.get("/search?q=tea").await;
        if answer.status != 200 {
            break answer;
        }
        done += 1;
        assert!(done < 1_000, "no request is refused");
    };
    assert!(done >= 10, "a burst of ten seconds is allowed: {done}");
    refusal.expect_problem(429, "too_many_requests");
    bo.get("/search?q=tea").await.expect(200);
}
