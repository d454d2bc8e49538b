//! One user of a server: HTTP calls that return status and JSON, and sockets.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::DEADLINE;
use super::server::Shared;

/// A client of one server: a signed-in user, or anonymous if the token is empty.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    pub token: String,
    pub username: String,
    pub user_id: i64,
}

/// The answer to an HTTP call. An error has been checked to be a complete problem document.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The JSON of the body; `Null` if it is empty, a string if it is not JSON.
    pub body: Value,
    /// Method and path of the request, for failure messages.
    asked: String,
}

/// A WebSocket. Every frame that comes out of it has been checked against the published schema.
pub struct Socket {
    shared: Arc<Shared>,
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The frames that came before `synced` when the socket was opened by [`Client::joins`] or
    /// [`Client::resumes`]: `active_users` and the messages that the client had missed.
    pub welcome: Vec<Value>,
    /// The `synced` frame; `Null` if the socket was opened in another way.
    pub synced: Value,
}

/// The end of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The close code; `None` if the connection went away without one.
    pub code: Option<u16>,
    pub reason: String,
}

impl Client {
    pub fn anonymous(shared: Arc<Shared>) -> Self {
        Self { shared, token: String::new(), username: String::new(), user_id: 0 }
    }

    /// Returns a client of the same server with another token, valid or not.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Opens a session for an account that exists.
    pub async fn signs_in(&self, username: &str, password: &str) -> Self {
        let credentials = json!({ "username": username, "password": password });
        let session =
            Self::anonymous(self.shared.clone()).post("/auth/login", credentials).await.expect(200);
        Self {
            shared: self.shared.clone(),
            token: session["access_token"].as_str().expect("access_token").to_owned(),
            username: username.to_owned(),
            user_id: session["user"]["id"].as_i64().expect("user.id"),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::to(request).await
    }

    /// Returns a request with this client's token, for calls that have no helper. [`Answer::to`] sends it.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.shared.http.request(method, format!("{}{path}", self.shared.base_url));
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    /// Creates a room and returns its id. Needs an admin.
    pub async fn creates_room(&self, name: &str) -> i64 {
        let room = self.post("/rooms/", json!({ "name": name })).await.expect(201);
        room["id"].as_i64().expect("the room's id")
    }

    /// Reads all messages of a room over HTTP, oldest first.
    pub async fn history(&self, room_id: i64) -> Vec<Value> {
        self.reads_all(&format!("/rooms/{room_id}/messages"), "messages", "has_newer").await
    }

    /// Reads the whole log of a room over HTTP, oldest event first.
    pub async fn log(&self, room_id: i64) -> Vec<Value> {
        self.reads_all(&format!("/rooms/{room_id}/events"), "events", "has_more").await
    }

    async fn reads_all(&self, path: &str, entries: &str, has_more: &str) -> Vec<Value> {
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let mut page = self.get(&format!("{path}?limit=200&after={after}")).await.expect(200);
            all.append(page[entries].as_array_mut().expect(entries));
            if !page[has_more].as_bool().expect(has_more) {
                return all;
            }
            after = page["next_after"].as_i64().expect("next_after of a page with more");
        }
    }

    /// Opens a room's socket and waits until it is live.
    pub async fn joins(&self, room_id: i64) -> Socket {
        self.opens_live(&format!("/ws/{room_id}?token={}", self.token)).await
    }

    /// Opens a room's socket from the position `since` on, and waits until it is live.
    pub async fn resumes(&self, room_id: i64, since: i64, epoch: &str) -> Socket {
        let path = format!("/ws/{room_id}?token={}&since={since}&epoch={epoch}", self.token);
        self.opens_live(&path).await
    }

    /// Opens a socket by path and query, and waits for `synced`.
    pub async fn opens_live(&self, path_and_query: &str) -> Socket {
        let mut socket = self.opens(path_and_query).await;
        loop {
            let frame = socket.recv().await;
            if frame["type"] == "synced" {
                socket.synced = frame;
                return socket;
            }
            socket.welcome.push(frame);
        }
    }

    /// Opens a socket by path and query, and reads nothing yet.
    pub async fn opens(&self, path_and_query: &str) -> Socket {
        match self.tries_to_open(path_and_query).await {
            Ok(socket) => socket,
            Err(error) => panic!("cannot open {path_and_query}: {error}"),
        }
    }

    /// Checks a frame that a test received without [`Socket`] against the published schema.
    pub async fn check_frame(&self, frame: &Value) {
        self.shared.frames().await.check(frame);
    }

    /// Opens a socket. The error says why the server refused it, or why the network failed.
    pub async fn tries_to_open(&self, path_and_query: &str) -> tungstenite::Result<Socket> {
        let base = self.shared.base_url.replacen("http://", "ws://", 1);
        let request = format!("{base}{path_and_query}").into_client_request()?;
        self.opens_request(request).await
    }

    /// Opens a socket by a request whose headers the test has chosen.
    pub async fn opens_request(
        &self,
        request: tungstenite::handshake::client::Request,
    ) -> tungstenite::Result<Socket> {
        let connecting = tokio_tungstenite::connect_async_with_config(request, None, true);
        let (stream, _) = timeout(DEADLINE, connecting)
            .await
            .unwrap_or_else(|_| panic!("the server did not answer a WebSocket handshake"))?;
        Ok(Socket { shared: self.shared.clone(), stream, welcome: Vec::new(), synced: Value::Null })
    }
}

impl Answer {
    /// Sends a request and reads the answer to its end.
    pub async fn to(request: reqwest::RequestBuilder) -> Self {
        let (http, request) = request.build_split();
        let request = request.expect("a request");
        let asked = format!("{} {}", request.method(), request.url().path());
        let response =
            http.execute(request).await.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text =
            response.text().await.unwrap_or_else(|error| panic!("{asked}, its body: {error:?}"));
        let body = match serde_json::from_str(&text) {
            Ok(json) => json,
            Err(_) if text.is_empty() => Value::Null,
            Err(_) => Value::String(text),
        };
        let answer = Self { status, headers, body, asked };
        if status >= 400 {
            answer.check_problem();
        }
        answer
    }

    /// Returns the body if the status is this one. Otherwise the test fails and shows both.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.body);
        self.body
    }

    /// Like [`Answer::expect`], for an error with this status and `code`.
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status, self.body["code"].as_str()),
            (status, Some(code)),
            "{}: {}",
            self.asked,
            self.body
        );
        self.body
    }

    /// Returns a header's value, or "" if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header in ASCII"))
    }

    /// Checks a problem document: RFC 9457, section 3, and the members that this server adds to it.
    fn check_problem(&self) {
        let content_type = self.header("content-type");
        assert!(
            content_type.starts_with("application/problem+json"),
            "{}: error {} as `{content_type}`: {}",
            self.asked,
            self.status,
            self.body
        );
        assert_eq!(self.body["status"], self.status, "{}: {}", self.asked, self.body);
        for member in ["type", "title", "detail", "code", "request_id"] {
            assert!(
                self.body[member].as_str().is_some_and(|text| !text.is_empty()),
                "{}: the problem has no `{member}`: {}",
                self.asked,
                self.body
            );
        }
        let seconds = self.header("retry-after").parse().ok();
        assert_eq!(self.body["retry_after"].as_u64(), seconds, "{}: {}", self.asked, self.body);
    }
}

impl Socket {
    /// Sends this text as one frame, without changing it.
    pub async fn send_text(&mut self, text: &str) {
        self.try_send_text(text)
            .await
            .unwrap_or_else(|error| panic!("cannot send {text}: {error}"));
    }

    pub async fn send(&mut self, frame: Value) {
        self.send_text(&frame.to_string()).await;
    }

    /// Sends a message in the form of the original contract, which has no acknowledgement.
    pub async fn say(&mut self, content: &str) {
        self.send(json!({ "content": content })).await;
    }

    /// Sends a message with all fields. Waits for its `ack` and for the message itself, in any order, and
    /// ignores other frames. Returns the `ack`.
    pub async fn says(&mut self, room_id: i64, content: &str, client_id: &str) -> Value {
        self.send(json!({
            "type": "send", "room_id": room_id, "content": content,
            "client_id": client_id, "ref": client_id,
        }))
        .await;
        let (mut ack, mut came_back) = (None, false);
        loop {
            let frame = self.recv_for(&format!("the ack and the message of `{content}`")).await;
            match frame["type"].as_str() {
                Some("ack") if frame["ref"] == client_id => ack = Some(frame),
                Some("message") if frame["client_id"] == client_id => came_back = true,
                Some("error") => panic!("cannot say `{content}`: {frame}"),
                _ => {}
            }
            if let (Some(ack), true) = (&ack, came_back) {
                return ack.clone();
            }
        }
    }

    pub async fn try_send_text(&mut self, text: &str) -> tungstenite::Result<()> {
        self.send_raw(Message::text(text)).await
    }

    /// Sends any WebSocket message.
    pub async fn send_raw(&mut self, message: Message) -> tungstenite::Result<()> {
        timeout(DEADLINE, self.stream.send(message))
            .await
            .unwrap_or_else(|_| panic!("the server stopped reading"))
    }

    /// Waits for the next frame.
    pub async fn recv(&mut self) -> Value {
        self.recv_for("a frame").await
    }

    /// Waits for the next frame of this type and ignores other frames.
    pub async fn recv_type(&mut self, frame_type: &str) -> Value {
        let started = Instant::now();
        let mut passed_over = Vec::new();
        while started.elapsed() < DEADLINE {
            let frame = self.recv_for(&format!("`{frame_type}` after {passed_over:?}")).await;
            if frame["type"] == frame_type {
                return frame;
            }
            passed_over.push(frame.to_string());
        }
        panic!("waited for `{frame_type}`, got {passed_over:?}");
    }

    async fn recv_for(&mut self, expected: &str) -> Value {
        match timeout(DEADLINE, self.try_recv()).await {
            Ok(Ok(frame)) => frame,
            Ok(Err(closed)) => panic!("waited for {expected}, but the socket was {closed}"),
            Err(_) => panic!("waited {DEADLINE:?} for {expected}, and nothing came"),
        }
    }

    /// Waits for the next frame or the end of the socket, without a deadline.
    pub async fn try_recv(&mut self) -> Result<Value, Closed> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text)
                        .unwrap_or_else(|error| panic!("not JSON ({error}): {text}"));
                    self.shared.frames().await.check(&frame);
                    return Ok(frame);
                }
                Some(Ok(Message::Close(close))) => {
                    // The client's own close frame has only been queued.
                    let _ = self.stream.flush().await;
                    return Err(Closed {
                        code: close.as_ref().map(|close| u16::from(close.code)),
                        reason: close.map(|close| close.reason.to_string()).unwrap_or_default(),
                    });
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => panic!("the server sends text only, this came: {other:?}"),
                Some(Err(error)) => return Err(Closed { code: None, reason: error.to_string() }),
                None => return Err(Closed { code: None, reason: String::new() }),
            }
        }
    }

    /// Waits until the server closes the socket, ignores frames before that, and returns the close code.
    pub async fn expect_close(&mut self) -> u16 {
        let closed = timeout(DEADLINE, async {
            loop {
                if let Err(closed) = self.try_recv().await {
                    return closed;
                }
            }
        })
        .await
        .unwrap_or_else(|_| panic!("the server did not close the socket in {DEADLINE:?}"));
        closed.code.unwrap_or_else(|| panic!("the socket was {closed}, without a close code"))
    }

    /// Closes the socket and waits until the server has answered.
    pub async fn close(mut self) {
        let _ = self.stream.close(None).await;
        let _ = timeout(DEADLINE, async { while self.try_recv().await.is_ok() {} }).await;
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "closed with {code} {:?}", self.reason),
            None => write!(f, "gone ({})", self.reason),
        }
    }
}
