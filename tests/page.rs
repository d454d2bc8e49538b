//! The page in a real browser. The tests themselves are in tests/browser, one file for each subject. Each file
//! runs in Node (`node --test`) against a server of its own.

mod embed;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use reqwest::Method;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::support::{Answer, Database, Program, Server, ServerBuilder};

const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser");

/// The deadline for a whole file, on a loaded machine.
const FILE_DEADLINE: Duration = Duration::from_secs(600);

/// The settings for the file `settings`; the other files use the defaults.
const SETTINGS: [(&str, &str); 5] = [
    ("CHATAPP_AUTH__SIGNUP", "closed"),
    ("CHATAPP_ROOMS__CREATE", "everyone"),
    ("CHATAPP_BRANDING__NAME", "Tea & <Cake>"),
    ("CHATAPP_BRANDING__LOGO", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/logo.svg")),
    // So bright that white text on it is not legible.
    ("CHATAPP_BRANDING__COLOR", "#ffe100"),
];

/// The number of browsers that run at once: each consists of several busy processes.
static BROWSERS: Semaphore = Semaphore::const_new(2);

/// Waits until another browser may run.
async fn permit() -> SemaphorePermit<'static> {
    let packages = Path::new(TESTS).join("node_modules");
    assert!(packages.exists(), "{} is missing: scripts/test makes it", packages.display());
    BROWSERS.acquire().await.expect("the semaphore is never closed")
}

/// Runs a file of tests against a new, empty server.
async fn run(file: &str, database: Database) {
    let builder = Server::with(database);
    run_on(file, builder).await;
}

/// Runs a file of tests against a server with other settings.
async fn run_on(file: &str, builder: ServerBuilder) {
    let _permit = permit().await;
    run_against(file, &builder.start().await, None).await;
}

/// Runs a file of tests against this server, and another one on its database.
async fn run_against(file: &str, server: &Server, other: Option<&Server>) {
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-reporter=spec", &format!("{TESTS}/{file}.test.js")])
        .env("CHATAPP_TEST_URL", server.url())
        .envs(other.map(|other| ("CHATAPP_TEST_OTHER_URL", other.url())));
    let mut node = Program::start(command);
    let status = node.ended_within(FILE_DEADLINE).await;
    assert!(status.success(), "{}", node.lines().join("\n"));
}

/// One test for each file; those after `postgres` run on PostgreSQL as well.
macro_rules! files {
    ($($name:ident => $file:literal),+; postgres $($again:ident => $again_file:literal),+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::run($file, super::Database::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $again() {
                super::run($again_file, super::Database::Postgres).await;
            })+
        }
    };
}

files! {
    first_run => "first-run",
    chatting => "chatting",
    reactions => "reactions",
    quotes => "quotes",
    network => "network",
    history => "history",
    safety => "safety",
    admin => "admin",
    access => "access",
    looks => "looks",
    markdown => "markdown",
    prose => "prose",
    code => "code",
    writing => "writing",
    links => "links",
    narrow => "narrow",
    places => "places",
    limits => "limits",
    input_methods => "input-methods",
    storage => "storage",
    proxy => "proxy",
    direct => "direct",
    members => "members",
    invites => "invites",
    bots => "bots",
    hooks => "hooks",
    scheduled => "scheduled",
    devices => "devices";
    postgres first_run => "first-run", chatting => "chatting", limits => "limits", devices => "devices"
}

/// With a closed sign-up, rooms created by everyone, and a branding.
#[tokio::test(flavor = "multi_thread")]
async fn settings() {
    run_on("settings", with_settings()).await;
}

/// With previews of links to sites on this machine.
#[tokio::test(flavor = "multi_thread")]
async fn previews() {
    let builder = Server::with(Database::Sqlite)
        .env("CHATAPP_PREVIEWS__ENABLED", "on")
        .env("CHATAPP_OUTBOUND__ALLOW", "127.0.0.0/8")
        .env("CHATAPP_LIMITS__SENDS_PER_SECOND", "0");
    run_on("previews", builder).await;
}

/// Two servers on one PostgreSQL.
#[tokio::test(flavor = "multi_thread")]
async fn servers() {
    let _permit = permit().await;
    let name = "CHATAPP_FLEET__NAME";
    let mut one = Server::with(Database::Postgres).env(name, "one").start().await;
    one.set_env(name, "two");
    let two = one.start_another().await;
    run_against("servers", &one, Some(&two)).await;
}

fn with_settings() -> ServerBuilder {
    SETTINGS
        .into_iter()
        .fold(Server::with(Database::Sqlite), |server, (name, value)| server.env(name, value))
}

/// A connection may join few rooms at once; the others are followed by watching.
#[tokio::test(flavor = "multi_thread")]
async fn watching() {
    let builder = Server::with(Database::Sqlite).env("CHATAPP_LIMITS__ROOMS_PER_SOCKET", "3");
    run_on("watching", builder.env("CHATAPP_LIMITS__SENDS_PER_SECOND", "0")).await;
}

/// Many messages are written at once.
async fn run_without_limit(file: &str) {
    let builder = Server::with(Database::Sqlite).env("CHATAPP_LIMITS__SENDS_PER_SECOND", "0");
    run_on(file, builder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn threads() {
    run_without_limit("threads").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn search() {
    run_without_limit("search").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inbox() {
    run_without_limit("inbox").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unread() {
    run_without_limit("unread").await;
}

#[tokio::test]
async fn the_server_serves_the_logo_and_its_policy_forbids_scripts() {
    let server = with_settings().start().await;
    let nobody = server.anonymous();
    let setup = nobody.get("/auth/setup").await.expect(200);
    assert_eq!(setup["branding"]["name"], "Tea & <Cake>");
    assert_eq!(setup["branding"]["color"], "#ffe100");
    let address = setup["branding"]["logo"].as_str().unwrap().to_owned();
    let logo = nobody.get(&address).await;
    assert_eq!((logo.status, logo.header("content-type")), (200, "image/svg+xml"));
    assert_eq!(logo.header("x-content-type-options"), "nosniff");
    let policy = logo.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    let index = nobody.get("/").await;
    let html = index.body.as_str().unwrap();
    assert!(html.contains("<title>Tea &amp; &lt;Cake&gt;</title>"), "{}", html);
    assert!(html.contains(&format!("href=\"{}\"", address.trim_start_matches('/'))), "{}", html);
    assert!(!html.contains("chatapp"), "the page has the default name: {}", html);
    let folder = address.rsplit_once('/').unwrap().0;
    let manifest = nobody.get(&format!("{folder}/app.webmanifest")).await.expect(200);
    assert_eq!(manifest["name"], "Tea & <Cake>");
    assert_eq!(manifest["icons"][0]["src"], "logo.svg");
    assert_ne!(manifest["theme_color"], "#0f6f63");

    // A page with another name has another ETag.
    let plain = Server::start(Database::Sqlite).await.anonymous().get("/").await;
    assert_ne!(plain.header("etag"), index.header("etag"));
}

#[tokio::test]
async fn config_check_reports_a_logo_that_cannot_be_used() {
    let server = Server::start(Database::Sqlite).await;
    let check = |file: &str| {
        let mut command = server.command(&["config", "check"]);
        let output = command.env("CHATAPP_BRANDING__LOGO", file).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let write = |name: &str, data: &[u8]| std::fs::write(server.folder().join(name), data).unwrap();
    write("page.svg", b"<html></html>");
    write("large.png", &[&b"\x89PNG\r\n\x1a\n"[..], &[0; 256 * 1024]].concat());
    write("good.png", b"\x89PNG\r\n\x1a\n");
    assert_eq!(check("good.png").0, Some(0));
    for (file, expected) in [
        ("none.svg", "cannot be read"),
        ("page.svg", "is neither an SVG nor a PNG"),
        ("large.png", "more than 256 KiB"),
    ] {
        let (code, said) = check(file);
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains(&format!("branding.logo ({file})")) && said.contains(expected),
            "{said}"
        );
    }
}

#[tokio::test]
async fn files_are_cached_by_their_hash_and_the_index_is_revalidated() {
    let server = Server::start(Database::Sqlite).await;
    let nobody = server.anonymous();
    let get = |path: &str, headers: &[(&str, &str)]| {
        let mut request = nobody.request(Method::GET, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::to(request)
    };
    let index = get("/", &[]).await;
    assert_eq!((index.status, index.header("cache-control")), (200, "no-cache"));
    let policy = index.header("content-security-policy").to_owned();
    for part in ["default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    let etag = index.header("etag").to_owned();
    let same = get("/", &[("If-None-Match", &etag)]).await;
    assert_eq!(same.status, 304);
    // A browser applies the headers of a 304 to the copy that it has cached.
    assert_eq!(same.header("content-security-policy"), policy);
    let other = get("/", &[("If-None-Match", "\"another\"")]).await;
    assert_eq!(other.status, 200);

    let hash = etag.trim_matches('"');
    let sdk = get(&format!("/assets/{hash}/sdk/javascript/src/sync.js"), &[]).await;
    assert_eq!((sdk.status, sdk.header("content-type")), (200, "text/javascript; charset=utf-8"));
    let script = get(&format!("/assets/{hash}/main.js"), &[]).await;
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(script.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(script.header("content-encoding"), "");
    assert_eq!(script.header("vary"), "Accept-Encoding");
    let zipped = get(&format!("/assets/{hash}/main.js"), &[("Accept-Encoding", "gzip")]).await;
    assert_eq!(zipped.header("content-encoding"), "gzip");
    for missing in [
        "/assets/0000000000000000/main.js".to_owned(),
        format!("/assets/{hash}/nothing.js"),
        format!("/assets/{hash}/core/types.d.ts"),
        // The page has only those modules of the SDK that it uses.
        format!("/assets/{hash}/sdk/javascript/src/types.ts"),
        format!("/assets/{hash}/sdk/javascript/src/client/client.js"),
        format!("/assets/{hash}/../../Cargo.toml"),
        format!("/assets/{hash}/%2e%2e/mod.rs"),
    ] {
        let answer = get(&missing, &[]).await;
        assert_eq!(answer.status, 404, "{missing}");
        assert_eq!(answer.header("cache-control"), "no-store", "{missing}");
    }
    let head = Answer::to(nobody.request(Method::HEAD, "/")).await;
    assert_eq!((head.status, head.header("content-type")), (200, "text/html; charset=utf-8"));
}
