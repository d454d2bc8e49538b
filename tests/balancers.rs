//! Two nodes on one PostgreSQL behind the balancers of examples/deploy: the real nginx and the real HAProxy, with
//! the configurations of the examples, in which only addresses and certificates are replaced.

use std::fs;
use std::net::{IpAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::postgres::free_port;
use crate::support::{Answer, Client, DEADLINE, Database, PASSWORD, Server, Socket};

/// How many sockets each test opens; half of them are on each node.
const SOCKETS: usize = 6;
const MESSAGES: usize = 60;

#[derive(Clone, Copy)]
enum Kind {
    Nginx,
    Haproxy,
}

macro_rules! behind_both {
    ($($name:ident),+ $(,)?) => {
        mod nginx {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Kind::Nginx).await;
            })+
        }
        mod haproxy {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Kind::Haproxy).await;
            })+
        }
    };
}

behind_both!(
    clients_of_both_nodes_chat_and_every_request_has_its_clients_address,
    clients_of_a_killed_node_resume_on_the_other_node_without_loss,
    a_stopping_node_costs_no_read_an_error_and_no_client_a_message,
);

/// A running balancer. Dropping this value ends it.
struct Balancer {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Balancer {
    fn start(kind: Kind, nodes: [&Server; 2]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let [one, two] = nodes.map(|node| node.own_address().to_string());
        let adapt = |example: &str, replaced: &[(&str, &str)]| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/deploy").join(example);
            let mut text = fs::read_to_string(path).expect("the example");
            let nodes = [("10.0.0.11:8000", one.as_str()), ("10.0.0.12:8000", two.as_str())];
            for (from, to) in nodes.iter().chain(replaced) {
                assert!(text.contains(from), "{example} does not contain {from}");
                text = text.replace(from, to);
            }
            text
        };
        let file = folder.path().join("config");
        let (program, text) = match kind {
            Kind::Nginx => {
                let listen = format!("listen 127.0.0.1:{port};");
                let site = adapt("nginx-fleet.conf", &[("listen 443 ssl;", &listen)]);
                let site: Vec<&str> =
                    site.lines().filter(|line| !line.contains("ssl_certificate")).collect();
                let at = folder.path().display();
                let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                    .map(|kind| format!("{kind}_temp_path {at}/{kind};\n"))
                    .concat();
                let text = format!(
                    "daemon off; master_process off; pid {at}/pid; error_log stderr crit; events {{}}\n\
                     http {{\n{temporary}{}\n}}\n",
                    site.join("\n")
                );
                ("nginx", text)
            }
            Kind::Haproxy => {
                let bind = format!("bind 127.0.0.1:{port}");
                let from = "bind :443 ssl crt /etc/haproxy/chat.example.com.pem";
                ("haproxy", adapt("haproxy.cfg", &[(from, &bind)]))
            }
        };
        fs::write(&file, text).expect("the file can be written");
        let mut command = Command::new(find(program));
        match kind {
            Kind::Nginx => command.arg("-p").arg(folder.path()).arg("-c").arg(&file),
            Kind::Haproxy => command.arg("-db").arg("-q").arg("-f").arg(&file),
        };
        let child = command.stdin(Stdio::null()).spawn().expect("the balancer can be run");
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < DEADLINE, "{program} does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { child, url: format!("http://127.0.0.1:{port}"), _folder: folder }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Finds the program on the PATH, or in the folder where Debian installs it.
fn find(program: &str) -> PathBuf {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&on_path)
        .chain([Path::new("/usr/sbin").to_owned()])
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("`{program}` was not found: scripts/test installs it"))
}

/// Two nodes behind a balancer, a room, and ann, who has signed in through the balancer.
struct Site {
    nodes: [Server; 2],
    balancer: Balancer,
    ann: Client,
    room: i64,
}

impl Site {
    async fn start(kind: Kind) -> Self {
        let here = Server::with(Database::Postgres)
            .env("CHATAPP_HTTP__TRUSTED_PROXIES", "127.0.0.1")
            .env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ADDRESS", "3")
            .env("CHATAPP_AUTH__LOGIN_FAILURES_PER_ACCOUNT", "0")
            .start()
            .await;
        let there = here.start_another().await;
        here.admin("ann").await;
        let balancer = Balancer::start(kind, [&here, &there]);
        let ann = here.anonymous_at(&balancer.url).signs_in("ann", PASSWORD).await;
        let room = ann.creates_room("general").await;
        Self { nodes: [here, there], balancer, ann, room }
    }

    /// Opens sockets through the balancer, and checks that both nodes have some.
    async fn sockets(&self) -> Vec<Socket> {
        let sockets = join_all((0..SOCKETS).map(|_| self.ann.joins(self.room))).await;
        for node in &self.nodes {
            assert!(sockets_of(node).await > 0, "a node has no socket");
        }
        sockets
    }

    /// Sends all messages through the balancer, as a client does that repeats a message until it is
    /// acknowledged. In the middle `event` happens.
    async fn sends(&self, event: impl AsyncFnOnce()) {
        let mut event = Some(event);
        for n in 1..=MESSAGES {
            if n == MESSAGES / 2 {
                event.take().expect("the middle comes once")().await;
            }
            let message = json!({ "content": n.to_string(), "client_id": n.to_string() });
            let started = Instant::now();
            loop {
                let path = format!("/rooms/{}/messages", self.room);
                let request = self.ann.request(reqwest::Method::POST, &path).json(&message);
                match request.send().await {
                    Ok(answer) if answer.status().is_success() => break,
                    answer => assert!(started.elapsed() < DEADLINE, "{answer:?}"),
                }
            }
        }
    }

    /// Reads all messages on a socket. If the socket ends, resumes through the balancer, and returns the close code.
    async fn reads(&self, mut socket: Socket) -> Vec<Option<u16>> {
        let epoch = socket.synced["epoch"].as_str().expect("an epoch").to_owned();
        let (mut seen, mut ends) = (0, Vec::new());
        let started = Instant::now();
        while seen < MESSAGES {
            assert!(started.elapsed() < DEADLINE * 3, "{seen} of {MESSAGES} after {ends:?}");
            let frames = match socket.try_recv().await {
                Ok(frame) => vec![frame],
                Err(closed) => {
                    ends.push(closed.code);
                    let since = i64::try_from(seen).expect("few messages");
                    // A handshake is a GET, so the balancer itself tries the other node.
                    socket = self.ann.resumes(self.room, since, &epoch).await;
                    std::mem::take(&mut socket.welcome)
                }
            };
            for frame in frames.iter().filter(|frame| frame["type"] == "message") {
                seen += 1;
                assert_eq!(
                    (&frame["seq"], &frame["content"]),
                    (&json!(seen), &json!(seen.to_string()))
                );
            }
        }
        ends
    }
}

async fn sockets_of(node: &Server) -> usize {
    let figures = node.anonymous().get("/metrics").await.expect(200);
    let figures = figures.as_str().expect("text");
    let line = figures.lines().find_map(|line| line.strip_prefix("chatapp_sockets "));
    line.expect("chatapp_sockets").parse().expect("a number")
}

async fn clients_of_both_nodes_chat_and_every_request_has_its_clients_address(kind: Kind) {
    let site = Site::start(kind).await;
    let mut sockets = site.sockets().await;
    for n in 0..SOCKETS {
        let text = format!("message-{n}");
        sockets[n].says(site.room, &text, &text).await;
        for (_, socket) in sockets.iter_mut().enumerate().filter(|(other, _)| *other != n) {
            assert_eq!(socket.recv_type("message").await["content"], text);
        }
    }

    // Each node may count for itself, so that an attacker has as many guesses on each of them.
    let statuses = guesses(&site, [127, 0, 0, 2], "a wrong password", 8).await;
    assert_eq!((statuses[0], statuses[7]), (401, 429), "{statuses:?}");
    let statuses = guesses(&site, [127, 0, 0, 3], PASSWORD, 4).await;
    assert_eq!(statuses, [200; 4], "another address is not limited");
}

/// Signs in from this address through the balancer, as often as `times`.
async fn guesses(site: &Site, from: [u8; 4], password: &str, times: usize) -> Vec<u16> {
    let http = reqwest::Client::builder().local_address(IpAddr::from(from)).build().unwrap();
    let mut statuses = Vec::new();
    for _ in 0..times {
        let body = json!({ "username": "ann", "password": password });
        // The text of a client that pretends to have another address.
        let request = http
            .post(format!("{}/auth/login", site.balancer.url))
            .header("X-Forwarded-For", format!("192.0.2.{}", statuses.len()))
            .json(&body);
        statuses.push(Answer::to(request).await.status);
    }
    statuses
}

async fn clients_of_a_killed_node_resume_on_the_other_node_without_loss(kind: Kind) {
    let site = Site::start(kind).await;
    let sockets = site.sockets().await;
    let readers = join_all(sockets.into_iter().map(|socket| site.reads(socket)));
    let pid = site.nodes[0].pid();
    let sender = site.sends(async || {
        site.nodes[0].signal("KILL");
        // Until the system has removed the process, its port might still accept.
        let gone = || TcpStream::connect(site.nodes[0].own_address()).is_err();
        wait_until(&format!("process {pid} has ended"), gone).await;
    });
    let (ends, ()) = tokio::join!(readers, sender);
    assert!(ends.iter().any(|ends| !ends.is_empty()), "some sockets were on the killed node");
    assert!(ends.iter().any(Vec::is_empty), "sockets of the other node stay open");
    assert_eq!(site.ann.history(site.room).await.len(), MESSAGES);
}

async fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < DEADLINE, "{what}: this did not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn a_stopping_node_costs_no_read_an_error_and_no_client_a_message(kind: Kind) {
    let site = Site::start(kind).await;
    let sockets = site.sockets().await;
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let ordering = std::sync::atomic::Ordering::Relaxed;
    let (site, is_over) = (&site, &is_over);
    let reading = join_all((0..4).map(|_| async move {
        let path = format!("/rooms/{}", site.room);
        while !is_over.load(ordering) {
            let room: Value = site.ann.get(&path).await.expect(200);
            assert_eq!(room["name"], "general");
        }
    }));
    let chatting = async {
        let readers = join_all(sockets.into_iter().map(|socket| site.reads(socket)));
        let sender = site.sends(async || {
            site.nodes[0].signal("TERM");
            let gone = || TcpStream::connect(site.nodes[0].own_address()).is_err();
            wait_until("the node stops", gone).await;
        });
        let (ends, ()) = tokio::join!(readers, sender);
        is_over.store(true, ordering);
        ends
    };
    let (_, ends) = tokio::join!(reading, chatting);
    let moved: Vec<u16> =
        ends.into_iter().flatten().map(|code| code.expect("a close code")).collect();
    assert!(!moved.is_empty() && moved.len() < SOCKETS, "{moved:?}");
    assert!(moved.iter().all(|code| *code == 1001), "{moved:?}");
}
