//! `chatapp serve`: what it says, and databases and addresses that it cannot use.

use std::io::{BufRead, BufReader, Read};
use std::process::Command;

use crate::shell::{Shell, on_every_database};

#[test]
fn a_server_says_where_it_listens() {
    on_every_database(|shell| {
        let mut server = shell.command(&["serve", "--bind", "127.0.0.1:0"]).spawn().unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let mut line = || lines.next().unwrap().unwrap();
        let first = line();
        let url = first.rsplit(' ').next().unwrap().to_owned();
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(first, format!("chatapp {version} listening on {url}"));
        assert_eq!(line(), format!("  API docs  {url}/docs"));
        let schema = shell.backend().list_migrations().unwrap().len();
        assert_eq!(line(), format!("  database  {} (schema {schema})", shell.url()));
        assert!(line().starts_with("  no admin yet: sign up with \"role\":\"admin\""));
        let terminate = Command::new("kill").arg(server.id().to_string()).status().unwrap();
        assert!(terminate.success());
        assert_eq!(server.wait().unwrap().code(), Some(0));
    });
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

#[test]
fn a_database_that_cannot_be_used_is_one_sentence() {
    let shell = Shell::new();
    std::fs::create_dir(shell.path().join("folder")).unwrap();
    shell.write("notes.txt", &"not a database, but long enough to be taken for one\n".repeat(99));
    for (url, hint) in [
        ("mysql://ann:sesame@db/chat", "sqlite:// or postgres://"),
        ("ann:sesame@db/chat", "sqlite://chat.db"),
        ("postgresql+psycopg2://ann:sesame@db/chat", "postgresql://"),
        ("postgres://ann:sesame@127.0.0.1:1/chat", "check that it is running"),
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
