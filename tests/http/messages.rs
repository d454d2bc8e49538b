//! Messages and the log over HTTP.

use serde_json::{Value, json};

use super::documented::Document;
use crate::support::{Client, Database, Server, on_both_databases};

on_both_databases!(
    a_message_is_stored_once_for_each_client_id,
    history_is_paged_in_both_directions,
    the_log_can_be_read_page_by_page_to_its_head,
    a_message_sent_over_http_arrives_on_the_socket,
);

async fn sends(client: &Client, room: i64, content: &str) -> Value {
    let path = format!("/rooms/{room}/messages");
    client.post(&path, json!({ "content": content })).await.expect(201)
}

fn seqs(page: &Value) -> Vec<i64> {
    let messages = page["messages"].as_array().unwrap();
    messages.iter().map(|message| message["seq"].as_i64().unwrap()).collect()
}

async fn a_message_is_stored_once_for_each_client_id(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let path = format!("/rooms/{room}/messages");
    let document = Document::of(&root).await;

    let draft = json!({ "content": "  Grüße, 世界 👋\n\t", "client_id": "one" });
    let first = root.post(&path, draft.clone()).await;
    document.check("POST", "/rooms/{room_id}/messages", &first);
    let first = first.expect(201);
    assert_eq!(first["content"], draft["content"], "the content is stored byte by byte");
    assert_eq!((&first["seq"], &first["client_id"]), (&json!(1), &json!("one")));
    assert_eq!(first["username"], "root");

    let again = root.post(&path, json!({ "content": "other", "client_id": "one" })).await;
    document.check("POST", "/rooms/{room_id}/messages", &again);
    assert_eq!(again.expect(200), first);
    // The same `client_id` of another user, and a send without `client_id`, create other messages.
    let ann = server.user("ann").await;
    assert_eq!(ann.post(&path, draft).await.expect(201)["seq"], 2);
    let plain = sends(&root, room, "plain").await;
    assert_eq!(plain["seq"], 3);
    assert!(plain.get("client_id").is_none());

    let page = root.get(&path).await;
    document.check("GET", "/rooms/{room_id}/messages", &page);
    let page = page.expect(200);
    assert_eq!(seqs(&page), [1, 2, 3]);
    assert_eq!(page["messages"][0], first);
    let events = root.get(&format!("/rooms/{room}/events")).await;
    document.check("GET", "/rooms/{room_id}/events", &events);
}

async fn history_is_paged_in_both_directions(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let get =
        async |query: &str| root.get(&format!("/rooms/{room}/messages{query}")).await.expect(200);
    let empty = get("").await;
    let nothing = json!({
        "messages": [], "has_older": false, "has_newer": false,
        "next_before": null, "next_after": null, "head_seq": 0,
    });
    assert_eq!(empty, nothing);

    for n in 1..=60 {
        sends(&root, room, &n.to_string()).await;
    }
    let newest = get("").await;
    assert_eq!(seqs(&newest), (11..=60).collect::<Vec<_>>(), "the default limit is 50");
    assert_eq!((&newest["has_older"], &newest["has_newer"]), (&json!(true), &json!(false)));
    assert_eq!((&newest["next_before"], &newest["next_after"]), (&json!(11), &json!(null)));
    assert_eq!(newest["head_seq"], 60);

    let oldest = get("?before=11&limit=200").await;
    assert_eq!(seqs(&oldest), (1..=10).collect::<Vec<_>>());
    assert_eq!((&oldest["next_before"], &oldest["next_after"]), (&json!(null), &json!(10)));
    let middle = get("?around=30&limit=4").await;
    assert_eq!(seqs(&middle), [28, 29, 30, 31]);
    assert_eq!((&middle["next_before"], &middle["next_after"]), (&json!(28), &json!(31)));

    // Following `next_after` and `next_before` returns each message once, in both directions.
    let mut forwards = Vec::new();
    let mut page = get("?after=0&limit=7").await;
    loop {
        forwards.extend(seqs(&page));
        let Some(next) = page["next_after"].as_i64() else { break };
        page = get(&format!("?after={next}&limit=7")).await;
    }
    assert_eq!(forwards, (1..=60).collect::<Vec<_>>());
    let mut backwards = Vec::new();
    let mut page = get("?limit=7").await;
    loop {
        backwards.splice(0..0, seqs(&page));
        let Some(next) = page["next_before"].as_i64() else { break };
        page = get(&format!("?before={next}&limit=7")).await;
    }
    assert_eq!(backwards, forwards);

    // A page beyond either end is empty and has a cursor that leads back.
    let before_all = get("?before=1").await;
    assert_eq!(seqs(&before_all), [0; 0]);
    assert_eq!((&before_all["has_newer"], &before_all["next_after"]), (&json!(true), &json!(0)));
    let after_all = get("?after=60").await;
    assert_eq!(seqs(&after_all), [0; 0]);
    assert_eq!((&after_all["has_older"], &after_all["next_before"]), (&json!(true), &json!(61)));
}

async fn the_log_can_be_read_page_by_page_to_its_head(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let get = async |query: &str| root.get(&format!("/rooms/{room}/events{query}")).await;
    let mut page = get("").await.expect(200);
    assert_eq!((&page["events"], &page["has_more"]), (&json!([]), &json!(false)));
    assert_eq!(page["next_after"], 0);
    for n in 1..=5 {
        sends(&root, room, &n.to_string()).await;
    }
    let mut read = Vec::new();
    loop {
        let query = format!("?after={}&limit=2", page["next_after"]);
        page = get(&query).await.expect(200);
        for event in page["events"].as_array().unwrap() {
            assert_eq!(event["type"], "message");
            read.push(event["content"].as_str().unwrap().to_owned());
        }
        assert_eq!(page["head_seq"], 5);
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(read, ["1", "2", "3", "4", "5"]);
    assert_eq!(page["next_after"], 5);

    let epoch = page["epoch"].as_str().unwrap();
    get(&format!("?after=5&epoch={epoch}")).await.expect(200);
    get("?after=5&epoch=another").await.expect_problem(409, "epoch_changed");
}

async fn a_message_sent_over_http_arrives_on_the_socket(database: Database) {
    let server = Server::start(database).await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let mut socket = root.joins(room).await;
    let sent = sends(&root, room, "over HTTP").await;
    let mut received = socket.recv_type("message").await;
    assert_eq!(received.as_object_mut().unwrap().remove("type"), Some(json!("message")));
    assert_eq!(received, sent);
}
