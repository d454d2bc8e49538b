//! Backups, exports, imports, copies and pruning beside a running server, on both databases.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{DEADLINE, Database, Server, on_both_databases};

mod backups;
mod copies;
mod damage;
mod load;
mod people;
mod pruning;

use backups::{
    a_backup_made_under_load_has_every_message_acknowledged_before,
    a_database_in_use_is_not_replaced, a_killed_backup_leaves_no_file_under_the_final_name,
    an_interrupted_import_leaves_the_database_as_it_was,
};
use copies::{
    a_copy_has_all_rows_and_a_copy_of_the_copy_has_the_same_export,
    a_killed_copy_cannot_be_served_and_continues_when_repeated,
    a_killed_copy_starts_again_if_the_source_has_changed,
};
use people::copies_have_private_rooms_and_their_people;
use pruning::{
    a_client_that_asks_for_pruned_events_gets_an_error,
    the_server_prunes_by_the_settings_unless_a_room_has_its_own_rule,
};

on_both_databases!(
    a_backup_made_under_load_has_every_message_acknowledged_before,
    a_database_in_use_is_not_replaced,
    a_killed_backup_leaves_no_file_under_the_final_name,
    an_interrupted_import_leaves_the_database_as_it_was,
    a_copy_has_all_rows_and_a_copy_of_the_copy_has_the_same_export,
    a_killed_copy_cannot_be_served_and_continues_when_repeated,
    a_killed_copy_starts_again_if_the_source_has_changed,
    copies_have_private_rooms_and_their_people,
    a_client_that_asks_for_pruned_events_gets_an_error,
    the_server_prunes_by_the_settings_unless_a_room_has_its_own_rule,
);

/// A command that has ended.
#[derive(Debug)]
struct Done {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Done {
    #[track_caller]
    fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    #[track_caller]
    fn json(self) -> Value {
        serde_json::from_str(&self.ok().stdout).expect("JSON")
    }

    /// Returns the error of a command that failed, which must be one line.
    #[track_caller]
    fn error(self) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (Some(1), ""), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        self.stderr
    }
}

/// Runs a command on the server's database, in its folder.
async fn run(server: &Server, arguments: &[&str]) -> Done {
    finish(server.command(arguments)).await
}

/// Runs a command on another database, in the server's folder.
async fn elsewhere(server: &Server, url: &str, arguments: &[&str]) -> Done {
    let mut command = Command::new(server.command(&[]).get_program());
    command.args(arguments).current_dir(server.folder()).env("CHATAPP_DATABASE__URL", url);
    finish(command).await
}

async fn finish(mut command: Command) -> Done {
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("it can be run");
    let pid = child.id();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().expect("it ends"));
    let Ok(output) = tokio::time::timeout(6 * DEADLINE, output).await else {
        let _ = Command::new("sh").args(["-c", &format!("kill -KILL {pid}")]).status();
        panic!("the command did not end");
    };
    let output = output.expect("no panic");
    Done {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Returns a URL of the server's database that is valid in every folder.
fn whole_url(server: &Server) -> String {
    match server.database_url().strip_prefix("sqlite://") {
        Some(file) => format!("sqlite://{}", server.folder().join(file).display()),
        None => server.database_url().to_owned(),
    }
}

/// Returns the lines of an export except its header, which names the source, and the checksum in its
/// footer, which includes the header.
fn rows_of(export: &str) -> Vec<String> {
    let mut lines: Vec<String> = export.lines().skip(1).map(str::to_owned).collect();
    let last = lines.pop().expect("it has a footer");
    let footer: Value = serde_json::from_str(&last).expect("JSON");
    lines.push(footer["rows"].to_string());
    lines
}

/// Returns the other kind of database.
fn other(database: Database) -> Database {
    match database {
        Database::Sqlite => Database::Postgres,
        Database::Postgres => Database::Sqlite,
    }
}
