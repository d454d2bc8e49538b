//! A connection may outlive the token that it was opened with: `auth.expiring`, `auth.refresh`.

use serde_json::{Value, json};

use crate::common::{nothing_more, open_many, path, room_on, server_with_room};
use crate::support::{Client, Database, PASSWORD, Server, Socket, on_both_databases};

on_both_databases!(
    a_connection_continues_with_a_new_token,
    a_refreshed_connection_belongs_to_the_session_of_its_new_token,
    only_a_valid_token_of_the_same_user_is_accepted,
);

/// Tokens are valid for six seconds; the notice comes two seconds before they expire.
async fn a_connection_continues_with_a_new_token(database: Database) {
    let (server, _ann, room) =
        room_on(Server::with(database).env("CHATAPP_AUTH__TOKEN_SECONDS", "6")).await;
    let bo = server.user("bo").await;
    let mut socket = bo.opens_live(&path(&bo, room, "")).await;
    let old_end = socket.recv().await;
    assert_eq!(old_end["type"], "auth.expiring");

    let login = bo.post("/auth/refresh", Value::Null).await.expect(200);
    let new_token = login["access_token"].as_str().expect("a token");
    let refreshed = refresh(&mut socket, new_token).await;
    assert_eq!((&refreshed["type"], &refreshed["ref"]), (&"auth.refreshed".into(), &"r".into()));
    let new_end = &refreshed["expires_at"];
    assert!(old_end["expires_at"].as_str() < new_end.as_str(), "{old_end} {refreshed}");
    // There is one notice per token: the next frame is the notice for the new token, after the old one
    // has expired.
    let notice = socket.recv().await;
    assert_eq!((&notice["type"], &notice["expires_at"]), (&"auth.expiring".into(), new_end));
    bo.get("/auth/me").await.expect_problem(401, "token_expired");
    nothing_more(&mut socket).await;
    let end = socket.try_recv().await.expect_err("nothing more comes before the close");
    assert_eq!(end.code, Some(4401));
}

async fn a_refreshed_connection_belongs_to_the_session_of_its_new_token(database: Database) {
    let (server, _ann, room) = server_with_room(database).await;
    let first = server.user("bo").await;
    let second = server.anonymous().signs_in("bo", PASSWORD).await;
    let mut one = first.opens_live(&path(&first, room, "")).await;
    let mut many = open_many(&first).await;
    for socket in [&mut one, &mut many] {
        assert_eq!(refresh(socket, &second.token).await["type"], "auth.refreshed");
    }
    logs_out(&first).await;
    nothing_more(&mut many).await;
    one.says(room, "still here", "1").await;
    logs_out(&second).await;
    assert_eq!(one.expect_close().await, 4401);
    assert_eq!(many.expect_close().await, 4401);
}

async fn only_a_valid_token_of_the_same_user_is_accepted(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let revoked = server.anonymous().signs_in("bo", PASSWORD).await;
    logs_out(&revoked).await;
    let mut socket = bo.opens_live(&path(&bo, room, "")).await;
    for (token, code) in [
        (ann.token.as_str(), "other_user"),
        (&revoked.token, "session_revoked"),
        ("rubbish", "token_invalid"),
        ("", "token_invalid"),
        (&"x".repeat(60_000), "token_invalid"),
    ] {
        let error = refresh(&mut socket, token).await;
        assert_eq!(
            (&error["type"], &error["code"], &error["ref"]),
            (&"error".into(), &code.into(), &"r".into())
        );
    }
    for frame in [json!({ "type": "auth.refresh" }), json!({ "type": "auth.refresh", "token": 7 })]
    {
        socket.send(frame).await;
        assert_eq!(socket.recv().await["code"], "malformed_json");
    }
    // The connection still belongs to bo and to the same session.
    let message = {
        socket.say("who am I?").await;
        socket.recv_type("message").await
    };
    assert_eq!(message["username"], "bo");
    logs_out(&ann).await;
    nothing_more(&mut socket).await;
    logs_out(&bo).await;
    assert_eq!(socket.expect_close().await, 4401);
}

/// Sends `auth.refresh` with a token; returns the answer.
async fn refresh(socket: &mut Socket, token: &str) -> Value {
    socket.send(json!({ "type": "auth.refresh", "token": token, "ref": "r" })).await;
    socket.recv().await
}

async fn logs_out(client: &Client) {
    client.post("/auth/logout", Value::Null).await.expect(204);
}
