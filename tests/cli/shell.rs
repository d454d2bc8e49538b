//! A folder and an environment to run the binary in, and the results of its commands.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use chatapp::storage::{self, Backend, OpenOptions};
use serde_json::Value;

use crate::support::postgres::{self, PgDatabase};

pub const PASSWORD: &str = "open sesame";
pub const EMAIL: &str = "ann@example.com";

/// Runs the test once on SQLite, in the shell's folder, and once on PostgreSQL.
pub fn on_every_database(test: fn(Shell)) {
    test(Shell::new());
    test(Shell::on_postgres());
}

/// A new folder, and an environment that contains only the variables that a test sets.
pub struct Shell {
    pub folder: tempfile::TempDir,
    pub environment: Vec<(String, String)>,
    postgres: Option<PgDatabase>,
}

/// A command that waits for the answer to its question.
pub struct Question {
    child: Child,
    pub said: String,
}

impl Question {
    /// Answers yes and returns the command's further output. The command must succeed.
    pub fn yes(mut self) -> String {
        self.child.stdin.as_mut().unwrap().write_all(b"y\n").unwrap();
        let output = self.child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        said
    }
}

/// A command that has ended.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Shell {
    pub fn new() -> Self {
        let environment = vec![
            ("CHATAPP_AUTH__BCRYPT_COST".to_owned(), "4".to_owned()),
            // Errors must contain no backtrace, even if a developer has set this variable.
            ("RUST_BACKTRACE".to_owned(), "1".to_owned()),
        ];
        Self { folder: tempfile::tempdir().unwrap(), environment, postgres: None }
    }

    pub fn on_postgres() -> Self {
        let database = postgres::database();
        let shell = Self::new().env("DATABASE_URL", database.url());
        Self { postgres: Some(database), ..shell }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// Returns the names of the files in the folder.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
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

    pub fn run(&self, arguments: &[&str]) -> Done {
        Done::from(self.command(arguments).output().unwrap())
    }

    pub fn run_with_stdin(&self, arguments: &[&str], stdin: &[u8]) -> Done {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A command that refuses its arguments reads nothing.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        Done::from(child.wait_with_output().unwrap())
    }

    /// Runs a command on a new terminal, until it asks a question.
    pub fn ask(&self, arguments: &[&str]) -> Question {
        let line = format!("{} {}", env!("CARGO_BIN_EXE_chatapp"), arguments.join(" "));
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .current_dir(self.path())
            .env_clear()
            .envs(self.environment.clone())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`script` can be run: install util-linux");
        let mut said = Vec::new();
        let mut byte = [0];
        while !said.ends_with(b"[y/N] ") {
            let read = child.stdout.as_mut().unwrap().read(&mut byte).unwrap();
            assert_eq!(read, 1, "it ended: {}", String::from_utf8_lossy(&said));
            said.push(byte[0]);
        }
        Question { child, said: String::from_utf8(said).unwrap() }
    }

    pub fn create_admin(&self, username: &str, email: &str, stdin: &[u8]) -> Done {
        let arguments =
            ["create-admin", "--username", username, "--email", email, "--password-stdin"];
        self.run_with_stdin(&arguments, stdin)
    }

    /// The URL of the database, as commands print it.
    pub fn url(&self) -> String {
        match &self.postgres {
            Some(database) => database.url().to_owned(),
            None => format!("sqlite://{}", self.path().join("chatapp.db").display()),
        }
    }

    /// Opens the same database in this process.
    pub fn backend(&self) -> Arc<dyn Backend> {
        storage::open(&self.url(), OpenOptions::default()).unwrap()
    }

    /// Runs SQL in the database, past the storage layer.
    pub fn execute(&self, sql: &str) {
        match &self.postgres {
            Some(database) => database.client().batch_execute(sql).unwrap(),
            None => {
                let file = self.path().join("chatapp.db");
                rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
            }
        }
    }

    pub fn has_database(&self) -> bool {
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
    /// Returns stdout. The command must have succeeded.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.stdout
    }

    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// Returns the error of a command that failed, which must be one sentence for the operator.
    #[track_caller]
    pub fn error(self) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (1, ""), "{self:?}");
        let sentence = self.stderr.strip_prefix("error: ").expect("it begins with `error: `");
        let sentence = sentence.strip_suffix('\n').expect("it is a whole line");
        for noise in ["\n", "backtrace", "panicked", "Error(", "Os {"] {
            assert!(!sentence.contains(noise), "{sentence}");
        }
        sentence.to_owned()
    }

    /// Returns stderr of a command that was called with wrong arguments.
    #[track_caller]
    pub fn usage(self) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (2, ""), "{self:?}");
        self.stderr
    }
}
