//! Every example runs against a real server. Examples that promise to survive a crash of the server are
//! tested with one.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use futures_util::future::join;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::support::{
    Client, DEADLINE, Database, PASSWORD, Program, Server, on_both_databases, python,
};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");

on_both_databases!(the_bot_answers_each_message_once_although_it_and_the_server_are_killed);

async fn the_bot_answers_each_message_once_although_it_and_the_server_are_killed(
    database: Database,
) {
    let mut server = Server::start(database).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    let token = json!({ "name": "test", "scopes": ["read", "send"] });
    let made = ann.post("/bots", json!({ "username": "helper", "token": token })).await.expect(201);
    let token = made["token"]["token"].as_str().expect("a token").to_owned();
    let path = format!("/rooms/{room}/messages");
    let ask = async |what: &str| {
        ann.post(&path, json!({ "content": format!("!echo {what}") })).await.expect(201);
    };

    let mut bot = start_bot(&server, room, &token).await;
    for round in 0..30 {
        let question = round.to_string();
        match round % 3 {
            // The kill comes while the question is stored, sent and answered.
            0 => {
                join(ask(&question), async { bot.signal("KILL") }).await;
            }
            // The kill comes about when the cursor is moved.
            1 => {
                ask(&question).await;
                answer(&ann, room, &question).await;
            }
            _ => {
                ask(&question).await;
                server.kill9();
                server.restart().await;
            }
        }
        bot.signal("KILL");
        bot.ended().await;
        ask(&format!("{question} while the bot is away")).await;
        bot = start_bot(&server, room, &token).await;
    }
    ask("last").await;
    answer(&ann, room, "last").await;

    let history = ann.history(room).await;
    let (answers, questions): (Vec<_>, Vec<_>) =
        history.iter().partition(|message| message["username"] == "helper");
    let asked: Vec<_> = questions
        .iter()
        .map(|message| message["content"].as_str().and_then(|text| text.strip_prefix("!echo ")))
        .collect();
    let answered: Vec<_> = answers.iter().map(|message| message["content"].as_str()).collect();
    assert_eq!(answered, asked);
}

/// Starts the bot, and waits until it is live.
async fn start_bot(server: &Server, room: i64, token: &str) -> Program {
    // `cargo test` builds the examples beside the binary.
    let bot = Path::new(env!("CARGO_BIN_EXE_chatapp")).with_file_name("examples").join("bot");
    assert!(bot.exists(), "{} is missing: run `cargo build --example bot`", bot.display());
    let mut command = Command::new(bot);
    command.args(["--url", server.url(), "--room", &room.to_string()]).env("BOT_TOKEN", token);
    let mut bot = Program::start(command);
    bot.says("listening in room").await;
    bot
}

/// Waits for an answer of the bot.
async fn answer(ann: &Client, room: i64, text: &str) {
    let started = Instant::now();
    while !contents(&ann.history(room).await).iter().any(|content| content == text) {
        assert!(started.elapsed() < DEADLINE, "the bot does not answer {text}");
    }
}

#[tokio::test]
async fn the_python_client_chats_and_resumes_after_a_crash() {
    let mut server = Server::start(Database::Sqlite).await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    server.user("bo").await;
    let mut socket = ann.joins(room).await;
    socket.says(room, "before you came", "1").await;

    let mut command = Command::new(python());
    command
        .arg(format!("{EXAMPLES}/client.py"))
        .args(["--url", server.url(), "--room", &room.to_string(), "--username", "bo"])
        .env("CHAT_PASSWORD", PASSWORD);
    let mut bo = Program::start(command);
    bo.says("ann: before you came").await;
    bo.says("* connected").await;

    bo.types("hello from Python");
    bo.says("bo: hello from Python").await;
    socket.says(room, "hello Python", "2").await;
    bo.says("ann: hello Python").await;

    bo.signal("STOP");
    server.kill9();
    bo.types("typed while the server was away");
    server.restart().await;
    ann.joins(room).await.says(room, "said while Python slept", "3").await;
    bo.signal("CONT");
    bo.says("ann: said while Python slept").await;
    bo.says("bo: typed while the server was away").await;

    // Ctrl-D: the client ends after everything is acknowledged.
    bo.types("good night");
    bo.ends_input();
    assert!(bo.ended().await.success());
    let history = contents(&ann.history(room).await);
    let expected = [
        "before you came",
        "hello from Python",
        "hello Python",
        "said while Python slept",
        "typed while the server was away",
        "good night",
    ];
    assert_eq!(history, expected);
    let printed: Vec<String> =
        bo.lines().into_iter().filter(|line| !line.starts_with('*')).collect();
    let chat = ["ann", "bo", "ann", "ann", "bo"].iter().zip(expected);
    let chat: Vec<String> = chat.map(|(who, what)| format!("{who}: {what}")).collect();
    assert_eq!(printed[..chat.len()], chat, "each message is printed once, in order");
}

#[tokio::test]
async fn the_browser_page_chats_and_resumes_after_a_crash() {
    let origin = serve_file(format!("{EXAMPLES}/browser.html"));
    let mut server = Server::with(Database::Sqlite)
        .config(&format!("[http]\nallowed_origins = [\"http://{origin}\"]\n"))
        .start()
        .await;
    let ann = server.admin("ann").await;
    let room = ann.creates_room("general").await;
    server.user("bo").await;
    let mut socket = ann.joins(room).await;
    socket.says(room, "before you came", "1").await;

    let mut page = Page::open(&format!("http://{origin}/")).await;
    page.fills("server", server.url()).await;
    page.fills("username", "bo").await;
    page.fills("password", PASSWORD).await;
    page.fills("room", &room.to_string()).await;
    page.submits("sign-in").await;
    page.shows("status", "connected").await;
    page.shows("messages", "before you came").await;

    page.fills("text", "hello from <b>the page</b>").await;
    page.submits("compose").await;
    let message = socket.recv_type("message").await;
    assert_eq!(message["content"], "hello from <b>the page</b>");
    assert_eq!(message["username"], "bo");
    socket.says(room, "hello page", "2").await;
    page.shows("messages", "hello page").await;

    server.kill9();
    page.shows("status", "disconnected, trying again").await;
    page.fills("text", "typed while the server was away").await;
    page.submits("compose").await;
    server.restart().await;
    ann.joins(room).await.says(room, "said after the crash", "3").await;
    page.shows("messages", "said after the crash").await;
    page.shows("messages", "typed while the server was away").await;

    let shown = page
        .evaluates(
            "[...document.querySelectorAll('#messages li')].map(li => li.lastChild.textContent)",
        )
        .await;
    let history = contents(&ann.history(room).await);
    assert_eq!(shown, json!(history), "the page shows the history, each message once");
    assert_eq!(history.len(), 5);
}

#[tokio::test]
async fn the_walkthrough_script_runs_from_an_empty_folder() {
    let server = Server::start(Database::Sqlite).await;
    let mut search_path = python().parent().expect("its folder").as_os_str().to_owned();
    search_path.push(":");
    search_path.push(std::env::var_os("PATH").expect("PATH"));
    let output = Command::new(format!("{EXAMPLES}/walkthrough.sh"))
        .arg(server.url())
        .env("PATH", search_path)
        .output()
        .expect("run walkthrough.sh");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    let (_, history) = stdout.split_once("# Read the history\n").expect("the last step");
    let history: Value = serde_json::from_str(history.trim()).expect("one JSON document");
    let messages = history["messages"].as_array().expect("messages");
    assert_eq!(contents(messages), ["Hello over HTTP", "Hello, everyone!"], "{stdout}\n{stderr}");
}

fn contents(messages: &[Value]) -> Vec<String> {
    let content = |message: &Value| message["content"].as_str().expect("content").to_owned();
    messages.iter().map(content).collect()
}

/// Starts an HTTP server that answers every request with this file; returns its address.
fn serve_file(path: String) -> SocketAddr {
    fn answer(mut browser: TcpStream, path: &str) -> std::io::Result<()> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            browser.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let file = std::fs::read(path)?;
        write!(
            browser,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            file.len()
        )?;
        browser.write_all(&file)
    }

    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        for browser in listener.incoming().flatten() {
            let path = path.clone();
            // A browser may open connections that it never uses; each has a thread, so it delays no other.
            thread::spawn(move || answer(browser, &path));
        }
    });
    address
}

/// A page in headless Chromium, driven over the DevTools protocol
/// (<https://chromedevtools.github.io/devtools-protocol/>).
struct Page {
    devtools: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
    calls: i64,
    _browser: Program,
    /// The browser's profile.
    _folder: tempfile::TempDir,
}

impl Page {
    async fn open(url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(browser());
        command
            .args(["--headless", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0"])
            .args(["--disable-background-networking", "--disable-component-update"])
            .args(["--disable-sync", "--disable-quic", "--disable-dev-shm-usage"])
            // The sandbox does not work as root, which CI uses; the page is trusted.
            .arg("--no-sandbox")
            .arg(format!("--user-data-dir={}", folder.path().display()))
            .arg("about:blank");
        let mut browser = Program::start(command);
        let devtools = browser
            .until("DevTools listening on", |line| {
                line.strip_prefix("DevTools listening on ws://")?
                    .split_once('/')
                    .map(|(host, _)| host.to_owned())
            })
            .await;
        let targets: Value = reqwest::get(format!("http://{devtools}/json/list"))
            .await
            .expect("the browser's targets")
            .json()
            .await
            .expect("JSON");
        let target = targets
            .as_array()
            .and_then(|targets| targets.iter().find(|target| target["type"] == "page"))
            .unwrap_or_else(|| panic!("the browser has no page: {targets}"));
        let address = target["webSocketDebuggerUrl"].as_str().expect("its address");
        let (devtools, _) = tokio_tungstenite::connect_async(address).await.expect("DevTools");

        let mut page = Self { devtools, calls: 0, _browser: browser, _folder: folder };
        page.call("Page.enable", json!({})).await;
        page.call("Page.navigate", json!({ "url": url })).await;
        page.receive("the page to load", |event| event["method"] == "Page.loadEventFired").await;
        page
    }

    async fn fills(&mut self, id: &str, text: &str) {
        let text = json!(text);
        self.evaluates(&format!("void (document.getElementById('{id}').value = {text})")).await;
    }

    async fn submits(&mut self, form: &str) {
        self.evaluates(&format!("document.getElementById('{form}').requestSubmit()")).await;
    }

    /// Waits until an element contains this text.
    async fn shows(&mut self, id: &str, text: &str) {
        let script = format!(
            "new Promise(shown => {{
                const element = document.getElementById('{id}');
                const look = () => element.textContent.includes({text}) && shown(true);
                new MutationObserver(look)
                    .observe(element, {{ childList: true, subtree: true, characterData: true }});
                look();
            }})",
            text = json!(text)
        );
        self.evaluates(&script).await;
    }

    /// Evaluates an expression in the page; awaits the value if it is a promise.
    async fn evaluates(&mut self, expression: &str) -> Value {
        let parameters =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", parameters).await;
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    async fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let call = json!({ "id": id, "method": method, "params": parameters }).to_string();
        self.devtools.send(Message::text(call.clone())).await.expect("the browser listens");
        let answer = self.receive(&call, |answer| answer["id"] == id).await;
        assert!(answer["error"].is_null(), "{call}: {answer}");
        answer["result"].clone()
    }

    async fn receive(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        timeout(DEADLINE * 2, async {
            loop {
                let message =
                    self.devtools.next().await.expect("the browser runs").expect("a frame");
                let Message::Text(text) = message else { continue };
                let message: Value = serde_json::from_str(&text).expect("JSON");
                if wanted(&message) {
                    return message;
                }
            }
        })
        .await
        .unwrap_or_else(|_| panic!("the browser did not answer: {what}"))
    }
}

fn browser() -> &'static str {
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok())
        .expect("a Chromium: scripts/test installs it")
}
