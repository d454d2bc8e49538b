//! The Python package in sdk/python. Its tests are in sdk/python/tests; they start the program themselves, because
//! they also kill it.

use std::process::Command;
use std::time::Duration;

use crate::support::{Program, postgres, python};

const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sdk/python");

/// The deadline for all tests of the package, on a loaded machine.
const TESTS_DEADLINE: Duration = Duration::from_secs(900);

/// The tests whose outcome may depend on the database.
const ON_POSTGRES: [&str; 4] = ["resume", "rooms", "session", "outbox"];

#[tokio::test(flavor = "multi_thread")]
async fn the_tests_of_the_package_pass() {
    run(pytest()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tests_of_the_package_pass_on_postgres() {
    // Starting a cluster blocks for one or two seconds.
    let database =
        tokio::task::spawn_blocking(postgres::database).await.expect("a PostgreSQL database");
    let mut command = pytest();
    command
        .args(ON_POSTGRES.map(|name| format!("tests/test_{name}.py")))
        .env("CHATAPP_TEST_DATABASE_URL", database.url());
    run(command).await;
}

/// Runs pytest on the package, without files in the source tree.
fn pytest() -> Command {
    let mut command = Command::new(python());
    command
        .current_dir(PACKAGE)
        .args(["-m", "pytest", "-p", "no:cacheprovider"])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("CHATAPP_TEST_PROGRAM", env!("CARGO_BIN_EXE_chatapp"))
        .env_remove("CHATAPP_TEST_DATABASE_URL");
    command
}

async fn run(command: Command) {
    let mut pytest = Program::start(command);
    let status = pytest.ended_within(TESTS_DEADLINE).await;
    assert!(status.success(), "{}", pytest.lines().join("\n"));
}
