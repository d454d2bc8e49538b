//! Logs and metrics contain no password, token or ticket, however a client sent it and at the most
//! detailed log level.

use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::common::room_on;
use crate::support::{Answer, Client, Database, Server, on_both_databases};

on_both_databases!(no_secret_is_ever_logged);

/// Every password of this test contains these words; other invented values contain "canary".
const CANARY: &str = "yellow canary";

const METRICS_TOKEN: &str = "the canary's own token for the figures of it";

async fn no_secret_is_ever_logged(database: Database) {
    for format in ["text", "json"] {
        let builder = Server::with(database)
            .env("CHATAPP_LOG__LEVEL", "trace")
            .env("CHATAPP_LOG__FORMAT", format)
            .env("CHATAPP_AUTH__SECRET", &format!("{CANARY} that signs the tokens of this test"))
            .env("CHATAPP_HTTP__METRICS_TOKEN", METRICS_TOKEN);
        let (mut server, root, room) = room_on(builder).await;
        let mut secrets = vec![CANARY.to_owned(), "canary".to_owned(), "$2b$".to_owned()];
        secrets.extend(accounts(&server).await);
        secrets.extend(sockets(&server, room).await);
        secrets.extend(resets(&server, &root).await);
        let figures = figures(&server, room).await;
        assert!(server.sigterm().await.success());

        let log = server.log();
        assert!(log.iter().any(|line| line.contains("TRACE")), "the log level is trace");
        assert!(log.iter().any(|line| line.contains("/ws/")), "the requests are logged");
        for secret in secrets {
            let line = log.iter().find(|line| line.contains(&secret));
            assert_eq!(line, None, "`{secret}` is in the log ({format})");
            let is_shown = figures.contains(&secret.to_lowercase());
            assert!(!is_shown, "`{secret}` is in the figures: {figures}");
        }
    }
}

/// Returns the metrics and statistics of the server, after some refused requests that must not appear
/// in them.
async fn figures(server: &Server, room: i64) -> String {
    let nobody = server.anonymous();
    nobody.with_token("canary").get("/metrics").await.expect(401);
    nobody.get(&format!("/rooms/{room}/canary")).await.expect(404);
    let method = Method::from_bytes(b"CANARY").unwrap();
    Answer::to(nobody.request(method, "/rooms")).await.expect(405);
    let watcher = nobody.with_token(METRICS_TOKEN);
    let metrics = watcher.get("/metrics").await.expect(200);
    let stats = watcher.get("/admin/stats").await.expect(200);
    // Labels may change the case of a value.
    format!("{}{stats}", metrics.as_str().expect("text")).to_lowercase()
}

/// Signs up and in, with valid and invalid requests; returns the secrets.
async fn accounts(server: &Server) -> Vec<String> {
    let nobody = server.anonymous();
    let password = format!("{CANARY} one");
    let account = json!({ "username": "bo", "email": "bo@example.com", "password": password });
    nobody.post("/auth/signup", account.clone()).await.expect(201);
    nobody.post("/auth/signup", account).await.expect_problem(409, "username_taken");
    let weak = json!({ "username": "canary", "email": "bo@x", "password": "canary" });
    nobody.post("/auth/signup", weak).await.expect(422);
    let bo = nobody.signs_in("bo", &password).await;
    for body in [
        json!({ "username": "bo", "password": format!("{CANARY} wrong") }),
        // Typed into the wrong field.
        json!({ "username": CANARY, "password": "x" }),
    ] {
        nobody.post("/auth/login", body).await.expect_problem(401, "wrong_credentials");
    }
    for body in [
        format!("{{\"username\":\"bo\",\"password\":\"{CANARY}"),
        format!("{{\"username\":\"bo\",\"password\":{CANARY}}}"),
        format!("{{\"username\":\"bo\",\"password\":[\"{CANARY}\"]}}"),
        format!(
            "{{\"username\":\"bo\",\"{CANARY}\":\"{CANARY}\",\"password\":\"{CANARY}\\u0000\"}}"
        ),
        format!("username=bo&password={CANARY}"),
    ] {
        for path in ["/auth/login", "/auth/signup", "/auth/password"] {
            for kind in ["application/json", "application/x-www-form-urlencoded"] {
                let request = bo.request(Method::POST, path).header("content-type", kind);
                let answer = Answer::to(request.body(body.clone())).await;
                assert!((400..500).contains(&answer.status), "{answer:?}");
            }
        }
    }
    for path in ["/auth/login?password=canary", "/canary", "/rooms/canary", "/docs?x=canary"] {
        bo.get(path).await;
    }
    let new = format!("{CANARY} two");
    for current in [&new, &password] {
        let change = json!({ "current_password": current, "new_password": new });
        bo.post("/auth/password", change).await;
    }
    let again = nobody.signs_in("bo", &new).await;
    again.with_token("canary.canary.canary").get("/auth/me").await.expect(401);
    [parts(&bo.token), parts(&again.token)].concat()
}

/// Opens sockets with valid and invalid tokens and tickets; returns the secrets.
async fn sockets(server: &Server, room: i64) -> Vec<String> {
    let good = server.user("dee").await;
    let ended = server.user("cy").await;
    let mut secrets = [parts(&good.token), parts(&ended.token)].concat();
    let mut tickets = Vec::new();
    for client in [&good, &good, &ended] {
        let made = client.post("/auth/ws-ticket", Value::Null).await.expect(201);
        tickets.push(made["ticket"].as_str().expect("a ticket").to_owned());
    }
    ended.post("/auth/logout", Value::Null).await.expect(204);
    let queries = [
        format!("token={}", good.token),
        format!("token={}", ended.token),
        format!("token={}&since=x", good.token),
        "token=canary".to_owned(),
        format!("ticket={}", tickets[0]),
        format!("ticket={}", tickets[2]),
        "ticket=canary".to_owned(),
    ];
    for query in queries {
        for path in ["/ws", "/ws/canary", "/nowhere", &format!("/ws/{room}")] {
            let path = format!("{path}?{query}");
            good.get(&path).await;
            if let Ok(socket) = good.tries_to_open(&path).await {
                socket.close().await;
            }
        }
    }
    for token in [&good.token, &ended.token, "canary"] {
        subprotocol(server, &good, room, token).await;
    }
    let mut socket = good.opens_live(&format!("/ws/{room}?ticket={}", tickets[1])).await;
    for token in [&good.token, &ended.token, "canary"] {
        socket.send(json!({ "type": "auth.refresh", "token": token })).await;
    }
    socket.send_text(r#"{"type":"auth.refresh","token":"canary"#).await;
    socket.send_text(r#"{"type":"canary","token":["canary"]}"#).await;
    socket.close().await;
    secrets.extend(tickets);
    secrets
}

/// Resets a password with valid and invalid tokens; returns the secrets.
async fn resets(server: &Server, root: &Client) -> Vec<String> {
    let (nobody, user) = (server.anonymous(), server.user("zoe").await);
    let path = format!("/admin/users/{}/password-reset", user.user_id);
    let made = root.post(&path, Value::Null).await.expect(201);
    let token = made["token"].as_str().expect("a token").to_owned();
    for (token, password) in [
        (token.as_str(), "canary"),
        (&token, &format!("{CANARY} three")),
        (&token, &format!("{CANARY} four")),
        ("canary", &format!("{CANARY} five")),
    ] {
        nobody.get(&format!("/auth/password-reset?token={token}")).await;
        let body = json!({ "token": token, "new_password": password });
        nobody.post("/auth/password-reset", body).await;
    }
    nobody.signs_in("zoe", &format!("{CANARY} three")).await;
    vec![token]
}

async fn subprotocol(server: &Server, client: &Client, room: i64, token: &str) {
    let url = format!("ws://{}/ws/{room}", server.address());
    let mut request = url.into_client_request().expect("a request");
    let offered = format!("chatapp.v1, bearer.{token}").parse().expect("a header");
    request.headers_mut().insert("sec-websocket-protocol", offered);
    client.opens_request(request).await.expect("a socket").close().await;
}

/// The payload and the signature of a token. The header is the same for all tokens and not a secret.
fn parts(token: &str) -> Vec<String> {
    token.split('.').skip(1).map(str::to_owned).collect()
}
