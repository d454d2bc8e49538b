//! A web site on this machine, to whose pages messages link.
#![allow(dead_code, reason = "each test file is a crate that uses its own part")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Identity;

/// A site. It ends when it is dropped.
///
/// The answer to `/endless` goes on without an end, and that to `/slow` stops without one. Paths below `/gated` are
/// answered when [`Site::opens`] lets them.
pub struct Site {
    address: SocketAddr,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

struct State {
    /// The whole answer to a path.
    answer: fn(&str) -> Vec<u8>,
    hits: Mutex<Vec<String>>,
    was_hit: Notify,
    gate: Semaphore,
}

impl Site {
    pub async fn start(answer: fn(&str) -> Vec<u8>) -> Self {
        Self::start_with(None, answer).await
    }

    /// A site that speaks TLS.
    pub async fn encrypted(identity: &Identity, answer: fn(&str) -> Vec<u8>) -> Self {
        Self::start_with(Some(TlsAcceptor::from(identity.server_config())), answer).await
    }

    async fn start_with(tls: Option<TlsAcceptor>, answer: fn(&str) -> Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (hits, was_hit, gate) = (Mutex::default(), Notify::new(), Semaphore::new(0));
        let state = Arc::new(State { answer, hits, was_hit, gate });
        let (known, mut tasks) = (state.clone(), JoinSet::new());
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (state, tls) = (known.clone(), tls.clone());
                connections.spawn(async move {
                    let Some(tls) = tls else { return state.serve(stream).await };
                    if let Ok(stream) = tls.accept(stream).await {
                        state.serve(stream).await;
                    }
                });
            }
        });
        Self { address, state, _tasks: tasks }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The paths that were asked for, in order.
    pub fn hits(&self) -> Vec<String> {
        self.state.hits.lock().expect("the hits").clone()
    }

    /// Waits until a path is asked for.
    pub async fn is_hit(&self) {
        self.state.was_hit.notified().await;
    }

    /// Lets the next requests below `/gated` be answered.
    pub fn opens(&self, count: usize) {
        self.state.gate.add_permits(count);
    }
}

impl State {
    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { return };
            head.push(byte);
        }
        let head = String::from_utf8(head).expect("a head in UTF-8");
        let path = head.split(' ').nth(1).expect("a path");
        self.hits.lock().expect("the hits").push(path.to_owned());
        self.was_hit.notify_one();
        if path.starts_with("/gated") {
            self.gate.acquire().await.expect("the gate").forget();
        }
        let _ = stream.write_all(&(self.answer)(path)).await;
        match path {
            "/endless" => while stream.write_all(&[b'x'; 10_000]).await.is_ok() {},
            "/slow" => std::future::pending().await,
            _ => drop(stream.shutdown().await),
        }
    }
}
