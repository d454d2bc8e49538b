//! Requests to real servers on this machine.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::*;

const LIMITS: Limits = Limits { time: Duration::from_secs(20), body_bytes: 1_000, redirects: 3 };
/// For an answer that never ends.
const SHORT: Limits = Limits { time: Duration::from_millis(200), ..LIMITS };

/// A server whose answers are those of a function of the path. It ends when it is dropped.
struct Server {
    address: SocketAddr,
    /// The heads of the requests.
    heads: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

/// What a server sends.
enum Sent {
    /// These bytes; then it closes the connection.
    Bytes(String),
    /// These bytes; then nothing, and it does not close the connection.
    Silence(String),
    /// These bytes; then further bytes without an end.
    Endless(String),
}

use Sent::{Bytes as Whole, Endless, Silence};

impl Server {
    async fn start(answer: impl Fn(&str, SocketAddr) -> Sent + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (known, answer) = (heads.clone(), Arc::new(answer));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, address, known.clone(), answer.clone()));
            }
        });
        Self { address, heads, _tasks: tasks }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

async fn serve(
    mut stream: TcpStream,
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    answer: Arc<impl Fn(&str, SocketAddr) -> Sent>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    heads.lock().unwrap().push(head);
    let sent = answer(&path, address);
    let (Whole(bytes) | Silence(bytes) | Endless(bytes)) = &sent;
    let _ = stream.write_all(bytes.as_bytes()).await;
    match sent {
        Whole(_) => drop(stream.shutdown().await),
        Silence(_) => std::future::pending().await,
        Endless(_) => while stream.write_all(&[b'x'; 1_000]).await.is_ok() {},
    }
}

fn page(body: &str) -> Sent {
    Whole(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

fn redirect(to: impl std::fmt::Display) -> Sent {
    Whole(format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"))
}

/// A client that may reach this machine at 127.0.0.1 only.
fn client() -> Client {
    Client::new(vec!["127.0.0.1/32".parse().unwrap()], 4)
}

fn get(url: &str) -> Request {
    let url = Url::parse(url).unwrap();
    Request { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() }
}

#[tokio::test]
async fn a_request_has_the_host_and_no_more_than_it_needs() {
    let server = Server::start(|_, _| page("hello")).await;
    let mut request = get(&server.url("/a%20b?c=d#e"));
    request.headers.insert(header::USER_AGENT, "test".parse().unwrap());
    let answer = client().send(request, LIMITS).await.unwrap();
    assert_eq!(
        (answer.status, &answer.body[..], answer.is_cut),
        (StatusCode::OK, &b"hello"[..], false)
    );
    let head = server.heads.lock().unwrap()[0].to_lowercase();
    let mut lines: Vec<_> = head.trim_end().lines().collect();
    lines[1..].sort_unstable();
    let host = format!("host: {}", server.address);
    let expected = [
        "get /a%20b?c=d http/1.1",
        "accept-encoding: identity",
        "connection: close",
        &host,
        "user-agent: test",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_body_is_sent_and_no_redirect_of_it_is_followed() {
    let server = Server::start(|_, _| redirect("/next")).await;
    let mut request = get(&server.url("/hook"));
    (request.method, request.body) = (Method::POST, Bytes::from_static(b"{}"));
    let answer = client().send(request, LIMITS).await.unwrap();
    assert_eq!(answer.status, StatusCode::FOUND);
    let heads = server.heads.lock().unwrap();
    assert!(heads.len() == 1 && heads[0].contains("content-length: 2\r\n"), "{heads:?}");
}

#[tokio::test]
async fn what_is_not_on_the_public_internet_is_refused() {
    let server = Server::start(|_, _| page("secret")).await;
    let port = server.address.port();
    for url in [
        server.url("/"),
        format!("http://localhost:{port}/"),
        format!("http://2130706433:{port}/"),
        "http://127.0.0.1/".to_owned(),
        "http://[::1]/".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://10.0.0.1/".to_owned(),
        "http://[::ffff:10.0.0.1]/".to_owned(),
        // The port is refused.
        "http://1.1.1.1:22/".to_owned(),
        "https://[2606:4700::1111]:6379/".to_owned(),
    ] {
        let error = Client::new(Vec::new(), 1).send(get(&url), LIMITS).await.unwrap_err();
        assert_eq!(error, Error::Refused, "{url}");
    }
    for url in ["ftp://127.0.0.1/", "file:///etc/passwd", "data:text/html,x", "gopher://127.0.0.1/"]
    {
        assert_eq!(client().send(get(url), LIMITS).await.unwrap_err(), Error::Url, "{url}");
    }
    let url = format!("http://ann:secret@{}/", server.address);
    assert_eq!(client().send(get(&url), LIMITS).await.unwrap_err(), Error::Url);
    assert!(server.heads.lock().unwrap().is_empty());
    // What is allowed is reached also by a name that has other addresses.
    let url = format!("http://localhost:{port}/");
    assert_eq!(&client().send(get(&url), LIMITS).await.unwrap().body[..], b"secret");
}

#[tokio::test]
async fn redirects_are_followed_three_times_and_each_address_is_checked() {
    let server = Server::start(|path, address| match path {
        "/1" => redirect("/2"),
        "/2" => redirect(format!("http://{address}/3")),
        "/3" => redirect("4?x"),
        "/4?x" => page("end"),
        "/0" => redirect("/1"),
        "/loop" => redirect("/loop"),
        "/private" => redirect("http://127.0.0.2/"),
        "/metadata" => redirect("http://169.254.169.254/"),
        "/file" => redirect("file:///etc/passwd"),
        "/nowhere" => redirect("http://"),
        "/endless" => Endless("HTTP/1.1 302 Found\r\nLocation: /4?x\r\n\r\n".to_owned()),
        _ => Whole("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n".to_owned()),
    })
    .await;
    let ask = async |path: &str| client().send(get(&server.url(path)), LIMITS).await;
    let answer = ask("/1").await.unwrap();
    assert_eq!((&answer.body[..], answer.url.as_str()), (&b"end"[..], &*server.url("/4?x")));
    assert_eq!(&ask("/endless").await.unwrap().body[..], b"end");
    assert_eq!(ask("/none").await.unwrap().status, StatusCode::FOUND);
    for (path, expected) in [
        ("/0", Error::Redirect),
        ("/loop", Error::Redirect),
        ("/nowhere", Error::Redirect),
        ("/private", Error::Refused),
        ("/metadata", Error::Refused),
        ("/file", Error::Url),
    ] {
        assert_eq!(ask(path).await.unwrap_err(), expected, "{path}");
    }
    let unfollowed = Limits { redirects: 0, ..LIMITS };
    let answer = client().send(get(&server.url("/1")), unfollowed).await.unwrap();
    assert_eq!(answer.status, StatusCode::FOUND);
}

#[test]
fn a_redirect_neither_ends_tls_nor_gives_a_credential_to_another_host() {
    let follow = |from: &str, to: &str| {
        let mut request = get(from);
        request.headers.insert(header::AUTHORIZATION, "Bearer x".parse().unwrap());
        let headers = HeaderMap::from_iter([(header::LOCATION, to.parse().unwrap())]);
        let (url, status, body) = (request.url.clone(), StatusCode::FOUND, Bytes::new());
        let answer = Answer { url, status, headers, body, is_cut: false };
        let next = redirected(request, &answer)?;
        Ok((next.url.to_string(), next.headers.contains_key(header::AUTHORIZATION)))
    };
    assert_eq!(follow("https://a.example/x", "http://a.example/"), Err(Error::Redirect));
    assert_eq!(follow("https://a.example/x", "/y"), Ok(("https://a.example/y".to_owned(), true)));
    let other = "https://b.example/".to_owned();
    assert_eq!(
        follow("http://a.example/x", "//b.example"),
        Ok(("http://b.example/".to_owned(), false))
    );
    assert_eq!(follow("http://a.example/x", "https://b.example"), Ok((other, false)));
}

#[tokio::test]
async fn an_answer_has_limits_of_size_and_time() {
    let server = Server::start(|path, _| match path {
        "/limit" => page(&"x".repeat(1_000)),
        "/long" => page(&"x".repeat(1_001)),
        "/endless" => Endless("HTTP/1.1 200 OK\r\n\r\n".to_owned()),
        "/chunks" => Endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFF\r\n".to_owned()),
        "/silent" => Silence(String::new()),
        "/slow" => Silence("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx".to_owned()),
        "/short" => Whole("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx".to_owned()),
        "/head" => Whole(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1_000_000))),
        "/headers" => Whole(format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(1_000))),
        "/endless-head" => Endless("HTTP/1.1 200 OK\r\nX: ".to_owned()),
        "/zipped" => Whole("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx".to_owned()),
        "/twice" => Whole("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx".to_owned()),
        _ => Whole("SSH-2.0-OpenSSH\r\n".to_owned()),
    })
    .await;
    let ask = async |path: &str, limits| client().send(get(&server.url(path)), limits).await;
    let sized = async |path: &str| ask(path, LIMITS).await.map(|it| (it.body.len(), it.is_cut));
    assert_eq!(sized("/limit").await, Ok((1_000, false)));
    for path in ["/long", "/endless", "/chunks"] {
        assert_eq!(sized(path).await, Ok((1_000, true)), "{path}");
    }
    for path in ["/short", "/head", "/headers", "/endless-head", "/other"] {
        let error = ask(path, LIMITS).await.unwrap_err();
        assert!(matches!(error, Error::Answer(_)), "{path}: {error:?}");
    }
    for path in ["/zipped", "/twice"] {
        assert_eq!(ask(path, LIMITS).await.unwrap_err(), Error::Compressed, "{path}");
    }
    for path in ["/silent", "/slow"] {
        assert_eq!(ask(path, SHORT).await.unwrap_err(), Error::Timeout, "{path}");
    }
}

#[tokio::test]
async fn the_number_of_requests_at_once_is_limited() {
    let server = Server::start(|path, _| match path {
        "/silent" => Silence(String::new()),
        _ => page("x"),
    })
    .await;
    let client = Client::new(vec!["127.0.0.1/32".parse().unwrap()], 1);
    let silent = client.send(get(&server.url("/silent")), LIMITS);
    let other = client.send(get(&server.url("/")), SHORT);
    tokio::select! {
        biased;
        _ = silent => panic!("it is not answered"),
        other = other => assert_eq!(other.unwrap_err(), Error::Busy),
    }
    // The first was dropped, so there is room again.
    assert!(client.send(get(&server.url("/")), LIMITS).await.is_ok());
}

#[tokio::test]
async fn a_host_that_cannot_be_reached_is_an_error() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = client().send(get(&format!("http://{closed}/")), LIMITS).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
    let error = client().send(get("http://nowhere.invalid/"), LIMITS).await.unwrap_err();
    assert_eq!(error, Error::UnknownHost);
}

#[tokio::test]
async fn connections_are_kept_for_the_next_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    // The number of the connection, and the number of the request on it. It ends after three requests, without a word.
    let mut server = JoinSet::new();
    server.spawn(async move {
        for connection in 1.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            for request in 1..=3 {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                assert!(!String::from_utf8(head).unwrap().contains("close"));
                let answer =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{connection}:{request}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    let client = Client::keeping(vec!["127.0.0.1/32".parse().unwrap()], 4);
    for expected in ["1:1", "1:2", "1:3", "2:1", "2:2"] {
        let answer = client.send(get(&url), LIMITS).await.unwrap();
        assert_eq!(answer.body, expected);
    }
    // What is left of a body that is too long would be taken for the next answer.
    let few = Limits { body_bytes: 2, ..LIMITS };
    assert!(client.send(get(&url), few).await.unwrap().is_cut);
    assert_eq!(
        client.inner.kept.as_ref().unwrap().take(&Url::parse(&url).unwrap()).map(drop),
        None
    );
}
