//! A program that a test runs as another process. The test waits for lines that the program writes, and
//! writes lines to its standard input.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

use super::DEADLINE;

/// A running program. Dropping this value kills it; if the test has failed, its output is printed.
pub struct Program {
    name: String,
    child: Child,
    /// Stdout and stderr, in the order of arrival. Closed when the program has closed both.
    lines: watch::Receiver<Vec<String>>,
    /// The number of lines that [`Program::says`] has read.
    read: usize,
}

impl Program {
    pub fn start(mut command: Command) -> Self {
        let name = Path::new(command.get_program()).file_name().expect("a program's name");
        let name = name.to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {name}: {error}"));
        let (sender, lines) = watch::channel(Vec::new());
        let sender = Arc::new(sender);
        collect(child.stdout.take().expect("stdout"), sender.clone());
        collect(child.stderr.take().expect("stderr"), sender);
        Self { name, child, lines, read: 0 }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the lines written so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.borrow().clone()
    }

    /// Waits for a line that contains this text, after the lines already read, and returns it.
    pub async fn says(&mut self, text: &str) -> String {
        self.until(text, |line| line.contains(text).then(|| line.to_owned())).await
    }

    /// Waits for the first line, after the lines already read, for which `find` returns a value.
    pub async fn until<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let mut found = None;
        let mut read = self.read;
        // A debug build or a browser starts slowly on a loaded machine.
        let outcome = timeout(
            DEADLINE * 3,
            self.lines.wait_for(|lines| {
                while found.is_none() && read < lines.len() {
                    found = find(&lines[read]);
                    read += 1;
                }
                found.is_some()
            }),
        )
        .await
        .map(|waited| waited.map(drop));
        self.read = read;
        match (found, outcome) {
            (Some(found), _) => found,
            (None, Err(_)) => panic!("{} did not say `{what}` in time", self.name),
            (None, Ok(_)) => panic!("{} ended without saying `{what}`", self.name),
        }
    }

    /// Types a line into the program.
    pub fn types(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("its input is open");
        writeln!(stdin, "{line}")
            .unwrap_or_else(|error| panic!("{} no longer reads its input: {error}", self.name));
    }

    /// Closes the program's standard input, like Ctrl-D.
    pub fn ends_input(&mut self) {
        self.child.stdin = None;
    }

    /// Sends a signal by name: `TERM`, `STOP`, `CONT`.
    pub fn signal(&self, signal: &str) {
        // Uses the shell's built-in kill: not every machine has it as a program.
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {}", self.pid())])
            .status()
            .expect("run sh");
        assert!(sent.success(), "kill -{signal} failed");
    }

    /// Sends SIGKILL and waits for the end.
    pub fn kill(&mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("reap");
    }

    /// Waits until the program has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        self.ended_within(DEADLINE * 3).await
    }

    /// Like [`Program::ended`], with a deadline for a slow program.
    pub async fn ended_within(&mut self, deadline: Duration) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("wait for a child") {
                return status;
            }
            assert!(started.elapsed() < deadline, "{} is still running", self.name);
            // Polled, because std has no wait with a deadline.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail if the process has already ended, which does no harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("---- {} wrote ----\n{}\n----", self.name, self.lines().join("\n"));
        }
    }
}

/// Returns the Python that scripts/test has prepared, with the packages that the Python example needs.
pub fn python() -> PathBuf {
    let python = std::env::var_os("CHATAPP_TEST_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python3"),
        PathBuf::from,
    );
    assert!(python.exists(), "{} is missing: scripts/test makes it", python.display());
    python
}

fn collect(stream: impl Read + Send + 'static, lines: Arc<watch::Sender<Vec<String>>>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            lines.send_modify(|lines| lines.push(line));
        }
    });
}
