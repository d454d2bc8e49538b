//! The JavaScript SDK against the real server. The tests themselves are in sdk/javascript/test, one file for each
//! subject. Each file runs in Node and starts the server itself, because it kills it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::postgres::database as new_database;
use crate::support::{Database, Program};

const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sdk/javascript/test");
/// The packages that the tests use: the SDK itself has none.
const PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/node_modules");

/// The deadline for a whole file, on a loaded machine.
const FILE_DEADLINE: Duration = Duration::from_secs(600);

async fn run(file: &str, database: Database) {
    assert!(Path::new(PACKAGES).exists(), "{PACKAGES} is missing: scripts/test makes it");
    let database = match database {
        Database::Sqlite => None,
        // Starting a cluster blocks for one or two seconds.
        Database::Postgres => {
            Some(tokio::task::spawn_blocking(new_database).await.expect("a PostgreSQL database"))
        }
    };
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-reporter=spec", &format!("{TESTS}/{file}.test.js")])
        .env("CHATAPP_TEST_PROGRAM", env!("CARGO_BIN_EXE_chatapp"))
        .env_remove("CHATAPP_TEST_DATABASE_URL")
        .envs(database.as_ref().map(|database| ("CHATAPP_TEST_DATABASE_URL", database.url())));
    let mut node = Program::start(command);
    let status = node.ended_within(FILE_DEADLINE).await;
    assert!(status.success(), "{}", node.lines().join("\n"));
}

/// One test for each file; those after `postgres` run on PostgreSQL as well.
macro_rules! files {
    ($($name:ident => $file:literal),+; postgres $($again:ident => $again_file:literal),+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::run($file, super::Database::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $again() {
                super::run($again_file, super::Database::Postgres).await;
            })+
        }
    };
}

files! {
    sending => "sending",
    resume => "resume",
    session => "session",
    slow => "slow",
    rooms => "rooms",
    readme => "readme",
    package => "package";
    postgres sending => "sending", resume => "resume", session => "session"
}
