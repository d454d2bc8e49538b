//! Somebody's program that takes requests of the server: it records them, and answers as the test says.
#![allow(dead_code, reason = "each test file is a crate that uses its own part")]

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{DEADLINE, python};

/// A request.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    /// With names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The status of the answer. `None`: there was none.
    pub status: Option<u16>,
}

/// An answer.
pub struct Reply {
    pub status: u16,
    pub headers: String,
    pub body: String,
}

type Answer = Arc<dyn Fn(&Received) -> Option<Reply> + Send + Sync>;

/// A program at an address of its own. It ends when it is dropped.
pub struct Receiver {
    address: SocketAddr,
    answer: Answer,
    received: watch::Sender<Vec<Received>>,
    tasks: JoinSet<()>,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self { status, headers: String::new(), body: String::new() }
    }

    pub fn ok(body: impl Into<String>) -> Self {
        Self { body: body.into(), ..Self::status(200) }
    }
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

impl Receiver {
    /// `answer` returns `None` if there is to be no answer.
    pub async fn start(
        answer: impl Fn(&Received) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (received, answer) = (watch::Sender::new(Vec::new()), Arc::new(answer) as Answer);
        let mut receiver = Self { address, answer, received, tasks: JoinSet::new() };
        receiver.listen(listener);
        receiver
    }

    fn listen(&mut self, listener: TcpListener) {
        let (answer, received) = (self.answer.clone(), self.received.clone());
        self.tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, answer.clone(), received.clone()));
            }
        });
    }

    /// Ends like a program that is killed: in the middle of what it does.
    pub async fn stop(&mut self) {
        self.tasks.shutdown().await;
    }

    pub async fn start_again(&mut self) {
        // The port may be in use for a moment by connections that have just ended.
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("the port may be used again");
        socket.bind(self.address).expect("the same port");
        self.listen(socket.listen(64).expect("a listener"));
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.borrow().clone()
    }

    /// Waits until `find` returns a value for the requests so far.
    pub async fn until<T>(&self, what: &str, find: impl Fn(&[Received]) -> Option<T>) -> T {
        let (mut found, mut received) = (None, self.received.subscribe());
        let waiting = received.wait_for(|received| {
            found = find(received);
            found.is_some()
        });
        let outcome = timeout(DEADLINE * 3, waiting).await.map(drop);
        assert!(outcome.is_ok(), "{what} did not come in time: {:#?}", self.received());
        found.expect("it was found")
    }
}

async fn serve(stream: TcpStream, answer: Answer, received: watch::Sender<Vec<Received>>) {
    let mut stream = BufReader::new(stream);
    while let Some(mut request) = read(&mut stream).await {
        let reply = answer(&request);
        request.status = reply.as_ref().map(|reply| reply.status);
        received.send_modify(|all| all.push(request));
        let Some(Reply { status, headers, body }) = reply else {
            return std::future::pending().await;
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n{headers}\r\n");
        if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// `None`: the connection has ended.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let pair = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_ascii_lowercase(), value.to_owned()))
    };
    let headers = lines.filter_map(pair).collect();
    let mut request = Received { path, headers, body: String::new(), status: None };
    let mut body = vec![0; request.header("content-length").parse().unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    request.body = String::from_utf8(body).expect("UTF-8");
    Some(request)
}

/// Checks the signatures of requests with the library of the Standard Webhooks specification. Returns the message of
/// the first error.
pub fn verify(secret: &str, requests: &[Received]) -> Result<(), String> {
    const PROGRAM: &str = "
import json, sys
from standardwebhooks import Webhook
given = json.load(sys.stdin)
for request in given['requests']:
    Webhook(given['secret']).verify(request['body'], request['headers'])
";
    let request = |it: &Received| {
        let headers: serde_json::Map<_, _> =
            it.headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        json!({ "body": it.body, "headers": headers })
    };
    let given = json!({
        "secret": secret, "requests": requests.iter().map(request).collect::<Vec<_>>(),
    });
    let mut child = Command::new(python())
        .args(["-c", PROGRAM])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python runs");
    let mut stdin = child.stdin.take().expect("a stdin");
    std::io::Write::write_all(&mut stdin, given.to_string().as_bytes()).expect("write");
    drop(stdin);
    let output = child.wait_with_output().expect("Python ends");
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned())
}
