//! Tickets: short-lived credentials that a browser may put into the URL of a socket.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::common::{nothing_more, path, room_on, server_with_room};
use crate::support::{Client, DEADLINE, Database, Server, Socket, on_both_databases};

on_both_databases!(
    a_ticket_opens_one_socket,
    a_ticket_is_accepted_by_only_one_of_two_nodes,
    a_ticket_ends_with_its_session_and_expires,
    a_token_in_the_url_can_be_switched_off,
);

async fn a_ticket_opens_one_socket(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    for path in [format!("/ws/{room}"), "/ws".to_owned()] {
        let first = ticket(&bo).await;
        assert_eq!(first.len(), 43);
        let mut socket = bo.opens(&format!("{path}?ticket={first}")).await;
        expect_open(&mut socket).await;
        expect_4401(&bo, &format!("{path}?ticket={first}")).await;

        // A valid token does not help a used ticket: the server checks the ticket first.
        expect_4401(&bo, &format!("{path}?ticket={first}&token={}", bo.token)).await;
        for bad in ["", "x", &"0".repeat(43), &"x".repeat(9_000), &bo.token] {
            expect_4401(&bo, &format!("{path}?ticket={bad}")).await;
        }
    }
    // Only one of many concurrent attempts succeeds.
    let ticket = ticket(&bo).await;
    let opening = (0..8).map(|_| async {
        let mut socket = bo.opens(&format!("/ws/{room}?ticket={ticket}")).await;
        socket.try_recv().await.is_ok()
    });
    let opened = join_all(opening).await.into_iter().filter(|opened| *opened).count();
    assert_eq!(opened, 1);
    drop(ann);
}

async fn expect_open(socket: &mut Socket) {
    socket.send(json!({ "type": "ping" })).await;
    socket.recv_type("pong").await;
}

async fn a_ticket_is_accepted_by_only_one_of_two_nodes(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let other = server.start_another().await;
    let (here, there) = (ticket(&ann).await, ticket(&ann).await);
    let on_other = async |ticket: &str| {
        let mut socket = other.anonymous().opens(&format!("/ws/{room}?ticket={ticket}")).await;
        socket.try_recv().await.map_err(|closed| closed.code)
    };
    assert!(on_other(&there).await.is_ok());
    expect_4401(&ann, &format!("/ws/{room}?ticket={there}")).await;
    ann.opens_live(&format!("/ws/{room}?ticket={here}")).await;
    assert_eq!(on_other(&here).await, Err(Some(4401)));
}

async fn a_ticket_ends_with_its_session_and_expires(database: Database) {
    let (server, _ann, room) = server_with_room(database).await;
    let bo = server.user("bo").await;
    let url = |ticket: &str| format!("/ws/{room}?ticket={ticket}");
    let late = ticket(&bo).await;
    age_tickets(&server).await;
    expect_4401(&bo, &url(&late)).await;
    let (used, left) = (ticket(&bo).await, ticket(&bo).await);
    let mut socket = bo.opens_live(&url(&used)).await;
    nothing_more(&mut socket).await;
    bo.post("/auth/logout", Value::Null).await.expect(204);
    assert_eq!(socket.expect_close().await, 4401);
    expect_4401(&bo, &url(&left)).await;
    bo.post("/auth/ws-ticket", Value::Null).await.expect_problem(401, "session_revoked");
}

async fn a_token_in_the_url_can_be_switched_off(database: Database) {
    let builder = Server::with(database).env("CHATAPP_AUTH__QUERY_TOKEN", "off");
    let (_server, ann, room) = room_on(builder).await;
    expect_4401(&ann, &path(&ann, room, "")).await;
    expect_4401(&ann, &format!("/ws?token={}", ann.token)).await;
    ann.opens_live(&format!("/ws/{room}?ticket={}", ticket(&ann).await)).await;
}

async fn ticket(client: &Client) -> String {
    let made = client.post("/auth/ws-ticket", Value::Null).await.expect(201);
    assert_eq!(made["expires_in"], 30);
    made["ticket"].as_str().expect("a ticket").to_owned()
}

/// Makes every ticket expire half a minute earlier.
async fn age_tickets(server: &Server) {
    const OLDER: &str = "UPDATE tickets SET expires_at = expires_at - 30000";
    let (file, url) = (server.folder().join("chatapp.db"), server.database_url().to_owned());
    let change = move || match url.starts_with("sqlite:") {
        true => {
            let file = rusqlite::Connection::open(file).expect("open");
            file.busy_timeout(DEADLINE).expect("a timeout");
            file.execute(OLDER, []).expect("age") as u64
        }
        false => {
            let mut client = ::postgres::Client::connect(&url, ::postgres::NoTls).expect("connect");
            client.execute(OLDER, &[]).expect("age")
        }
    };
    assert_eq!(tokio::task::spawn_blocking(change).await.expect("the database"), 1);
}

async fn expect_4401(client: &Client, path: &str) {
    let mut socket = client.opens(path).await;
    let end = socket.try_recv().await.expect_err("no frame comes before the close");
    assert_eq!(end.code, Some(4401), "{path}");
}
