//! `chatapp health`.

use super::doctor::Report;
use super::{Done, beside};
use crate::support::{Database, Identity, Server, on_both_databases};

on_both_databases!(a_running_server_is_healthy_with_and_without_tls);

async fn a_running_server_is_healthy_with_and_without_tls(database: Database) {
    for identity in [None, Some(Identity::new())] {
        let builder = Server::with(database);
        let mut server = match &identity {
            None => builder.start().await,
            Some(identity) => builder.encrypted_as(identity).start().await,
        };
        for arguments in
            [&["health"][..], &["health", "--ready"], &["health", "--timeout-ms", "9000"]]
        {
            let done = Done::of(beside(&server, arguments)).await;
            let said = (done.code, done.stdout.as_str(), done.stderr.as_str());
            assert_eq!(said, (0, "", ""), "{arguments:?}");
        }
        let scheme = if identity.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", server.own_address());
        let named = Done::of(server.command(&["health", "--url", &url])).await;
        assert_eq!(named.code, 0, "{named:?}");
        // `chatapp stats` connects only to the server with the configured certificate.
        let stats = Done::of(beside(&server, &["stats"])).await;
        assert_eq!((stats.code, stats.stderr.as_str()), (0, ""), "{stats:?}");
        if identity.is_some() {
            Identity::new().write(server.folder());
            let other = Done::of(beside(&server, &["stats"])).await;
            assert!(other.stderr.contains("another certificate"), "{other:?}");
            assert!(
                Done::of(beside(&server, &["health"])).await.code == 0,
                "`health` must not depend on the certificate"
            );
        }

        assert!(server.sigterm().await.success());
        let done = Done::of(beside(&server, &["health"])).await;
        assert_eq!((done.code, done.stdout.as_str()), (1, ""), "{done:?}");
        assert!(done.stderr.starts_with("error: no server answers at "), "{done:?}");
        assert_eq!(done.stderr.lines().count(), 1, "{done:?}");
    }
}

/// The server accepts the connection but does not answer.
#[tokio::test]
async fn a_server_that_hangs_is_not_healthy() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_chatapp"));
    command.args(["health", "--url", &url, "--timeout-ms", "200"]);
    let done = Done::of(command).await;
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stderr.contains("no answer within 200 ms"), "{done:?}");
}

/// The process runs, but its database does not answer.
#[tokio::test]
async fn a_server_without_its_database_is_healthy_but_not_ready() {
    use crate::support::postgres::PgCluster;
    let cluster = PgCluster::private();
    let database = cluster.database();
    let server = Server::with(Database::Postgres).at(database.url()).start().await;
    cluster.stop();
    let done = Done::of(beside(&server, &["health"])).await;
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let done = Done::of(beside(&server, &["health", "--ready", "--timeout-ms", "20000"])).await;
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stderr.contains("/ready answers 503: the database"), "{done:?}");
    let report = Report(Done::of(beside(&server, &["doctor", "--output", "json"])).await);
    report.expect("server", "problem: runs but is not ready");
    report.expect("database", "problem: cannot be opened");
    cluster.start();
}
