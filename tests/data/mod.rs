//! Data in and out beside a server: backups, exports, copies and pruning, on both databases.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{DEADLINE, Database, Server, on_both_databases};

mod backups;
mod copies;
mod damage;
mod load;
mod pruning;

use backups::{
    a_backup_made_under_load_has_all_that_was_acknowledged_before,
    a_database_in_use_is_not_replaced, a_killed_backup_leaves_nothing_that_looks_finished,
    an_interrupted_import_leaves_the_database_as_it_was,
};
use copies::{
    a_copy_is_equal_and_an_export_of_it_the_same,
    a_killed_copy_begins_anew_if_the_source_has_changed,
    a_killed_copy_cannot_be_served_and_goes_on_when_repeated,
};
use pruning::{
    a_pruned_log_is_honest_about_what_is_gone, the_server_prunes_by_itself_what_a_room_has_kept,
};

on_both_databases!(
    a_backup_made_under_load_has_all_that_was_acknowledged_before,
    a_database_in_use_is_not_replaced,
    a_killed_backup_leaves_nothing_that_looks_finished,
    an_interrupted_import_leaves_the_database_as_it_was,
    a_copy_is_equal_and_an_export_of_it_the_same,
    a_killed_copy_cannot_be_served_and_goes_on_when_repeated,
    a_killed_copy_begins_anew_if_the_source_has_changed,
    a_pruned_log_is_honest_about_what_is_gone,
    the_server_prunes_by_itself_what_a_room_has_kept,
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

    /// What a command that failed says, in one line.
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

/// The URL of the server's database, in any folder.
fn whole_url(server: &Server) -> String {
    match server.database_url().strip_prefix("sqlite://") {
        Some(file) => format!("sqlite://{}", server.folder().join(file).display()),
        None => server.database_url().to_owned(),
    }
}

/// An export but for its first line, which says of what it is, and for the check sum in its last,
/// which covers the first too.
fn rows_of(export: &str) -> Vec<String> {
    let mut lines: Vec<String> = export.lines().skip(1).map(str::to_owned).collect();
    let last = lines.pop().expect("it has a footer");
    let footer: Value = serde_json::from_str(&last).expect("JSON");
    lines.push(footer["rows"].to_string());
    lines
}

/// Another database, of the other kind.
fn other(database: Database) -> Database {
    match database {
        Database::Sqlite => Database::Postgres,
        Database::Postgres => Database::Sqlite,
    }
}
