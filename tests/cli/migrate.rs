//! `chatapp migrate`, and the errors of other commands if the schema has another version.

use serde_json::json;

use super::shell::{EMAIL, PASSWORD, Shell, on_every_database};

#[test]
fn migrations_are_listed_shown_and_applied() {
    on_every_database(|shell| {
        // For SQLite, an empty file is an empty database. On PostgreSQL the database exists already.
        shell.write("chatapp.db", "");
        let status = || shell.run(&["migrate", "--status", "--output", "json"]).json();
        assert_eq!(
            status()[0],
            json!({ "version": 1, "name": "core", "state": "pending", "applied_at": null })
        );
        assert!(shell.run(&["migrate", "--status"]).ok().starts_with("VERSION  NAME"));
        shell.run(&["migrate", "--dry-run"]).ok();
        assert_eq!(status()[0]["state"], "pending", "--dry-run has changed something");

        let applied = shell.run(&["migrate", "--output", "json"]).json();
        assert_eq!(applied[0]["state"], "applied");
        assert_eq!(applied, status());
        let again = shell.run(&["migrate"]);
        let expected = format!("nothing to do: {} has schema ", shell.url());
        assert!(again.stderr.starts_with(&expected), "{}", again.stderr);
        assert_eq!(again.ok(), "");
        let sql = shell.run(&["migrate", "--dry-run"]).ok();
        assert!(sql.starts_with("-- nothing to do: schema "), "{sql}");
    });
}

#[test]
fn a_dry_run_prints_sql_that_runs() {
    on_every_database(|shell| {
        shell.write("chatapp.db", "");
        let sql = shell.run(&["migrate", "--dry-run"]).ok();
        assert!(sql.starts_with("-- V1__core\n"), "{sql}");
        shell.execute(&sql);
    });
}

#[test]
fn commands_that_only_read_do_not_create_a_missing_database() {
    let shell = Shell::new();
    for arguments in [&["migrate", "--status"][..], &["migrate", "--dry-run"], &["list-rooms"]] {
        let error = shell.run(arguments).error();
        assert!(error.contains("there is no database at"), "{error}");
        assert!(!shell.has_database());
    }
}

#[test]
fn every_command_refuses_a_schema_that_needs_a_newer_program() {
    on_every_database(|shell| {
        shell.run(&["migrate"]).ok();
        shell.execute(
            "INSERT INTO refinery_schema_history VALUES (99, 'later', '2030-01-01T00:00:00Z', '1');
             UPDATE server SET compatible_from = 99",
        );
        for arguments in [&["serve"][..], &["migrate"], &["list-rooms"]] {
            let error = shell.run(arguments).error();
            assert!(error.contains("schema version 99"), "{error}");
        }
        let error = shell.create_admin("ann", EMAIL, PASSWORD.as_bytes()).error();
        assert!(error.contains("schema version 99"), "{error}");
    });
}
