//! The real binary, as an operator or a script runs it: exit codes, stdout, stderr.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use chatapp::model::{NewRoom, Role, Timestamp, UserId};
use chatapp::storage::{self, Backend, OpenOptions};
use serde_json::{Value, json};

const PASSWORD: &str = "open sesame";
const EMAIL: &str = "ann@example.com";

/// A shell in a folder of its own, with nothing in its environment but what the test puts there.
struct Shell {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

/// A command that has ended.
#[derive(Debug)]
struct Done {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Shell {
    fn new() -> Self {
        let environment = vec![
            ("CHATAPP_AUTH__BCRYPT_COST".to_owned(), "4".to_owned()),
            // Errors are for operators, whatever a developer has set.
            ("RUST_BACKTRACE".to_owned(), "1".to_owned()),
        ];
        Self { folder: tempfile::tempdir().unwrap(), environment }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatapp"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .envs(self.environment.clone())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Done {
        Done::from(self.command(arguments).output().unwrap())
    }

    fn run_with_stdin(&self, arguments: &[&str], stdin: &[u8]) -> Done {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A command that refuses its arguments reads nothing.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        Done::from(child.wait_with_output().unwrap())
    }

    fn create_admin(&self, username: &str, email: &str, stdin: &[u8]) -> Done {
        let arguments =
            ["create-admin", "--username", username, "--email", email, "--password-stdin"];
        self.run_with_stdin(&arguments, stdin)
    }

    /// The database of the working folder, open in this process too.
    fn backend(&self) -> Arc<dyn Backend> {
        let url = format!("sqlite://{}", self.path().join("chatapp.db").display());
        storage::open(&url, OpenOptions::default()).unwrap()
    }

    fn has_database(&self) -> bool {
        self.path().join("chatapp.db").exists()
    }
}

impl From<std::process::Output> for Done {
    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().expect("no signal ended it"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Done {
    /// Stdout of a command that succeeded.
    #[track_caller]
    fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.stdout
    }

    #[track_caller]
    fn json(self) -> Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// What a command that failed says: one sentence, to the operator.
    #[track_caller]
    fn error(self) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (1, ""), "{self:?}");
        let sentence = self.stderr.strip_prefix("error: ").expect("it begins with `error: `");
        let sentence = sentence.strip_suffix('\n').expect("it is a whole line");
        for noise in ["\n", "backtrace", "panicked", "Error(", "Os {"] {
            assert!(!sentence.contains(noise), "{sentence}");
        }
        sentence.to_owned()
    }

    /// What a command that was called wrongly says.
    #[track_caller]
    fn usage(self) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (2, ""), "{self:?}");
        self.stderr
    }
}

fn room(backend: &dyn Backend, name: &str, description: Option<&str>) {
    let room = NewRoom {
        name: name.to_owned(),
        description: description.map(ToOwned::to_owned),
        created_by: UserId(1),
        created_at: Timestamp(1_738_319_400_000),
    };
    backend.create_room(&room).unwrap();
}

#[test]
fn help_says_what_there_is() {
    let shell = Shell::new();
    let help = shell.run(&["--help"]).ok();
    for word in ["serve", "migrate", "create-admin", "list-rooms", "config", "openapi", "Examples:"]
    {
        assert!(help.contains(word), "no {word} in {help}");
    }
    for command in ["serve", "migrate", "create-admin", "list-rooms", "config"] {
        let help = shell.run(&[command, "--help"]).ok();
        assert!(help.contains("Examples:"), "{help}");
        assert!(help.contains("--database <URL>") && help.contains("--config <FILE>"), "{help}");
    }
    assert!(shell.run(&["serve", "--help"]).ok().contains("[default: 127.0.0.1:8000]"));
    assert!(shell.run(&["list-rooms", "--help"]).ok().contains("[default: table]"));
    assert_eq!(shell.run(&["--version"]).ok(), format!("chatapp {}\n", env!("CARGO_PKG_VERSION")));
    assert!(shell.run(&["completions", "bash"]).ok().contains("create-admin"));
}

#[test]
fn wrong_usage_is_2() {
    let shell = Shell::new();
    assert!(shell.run(&[]).usage().contains("Usage: chatapp"));
    assert!(shell.run(&["list-room"]).usage().contains("list-rooms"));
    assert!(shell.run(&["list-rooms", "--output", "xml"]).usage().contains("table, json"));
    assert!(shell.run(&["migrate", "--status", "--dry-run"]).usage().contains("cannot be used"));
    let arguments = ["create-admin", "--username", "ann", "--email", EMAIL, "--password", PASSWORD];
    assert!(shell.run(&arguments).usage().contains("--password"), "never an argument");
}

#[test]
fn an_admin_is_created_in_a_new_database() {
    let shell = Shell::new();
    let said = shell.create_admin("ann", EMAIL, b"open sesame\r\n").ok();
    let database = shell.path().join("chatapp.db");
    let expected =
        format!("ann is now an admin of the new database sqlite://{}", database.display());
    assert_eq!(said.trim_end(), expected);
    let ann = shell.backend().get_credentials("ANN").unwrap().unwrap();
    assert_eq!((ann.user.email.as_str(), ann.user.role), (EMAIL, Role::Admin));
    assert!(ann.password_hash.starts_with("$2b$04$"), "{}", ann.password_hash);
    assert!(bcrypt::verify(PASSWORD, &ann.password_hash).unwrap());
}

#[test]
fn admins_are_created_beside_a_running_server() {
    let shell = Shell::new();
    shell.run(&["migrate"]).ok();
    let server = shell.backend();
    assert!(!server.has_admin().unwrap());
    let said = shell.create_admin("ann", EMAIL, b"open sesame").ok();
    assert!(said.contains("admin of the database sqlite://"), "{said}");
    shell.create_admin("bo", "bo@example.com", b"open sesame\n").ok();
    assert!(server.get_credentials("bo").unwrap().is_some());

    let error = shell.create_admin("Ann", "other@example.com", b"open sesame").error();
    assert_eq!(error, "the username Ann is taken: choose another with --username");
    let error = shell.create_admin("cy", "ANN@example.com", b"open sesame").error();
    assert_eq!(error, "the email ANN@example.com is taken: choose another with --email");
}

#[test]
fn the_rules_of_a_sign_up_hold_for_admins() {
    let shell = Shell::new();
    let done = shell.create_admin("a b", "nowhere", b"short");
    assert_eq!(done.code, 1);
    let fields: Vec<_> = done.stderr.lines().map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(fields, [Some("username"), Some("email"), Some("password")], "{}", done.stderr);
    for (password, reason) in [
        (b"".as_slice(), "at least 8"),
        (b"1234567\n", "at least 8"),
        (&[b'x'; 72], "at most 71"),
        (b"12345678\0", "NUL"),
        (b"12345678\xff", "stdin cannot be read"),
    ] {
        let error = shell.create_admin("ann", EMAIL, password).error();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains("12345678"), "{error}");
    }
    assert!(!shell.has_database(), "what is refused leaves nothing behind");
}

#[test]
fn without_a_terminal_the_password_is_not_asked_for() {
    let shell = Shell::new();
    let create = shell.command(&["create-admin", "--username", "ann", "--email", EMAIL]);
    // A session of its own has no terminal, even if the tests have.
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(create.get_program()).args(create.get_args());
    command.current_dir(shell.path()).stdin(Stdio::null());
    let error = Done::from(command.output().unwrap()).error();
    assert!(error.contains("--password-stdin"), "{error}");
}

#[test]
fn migrations_are_listed_shown_and_applied() {
    let shell = Shell::new();
    for arguments in [&["migrate", "--status"], &["migrate", "--dry-run"]] {
        let error = shell.run(arguments).error();
        assert!(error.contains("there is no database at"), "{error}");
        assert!(!shell.has_database());
    }
    shell.write("chatapp.db", "");
    let status = || shell.run(&["migrate", "--status", "--output", "json"]).json();
    assert_eq!(
        status()[0],
        json!({ "version": 1, "name": "core", "state": "pending", "applied_at": null })
    );
    assert!(shell.run(&["migrate", "--status"]).ok().starts_with("VERSION  NAME"));

    let sql = shell.run(&["migrate", "--dry-run"]).ok();
    assert!(sql.starts_with("-- V1__core\n"), "{sql}");
    let copy = rusqlite::Connection::open_in_memory().unwrap();
    copy.execute_batch(&sql).unwrap();
    assert_eq!(status()[0]["state"], "pending", "--dry-run has changed something");

    let applied = shell.run(&["migrate", "--output", "json"]).json();
    assert_eq!(applied[0]["state"], "applied");
    assert_eq!(applied, status());
    let again = shell.run(&["migrate"]);
    assert!(again.stderr.starts_with("nothing to do: sqlite:///"), "{}", again.stderr);
    assert_eq!(again.ok(), "");
    let sql = shell.run(&["migrate", "--dry-run"]).ok();
    assert!(sql.starts_with("-- nothing to do: schema "), "{sql}");
}

#[test]
fn rooms_are_listed() {
    let shell = Shell::new();
    let error = shell.run(&["list-rooms"]).error();
    assert!(error.contains("there is no database at"), "{error}");
    assert!(!shell.has_database());
    shell.write("chatapp.db", "");
    let error = shell.run(&["list-rooms"]).error();
    assert!(error.contains("run `chatapp migrate`"), "{error}");

    shell.create_admin("ann", EMAIL, PASSWORD.as_bytes()).ok();
    let empty = shell.run(&["list-rooms"]);
    assert!(empty.stderr.contains("no rooms yet"), "{empty:?}");
    assert_eq!(empty.ok(), "");
    assert_eq!(shell.run(&["list-rooms", "--output", "json"]).json(), json!([]));

    let server = shell.backend();
    room(&*server, "general", Some("for \u{1b}[2J everybody"));
    room(&*server, "plans", None);
    assert_eq!(
        shell.run(&["list-rooms", "--output", "json"]).json(),
        json!([
            {
                "id": 1, "name": "general", "description": "for \u{1b}[2J everybody",
                "created_by": 1, "created_at": "2025-01-31T10:30:00.000Z", "head_seq": 0,
            },
            {
                "id": 2, "name": "plans", "description": null,
                "created_by": 1, "created_at": "2025-01-31T10:30:00.000Z", "head_seq": 0,
            },
        ])
    );
    assert_eq!(
        shell.run(&["list-rooms"]).ok(),
        "ID  NAME     DESCRIPTION              HEAD SEQ  CREATED BY  CREATED AT\n \
         1  general  for \\u{1b}[2J everybody         0  ann         2025-01-31T10:30:00.000Z\n \
         2  plans    -                               0  ann         2025-01-31T10:30:00.000Z\n"
    );
}

#[test]
fn a_newer_schema_is_left_alone() {
    let shell = Shell::new();
    shell.run(&["migrate"]).ok();
    let file = rusqlite::Connection::open(shell.path().join("chatapp.db")).unwrap();
    file.execute(
        "INSERT INTO refinery_schema_history VALUES (99, 'later', '2030-01-01T00:00:00Z', '1')",
        [],
    )
    .unwrap();
    for arguments in [&["serve"][..], &["migrate"], &["migrate", "--status"], &["list-rooms"]] {
        let error = shell.run(arguments).error();
        assert!(error.contains("schema version 99"), "{error}");
    }
    let error = shell.create_admin("ann", EMAIL, PASSWORD.as_bytes()).error();
    assert!(error.contains("schema version 99"), "{error}");
}

#[test]
fn a_database_that_cannot_be_used_is_one_sentence() {
    let shell = Shell::new();
    std::fs::create_dir(shell.path().join("folder")).unwrap();
    shell.write("notes.txt", &"not a database, but long enough to be taken for one\n".repeat(99));
    for (url, hint) in [
        ("mysql://ann:sesame@db/chat", "sqlite:// or postgres://"),
        ("ann:sesame@db/chat", "sqlite://chat.db"),
        ("postgresql+psycopg2://ann:sesame@db/chat", "postgresql://"),
        ("sqlite://folder", "is a folder"),
        ("sqlite://nowhere/chat.db", "there is no folder nowhere"),
        ("sqlite://notes.txt", "is not an SQLite database"),
        ("sqlite://:memory:", "sqlite://chat.db"),
        ("", "database.url in --database cannot be used"),
    ] {
        for command in ["serve", "migrate", "list-rooms"] {
            let error = shell.run(&[command, "--database", url]).error();
            assert!(error.contains(hint), "{url}: {error}");
            assert!(!error.contains("sesame"), "{url}: {error}");
        }
    }
}

#[test]
fn the_settings_are_shown_without_secrets() {
    let secret = "sesame".repeat(8);
    let shell = Shell::new()
        .env("DATABASE_URL", "postgres://ann:sesame@db/chat")
        .env("CHATAPP_AUTH__SECRET", &secret);
    shell.write("chatapp.toml", "[http]\nallowed_origins = [\"https://a.example\"]\n");
    let table = shell.run(&["config", "show"]).ok();
    assert!(!table.contains("sesame"), "{table}");
    let rows = shell.run(&["config", "show", "--output", "json"]).json();
    let row = |key: &str| {
        let row = rows.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap();
        (row["value"].clone(), row["source"].clone())
    };
    assert_eq!(row("database.url"), (json!("postgres://ann:***@db/chat"), json!("DATABASE_URL")));
    assert_eq!(row("auth.secret"), (json!("***"), json!("CHATAPP_AUTH__SECRET")));
    assert_eq!(
        row("http.allowed_origins"),
        (json!(["https://a.example"]), json!("chatapp.toml, line 2"))
    );
    assert_eq!(row("log.level"), (json!("info"), json!("default")));
    let flag = shell.run(&["--database", "sqlite://x.db", "config", "show"]).ok();
    assert!(flag.lines().any(|line| line.ends_with("--database")), "{flag}");
}

#[test]
fn the_settings_are_checked() {
    let shell = Shell::new();
    assert_eq!(shell.run(&["config", "check"]).ok(), "the settings are fine\n");
    shell.write("good.toml", "[log]\nlevel = \"debug\"\n");
    let good = ["config", "check", "--config", "good.toml"];
    assert_eq!(shell.run(&good).ok(), "the settings are fine (good.toml)\n");
    let error = shell.run(&["config", "check", "--config", "gone.toml"]).error();
    assert_eq!(error, "there is no file gone.toml: name one that exists with --config");
    shell.write("chatapp.toml", "[log]\nlevl = \"debug\"\n\n[auth]\nbcrypt_cost = 3\n");
    let bad = shell.run(&["config", "check"]);
    assert_eq!((bad.code, bad.stdout.as_str()), (1, ""));
    // The cost in the environment counts, so that the one in the file does no harm.
    assert_eq!(
        bad.stderr,
        "error: there is no setting log.levl (chatapp.toml, line 2): did you mean log.level?\n"
    );
    let error = shell.run(&["list-rooms"]).error();
    assert!(error.contains("log.levl"), "every command minds the settings: {error}");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let shell = Shell::new();
    for arguments in [&["config", "show", "--output", "json"][..], &["completions", "zsh"]] {
        let mut child = shell.command(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let done = Done::from(child.wait_with_output().unwrap());
        assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    }
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let done = shell.command(&["config", "show"]).stdout(full).output().unwrap();
    let error = Done::from(done).error();
    assert!(error.starts_with("the result cannot be written to stdout: "), "{error}");
}

#[test]
fn a_server_says_where_it_listens() {
    let shell = Shell::new();
    let mut server = shell.command(&["serve", "--bind", "127.0.0.1:0"]).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    let first = line();
    let url = first.rsplit(' ').next().unwrap().to_owned();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(first, format!("chatapp {version} listening on {url}"));
    assert_eq!(line(), format!("  API docs  {url}/docs"));
    let database = shell.path().join("chatapp.db");
    assert_eq!(line(), format!("  database  sqlite://{} (schema 1)", database.display()));
    assert!(line().starts_with("  no admin yet: sign up with \"role\":\"admin\""));
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn an_address_that_is_taken_is_one_sentence() {
    let shell = Shell::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut server = shell.command(&["serve", "--bind", &address]);
    let mut server = server.env("CHATAPP_LOG__LEVEL", "off").spawn().unwrap();
    let mut stderr = String::new();
    server.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(server.wait().unwrap().code(), Some(1));
    let remedy = "stop the other program or choose another address with --bind";
    assert_eq!(stderr, format!("error: {address} is in use: {remedy}\n"));
}
