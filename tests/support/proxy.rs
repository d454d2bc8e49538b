//! A TCP proxy in front of a database. It delays answers, and cuts connections at a moment that the test
//! chooses.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// When a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Before the database receives the request.
    Before,
    /// After the database has executed the request, before the client receives the answer.
    After,
}

pub struct Proxy {
    address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
    /// Dropping it ends the proxy.
    _accepting: JoinSet<()>,
}

/// Longer than any test.
const NO_ANSWER: Duration = Duration::from_secs(600);

#[derive(Default)]
struct Plan {
    /// The connection of the first request that contains these bytes is cut.
    cut: Option<(Vec<u8>, Cut)>,
    /// From the first request that contains these bytes on, no answer is passed on.
    silent_from: Option<Vec<u8>>,
    /// Every answer is delayed by this time.
    delay: Duration,
    /// Is notified when an answer is delayed.
    delays: Arc<Notify>,
}

impl Proxy {
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("an address");
        let plan = Arc::<Mutex<Plan>>::default();
        let mut accepting = JoinSet::new();
        accepting.spawn({
            let plan = plan.clone();
            async move {
                let mut connections = JoinSet::new();
                while let Ok((client, _)) = listener.accept().await {
                    let plan = plan.clone();
                    // An error means that one of the two sides has ended.
                    connections.spawn(async move { drop(forward(client, target, plan).await) });
                }
            }
        });
        Self { address, plan, _accepting: accepting }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts the connection of the first request that contains this text.
    pub fn cut(&self, text: &str, cut: Cut) {
        self.plan.lock().expect("no panic").cut = Some((text.as_bytes().to_vec(), cut));
    }

    pub fn delay(&self, delay: Duration) {
        self.plan.lock().expect("no panic").delay = delay;
    }

    /// Passes no answer on from the first request that contains this text, on any connection.
    pub fn falls_silent_at(&self, text: &str) {
        self.plan.lock().expect("no panic").silent_from = Some(text.as_bytes().to_vec());
    }

    /// Waits until an answer is delayed.
    pub async fn delays_an_answer(&self) {
        let delays = self.plan.lock().expect("no panic").delays.clone();
        delays.notified().await;
    }
}

async fn forward(client: TcpStream, target: SocketAddr, plan: Arc<Mutex<Plan>>) -> io::Result<()> {
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = TcpStream::connect(target).await?.into_split();
    let is_to_be_cut = Arc::new(Mutex::new(false));
    tokio::select! {
        ended = requests(client_reads, server_writes, plan.clone(), is_to_be_cut.clone()) => ended,
        ended = answers(server_reads, client_writes, plan, is_to_be_cut) => ended,
    }
}

async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    plan: Arc<Mutex<Plan>>,
    is_to_be_cut: Arc<Mutex<bool>>,
) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        let cut = {
            let mut plan = plan.lock().expect("no panic");
            let has = |text: &[u8]| buffer[..read].windows(text.len()).any(|part| part == text);
            if plan.silent_from.as_deref().is_some_and(has) {
                plan.delay = NO_ANSWER;
            }
            match &plan.cut {
                Some((text, cut)) if has(text) => {
                    let cut = *cut;
                    plan.cut = None;
                    Some(cut)
                }
                _ => None,
            }
        };
        match cut {
            Some(Cut::Before) => return Ok(()),
            Some(Cut::After) => *is_to_be_cut.lock().expect("no panic") = true,
            None => {}
        }
        to.write_all(&buffer[..read]).await?;
    }
}

/// Passes answers on. PostgreSQL sends the rows of a statement after it has committed them, so an answer
/// shows that the request has been executed.
async fn answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    plan: Arc<Mutex<Plan>>,
    is_to_be_cut: Arc<Mutex<bool>>,
) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 || *is_to_be_cut.lock().expect("no panic") {
            return Ok(());
        }
        let delay = {
            let plan = plan.lock().expect("no panic");
            if !plan.delay.is_zero() {
                plan.delays.notify_one();
            }
            plan.delay
        };
        tokio::time::sleep(delay).await;
        to.write_all(&buffer[..read]).await?;
    }
}
