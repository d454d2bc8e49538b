//! Clients that send all the time, and databases with many messages.

use std::ops::ControlFlow;
use std::sync::Arc;

use chatapp::model::{NewMessage, RoomId, Timestamp, UserId};
use chatapp::storage::{self, Backend, OpenOptions};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::Client;

/// Clients that send one message after the other until they are stopped.
pub struct Load {
    senders: JoinSet<()>,
    acknowledged: watch::Receiver<Vec<i64>>,
    stop: watch::Sender<bool>,
}

impl Load {
    pub async fn start(clients: &[Client], room_id: i64) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (acks, acknowledged) = watch::channel(Vec::new());
        let acks = Arc::new(acks);
        let mut senders = JoinSet::new();
        for client in clients {
            let mut socket = client.joins(room_id).await;
            let (acks, stopped, name) = (acks.clone(), stopped.clone(), client.username.clone());
            senders.spawn(async move {
                let mut count = 0;
                while !*stopped.borrow() {
                    count += 1;
                    let id = format!("{name}-{count}");
                    let ack = socket.says(room_id, &id, &id).await;
                    acks.send_modify(|seqs| seqs.push(ack["seq"].as_i64().expect("seq")));
                }
            });
        }
        Self { senders, acknowledged, stop }
    }

    /// Waits until `count` further messages are acknowledged.
    pub async fn goes_on(&mut self, count: usize) {
        let target = self.acknowledged.borrow().len() + count;
        self.acknowledged.wait_for(|seqs| seqs.len() >= target).await.expect("senders send");
    }

    /// Returns the seqs acknowledged so far.
    pub fn acknowledged(&self) -> Vec<i64> {
        self.acknowledged.borrow().clone()
    }

    /// Stops the clients and returns all acknowledged seqs.
    pub async fn stop(mut self) -> Vec<i64> {
        self.stop.send_replace(true);
        while let Some(ended) = self.senders.join_next().await {
            ended.expect("a sender does not panic");
        }
        self.acknowledged()
    }
}

/// Stores messages without the server, as another process on its database would.
pub async fn store(url: &str, room_id: i64, user_id: i64, count: usize, at: Timestamp) {
    with_backend(url, move |backend| {
        let mut stored = 0;
        while stored < count {
            let batch = (count - stored).min(500);
            let messages = (0..batch).map(|i| NewMessage {
                room_id: RoomId(room_id),
                user_id: UserId(user_id),
                username: "somebody".into(),
                display_name: None,
                content: format!("message {} \"with\" \\ and ü\n", stored + i),
                client_id: (i % 2 == 0).then(|| format!("c-{room_id}-{}", stored + i)),
                timestamp: at,
                joins: false,
                parts: None,
            });
            for outcome in backend.append_messages(messages.collect()).expect("stored") {
                outcome.expect("stored");
            }
            stored += batch;
        }
    })
    .await;
}

/// Counts the events of a database, sealed or not; 0 if the database cannot be read.
pub async fn count_events(url: &str) -> usize {
    let url = url.to_owned();
    let count = move || match url.strip_prefix("sqlite://") {
        Some(path) => {
            let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
            rusqlite::Connection::open_with_flags(path, flags)
                .and_then(|db| {
                    db.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0))
                })
                .map_or(0, |count| count as usize)
        }
        None => postgres::Client::connect(&url, postgres::NoTls)
            .and_then(|mut db| db.query_one("SELECT count(*) FROM events", &[]))
            .map_or(0, |row| row.get::<_, i64>(0) as usize),
    };
    tokio::task::spawn_blocking(count).await.expect("no panic")
}

/// Uses the database as another process would, on a thread without an async runtime.
pub async fn with_backend<T: Send + 'static>(
    url: &str,
    run: impl FnOnce(&dyn Backend) -> T + Send + 'static,
) -> T {
    let url = url.to_owned();
    let thread = std::thread::spawn(move || {
        let backend = storage::open(&url, OpenOptions::default()).expect("it opens");
        run(&*backend)
    });
    tokio::task::spawn_blocking(move || thread.join().expect("no panic")).await.expect("no panic")
}

/// Calls `look` every 5 ms until it breaks. Fails after six times the tests' deadline.
pub async fn until<T, F: Future<Output = ControlFlow<T>>>(what: &str, look: impl Fn() -> F) -> T {
    let deadline = tokio::time::Instant::now() + 6 * crate::support::DEADLINE;
    loop {
        if let ControlFlow::Break(found) = look().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "waited too long for {what}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
