//! `chatapp serve`: its output, and its errors for databases and addresses that it cannot use.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use super::shell::{Done, Shell, on_every_database};

#[test]
fn a_server_prints_its_addresses_and_its_database() {
    on_every_database(|shell| {
        let mut server = shell.command(&["serve", "--bind", "127.0.0.1:0"]).spawn().unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let mut line = || lines.next().unwrap().unwrap();
        let lines = [line(), line(), line()];
        let port = lines[2].strip_prefix("  listening on  http://127.0.0.1:").unwrap();
        let page = format!("http://localhost:{port}");
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(lines[0], format!("chatapp {version}: open {page} in a browser"));
        assert_eq!(lines[1], format!("  API docs      {page}/docs"));
        let schema = shell.backend().list_migrations().unwrap().len();
        assert_eq!(line(), format!("  database      {} (schema {schema})", shell.url()));
        assert!(line().starts_with("  no admin yet: create the first one on the page"));
        let terminate = Command::new("kill").arg(server.id().to_string()).status().unwrap();
        assert!(terminate.success());
        assert_eq!(server.wait().unwrap().code(), Some(0));
    });
}

#[test]
fn an_address_in_use_is_reported_in_one_sentence() {
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
    assert!(shell.files().is_empty(), "{:?}", shell.files());
}

#[test]
fn a_server_that_cannot_start_creates_no_files() {
    let shell = Shell::new();
    shell.write("chatapp.toml", "[http]\ntls_certificate = \"none.pem\"\ntls_key = \"none.pem\"\n");
    let error = shell.run(&["serve", "--bind", "127.0.0.1:0"]).error();
    assert!(error.contains("none.pem cannot be read"), "{error}");
    assert_eq!(shell.files(), ["chatapp.toml"]);

    // A folder in which this user cannot create files.
    let shell = Shell::new();
    std::fs::set_permissions(shell.path(), Permissions::from_mode(0o555)).unwrap();
    let mut serve = shell.command(&["serve", "--bind", "127.0.0.1:0"]);
    if rustix::process::geteuid().is_root() {
        // Root may write to every folder, so the server runs as the user `nobody`.
        serve.uid(65534);
    }
    let error = Done::from(serve.env("CHATAPP_LOG__LEVEL", "off").output().unwrap()).error();
    assert!(error.contains("chatapp.db-lock cannot be made: Permission denied"), "{error}");
    assert!(error.contains("check the permissions of the file and its folder"), "{error}");
    assert!(shell.files().is_empty(), "{:?}", shell.files());
}

/// The server binds its port before it opens the database, because opening may take long.
#[test]
fn a_connection_that_comes_before_the_database_is_ready_waits() {
    let shell = Shell::new();
    shell.run(&["migrate"]).ok();
    let database = rusqlite::Connection::open(shell.path().join("chatapp.db")).unwrap();
    // The server stores its secret before it answers requests, and waits for this lock.
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut serve = shell.command(&["serve", "--bind", &port.to_string()]);
    let mut server = serve.env("CHATAPP_DATABASE__BUSY_TIMEOUT_MS", "60000").spawn().unwrap();
    let begun = Instant::now();
    let mut connection = loop {
        match TcpStream::connect(port) {
            Ok(connection) => break connection,
            // The process does not listen yet.
            Err(error) if begun.elapsed() > Duration::from_secs(30) => panic!("{error}"),
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    connection.write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    connection.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut answer = String::new();
    assert!(connection.read_to_string(&mut answer).is_err(), "{answer}");
    database.execute_batch("ROLLBACK").unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let terminate = Command::new("kill").arg(server.id().to_string()).status().unwrap();
    assert!(terminate.success());
    assert_eq!(server.wait().unwrap().code(), Some(0));
}

#[test]
fn a_database_that_cannot_be_used_is_reported_in_one_sentence() {
    let shell = Shell::new();
    std::fs::create_dir(shell.path().join("folder")).unwrap();
    shell.write("notes.txt", &"not a database, but long enough to be taken for one\n".repeat(99));
    for (url, hint) in [
        ("mysql://ann:sesame@db/chat", "sqlite:// or postgres://"),
        ("ann:sesame@db/chat", "sqlite://chat.db"),
        ("postgresql+psycopg2://ann:sesame@db/chat", "postgresql://"),
        ("postgres://ann:sesame@127.0.0.1:1/chat", "start PostgreSQL, or correct host and port"),
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
        if hint.contains("://") {
            let error = shell.run(&["config", "check", "--database", url]).error();
            assert!(error.contains(hint), "{url}: {error}");
            assert!(error.ends_with("(database.url is from --database)"), "{error}");
        }
    }
}

/// No process has the other end of the named pipe, so a command that just opens it waits for ever.
#[test]
fn a_folder_or_a_pipe_in_place_of_a_database_file_is_refused() {
    for name in ["chatapp.db", "chatapp.db-lock"] {
        for is_pipe in [true, false] {
            let shell = Shell::new();
            let path = shell.path().join(name);
            if is_pipe {
                let made = Command::new("mkfifo").arg(&path).status().unwrap();
                assert!(made.success());
            } else {
                std::fs::create_dir(&path).unwrap();
            }
            for command in [&["serve", "--bind", "127.0.0.1:0"][..], &["migrate"], &["doctor"]] {
                if command == ["doctor"] && name == "chatapp.db-lock" {
                    // The doctor opens the lock file only if the database exists.
                    shell.write("chatapp.db", "");
                }
                let done = ends(shell.command(command));
                assert_eq!(done.code, 1, "{name}, {command:?}: {done:?}");
                let said = format!("{}{}", done.stdout, done.stderr);
                let hint = match (name, is_pipe) {
                    ("chatapp.db", false) => "is a folder",
                    _ => "is not a regular file",
                };
                assert!(said.contains(hint), "{name}, {command:?}: {said}");
            }
        }
    }
}

/// Runs a command that must end by itself.
#[track_caller]
fn ends(mut command: Command) -> Done {
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("it does not end: {:?}", child.wait_with_output().unwrap());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Done::from(child.wait_with_output().unwrap())
}
