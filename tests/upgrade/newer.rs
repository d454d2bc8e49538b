//! This program on a database that a newer one has migrated. The newer migration is a row of the migration
//! table, with the number 99.

use std::process::Output;
use std::time::Instant;

use serde_json::{Value, json};

use super::execute;
use crate::support::{DEADLINE, Database, Server, on_both_databases};

on_both_databases!(
    a_server_starts_and_works_on_a_schema_that_a_newer_program_has_extended,
    commands_use_an_extended_schema_and_make_no_copy_of_it,
    a_server_is_not_ready_and_does_not_start_on_a_schema_that_needs_a_newer_program,
);

const EXTEND: &str =
    "INSERT INTO refinery_schema_history VALUES (99, 'later', '2030-01-01T00:00:00Z', '1')";
const BREAK: &str = "UPDATE server SET compatible_from = 99";

fn run(server: &Server, arguments: &[&str]) -> Output {
    server.command(arguments).output().expect("it runs")
}

fn succeeds(server: &Server, arguments: &[&str]) -> String {
    let done = run(server, arguments);
    assert!(done.status.success(), "{arguments:?}: {done:?}");
    String::from_utf8(done.stdout).expect("UTF-8")
}

/// The error of a command that must fail.
fn fails(server: &Server, arguments: &[&str]) -> String {
    let done = run(server, arguments);
    assert_eq!(done.status.code(), Some(1), "{arguments:?}: {done:?}");
    String::from_utf8(done.stderr).expect("UTF-8")
}

async fn a_server_starts_and_works_on_a_schema_that_a_newer_program_has_extended(
    database: Database,
) {
    let mut server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    execute(&server, EXTEND);
    // The server that runs goes on.
    socket.says(room, "before", "1").await;
    ann.get("/ready").await.expect(200);

    assert!(server.sigterm().await.success());
    server.restart().await;
    let extended = "a newer chatapp has extended the database to schema 99";
    // The log and the standard output are two streams: the line may come before or after the server's address.
    let began = Instant::now();
    while !server.log().iter().any(|line| line.contains(extended)) {
        assert!(began.elapsed() < DEADLINE, "{:?}", server.log());
        tokio::task::yield_now().await;
    }
    let log = server.log();
    assert_eq!(log.iter().filter(|line| line.contains(extended)).count(), 1, "{log:?}");
    let bo = server.user("bo").await;
    let mut reader = bo.joins(room).await;
    let mut socket = ann.joins(room).await;
    assert_eq!(socket.says(room, "after", "2").await["seq"], 2);
    assert_eq!(reader.recv_type("message").await["content"], "after");
    bo.get("/ready").await.expect(200);
}

async fn commands_use_an_extended_schema_and_make_no_copy_of_it(database: Database) {
    let mut server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    ann.post(&format!("/rooms/{room}/messages"), json!({ "content": "hello" })).await.expect(201);
    succeeds(&server, &["export", "before.jsonl"]);
    execute(&server, EXTEND);
    for arguments in [
        &["rooms", "rename", "general", "lobby"][..],
        &["rooms", "list"],
        &["users", "list"],
        &["messages", "delete", "lobby", "1", "--yes"],
        &["prune", "--room", "lobby", "--older-than", "1", "--yes"],
        &["tail", "lobby"],
        &["audit", "list"],
        &["stats"],
        &["config", "check"],
    ] {
        succeeds(&server, arguments);
    }
    let findings = succeeds(&server, &["doctor", "--output", "json"]);
    let findings: Vec<Value> = serde_json::from_str(&findings).expect("JSON");
    let schema = findings.iter().find(|finding| finding["check"] == "schema").expect("the check");
    assert_eq!(schema["state"], "warning", "{schema}");
    assert!(schema["detail"].to_string().contains("extended it to version 99"), "{schema}");

    let migrated = run(&server, &["migrate"]);
    assert!(migrated.status.success(), "{migrated:?}");
    let said = String::from_utf8_lossy(&migrated.stderr).into_owned();
    assert!(said.contains("has schema 99, which a newer chatapp has made"), "{said}");
    let listed = succeeds(&server, &["migrate", "--status", "--output", "json"]);
    let listed: Vec<Value> = serde_json::from_str(&listed).expect("JSON");
    let expected = json!({
        "version": 99, "name": "later", "state": "newer", "applied_at": "2030-01-01T00:00:00Z",
    });
    assert_eq!(listed.last(), Some(&expected));

    let source = match server.database_url().strip_prefix("sqlite://") {
        Some(file) => format!("sqlite://{}", server.folder().join(file).display()),
        None => server.database_url().to_owned(),
    };
    for arguments in [
        &["export", "after.jsonl"][..],
        &["export", "--room", "lobby"],
        &["backup", "after.db"],
        &["copy", "--from", &source, "--to", "sqlite://copy.db"],
    ] {
        let error = fails(&server, arguments);
        assert!(error.contains("schema version 99"), "{arguments:?}: {error}");
        assert!(error.contains("would not have all data"), "{arguments:?}: {error}");
    }
    for file in ["after.jsonl", "after.db", "copy.db"] {
        assert!(!server.folder().join(file).exists(), "{file} was made");
    }

    assert!(server.sigterm().await.success());
    let import = ["import", "before.jsonl", "--yes"];
    match database {
        // The file is replaced by a new one, with the schema of this program.
        Database::Sqlite => {
            succeeds(&server, &import);
            assert!(!succeeds(&server, &["migrate", "--status"]).contains("later"));
        }
        Database::Postgres => {
            let error = fails(&server, &import);
            assert!(error.contains("schema version 99"), "{error}");
            assert!(succeeds(&server, &["rooms", "list"]).contains("lobby"));
        }
    }
}

async fn a_server_is_not_ready_and_does_not_start_on_a_schema_that_needs_a_newer_program(
    database: Database,
) {
    let mut server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    execute(&server, EXTEND);
    execute(&server, BREAK);
    // The load balancer sends new clients elsewhere; the present ones are not cut off.
    ann.get("/ready").await.expect_problem(503, "unavailable");
    socket.says(room, "still here", "1").await;

    assert!(server.sigterm().await.success());
    for arguments in [
        &["serve", "--bind", "127.0.0.1:0"][..],
        &["migrate"],
        &["rooms", "list"],
        &["backup", "a.db"],
        &["create-admin", "--username", "bo", "--email", "bo@example.com", "--password-stdin"],
    ] {
        let mut command = server.command(arguments);
        let password = server.folder().join("password");
        std::fs::write(&password, "correct horse battery\n").expect("the file can be written");
        command.stdin(std::fs::File::open(password).expect("the file can be read"));
        let done = command.output().expect("it runs");
        let error = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(error.contains("schema version 99"), "{arguments:?}: {error}");
        assert!(error.contains("needs a chatapp that knows version 99"), "{arguments:?}: {error}");
    }
    let done = run(&server, &["doctor"]);
    assert!(String::from_utf8_lossy(&done.stdout).contains("use the newer chatapp"), "{done:?}");
    // An operator still sees what has been applied.
    assert!(succeeds(&server, &["migrate", "--status"]).contains("later"));
}

/// A backup of PostgreSQL is an export: a field that is not known is an error there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_an_extended_database_is_neither_verified_nor_restored() {
    let mut server = Server::start(Database::Sqlite).await;
    server.admin("ann").await.creates_room("general").await;
    assert!(server.sigterm().await.success());
    succeeds(&server, &["backup", "newer.db"]);
    succeeds(&server, &["backup", "verify", "newer.db"]);
    let backup = rusqlite::Connection::open(server.folder().join("newer.db")).expect("it opens");
    backup.execute_batch(EXTEND).expect("SQL");
    drop(backup);
    for arguments in [&["backup", "verify", "newer.db"][..], &["restore", "newer.db", "--yes"]] {
        let error = fails(&server, arguments);
        assert!(error.contains("schema version 99"), "{error}");
        assert!(error.contains("verify it with the chatapp that made it"), "{error}");
    }
    assert!(succeeds(&server, &["rooms", "list"]).contains("general"));
}
