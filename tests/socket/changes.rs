//! Edited and deleted messages and changed rooms, as sockets receive them.

use serde_json::{Value, json};

use crate::common::{epoch, nothing_more, seq, server_with_room, types};
use crate::support::{Client, Database, Socket, on_both_databases};

on_both_databases!(
    edits_and_deletions_arrive_live_in_the_order_of_the_log,
    a_client_that_was_away_receives_changes_with_the_missed_messages,
    a_deleted_message_is_also_removed_from_memory,
    only_changes_with_an_effect_are_sent,
    members_receive_a_change_of_the_room_as_an_event_and_as_its_state,
    an_archived_room_accepts_no_messages_and_stays_readable,
);

async fn sends(client: &Client, room: i64, content: &str) -> Value {
    let path = format!("/rooms/{room}/messages");
    client.post(&path, json!({ "content": content })).await.expect(201)
}

fn path_of(message: &Value) -> String {
    format!("/rooms/{}/messages/{}", message["room_id"], message["id"])
}

async fn edits_and_deletions_arrive_live_in_the_order_of_the_log(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let mut socket = ann.joins(room).await;
    let sent = sends(&bo, room, "tpyo").await;
    let edited = bo.patch(&path_of(&sent), json!({ "content": "typo" })).await.expect(200);
    let last = sends(&bo, room, "last").await;
    ann.delete(&path_of(&sent)).await.expect(204);

    assert_eq!(socket.recv().await["content"], "tpyo");
    let event = socket.recv().await;
    let expected = json!({
        "type": "message_edited", "id": event["id"], "room_id": room, "seq": 2,
        "user_id": bo.user_id, "username": "bo", "timestamp": edited["edited_at"],
        "message_id": sent["id"], "message_seq": 1, "content": "typo",
    });
    assert_eq!(event, expected);
    assert_eq!(socket.recv().await["id"], last["id"]);
    let event = socket.recv().await;
    let expected = json!({
        "type": "message_deleted", "id": event["id"], "room_id": room, "seq": 4,
        "user_id": ann.user_id, "username": "ann", "timestamp": event["timestamp"],
        "message_id": sent["id"], "message_seq": 1,
    });
    assert_eq!(event, expected);
    nothing_more(&mut socket).await;
    // Over HTTP the log has the same events, without the deleted text.
    let log = ann.get(&format!("/rooms/{room}/events")).await.expect(200);
    let log = log["events"].as_array().expect("events");
    assert_eq!(types(log), ["message", "message_edited", "message", "message_deleted"]);
    assert_eq!((&log[0]["content"], &log[1]["content"]), (&json!(""), &json!("")));
    assert_eq!(log[3], event);
}

async fn a_client_that_was_away_receives_changes_with_the_missed_messages(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    let reader = ann.joins(room).await;
    let epoch = epoch(&reader).to_owned();
    drop(reader);
    let first = sends(&ann, room, "first").await;
    sends(&ann, room, "second").await;
    ann.patch(&path_of(&first), json!({ "content": "other" })).await.expect(200);
    ann.delete(&path_of(&first)).await.expect(204);
    let resumed = ann.resumes(room, 1, &epoch).await;
    let missed = &resumed.welcome[1..];
    assert_eq!(types(missed), ["message", "message_edited", "message_deleted"]);
    assert_eq!(missed.iter().map(seq).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(resumed.synced["head_seq"], 4);
    assert_eq!(missed[1]["content"], "", "the deleted text is removed from its edits too");
}

/// A client stays in the room, so that the server keeps the tail of the room in memory.
async fn a_deleted_message_is_also_removed_from_memory(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    let mut live = ann.joins(room).await;
    let secret = sends(&ann, room, "a secret").await;
    ann.patch(&path_of(&secret), json!({ "content": "another secret" })).await.expect(200);
    let kept = sends(&ann, room, "kept").await;
    // A client in the room has received the text, and then the deletion.
    assert_eq!(live.recv_type("message_edited").await["content"], "another secret");
    assert_eq!(live.recv_type("message").await["id"], kept["id"]);
    ann.delete(&path_of(&secret)).await.expect(204);
    assert_eq!(live.recv().await["type"], "message_deleted");
    let late = ann.resumes(room, 0, epoch(&live)).await;
    assert_eq!(late.welcome[1..].iter().map(seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(!json!(late.welcome).to_string().contains("secret"), "{:?}", late.welcome);
    nothing_more(&mut live).await;
}

async fn only_changes_with_an_effect_are_sent(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let mut socket = ann.joins(room).await;
    let sent = sends(&ann, room, "as it is").await;
    socket.recv_type("message").await;
    let path = path_of(&sent);
    ann.patch(&path, json!({ "content": "as it is" })).await.expect(200);
    bo.patch(&path, json!({ "content": "mine" })).await.expect_problem(403, "author_required");
    bo.delete(&path).await.expect_problem(403, "author_required");
    nothing_more(&mut socket).await;
    for _ in 0..2 {
        ann.delete(&path).await.expect(204);
    }
    assert_eq!(socket.recv().await["type"], "message_deleted");
    nothing_more(&mut socket).await;
}

async fn members_receive_a_change_of_the_room_as_an_event_and_as_its_state(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let other = ann.creates_room("other").await;
    let bo = server.user("bo").await;
    let (mut inside, mut outside) = (bo.joins(room).await, bo.joins(other).await);
    let path = format!("/rooms/{room}");
    let change = json!({ "name": " lobby ", "description": "Talk", "is_archived": true });
    let changed = ann.patch(&path, change.clone()).await.expect(200);
    let state = json!({
        "room_id": room, "name": "lobby", "description": "Talk", "revision": 1,
        "archived_at": changed["archived_at"],
        "kind": "public", "posting": "everyone", "inviting": "moderators", "history": "all",
        "auto_join": false,
    });
    let fields = json!(["name", "description", "archived_at"]);
    let first = receives_change(&mut inside, &ann, 1, state, fields).await;
    assert_eq!(changed["head_seq"], 1);
    // A change that alters nothing is not an event.
    ann.patch(&path, change).await.expect(200);
    ann.patch(&path, json!({ "description": null, "is_archived": false })).await.expect(200);
    let state = json!({
        "room_id": room, "name": "lobby", "description": null, "revision": 2,
        "kind": "public", "posting": "everyone", "inviting": "moderators", "history": "all",
        "auto_join": false,
    });
    let changed = json!(["description", "archived_at"]);
    let second = receives_change(&mut inside, &ann, 2, state, changed).await;
    nothing_more(&mut inside).await;
    nothing_more(&mut outside).await;

    // The log has both: over HTTP, and for a client that resumes.
    let log = ann.get(&format!("{path}/events")).await.expect(200);
    assert_eq!(log["events"], json!([first, second]));
    let resumed = ann.opens_live(&format!("/ws/{room}?token={}&since=1", ann.token)).await;
    assert_eq!(resumed.welcome[1], second);
    assert_eq!(ann.get(&format!("{path}/messages")).await.expect(200)["messages"], json!([]));
}

/// Returns the `room_changed` event.
async fn receives_change(
    socket: &mut Socket,
    by: &Client,
    seq: i64,
    state: Value,
    changed: Value,
) -> Value {
    let of_type = |kind| {
        let mut frame = state.clone();
        frame["type"] = json!(kind);
        frame
    };
    assert_eq!(socket.recv().await, of_type("room_updated"));
    let event = socket.recv().await;
    let mut expected = of_type("room_changed");
    expected["id"] = event["id"].clone();
    expected["seq"] = json!(seq);
    expected["user_id"] = json!(by.user_id);
    expected["username"] = json!(by.username);
    expected["timestamp"] = event["timestamp"].clone();
    expected["changed"] = changed;
    assert_eq!(event, expected);
    event
}

async fn an_archived_room_accepts_no_messages_and_stays_readable(database: Database) {
    let (_server, ann, room) = server_with_room(database).await;
    let sent = sends(&ann, room, "before").await;
    let mut socket = ann.joins(room).await;
    ann.patch(&format!("/rooms/{room}"), json!({ "is_archived": true })).await.expect(200);
    socket.recv_type("room_changed").await;
    refused(&mut socket, room).await;
    let path = format!("/rooms/{room}/messages");
    let late = json!({ "content": "late" });
    ann.post(&path, late.clone()).await.expect_problem(409, "room_archived");
    ann.patch(&path_of(&sent), late).await.expect_problem(409, "room_archived");
    // An archived room can be joined and read, and its messages can be deleted.
    let mut again = ann.opens_live(&format!("/ws/{room}?token={}&since=0", ann.token)).await;
    assert_eq!(again.welcome[1]["content"], "before");
    refused(&mut again, room).await;
    ann.delete(&path_of(&sent)).await.expect(204);
    assert_eq!(again.recv().await["type"], "message_deleted");
}

async fn refused(socket: &mut Socket, room: i64) {
    socket.send(json!({ "type": "send", "room_id": room, "content": "late", "ref": "7" })).await;
    let error = socket.recv().await;
    assert_eq!((&error["code"], &error["ref"]), (&json!("room_archived"), &json!("7")), "{error}");
}
