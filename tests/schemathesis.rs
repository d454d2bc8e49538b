//! Schemathesis reads the published OpenAPI document and asks for what it describes and for what
//! it forbids: every answer must be one that the document lists, of the shape it says, and no
//! server error. CHATAPP_TEST_LONG=1 makes it ask for a hundred times as much.

use std::process::Command;

use crate::support::{Client, Database, PASSWORD, Server, on_both_databases, python};
use serde_json::json;

on_both_databases!(every_answer_is_a_documented_one);

/// Asked for apart from the rest: what would end the session that asks, or take away its role, for
/// schemathesis knows an id when it has seen one.
const ENDING: [&str; 2] = ["/admin/users/{user_id}", "/admin/users/{user_id}/sessions"];

/// Not asked for at all: these end it in any case.
const EXCLUDED: [&str; 2] = ["/auth/logout", "/auth/password"];

async fn every_answer_is_a_documented_one(database: Database) {
    let server = Server::with(database).env("CHATAPP_LIMITS__SIGNUPS_PER_HOUR", "0").start().await;
    let ann = server.admin("ann").await;
    ann.creates_room("general").await;
    let without = ENDING.into_iter().chain(EXCLUDED).map(|path| ["--exclude-path", path]);
    tries(&server, &ann, without.flatten()).await;
    ann.get("/auth/me").await.expect(200);

    // The first ids, which are guessed, are others'.
    for n in 0..10 {
        server.user(&format!("user{n}")).await;
    }
    // An admin who asks for so many ids may find its own, and end its session: then another one asks.
    let mut admins = Vec::new();
    for name in ["bo", "cy", "di"] {
        let path = format!("/admin/users/{}", server.user(name).await.user_id);
        ann.patch(&path, json!({ "role": "admin" })).await.expect(200);
        admins.push(server.anonymous().signs_in(name, PASSWORD).await);
    }
    for admin in admins {
        tries(&server, &admin, ENDING.into_iter().flat_map(|path| ["--include-path", path])).await;
        if is_long() || admin.get("/auth/me").await.status == 200 {
            return;
        }
    }
    panic!("every admin ended its own session, or another's");
}

fn is_long() -> bool {
    std::env::var_os("CHATAPP_TEST_LONG").is_some()
}

/// Asks for the paths that are selected, with the token of this admin.
async fn tries(server: &Server, admin: &Client, selected: impl Iterator<Item = &'static str>) {
    let folder = tempfile::tempdir().unwrap();
    let examples = if is_long() { "2000" } else { "20" };
    let mut command = Command::new(python().with_file_name("schemathesis"));
    command
        .current_dir(folder.path())
        .args(["run", &format!("{}/openapi.json", server.url())])
        .args(["--header", &format!("Authorization: Bearer {}", admin.token)])
        .args(["--max-examples", examples, "--seed", "1", "--no-color"])
        // That some combinations of valid fields are refused cannot be said in OpenAPI: two cursors
        // at once, control characters in a name, a name that is taken.
        .args(["--checks", "all", "--exclude-checks", "positive_data_acceptance"])
        .args(selected);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let output = output.expect("schemathesis is missing: scripts/test installs it");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}");
    // It also succeeds if there is nothing to ask for.
    assert!(report.contains("selected / "), "{report}");
}
