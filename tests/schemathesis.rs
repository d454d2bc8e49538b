//! Schemathesis reads the published OpenAPI document and asks for what it describes and for what
//! it forbids: every answer must be one that the document lists, of the shape it says, and no
//! server error. CHATAPP_TEST_LONG=1 makes it ask for a hundred times as much.

#[path = "support/mod.rs"]
mod support;

use std::process::Command;

use support::{Database, Server, on_both_databases, python};

on_both_databases!(every_answer_is_a_documented_one);

/// Not asked for: what would end the session that asks.
const EXCLUDED: [&str; 2] = ["/auth/logout", "/auth/password"];

async fn every_answer_is_a_documented_one(database: Database) {
    let server = Server::with(database).env("CHATAPP_LIMITS__SIGNUPS_PER_HOUR", "0").start().await;
    let ann = server.admin("ann").await;
    ann.creates_room("general").await;
    let folder = tempfile::tempdir().unwrap();
    let examples = if std::env::var_os("CHATAPP_TEST_LONG").is_some() { "2000" } else { "20" };
    let mut command = Command::new(python().with_file_name("schemathesis"));
    command
        .current_dir(folder.path())
        .args(["run", &format!("{}/openapi.json", server.url())])
        .args(["--header", &format!("Authorization: Bearer {}", ann.token)])
        .args(["--max-examples", examples, "--seed", "1", "--no-color"])
        // That some combinations of valid fields are refused cannot be said in OpenAPI: two cursors
        // at once, control characters in a name, a name that is taken.
        .args(["--checks", "all", "--exclude-checks", "positive_data_acceptance"]);
    for path in EXCLUDED {
        command.args(["--exclude-path", path]);
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let output = output.expect("schemathesis is missing: scripts/test installs it");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}");
    // It also succeeds if there is nothing to ask for.
    assert!(report.contains("selected / "), "{report}");
    ann.get("/auth/me").await.expect(200);
}
