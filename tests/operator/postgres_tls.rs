//! TLS to PostgreSQL: every `sslmode` against every kind of server, as the server's log and `pg_stat_ssl`
//! show it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use rcgen::{DnType, SerialNumber, date_time_ymd};

use super::doctor::Report;
use super::secured::{BOTH, PLAIN, Secured, TLS};
use super::{Done, beside};
use crate::support::pgbouncer::PgBouncer;
use crate::support::postgres::free_port;
use crate::support::{DEADLINE, Database, Server};

#[test]
fn every_mode_connects_as_far_as_the_certificate_of_the_server_allows() {
    let secured = Secured::start("");
    let authority = &secured.authority;
    authority.issue("elsewhere", &["db.example.com", "192.0.2.1"]);
    authority.issue("nameless", &[]);
    authority.issue_with("expired", &["localhost"], |it| it.not_after = date_time_ymd(2020, 1, 1));
    authority.issue_with("early", &["localhost"], |it| it.not_before = date_time_ymd(4000, 1, 1));
    authority
        .issue_with("stolen", &["localhost"], |it| it.serial_number = Some(SerialNumber::from(7)));
    authority.self_signed("own", &["localhost"]);
    authority.self_signed("own_nameless", &[]);
    authority.revoke("revoked", &[7], 3999);
    authority.revoke("old", &[], 2021);
    let root = format!("&sslrootcert={}", secured.file("ca.pem"));

    secured.shows("good", BOTH);
    secured.expect_all(&root, [PLAIN, PLAIN, TLS, TLS, TLS, TLS]);
    // Of the two certificates of authorities in this file, one is right.
    let both = fs::read_to_string(secured.file("own.pem")).unwrap()
        + &fs::read_to_string(secured.file("ca.pem")).unwrap();
    fs::write(secured.file("both.pem"), both).unwrap();
    secured.expect(&format!("sslmode=verify-full&sslrootcert={}", secured.file("both.pem")), TLS);

    secured.shows("elsewhere", BOTH);
    let names = "db.example.com";
    secured.expect_all(&root, [PLAIN, PLAIN, TLS, TLS, TLS, names]);
    secured.expect(&format!("sslmode=verify-full{root}"), "write a name for which it is valid");
    // `hostaddr` is the address, and the host is the name that the certificate must have.
    let url = secured.url_of("ann", "db.example.com", "hostaddr=127.0.0.1&sslmode=verify-full");
    secured.expect_at(&format!("{url}{root}"), &[], TLS);

    secured.shows("nameless", BOTH);
    secured.expect_all(&root, [PLAIN, PLAIN, TLS, TLS, TLS, "has its name as subjectAltName"]);
    secured.shows("expired", BOTH);
    secured.expect_all(
        &root,
        [PLAIN, PLAIN, TLS, TLS, "renew the certificate", "renew the certificate"],
    );
    secured.shows("early", BOTH);
    secured.expect_all(&root, [PLAIN, PLAIN, TLS, TLS, "set the clocks", "set the clocks"]);

    // A certificate of an unknown authority.
    secured.shows("own", BOTH);
    let unknown = "certificate of the authority that issued it";
    secured.expect_all(&root, [PLAIN, PLAIN, TLS, TLS, "authority", "authority"]);
    // A file makes the weaker modes verify, and those that also accept no TLS go on without it.
    secured.expect(&format!("sslmode=require{root}"), "authority");
    secured.expect(&format!("sslmode=prefer{root}"), PLAIN);
    // The server's own certificate is the file of authorities.
    secured.expect_all(
        &format!("&sslrootcert={}", secured.file("own.pem")),
        [PLAIN, PLAIN, TLS, TLS, TLS, TLS],
    );
    secured.shows("own_nameless", BOTH);
    secured.expect_all(
        &format!("&sslrootcert={}", secured.file("own_nameless.pem")),
        [PLAIN, PLAIN, TLS, TLS, TLS, "has its name as subjectAltName"],
    );
    secured.shows("good", BOTH);
    secured
        .expect(&format!("sslmode=verify-full&sslrootcert={}", secured.file("own.pem")), unknown);

    let revoked = format!("{root}&sslcrl={}", secured.file("revoked.crl"));
    secured.expect_all(&revoked, [PLAIN, PLAIN, TLS, TLS, TLS, TLS]);
    secured.shows("stolen", BOTH);
    secured.expect_all(
        &revoked,
        [
            PLAIN,
            PLAIN,
            TLS,
            TLS,
            "give the PostgreSQL server another certificate",
            "give the PostgreSQL server another certificate",
        ],
    );
    secured.expect(&format!("sslmode=require{revoked}"), "another certificate");
    let old = format!("{root}&sslcrl={}", secured.file("old.crl"));
    secured.expect(&format!("sslmode=verify-full{old}"), "by a newer one");
}

#[test]
fn every_mode_connects_as_far_as_the_server_offers_and_admits_tls() {
    let secured = Secured::start("");
    let root = format!("&sslrootcert={}", secured.file("ca.pem"));
    secured.shows("good", "hostssl all ann all trust");
    secured.expect_all(&root, ["sslmode=verify-full", TLS, TLS, TLS, TLS, TLS]);
    secured.shows("good", "hostnossl all ann all trust");
    let refused = "`hostnossl` only those without";
    secured.expect_all(&root, [PLAIN, PLAIN, PLAIN, refused, refused, refused]);
    secured.shows("good", "host all ann all reject");
    secured.expect_all(&root, ["pg_hba.conf"; 6]);

    // An error of the server is reported once, although two ways were tried.
    let done = secured.run(&secured.url_of("nobody", "localhost", ""), &["list-rooms"], &[]);
    assert!(
        done.stderr.contains("with TLS: ") && done.stderr.contains("without TLS: "),
        "{done:?}"
    );
    secured.shows("good", "host all ann all scram-sha-256");
    let url = secured.url_of("ann:sesame", "localhost", "");
    let done = secured.run(&url, &["list-rooms"], &[]);
    assert_eq!(done.stderr.matches("28P01").count(), 1, "{done:?}");

    // Channel binding needs TLS and a password.
    let url = |query: &str| secured.url_of("ann:open", "localhost", query);
    for (query, expected) in [
        ("sslmode=require&channel_binding=require", TLS),
        ("channel_binding=require", TLS),
        ("sslmode=require&channel_binding=disable", TLS),
        ("sslmode=allow&channel_binding=require", "channel_binding=require"),
    ] {
        secured.expect_at(&url(query), &[], expected);
    }
    // The server asks for no password, which chatapp notices after the server has accepted it.
    secured.shows("good", BOTH);
    let url = url("sslmode=require&channel_binding=require");
    let done = secured.run(&url, &["list-rooms"], &[]);
    assert!(done.code == 1 && done.stderr.contains("ask for scram-sha-256"), "{done:?}");

    // A server without TLS.
    let alter = "ALTER SYSTEM SET ssl = off";
    secured.database.client().batch_execute(alter).unwrap();
    secured.shows("good", BOTH);
    let absent = "switch TLS on in PostgreSQL";
    secured.expect_all(&root, [PLAIN, PLAIN, PLAIN, absent, absent, absent]);
    let url = secured.url_of("ann", "localhost", "sslmode=verify-full");
    let direct = format!("{url}{root}&sslnegotiation=direct");
    secured.expect_at(&direct, &[], "error performing TLS handshake");
}

#[test]
fn files_are_found_where_libpq_finds_them() {
    let secured = Secured::start("");
    secured.shows("good", BOTH);
    let full = secured.url("sslmode=verify-full");
    // Without a file there is nothing to verify with.
    for mode in ["verify-ca", "verify-full"] {
        let url = secured.url(&format!("sslmode={mode}"));
        secured.expect_at(&url, &[], ".postgresql/root.crt does not exist");
        secured.expect_at(&url, &[], "sslrootcert=system");
    }
    secured.expect("sslmode=verify-full&sslrootcert=/no/such.pem", "/no/such.pem cannot be read");
    secured.expect("sslmode=require&sslrootcert=/no/such.pem", "/no/such.pem cannot be read");
    let key = secured.file("good.key");
    secured.expect(&format!("sslmode=verify-ca&sslrootcert={key}"), "no certificate in PEM");

    // The system's certificates. With them the weaker modes are refused.
    let system = secured.url("sslrootcert=system");
    let ours = [("SSL_CERT_FILE", &*secured.file("ca.pem"))];
    secured.expect_at(&system, &ours, TLS);
    secured.expect_at(&system, &[], "sslrootcert");
    secured.expect("sslmode=require&sslrootcert=system", "needs sslmode=verify-full");
    let url = secured.url_of("ann", "127.0.0.1", "sslrootcert=system");
    secured.expect_at(&url, &ours, "write a name for which it is valid");

    // The default file.
    let default = secured.home.path().join(".postgresql");
    fs::create_dir(&default).unwrap();
    fs::copy(secured.file("ca.pem"), default.join("root.crt")).unwrap();
    secured.expect_at(&full, &[], TLS);
    // `require` verifies the issuer as well, but not the name.
    let url = secured.url_of("ann", "127.0.0.1", "sslmode=require");
    secured.expect_at(&url, &[], TLS);
    secured.authority.self_signed("own", &["localhost"]);
    fs::copy(secured.file("own.pem"), default.join("root.crt")).unwrap();
    secured.expect_at(&url, &[], "certificate of the authority that issued it");
}

#[test]
fn a_server_that_asks_for_a_certificate_gets_it() {
    let secured = Secured::start("");
    let as_ann = |name: &str| {
        secured.authority.issue_with(name, &[], |it| {
            it.distinguished_name.push(DnType::CommonName, "ann");
        });
    };
    as_ann("ann");
    secured.authority.issue("bo", &[]);
    let root = format!("sslmode=verify-full&sslrootcert={}", secured.file("ca.pem"));
    let shown = |name: &str| {
        let key = secured.file(&format!("{name}.key"));
        format!("{root}&sslcert={}&sslkey={key}", secured.file(&format!("{name}.pem")))
    };
    for admits in ["hostssl all ann all cert", "hostssl all ann all trust clientcert=verify-full"] {
        secured.shows("good", admits);
        secured.expect(&shown("ann"), TLS);
        secured.expect(&shown("bo"), "common name (CN)");
        secured.expect(&root, "with sslcert and sslkey in the database URL");
        let not_shown = format!("{}&sslcertmode=disable", shown("ann"));
        secured.expect(&not_shown, "with sslcert and sslkey in the database URL");
    }
    // Another authority's certificate.
    secured.authority.self_signed("own", &["ann"]);
    secured.expect(&shown("own"), "its log says why");

    let default = secured.home.path().join(".postgresql");
    fs::create_dir(&default).unwrap();
    fs::copy(secured.file("ann.pem"), default.join("postgresql.crt")).unwrap();
    secured.expect(&root, "postgresql.key cannot be read");
    let key = default.join("postgresql.key");
    fs::copy(secured.file("ann.key"), &key).unwrap();
    secured.expect(&root, TLS);
    for (mode, is_refused) in [(0o644, true), (0o604, true), (0o660, true), (0o400, false)] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        secured.expect(&root, if is_refused { "chmod 600" } else { TLS });
    }
    secured.expect(&format!("{}&sslpassword=x", shown("ann")), "openssl pkey");
    secured.expect(
        &format!("{root}&sslcert={}", secured.file("bo.pem")),
        "cannot be used with its key",
    );
}

#[test]
fn the_versions_of_tls_and_several_hosts_are_as_in_the_url() {
    let secured = Secured::start("ssl_max_protocol_version = 'TLSv1.2'");
    secured.shows("good", BOTH);
    let root = format!("sslmode=verify-full&sslrootcert={}", secured.file("ca.pem"));
    secured.expect(&format!("{root}&ssl_max_protocol_version=TLSv1.2"), TLS);
    assert!(secured.cluster.log().contains("protocol=TLSv1.2"));
    secured.expect(&format!("{root}&sslsni=0"), TLS);
    secured.expect(
        &format!("{root}&ssl_min_protocol_version=TLSv1.3"),
        "look at ssl_min_protocol_version",
    );
    let hosts = format!("localhost:{},localhost", free_port());
    secured.expect_at(&secured.url_of("ann", &hosts, &root), &[], TLS);
    // Each host is named with its error.
    let hosts = format!("localhost:1,127.0.0.1:{},localhost", secured.port);
    let url = secured.url_of("bo", &hosts, &root);
    secured.expect_at(&url, &[], "localhost:1: error connecting to server");
    secured.expect_at(&url, &[], "127.0.0.1:");
    secured.expect_at(&url, &[], "no pg_hba.conf entry");
}

#[test]
fn the_doctor_says_how_the_connection_is_protected() {
    let secured = Secured::start("");
    secured.shows("good", BOTH);
    let root = format!("&sslrootcert={}", secured.file("ca.pem"));
    // chatapp does not recognise this spelling as this machine's own name.
    for (host, query, expected) in [
        ("localhost", "sslmode=disable".to_owned(), "ok: stays on this machine"),
        ("localhost", String::new(), "ok: certificate is not verified"),
        ("LOCALHOST", "sslmode=disable".to_owned(), "ok: is not encrypted"),
        ("LOCALHOST", "sslmode=allow".to_owned(), "warning: passwords and messages cross"),
        ("LOCALHOST", String::new(), "warning: would also be made without encryption"),
        ("LOCALHOST", "sslmode=require".to_owned(), "warning: can pose as PostgreSQL"),
        ("LOCALHOST", format!("sslmode=require{root}"), "ok: but not its name"),
        ("LOCALHOST", format!("sslmode=verify-ca{root}"), "ok: but not its name"),
        ("LOCALHOST", format!("sslmode=verify-full{root}"), "ok: verified with its name"),
    ] {
        let url = secured.url_of("ann", host, &query);
        let report = Report(secured.run(&url, &["doctor", "--output", "json"], &[]));
        report.expect("encryption", expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_connections_of_a_server_and_of_its_commands_are_encrypted() {
    let secured = tokio::task::spawn_blocking(|| {
        let secured = Secured::start("");
        secured.shows("good", "hostssl all ann all trust");
        secured
    });
    let secured = secured.await.unwrap();
    let root = format!("sslmode=verify-full&sslrootcert={}", secured.file("ca.pem"));
    let url = secured.url(&root);
    let mut server = Server::with(Database::Postgres).at(&url).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let mut socket = ann.joins(room).await;
    assert_eq!(socket.says(room, "hello", "1").await["seq"], 1);

    // One of the sessions is the doorbell's, which connects in another way.
    let database = secured.database.url().to_owned();
    let count = move || {
        let mut client = postgres::Client::connect(&database, postgres::NoTls).unwrap();
        let sql = "SELECT count(*), count(*) FILTER (WHERE ssl AND version = 'TLSv1.3'),
                          count(*) FILTER (WHERE application_name = 'chatapp doorbell')
                   FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'ann'";
        let started = Instant::now();
        loop {
            let row = client.query_one(sql, &[]).unwrap();
            let [all, encrypted, doorbells] = [0, 1, 2].map(|column| row.get::<_, i64>(column));
            if doorbells > 0 {
                return (all, encrypted);
            }
            assert!(started.elapsed() < DEADLINE, "the doorbell does not connect");
        }
    };
    let (all, encrypted) = tokio::task::spawn_blocking(count).await.unwrap();
    assert!(all > 2 && all == encrypted, "{encrypted} of {all}");

    Report(Done::of(beside(&server, &["doctor", "--output", "json"])).await)
        .expect("encryption", "ok: verified with its name");
    let file = server.folder().join("chat.jsonl");
    let file = file.to_str().unwrap();
    let done = Done::of(beside(&server, &["backup", file])).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(server.sigterm().await.success());
    for arguments in [
        &["migrate"][..],
        &["restore", file, "--yes"],
        &["copy", "--from", &url, "--to", "sqlite://postgres-tls.db", "--yes"],
        &["copy", "--from", "sqlite://postgres-tls.db", "--to", &url, "--yes"],
        &["list-rooms"],
    ] {
        let done = Done::of(secured.command(&url, arguments, &[])).await;
        assert_eq!(done.code, 0, "{arguments:?}: {done:?}");
    }
    drop(server);
    tokio::task::spawn_blocking(move || drop(secured)).await.unwrap();
}

#[test]
fn a_pooler_with_tls_is_verified_too() {
    let secured = Secured::start("");
    secured.shows("good", BOTH);
    let settings = format!(
        "pool_mode = session\nclient_tls_sslmode = require\nclient_tls_cert_file = {}\n\
         client_tls_key_file = {}",
        secured.file("server.pem"),
        secured.file("server.key")
    );
    let pooler = PgBouncer::start(secured.database.url(), &settings);
    let url = pooler.url(secured.database.url()).replace("127.0.0.1", "localhost");
    let root = secured.file("ca.pem");
    let full = format!("{url}?sslmode=verify-full&sslrootcert={root}");
    let done = secured.run(&full, &["list-rooms"], &[]);
    assert_eq!(done.code, 0, "{done:?}");
    let done = secured.run(&format!("{url}?sslmode=disable"), &["list-rooms"], &[]);
    assert!(done.stderr.contains("write sslmode=verify-full"), "{done:?}");
    let other = full.replace("localhost", "127.0.0.1");
    let done = secured.run(&other, &["list-rooms"], &[]);
    assert!(done.stderr.contains("write a name for which it is valid"), "{done:?}");
}
