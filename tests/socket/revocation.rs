//! When a session ends, its open sockets are closed, whichever party or process ended it.

use std::io::Write;
use std::process::Stdio;

use chatapp::model::{Actor, Clock, NewAuditEntry, Role, UserChange, UserId};
use chatapp::storage::Backend;
use serde_json::{Value, json};

use crate::common::{nothing_more, open_many, path, server_with_room, subscribe};
pub use crate::support::in_the_database;
use crate::support::{Client, Database, PASSWORD, Server, Socket, on_both_databases};

on_both_databases!(
    a_logout_closes_the_sockets_of_that_session_only,
    a_new_password_closes_the_sockets_of_the_other_sessions,
    sockets_are_closed_within_a_second_if_another_process_revokes_their_session,
    sockets_are_closed_within_a_second_if_an_operator_revokes_their_session,
    sockets_are_closed_if_an_admin_revokes_their_session,
);

async fn a_logout_closes_the_sockets_of_that_session_only(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let laptop = server.user("bo").await;
    let phone = server.anonymous().signs_in("bo", PASSWORD).await;
    let mut watcher = ann.joins(room).await;
    let mut on_laptop = sockets(&laptop, room).await;
    let mut on_phone = sockets(&phone, room).await;
    assert_eq!(watcher.recv().await["type"], "user_joined");

    laptop.post("/auth/logout", Value::Null).await.expect(204);
    expect_4401(&mut on_laptop).await;
    for socket in &mut on_phone {
        nothing_more(socket).await;
    }
    nothing_more(&mut watcher).await;
    assert_eq!(laptop.opens(&path(&laptop, room, "")).await.expect_close().await, 4401);
    phone.post("/auth/logout", Value::Null).await.expect(204);
    expect_4401(&mut on_phone).await;
    assert_eq!(watcher.recv().await["type"], "user_left");
}

async fn a_new_password_closes_the_sockets_of_the_other_sessions(database: Database) {
    let (server, _ann, room) = server_with_room(database).await;
    let laptop = server.user("bo").await;
    let phone = server.anonymous().signs_in("bo", PASSWORD).await;
    let mut on_laptop = sockets(&laptop, room).await;
    let mut on_phone = sockets(&phone, room).await;
    let change = json!({ "current_password": PASSWORD, "new_password": "another battery staple" });
    laptop.post("/auth/password", change).await.expect(204);
    expect_4401(&mut on_phone).await;
    for socket in &mut on_laptop {
        nothing_more(socket).await;
    }
    laptop.opens_live(&path(&laptop, room, "")).await;
}

async fn sockets_are_closed_within_a_second_if_another_process_revokes_their_session(
    database: Database,
) {
    let (server, ann, room) = server_with_room(database).await;
    type Change = fn(&dyn Backend, UserId) -> chatapp::storage::Result<bool>;
    let changes: [(&str, Change); 3] = [
        ("deactivated", |backend, id| {
            update(backend, id, UserChange { is_active: Some(false), ..UserChange::default() })
        }),
        ("promoted", |backend, id| {
            update(backend, id, UserChange { role: Some(Role::Admin), ..UserChange::default() })
        }),
        ("new_password", |backend, id| {
            Ok(backend.update_password(id, "$2b$04$x", &entry())?.is_some())
        }),
    ];
    for (name, change) in changes {
        let user = server.user(name).await;
        let id = UserId(user.user_id);
        let mut open = sockets(&user, room).await;
        let mut bystander = ann.joins(room).await;
        assert!(in_the_database(&server, move |backend| change(backend, id)), "{name}");
        expect_4401(&mut open).await;
        assert_eq!(user.opens(&path(&user, room, "")).await.expect_close().await, 4401, "{name}");
        user.get("/auth/me").await.expect_problem(401, "session_revoked");
        bystander.says(room, "still here", name).await;
        if name == "promoted" {
            let again = server.anonymous().signs_in(name, PASSWORD).await;
            again.creates_room("by the new admin").await;
            // A second login, and its sockets, are found like the first.
            let mut open = sockets(&again, room).await;
            let demotion = UserChange { role: Some(Role::User), ..UserChange::default() };
            assert!(in_the_database(&server, move |backend| update(backend, id, demotion)));
            expect_4401(&mut open).await;
        }
    }
}

/// Runs the real commands beside the real server.
async fn sockets_are_closed_within_a_second_if_an_operator_revokes_their_session(
    database: Database,
) {
    let (server, ann, room) = server_with_room(database).await;
    let mut bystander = ann.joins(room).await;
    for (name, command) in [
        ("promoted", &["users", "set-role", "promoted", "admin"][..]),
        ("deactivated", &["users", "deactivate", "deactivated", "--yes"]),
        ("revoked", &["users", "revoke-sessions", "revoked", "--yes"]),
        ("reset", &["users", "reset-password", "reset", "--password-stdin", "--yes"]),
        ("gone", &["users", "delete", "gone", "--yes"]),
    ] {
        let user = server.user(name).await;
        let mut open = sockets(&user, room).await;
        let done = run(&server, command, "another battery staple\n");
        assert!(done.status.success(), "{name}: {done:?}");
        expect_4401(&mut open).await;
        user.get("/auth/me").await.expect_problem(401, "session_revoked");
        assert_eq!(user.opens(&path(&user, room, "")).await.expect_close().await, 4401, "{name}");
        bystander.says(room, "still here", name).await;
    }
    server.anonymous().signs_in("promoted", PASSWORD).await.creates_room("of an admin").await;
    server.anonymous().signs_in("revoked", PASSWORD).await;
    server.anonymous().signs_in("reset", "another battery staple").await;

    // A link does nothing until it is used.
    let user = server.user("linked").await;
    let mut open = sockets(&user, room).await;
    let link = run(&server, &["users", "reset-password", "linked", "--link"], "");
    let link = String::from_utf8(link.stdout).unwrap();
    let (_, token) = link.trim_end().split_once("/#reset=").expect("a link");
    user.get("/auth/me").await.expect(200);
    let reset = json!({ "token": token, "new_password": "another battery staple" });
    server.anonymous().post("/auth/password-reset", reset).await.expect(204);
    expect_4401(&mut open).await;
    server.anonymous().signs_in("linked", "another battery staple").await;
}

async fn sockets_are_closed_if_an_admin_revokes_their_session(database: Database) {
    let (server, ann, room) = server_with_room(database).await;
    let mut bystander = ann.joins(room).await;
    for (name, method, more, body) in [
        ("promoted", "PATCH", "", json!({ "role": "admin" })),
        ("deactivated", "PATCH", "", json!({ "is_active": false })),
        ("revoked", "DELETE", "/sessions", Value::Null),
        ("gone", "DELETE", "", Value::Null),
    ] {
        let user = server.user(name).await;
        let mut open = sockets(&user, room).await;
        let path = format!("/admin/users/{}{more}", user.user_id);
        let answer = match method {
            "PATCH" => ann.patch(&path, body).await,
            _ => ann.delete(&path).await,
        };
        assert!(answer.status < 300, "{name}: {}", answer.body);
        // The node that made the change does not wait for the periodic check of sessions.
        user.get("/auth/me").await.expect_problem(401, "session_revoked");
        expect_4401(&mut open).await;
        bystander.says(room, "still here", name).await;
    }
}

/// Runs a command beside the server, with this input.
fn run(server: &Server, arguments: &[&str], stdin: &str) -> std::process::Output {
    let mut command = server.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("run chatapp");
    // Fails if the command reads no input and has ended already.
    let _ = child.stdin.take().expect("its input").write_all(stdin.as_bytes());
    child.wait_with_output().expect("its output")
}

/// A socket of the room and a socket for many rooms.
async fn sockets(client: &Client, room: i64) -> [Socket; 2] {
    let mut many = open_many(client).await;
    subscribe(&mut many, json!({ "type": "subscribe", "room_id": room })).await;
    [client.joins(room).await, many]
}

async fn expect_4401(sockets: &mut [Socket]) {
    for socket in sockets {
        assert_eq!(socket.expect_close().await, 4401);
    }
}

/// Changes an account as an operator does.
pub fn update(
    backend: &dyn Backend,
    id: UserId,
    change: UserChange,
) -> chatapp::storage::Result<bool> {
    Ok(backend.update_user(id, change, &entry())?.is_some())
}

/// An audit entry of an operator.
fn entry() -> NewAuditEntry {
    NewAuditEntry {
        timestamp: Clock::System.now(),
        actor: Actor::Operator("root".to_owned()),
        action: "user.update",
        detail: json!({}),
        is_recorded: true,
    }
}
