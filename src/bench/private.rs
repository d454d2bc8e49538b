//! A private server for one run: this program as a child process, on a free port, with its own admin.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a child may take to end.
const END: Duration = Duration::from_secs(15);

/// The settings of the child.
#[derive(Debug, Default)]
pub struct Settings {
    /// The database to use. `None`: a temporary SQLite file.
    pub database: Option<String>,
    /// A settings file for the server.
    pub config: Option<PathBuf>,
}

#[derive(Debug)]
pub struct Private {
    child: Child,
    address: SocketAddr,
    username: String,
    password: String,
    /// The URL of its database.
    database: String,
    /// Holds the server's log, and the database if it is temporary.
    folder: TempDir,
    is_thrown_away: bool,
}

impl Private {
    /// # Errors
    /// The error of the child.
    pub fn start(settings: &Settings) -> anyhow::Result<Self> {
        let folder = new_folder()?;
        let temporary = || format!("sqlite://{}/chat.db", folder.path().display());
        let database = settings.database.clone().unwrap_or_else(temporary);
        let name = uuid::Uuid::new_v4().simple().to_string();
        let username = format!("bench-admin-{}", &name[..8]);
        let password = uuid::Uuid::new_v4().to_string();
        let program = Program { settings, database: database.clone(), log: log(&folder) };
        program.create_admin(&username, &password)?;
        let (child, address) = program.serve()?;
        let is_thrown_away = settings.database.is_none();
        Ok(Self { child, address, username, password, database, folder, is_thrown_away })
    }

    /// Starts another server on the same database, with the same admin.
    ///
    /// # Errors
    /// The error of the child.
    pub fn start_another(&self, settings: &Settings) -> anyhow::Result<Self> {
        let folder = new_folder()?;
        let database = self.database.clone();
        let program = Program { settings, database: database.clone(), log: log(&folder) };
        let (child, address) = program.serve()?;
        let (username, password) = (self.username.clone(), self.password.clone());
        let is_thrown_away = self.is_thrown_away;
        Ok(Self { child, address, username, password, database, folder, is_thrown_away })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn username(&self) -> &str {
        &self.username
    }

    pub fn password(&self) -> &str {
        &self.password
    }

    /// Whether the database is deleted with the server.
    pub fn is_thrown_away(&self) -> bool {
        self.is_thrown_away
    }

    /// Stops the server and waits for its end.
    ///
    /// # Errors
    /// If the server has crashed, or does not stop.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // An error here means that the server has crashed, which is reported below.
        let _ = kill_process(pid.context("the server has no process id")?, Signal::TERM);
        let deadline = Instant::now() + END;
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => {
                    bail!("the server ended with {status}: {}", last_line(&log(&self.folder)))
                }
                None if Instant::now() >= deadline => bail!("the server does not stop"),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        // Both fail if the child has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Program<'a> {
    settings: &'a Settings,
    database: String,
    /// The server's log. The server logs as its settings say, because logging is part of its cost; the log
    /// is read only after a failure.
    log: PathBuf,
}

impl Program<'_> {
    fn create_admin(&self, username: &str, password: &str) -> anyhow::Result<()> {
        let email = format!("{username}@bench.invalid");
        let mut child = self
            .command(&[
                "create-admin",
                "--password-stdin",
                "--username",
                username,
                "--email",
                &email,
            ])?
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .context("cannot run this program again")?;
        if let Some(mut stdin) = child.stdin.take() {
            // If the child does not read it, the child fails and its error is reported below.
            let _ = stdin.write_all(password.as_bytes());
        }
        if !child.wait()?.success() {
            bail!("no admin could be created for the run: {}", last_line(&self.log));
        }
        Ok(())
    }

    /// Starts the server and waits until it prints its address.
    fn serve(&self) -> anyhow::Result<(Child, SocketAddr)> {
        let mut child = self
            .command(&["serve", "--bind", "127.0.0.1:0"])?
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run this program again")?;
        let stdout = child.stdout.take().context("the server has no stdout")?;
        let address = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("listening on ")?.1.trim().to_owned()));
        match address.map(|url| url.strip_prefix("http://").map(str::parse)) {
            Some(Some(Ok(address))) => Ok((child, address)),
            Some(_) => {
                let _ = child.kill();
                let _ = child.wait();
                bail!(
                    "the settings enable TLS, which bench does not support: use --config with \
                     settings without http.tls_certificate"
                );
            }
            None => {
                // The child has closed stdout, so it has ended or is ending.
                let _ = child.kill();
                let _ = child.wait();
                Err(anyhow!("the server of the run did not start: {}", last_line(&self.log)))
            }
        }
    }

    /// The command that runs this program. The database's URL may have a password, so it is passed in the
    /// environment, which only this user can read. A run creates many accounts with random passwords, which
    /// need no expensive hash.
    fn command(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let mut command =
            Command::new(std::env::current_exe().context("this program has no file")?);
        if let Some(config) = &self.settings.config {
            command.arg("--config").arg(config);
        }
        command
            .args(arguments)
            .env("CHATAPP_DATABASE__URL", OsString::from(&self.database))
            .env("CHATAPP_AUTH__BCRYPT_COST", "4")
            .stderr(File::options().create(true).append(true).open(&self.log)?);
        for limit in
            ["SENDS_PER_SECOND", "JOINS_PER_SECOND", "SEARCHES_PER_SECOND", "SOCKETS_PER_USER"]
        {
            command.env(format!("CHATAPP_LIMITS__{limit}"), "0");
        }
        Ok(command)
    }
}

fn new_folder() -> anyhow::Result<TempDir> {
    tempfile::Builder::new()
        .prefix("chatapp-bench-")
        .tempdir()
        .context("cannot create a temporary folder")
}

/// The file with the stderr of the children.
fn log(folder: &TempDir) -> PathBuf {
    folder.path().join("log")
}

/// The last line that a child wrote to stderr.
fn last_line(log: &Path) -> String {
    let log = std::fs::read_to_string(log).unwrap_or_default();
    let last = log.trim_end().lines().last().unwrap_or("it wrote no error");
    last.trim_start_matches("error: ").to_owned()
}
