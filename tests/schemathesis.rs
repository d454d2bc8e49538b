//! Schemathesis reads the published OpenAPI document and sends valid and invalid requests: every answer
//! must be documented, have the documented shape, and not be a server error. CHATAPP_TEST_LONG=1 makes
//! it send two hundred times as many requests.

use std::process::Command;

use crate::support::{Client, Database, PASSWORD, Server, on_both_databases, python};
use serde_json::json;

on_both_databases!(every_answer_is_documented);

/// These paths are tested separately: they could end the session of the test's admin or change its
/// role, because schemathesis reuses ids that it has seen.
const ENDING: [&str; 2] = ["/admin/users/{user_id}", "/admin/users/{user_id}/sessions"];

/// These paths are not tested, because they always end the session of the caller.
const EXCLUDED: [&str; 2] = ["/auth/logout", "/auth/password"];

async fn every_answer_is_documented(database: Database) {
    let server = Server::with(database).env("CHATAPP_LIMITS__SIGNUPS_PER_HOUR", "0").start().await;
    let ann = server.admin("ann").await;
    ann.creates_room("general").await;
    let without = ENDING.into_iter().chain(EXCLUDED).map(|path| ["--exclude-path", path]);
    run_schemathesis(&server, &ann, without.flatten()).await;
    ann.get("/auth/me").await.expect(200);

    // Schemathesis also guesses small ids: these belong to other users.
    for n in 0..10 {
        server.user(&format!("user{n}")).await;
    }
    // With so many ids an admin may end its own session by chance: then the test repeats with another admin.
    let mut admins = Vec::new();
    for name in ["bo", "cy", "di"] {
        let path = format!("/admin/users/{}", server.user(name).await.user_id);
        ann.patch(&path, json!({ "role": "admin" })).await.expect(200);
        admins.push(server.anonymous().signs_in(name, PASSWORD).await);
    }
    for admin in admins {
        run_schemathesis(
            &server,
            &admin,
            ENDING.into_iter().flat_map(|path| ["--include-path", path]),
        )
        .await;
        if is_long() || admin.get("/auth/me").await.status == 200 {
            return;
        }
    }
    panic!("each admin lost its session during its run");
}

fn is_long() -> bool {
    std::env::var_os("CHATAPP_TEST_LONG").is_some()
}

/// Runs schemathesis on the selected paths, with the token of this admin.
async fn run_schemathesis(
    server: &Server,
    admin: &Client,
    selected: impl Iterator<Item = &'static str>,
) {
    let folder = tempfile::tempdir().unwrap();
    let examples = if is_long() { "2000" } else { "10" };
    let mut command = Command::new(python().with_file_name("schemathesis"));
    command
        .current_dir(folder.path())
        .args(["run", &format!("{}/openapi.json", server.url())])
        .args(["--header", &format!("Authorization: Bearer {}", admin.token)])
        .args(["--max-examples", examples, "--seed", "1", "--no-color"])
        // OpenAPI cannot express that some valid fields are refused: two cursors at once, control
        // characters in a name, a name that is taken.
        .args(["--checks", "all"])
        // A room can also be deleted at `/admin/rooms`, which schemathesis takes for another resource.
        .args(["--exclude-checks", "positive_data_acceptance,ensure_resource_availability"])
        .args(selected);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let output = output.expect("schemathesis is missing: scripts/test installs it");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}");
    // Schemathesis also succeeds if no operation was selected.
    assert!(report.contains("selected / "), "{report}");
}
