//! A PostgreSQL server that chatapp cannot use, because of its encoding, rights or state, or because it refuses
//! the connection. Every command gets an error with a remedy; clients get a temporary error.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use serde_json::json;
use uuid::Uuid;

use super::doctor::Report;
use super::{Done, beside, command_on, on};
use crate::support::postgres::{PgCluster, PgDatabase, database, free_port};
use crate::support::{Database, Server};

async fn blocking<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(run).await.expect("it does not panic")
}

/// Runs the doctor on the database of this URL.
fn doctor(url: &str) -> Report {
    Report(on(url, &["doctor", "--output", "json"]))
}

/// Checks that each command fails with one sentence that contains all of these parts.
#[track_caller]
fn expect_refused(url: &str, commands: &[&str], parts: &[&str]) {
    for command in commands {
        let done = on(url, &[command]);
        assert_eq!(done.code, 1, "{command}: {done:?}");
        for part in parts {
            assert!(done.stderr.contains(part), "{command}, {part}: {done:?}");
        }
        assert_eq!(done.stderr.matches("error: ").count(), 1, "{done:?}");
        assert!(!done.stderr.contains("sesame"), "{done:?}");
    }
}

/// Returns the URL of the same database for this role.
fn url_of(database: &PgDatabase, role: &str) -> String {
    database.url().replace("postgres@", &format!("{role}@"))
}

#[test]
fn a_database_that_cannot_hold_every_text_is_refused() {
    let cluster = PgCluster::private();
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let options = format!("ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'");
        let database = cluster.database_with(&options);
        let parts = [encoding, "ENCODING 'UTF8' TEMPLATE template0", "chatapp copy"];
        expect_refused(database.url(), &["serve", "migrate"], &parts);
        doctor(database.url()).expect("encoding", &format!("problem: {encoding}, not UTF8"));
    }
}

#[test]
fn the_error_for_a_role_without_rights_has_the_missing_grant() {
    let database = database();
    let role = format!("ann_{}", Uuid::new_v4().simple());
    let url = url_of(&database, &role);
    let mut owner = database.client();
    owner.batch_execute(&format!("CREATE ROLE {role} LOGIN")).unwrap();
    let (_, name) = database.url().rsplit_once('/').unwrap();

    // Before PostgreSQL 15 every role may create tables in the schema public, so the right is removed.
    owner.batch_execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC").unwrap();
    let grant = format!("GRANT CREATE ON SCHEMA public TO {role}");
    expect_refused(&url, &["serve", "migrate"], &[&role, name, &grant]);
    doctor(&url).expect("rights", &format!("problem: {grant}"));

    owner.batch_execute("REVOKE USAGE ON SCHEMA public FROM PUBLIC").unwrap();
    let grant = format!("GRANT USAGE, CREATE ON SCHEMA public TO {role}");
    expect_refused(&url, &["serve", "migrate"], &[&role, name, &grant]);

    // The tables belong to another role.
    assert_eq!(on(database.url(), &["migrate"]).code, 0);
    owner.batch_execute("GRANT USAGE ON SCHEMA public TO PUBLIC").unwrap();
    let grant =
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}");
    expect_refused(&url, &["serve", "migrate"], &[&role, name, &grant]);
    owner.batch_execute(&grant).unwrap();
    owner.batch_execute(&format!("REVOKE INSERT ON users FROM {role}")).unwrap();
    expect_refused(&url, &["serve", "migrate"], &["users: INSERT", &grant]);
    doctor(&url).expect("rights", "problem: users: INSERT");
    owner.batch_execute(&grant).unwrap();
    let sequences = format!("GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}");
    expect_refused(&url, &["serve", "migrate"], &["events_id_seq", &sequences]);
    let usage = format!("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}");
    owner.batch_execute(&usage).unwrap();
    assert_eq!(on(&url, &["migrate"]).code, 0);

    // With the rights that the doctor names, nothing more is missing.
    doctor(&url).expect("rights", &format!("warning: {sequences}"));
    owner.batch_execute(&sequences).unwrap();
    let report = doctor(&url);
    assert!(!report.0.stdout.contains("\"rights\""), "{:?}", report.0);
    owner.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoked_rights_are_logged_and_clients_get_unavailable() {
    let role = format!("ann_{}", Uuid::new_v4().simple());
    let (database, url) = blocking({
        let role = role.clone();
        move || {
            let database = database();
            let sql = format!("CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA public TO {role}");
            database.client().batch_execute(&sql).unwrap();
            let url = url_of(&database, &role);
            (database, url)
        }
    })
    .await;
    let mut server = Server::with(Database::Postgres).at(&url).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let path = format!("/rooms/{room}/messages");
    let mut socket = ann.joins(room).await;
    let database = blocking(move || {
        let sql = format!("REVOKE SELECT, INSERT ON events FROM {role}");
        database.client().batch_execute(&sql).unwrap();
        (database, role)
    })
    .await;
    let refused = ann.post(&path, json!({ "content": "hello" })).await;
    refused.expect_problem(503, "unavailable");
    ann.get(&path).await.expect_problem(503, "unavailable");
    socket.send(json!({ "type": "send", "content": "hello", "ref": "1" })).await;
    assert_eq!(socket.recv_type("error").await["code"], "unavailable");
    let line = server.says("42501").await;
    assert!(line.contains("PostgreSQL at 127.0.0.1:"), "{line}");
    assert!(line.contains("chatapp doctor") && line.contains("database chatapp_test_"), "{line}");
    let report = Report(Done::of(beside(&server, &["doctor", "--output", "json"])).await);
    report.expect("rights", "problem: events: INSERT, SELECT");

    // A missing table is not the client's fault either.
    let database = blocking(move || {
        database.0.client().batch_execute("ALTER TABLE events RENAME TO elsewhere").unwrap();
        database
    })
    .await;
    ann.get(&path).await.expect_problem(503, "unavailable");
    drop(server);
    blocking(move || {
        let (database, role) = database;
        let sql = format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}");
        database.client().batch_execute(&sql).unwrap();
    })
    .await;
}

#[test]
fn a_database_that_cannot_be_written_to_is_refused() {
    let cluster = PgCluster::private();
    let database = cluster.database();
    assert_eq!(on(database.url(), &["migrate"]).code, 0);
    let (_, name) = database.url().rsplit_once('/').unwrap();
    let read_only = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    database.client().batch_execute(&read_only).unwrap();
    let remedy = format!("ALTER DATABASE {name} SET default_transaction_read_only = off");
    expect_refused(database.url(), &["serve", "migrate"], &[&remedy]);
    doctor(database.url()).expect("primary", &format!("problem: {remedy}"));

    cluster.restart_as_standby();
    expect_refused(database.url(), &["serve", "migrate"], &["is a standby", "name the primary"]);
    doctor(database.url()).expect("primary", "problem: is a standby");
    // A standby can be read.
    assert_eq!(on(database.url(), &["list-rooms"]).code, 0);

    // If a URL names several servers, chatapp uses the one that can be written to. Here no server can be written to.
    let address = database.url().split(['@', '/']).nth(3).unwrap();
    let both = database.url().replace(address, &format!("{address},{address}"));
    let commands = ["serve", "migrate", "list-rooms"];
    expect_refused(&both, &commands, &["none of the servers", "name the primary"]);
}

#[test]
fn a_refused_connection_is_reported_in_one_sentence_with_a_remedy() {
    let cluster = PgCluster::private();
    let database = cluster.database();
    assert_eq!(on(database.url(), &["migrate"]).code, 0);
    database
        .client()
        .batch_execute(
            "CREATE ROLE ann LOGIN PASSWORD 'open'; CREATE ROLE full_role LOGIN CONNECTION LIMIT 0;
             CREATE ROLE group_role NOLOGIN",
        )
        .unwrap();
    let (address, name) = (address_of(&database), database.url().rsplit_once('/').unwrap().1);
    cluster.admit(
        "host all ann all scram-sha-256\nhost all shut all reject\nhostssl all tls all trust\nhost all tls all reject\n\
         host all all all trust\n",
    );
    let commands = ["serve", "migrate", "list-rooms"];
    for (user, wanted, parts) in [
        ("ann:sesame", name, ["28P01", "correct the password"]),
        ("ann", name, ["password missing", "write it in the database URL"]),
        ("nobody_here", name, ["28000", "CREATE ROLE"]),
        ("group_role", name, ["28000", "CREATE ROLE … LOGIN"]),
        ("shut", name, ["28000", "pg_hba.conf"]),
        ("tls", name, ["28000", "`hostssl` admits only"]),
        ("full_role", name, ["53300", "CONNECTION LIMIT"]),
        ("postgres", "no_such", ["3D000", "CREATE DATABASE"]),
    ] {
        let url = format!("postgres://{user}@{address}/{wanted}");
        let user = user.split(':').next().unwrap();
        expect_refused(&url, &commands, &[parts[0], parts[1], &address, wanted, user]);
        doctor(&url).expect("database", &format!("problem: {}", parts[1]));
    }
    let url = |host: &str| format!("postgres://ann:sesame@{host}/chat");
    for (url, part) in [
        (url("127.0.0.1:1"), "start PostgreSQL, or correct host and port"),
        (url("no-such-host.invalid"), "correct the host in the database URL"),
        ("postgres:///chat?host=/nowhere".to_owned(), "there is no such socket"),
    ] {
        expect_refused(&url, &commands, &[part]);
    }
}

fn address_of(database: &PgDatabase) -> String {
    database.url().split(['@', '/']).nth(3).unwrap().to_owned()
}

/// Starts a server that waits for a client's first bytes and then sends this answer; an empty answer means
/// that it stays silent.
fn fake(answer: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut silent = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 1024]);
            match answer.is_empty() {
                true => silent.push(stream),
                false => drop(stream.write_all(&answer)),
            }
        }
    });
    address
}

/// Returns the message of PostgreSQL's protocol that refuses a client with this error code.
fn turned_away(code: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C{code}\0Mthe reason\0\0");
    let length = u32::try_from(fields.len() + 4).unwrap();
    [b"E", &length.to_be_bytes()[..], fields.as_bytes()].concat()
}

#[test]
fn every_error_code_that_an_operator_can_meet_has_its_own_remedy() {
    for (code, part) in [
        ("08006", "look into its log"),
        ("25006", "name the primary"),
        ("28000", "CREATE ROLE"),
        ("28P01", "correct the password"),
        ("3D000", "CREATE DATABASE"),
        ("42501", "chatapp doctor"),
        ("53100", "make room on the disk"),
        ("53200", "max_locks_per_transaction"),
        ("53300", "max_connections"),
        ("53400", "at a limit of its own"),
        ("57P01", "is being stopped"),
        ("57P02", "crashed"),
        ("57P03", "starting, stopping or recovering"),
        ("57P04", "dropped the database"),
        ("58030", "the disk"),
    ] {
        let address = fake(turned_away(code));
        let url = format!("postgres://ann:sesame@{address}/chat");
        let address = address.to_string();
        expect_refused(&url, &["list-rooms"], &[code, "the reason", part, &address]);
    }
}

#[test]
fn a_server_that_is_not_postgres_is_reported() {
    let http = fake(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
    let closed = fake(turned_away("57P03")[..3].to_vec());
    for address in [http, closed] {
        let url = format!("postgres://ann:sesame@{address}/chat");
        expect_refused(&url, &["list-rooms"], &["does not speak PostgreSQL's protocol"]);
    }
    // The server stays silent: the command reports it, and ends before `on` ends it.
    let url = format!("postgres://ann:sesame@{}/chat", fake(Vec::new()));
    expect_refused(&url, &["migrate", "list-rooms"], &["no connection could be made", "5000 ms"]);
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("chat.db");
    let made = on("sqlite://unfit-none.db", &["migrate", "--database", &at(folder.path())]);
    assert_eq!(made.code, 0, "{made:?}");
    let made = on(&at(folder.path()), &["backup", backup.to_str().unwrap()]);
    assert_eq!(made.code, 0, "{made:?}");
    let done =
        Done::from(command_on(&url, &["restore", backup.to_str().unwrap()]).output().unwrap());
    assert!(done.stderr.contains("nothing has answered on it"), "{done:?}");
}

fn at(folder: &std::path::Path) -> String {
    format!("sqlite://{}/a.db", folder.display())
}

#[test]
fn an_error_names_the_parameter_of_a_url_that_cannot_be_had() {
    let port = free_port();
    for (parameter, advice) in [
        ("sslmode=on", "verify-full"),
        ("sslmode=require&sslrootcert=system", "sslmode=verify-full"),
        ("sslpassword=sesame", "openssl pkey"),
        ("gssencmode=require", "disable or prefer"),
        ("target_session_attrs=standby", "read-write, primary or any"),
    ] {
        let url = format!("postgres://ann:sesame@127.0.0.1:{port}/chat?{parameter}");
        let name = parameter.rsplit('&').next().unwrap().split('=').next().unwrap();
        expect_refused(&url, &["serve", "migrate", "list-rooms"], &[name, advice]);
        let checked = on(&url, &["config", "check"]);
        assert!(checked.code == 1 && checked.stderr.contains(advice), "{checked:?}");
    }
}

#[test]
fn the_doctor_warns_of_a_database_without_sync_and_of_a_network_without_tls() {
    let database = database();
    // The test cluster does not wait for the disk.
    doctor(database.url()).expect("durability", "warning: set fsync = on");
    doctor(database.url()).expect("encryption", "ok: stays on this machine");
    // chatapp does not recognise this address as this machine's own.
    let url = database.url().replace("127.0.0.1", "127.1");
    doctor(&url).expect("encryption", "warning: sslmode=disable");
    let url = format!("{url}?sslmode=disable");
    doctor(&url).expect("encryption", "ok: is not encrypted");
}

#[test]
fn the_doctor_warns_if_case_is_ignored_only_in_some_scripts() {
    let database = database();
    assert_eq!(on(database.url(), &["migrate"]).code, 0);
    let report = doctor(database.url());
    assert!(!report.0.stdout.contains("\"case\""), "{:?}", report.0);
    let without_icu =
        "CREATE OR REPLACE FUNCTION fold_case(text) RETURNS text LANGUAGE sql IMMUTABLE
                       AS 'SELECT lower($1)'";
    database.client().batch_execute(without_icu).unwrap();
    doctor(database.url()).expect("case", "warning: PostgreSQL with ICU");
}

/// The unique index on `client_id` is sorted by the collation. After a change of its version, PostgreSQL may
/// miss entries of the index and store a `client_id` twice.
#[test]
fn the_doctor_warns_of_a_changed_version_of_the_collation() {
    let cluster = PgCluster::private();
    let database = cluster.database_with("LOCALE_PROVIDER icu ICU_LOCALE 'en'");
    assert_eq!(on(database.url(), &["migrate"]).code, 0);
    let report = doctor(database.url());
    assert!(!report.0.stdout.contains("\"collation\""), "{:?}", report.0);
    let other = "UPDATE pg_database SET datcollversion = '1' WHERE datname = current_database()";
    database.client().batch_execute(other).unwrap();
    doctor(database.url()).expect("collation", "warning: REINDEX DATABASE chatapp_test_");
}
