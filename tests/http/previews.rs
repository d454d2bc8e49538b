//! Previews of links, with pages of servers on this machine.

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use super::members::{add, private};
use crate::support::{
    Answer, Client, Database, Identity, Server, ServerBuilder, Site, on_both_databases,
};

on_both_databases!(
    a_message_has_previews_of_the_pages_that_it_links_to,
    a_page_is_shown_as_text_whatever_it_is,
    an_image_is_served_if_it_is_one,
    a_page_is_fetched_once_and_kept,
    only_those_who_may_read_a_message_get_its_previews,
    previews_follow_the_message,
    nothing_on_a_private_address_is_fetched,
    a_user_who_makes_the_server_fetch_too_much_is_refused,
    without_the_setting_there_are_no_previews,
    a_page_over_tls_needs_a_certificate_that_the_machine_trusts,
);

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and more";

fn answer(path: &str) -> Vec<u8> {
    let html = |html: &str| with("text/html; charset=utf-8", html.as_bytes());
    let titled = |title: &str| html(&format!("<title>{title}</title>"));
    let imaged =
        |image: &str| html(&format!("<title>x</title><meta property=og:image content='{image}'>"));
    let redirect = |to: &str| {
        format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").into_bytes()
    };
    match path {
        "/tea" => html(
            "<html><head><title>no</title><meta property='og:title' content='Tea &amp; cake'>\
             <meta property='og:description' content='How\nto make it'>\
             <meta property='og:site_name' content='The kitchen'>\
             <meta property='og:image' content='/tea.png'></head></html>",
        ),
        "/script" => titled("<script>alert(1)</script><img src=x onerror=alert(1)>"),
        "/bidi" => titled("a\u{202e}b\u{0}\u{200b}\nc"),
        "/latin" => with("text/html; charset=latin1", b"<title>caf\xe9</title>"),
        "/invalid" => with("text/html", b"<title>a\xff\xfe\x80b</title>"),
        "/long" => titled(&"x".repeat(1_000)),
        "/endless" => b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>endless</title>".into(),
        "/slow" => b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>slow</title>".into(),
        "/untitled" => html("<p>nothing"),
        "/text" => with("text/plain", b"<title>x</title>"),
        "/untyped" => b"HTTP/1.1 200 OK\r\n\r\n<title>x</title>".into(),
        "/error" => b"HTTP/1.1 500 No\r\nContent-Type: text/html\r\n\r\n<title>x</title>".into(),
        "/zipped" => b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n<title>x</title>".into(),
        "/head" => format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX: {}\r\n\r\n<title>x</title>", "x".repeat(1_000_000)).into(),
        "/garbage" => vec![0; 1_000],
        "/moved" => redirect("/tea"),
        "/loop" => redirect("/loop"),
        "/metadata" => redirect("http://169.254.169.254/"),
        "/home" => redirect("http://[::1]/"),
        "/file" => redirect("file:///etc/passwd"),
        "/tea.png" => with("text/html", PNG),
        "/a.jpeg" => with("image/jpeg", b"\xff\xd8\xff\xe0"),
        "/a.gif" => with("image/gif", b"GIF89a"),
        "/a.webp" => with("image/webp", b"RIFF\x01\x02\x03\x04WEBPVP8 "),
        "/a.svg" => with("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        "/a.html" => with("image/png", b"<html>"),
        "/a.large" => with("image/png", &[PNG, &vec![0; 2 * 1024 * 1024]].concat()),
        "/a.private" => redirect("http://127.0.0.2:1/"),
        _ => match path.strip_prefix("/image?") {
            Some(image) => imaged(image),
            None => titled(path),
        },
    }
}

fn with(content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A server that shows previews, and may fetch pages of this machine at 127.0.0.1.
fn with_previews(database: Database) -> ServerBuilder {
    Server::with(database)
        .env("CHATAPP_PREVIEWS__ENABLED", "on")
        .env("CHATAPP_OUTBOUND__ALLOW", "127.0.0.1/32")
        .env("CHATAPP_LIMITS__PREVIEWS_PER_SECOND", "0")
}

/// Sends a message and returns the path of its previews.
async fn say(client: &Client, room: i64, text: &str) -> String {
    let path = format!("/rooms/{room}/messages");
    let sent = client.post(&path, json!({ "content": text })).await.expect(201);
    format!("{path}/{}/previews", sent["id"])
}

async fn titles(client: &Client, path: &str) -> Vec<String> {
    let previews = client.get(path).await.expect(200);
    let titles = previews.as_array().expect("a list").iter();
    titles.map(|it| it["title"].as_str().expect("a title").to_owned()).collect()
}

async fn a_message_has_previews_of_the_pages_that_it_links_to(database: Database) {
    let site = Site::start(answer).await;
    let server = with_previews(database).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    assert_eq!(server.anonymous().get("/auth/setup").await.expect(200)["previews"], true);
    let [tea, two, three, four] = ["/tea#top", "/text", "/three", "/four"].map(|it| site.url(it));
    let text = format!("`{four}` see {tea}, ({two}) and [this]({three})! {tea} {four}");
    let path = say(&ann, room, &text).await;
    let previews = ann.get(&path).await.expect(200);
    assert_eq!(
        previews,
        json!([
            {
                "url": tea,
                "title": "Tea & cake",
                "description": "How to make it",
                "site_name": "The kitchen",
                "image": format!("{path}/0/image"),
            },
            { "url": three, "title": "/three" },
        ])
    );
    let mut hits = site.hits();
    hits.sort_unstable();
    assert_eq!(hits, ["/tea", "/text", "/three"]);
    let nothing = say(&ann, room, "no link").await;
    assert_eq!(ann.get(&nothing).await.expect(200), json!([]));
}

async fn a_page_is_shown_as_text_whatever_it_is(database: Database) {
    let site = Site::start(answer).await;
    let server = with_previews(database).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let long = format!("{}…", "x".repeat(199));
    for (path, title) in [
        ("/script", Some("<script>alert(1)</script><img src=x onerror=alert(1)>")),
        ("/bidi", Some("ab\u{fffd} c")),
        ("/latin", Some("café")),
        ("/invalid", Some("a\u{fffd}\u{fffd}\u{fffd}b")),
        ("/long", Some(&*long)),
        ("/endless", Some("endless")),
        ("/moved", Some("Tea & cake")),
        ("/slow", None),
        ("/untitled", None),
        ("/text", None),
        ("/untyped", None),
        ("/error", None),
        ("/zipped", None),
        ("/head", None),
        ("/garbage", None),
        ("/loop", None),
        ("/metadata", None),
        ("/home", None),
        ("/file", None),
    ] {
        let previews = say(&ann, room, &site.url(path)).await;
        let expected: Vec<_> = title.into_iter().collect();
        assert_eq!(titles(&ann, &previews).await, expected, "{path}");
    }
    let loops = site.hits().iter().filter(|path| *path == "/loop").count();
    assert_eq!(loops, 4, "the first request and three redirects");
}

async fn an_image_is_served_if_it_is_one(database: Database) {
    let site = Site::start(answer).await;
    let server = with_previews(database).start().await;
    let [ann, bo] = [server.admin("ann").await, server.user("bo").await];
    let room = ann.creates_room("general").await;
    for (image, media_type) in [
        ("/tea.png", Some("image/png")),
        ("/a.jpeg", Some("image/jpeg")),
        ("/a.gif", Some("image/gif")),
        ("/a.webp", Some("image/webp")),
        ("/a.svg", None),
        ("/a.html", None),
        ("/a.large", None),
        ("/a.private", None),
        ("http://169.254.169.254/a.png", None),
    ] {
        let path = say(&ann, room, &site.url(&format!("/image?{image}"))).await;
        let found = bo.get(&path).await.expect(200);
        let address = found[0]["image"].as_str().expect("a path");
        for _ in 0..2 {
            let answer = Answer::to(bo.request(Method::GET, address)).await;
            let Some(media_type) = media_type else {
                answer.expect_problem(404, "preview_not_found");
                continue;
            };
            assert_eq!((answer.status, answer.header("content-type")), (200, media_type));
            for (name, value) in [
                ("content-security-policy", "sandbox; default-src 'none'"),
                ("x-content-type-options", "nosniff"),
                ("content-disposition", "inline"),
                ("cache-control", "private, max-age=300"),
                ("vary", "Authorization"),
            ] {
                assert_eq!(answer.header(name), value, "{image}");
            }
        }
        let fetched = site.hits().iter().filter(|path| *path == image).count();
        assert!(fetched <= 1, "{image}");
    }
    // The bytes are those of the page's image.
    let path = say(&ann, room, &site.url("/tea")).await;
    let url = format!("{}{path}/0/image", server.url());
    let image = reqwest::Client::new().get(url).bearer_auth(&bo.token).send().await.unwrap();
    assert_eq!(&image.bytes().await.unwrap()[..], PNG);
    for index in [1, 3, i64::MAX] {
        let missing = bo.get(&format!("{path}/{index}/image")).await;
        missing.expect_problem(404, "preview_not_found");
    }
}

async fn a_page_is_fetched_once_and_kept(database: Database) {
    let site = Site::start(answer).await;
    let server = with_previews(database).start().await;
    let [ann, bo] = [server.admin("ann").await, server.user("bo").await];
    let room = ann.creates_room("general").await;
    let path = say(&ann, room, &site.url("/gated")).await;
    let mut asking = JoinSet::new();
    for client in [&ann, &bo].repeat(5) {
        let (client, path) = (client.clone(), path.clone());
        asking.spawn(async move { titles(&client, &path).await });
    }
    site.is_hit().await;
    site.opens(1);
    for titles in asking.join_all().await {
        assert_eq!(titles, ["/gated"]);
    }
    assert_eq!(titles(&bo, &path).await, ["/gated"]);
    assert_eq!(site.hits(), ["/gated"]);
    // That there is nothing is kept too.
    let nothing = say(&ann, room, &site.url("/text")).await;
    for client in [&ann, &bo, &ann] {
        assert_eq!(titles(client, &nothing).await, [""; 0]);
    }
    assert_eq!(site.hits(), ["/gated", "/text"]);
    // Another client goes on with what one has left.
    let left = say(&ann, room, &site.url("/gated/left")).await;
    let mut leaving = JoinSet::new();
    let (client, at) = (ann.clone(), left.clone());
    leaving.spawn(async move { titles(&client, &at).await });
    site.is_hit().await;
    site.is_hit().await;
    leaving.shutdown().await;
    site.opens(2);
    assert_eq!(titles(&bo, &left).await, ["/gated/left"]);
}

async fn only_those_who_may_read_a_message_get_its_previews(database: Database) {
    let site = Site::start(answer).await;
    let server = with_previews(database).start().await;
    let [ann, bo, cy] =
        [server.admin("ann").await, server.user("bo").await, server.user("cy").await];
    let [public, quiet] = [
        ann.creates_room("general").await,
        private(&ann, "quiet", json!({ "history": "joined" })).await,
    ];
    let path = say(&ann, quiet, &site.url("/tea")).await;
    let image = format!("{path}/0/image");
    add(&ann, quiet, std::slice::from_ref(&bo)).await;
    for (client, code) in [(&cy, "room_not_found"), (&bo, "message_not_found")] {
        for path in [&path, &image] {
            client.get(path).await.expect_problem(404, code);
        }
    }
    assert!(site.hits().is_empty());
    let later = say(&ann, quiet, &site.url("/tea")).await;
    assert_eq!(titles(&bo, &later).await, ["Tea & cake"]);
    // The message is in another room.
    let elsewhere = later.replace(&quiet.to_string(), &public.to_string());
    bo.get(&elsewhere).await.expect_problem(404, "message_not_found");
    // Who has left the room is a stranger again, also for what is kept.
    bo.delete(&format!("/rooms/{quiet}/members/me")).await.expect(204);
    bo.get(&later).await.expect_problem(404, "room_not_found");
    assert_eq!(server.anonymous().get(&later).await.status, 401);
}

async fn previews_follow_the_message(database: Database) {
    let site = Site::start(answer).await;
    let server = with_previews(database).start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let path = say(&ann, room, &site.url("/tea")).await;
    assert_eq!(titles(&ann, &path).await, ["Tea & cake"]);
    let message = path.strip_suffix("/previews").unwrap();
    let edit = json!({ "content": format!("{} {}", site.url("/one"), site.url("/tea")) });
    ann.patch(message, edit).await.expect(200);
    let previews = ann.get(&path).await.expect(200);
    assert_eq!(previews[0]["title"], "/one");
    assert_eq!(previews[1]["image"], format!("{path}/1/image"));
    assert_eq!(site.hits(), ["/tea", "/one"]);
    ann.delete(message).await.expect(204);
    assert_eq!(ann.get(&path).await.expect(200), json!([]));
    ann.get(&format!("{path}/1/image")).await.expect_problem(404, "preview_not_found");
}

async fn nothing_on_a_private_address_is_fetched(database: Database) {
    let site = Site::start(answer).await;
    let server = Server::with(database).env("CHATAPP_PREVIEWS__ENABLED", "on").start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let port = site.port();
    for host in ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]"] {
        let path = say(&ann, room, &format!("http://{host}:{port}/tea")).await;
        assert_eq!(ann.get(&path).await.expect(200), json!([]), "{host}");
    }
    assert!(site.hits().is_empty());
}

async fn a_user_who_makes_the_server_fetch_too_much_is_refused(database: Database) {
    let site = Site::start(answer).await;
    let server =
        with_previews(database).env("CHATAPP_LIMITS__PREVIEWS_PER_SECOND", "1").start().await;
    let [ann, bo] = [server.admin("ann").await, server.user("bo").await];
    let room = ann.creates_room("general").await;
    let kept = say(&ann, room, &site.url("/kept")).await;
    assert_eq!(titles(&ann, &kept).await, ["/kept"]);
    // One in a second, and ten at once.
    let mut asking = JoinSet::new();
    for number in 0..40 {
        let path = say(&ann, room, &site.url(&format!("/{number}"))).await;
        let client = ann.clone();
        asking.spawn(async move { client.get(&path).await });
    }
    let answers: Vec<Answer> = asking.join_all().await;
    let refused = answers.iter().find(|it| it.status == 429).expect("a refusal");
    assert_eq!(refused.body["code"], "too_many_requests");
    assert!(!refused.header("retry-after").is_empty());
    assert!(answers.iter().any(|it| it.status == 200));
    // What is kept is not counted, and others are not affected.
    assert_eq!(titles(&ann, &kept).await, ["/kept"]);
    let path = say(&bo, room, &site.url("/other")).await;
    assert_eq!(titles(&bo, &path).await, ["/other"]);
}

async fn without_the_setting_there_are_no_previews(database: Database) {
    let site = Site::start(answer).await;
    let server =
        Server::with(database).env("CHATAPP_OUTBOUND__ALLOW", "127.0.0.1/32").start().await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    assert_eq!(server.anonymous().get("/auth/setup").await.expect(200)["previews"], false);
    let path = say(&ann, room, &site.url("/tea")).await;
    for path in
        [path.clone(), format!("{path}/0/image"), "/rooms/999/messages/1/previews".to_owned()]
    {
        ann.get(&path).await.expect_problem(404, "previews_off");
    }
    assert!(site.hits().is_empty());
}

async fn a_page_over_tls_needs_a_certificate_that_the_machine_trusts(database: Database) {
    let identity = Identity::new();
    let site = Site::encrypted(&identity, answer).await;
    let folder = tempfile::tempdir().unwrap();
    identity.write(folder.path());
    let certificate = folder.path().join("certificate.pem").display().to_string();
    let url = |host: &str| format!("https://{host}:{}/tea", site.port());
    for (trusts, expected) in [(true, &["Tea & cake"][..]), (false, &[])] {
        let mut server = with_previews(database);
        if trusts {
            server = server.env("SSL_CERT_FILE", &certificate);
        }
        let server = server.start().await;
        let ann = server.admin("ann").await;
        let room = ann.creates_room("general").await;
        let path = say(&ann, room, &url("localhost")).await;
        assert_eq!(titles(&ann, &path).await, expected);
        // The certificate is for another name.
        let path = say(&ann, room, &url("127.0.0.1")).await;
        assert_eq!(titles(&ann, &path).await, [""; 0]);
    }
}
