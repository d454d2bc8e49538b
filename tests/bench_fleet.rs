//! `chatapp bench fleet`: tiny runs of several nodes on one PostgreSQL. The tests look at what the runs have
//! checked and left behind, never at their speed.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::postgres::{PgDatabase, database};
use crate::support::{DEADLINE, Program};
use postgres::{Client, NoTls};
use serde_json::Value;
use uuid::Uuid;

/// Two rooms on two nodes, with a sender each; both nodes have a reader in the first room.
const TINY: &str =
    "--nodes 2 --rooms 2 --readers 1 --rate 100 --rest 0 --idle 0.1 --warm-up 0.1 --seconds 0.5";

#[test]
fn a_run_reports_deliveries_on_other_nodes_and_their_cost() {
    let place = Place::new();
    // Two senders in each room.
    let output = place.bench(&format!("{TINY} --senders 2 --output json"), &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let figures: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let number = |name: &str| {
        let figure = figures.iter().find(|figure| figure["name"] == name);
        let figure = figure.unwrap_or_else(|| panic!("no {name} in {figures:?}"));
        assert_eq!(figure["scenario"], "fleet");
        figure["value"].as_f64().expect("a number")
    };
    assert_eq!(number("checked_deliveries"), 30.0 * 4.0 + 30.0 * 2.0);
    for name in [
        "delivery_other_node_p50",
        "delivery_other_node_p99",
        "delivery_other_node_max",
        "delivery_same_node_p50",
        "ack_p99",
        "messages_per_second",
        "deliveries_per_second",
        "server_cpu",
        "generator_cpu",
        "transactions_per_second",
        "commits_per_second",
        "idle_transactions_per_second_per_node",
        "idle_server_cpu_per_second_per_node",
    ] {
        number(name);
    }
    assert!(number("messages_per_commit") >= 1.0);
    assert!(place.is_clean());
}

/// The URL comes from the environment, so that a password is not in a flag.
#[test]
fn the_database_of_a_failed_run_is_dropped() {
    let place = Place::new();
    let variables = [("DATABASE_URL", place.url.as_str()), ("CHATAPP_LIMITS__MESSAGE_CHARS", "20")];
    let output = place.run(&mut place.command(TINY, &variables));
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("error: the server answered with an error"), "{stderr}");
    assert_eq!(text(&output.stdout), "");
    assert!(place.is_clean());
}

#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    let place = Place::new();
    let long = TINY.replace("--seconds 0.5", "--seconds 600");
    let sends: fn(&mut Client) -> bool = |client| {
        let events = client.query_one("SELECT count(*) FROM events", &[]);
        events.is_ok_and(|row| row.get::<_, i64>(0) > 0)
    };
    let starts: fn(&mut Client) -> bool = |_| true;
    for (signal, has_come) in [("INT", sends), ("TERM", starts)] {
        let mut command = place.command(&long, &[]);
        command.args(["--database", &place.url]);
        let mut program = Program::start(command);
        eventually("the run has come far enough", || {
            let name = place.databases().into_iter().next()?;
            let url = place.url.replace(place.database(), &name);
            has_come(&mut Client::connect(&url, NoTls).ok()?).then_some(())
        });
        let children = children(program.pid());
        program.signal(signal);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        // The lines are read by a thread, perhaps after the end of the program.
        runtime.block_on(program.says("error: the run was interrupted"));
        assert_eq!(runtime.block_on(program.ended()).code(), Some(1));
        assert_eq!(program.lines().len(), 1, "{:?}", program.lines());
        assert!(place.is_clean());
        for child in children {
            assert!(!Path::new(&format!("/proc/{child}")).exists(), "node {child} is still there");
        }
    }
}

#[test]
fn a_run_that_cannot_start_says_what_to_do() {
    let place = Place::new();
    let role = place.role();
    let file = format!("[database]\nurl = \"{}\"\n", place.url);
    fs::write(place.folder.path().join("chatapp.toml"), file).expect("the folder can be written");
    place.admin.batch(&format!("ALTER ROLE {role} NOCREATEDB"));
    let nowhere = "postgres://ann:sesame@127.0.0.1:1/chat";
    for (arguments, code, complaint) in [
        // The database of the settings file may be in use by people.
        ("", 1, "--database postgres://user@host/database"),
        ("--database sqlite://chat.db", 1, "several nodes cannot share an SQLite file"),
        ("--database mysql://x/y", 1, "must begin with"),
        (&format!("--database {nowhere}"), 1, "start PostgreSQL"),
        (&format!("--database {}", place.url), 1, "CREATEDB"),
        ("--nodes 0", 2, "--nodes"),
        ("--url http://127.0.0.1:1", 2, "--url"),
    ] {
        let output = place.run(&mut place.command(arguments, &[]));
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments}: {stderr}");
        assert!(stderr.contains(complaint), "{arguments}: {stderr}");
        assert!(!stderr.contains("sesame"), "{stderr}");
    }
    assert!(place.is_clean());
}

/// An existing database, with a role of its own that may create others. The role tells the databases of this
/// test's runs from those of other tests.
struct Place {
    url: String,
    folder: tempfile::TempDir,
    admin: Admin,
}

/// A connection as a superuser.
struct Admin(PgDatabase);

impl Admin {
    fn batch(&self, sql: &str) {
        self.0.client().batch_execute(sql).expect("the SQL is right");
    }
}

impl Place {
    fn new() -> Self {
        let admin = Admin(database());
        let role = format!("bench_{}", Uuid::new_v4().simple());
        admin.batch(&format!("CREATE ROLE {role} LOGIN CREATEDB PASSWORD '{role}'"));
        let (scheme, rest) = admin.0.url().split_once("://").expect("a URL");
        let host = rest.split_once('@').map_or(rest, |(_, host)| host);
        let url = format!("{scheme}://{role}:{role}@{host}");
        Self { url, folder: tempfile::tempdir().expect("a folder"), admin }
    }

    fn role(&self) -> &str {
        let (_, rest) = self.url.split_once("://").expect("a URL");
        rest.split(':').next().expect("a role")
    }

    /// The name of the existing database.
    fn database(&self) -> &str {
        let name = self.url.rsplit('/').next().expect("a name");
        name.split('?').next().expect("a name")
    }

    /// The databases of runs that are there now.
    fn databases(&self) -> Vec<String> {
        let sql = "SELECT datname FROM pg_database WHERE datdba = $1::text::regrole";
        let rows = self.admin.0.client().query(sql, &[&self.role()]).expect("the SQL is right");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Whether no run has left a database or a file behind.
    fn is_clean(&self) -> bool {
        let files = fs::read_dir(self.folder.path()).expect("a folder").flatten();
        let left: Vec<_> =
            files.map(|file| file.file_name()).filter(|name| *name != "chatapp.toml").collect();
        self.databases().is_empty() && left.is_empty()
    }

    fn bench(&self, arguments: &str, variables: &[(&str, &str)]) -> Output {
        self.run(self.command(arguments, variables).args(["--database", &self.url]))
    }

    fn command(&self, arguments: &str, variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatapp"));
        // The developer's own settings must not influence the test.
        for (name, _) in std::env::vars_os() {
            if name == "DATABASE_URL" || name.to_string_lossy().starts_with("CHATAPP_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .env("TMPDIR", self.folder.path())
            .envs(variables.iter().copied())
            .args(["bench", "fleet"])
            .args(arguments.split_ascii_whitespace());
        command
    }

    fn run(&self, command: &mut Command) -> Output {
        command.stdin(Stdio::null()).output().expect("run the binary")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Fails if a failed test has left a database; the cluster is thrown away anyway.
        let _ = self.admin.0.client().batch_execute(&format!("DROP ROLE {}", self.role()));
    }
}

/// Waits until `find` returns a value. PostgreSQL does not notify of what other sessions do, so it is asked.
fn eventually<T>(what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let started_at = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(started_at.elapsed() < DEADLINE * 3, "not in time: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn children(pid: u32) -> Vec<String> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    children.expect("Linux").split_ascii_whitespace().map(str::to_owned).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
