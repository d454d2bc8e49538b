//! The element `<chatapp-room>` in pages of other origins, and the example `examples/shop`.

use std::process::Command;

use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{FILE_DEADLINE, TESTS, permit};
use crate::support::postgres::free_port;
use crate::support::{Answer, Database, Program, Server};

/// The secret with which the product of the tests signs its tokens.
const SECRET: &str = "a secret that only the product and the server know";

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    run("embed", Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_tokens() {
    run("embed-tokens", Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    run("embed", Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_tokens() {
    run("embed-tokens", Database::Postgres).await;
}

/// Runs a file of tests against a server that the tests kill and start again.
async fn run(file: &str, database: Database) {
    let _permit = permit().await;
    let (page, shop) = (free_port(), free_port());
    let origins = format!("http://127.0.0.1:{page},http://127.0.0.1:{shop}");
    let mut server = Server::with(database)
        .env("CHATAPP_HTTP__ALLOWED_ORIGINS", &origins)
        .env("CHATAPP_LIMITS__SENDS_PER_SECOND", "0")
        .env("CHATAPP_EXTERNAL__ISSUER", "https://shop.example")
        .env("CHATAPP_EXTERNAL__AUDIENCE", "chat")
        .env("CHATAPP_EXTERNAL__SECRET", SECRET)
        .start()
        .await;
    let control = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-reporter=spec", &format!("{TESTS}/{file}.test.js")])
        .env("CHATAPP_TEST_URL", server.url())
        .env("CHATAPP_TEST_CONTROL", control.local_addr().expect("its address").to_string())
        .env("CHATAPP_TEST_PRODUCT_SECRET", SECRET)
        .env("CHATAPP_TEST_PORTS", format!("{page} {shop}"));
    if database == Database::Sqlite {
        // One database is enough for a test that waits for the end of a token.
        command.env("CHATAPP_TEST_PATIENT", "1");
    }
    let mut node = Program::start(command);
    let status = loop {
        let request = tokio::select! {
            status = node.ended_within(FILE_DEADLINE) => break status,
            accepted = control.accept() => accepted.expect("a connection").0,
        };
        obey(request, &mut server).await;
    };
    assert!(status.success(), "{}", node.lines().join("\n"));
}

/// Does what the tests ask for by a request: `/kill` or `/start`.
async fn obey(mut request: TcpStream, server: &mut Server) {
    let mut head = [0; 1024];
    let length = request.read(&mut head).await.expect("a request");
    if head[..length].starts_with(b"GET /kill ") {
        server.kill9();
    } else {
        server.restart().await;
    }
    let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    request.write_all(answer).await.expect("the tests wait for the answer");
}

#[tokio::test]
async fn every_page_may_load_the_script_and_revalidates_it() {
    let allowed = "https://shop.example";
    let server =
        Server::with(Database::Sqlite).env("CHATAPP_HTTP__ALLOWED_ORIGINS", allowed).start().await;
    let nobody = server.anonymous();
    let get = |headers: &[(&str, &str)]| {
        let mut request = nobody.request(Method::GET, "/embed.js");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::to(request)
    };
    let script = get(&[("Origin", "https://other.example")]).await;
    assert_eq!(
        (script.status, script.header("content-type")),
        (200, "text/javascript; charset=utf-8")
    );
    assert_eq!(script.header("access-control-allow-origin"), "*");
    assert_eq!(script.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(script.header("x-content-type-options"), "nosniff");
    assert_eq!(script.header("cache-control"), "no-cache");
    let etag = script.header("etag").to_owned();
    let same = get(&[("If-None-Match", &etag)]).await;
    assert_eq!((same.status, same.header("access-control-allow-origin")), (304, "*"));
    // The size itself is tested in src/web/embed.rs.
    let zipped = get(&[("Accept-Encoding", "gzip"), ("Origin", allowed)]).await;
    assert_eq!(zipped.header("content-encoding"), "gzip");
    assert_eq!(zipped.header("access-control-allow-origin"), allowed);
    // The API answers only to the pages that the settings name.
    let health = nobody.request(Method::GET, "/health").header("Origin", "https://other.example");
    assert_eq!(Answer::to(health).await.header("access-control-allow-origin"), "");
}
