//! `chatapp doctor`: each check reports the fault that it is made for, and reports nothing without the fault.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use chatapp::model::Clock;
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Done, beside};
use crate::support::postgres::{PgDatabase, database as postgres_database};
use crate::support::{Answer, Database, Identity, Server, on_both_databases};

on_both_databases!(a_healthy_server_has_no_problem_and_an_unnamed_proxy_is_a_warning);

/// A folder that every user may enter, with settings and a database for the doctor to check.
struct Patient {
    folder: TempDir,
    environment: Vec<(String, String)>,
    postgres: Option<PgDatabase>,
}

impl Patient {
    /// Creates an empty SQLite database.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let patient = Self { folder, environment: Vec::new(), postgres: None };
        patient.mode("", 0o755);
        patient.run(&["migrate"]);
        patient
    }

    fn on_postgres() -> Self {
        let database = postgres_database();
        let environment = vec![("DATABASE_URL".to_owned(), database.url().to_owned())];
        let patient =
            Self { folder: tempfile::tempdir().unwrap(), environment, postgres: Some(database) };
        patient.run(&["migrate"]);
        patient
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        self.mode(name, mode);
    }

    fn database(&self) -> Connection {
        Connection::open(self.path("chatapp.db")).unwrap()
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        // No server listens on this port.
        command.env("CHATAPP_HTTP__BIND", "127.0.0.1:1").envs(self.environment.clone());
        command
    }

    fn run(&self, arguments: &[&str]) -> Done {
        let mut command = self.command(env!("CARGO_BIN_EXE_chatapp"), arguments);
        Done::from(command.output().unwrap())
    }

    fn doctor(&self, arguments: &[&str]) -> Report {
        Report(self.run(&[&["doctor", "--output", "json"], arguments].concat()))
    }

    /// Runs the doctor and compares one check. `expected` is "state: a part of the detail or of the advice".
    #[track_caller]
    fn expect(&self, check: &str, expected: &str) {
        self.doctor(&[]).expect(check, expected);
    }
}

pub struct Report(pub Done);

impl Report {
    /// Compares one check. `expected` is "state: a part of the detail or of the advice". Also checks that the
    /// exit code is 1 if, and only if, some check has found a problem.
    #[track_caller]
    pub fn expect(&self, check: &str, expected: &str) {
        let rows = self.0.json();
        let rows = rows.as_array().unwrap();
        let (state, part) = expected.split_once(": ").unwrap();
        let found = rows.iter().filter(|row| row["check"] == check).any(|row| {
            row["state"] == state && format!("{} {}", row["detail"], row["advice"]).contains(part)
        });
        assert!(found, "no {check} with {expected}: {rows:#?}");
        for row in rows {
            assert_eq!(row["state"] == "ok", row["advice"].is_null(), "{row}");
        }
        let has_problem = rows.iter().any(|row| row["state"] == "problem");
        assert_eq!(self.0.code, i32::from(has_problem), "{:?}", self.0);
        assert_eq!(self.0.stderr.contains("error: there"), has_problem, "{:?}", self.0);
    }

    fn states(&self, state: &str) -> Vec<Value> {
        let rows = self.0.json();
        rows.as_array().unwrap().iter().filter(|row| row["state"] == state).cloned().collect()
    }
}

async fn a_healthy_server_has_no_problem_and_an_unnamed_proxy_is_a_warning(database: Database) {
    let server = Server::with(database).env("CHATAPP_HTTP__MAX_CONNECTIONS", "100").start().await;
    server.admin("root").await;
    let report = Report(Done::of(beside(&server, &["doctor", "--deep", "--output", "json"])).await);
    assert_eq!(report.states("problem"), [json!(null); 0]);
    // PostgreSQL's test cluster does not wait for the disk, which the doctor reports.
    let warnings: Vec<_> = report.states("warning").iter().map(|it| it["check"].clone()).collect();
    match database {
        Database::Sqlite => assert_eq!(warnings, [json!(null); 0]),
        Database::Postgres => assert_eq!(warnings, ["durability", "durability"]),
    }
    report.expect("server", "ok: is ready");
    report.expect("integrity", "ok: the whole database");
    report.expect("descriptors", "ok: the running server");
    report.expect("clock", "ok: ");
    let table = Done::of(beside(&server, &["doctor"])).await;
    assert!(table.stdout.starts_with("STATE  "), "{table:?}");

    let request = server.anonymous().request(Method::GET, "/health");
    Answer::to(request.header("x-forwarded-for", "192.0.2.1")).await.expect(200);
    let report = Report(Done::of(beside(&server, &["doctor", "--output", "json"])).await);
    report.expect("proxy", "warning: http.trusted_proxies");
}

#[test]
fn with_wrong_settings_the_doctor_checks_nothing_else() {
    let patient = Patient::new().env("CHATAPP_AUTH__BCRYPT_COST", "99");
    patient.write("chatapp.toml", "[log]\nlevl = \"debug\"\n", 0o644);
    let report = patient.doctor(&[]);
    report.expect("settings", "problem: did you mean log.level");
    report.expect("settings", "problem: auth.bcrypt_cost");
    assert_eq!(report.0.json().as_array().unwrap().len(), 2);
}

#[test]
fn doubtful_settings_are_a_warning() {
    let patient = Patient::new().env("CHATAPP_LOG__LEVEL", "info,chatap::http=debug");
    patient.expect("settings", "warning: chatap::http");
    patient.env("CHATAPP_PORT", "tcp://10.0.0.1:80").expect("settings", "warning: Kubernetes");
}

#[test]
fn risky_settings_and_a_low_limit_of_open_files_are_reported() {
    let patient = Patient::new().env("CHATAPP_HTTP__BIND", "0.0.0.0:1");
    patient.expect("exposure", "warning: http.tls_certificate");
    patient.env("CHATAPP_HTTP__TRUSTED_PROXIES", "10.0.0.1").expect("exposure", "ok: 10.0.0.1");
    let patient = Patient::new().env("CHATAPP_HTTP__BIND", "0.0.0.0:1");
    patient.expect("sign-up", "warning: auth.signup");
    patient.env("CHATAPP_AUTH__SIGNUP", "closed").expect("sign-up", "ok: only admins");
    let patient = Patient::new();
    patient.expect("exposure", "ok: this machine only");
    patient.expect("sign-up", "ok: only this machine");
    let proxied = Patient::new().env("CHATAPP_HTTP__TRUSTED_PROXIES", "127.0.0.1");
    proxied.expect("exposure", "ok: 127.0.0.1:1 is behind 127.0.0.1");
    proxied.expect("sign-up", "warning: auth.signup");
    let random = "9f2c0c1d6a8be57f4e3b7a90d1c2845ef06b7d3a91e8c45f20a7b6d9e3f81c42";
    let patient = patient.env("CHATAPP_AUTH__SECRET", random);
    patient.expect("secrets", "ok: auth.secret looks random");
    let patient = patient.env("CHATAPP_HTTP__METRICS_TOKEN", &"sesame".repeat(9));
    patient.expect("secrets", "problem: http.metrics_token can be guessed");
    let report = patient.env("CHATAPP_AUTH__PREVIOUS_SECRET", random).doctor(&[]);
    report.expect("previous secret", "warning: remove it");
    assert!(!report.0.stdout.contains("sesame") && !report.0.stdout.contains(random));

    let patient = Patient::new()
        .env("CHATAPP_EXTERNAL__ISSUER", "https://shop.example")
        .env("CHATAPP_EXTERNAL__AUDIENCE", "chat")
        .env("CHATAPP_EXTERNAL__PUBLIC_KEY", "key.pem");
    patient.expect("external", "problem: key.pem of external.public_key cannot be read");
    patient.write("key.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", 0o644);
    patient.expect("external", "problem: has another key than RSA");
    patient.write("key.pem", include_str!("../http/keys/rsa.pub.pem"), 0o644);
    patient.expect("external", "ok: tokens of https://shop.example open sessions");

    let patient = Patient::new();
    let script =
        format!("ulimit -n 256; exec {} doctor --output json", env!("CARGO_BIN_EXE_chatapp"));
    let limited = patient.command("/bin/sh", &["-c", &script]).output().unwrap();
    Report(limited.into()).expect("descriptors", "warning: LimitNOFILE=20064");
}

#[test]
fn files_that_other_users_may_read_or_change_are_a_problem() {
    let patient = Patient::new();
    patient.expect("database file", "ok: only its owner may");
    patient.mode("chatapp.db", 0o640);
    patient.expect("database file", "ok: its group");
    patient.mode("chatapp.db", 0o644);
    patient.expect("database file", "problem: may read chatapp.db");
    patient.mode("chatapp.db", 0o666);
    patient.expect("database file", "problem: may change chatapp.db");
    // Other users cannot enter the folder, so the mode of the file does no harm.
    patient.mode("", 0o700);
    patient.expect("database file", "ok: only its owner and its group");
    patient.mode("", 0o755);
    patient.mode("chatapp.db", 0o600);

    let secret = "9f2c0c1d6a8be57f4e3b7a90d1c2845ef06b7d3a91e8c45f20a7b6d9e3f81c42";
    patient.write("chatapp.toml", "[log]\nlevel = \"debug\"\n", 0o644);
    patient.expect("config file", "ok: other users cannot read a secret");
    patient.write("chatapp.toml", &format!("[auth]\nsecret = \"{secret}\"\n"), 0o644);
    patient.expect("config file", "problem: may read auth.secret in chatapp.toml");
    patient.mode("chatapp.toml", 0o640);
    patient.expect("config file", "ok: other users cannot read a secret");
    patient.mode("chatapp.toml", 0o662);
    patient.expect("config file", "problem: may change chatapp.toml");
    patient.mode("chatapp.toml", 0o600);

    let patient = patient.env("CHATAPP_BRANDING__LOGO", "logo.svg");
    patient.expect("logo", "problem: cannot be read");
    patient.write("logo.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>", 0o644);
    patient.expect("logo", "ok: logo.svg");

    let identity = Identity::new();
    identity.write(patient.folder.path());
    patient.mode("key.pem", 0o600);
    let patient = patient
        .env("CHATAPP_HTTP__TLS_CERTIFICATE", "certificate.pem")
        .env("CHATAPP_HTTP__TLS_KEY", "key.pem");
    patient.expect("certificate", "ok: private");
    for (days, expected) in [(-1, "problem: has expired"), (10, "warning: two weeks"), (20, "ok: ")]
    {
        let mut certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let end = Clock::System.now().plus_seconds(days * 24 * 3600).as_seconds();
        certificate.not_before = epoch;
        certificate.not_after = epoch + Duration::from_secs(end.unsigned_abs());
        let key = rcgen::KeyPair::generate().unwrap();
        patient.write("certificate.pem", &certificate.self_signed(&key).unwrap().pem(), 0o644);
        patient.write("key.pem", &key.serialize_pem(), 0o600);
        patient.expect("certificate", expected);
    }
    patient.mode("key.pem", 0o644);
    patient.expect("certificate", "problem: may read the private key");
    let other = tempfile::tempdir().unwrap();
    Identity::new().write(other.path());
    fs::copy(other.path().join("key.pem"), patient.path("key.pem")).unwrap();
    patient.expect("certificate", "problem: does not match the certificate");
}

#[test]
fn a_missing_backup_is_a_problem_and_an_old_one_a_warning() {
    let patient = Patient::new();
    fs::create_dir(patient.path("backups")).unwrap();
    let look = || patient.doctor(&["--backups", "backups"]);
    patient.doctor(&["--backups", "nowhere"]).expect("backups", "problem: cannot be read");
    look().expect("backups", "problem: there is no file");
    patient.write("backups/1.db", "", 0o600);
    look().expect("backups", "ok: 0 hours old");
    age(&patient.path("backups/1.db"), -50 * 3600);
    look().expect("backups", "warning: 50 hours old");
}

#[test]
fn the_state_of_an_sqlite_database_is_checked() {
    let patient = Patient::new();
    patient.expect("schema", "ok: ");
    patient.expect("database", "ok: 0 users, 0 rooms, 0 events");
    let ann = "INSERT INTO users (username, email, password_hash, role, created_at)
               VALUES ('ann', 'ann@example.com', '', 'user', 0)";
    patient.database().execute_batch(ann).unwrap();
    patient.expect("database", "ok: 1 user, 0 rooms, 0 events");
    patient.expect("admin", "warning: create-admin");
    patient.expect("server", "warning: no server answers");
    patient.expect("journal", "ok: ");
    patient.database().execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    patient.expect("journal", "warning: was not in WAL mode");
    patient.expect("journal", "ok: ");

    age(&patient.path("chatapp.db"), 3600);
    patient.expect("clock", "warning: NTP");
    age(&patient.path("chatapp.db"), 0);

    {
        // SQLite keeps the write-ahead log as long as a connection is open.
        let reader = patient.database();
        reader.execute_batch("BEGIN; SELECT * FROM users;").unwrap();
        let writer = patient.database();
        writer.execute_batch("UPDATE server SET epoch = epoch").unwrap();
        patient.expect("write-ahead log", "ok: ");
        let log = File::options().write(true).open(patient.path("chatapp.db-wal")).unwrap();
        log.set_len(300 << 20).unwrap();
        patient.expect("write-ahead log", "warning: 300.00 MiB");
    }

    let newer =
        "INSERT INTO refinery_schema_history VALUES (99, 'later', '2030-01-01T00:00:00Z', '1')";
    patient.database().execute_batch(newer).unwrap();
    patient.expect("schema", "warning: version 99");
    patient.database().execute_batch("UPDATE server SET compatible_from = 99").unwrap();
    patient.expect("schema", "problem: version 99");
    patient.write("chatapp.db", "", 0o600);
    patient.expect("schema", "problem: chatapp migrate");
    fs::remove_file(patient.path("chatapp.db")).unwrap();
    patient.expect("database", "warning: does not exist yet");
    assert!(!patient.path("chatapp.db").exists(), "the doctor has created a database");
    patient.write("chatapp.db", &"not a database\n".repeat(500), 0o600);
    patient.expect("database", "problem: is not an SQLite database");
}

#[test]
fn a_damaged_index_is_a_problem() {
    let patient = Patient::new();
    let database = patient.database();
    database
        .execute_batch(
            "INSERT INTO users (username, email, password_hash, role, created_at)
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
             SELECT 'user' || i, 'user' || i || '@example.com', hex(zeroblob(30)), 'user', 0 FROM n;
             PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .unwrap();
    patient.expect("integrity", "ok: a quick check");
    let root: i64 = database
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'users_email'", [], |row| {
            row.get(0)
        })
        .unwrap();
    drop(database);
    // Overwrites the positions of the cells in an index's root page.
    let page = u64::try_from(root - 1).unwrap() * 4096;
    let file = File::options().write(true).open(patient.path("chatapp.db")).unwrap();
    file.write_all_at(&[0xA5; 64], page + 12).unwrap();
    for arguments in [&[][..], &["--deep"]] {
        patient.doctor(arguments).expect("integrity", "problem: restore a backup");
    }
}

#[test]
fn the_state_of_a_postgres_database_is_checked() {
    let patient = Patient::on_postgres();
    patient.expect("database", "ok: PostgreSQL ");
    patient.expect("connections", "ok: are in use");
    patient.expect("clock", "ok: database server's");
    patient.expect("integrity", "ok: ");
    let mut client = patient.postgres.as_ref().unwrap().client();
    client
        .batch_execute(
            "INSERT INTO users (username, email, password_hash, role, created_at)
         VALUES ('ann', 'ann@example.com', '', 'admin', 0);
         INSERT INTO rooms (name, created_by, created_at) VALUES ('general', 1, 0);
         INSERT INTO events (room_id, seq, user_id, created_at, content)
         SELECT rooms.id, 7, users.id, 0, 'hello' FROM rooms, users WHERE username = 'ann';",
        )
        .unwrap();
    patient.expect("admin", "ok: ");
    patient.expect("integrity", "problem: goes on beyond its head");
    // The heartbeats of these nodes are in the future, so that they live as long as the test.
    let node = |name: &str, version: &str| {
        let add = "INSERT INTO nodes
                       (name, version, address, started_at, doorbell, secret, seen_at)
                   VALUES ($1, $2, '10.0.0.11:8000', 0, 'database', '0123456789abcdef',
                           clock_timestamp() + interval '1 hour')";
        patient.postgres.as_ref().unwrap().client().execute(add, &[&name, &version]).unwrap();
    };
    node("one", "1.0.0");
    patient.expect("nodes", "ok: 1 server: one (10.0.0.11:8000)");
    node("two", "1.0.0");
    patient.expect("nodes", "ok: 2 servers: one (10.0.0.11:8000), two (10.0.0.11:8000)");
    patient.expect("connections", "ok: the 2 servers use up to 16");
    node("three", "1.1.0");
    patient.expect("nodes", "warning: different versions: 1.0.0, 1.1.0");
    let change = |set: &str| {
        let sql = format!("UPDATE nodes SET {set} WHERE name = 'two'");
        patient.postgres.as_ref().unwrap().client().batch_execute(&sql).unwrap();
    };
    change("secret = 'fedcba9876543210'");
    patient.expect("nodes", "problem: refused by the other: one (10.0.0.11:8000), three");
    change("secret = '0123456789abcdef', doorbell = 'nats://10.0.0.9:4222'");
    patient.expect("nodes", "warning: nats://10.0.0.9:4222: two (10.0.0.11:8000)");
    let patient = patient.env("CHATAPP_DATABASE__READ_THREADS", "1000");
    patient.expect("connections", "warning: max_connections");
    let patient = patient
        .env("CHATAPP_DATABASE__URL", &format!("postgres://ann:{}@127.0.0.1:1/chat", "sesame"));
    let report = patient.doctor(&[]);
    report.expect("database", "problem: cannot be opened");
    report.expect("database", "problem: PostgreSQL at 127.0.0.1:1, database chat: ");
    assert!(!report.0.stdout.contains("sesame"), "{:?}", report.0);
}

/// Sets the time of the file's last change to `seconds` from now.
fn age(path: &Path, seconds: i64) {
    let changed = Clock::System.now().plus_seconds(seconds).0.unsigned_abs();
    let changed = UNIX_EPOCH + Duration::from_millis(changed);
    File::options().write(true).open(path).unwrap().set_modified(changed).unwrap();
}
