//! Settings that are read again while the server runs.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Database, PASSWORD, Server};

const READ: &str = "the settings were read again";

/// Writes the server's `chatapp.toml` and makes the server read it; returns the log line about it.
async fn reloads(server: &mut Server, toml: &str) -> String {
    std::fs::write(server.folder().join("chatapp.toml"), toml).unwrap();
    server.signal("HUP");
    server.says("settings were").await
}

#[tokio::test]
async fn reloadable_settings_take_effect_while_the_server_runs() {
    let server = Server::with(Database::Sqlite).config("[limits]\nmessage_chars = 5\n");
    let mut server = server.start().await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let messages = format!("/rooms/{room}/messages");
    let text = || json!({ "content": "123456" });
    let mut socket = root.joins(room).await;
    root.post(&messages, text()).await.expect_problem(422, "invalid_field");

    let said = reloads(
        &mut server,
        "[http]\nallowed_origins = [\"https://chat.example.com\"]\n\
         trusted_proxies = [\"127.0.0.1\"]\n\
         [auth]\nadmin_signup = \"off\"\nmin_password_chars = 30\nlogin_failures_per_account = 1\n\
         [limits]\nmessage_chars = 6\nsignups_per_hour = 1\n\
         [log]\nlevel = \"debug\"\n",
    )
    .await;
    assert!(said.contains(READ), "{said}");
    for key in ["http.allowed_origins", "auth.min_password_chars", "limits.message_chars"] {
        assert!(said.contains(key), "{said}");
    }
    // The new limit also applies to connections that were open before.
    root.post(&messages, text()).await.expect(201);
    assert_eq!(root.get("/auth/setup").await.expect(200)["message_chars"], 6);
    socket.recv_type("message").await;
    socket.says(room, "abcdef", "1").await;
    let request = root.request(Method::GET, "/rooms").header("Origin", "https://chat.example.com");
    let answer = Answer::to(request).await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://chat.example.com");
    let short = json!({ "username": "bo", "email": "bo@example.com", "password": PASSWORD });
    root.post("/auth/signup", short).await.expect_problem(422, "invalid_field");
    let wrong = || json!({ "username": "eve", "password": "a wrong password" });
    root.post("/auth/login", wrong()).await.expect(401);
    root.post("/auth/login", wrong()).await.expect(429);
    let sign_up = async |n: u32| {
        let account = json!({
            "username": format!("user{n}"),
            "email": format!("user{n}@example.com"),
            "password": "a battery that is correct and long",
        });
        let nobody = server.anonymous();
        let request = nobody.request(Method::POST, "/auth/signup").json(&account);
        Answer::to(request.header("X-Forwarded-For", "192.0.2.1")).await.status
    };
    assert_eq!((sign_up(0).await, sign_up(1).await), (201, 429));
    // A change of these settings needs no restart.
    reloads(
        &mut server,
        "[limits]\nsignups_per_hour = 1\n[http]\ntrusted_proxies = [\"::1\", \"127.0.0.1\"]\n",
    )
    .await;
    let said = |server: &Server, text: &str| server.log().iter().any(|line| line.contains(text));
    assert!(!said(&server, "need a restart"));
}

#[tokio::test]
async fn sign_up_room_and_branding_settings_can_be_reloaded() {
    let mut server = Server::start(Database::Sqlite).await;
    let nobody = server.anonymous();
    let before = nobody.get("/auth/setup").await.expect(200);
    std::fs::write(server.folder().join("logo.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>")
        .unwrap();
    let toml = "[auth]\nsignup = \"closed\"\n[rooms]\ncreate = \"everyone\"\n\
                [branding]\nname = \"Tea\"\nlogo = \"logo.svg\"\ncolor = \"#fd0\"\n";
    let said = reloads(&mut server, toml).await;
    for key in ["auth.signup", "rooms.create", "branding.name", "branding.logo"] {
        assert!(said.contains(key), "{said}");
    }
    let after = nobody.get("/auth/setup").await.expect(200);
    assert_eq!((&before["signup"], &after["signup"]), (&json!("open"), &json!("closed")));
    assert_eq!(after["rooms_create"], "everyone");
    assert_eq!(after["branding"]["name"], "Tea");
    let index = Answer::to(nobody.request(Method::GET, "/")).await;
    let html = index.body.as_str().unwrap();
    assert!(html.contains("<title>Tea</title>"), "{}", html);

    std::fs::write(server.folder().join("logo.svg"), "GIF89a").unwrap();
    let said = reloads(&mut server, toml).await;
    assert!(said.contains("were not read again") && said.contains("branding.logo"), "{said}");
    assert_eq!(nobody.get("/auth/setup").await.expect(200)["branding"], after["branding"]);
}

#[tokio::test]
async fn settings_that_need_a_restart_are_logged_and_an_invalid_file_changes_nothing() {
    let server = Server::with(Database::Sqlite).config("[limits]\nmessage_chars = 5\n");
    let mut server = server.start().await;
    let root = server.admin("root").await;
    let room = root.creates_room("general").await;
    let said = reloads(&mut server, "[limits]\nmessage_chars = 100\nmessage_charz = 6\n").await;
    assert!(said.contains("were not read again") && said.contains("message_charz"), "{said}");
    let text = json!({ "content": "123456" });
    let messages = format!("/rooms/{room}/messages");
    root.post(&messages, text).await.expect_problem(422, "invalid_field");

    const SECRET: &str = "a secret that nobody may read in any log";
    let toml = format!("[auth]\nsecret = \"{SECRET}\"\n[limits]\nping_seconds = 7\n");
    reloads(&mut server, &toml).await;
    let restart = server.says("need a restart").await;
    assert!(restart.contains("auth.secret, limits.ping_seconds"), "{restart}");
    assert!(!server.log().iter().any(|line| line.contains(SECRET)));
    root.get("/auth/me").await.expect(200);
}
