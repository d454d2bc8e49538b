//! A running server: the real binary in a new folder, on a free port.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::thread;

use chatapp::storage::{Backend, OpenOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use super::DEADLINE;
use super::client::Client;
use super::postgres::{self, PgDatabase};
use super::program::Program;
use super::schema::FrameSchema;
use super::tls::{self, Identity};

/// The password of every account that the harness creates.
pub const PASSWORD: &str = "correct horse battery";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// A server process. Dropping this value kills the process; if the test has failed, the log is printed. A
/// panic in the server fails the test.
pub struct Server {
    program: Program,
    /// The address to which clients connect.
    address: SocketAddr,
    /// The address on which the server listens: behind the tunnel, if the server speaks TLS.
    own_address: SocketAddr,
    tunnel: Option<JoinSet<()>>,
    setup: Setup,
    shared: Arc<Shared>,
    /// The lines that the processes before the last restart wrote.
    earlier_log: Vec<String>,
}

/// The values that all clients of one server share.
pub struct Shared {
    pub http: reqwest::Client,
    pub base_url: String,
    frames: OnceCell<FrameSchema>,
}

/// The values with which a server is started and restarted.
struct Setup {
    folder: TempDir,
    database_url: String,
    environment: Vec<(String, String)>,
    descriptors: Option<u32>,
    /// Kept because dropping it drops the database.
    _postgres: Option<PgDatabase>,
}

pub struct ServerBuilder {
    database: Database,
    url: Option<String>,
    config: Option<String>,
    environment: Vec<(String, String)>,
    identity: Option<Identity>,
    descriptors: Option<u32>,
}

impl ServerBuilder {
    /// Limits the number of files and connections that the server's process may have open.
    pub fn descriptors(mut self, most: u32) -> Self {
        self.descriptors = Some(most);
        self
    }

    /// Makes the server speak only TLS. The harness's clients reach it through a tunnel and need no change.
    pub fn encrypted(self) -> Self {
        self.encrypted_as(&Identity::new())
    }

    /// Like [`ServerBuilder::encrypted`], with a certificate that the test knows.
    pub fn encrypted_as(mut self, identity: &Identity) -> Self {
        self.identity = Some(identity.clone());
        self
    }

    /// Writes this text to `chatapp.toml` in the server's folder.
    pub fn config(mut self, toml: &str) -> Self {
        self.config = Some(toml.to_owned());
        self
    }

    /// Uses the database at this URL, which the test keeps.
    pub fn at(mut self, url: &str) -> Self {
        self.url = Some(url.to_owned());
        self
    }

    /// Sets a variable in the server's environment. It overrides the harness's own value.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes the variables set so far, also the harness's own, which make tests fast.
    pub fn without_environment(mut self) -> Self {
        self.environment.clear();
        self
    }

    pub async fn start(self) -> Server {
        let folder = tempfile::tempdir().expect("a temporary folder");
        if let Some(toml) = &self.config {
            std::fs::write(folder.path().join("chatapp.toml"), toml).expect("write chatapp.toml");
        }
        let (database_url, postgres) = match self.database {
            _ if self.url.is_some() => (self.url.unwrap_or_default(), None),
            Database::Sqlite => ("sqlite://chatapp.db".to_owned(), None),
            Database::Postgres => {
                // Starting a cluster blocks for one or two seconds.
                let database = tokio::task::spawn_blocking(postgres::database)
                    .await
                    .expect("a PostgreSQL database");
                (database.url().to_owned(), Some(database))
            }
        };
        let mut environment = self.environment;
        if let Some(identity) = &self.identity {
            identity.write(folder.path());
            for (name, file) in [("CERTIFICATE", tls::CERTIFICATE), ("KEY", tls::KEY)] {
                environment.push((format!("CHATAPP_HTTP__TLS_{name}"), file.to_owned()));
            }
        }
        let setup = Setup {
            folder,
            database_url,
            environment,
            descriptors: self.descriptors,
            _postgres: postgres,
        };

        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let (program, address) = setup.serve(any_port).await;
        let own_address = address;
        let (address, tunnel) = match &self.identity {
            Some(identity) => {
                let (address, tunnel) = tls::tunnel(own_address, identity).await;
                (address, Some(tunnel))
            }
            None => (address, None),
        };
        let shared = Arc::new(Shared {
            http: reqwest::Client::builder().timeout(DEADLINE).build().expect("an HTTP client"),
            base_url: format!("http://{address}"),
            frames: OnceCell::new(),
        });
        Server { program, address, own_address, tunnel, setup, shared, earlier_log: Vec::new() }
    }
}

impl Server {
    /// Starts a server with a new, empty database.
    pub async fn start(database: Database) -> Self {
        Self::with(database).start().await
    }

    /// Returns a builder, to configure a server before it starts.
    pub fn with(database: Database) -> ServerBuilder {
        // A login takes a quarter of a second at the default cost.
        let fast = [
            ("CHATAPP_AUTH__BCRYPT_COST", "4"),
            // Tests send and join faster than the limits for people allow.
            ("CHATAPP_LIMITS__SENDS_PER_SECOND", "0"),
            ("CHATAPP_LIMITS__JOINS_PER_SECOND", "0"),
            ("CHATAPP_LIMITS__SEARCHES_PER_SECOND", "0"),
            ("CHATAPP_LIMITS__SOCKETS_PER_USER", "0"),
        ];
        let environment = fast.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let server = ServerBuilder {
            database,
            url: None,
            config: None,
            environment,
            identity: None,
            descriptors: None,
        };
        match std::env::var_os("CHATAPP_TEST_TLS") {
            Some(_) => server.encrypted(),
            None => server,
        }
    }

    /// Starts another server in another folder on the same database.
    pub async fn start_another(&self) -> Self {
        let url = match self.database_url().strip_prefix("sqlite://") {
            Some(path) => format!("sqlite://{}", self.folder().join(path).display()),
            None => self.database_url().to_owned(),
        };
        let mut another = Self::with(Database::Sqlite).at(&url);
        another.environment.clone_from(&self.setup.environment);
        another.start().await
    }

    /// `http://127.0.0.1:PORT`; the port stays the same through [`Server::restart`].
    pub fn url(&self) -> &str {
        &self.shared.base_url
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address on which the server itself listens, without the tunnel.
    pub fn own_address(&self) -> SocketAddr {
        self.own_address
    }

    /// The folder the server runs in.
    pub fn folder(&self) -> &Path {
        self.setup.folder.path()
    }

    /// The value of `--database` for commands that run in the server's folder.
    pub fn database_url(&self) -> &str {
        &self.setup.database_url
    }

    pub fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// Signs up the first admin, as the original walk-through does, and signs in.
    pub async fn admin(&self, username: &str) -> Client {
        self.signs_up(username, json!({ "role": "admin" })).await
    }

    /// Signs up a user and signs in.
    pub async fn user(&self, username: &str) -> Client {
        self.signs_up(username, json!({})).await
    }

    /// A client that has not signed in.
    pub fn anonymous(&self) -> Client {
        Client::anonymous(self.shared.clone())
    }

    /// A client that has not signed in, and reaches the server at another URL, such as that of a proxy.
    pub fn anonymous_at(&self, base_url: &str) -> Client {
        Client::anonymous(Arc::new(Shared {
            http: self.shared.http.clone(),
            base_url: base_url.to_owned(),
            frames: OnceCell::new(),
        }))
    }

    async fn signs_up(&self, username: &str, extra: Value) -> Client {
        let mut account = json!({
            "username": username,
            "email": format!("{username}@example.com"),
            "password": PASSWORD,
        });
        for (field, value) in extra.as_object().expect("an object") {
            account[field] = value.clone();
        }
        self.anonymous().post("/auth/signup", account).await.expect(201);
        self.anonymous().signs_in(username, PASSWORD).await
    }

    /// Runs another command of the same binary on the server's database, in the server's folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.setup.command();
        command.args(arguments).args(["--database", &self.setup.database_url]);
        command
    }

    /// Sets a variable in the server's environment from the next start on.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.setup.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Sends SIGKILL, which gives the process no chance to clean up.
    pub fn kill9(&mut self) {
        self.program.kill();
    }

    /// Asks the server to stop, and waits until it has.
    pub async fn sigterm(&mut self) -> ExitStatus {
        self.program.signal("TERM");
        self.exited().await
    }

    /// Sends a signal by name, and does not wait.
    pub fn signal(&self, signal: &str) {
        self.program.signal(signal);
    }

    /// Waits for a line of the log that contains this text, after the lines already read.
    pub async fn says(&mut self, text: &str) -> String {
        self.program.says(text).await
    }

    /// Waits until the process has ended by itself.
    pub async fn exited(&mut self) -> ExitStatus {
        self.program.ended().await
    }

    /// Starts a server that was stopped or killed, on the same port, folder and database.
    pub async fn restart(&mut self) {
        self.earlier_log.append(&mut self.program.lines());
        let (program, address) = self.setup.serve(self.own_address).await;
        assert_eq!(address, self.own_address, "the server came back on another port");
        self.program = program;
    }

    /// Returns the lines that the server has written so far to stdout and stderr.
    pub fn log(&self) -> Vec<String> {
        let mut log = self.earlier_log.clone();
        log.append(&mut self.program.lines());
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            if !self.earlier_log.is_empty() {
                let log = self.earlier_log.join("\n");
                eprintln!("---- chatapp wrote before its last restart ----\n{log}\n----");
            }
            return;
        }
        let log = self.log();
        let panic = log.iter().find(|line| line.contains("panicked at"));
        assert!(panic.is_none(), "the server panicked:\n{}", log.join("\n"));
    }
}

impl Shared {
    /// The schema of the server's frames. It is read from the server once.
    pub async fn frames(&self) -> &FrameSchema {
        self.frames
            .get_or_init(|| async {
                let document = self
                    .http
                    .get(format!("{}/asyncapi.json", self.base_url))
                    .send()
                    .await
                    .expect("GET /asyncapi.json")
                    .json()
                    .await
                    .expect("/asyncapi.json is JSON");
                FrameSchema::from_asyncapi(&document)
            })
            .await
    }
}

impl Setup {
    fn command(&self) -> Command {
        const PROGRAM: &str = env!("CARGO_BIN_EXE_chatapp");
        let mut command = match self.descriptors {
            None => Command::new(PROGRAM),
            Some(most) => {
                let mut shell = Command::new("sh");
                let script = format!("ulimit -n {most} && exec \"$0\" \"$@\"");
                shell.args(["-c", &script, PROGRAM]);
                shell
            }
        };
        // The developer's own settings must not influence the test.
        for (name, _) in std::env::vars_os() {
            if name == "DATABASE_URL" || name.to_string_lossy().starts_with("CHATAPP_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the server and waits for the line that contains its address.
    async fn serve(&self, bind: SocketAddr) -> (Program, SocketAddr) {
        let mut command = self.command();
        command.args(["serve", "--bind", &bind.to_string(), "--database", &self.database_url]);
        let mut program = Program::start(command);
        let address = program.until("listening on …//127.0.0.1:…", listening_address).await;
        (program, address)
    }
}

/// The address in `listening on http://127.0.0.1:PORT`, or https.
fn listening_address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("://127.0.0.1:")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some(SocketAddr::from(([127, 0, 0, 1], rest[..digits].parse().ok()?)))
}

/// Runs `work` on the server's database as another process would: with new connections, and on a thread
/// without an async runtime.
pub fn in_the_database<T: Send>(
    server: &Server,
    work: impl FnOnce(&dyn Backend) -> chatapp::storage::Result<T> + Send,
) -> T {
    // A path relative to the server's folder, or a URL of PostgreSQL.
    let url = match server.database_url().strip_prefix("sqlite://") {
        Some(file) => format!("sqlite://{}", server.folder().join(file).display()),
        None => server.database_url().to_owned(),
    };
    std::thread::scope(|scope| {
        let work = move || {
            let backend = chatapp::storage::open(&url, OpenOptions::default())?;
            work(&*backend)
        };
        scope.spawn(work).join().expect("no panic").expect("the database answers")
    })
}
