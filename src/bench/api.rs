//! The HTTP client of a run: it prepares the run, checks results, and cleans up.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

/// A connection that was unused for longer is replaced: the server may have closed it, and this is noticed
/// only when its task runs, which is during the next call.
const FRESH: Duration = Duration::from_millis(100);

/// A blocking client of a server's HTTP API.
pub struct Api {
    runtime: Runtime,
    server: Server,
    connection: Option<Connection>,
    called_at: Instant,
}

/// The address of a server.
#[derive(Clone, Debug)]
pub struct Server {
    pub address: SocketAddr,
    /// `host:port` for the `Host` header.
    pub authority: String,
}

/// A keep-alive connection, for use inside a runtime.
pub struct Connection {
    requests: SendRequest<Full<Bytes>>,
    server: Server,
}

/// A page of a room's log, with the fields that the checks need.
#[derive(Debug, Deserialize)]
pub struct EventPage {
    pub events: Vec<Event>,
    pub has_more: bool,
}

#[derive(Debug, Deserialize)]
pub struct Event {
    pub id: i64,
    pub seq: i64,
    pub content: String,
}

impl Api {
    pub fn new(server: Server) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, server, connection: None, called_at: Instant::now() })
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The runtime, for scenarios that use many connections at once.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Signs in. Returns the token.
    pub fn login(&mut self, username: &str, password: &str) -> anyhow::Result<String> {
        #[derive(Deserialize)]
        struct Login {
            access_token: String,
        }
        let body = json!({ "username": username, "password": password });
        let login: Login = self.call(Method::POST, "/auth/login", "", Some(&body))?;
        Ok(login.access_token)
    }

    pub fn sign_up(&mut self, username: &str, password: &str) -> anyhow::Result<()> {
        let email = format!("{username}@bench.invalid");
        let body = json!({ "username": username, "email": email, "password": password });
        self.call(Method::POST, "/auth/signup", "", Some(&body)).map(|_: Value| ())
    }

    /// Creates a room. `token` must be an admin's.
    pub fn create_room(&mut self, name: &str, token: &str) -> anyhow::Result<i64> {
        #[derive(Deserialize)]
        struct Room {
            id: i64,
        }
        let room: Room =
            self.call(Method::POST, "/rooms/", token, Some(&json!({ "name": name })))?;
        Ok(room.id)
    }

    pub fn delete_room(&mut self, room_id: i64, token: &str) -> anyhow::Result<()> {
        self.send(Method::DELETE, &format!("/rooms/{room_id}"), token, None).map(drop)
    }

    pub fn head_seq(&mut self, room_id: i64, token: &str) -> anyhow::Result<i64> {
        #[derive(Deserialize)]
        struct Page {
            head_seq: i64,
        }
        let path = format!("/rooms/{room_id}/messages?limit=1");
        let page: Page = self.call(Method::GET, &path, token, None)?;
        Ok(page.head_seq)
    }

    pub fn list_events(
        &mut self,
        room_id: i64,
        after: i64,
        token: &str,
    ) -> anyhow::Result<EventPage> {
        let path = format!("/rooms/{room_id}/events?after={after}&limit=200");
        self.call(Method::GET, &path, token, None)
    }

    /// All metrics of the server. `token` must be an admin's.
    pub fn metrics(&mut self, token: &str) -> anyhow::Result<String> {
        let text = self.send(Method::GET, "/metrics", token, None)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn call<T: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<T> {
        let answer = self.send(method, path, token, body)?;
        serde_json::from_slice(&answer).with_context(|| format!("{path} has an unexpected answer"))
    }

    fn send(
        &mut self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Bytes> {
        let Self { runtime, server, connection, called_at } = self;
        if called_at.elapsed() > FRESH {
            *connection = None;
        }
        let body = body.map(Value::to_string);
        let answer = runtime.block_on(async {
            if connection.as_ref().is_none_or(|connection| connection.requests.is_closed()) {
                let tasks = TaskTracker::new();
                *connection = Some(Connection::open(server, &tasks).await?);
            }
            let connection = connection.as_mut().context("there is no connection")?;
            connection.request(method.clone(), path, token, body).await
        })?;
        *called_at = Instant::now();
        if answer.status().is_success() {
            return Ok(answer.into_body());
        }
        bail!("{method} {path} was refused: {}", refusal(&answer))
    }
}

impl Connection {
    /// Opens a connection. A task in `tasks` drives it.
    pub async fn open(server: &Server, tasks: &TaskTracker) -> anyhow::Result<Self> {
        let unreachable =
            || format!("{} does not answer: check that chatapp runs there", server.authority);
        let stream =
            tokio::net::TcpStream::connect(server.address).await.with_context(unreachable)?;
        stream.set_nodelay(true)?;
        let (requests, connection) =
            http1::handshake(TokioIo::new(stream)).await.with_context(unreachable)?;
        // The result is ignored: the running request returns the error.
        tasks.spawn(async move { drop(connection.await) });
        Ok(Self { requests, server: server.clone() })
    }

    /// Sends a request and reads the complete answer.
    pub async fn request(
        &mut self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<String>,
    ) -> anyhow::Result<Response<Bytes>> {
        let mut request =
            Request::builder().method(method).uri(path).header(HOST, &self.server.authority);
        if !token.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::from(body.unwrap_or_default()))?;
        let interrupted = || format!("{} stopped answering", self.server.authority);
        self.requests.ready().await.with_context(interrupted)?;
        let response = self.requests.send_request(request).await.with_context(interrupted)?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.with_context(interrupted)?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

/// The text of a problem document (RFC 9457), or only the status.
pub fn refusal(answer: &Response<Bytes>) -> String {
    let status = answer.status();
    let problem: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let Some(detail) = problem["detail"].as_str() else { return status.to_string() };
    let fields = problem["errors"].as_array().into_iter().flatten();
    let fields = fields.map(|field| {
        let word = |name: &str| field[name].as_str().unwrap_or_default();
        format!(", {} {}", word("field"), word("message"))
    });
    format!("{detail}{} ({})", fields.collect::<String>(), status.as_u16())
}
