//! PostgreSQL for tests: a fresh database in a throwaway cluster.
//!
//! If `CHATAPP_TEST_POSTGRES_URL` is set, databases are created on that server. Otherwise all tests of a
//! target folder share one cluster. The first process starts it, while it holds a lock. Every process that
//! uses the cluster holds a second lock as long as it runs. A small shell script waits until no process
//! holds the second lock, then stops the cluster and deletes it; a panic, Ctrl-C or kill -9 of the tests
//! does not end the script.
#![allow(dead_code, reason = "every test binary uses its own part of this")]

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use postgres::{Client, NoTls};
use uuid::Uuid;

/// A new, empty database. Dropping this value drops the database.
pub struct PgDatabase {
    url: String,
    name: String,
    admin_url: String,
}

pub fn database() -> PgDatabase {
    static ADMIN_URL: OnceLock<(String, Option<PgCluster>)> = OnceLock::new();
    let (admin_url, _) = ADMIN_URL.get_or_init(|| {
        if let Ok(url) = std::env::var("CHATAPP_TEST_POSTGRES_URL") {
            return (url, None);
        }
        let cluster = PgCluster::shared();
        (cluster.admin_url.clone(), Some(cluster))
    });
    PgDatabase::create(admin_url)
}

impl PgDatabase {
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Opens a connection past the backend.
    pub fn client(&self) -> Client {
        Client::connect(&self.url, NoTls).expect("the test database answers")
    }

    fn create(admin_url: &str) -> Self {
        Self::create_with(admin_url, "")
    }

    fn create_with(admin_url: &str, options: &str) -> Self {
        let name = format!("chatapp_test_{}", Uuid::new_v4().simple());
        let sql = format!("CREATE DATABASE {name} TEMPLATE template0 {options}");
        execute(admin_url, sql)
            .unwrap_or_else(|error| panic!("the test server cannot create a database: {error:?}"));
        let url = with_database(admin_url, &name);
        Self { url, name, admin_url: admin_url.to_owned() }
    }
}

impl Drop for PgDatabase {
    fn drop(&mut self) {
        // Fails if a test has stopped the cluster; then its files are deleted anyway.
        let _ = execute(&self.admin_url, format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// Runs SQL on a new thread: the blocking client panics on a thread that runs an async runtime.
fn execute(url: &str, sql: String) -> Result<(), postgres::Error> {
    let url = url.to_owned();
    let run = move || Client::connect(&url, NoTls)?.batch_execute(&sql);
    thread::spawn(run).join().expect("the client does not panic")
}

fn with_database(url: &str, name: &str) -> String {
    let (rest, params) = match url.split_once('?') {
        Some((rest, params)) => (rest, format!("?{params}")),
        None => (url, String::new()),
    };
    let host = rest.find("://").map_or(0, |scheme| scheme + 3);
    let end = rest[host..].find('/').map_or(rest.len(), |slash| host + slash);
    format!("{}/{name}{params}", &rest[..end])
}

/// A PostgreSQL server. It is not stopped as long as a process has this value.
pub struct PgCluster {
    pub admin_url: String,
    pub(super) folder: PathBuf,
    pub(super) _in_use: File,
}

impl PgCluster {
    /// Starts a cluster that no other test uses, so that the test may stop and restart it.
    pub fn private() -> Self {
        Self::private_with(own_address(), "")
    }

    /// Like [`PgCluster::private`], at this address and with additional lines in `postgresql.conf`.
    pub fn private_with(address: SocketAddr, settings: &str) -> Self {
        let folder = new_folder();
        let in_use = share(&folder);
        supervise(&folder, &folder, 0);
        let admin_url = initialise(&folder, address, settings);
        let cluster = Self { admin_url, folder, _in_use: in_use };
        cluster.start();
        cluster
    }

    pub fn database(&self) -> PgDatabase {
        PgDatabase::create(&self.admin_url)
    }

    /// Creates a database with additional options of CREATE DATABASE.
    pub fn database_with(&self, options: &str) -> PgDatabase {
        PgDatabase::create_with(&self.admin_url, options)
    }

    /// Tries several times: on 127.0.0.1, a connection of another test may use the port for a moment.
    pub fn start(&self) {
        let data = self.folder.join("data");
        let arguments = ["start", "--wait", "--log", "log", "-D", path(&data)];
        for _ in 0..20 {
            if try_run(&self.folder, "pg_ctl", &arguments).is_ok() {
                return;
            }
            thread::sleep(std::time::Duration::from_millis(250));
        }
        run(&self.folder, "pg_ctl", &arguments);
    }

    /// Stops the server; this ends every connection.
    pub fn stop(&self) {
        let data = self.folder.join("data");
        run(&self.folder, "pg_ctl", &["stop", "--wait", "--mode", "fast", "-D", path(&data)]);
    }

    /// Replaces `pg_hba.conf`, which admits every client, by these lines.
    pub fn admit(&self, lines: &str) {
        let data = self.folder.join("data");
        fs::write(data.join("pg_hba.conf"), lines).expect("the file can be written");
        run(&self.folder, "pg_ctl", &["reload", "-D", path(&data)]);
    }

    /// Returns the server's log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).expect("the server writes a log")
    }

    /// Restarts the server as a standby, which waits for a primary for ever.
    pub fn restart_as_standby(&self) {
        self.stop();
        fs::write(self.folder.join("data/standby.signal"), "").expect("the file can be written");
        self.start();
    }

    /// Stops the server without a clean shutdown, as a crash does.
    pub fn crash(&self) {
        let data = self.folder.join("data");
        run(&self.folder, "pg_ctl", &["stop", "--wait", "--mode", "immediate", "-D", path(&data)]);
    }

    fn shared() -> Self {
        let locks = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres");
        fs::create_dir_all(&locks).expect("the target folder can be written");
        let gate = File::create(locks.join("start.lock")).expect("a lock file can be made");
        gate.lock().expect("a file can be locked");
        let in_use = share(&locks);
        let note = locks.join("running");
        if let Ok(running) = fs::read_to_string(&note)
            && let Some((admin_url, folder)) = running.split_once('\n')
            && execute(admin_url, "SELECT 1".to_owned()).is_ok()
        {
            let (admin_url, folder) = (admin_url.to_owned(), folder.into());
            return Self { admin_url, folder, _in_use: in_use };
        }
        let folder = new_folder();
        supervise(&locks, &folder, 5);
        let admin_url = initialise(&folder, local(free_port()), "");
        let cluster = Self { admin_url, folder, _in_use: in_use };
        cluster.start();
        fs::write(note, format!("{}\n{}", cluster.admin_url, path(&cluster.folder)))
            .expect("the target folder can be written");
        cluster
    }
}

/// Takes the lock that marks the cluster as used. The system releases the lock when the process ends,
/// however it ends.
pub(super) fn share(locks: &Path) -> File {
    let in_use = File::create(locks.join("in_use.lock")).expect("a lock file can be made");
    in_use.lock_shared().expect("a file can be locked");
    in_use
}

/// Starts the shell script that stops the cluster `linger` seconds after the last process that used it has
/// ended. Before it stops the cluster, the script takes the lock that a starting process needs, and checks
/// again that no process uses the cluster.
#[expect(clippy::zombie_processes, reason = "the script must outlive this process")]
pub(super) fn supervise(locks: &Path, folder: &Path, linger: u32) {
    const SCRIPT: &str = r#"
        locks=$1 folder=$2 linger=$3 pg_ctl=$4 as=$5
        while [ -d "$folder" ]; do
            flock "$locks/in_use.lock" true
            sleep "$linger"
            if flock "$locks/start.lock" sh -c '
                flock --nonblock "$1/in_use.lock" true || exit 1
                rm -f "$1/running"
                cd "$2" && $4 "$3" stop -m immediate -D "$2/data"
                rm -rf "$2"
            ' sh "$locks" "$folder" "$pg_ctl" "$as"; then exit; fi
        done"#;
    let pg_ctl = program("pg_ctl");
    let user = server_user().map_or(String::new(), |user| format!("runuser -u {user} --"));
    // setsid starts a new session, so that Ctrl-C does not end the script.
    Command::new("setsid")
        .args(["sh", "-c", SCRIPT, "sh", path(locks), path(folder)])
        .args([&linger.to_string(), path(&pg_ctl), &user])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("setsid can be run: install util-linux");
}

/// Makes the cluster's files and returns the URL that the server will have.
fn initialise(folder: &Path, address: SocketAddr, more: &str) -> String {
    let data = folder.join("data");
    // In this locale, lower() changes letters beyond ASCII too, as in most real databases.
    let locale = ["--encoding", "UTF8", "--locale", "C.UTF-8", "--auth", "trust"];
    let arguments = ["--no-sync", "--username", "postgres", "-D", path(&data)];
    run(folder, "initdb", &[&locale[..], &arguments[..]].concat());
    // The data need not survive a crash of the machine, so the server does not wait for the disk.
    let settings = format!(
        "\nlisten_addresses = '{}'\nport = {}\nunix_socket_directories = '{}'\n\
         max_connections = 300\nfsync = off\nfull_page_writes = off\n{more}\n",
        address.ip(),
        address.port(),
        path(folder)
    );
    let file = data.join("postgresql.conf");
    let mut text = fs::read_to_string(&file).expect("initdb writes it");
    text.push_str(&settings);
    fs::write(&file, text).expect("the file can be written");
    format!("postgres://postgres@{address}/postgres")
}

/// Returns an address of this machine that no other test uses. Any test may take a port of 127.0.0.1 as soon as the
/// server that had it is stopped.
pub fn own_address() -> SocketAddr {
    let [two, three, four, ..] = Uuid::new_v4().into_bytes();
    SocketAddr::from(([127, two.clamp(1, 254), three, four.clamp(1, 254)], free_port()))
}

/// Returns this port of 127.0.0.1.
pub fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port is free")
        .port()
}

pub(super) fn new_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("chatapp-postgres-{}", Uuid::new_v4().simple()));
    fs::create_dir(&folder).expect("the temporary folder can be written");
    if let Some(uid) = user_id() {
        chown(&folder, Some(uid), None).expect("root may give a folder away");
    }
    folder
}

/// Returns the id of the user that runs PostgreSQL, if it is not the user that runs the tests.
pub fn user_id() -> Option<u32> {
    let output = Command::new("id").args(["-u", server_user()?]).output().expect("`id` is there");
    Some(String::from_utf8_lossy(&output.stdout).trim().parse().expect("a user id"))
}

/// Returns another user for PostgreSQL if the tests run as root: PostgreSQL refuses to run as root.
fn server_user() -> Option<&'static str> {
    let me = Command::new("id").arg("-u").output().expect("`id` is there");
    if me.stdout != b"0\n" {
        return None;
    }
    let exists = |user: &&&str| {
        let id = Command::new("id").args(["-u", user]).output();
        id.is_ok_and(|output| output.status.success())
    };
    Some(["postgres", "nobody"].iter().find(exists).expect("there is a user called nobody"))
}

pub(super) fn run(folder: &Path, name: &str, arguments: &[&str]) {
    try_run(folder, name, arguments).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Returns what the program said if it fails.
fn try_run(folder: &Path, name: &str, arguments: &[&str]) -> Result<(), String> {
    let program = program(name);
    let mut command = match server_user() {
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", user, "--"]).arg(program);
            command
        }
        None => Command::new(program),
    };
    // A file instead of a pipe: the server would keep a pipe open.
    let log = folder.join("commands.log");
    let file = File::options().create(true).append(true).open(&log).expect("a log can be written");
    let status = command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(file.try_clone().expect("a file can be shared"))
        .stderr(file)
        .status()
        .unwrap_or_else(|error| panic!("{name} cannot be run: {error}"));
    if !status.success() {
        let said = fs::read_to_string(&log).unwrap_or_default();
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        return Err(format!("{name} failed, {status}:\n{said}\n{log}"));
    }
    Ok(())
}

/// Finds a program on the PATH, or the newest version of it where Debian installs PostgreSQL.
fn program(name: &str) -> PathBuf {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    folders.sort();
    std::env::split_paths(&on_path)
        .chain(folders.into_iter().rev())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| {
            panic!(
                "`{name}` was not found: install the PostgreSQL server (apt-get install \
                 postgresql), or set CHATAPP_TEST_POSTGRES_URL to one whose user may create \
                 databases"
            )
        })
}

pub(super) fn path(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}
